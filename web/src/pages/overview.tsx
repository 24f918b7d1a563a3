// Everything at a glance.

import { useState } from "preact/hooks";

import { helpShown } from "../keys";
import { entries, live } from "../live";
import { link } from "../route";
import { useStore } from "../store";
import { clock } from "../time";
import { Button, Card, Empty, Filter, Tag } from "../ui/bits";
import type { Entry } from "../types";
import { count, describe } from "../words";
import { GridView } from "./grid";
import { Incidents } from "./incidents";
import { Lately } from "./lately";
import { Map } from "./topology";
import { WhyDialog } from "./why";

export function Overview() {
  const { grid, status } = useStore(live);
  const [filter, setFilter] = useState("");
  const [why, setWhy] = useState<{ resource: string; node?: string }>();
  return (
    <div class="overview">
      <div class="main-column">
      <Card
        class="grid-card"
        title="Resources"
        side={
          <>
            {grid && <span class="soft small">{`${count(grid.rows.length, "row")} × ${count(grid.nodes.length, "node")}`}</span>}
            <Button small kind="quiet" onClick={() => helpShown.set(true)}>
              Signs
            </Button>
            <Filter value={filter} set={setFilter} label="Filter resources" />
          </>
        }
      >
        {grid ? <GridView grid={grid} filter={filter} why={(resource, node) => setWhy({ resource, node })} /> : <Empty>{status ? "This node does not tell the grid." : "Asking…"}</Empty>}
      </Card>
      <Recent />
      </div>
      <div class="side-column">
        <Incidents />
        <Lately />
        <Map />
      </div>
      {why && <WhyDialog {...why} onClose={() => setWhy(undefined)} />}
    </div>
  );
}

/** What nobody would ask for is on the timeline only. */
function isNews({ event }: Entry): boolean {
  if (event.kind === "started" || event.kind === "idle") return false;
  if (event.kind === "planned") return event.actions.length > 0;
  return event.kind !== "finished" || !event.expected || !/_(monitor_\d+|(pre|post)_notify_\w+_\d+)$/.test(event.action);
}

function Recent() {
  const all = useStore(entries);
  const { status } = useStore(live);
  const told = all.filter(isNews).slice(-40).reverse();
  return (
    <Card class="recent" title="What happened" side={<a href={link("timeline")}>Timeline</a>}>
      {!!status?.running.length && (
        <p class="under-way">
          {status.running.map((action) => (
            <Tag tone="warn" icon="work">
              {action}
            </Tag>
          ))}
        </p>
      )}
      <ol class="events" tabIndex={0} aria-label="What happened, the latest first">
        {told.map((one) => {
          const [tone, words] = describe(one.event);
          return (
            <li class={tone} key={one.number}>
              <time>{clock(one.at)}</time>
              <span>{words}</span>
            </li>
          );
        })}
      </ol>
      {!told.length && <Empty>Nothing yet.</Empty>}
    </Card>
  );
}
