// Forms of constraints: plain ones, places by node or rule, and sets of resources.

import { useState } from "preact/hooks";

import { removeObject } from "../actions";
import { CONSTRAINTS } from "../catalogue";
import { constrainable, nodeNames } from "../document";
import { NEW_RULE, ruleOf, words as ruleWords, writeRule, type Rule } from "../rules";
import { add } from "../stage";
import { Button, Select } from "../ui/bits";
import { Editor, Fields, Ordered, PlanDialog, anyWrong, filled, judgeAll, type Taken, type Values } from "../ui/forms";
import { RuleFields, wrongOf } from "../ui/rules";
import * as xml from "../xml";

interface Props {
  tree: Document;
  of?: Element;
  onClose: () => void;
}

const attributes = (of: Element | undefined): Values => (of ? Object.fromEntries([...of.attributes].map((one) => [one.name, one.value])) : {});

/** What was to be changed, or a new one. */
function begin(tree: Document, of: Element | undefined, tag: string, id: string): Element {
  if (!of) return xml.make(xml.section(tree, "constraints"), tag, { id: xml.freeId(tree, id) });
  const found = xml.byId(tree, xml.attr(of, "id"), [tag]);
  if (!found) throw new Error(`${xml.attr(of, "id")} is not there any more`);
  return found;
}

const removal = (of: Element | undefined) => (of ? () => removeObject(xml.attr(of, "id"), `the constraint ${xml.attr(of, "id")}`, of.tagName) : undefined);

export function ConstraintForm({ tree, tag, of, onClose }: Props & { tag: string }) {
  const { title, fields } = CONSTRAINTS[tag]!;
  const known = fields.map((field): Taken => (field.options?.[0] === "RESOURCE" ? { ...field, options: constrainable(tree) } : field));
  const begun = attributes(of);
  if (!of && tag === "rsc_colocation") begun["score"] = "INFINITY";
  const id = of ? xml.attr(of, "id") : "";
  const name = (values: Values): string => `${tag.slice(4)}-${values["rsc"] ?? values["first"]}-${values["with-rsc"] ?? values["then"] ?? values["ticket"]}`;
  return (
    <Editor
      title={of ? `Constraint ${id}` : title}
      fields={known}
      values={begun}
      onClose={onClose}
      wrong={(values) => (tag === "rsc_colocation" && values["rsc"] === values["with-rsc"] ? "A resource is always with itself." : tag === "rsc_order" && values["first"] === values["then"] ? "A resource is not before itself." : undefined)}
      save={(values) =>
        add(of ? `Change the constraint ${id}` : `Add a constraint: ${title.toLowerCase()}`, (now) => {
          const made = begin(now, of, tag, name(values));
          for (const field of fields) xml.put(made, field.name, values[field.name]);
        })
      }
      remove={removal(of)}
    />
  );
}

/** Which resources, and which nodes: each by name, or by what they have in common. */
export function LocationForm({ tree, of, onClose }: Props) {
  const set = of && xml.child(of, "resource_set");
  const was = of && xml.child(of, "rule");
  const [values, setValues] = useState<Values>({ ...attributes(of), ...(was ? { score: xml.attr(was, "score"), "score-attribute": xml.attr(was, "score-attribute"), role: xml.attr(was, "role") || xml.attr(of, "role") } : {}) });
  const [which, setWhich] = useState(set ? "set" : values["rsc-pattern"] ? "pattern" : "one");
  const [where, setWhere] = useState(was ? "rule" : "node");
  const [chosen, setChosen] = useState(set ? refsOf(set) : []);
  const [rule, setRule] = useState<Rule>(was ? ruleOf(was) : NEW_RULE);
  const { fields: known, title } = CONSTRAINTS["rsc_location"]!;
  const by = (name: string): Taken => known.find((one) => one.name === name)!;
  const target: Taken[] = which === "one" ? [{ ...by("rsc"), options: constrainable(tree) }] : which === "pattern" ? [{ name: "rsc-pattern", label: "Names that match", required: true, hint: "A regular expression: ^web-" }] : [];
  const score = { ...by("score"), required: !values["score-attribute"] };
  const place: Taken[] = where === "node" ? [{ ...by("node"), options: nodeNames(tree) }, by("score")] : [score, { name: "score-attribute", label: "Or as much as an attribute says", hint: "Its value on each node is the score." }];
  const rest = [by("role"), by("resource-discovery")];
  const fields = [...target, ...place, ...rest];
  const wrongs = judgeAll(fields, values);
  const wrong = anyWrong(wrongs) ?? (which === "set" && !chosen.length ? "Choose a resource." : where === "rule" ? (values["score"] && values["score-attribute"] ? "Either a score, or an attribute that says it." : wrongOf(rule)) : undefined);
  const id = of ? xml.attr(of, "id") : "";
  const stage = (): unknown => {
    const name = which === "one" ? values["rsc"]! : which === "pattern" ? "pattern" : chosen.join("-");
    return add(of ? `Change the constraint ${id}` : `Add a constraint: ${title.toLowerCase()}`, (now) => {
      const made = begin(now, of, "rsc_location", `location-${name}-${where === "node" ? values["node"] : "rule"}`);
      for (const part of [...made.children]) if (part.tagName === "rule" || which !== "set") part.remove();
      const here: Values = { rsc: which === "one" ? values["rsc"]! : "", "rsc-pattern": which === "pattern" ? values["rsc-pattern"]! : "", node: "", score: "", role: where === "node" || which !== "set" ? (values["role"] ?? "") : "", "resource-discovery": values["resource-discovery"] ?? "" };
      if (where === "node") Object.assign(here, { node: values["node"], score: values["score"] });
      // A set's role is the set's.
      if (which === "set") here["role"] = "";
      for (const [attribute, value] of Object.entries(here)) xml.put(made, attribute, value);
      if (which === "set") writeSet(made, xml.child(made, "resource_set"), chosen, { role: values["role"] ?? "" });
      if (where === "rule") writeRule(made, { ...rule, rest: { ...rule.rest, score: values["score"] ?? "", "score-attribute": values["score-attribute"] ?? "", role: "" } });
    });
  };
  return (
    <PlanDialog title={of ? `Constraint ${id}` : title} onClose={onClose} stage={stage} remove={removal(of)} wrong={wrong}>
      {(tried) => (
        <>
          <div class="fields">
            <Select label="For" value={which} set={setWhich} options={[["one", "one resource"], ["pattern", "all whose names match"], ["set", "several, by name"]]} />
            <Select label="Where" value={where} set={setWhere} options={[["node", "on a node"], ["rule", "where or when a rule holds"]]} />
          </div>
          {which === "set" && <Ordered label="Resources" known={constrainable(tree)} chosen={chosen} set={setChosen} />}
          <Fields fields={fields} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
          {where === "rule" && (
            <fieldset>
              <legend>{`Nodes where ${ruleWords(rule)}`}</legend>
              <RuleFields rule={rule} set={setRule} tried={tried} />
            </fieldset>
          )}
        </>
      )}
    </PlanDialog>
  );
}

const refsOf = (set: Element): string[] => xml.children(set, "resource_ref").map((ref) => xml.attr(ref, "id"));

function writeSet(home: Element, old: Element | undefined, names: string[], values: Values): void {
  const tree = home.ownerDocument;
  const set = old ?? xml.make(home, "resource_set", { id: xml.freeId(tree, `${xml.attr(home, "id")}-set`) }, xml.child(home, "rule") ?? null);
  for (const [name, value] of Object.entries(values)) xml.put(set, name, value);
  if (refsOf(set).join("\n") === names.join("\n")) return;
  for (const ref of [...set.children]) ref.remove();
  for (const name of names) xml.make(set, "resource_ref", { id: name });
}

interface ResourceSet {
  /** Where it stands in the document, if it does. */
  id: string;
  names: string[];
  values: Values;
}

const KINDS: [string, string][] = [
  ["rsc_colocation", "together on a node"],
  ["rsc_order", "started in order"],
  ["rsc_ticket", "run only with a ticket"],
];

const INSIDE: Record<string, Taken[]> = {
  rsc_colocation: [
    { name: "sequential", label: "Each hangs on the one before", kind: "boolean", fallback: "true" },
    { name: "role", label: "In the role", kind: "select", options: ["Started", "Promoted", "Unpromoted"], fallback: "any" },
  ],
  rsc_order: [
    { name: "sequential", label: "One after the other", kind: "boolean", fallback: "true" },
    { name: "require-all", label: "What comes next needs all", kind: "boolean", fallback: "true" },
    { name: "action", label: "Each is", kind: "select", options: [["start", "started"], ["promote", "promoted"], ["stop", "stopped"], ["demote", "demoted"]], fallback: "started" },
  ],
  rsc_ticket: [{ name: "role", label: "In the role", kind: "select", options: ["Started", "Promoted", "Unpromoted"], fallback: "any" }],
};

/** Sets of resources, each hanging on the one before it. */
export function SetsForm({ tree, of, onClose }: Props) {
  const [kind, setKind] = useState(of?.tagName ?? "rsc_colocation");
  const [values, setValues] = useState<Values>(of ? attributes(of) : { score: "INFINITY" });
  const [sets, setSets] = useState<ResourceSet[]>(of ? xml.children(of, "resource_set").map((set) => ({ id: xml.attr(set, "id"), names: refsOf(set), values: attributes(set) })) : [{ id: "", names: [], values: {} }]);
  const fields = CONSTRAINTS[kind]!.fields.filter((one) => ["score", "kind", "symmetrical", "ticket", "loss-policy"].includes(one.name)).map((one) => ({ ...one, required: one.name === "ticket" || one.name === "score" }));
  const inside = INSIDE[kind]!;
  const wrongs = judgeAll(fields, values);
  const all = sets.flatMap((one) => one.names);
  const few = all.length < (kind === "rsc_ticket" ? 1 : 2) ? `At least ${kind === "rsc_ticket" ? "one" : "two"}.` : sets.some((one) => !one.names.length) ? "A set is empty." : new Set(all).size < all.length ? "A resource is in it twice." : undefined;
  const put = (at: number, change: Partial<ResourceSet>): void => setSets(sets.map((one, index) => (index === at ? { ...one, ...change } : one)));
  const id = of ? xml.attr(of, "id") : "";
  const stage = (): unknown =>
    add(of ? `Change the constraint ${id}` : `Add a set: ${all.join(", ")}, ${KINDS.find(([tag]) => tag === kind)![1]}`, (now) => {
      const made = begin(now, of, kind, `${kind.slice(4)}-${all.join("-")}`);
      for (const field of fields) xml.put(made, field.name, values[field.name]);
      for (const old of xml.children(made, "resource_set")) if (!sets.some((one) => one.id === xml.attr(old, "id"))) old.remove();
      for (const one of sets) {
        const old = one.id ? xml.children(made, "resource_set").find((set) => xml.attr(set, "id") === one.id) : undefined;
        writeSet(made, old, one.names, Object.fromEntries(inside.map((field) => [field.name, one.values[field.name] ?? ""])));
      }
    });
  return (
    <PlanDialog title={of ? `Constraint ${id}` : "Several resources in one constraint"} onClose={onClose} stage={stage} remove={removal(of)} wrong={anyWrong(wrongs) ?? few}>
      {(tried) => (
        <>
          {!of && <Select label="They are" value={kind} set={setKind} options={KINDS} />}
          <Fields fields={fields} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
          {sets.map((one, at) => (
            <fieldset key={at}>
              <legend>{sets.length > 1 ? `Set ${at + 1}` : "The set"}</legend>
              <Ordered label="Resources" known={constrainable(tree)} chosen={one.names} set={(names) => put(at, { names })} />
              <Fields fields={inside} values={one.values} set={(changed) => put(at, { values: changed })} wrongs={{}} />
              {sets.length > 1 && (
                <Button kind="quiet" small icon="remove" onClick={() => setSets(sets.filter((_, index) => index !== at))}>
                  Leave this set out
                </Button>
              )}
            </fieldset>
          ))}
          <div>
            <Button small icon="plus" onClick={() => setSets([...sets, { id: "", names: [], values: {} }])}>
              Another set
            </Button>
          </div>
        </>
      )}
    </PlanDialog>
  );
}

/** What no form has is edited as it is written. */
export function RawForm({ of, onClose }: { of: Element; onClose: () => void }) {
  const id = xml.attr(of, "id");
  const tag = of.tagName;
  const [text, setText] = useState(xml.pretty(of));
  const made = ((): Element | string => {
    try {
      const found = xml.parse(text).documentElement;
      return found.tagName === tag && xml.attr(found, "id") === id ? found : `It must stay a ${tag} with the id ${id}.`;
    } catch (error) {
      return (error as Error).message;
    }
  })();
  const stage = (): unknown =>
    add(`Change ${id}`, (now) => {
      const old = xml.byId(now, id, [tag]);
      if (!old || typeof made === "string") throw new Error(`${id} is not there any more`);
      old.replaceWith(now.importNode(made, true));
    });
  return (
    <PlanDialog title={id} onClose={onClose} stage={stage} remove={removal(of)} wrong={typeof made === "string" ? made : undefined}>
      <textarea class="code" aria-label={`XML of ${id}`} rows={12} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </PlanDialog>
  );
}

