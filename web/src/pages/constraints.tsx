// Constraints as sentences; each can be changed, removed and added.

import { useState } from "preact/hooks";

import { removeObject } from "../actions";
import { may } from "../api";
import { CONSTRAINTS } from "../catalogue";
import { nodeNames, resourceIds, useDocument } from "../document";
import { go, link, requery, route } from "../route";
import { add } from "../stage";
import { useStore } from "../store";
import { score as shortScore } from "../time";
import { Button, Card, Dialog, Empty, Filter, Icon, Menu, Select, Tag, Text, matches } from "../ui/bits";
import { Editor, Ordered, type Taken, type Values } from "../ui/forms";
import { list } from "../words";
import * as xml from "../xml";

export interface Sentence {
  id: string;
  tag: string;
  words: string;
  names: string[];
  /** Made by a move: ends when it is cleared. */
  passing: boolean;
  simple: boolean;
}

const number = (text: string): string => {
  const value = /^\+?INFINITY$/i.test(text) ? 1_000_000 : /^-INFINITY$/i.test(text) ? -1_000_000 : Number(text);
  return Number.isFinite(value) ? shortScore(value) : text;
};

export function sentencesOf(tree: Document): Sentence[] {
  return xml.children(xml.section(tree, "constraints")).map((one) => {
    const get = (name: string): string => xml.attr(one, name);
    const sets = xml.children(one, "resource_set");
    const refs = sets.map((set) => xml.children(set, "resource_ref").map((ref) => xml.attr(ref, "id")));
    const id = get("id");
    return {
      id,
      tag: one.tagName,
      words: words(one, get, refs),
      names: [...["rsc", "with-rsc", "first", "then"].map(get).filter(Boolean), ...refs.flat()],
      passing: id.startsWith("cli-prefer-") || id.startsWith("cli-ban-"),
      simple: !sets.length && !xml.child(one, "rule") && !get("rsc-pattern"),
    };
  });
}

const promoted = (role: string): string => (role && role !== "Started" ? ` as ${role.toLowerCase()}` : "");

function words(one: Element, get: (name: string) => string, refs: string[][]): string {
  const many = refs.map((set) => list(set)).join(", then ");
  const score = get("score") || xml.attr(xml.child(one, "rule"), "score");
  switch (one.tagName) {
    case "rsc_location": {
      const what = `${get("rsc") || get("rsc-pattern") || many}${promoted(get("role"))}`;
      const rule = xml.child(one, "rule");
      const where = get("node") || (rule ? `nodes by the rule ${ruleWords(rule)}` : "?");
      if (/^-INFINITY$/i.test(score)) return `${what} must never run on ${where}.`;
      if (/^\+?INFINITY$/i.test(score)) return `${what} must run on ${where} if it can.`;
      return Number(score) < 0 ? `${what} avoids ${where} (${number(score)}).` : `${what} prefers ${where} (${number(score)}).`;
    }
    case "rsc_colocation": {
      const follows = get("rsc") ? `${get("rsc")}${promoted(get("rsc-role"))}` : "";
      const leads = `${get("with-rsc")}${promoted(get("with-rsc-role"))}`;
      if (refs.length) return `${refs.map((set) => list(set)).join("; with ")} ${/^-/.test(score) ? "stay apart" : "stay together"} (${number(score || "0")}).`;
      if (/^-INFINITY$/i.test(score)) return `${follows} must never run where ${leads} is.`;
      if (/^\+?INFINITY$/i.test(score)) return `${follows} must run where ${leads} is.`;
      return Number(score) < 0 ? `${follows} avoids the node of ${leads} (${number(score)}).` : `${follows} prefers the node of ${leads} (${number(score)}).`;
    }
    case "rsc_order": {
      const verb: Record<string, string> = { start: "is started", promote: "is promoted", stop: "is stopped", demote: "is demoted" };
      const kind = get("kind") || (get("score") === "0" ? "Optional" : "Mandatory");
      const end = kind === "Optional" ? ", if both are to happen" : kind === "Serialize" ? ", never at the same time" : "";
      if (refs.length) return `In this order: ${many}${end}.`;
      const first = get("first-action") || "start";
      return `First ${get("first")} ${verb[first] ?? first}, then ${get("then")} ${verb[get("then-action") || first] ?? get("then-action")}${end}${get("symmetrical") === "false" ? "; not reversed when stopping" : ""}.`;
    }
    case "rsc_ticket":
      return `${get("rsc") || many}${promoted(get("rsc-role"))} needs the ticket ${get("ticket")}; when it is lost: ${get("loss-policy") || "stop"}.`;
    default:
      return `${one.tagName} ${get("id")}`;
  }
}

function ruleWords(rule: Element): string {
  const parts = [...rule.children].map((one) => {
    if (one.tagName === "rule") return `(${ruleWords(one)})`;
    return ["attribute", "operation", "value", "start", "end"].map((name) => xml.attr(one, name)).filter(Boolean).join(" ");
  });
  return `“${parts.join(` ${xml.attr(rule, "boolean-op") || "and"} `)}”`;
}

const TITLES: Record<string, string> = { rsc_location: "Where", rsc_colocation: "Together or apart", rsc_order: "In which order", rsc_ticket: "By ticket" };

export function Constraints() {
  const tree = useDocument();
  const { query } = useStore(route);
  const [filter, setFilter] = useState("");
  if (!tree) return <Empty>Asking…</Empty>;
  const all = sentencesOf(tree).filter((one) => matches(filter, one.words, one.id));
  const close = (): void => requery({ add: undefined, edit: undefined });
  const edited = query["edit"] ? xml.byId(tree, query["edit"]) : undefined;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Constraints</h2>
        <Filter value={filter} set={setFilter} label="Filter constraints" />
        {may("configure") && (
          <Menu
            label="Add a constraint"
            text="Add"
            icon="plus"
            items={[...Object.entries(CONSTRAINTS).map(([tag, about]) => ({ text: about.title, act: () => go(link("constraints", [], { add: tag })) })), { text: "Set: several together or in order", act: () => go(link("constraints", [], { add: "set" })) }]}
          />
        )}
      </div>
      {Object.entries(TITLES).map(([tag, title]) => {
        const some = all.filter((one) => one.tag === tag);
        if (!some.length && tag === "rsc_ticket") return null;
        return (
          <Card title={title}>
            <ul class="sentences">
              {some.map((one) => (
                <li>
                  <a href={link("constraints", [], { edit: one.id })}>{one.words}</a> {one.passing && <Tag tone="info">made by a move</Tag>} <span class="faint small">{one.id}</span>
                </li>
              ))}
            </ul>
            {!some.length && <Empty>None.</Empty>}
          </Card>
        );
      })}
      {query["add"] && CONSTRAINTS[query["add"]] && <ConstraintForm tree={tree} tag={query["add"]} onClose={close} />}
      {query["add"] === "set" && <SetForm tree={tree} onClose={close} />}
      {edited && (sentencesOf(tree).find((one) => one.id === query["edit"])?.simple ? <ConstraintForm tree={tree} tag={edited.tagName} of={edited} onClose={close} /> : <RawForm of={edited} onClose={close} />)}
    </div>
  );
}

function filledIn(fields: Taken[], tree: Document): Taken[] {
  return fields.map((field) => (field.options?.[0] === "RESOURCE" ? { ...field, options: resourceIds(tree) } : field.options?.[0] === "NODE" ? { ...field, options: nodeNames(tree) } : field));
}

function ConstraintForm({ tree, tag, of, onClose }: { tree: Document; tag: string; of?: Element; onClose: () => void }) {
  const { title, fields } = CONSTRAINTS[tag]!;
  const known = filledIn(fields, tree);
  const begun: Values = of ? Object.fromEntries([...of.attributes].map((one) => [one.name, one.value])) : {};
  if (!of && tag === "rsc_colocation") begun["score"] = "INFINITY";
  const id = of ? xml.attr(of, "id") : "";
  const name = (values: Values): string => `${tag.slice(4)}-${values["rsc"] ?? values["first"]}-${values["node"] ?? values["with-rsc"] ?? values["then"] ?? values["ticket"]}`;
  return (
    <Editor
      title={of ? `Constraint ${id}` : title}
      fields={known}
      values={begun}
      onClose={onClose}
      wrong={(values) => (tag === "rsc_colocation" && values["rsc"] === values["with-rsc"] && values["rsc"] ? "A resource is always with itself." : tag === "rsc_order" && values["first"] === values["then"] && values["first"] ? "A resource is not before itself." : undefined)}
      save={(values) =>
        add(of ? `Change the constraint ${id}` : `Add a constraint: ${title.toLowerCase()}`, (now) => {
          const made = of ? xml.byId(now, id, [tag]) : xml.make(xml.section(now, "constraints"), tag, { id: xml.freeId(now, name(values)) });
          if (!made) throw new Error(`${id} is not there any more`);
          for (const field of fields) xml.put(made, field.name, values[field.name]);
        })
      }
      remove={of ? () => removeObject(id, `the constraint ${id}`, tag) : undefined}
    />
  );
}

function SetForm({ tree, onClose }: { tree: Document; onClose: () => void }) {
  const [kind, setKind] = useState("rsc_colocation");
  const [chosen, setChosen] = useState<string[]>([]);
  const [score, setScore] = useState("INFINITY");
  const [sequential, setSequential] = useState("true");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (chosen.length < 2) return;
    onClose();
    void add(`Add a set: ${chosen.join(", ")} ${kind === "rsc_order" ? "in order" : "together"}`, (now) => {
      const made = xml.make(xml.section(now, "constraints"), kind, { id: xml.freeId(now, `${kind.slice(4)}-${chosen.join("-")}`), ...(kind === "rsc_order" ? { kind: "Mandatory" } : { score }) });
      const set = xml.make(made, "resource_set", { id: `${xml.attr(made, "id")}-set`, sequential });
      for (const one of chosen) xml.make(set, "resource_ref", { id: one });
    });
  };
  return (
    <Dialog wide title="Several resources in one constraint" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <div class="fields">
          <Select label="They are" value={kind} set={setKind} options={[["rsc_colocation", "together on a node"], ["rsc_order", "started in order"]]} />
          {kind === "rsc_colocation" && <Text label="Score" value={score} set={setScore} hint="INFINITY: always. −INFINITY: never." />}
          <Select label="Each hangs on the one before" value={sequential} set={setSequential} options={["true", "false"]} />
        </div>
        <Ordered label="Resources" known={resourceIds(tree)} chosen={chosen} set={setChosen} />
        {chosen.length === 1 && <p class="why-wrong"><Icon name="warn" /> At least two.</p>}
        <div class="acts">
          <Button type="submit" kind="main" icon="plan" disabled={chosen.length < 2}>
            Show the plan
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What has rules or sets is edited as it is written. */
export function RawForm({ of, onClose }: { of: Element; onClose: () => void }) {
  const id = xml.attr(of, "id");
  const tag = of.tagName;
  const [text, setText] = useState(xml.pretty(of));
  const [wrong, setWrong] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    try {
      const made = xml.parse(text).documentElement;
      if (made.tagName !== tag || xml.attr(made, "id") !== id) throw new Error(`It must stay a ${tag} with the id ${id}.`);
      onClose();
      void add(`Change ${id}`, (now) => {
        const old = xml.byId(now, id, [tag]);
        if (!old) throw new Error(`${id} is not there any more`);
        old.replaceWith(now.importNode(made, true));
      });
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  return (
    <Dialog wide title={id} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <textarea class="code" aria-label={`XML of ${id}`} rows={12} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        {wrong && <p class="why-wrong" role="alert">{wrong}</p>}
        <div class="acts">
          <Button type="submit" kind="main" icon="plan">Show the plan</Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="quiet" icon="remove" onClick={() => { onClose(); void removeObject(id, id, tag); }}>Remove</Button>
        </div>
      </form>
    </Dialog>
  );
}
