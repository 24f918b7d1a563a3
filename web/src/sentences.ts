// Constraints as sentences.

import { ruleOf, words as ruleWords } from "./rules";
import { score as shortScore } from "./time";
import { list } from "./words";
import * as xml from "./xml";

export interface Sentence {
  id: string;
  tag: string;
  words: string;
  names: string[];
  /** Made by a move: ends when it is cleared. */
  passing: boolean;
  /** Which form can say all of it. */
  form: Form;
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
      form: formOf(one),
    };
  });
}

/** `plain`: attributes only; `xml`: what no form has. */
export type Form = "plain" | "location" | "sets" | "xml";

function formOf(one: Element): Form {
  const rules = xml.children(one, "rule");
  const known = [...one.children].every((part) => ["rule", "resource_set"].includes(part.tagName) && !part.hasAttribute("id-ref"));
  if (!known || rules.length > 1 || one.querySelector("[id-ref]")) return "xml";
  if (one.tagName === "rsc_location") return "location";
  return one.children.length ? "sets" : "plain";
}

const promoted = (role: string): string => (role && role !== "Started" ? ` as ${role.toLowerCase()}` : "");

function words(one: Element, get: (name: string) => string, refs: string[][]): string {
  const many = refs.map((set) => list(set)).join(", ");
  const rule = xml.child(one, "rule");
  const score = get("score") || xml.attr(rule, "score");
  switch (one.tagName) {
    case "rsc_location": {
      const pattern = get("rsc-pattern") && `all whose name matches ${get("rsc-pattern")}`;
      const what = `${get("rsc") || pattern || many}${promoted(get("role") || xml.attr(rule, "role"))}`;
      const where = get("node") || (rule ? `nodes where ${ruleWords(ruleOf(rule))}` : "?");
      const by = xml.attr(rule, "score-attribute");
      if (by) return `${what} prefers ${where}, as much as their ${by} says.`;
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
      if (refs.length) return `In this order: ${xml.children(one, "resource_set").map(setWords).join(", then ")}${end}.`;
      const first = get("first-action") || "start";
      return `First ${get("first")} ${verb[first] ?? first}, then ${get("then")} ${verb[get("then-action") || first] ?? get("then-action")}${end}${get("symmetrical") === "false" ? "; not reversed when stopping" : ""}.`;
    }
    case "rsc_ticket":
      return `${get("rsc") || many}${promoted(get("rsc-role"))} needs the ticket ${get("ticket")}; when it is lost: ${get("loss-policy") || "stop"}.`;
    default:
      return `${one.tagName} ${get("id")}`;
  }
}

/** One set of an order: what waits for what inside of it. */
function setWords(set: Element): string {
  const names = xml.children(set, "resource_ref").map((ref) => xml.attr(ref, "id"));
  const action = xml.attr(set, "action");
  const verb = action && action !== "start" ? `${action} ` : "";
  if (names.length < 2) return verb + list(names);
  if (xml.attr(set, "sequential") !== "false") return verb + names.join(", then ");
  return `${verb}${xml.attr(set, "require-all") === "false" ? "any of" : ""} ${list(names)} at once`.replace("  ", " ");
}
