// Who did what, when, from where.

import { useEffect, useState } from "preact/hooks";

import { Trouble, get } from "../api";
import { entries } from "../live";
import { useStore } from "../store";
import { exact } from "../time";
import { Card, Empty, Filter, Tag, matches } from "../ui/bits";

interface Deed {
  at: number | string;
  user?: string;
  from?: string;
  what?: string;
  outcome?: string;
  [other: string]: unknown;
}

export function Audit() {
  const all = useStore(entries);
  const [deeds, setDeeds] = useState<Deed[]>();
  const [wrong, setWrong] = useState("");
  const [filter, setFilter] = useState("");
  const changes = all.filter((one) => one.event.kind === "changed" || one.event.kind === "refused");
  useEffect(() => {
    get<Deed[] | { entries?: Deed[]; audit?: Deed[] }>("/v1/audit").then(
      (found) => setDeeds(Array.isArray(found) ? found : (found.entries ?? found.audit ?? [])),
      (error: Error) => setWrong(error instanceof Trouble && error.status === 404 ? "This node keeps no audit log; below is what the history says." : error.message),
    );
  }, [changes.length]);
  const rows: { at: string; user: string; from: string; what: string; outcome: string }[] = deeds
    ? deeds.map((one) => ({
        at: typeof one.at === "number" ? exact(one.at) : String(one.at),
        user: one.user ?? "",
        from: one.from ?? "",
        what: one.what ?? Object.entries(one).filter(([name]) => !["at", "user", "from", "outcome"].includes(name)).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", "),
        outcome: typeof one.outcome === "string" ? one.outcome : one.outcome ? JSON.stringify(one.outcome) : "",
      }))
    : changes.map((one) => {
        const event = one.event as { user: string; change: string; version?: string; reason?: string };
        return { at: exact(one.at), user: event.user, from: "", what: event.change, outcome: event.version ? `now ${event.version}` : `refused: ${event.reason}` };
      });
  const shown = rows.filter((one) => matches(filter, one.at, one.user, one.from, one.what, one.outcome)).reverse();
  return (
    <div class="page">
      <div class="page-head">
        <h2>Audit</h2>
        <Filter value={filter} set={setFilter} label="Filter the log" />
      </div>
      {wrong && <p class="note">{wrong}</p>}
      <Card>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">From</th>
                <th scope="col">What</th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, 500).map((one) => (
                <tr>
                  <td>{one.at}</td>
                  <th scope="row">{one.user}</th>
                  <td>{one.from}</td>
                  <td>{one.what}</td>
                  <td>{one.outcome.startsWith("refused") ? <Tag tone="warn">{one.outcome}</Tag> : one.outcome}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {!shown.length && <Empty>Nothing.</Empty>}
      </Card>
    </div>
  );
}
