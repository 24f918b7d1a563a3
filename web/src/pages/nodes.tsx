// Nodes: how each is, what it may, and what can be done with it.

import { useState } from "preact/hooks";

import * as actions from "../actions";
import { may, session } from "../api";
import { useDocument } from "../document";
import { entries, live } from "../live";
import { link, requery, route } from "../route";
import { add } from "../stage";
import { useStore } from "../store";
import { clock } from "../time";
import type { NodeLine } from "../types";
import { Button, Card, Empty, Filter, Icon, Menu, Select, Tabs, Tag, Text, matches } from "../ui/bits";
import { Pairs, PlanDialog } from "../ui/forms";
import { count, describe } from "../words";
import * as xml from "../xml";
import { NodeSign } from "./grid";
import { proofWords } from "./fencing";

export function Nodes() {
  const { status } = useStore(live);
  const { rest } = useStore(route);
  const [filter, setFilter] = useState("");
  if (!status) return <Empty>Asking…</Empty>;
  const opened = status.nodes.find((one) => one.name === rest[0]);
  if (opened) return <Opened node={opened} />;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Nodes</h2>
        <Filter value={filter} set={setFilter} label="Filter nodes" />
      </div>
      <div class="node-cards">
        {status.nodes.filter((one) => matches(filter, one.name, one.state)).map((one) => (
          <NodeCard node={one} />
        ))}
      </div>
    </div>
  );
}

function States({ node }: { node: NodeLine }) {
  const { topology } = useStore(live);
  const fenced = topology?.nodes.find((one) => one.name === node.name)?.["being-fenced"];
  return (
    <>
      <Tag tone={{ online: "good", pending: "warn", offline: "plain", unclean: "bad" }[node.state]}>{node.state === "unclean" ? "lost, must be cut off" : node.state === "pending" ? "joining" : node.state}</Tag>
      {fenced && <Tag tone="bad" icon="fencing">being cut off</Tag>}
      {node.coordinator && <Tag tone="info">coordinator</Tag>}
      {node.standby && <Tag tone="warn">standby</Tag>}
      {node.maintenance && <Tag tone="warn">maintenance</Tag>}
      {node.leaving && <Tag tone="warn">leaving</Tag>}
      {node.kind !== "cluster" && <Tag>{node.kind}</Tag>}
    </>
  );
}

function Maintained({ node }: { node: string }) {
  const tree = useDocument();
  const about = tree && actions.maintenanceOf(tree, node);
  if (!about) return null;
  return (
    <p class="note warn">
      Maintenance{about.owner && <> by {about.owner}</>}
      {about.reason && <>: {about.reason}</>}
      {about.until ? <>. It ends {about.until}</> : <>. It has no end</>}.
    </p>
  );
}

function NodeCard({ node }: { node: NodeLine }) {
  const { fencing } = useStore(live);
  const ready = fencing?.nodes.find((one) => one.node === node.name);
  return (
    <Card
      title={
        <a href={link("nodes", [node.name])}>
          <NodeSign state={node.state} /> {node.name}
        </a>
      }
      side={<NodeMenu node={node} />}
    >
      <div class="padded">
        <p class="tags">
          <States node={node} />
        </p>
        <p>{count(node.active, "active resource")}</p>
        {ready && (
          <p class={ready.ability === "impossible" ? "why-wrong" : "soft"}>
            <Icon name="fencing" size={13} /> {ready.words}
          </p>
        )}
        <Breaks node={node.name} />
        <Maintained node={node.name} />
      </div>
    </Card>
  );
}

/** What of it would break the cluster; tried out on paper by the scheduler. */
function Breaks({ node }: { node: string }) {
  const breaks = useStore(live).verdict?.breaks ?? [];
  const named = breaks.filter((line) => line.split(/[^A-Za-z0-9_.-]+/).some((word) => word.replace(/\.$/, "") === node));
  return (
    <>
      {named.map((line) => (
        <p class="why-wrong">
          <Icon name="warn" size={13} /> {line}
        </p>
      ))}
    </>
  );
}

function NodeMenu({ node }: { node: NodeLine }) {
  const [dialog, setDialog] = useState<"maintenance" | "fence">();
  if (!may("operate")) return null;
  const up = node.state === "online";
  return (
    <>
      <Menu
        label={`What to do with ${node.name}`}
        items={[
          node.standby ? { text: "End standby", act: () => void actions.standby(node.name, false) } : { text: "Standby: move everything away", act: () => void actions.standby(node.name, true) },
          node.maintenance ? { text: "End maintenance", act: () => void actions.endMaintenance(node.name) } : { text: "Maintenance: touch nothing…", act: () => setDialog("maintenance") },
          { text: "Forget failures there", act: () => void actions.cleanup(null, node.name) },
          ...(up ? [{ text: "Shut the cluster down there", act: () => void actions.shutdown(node.name) }] : [{ text: "I switched it off by hand…", act: () => void actions.confirmOff(node.name) }]),
          { text: "Cut off…", icon: "fencing", danger: true, act: () => setDialog("fence") },
        ]}
      />
      {dialog === "maintenance" && <MaintenanceForm node={node.name} onClose={() => setDialog(undefined)} />}
      {dialog === "fence" && <FenceForm node={node.name} onClose={() => setDialog(undefined)} />}
    </>
  );
}

const LENGTHS: [string, string][] = [["30", "half an hour"], ["60", "an hour"], ["240", "four hours"], ["480", "eight hours"], ["1440", "a day"], ["", "until I end it"]];

function MaintenanceForm({ node, onClose }: { node: string; onClose: () => void }) {
  const [owner, setOwner] = useState(session.value?.user ?? "");
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("60");
  const stage = (): unknown => {
    const until = minutes ? new Date(Date.now() + Number(minutes) * 60_000) : undefined;
    return actions.beginMaintenance(node, { owner, reason, until });
  };
  return (
    <PlanDialog narrow title={`Maintenance of ${node}`} onClose={onClose} stage={stage}>
      <p class="soft">What runs there goes on running. It is neither watched nor touched: what fails is not noticed.</p>
      <Text label="Who" value={owner} set={setOwner} />
      <Text label="Why" value={reason} set={setReason} placeholder="new memory" />
      <Select label="How long" value={minutes} set={setMinutes} options={LENGTHS} hint="Then it ends by itself: a rule in the document says so." />
    </PlanDialog>
  );
}

function FenceForm({ node, onClose }: { node: string; onClose: () => void }) {
  const { fencing } = useStore(live);
  const [action, setAction] = useState("reboot");
  const ready = fencing?.nodes.find((one) => one.node === node);
  return (
    <PlanDialog narrow danger title={`Cut ${node} off`} onClose={onClose} stage={() => actions.fence(node, action)}>
      <p>Its power goes, without a good-bye. What it runs starts elsewhere when it is proven off.</p>
      {ready && <p class="note">{ready.words}</p>}
      <Select label="How" value={action} set={setAction} options={[["reboot", "Off, and on again"], ["off", "Off"], ["on", "Switch it on"]]} />
    </PlanDialog>
  );
}

function Opened({ node }: { node: NodeLine }) {
  const { grid, fencing } = useStore(live);
  const all = useStore(entries);
  const tree = useDocument();
  const { query } = useStore(route);
  const tab = query["tab"] ?? "runs";
  const column = grid?.nodes.findIndex((one) => one.name === node.name) ?? -1;
  const here = grid?.rows.filter((row) => row.cells[column]?.role) ?? [];
  const events = all
    .filter((one) => JSON.stringify(one.event).includes(`"${node.name}"`) && one.event.kind !== "started")
    .slice(-200)
    .reverse();
  const ready = fencing?.nodes.find((one) => one.node === node.name);
  return (
    <div class="page">
      <div class="page-head">
        <h2>
          <a href={link("nodes")}>Nodes</a> / {node.name}
        </h2>
        <States node={node} />
        <NodeMenu node={node} />
      </div>
      <Maintained node={node.name} />
      <Tabs label="About the node" at={tab} choose={(key) => requery({ tab: key })} tabs={[["runs", `Runs (${here.length})`], ["attributes", "Attributes and capacity"], ["fencing", "Fencing"], ["events", "Events"]]} />
      {tab === "runs" && (
        <Card>
          <div class="scroll">
            <table>
              <tbody>
                {here.map((row) => (
                  <tr>
                    <th scope="row" class={`depth-${row.depth}`}>
                      <a href={link("resources", [row.id])}>{row.id}</a>
                    </th>
                    <td>{row.cells[column]!.role}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {!here.length && <Empty>Nothing runs there.</Empty>}
        </Card>
      )}
      {tab === "attributes" && tree && <Attributes tree={tree} node={node.name} />}
      {tab === "fencing" && (
        <Card>
          <div class="padded">
            {ready ? (
              <>
                <p>{ready.words}</p>
                <ul class="bullets">
                  {ready.cells.filter((one) => one.can !== "no").map((one) => (
                    <li>
                      {one.device}
                      {one.level !== null && `, level ${one.level}`}: {one.proven ? proofWords(one.proven) : "not proven"}
                    </li>
                  ))}
                </ul>
              </>
            ) : (
              <Empty>Not known.</Empty>
            )}
          </div>
        </Card>
      )}
      {tab === "events" && (
        <Card>
          <ol class="events padded">
            {events.map((one) => {
              const [tone, words] = describe(one.event);
              return (
                <li class={tone}>
                  <time>{clock(one.at)}</time>
                  <a href={link("timeline", [], { entry: String(one.number), at: String(one.at) })}>{words}</a>
                </li>
              );
            })}
          </ol>
          {!events.length && <Empty>Nothing that this node knows of.</Empty>}
        </Card>
      )}
    </div>
  );
}

function Attributes({ tree, node }: { tree: Document; node: string }) {
  const element = xml.children(xml.section(tree, "nodes")).find((one) => xml.attr(one, "uname") === node);
  const begun = element ? { attributes: Object.entries(xml.values(element, "instance_attributes")), capacity: Object.entries(xml.values(element, "utilization")) } : { attributes: [], capacity: [] };
  const [attributes, setAttributes] = useState<[string, string][]>(begun.attributes);
  const [capacity, setCapacity] = useState<[string, string][]>(begun.capacity);
  const passing = [...tree.getElementsByTagName("node_state")].find((one) => xml.attr(one, "uname") === node)?.getElementsByTagName("transient_attributes")[0];
  if (!element) return <Empty>It is not in the configuration.</Empty>;
  const numbers = capacity.every(([, value]) => /^\d+$/.test(value));
  const save = (): void => {
    void add(`Change the attributes of ${node}`, (now) => {
      const found = xml.children(xml.section(now, "nodes")).find((one) => xml.attr(one, "uname") === node);
      if (!found) throw new Error(`there is no node ${node} any more`);
      for (const [set, pairs] of [["instance_attributes", attributes], ["utilization", capacity]] as const) {
        const wanted = Object.fromEntries(pairs.filter(([name]) => name));
        for (const name of Object.keys(xml.values(found, set))) if (!(name in wanted)) xml.setValue(found, set, name, undefined);
        for (const [name, value] of Object.entries(wanted)) xml.setValue(found, set, name, value);
      }
    });
  };
  return (
    <div class="two">
      <Card title="Attributes that stay">
        <div class="padded">
          <Pairs label="Attributes" pairs={attributes} set={setAttributes} />
        </div>
      </Card>
      <Card title="Capacity">
        <div class="padded">
          <Pairs label="Capacity" pairs={capacity} set={setCapacity} offered={["cpu", "memory"]} />
          {!numbers && <p class="why-wrong">Capacities are whole numbers.</p>}
        </div>
      </Card>
      {may("configure") && (
        <div class="acts">
          <Button kind="main" icon="plan" disabled={!numbers} onClick={save}>
            Show the plan
          </Button>
        </div>
      )}
      {passing && (
        <Card title="Attributes that pass with the node's life">
          <ul class="padded">
            {[...passing.getElementsByTagName("nvpair")].map((pair) => (
              <li>
                <code>
                  {xml.attr(pair, "name")} = {xml.attr(pair, "value")}
                </code>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}
