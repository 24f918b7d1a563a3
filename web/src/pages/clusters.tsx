// Several clusters on one page, what is worst first. A page may ask only its own server, so its node asks the others
// that it was told of; a cluster that only this browser knows is a link.

import { useEffect, useState } from "preact/hooks";

import { get } from "../api";
import { live } from "../live";
import { link } from "../route";
import { Store, useStore } from "../store";
import { Button, Card, Icon, Tag, Text, When, say } from "../ui/bits";
import type { Health } from "../types";
import type { OtherCluster, Summary } from "../views";
import { count, list } from "../words";
import { ICONS } from "./verdict";

interface Bookmark {
  name: string;
  url: string;
}

const KEY = "quorate-clusters";

function kept(): Bookmark[] {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]") as Bookmark[];
    return found.filter((one) => typeof one.name === "string" && /^https:\/\//.test(one.url));
  } catch {
    return [];
  }
}

const bookmarks = new Store<Bookmark[]>(kept());
bookmarks.follow((now) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    // Then they last as long as the page.
  }
});

/** As long as the node keeps what it was told. */
const ASK_MS = 5000;

const TONES: Record<Health, string> = { healthy: "good", weakened: "warn", working: "warn", impaired: "bad", down: "bad" };
/** What calls for somebody comes first; then what is not known. */
const ORDER: (Health | "unknown")[] = ["down", "impaired", "unknown", "working", "weakened", "healthy"];

/** How it is as far as is known: what was told before nobody answered any more holds no longer. */
const level = (one: OtherCluster): Health | "unknown" => (one.trouble || !one.summary ? "unknown" : one.summary.level);

const TROUBLES: Record<NonNullable<OtherCluster["trouble"]>["kind"], string> = {
  unreachable: "It cannot be reached.",
  slow: "It does not answer in time.",
  "not-understood": "What answers there does not say how the cluster is.",
  refused: "It does not take the token that this node has for it.",
  "not-trusted": "What answers there cannot prove that it is this cluster.",
  setup: "This node is not set up to ask it.",
};

function useOthers(): { others?: OtherCluster[]; wrong?: string } {
  const [now, set] = useState<{ others?: OtherCluster[]; wrong?: string }>({});
  useEffect(() => {
    let before: OtherCluster[] | undefined;
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const ask = async (): Promise<void> => {
      try {
        const others = await get<OtherCluster[]>("/v1/clusters");
        if (over) return;
        if (before) tell(before, others);
        before = others;
        set({ others });
      } catch (error) {
        if (!over) set((known) => ({ ...known, wrong: (error as Error).message }));
      }
      if (!over) timer = setTimeout(ask, ASK_MS);
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return now;
}

/** Who listens hears what became different, once. */
function tell(before: OtherCluster[], now: OtherCluster[]): void {
  const changed = now.filter((one) => before.some((other) => other.name === one.name && level(other) !== level(one)));
  if (changed.length) say(changed.map((one) => `${one.name} is ${level(one) === "unknown" ? "not reached" : level(one)} now.`).join(" "));
}

export function Clusters() {
  const { others, wrong } = useOthers();
  const sorted = [...(others ?? [])].sort((a, b) => ORDER.indexOf(level(a)) - ORDER.indexOf(level(b)) || a.name.localeCompare(b.name));
  return (
    <div class="page">
      <div class="page-head">
        <h2>Clusters</h2>
        {sorted.length > 0 && <span class="soft">{atAGlance(sorted)}</span>}
      </div>
      {wrong && (
        <p class="note warn">
          <Icon name="warn" /> The other clusters could not be asked: {wrong}
        </p>
      )}
      <ul class="clusters" aria-label="Clusters">
        <Own />
        {sorted.map((one) => (
          <Other one={one} key={one.name} />
        ))}
      </ul>
      {others?.length === 0 && (
        <p class="soft">
          This node was told of no other cluster. With a section <code>[[web.clusters]]</code> in its <code>quorate.toml</code> it asks others how they are, and they are shown here.
        </p>
      )}
      <Bookmarks />
    </div>
  );
}

function atAGlance(others: OtherCluster[]): string {
  const unknown = others.filter((one) => level(one) === "unknown").length;
  const bad = others.filter((one) => level(one) === "down" || level(one) === "impaired").length;
  const rest = others.length - unknown - bad;
  const parts = [bad ? `${bad} in trouble` : "", unknown ? `${unknown} not reached` : "", rest ? `${rest} running` : ""];
  return `Of ${count(others.length, "other cluster")}: ${list(parts.filter(Boolean))}.`;
}

function Own() {
  const { status, verdict } = useStore(live);
  const how = verdict?.level ?? status?.verdict.health;
  if (!status || !how) return null;
  const online = status.nodes.filter((one) => one.state === "online").length;
  const missing = status.resources.filter((one) => one.missing).length;
  const problems = status.failures.length + status.fencing.length + missing;
  return (
    <li class={`cluster ${TONES[how]}`}>
      <h3>
        <Icon name={ICONS[how] ?? "more"} size={18} /> <a href={link("overview")}>{status.cluster_name ?? "This cluster"}</a> <Tag tone={TONES[how]}>{how}</Tag>
        <span class="soft small">this console's</span>
      </h3>
      <p>{verdict?.words ?? status.verdict.sentence}</p>
      <p class="soft">{numbers(status.nodes.length, online, status.resources.length, missing, problems)}</p>
    </li>
  );
}

function numbers(nodes: number, online: number, resources: number, missing: number, problems: number): string {
  return `${online === nodes ? `${count(nodes, "node")}, all online` : `${online} of ${count(nodes, "node")} online`}; ${count(resources, "resource")}${missing ? `, ${missing} not running` : ""}; ${problems ? count(problems, "problem") : "no problem"}.`;
}

function Other({ one }: { one: OtherCluster }) {
  const { summary, trouble } = one;
  const how = level(one);
  const first = one.from ?? one.urls[0]!;
  const more = one.urls.filter((url) => url !== first);
  return (
    <li class={`cluster ${how === "unknown" ? "bad" : TONES[how]}${one.stale ? " stale-cluster" : ""}`}>
      <h3>
        <Icon name={how === "unknown" ? "warn" : (ICONS[how] ?? "more")} size={18} />{" "}
        <a href={first} target="_blank" rel="noopener noreferrer">
          {one.name} <Icon name="out" size={13} />
        </a>{" "}
        <Tag tone={how === "unknown" ? "bad" : TONES[how]}>{how === "unknown" ? "not reached" : how}</Tag>
        {!trouble && one["as-of"] !== null && <AsOf at={one["as-of"]} by={summary?.["seen-by"]} />}
      </h3>
      {trouble && (
        <>
          <p>
            <strong>{TROUBLES[trouble.kind]}</strong> {!summary && "Nothing was heard of it since this node's daemon began."}
          </p>
          <p class="evidence">{trouble.words}</p>
          {more.length > 0 && (
            <p>
              Its other consoles:{" "}
              {more.map((url) => (
                <>
                  <a href={url} target="_blank" rel="noopener noreferrer">
                    {new URL(url).host}
                  </a>{" "}
                </>
              ))}
            </p>
          )}
        </>
      )}
      {summary && (trouble ? <Before summary={summary} at={one["as-of"]!} /> : <Now summary={summary} />)}
    </li>
  );
}

function AsOf({ at, by }: { at: number; by: string | null | undefined }) {
  return (
    <span class="soft small">
      as of <When at={at} />
      {by ? `, by ${by}` : ""}
    </span>
  );
}

function Now({ summary }: { summary: Summary }) {
  const { nodes, resources, problems } = summary;
  return (
    <>
      <p>{summary.words}</p>
      <p class="soft">{numbers(nodes.all, nodes.online, resources.all, resources.missing, problems.all)}</p>
    </>
  );
}

function Before({ summary, at }: { summary: Summary; at: number }) {
  return (
    <p class="soft">
      <When at={at} /> it said: “{summary.words}”
    </p>
  );
}

/** Consoles that only this browser knows. */
function Bookmarks() {
  const all = useStore(bookmarks);
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const wrong = url && !/^https:\/\/[^/\s]+/.test(url) ? "https:// and a host." : "";
  return (
    <Card title="Links that this browser keeps">
      {all.length > 0 && (
        <ul>
          {all.map((one) => (
            <li key={one.url}>
              <span>
                <a href={one.url} target="_blank" rel="noopener noreferrer">
                  {one.name} <Icon name="out" size={13} />
                </a>{" "}
                <span class="soft">{one.url}</span> <Button kind="quiet" small icon="close" label={`Leave ${one.name} out`} onClick={() => bookmarks.update((now) => now.filter((other) => other !== one))} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <form
        class="padded fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (!name || !url || wrong) return;
          bookmarks.update((now) => [...now, { name, url }]);
          setName("");
          setUrl("");
        }}
      >
        <Text label="Name" value={name} set={setName} />
        <Text label="Address of its console" value={url} set={setUrl} placeholder="https://n1.example.org:7630/" wrong={wrong} />
        <div class="acts">
          <Button type="submit" disabled={!name || !url || !!wrong}>Add</Button>
        </div>
      </form>
    </Card>
  );
}
