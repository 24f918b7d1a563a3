// How the cluster was at a moment, and what differs between two.

import { live, looks } from "../live";
import { clock } from "../time";
import { useStore } from "../store";
import { Button, Card, Empty } from "../ui/bits";
import type { Grid } from "../views";
import { mark } from "./grid";

/** The grid as it was after an entry. */
interface Past {
  entry: number;
  at: number;
  version: string;
  grid: Grid;
}

type Found = Past | string;

/** What this page saw first after an entry. What happened before it was opened, it did not see. */
function past(entry: number): Found {
  const first = looks[0];
  if (!first || first.entry > entry + 1) return "This page was not open then: it knows what happened, not how the cluster was.";
  const found = looks.find((one) => one.entry >= entry) ?? looks.at(-1)!;
  return { entry: found.entry, at: found.at, version: found.grid.version, grid: found.grid };
}

export function Moment({ entry, other, forget }: { entry: number; other: number | undefined; forget: () => void }) {
  useStore(live);
  const now = past(entry);
  const then = other === undefined || other === entry ? undefined : past(other);
  const compared = other !== undefined && other !== entry;
  return (
    <Card title={compared ? "What differs between the two moments" : "How the cluster was"} side={compared && <Button small onClick={forget}>End comparing</Button>}>
      {typeof now === "string" && <Empty>{now}</Empty>}
      {typeof now !== "string" && !compared && <Places past={now} />}
      {compared && typeof then === "string" && <Empty>{then}</Empty>}
      {compared && then && typeof now !== "string" && typeof then !== "string" && <Compare a={then.entry < now.entry ? then : now} b={then.entry < now.entry ? now : then} />}
    </Card>
  );
}

interface Place {
  node: string;
  words: string;
  tone: string;
}

function placesOf(grid: Grid): Map<string, Place[]> {
  return new Map(
    grid.rows.map((row) => [
      row.id,
      row.cells.flatMap((cell, at) => (cell.role || cell.state !== "stopped" ? [{ node: grid.nodes[at]!.name, words: mark(cell).word, tone: mark(cell).tone }] : [])),
    ]),
  );
}

const said = (places: Place[] | undefined): string => (places === undefined ? "not there" : places.length ? places.map((one) => `${one.words} on ${one.node}`).join(", ") : "nowhere");

function Places({ past: { grid, version, at } }: { past: Past }) {
  const places = placesOf(grid);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          {grid.rows.map((row) => (
            <tr>
              <th scope="row" class={`depth-${row.depth}`}>{row.id}</th>
              <td>{said(places.get(row.id))}</td>
            </tr>
          ))}
          {grid.nodes.filter((node) => node.state !== "online" || node.standby || node.maintenance).map((node) => (
            <tr>
              <th scope="row">{node.name}</th>
              <td>{[node.state === "unclean" ? "lost" : node.state, node.standby && "standby", node.maintenance && "maintenance"].filter(Boolean).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft small padded">As this page saw it at {clock(at)}; configuration {version}.</p>
    </div>
  );
}

function Compare({ a, b }: { a: Past; b: Past }) {
  const [before, after] = [placesOf(a.grid), placesOf(b.grid)];
  const states = (grid: Grid): Map<string, string> =>
    new Map(grid.nodes.map((node) => [node.name, [node.state === "unclean" ? "lost" : node.state, node.standby && "standby", node.maintenance && "maintenance"].filter(Boolean).join(", ")]));
  const [nodesBefore, nodesAfter] = [states(a.grid), states(b.grid)];
  const rows: [string, string, string][] = [];
  for (const name of new Set([...nodesBefore.keys(), ...nodesAfter.keys()])) rows.push([name, nodesBefore.get(name) ?? "not there", nodesAfter.get(name) ?? "not there"]);
  for (const id of new Set([...before.keys(), ...after.keys()])) rows.push([id, said(before.get(id)), said(after.get(id))]);
  const changed = rows.filter(([, was, is]) => was !== is);
  return (
    <div class="scroll">
      {changed.length === 0 && <Empty>Nothing that is shown here differs.</Empty>}
      {changed.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Earlier</th>
              <th scope="col">Later</th>
            </tr>
          </thead>
          <tbody>
            {changed.map(([what, was, is]) => (
              <tr>
                <th scope="row">{what}</th>
                <td>{was}</td>
                <td>{is}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="soft small padded">
        Configuration {a.version}, then {b.version}.
      </p>
    </div>
  );
}
