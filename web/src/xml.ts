// The document as the browser's own tree, and what was changed in it as edits that the cluster takes.

import type { Edit } from "./types";

export type Tag = Element;

export class BadXml extends Error {}

interface Policy {
  createHTML: (text: string) => string;
}

/** The page's policy lets text become a tree only by this one, and here it becomes XML that is never shown as a page. */
const policy: Policy | undefined = (globalThis as { trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy } }).trustedTypes?.createPolicy("quorate", {
  createHTML: (text) => text,
});

export function parse(text: string): Document {
  const tree = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "application/xml");
  const wrong = tree.getElementsByTagName("parsererror")[0];
  if (wrong) throw new BadXml((wrong.textContent ?? "not XML").replace(/\s+/g, " ").replace(/.*?error on/, "error on").trim());
  return tree;
}

export const children = (of: Tag, tag?: string): Tag[] => [...of.children].filter((one) => !tag || one.tagName === tag);
export const child = (of: Tag, tag: string): Tag | undefined => children(of, tag)[0];
export const attr = (of: Tag | undefined, name: string): string => of?.getAttribute(name) ?? "";

export function configuration(tree: Document): Tag {
  const found = tree.documentElement.tagName === "configuration" ? tree.documentElement : child(tree.documentElement, "configuration");
  if (!found) throw new BadXml("there is no <configuration> in it");
  return found;
}

const ORDER = ["crm_config", "nodes", "resources", "constraints", "rsc_defaults", "op_defaults", "fencing-topology", "tags", "acls", "alerts"];

/** A section of the configuration; made if it is not there. */
export function section(tree: Document, name: string): Tag {
  const whole = configuration(tree);
  const found = child(whole, name);
  if (found) return found;
  const made = tree.createElement(name);
  const after = ORDER.slice(ORDER.indexOf(name) + 1);
  whole.insertBefore(made, children(whole).find((one) => after.includes(one.tagName)) ?? null);
  return made;
}

/** The element with this id, among those of one tag or of all. */
export function byId(tree: Document, id: string, tags?: readonly string[]): Tag | undefined {
  for (const one of configuration(tree).getElementsByTagName("*")) {
    if (one.getAttribute("id") === id && one.tagName !== "resource_ref" && one.tagName !== "obj_ref" && (!tags || tags.includes(one.tagName))) return one;
  }
  return undefined;
}

export const RESOURCES = ["primitive", "group", "clone", "master", "bundle", "template"] as const;

export const resource = (tree: Document, id: string): Tag | undefined => byId(tree, id, RESOURCES);

/** What is made from a template. */
export const usersOf = (tree: Document, template: string): string[] => [...section(tree, "resources").getElementsByTagName("primitive")].filter((one) => attr(one, "template") === template).map((one) => attr(one, "id"));

/** `wanted`, or the first of `wanted-1`, `wanted-2`, ... that nothing is called yet. */
export function freeId(tree: Document, wanted: string): string {
  const clean = wanted.replace(/[^A-Za-z0-9_.-]/g, "-").replace(/^[^A-Za-z_]/, "_$&");
  if (!byId(tree, clean)) return clean;
  for (let number = 1; ; number++) if (!byId(tree, `${clean}-${number}`)) return `${clean}-${number}`;
}

/** Makes an element below another. What has no value is left out. */
export function make(parent: Tag, tag: string, attributes: Record<string, string | undefined> = {}, before?: Tag | null): Tag {
  const made = parent.ownerDocument.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== "") made.setAttribute(name, value);
  parent.insertBefore(made, before ?? null);
  return made;
}

export function put(of: Tag, name: string, value: string | undefined): void {
  if (value === undefined || value === "") of.removeAttribute(name);
  else if (of.getAttribute(name) !== value) of.setAttribute(name, value);
}

/** The named values of an element's sets that have no rule. */
export function values(of: Tag, set: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const one of children(of, set)) {
    if (child(one, "rule")) continue;
    for (const pair of children(one, "nvpair")) found[attr(pair, "name")] ??= attr(pair, "value");
  }
  return found;
}

/** Sets a named value, or removes it. */
export function setValue(of: Tag, set: string, name: string, value: string | undefined): void {
  const tree = of.ownerDocument;
  const sets = children(of, set).filter((one) => !child(one, "rule"));
  const pair = sets.flatMap((one) => children(one, "nvpair")).find((one) => attr(one, "name") === name);
  if (value === undefined) {
    pair?.remove();
    for (const one of sets) if (!one.children.length && !one.hasAttribute("id-ref") && one !== sets[0]) one.remove();
    return;
  }
  if (pair) return put(pair, "value", value);
  const base = attr(of, "id") || of.tagName;
  const home = sets.find((one) => !one.hasAttribute("id-ref")) ?? make(of, set, { id: freeId(tree, `${base}-${set}`) }, placeOf(of, set));
  make(home, "nvpair", { id: freeId(tree, `${attr(home, "id")}-${name}`), name, value });
}

/** Sets come before operations and parts. */
export function placeOf(of: Tag, set: string): Tag | null {
  const first = set === "meta_attributes" ? ["instance_attributes", "utilization", "operations", ...RESOURCES] : ["utilization", "operations", ...RESOURCES];
  if (!(RESOURCES as readonly string[]).includes(of.tagName)) return null;
  // The schema wants a group's and a clone's sets in any order, before their parts.
  return children(of).find((one) => first.includes(one.tagName)) ?? null;
}

export function text(of: Node): string {
  return new XMLSerializer().serializeToString(of).replace(/ xmlns="[^"]*"/g, "");
}

/** Indented anew, one element a line: for reading and comparing. */
export function pretty(of: Tag, depth = 0): string {
  const pad = "  ".repeat(depth);
  const attributes = [...of.attributes].map((one) => ` ${one.name}="${escaped(one.value)}"`).join("");
  const inner = [...of.childNodes]
    .map((node) => {
      if (node instanceof Element) return pretty(node, depth + 1);
      if (node.nodeType === Node.COMMENT_NODE) return `${pad}  <!--${node.nodeValue}-->\n`;
      const words = node.nodeValue?.trim();
      return words ? `${pad}  ${escaped(words)}\n` : "";
    })
    .join("");
  return inner ? `${pad}<${of.tagName}${attributes}>\n${inner}${pad}</${of.tagName}>\n` : `${pad}<${of.tagName}${attributes}/>\n`;
}

export function escaped(words: string): string {
  return words.replace(/[&<>"\n\t]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;" })[one]!);
}

/** What must be said to the cluster so that `before` becomes `after`. Edits name what they change by
 *  id, so that they still mean the same when somebody else changed something else meanwhile. */
export function edits(before: Document, after: Document): Edit[] {
  const made: Edit[] = [];
  if (compare(configuration(before), configuration(after), made)) return made;
  return [{ replace: { xml: text(configuration(after)) } }];
}

/** `false` where what changed cannot be said by id. */
function compare(old: Tag, now: Tag, out: Edit[]): boolean {
  const changed = [...now.attributes].filter((one) => old.getAttribute(one.name) !== one.value);
  if ([...old.attributes].some((one) => !now.hasAttribute(one.name))) return false;
  if (changed.length && !now.hasAttribute("id")) return false;
  if (words(old) !== words(now)) return false;
  if (changed.length) {
    const only = [...now.attributes].filter((one) => one.name === "id" || changed.includes(one));
    out.push({ modify: { xml: `<${now.tagName}${only.map((one) => ` ${one.name}="${escaped(one.value)}"`).join("")}/>` } });
  }
  const key = (one: Tag, at: number): string => `${one.tagName}#${one.getAttribute("id") ?? one.getAttribute("name") ?? at}`;
  const olds = new Map([...old.children].map((one, at) => [key(one, at), one]));
  const nows = new Map([...now.children].map((one, at) => [key(one, at), one]));
  const kept = [...olds.keys()].filter((one) => nows.has(one));
  const fresh = [...nows.keys()].filter((one) => !olds.has(one));
  // Order matters in groups and sets: what is new must come last, and what stays must stay in order.
  if ([...nows.keys()].slice(0, kept.length).join("\n") !== kept.join("\n") && fresh.length + kept.length > 1) {
    const unordered = ["crm_config", "cluster_property_set", "nodes", "constraints", "resources", "instance_attributes", "meta_attributes"];
    const same = [...nows.keys()].filter((one) => olds.has(one)).join("\n") === kept.join("\n");
    if (!same || !unordered.includes(now.tagName)) return false;
  }
  for (const [name, one] of olds) {
    if (nows.has(name)) continue;
    if (!one.hasAttribute("id")) return false;
    out.push({ delete: { xpath: `//${one.tagName}[@id='${one.getAttribute("id")}']` } });
  }
  for (const [name, one] of nows) {
    const was = olds.get(name);
    if (was) {
      if (!compare(was, one, out)) return false;
    } else {
      const parent = pathOf(now);
      if (!parent) return false;
      out.push({ create: { parent, xml: text(one) } });
    }
  }
  return true;
}

function words(of: Tag): string {
  return [...of.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.nodeValue?.trim()).join("");
}

function pathOf(of: Tag): string | undefined {
  const id = of.getAttribute("id");
  if (id) return `//${of.tagName}[@id='${id}']`;
  const names: string[] = [];
  for (let at: Element | null = of; at; at = at.parentElement) names.unshift(at.tagName);
  return names[0] === "cib" ? `/${names.join("/")}` : undefined;
}
