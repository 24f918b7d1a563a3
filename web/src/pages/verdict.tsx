// The head of every page: how the cluster is, in words; what would break it; and how old that is.

import { useEffect, useRef, useState } from "preact/hooks";

import { connection, live } from "../live";
import { useStore } from "../store";
import { Icon, say, seconds } from "../ui/bits";
import type { Topology } from "../views";
import { count } from "../words";

export const ICONS: Record<string, string> = { healthy: "ok", weakened: "warn", working: "work", impaired: "bad", down: "down" };

export function Verdict() {
  const { verdict, status } = useStore(live);
  const [all, setAll] = useState(false);
  const level = verdict?.level ?? status?.verdict.health;
  const words = verdict?.words ?? status?.verdict.sentence;
  const advice = verdict?.advice ?? status?.verdict.advice ?? [];
  // What the sentence says already is not said twice.
  const breaks = (verdict?.breaks ?? []).filter((one) => !words?.includes(one));
  const [first, ...others] = (words ?? "Asking…").split(/(?<=\.) /);
  const more = advice.length + breaks.length;
  return (
    <header class={`verdict ${level ?? ""}`}>
      <Stale />
      <div class="row">
        <span class="sign">
          <Icon name={ICONS[level ?? ""] ?? "more"} size={22} />
        </span>
        <div class="words">
          <h1>
            {first} {others.length > 0 && <span class="rest">{others.join(" ")}</span>}
          </h1>
          {breaks.length > 0 && (
            <p class="breaks">
              <strong>What would break it:</strong> {breaks[0]}
            </p>
          )}
          {breaks.length === 0 && advice.length > 0 && <p class="breaks">{advice[0]}</p>}
          {all && (
            <div class="all">
              {advice.length > 0 && (
                <>
                  <h2>What to do</h2>
                  <ul>
                    {advice.map((line) => (
                      <li>{line}</li>
                    ))}
                  </ul>
                </>
              )}
              {breaks.length > 1 && (
                <>
                  <h2>What would break it</h2>
                  <ul>
                    {breaks.map((line) => (
                      <li>{line}</li>
                    ))}
                  </ul>
                </>
              )}
            </div>
          )}
        </div>
        {more > 1 && (
          <button type="button" class="button quiet small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Less" : `All ${count(more, "remark")}`}
          </button>
        )}
      </div>
    </header>
  );
}

/** What cannot be kept up to date says so, and who else could be asked. Only the words that stay the same are
 *  an alert: one that counted would be read out each second. */
function Stale() {
  const { link } = useStore(connection);
  const { asOf, topology } = useStore(live);
  useStore(seconds);
  const before = useRef(link);
  useEffect(() => {
    if (before.current === "lost" && link === "up") say("Connected again.");
    before.current = link;
  }, [link]);
  if (link !== "lost") return null;
  const old = Math.max(0, Math.round((Date.now() - asOf) / 1000));
  const others = topology?.nodes.filter((one) => one.kind === "cluster" && one.here && !one.answers) ?? [];
  return (
    <p class="stale">
      <Icon name="warn" /> <span role="alert">Connection lost. Trying again…</span> {asOf ? `What you see is ${old} s old.` : "Nothing was heard yet."}
      {others.length > 0 && (
        <>
          {" "}
          Other nodes may know more:{" "}
          {others.map((one) => (
            <a href={consoleOf(topology!, one.name)} key={one.name}>
              {one.name}
            </a>
          ))}
        </>
      )}
    </p>
  );
}

/** By its address where that is known, else by its name; at the port that this one has. */
function consoleOf(topology: Topology, name: string): string {
  const paths = topology.links.flatMap((one) => one.paths ?? []).filter((one) => one.to === name && one.address);
  const host = paths[0]?.address ?? name;
  return `https://${host.includes(":") ? `[${host}]` : host}${location.port ? `:${location.port}` : ""}/`;
}
