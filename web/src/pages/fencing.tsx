// Fencing: which node can be cut off by what, proven when; devices, levels, and what was fenced.

import { useState } from "preact/hooks";

import { request } from "../stage";
import { may } from "../api";
import { nodeNames, useDocument } from "../document";
import { live } from "../live";
import { go, link } from "../route";
import { add } from "../stage";
import { useStore } from "../store";
import { ago, length } from "../time";
import { Button, Card, Empty, Icon, Select, Tag, Text, When } from "../ui/bits";
import { Ordered, PlanDialog } from "../ui/forms";
import { list } from "../words";
import type { Proof } from "../views";
import * as xml from "../xml";

export function proofWords(proof: Proof): string {
  switch (proof.kind) {
    case "checked":
      return `asked every ${length(proof.every_ms)}, and it answers`;
    case "answered":
      return `answered ${ago(proof.at)}`;
    case "used":
      return `used ${ago(proof.at)}`;
  }
}

const ABILITY: Record<string, [string, string]> = {
  ready: ["good", "ready"],
  watchdog: ["good", "by its watchdog"],
  doubtful: ["warn", "doubtful"],
  guest: ["plain", "with its container"],
  impossible: ["bad", "impossible"],
};

export function Fencing() {
  const { fencing } = useStore(live);
  const tree = useDocument();
  const [level, setLevel] = useState<Element | "new">();
  if (!fencing) return <Empty>This node does not tell about fencing.</Empty>;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Fencing</h2>
        <Tag tone={fencing.enabled ? "good" : "bad"}>{fencing.enabled ? "enabled" : "disabled: lost nodes' resources may run twice"}</Tag>
        {may("configure") && <Button icon="plus" onClick={() => go(link("resources", [], { add: "fence-device" }))}>Fence device</Button>}
      </div>
      <Card title="Could each node be cut off?">
        <div class="scroll">
          <table class="matrix">
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">Ready</th>
                {fencing.devices.map((device) => (
                  <th scope="col">
                    <a href={link("resources", [device.id])}>{device.id}</a>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {fencing.nodes.map((row) => (
                <tr>
                  <th scope="row">{row.node}</th>
                  <td>
                    <Tag tone={ABILITY[row.ability]?.[0]} icon={row.ability === "ready" || row.ability === "watchdog" ? "ok" : row.ability === "impossible" ? "bad" : undefined}>
                      {ABILITY[row.ability]?.[1] ?? row.ability}
                    </Tag>
                    <p class="soft small">{row.words}</p>
                  </td>
                  {row.cells.map((cell) => (
                    <td>
                      {cell.can === "no" && <span class="faint">not for it</span>}
                      {cell.can === "disabled" && <span class="faint">disabled</span>}
                      {(cell.can === "yes" || cell.can === "asked-then") && (
                        <>
                          <strong>
                            <Icon name={cell.proven ? "ok" : "warn"} size={12} /> {cell.can === "yes" ? "can" : "asked when needed"}
                          </strong>
                          <br />
                          <span class="soft small">
                            {cell.level !== null && `level ${cell.level}, `}
                            {cell.proven ? proofWords(cell.proven) : "not proven"}
                          </span>
                        </>
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {!fencing.devices.length && <Empty>There is no fence device: nothing proves that a lost node is off.</Empty>}
        <p class="soft small">That a device answers does not show that it can switch off each of its nodes; only a fencing that succeeded shows that.</p>
      </Card>
      <div class="two">
        <Card title="Devices">
          {!fencing.devices.length && <Empty>None.</Empty>}
          <div class="scroll">
            <table>
              <tbody>
                {fencing.devices.map((device) => (
                  <tr>
                    <th scope="row">
                      <a href={link("resources", [device.id])}>{device.id}</a>
                    </th>
                    <td>{device.agent}</td>
                    <td>
                      <Tag tone={{ working: "good", failed: "bad", stopped: "warn", disabled: "warn" }[device.state]}>{{ working: "answers", failed: "failed", stopped: "in use nowhere", disabled: "disabled" }[device.state]}</Tag>
                    </td>
                    <td>{device.on.length ? `on ${list(device.on)}` : ""}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
        <Card title="Levels" side={may("configure") && tree && <Button small icon="plus" onClick={() => setLevel("new")}>Level</Button>}>
          {tree && <Levels tree={tree} open={setLevel} />}
        </Card>
      </div>
      <Card title="What was fenced" side={may("operate") && fencing.history.length > 0 && <Button small onClick={() => void request("Tell no more of past fencings", { "forget-fencings": { node: null } })}>Forget…</Button>}>
        <div class="scroll">
          <table>
            <tbody>
              {[...fencing.history].reverse().map((one) => (
                <tr>
                  <td><When at={one.at} /></td>
                  <th scope="row">{one.target}</th>
                  <td>{one.action}</td>
                  <td>
                    <Tag tone={one.succeeded ? "good" : "bad"} icon={one.succeeded ? "ok" : "bad"}>{one.succeeded ? "proven" : "failed"}</Tag>
                  </td>
                  <td>{one.by}</td>
                  <td class="soft">{one.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {!fencing.history.length && <Empty>Nothing, as far as this node knows.</Empty>}
      </Card>
      {level && tree && <LevelForm tree={tree} of={level === "new" ? undefined : level} onClose={() => setLevel(undefined)} />}
    </div>
  );
}

function Levels({ tree, open }: { tree: Document; open: (level: Element) => void }) {
  const found = xml.child(xml.configuration(tree), "fencing-topology");
  const levels = found ? xml.children(found, "fencing-level") : [];
  if (!levels.length) return <Empty>None: each device is tried by itself.</Empty>;
  return (
    <ul class="sentences">
      {levels.map((one) => {
        const target = xml.attr(one, "target") || xml.attr(one, "target-pattern") || `${xml.attr(one, "target-attribute")}=${xml.attr(one, "target-value")}`;
        return (
          <li>
            <button type="button" class="as-link" onClick={() => open(one)}>
              {`${target}: level ${xml.attr(one, "index")} is ${list(xml.attr(one, "devices").split(","))}`}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

const BY: [string, string][] = [["target", "a node"], ["target-pattern", "nodes whose name matches"], ["target-attribute", "nodes with an attribute"]];

function LevelForm({ tree, of, onClose }: { tree: Document; of?: Element; onClose: () => void }) {
  const [by, setBy] = useState(BY.find(([name]) => of && xml.attr(of, name))?.[0] ?? "target");
  const [target, setTarget] = useState(of ? xml.attr(of, by) : (nodeNames(tree)[0] ?? ""));
  const [value, setValue] = useState(of ? xml.attr(of, "target-value") : "");
  const [index, setIndex] = useState(of ? xml.attr(of, "index") : "1");
  const [devices, setDevices] = useState(of ? xml.attr(of, "devices").split(",").filter(Boolean) : []);
  const known = [...xml.section(tree, "resources").getElementsByTagName("primitive")].filter((one) => xml.attr(one, "class") === "stonith").map((one) => xml.attr(one, "id"));
  const id = of ? xml.attr(of, "id") : "";
  const wrong = !target || (by === "target-attribute" && !value) ? "Say for which nodes." : !/^[1-9]$/.test(index) ? "Levels are numbered from 1 to 9." : !devices.length ? "Choose a device." : undefined;
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the fencing level ${index} of ${target}`, (now) => {
      const home = xml.section(now, "fencing-topology");
      const made = of ? xml.byId(now, id) : xml.make(home, "fencing-level", { id: xml.freeId(now, `fl-${target}-${index}`) });
      if (!made) throw new Error(`${id} is not there any more`);
      for (const [name] of BY) xml.put(made, name, name === by ? target : undefined);
      xml.put(made, "target-value", by === "target-attribute" ? value : undefined);
      xml.put(made, "index", index);
      xml.put(made, "devices", devices.join(","));
    });
  const remove = (): unknown =>
    add(`Remove the fencing level ${id}`, (now) => {
      const found = xml.byId(now, id, ["fencing-level"]);
      const home = found?.parentElement;
      found?.remove();
      if (home && !home.children.length) home.remove();
    });
  return (
    <PlanDialog narrow title={of ? `Fencing level ${id}` : "New fencing level"} onClose={onClose} stage={stage} remove={of && remove} wrong={wrong}>
      <p class="soft">Levels are tried in order; in a level all devices must succeed.</p>
      <Select label="For" value={by} set={setBy} options={BY} />
      {by === "target" ? <Select label="Node" value={target} set={setTarget} options={nodeNames(tree)} /> : <Text label={by === "target-pattern" ? "Pattern" : "Attribute"} value={target} set={setTarget} />}
      {by === "target-attribute" && <Text label="Its value" value={value} set={setValue} />}
      <Text label="Level" value={index} set={setIndex} />
      <Ordered label="Devices" known={known} chosen={devices} set={setDevices} />
    </PlanDialog>
  );
}
