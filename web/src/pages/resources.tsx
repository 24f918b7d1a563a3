// Resources: what is configured and how it is; each can be opened, changed and added.

import { useState } from "preact/hooks";

import * as actions from "../actions";
import { may } from "../api";
import { agentOf, documentTrouble, isFenceDevice, resources, useDocument, type Known } from "../document";
import { live } from "../live";
import { go, link, requery, route } from "../route";
import { useStore } from "../store";
import type { ResourceLine } from "../types";
import { Button, Card, Empty, Filter, Menu, Tabs, Tag, matches } from "../ui/bits";
import { attr, resource, values } from "../xml";
import { BundleForm, CloneForm, GroupForm } from "./collective";
import { PrimitiveForm } from "./primitive";
import { WhyView } from "./why";
import { sentencesOf } from "../sentences";

export function Resources() {
  const tree = useDocument();
  const trouble = useStore(documentTrouble);
  const { rest, query } = useStore(route);
  if (!tree) return <Empty>{trouble || "Asking…"}</Empty>;
  const adding = query["add"];
  const close = (): void => requery({ add: undefined, from: undefined });
  return (
    <>
      {rest[0] ? <Opened id={rest[0]} tree={tree} /> : <All tree={tree} />}
      {(adding === "primitive" || adding === "fence-device" || adding === "template") && <PrimitiveForm tree={tree} kind={adding} like={query["from"] ? resource(tree, query["from"]) : undefined} onClose={close} />}
      {adding === "group" && <GroupForm tree={tree} onClose={close} />}
      {adding === "clone" && <CloneForm tree={tree} onClose={close} />}
      {adding === "bundle" && <BundleForm tree={tree} onClose={close} />}
    </>
  );
}

const ADD: [string, string][] = [
  ["primitive", "Primitive"],
  ["group", "Group"],
  ["clone", "Clone"],
  ["bundle", "Bundle"],
  ["template", "Template"],
  ["fence-device", "Fence device"],
];

export function AddMenu() {
  if (!may("configure")) return null;
  return <Menu label="Add a resource" icon="plus" text="Add" items={ADD.map(([kind, text]) => ({ text, act: () => go(link("resources", [], { add: kind })) }))} />;
}

function lines(of: ResourceLine[], into = new Map<string, ResourceLine>()): Map<string, ResourceLine> {
  for (const one of of) {
    if (!into.has(one.id)) into.set(one.id, one);
    lines(one.children, into);
  }
  return into;
}

function All({ tree }: { tree: Document }) {
  const { status } = useStore(live);
  const [filter, setFilter] = useState("");
  const known = lines(status?.resources ?? []);
  const shown = resources(tree).filter((one) => matches(filter, one.id, one.tag, agentOf(one.element)));
  return (
    <div class="page">
      <div class="page-head">
        <h2>Resources</h2>
        <Filter value={filter} set={setFilter} label="Filter resources" />
        <AddMenu />
      </div>
      <Card>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Resource</th>
                <th scope="col">Kind</th>
                <th scope="col">Where</th>
                <th scope="col">Remarks</th>
                <th scope="col"><span class="soft">Do</span></th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <Line one={one} line={known.get(one.id)} />
              ))}
            </tbody>
          </table>
        </div>
        {!shown.length && <Empty>{filter ? "Nothing that matches." : "No resources yet. A wizard makes a whole service; or add one by one."}</Empty>}
      </Card>
    </div>
  );
}

function Line({ one, line }: { one: Known; line: ResourceLine | undefined }) {
  const places = line?.places.map((place) => `${place.node}${place.role === "started" ? "" : ` (${place.role})`}`).join(", ");
  return (
    <tr>
      <th scope="row" class={`depth-${one.depth}`}>
        <a href={link("resources", [one.id])}>{one.id}</a>
      </th>
      <td>{one.tag === "primitive" || one.tag === "template" ? `${one.tag === "template" ? "template of " : ""}${agentOf(one.element)}` : one.tag}</td>
      <td>{one.tag === "template" ? "" : places || (line?.missing ? <Tag tone="bad">nowhere</Tag> : line ? "–" : "")}</td>
      <td>
        {line?.failed && <Tag tone="bad" icon="bad">failed</Tag>} {line?.remarks.join(", ")}
      </td>
      <td class="acts-cell">
        <ResourceMenu one={one} />
      </td>
    </tr>
  );
}

function ResourceMenu({ one }: { one: Known }) {
  if (!may("operate")) return null;
  const meta = values(one.element, "meta_attributes");
  const stopped = meta["target-role"]?.toLowerCase() === "stopped";
  const left = meta["is-managed"]?.toLowerCase() === "false";
  const kept = meta["maintenance"]?.toLowerCase() === "true";
  const items = [
    ...(one.tag === "template"
      ? []
      : [
          stopped ? { text: "Enable", act: () => void actions.enable(one.id) } : { text: "Disable", act: () => void actions.disable(one.id) },
          left ? { text: "Manage", act: () => void actions.manage(one.id, true) } : { text: "Unmanage", act: () => void actions.manage(one.id, false) },
          { text: kept ? "End maintenance" : "Maintenance", act: () => void actions.maintain(one.id, !kept) },
          { text: "Forget failures", act: () => void actions.cleanup(one.id, null) },
          { text: "End moves and bans", act: () => void actions.clear(one.id) },
        ]),
    ...(may("configure") && ["primitive", "template"].includes(one.tag) ? [{ text: "Copy…", act: () => go(link("resources", [], { add: one.tag === "template" ? "template" : isFenceDevice(one.element) ? "fence-device" : "primitive", from: one.id })) }] : []),
    ...(may("configure") && ["group", "clone", "master"].includes(one.tag) ? [{ text: one.tag === "group" ? "Dissolve: its members stay" : "End cloning: one copy stays", act: () => void actions.unwrap(one.id) }] : []),
    ...(may("configure") ? [{ text: "Remove", icon: "remove", danger: true, act: () => void actions.removeResource(one.id) }] : []),
  ];
  return <Menu label={`What to do with ${one.id}`} items={items} />;
}

function Opened({ id, tree }: { id: string; tree: Document }) {
  const { status } = useStore(live);
  const { query } = useStore(route);
  const [editing, setEditing] = useState(false);
  const one = resources(tree).find((known) => known.id === id) ?? resources(tree).find((known) => id.startsWith(`${known.id}:`));
  const line = lines(status?.resources ?? []).get(id);
  if (!one) {
    return (
      <div class="page">
        <p>
          There is no resource {id}. <a href={link("resources")}>All resources</a>
        </p>
      </div>
    );
  }
  const tab = query["tab"] ?? "why";
  const element = one.element;
  const inside = [...element.children].filter((part) => ["primitive", "group", "clone"].includes(part.tagName)).map((part) => attr(part, "id"));
  const constraints = sentencesOf(tree).filter((sentence) => sentence.names.includes(one.id));
  return (
    <div class="page">
      <div class="page-head">
        <h2>
          <a href={link("resources")}>Resources</a> / {id}
        </h2>
        <Tag>{isFenceDevice(element) ? "fence device" : one.tag}</Tag>
        {line?.places.map((place) => <Tag tone={place.unclean ? "bad" : "good"}>{`${place.role} on ${place.node}`}</Tag>)}
        {line?.missing && <Tag tone="bad">not running</Tag>}
        {line?.failed && <Tag tone="bad">failed</Tag>}
        {may("configure") && (
          <Button icon="edit" onClick={() => setEditing(true)}>
            Edit
          </Button>
        )}
        <ResourceMenu one={one} />
      </div>
      {line && line.remarks.length > 0 && <p class="note warn">{line.remarks.join("; ")}</p>}
      <Tabs label="About the resource" at={tab} choose={(key) => requery({ tab: key })} tabs={[["why", "Why it is where it is"], ["configured", "Configured"], ["constraints", `Constraints (${constraints.length})`]]} />
      {tab === "why" && <Card><div class="padded why-card"><WhyView resource={id} /></div></Card>}
      {tab === "configured" && (
        <Card>
          <div class="scroll">
            <table>
              <tbody>
                {agentOf(element) && (
                  <tr>
                    <th scope="row">Agent</th>
                    <td>{agentOf(element)}</td>
                  </tr>
                )}
                {inside.length > 0 && (
                  <tr>
                    <th scope="row">Inside</th>
                    <td>{inside.map((part, at) => <>{at > 0 && ", "}<a href={link("resources", [part])}>{part}</a></>)}</td>
                  </tr>
                )}
                {["instance_attributes", "meta_attributes", "utilization"].flatMap((set) =>
                  Object.entries(values(element, set)).map(([name, value]) => (
                    <tr>
                      <th scope="row">{name}</th>
                      <td>
                        <code>{value}</code> <span class="faint small">{{ instance_attributes: "parameter", meta_attributes: "meta", utilization: "needs" }[set]}</span>
                      </td>
                    </tr>
                  )),
                )}
                {[...element.children].filter((part) => part.tagName === "operations").flatMap((all) => [...all.children]).map((op) => (
                  <tr>
                    <th scope="row">{attr(op, "name")}</th>
                    <td>
                      {["interval", "timeout", "role", "on-fail"].filter((name) => attr(op, name)).map((name) => `${name} ${attr(op, name)}`).join(", ")} <span class="faint small">operation</span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      )}
      {tab === "constraints" && (
        <Card>
          <ul class="sentences">
            {constraints.map((sentence) => (
              <li>
                <a href={link("constraints", [], { edit: sentence.id })}>{sentence.words}</a>
              </li>
            ))}
          </ul>
          {!constraints.length && <Empty>No constraint names it.</Empty>}
        </Card>
      )}
      {editing && (one.tag === "primitive" || one.tag === "template") && <PrimitiveForm tree={tree} kind={one.tag === "template" ? "template" : isFenceDevice(element) ? "fence-device" : "primitive"} of={element} onClose={() => setEditing(false)} />}
      {editing && one.tag === "group" && <GroupForm tree={tree} of={element} onClose={() => setEditing(false)} />}
      {editing && (one.tag === "clone" || one.tag === "master") && <CloneForm tree={tree} of={element} onClose={() => setEditing(false)} />}
      {editing && one.tag === "bundle" && <BundleForm tree={tree} of={element} onClose={() => setEditing(false)} />}
    </div>
  );
}
