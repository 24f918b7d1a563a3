// Rules: conditions under which something holds. Read from the document, edited as values, written
// back; and said in words.

import type { Values } from "./ui/forms";
import * as xml from "./xml";

/** One condition; a rule inside a rule is one, too. */
export type Condition = { kind: Kind; values: Values; rule?: Rule };
export type Kind = "expression" | "date_expression" | "rsc_expression" | "op_expression" | "rule";

export interface Rule {
  /** All conditions must hold, or any. */
  join: "and" | "or";
  conditions: Condition[];
  /** What the document says besides: its id, score, role. */
  rest: Values;
}

export const NEW_RULE: Rule = { join: "and", conditions: [], rest: {} };

const attributes = (of: Element): Values => Object.fromEntries([...of.attributes].map((one) => [one.name, one.value]));

export function ruleOf(element: Element): Rule {
  const { "boolean-op": join, ...rest } = attributes(element);
  return { join: join === "or" ? "or" : "and", conditions: [...element.children].map(conditionOf), rest };
}

/** A date's parts stand in elements of their own; here they are values with a dot. */
function conditionOf(element: Element): Condition {
  if (element.tagName === "rule") return { kind: "rule", values: {}, rule: ruleOf(element) };
  const values = attributes(element);
  for (const part of element.children) for (const [name, value] of Object.entries(attributes(part))) if (name !== "id") values[`${part.tagName}.${name}`] = value;
  return { kind: element.tagName as Kind, values };
}

/** The name that it had, if nothing else has it now. */
const kept = (tree: Document, id: string | undefined, wanted: string): string => (id && !xml.byId(tree, id) ? id : xml.freeId(tree, wanted));

/** Writes a rule into `parent`. */
export function writeRule(parent: Element, rule: Rule, before: Element | null = null): void {
  const tree = parent.ownerDocument;
  const { id: had, ...rest } = rule.rest;
  const id = kept(tree, had, `${xml.attr(parent, "id")}-rule`);
  const made = xml.make(parent, "rule", { id, ...rest, "boolean-op": rule.join === "or" ? "or" : undefined }, before);
  for (const one of rule.conditions) writeCondition(made, one);
}

const NAMES: Record<string, string> = { expression: "attribute", date_expression: "date", rsc_expression: "resource", op_expression: "operation" };

function writeCondition(home: Element, { kind, values, rule }: Condition): void {
  const tree = home.ownerDocument;
  if (kind === "rule") {
    if (rule) writeRule(home, rule);
    return;
  }
  const plain = Object.fromEntries(Object.entries(values).filter(([name]) => !name.includes(".") && name !== "id"));
  const id = kept(tree, values["id"], `${xml.attr(home, "id")}-${NAMES[kind]}`);
  const made = xml.make(home, kind, { id, ...plain });
  const parts = Object.entries(values).filter(([name, value]) => name.includes(".") && value);
  for (const tag of new Set(parts.map(([name]) => name.split(".")[0]!))) {
    const inner = xml.make(made, tag, { id: xml.freeId(tree, `${id}-${tag}`) });
    for (const [name, value] of parts) if (name.startsWith(`${tag}.`)) inner.setAttribute(name.slice(tag.length + 1), value);
  }
}

const COMPARED: Record<string, string> = { lt: "is below", gt: "is above", lte: "is at most", gte: "is at least", eq: "is", ne: "is not", defined: "is set", not_defined: "is not set" };

export function words(rule: Rule): string {
  return rule.conditions.map(conditionWords).join(` ${rule.join} `) || "always";
}

function conditionWords({ kind, values, rule }: Condition): string {
  const get = (name: string): string => values[name] ?? "";
  switch (kind) {
    case "rule":
      return rule ? `(${words(rule)})` : "";
    case "expression":
      return `${get("attribute") || "…"} ${COMPARED[get("operation")] ?? get("operation")} ${/defined$/.test(get("operation")) ? "" : get("value") || "…"}`.trim();
    case "date_expression":
      return dateWords(values);
    case "rsc_expression":
      return `it is ${["class", "provider", "type"].map(get).filter(Boolean).join(":") || "any resource"}`;
    case "op_expression":
      return `the operation is ${get("name")}${get("interval") ? ` every ${get("interval")}` : ""}`;
  }
}

function dateWords(values: Values): string {
  const part = (tag: string): string =>
    Object.entries(values)
      .filter(([name, value]) => name.startsWith(`${tag}.`) && value)
      .map(([name, value]) => `${name.slice(tag.length + 1)} ${value}`)
      .join(", ");
  switch (values["operation"]) {
    case "gt":
      return `it is after ${values["start"] ?? "?"}`;
    case "lt":
      return `it is before ${values["end"] ?? "?"}`;
    case "date_spec":
      return `it is ${part("date_spec") || "any time"}`;
    default: {
      const end = values["end"] ? ` until ${values["end"]}` : part("duration") ? ` for ${part("duration")}` : "";
      return `it is${values["start"] ? ` from ${values["start"]}` : ""}${end}`;
    }
  }
}

/** The sets of an element that have a rule, as they are written. */
export function ruledSets(of: Element, set: string): { id: string; pairs: [string, string][]; rule: Rule }[] {
  return xml.children(of, set).flatMap((one) => {
    const rule = xml.child(one, "rule");
    if (!rule || rule.hasAttribute("id-ref")) return [];
    return [{ id: xml.attr(one, "id"), pairs: xml.children(one, "nvpair").map((pair): [string, string] => [xml.attr(pair, "name"), xml.attr(pair, "value")]), rule: ruleOf(rule) }];
  });
}

/** Makes the sets that have a rule so. Of two sets the first that holds wins, so a new one comes before what always holds. */
export function writeRuledSets(of: Element, set: string, wanted: { id?: string; pairs: [string, string][]; rule: Rule }[]): void {
  const tree = of.ownerDocument;
  for (const had of ruledSets(of, set)) if (!wanted.some((one) => one.id === had.id)) xml.byId(tree, had.id, [set])?.remove();
  const was = ruledSets(of, set);
  for (const one of wanted) {
    if (one.id && JSON.stringify(was.find((had) => had.id === one.id)) === JSON.stringify(one)) continue;
    const old = one.id ? xml.byId(tree, one.id, [set]) : undefined;
    const home = old ?? xml.make(of, set, { id: xml.freeId(tree, `${xml.attr(of, "id") || of.tagName}-${set}`) }, xml.children(of, set)[0] ?? xml.placeOf(of, set));
    const ids = new Map(xml.children(home, "nvpair").map((pair) => [xml.attr(pair, "name"), xml.attr(pair, "id")]));
    for (const part of [...home.children]) part.remove();
    writeRule(home, one.rule);
    for (const [name, value] of one.pairs) if (name) xml.make(home, "nvpair", { id: ids.get(name) ?? xml.freeId(tree, `${xml.attr(home, "id")}-${name}`), name, value });
  }
}
