// What an operator does to resources and nodes, as staged changes. The ids are those that the
// command line makes, so that either undoes what the other did.

import { add, fetchDocument, request } from "./stage";
import type { Edit } from "./types";
import * as xml from "./xml";

function need(tree: Document, id: string): Element {
  const found = xml.resource(tree, id);
  if (!found) throw new Error(`there is no resource ${id} any more`);
  return found;
}

function needNode(tree: Document, name: string): Element {
  const found = xml.children(xml.section(tree, "nodes")).find((one) => xml.attr(one, "uname") === name);
  if (!found) throw new Error(`there is no node ${name} in the configuration`);
  return found;
}

/** The group, clone or bundle that is outermost around it. */
export function whole(of: Element): Element {
  let at = of;
  while (at.parentElement && (xml.RESOURCES as readonly string[]).includes(at.parentElement.tagName)) at = at.parentElement;
  return at;
}

export function isPromotable(of: Element): boolean {
  const said = xml.values(of, "meta_attributes")["promotable"]?.toLowerCase() ?? "";
  return of.tagName === "master" || ["true", "on", "yes", "y", "1"].includes(said);
}

function moved(tree: Document, id: string): Element[] {
  return xml
    .children(xml.section(tree, "constraints"), "rsc_location")
    .filter((one) => xml.attr(one, "id") === `cli-prefer-${id}` || xml.attr(one, "id").startsWith(`cli-ban-${id}-on-`));
}

function place(tree: Document, id: string, node: string, kind: "prefer" | "ban"): void {
  needNode(tree, node);
  const outer = whole(need(tree, id));
  const name = xml.attr(outer, "id");
  const promotable = isPromotable(outer);
  if (kind === "prefer" && (outer.tagName === "clone" || outer.tagName === "master") && !promotable) {
    throw new Error(`${name} runs on every node; standby empties one`);
  }
  for (const one of moved(tree, name)) if (kind === "prefer" || xml.attr(one, "id") === `cli-ban-${name}-on-${node}`) one.remove();
  xml.make(xml.section(tree, "constraints"), "rsc_location", {
    id: kind === "prefer" ? `cli-prefer-${name}` : `cli-ban-${name}-on-${node}`,
    rsc: name,
    role: promotable ? "Promoted" : "Started",
    node,
    score: kind === "prefer" ? "INFINITY" : "-INFINITY",
  });
}

export const move = (id: string, node: string) => add(`Move ${id} to ${node}`, (tree) => place(tree, id, node, "prefer"));
export const ban = (id: string, node: string) => add(`Keep ${id} off ${node}`, (tree) => place(tree, id, node, "ban"));

export const clear = (id: string) =>
  add(`End moves and bans of ${id}`, (tree) => {
    const found = moved(tree, xml.attr(whole(need(tree, id)), "id"));
    if (!found.length) throw new Error(`no move or ban of ${id} is there`);
    for (const one of found) one.remove();
  });

export const disable = (id: string) =>
  add(`Disable ${id}`, (tree) => xml.setValue(need(tree, id), "meta_attributes", "target-role", "Stopped"));
export const enable = (id: string) =>
  add(`Enable ${id}`, (tree) => xml.setValue(need(tree, id), "meta_attributes", "target-role", undefined));
export const manage = (id: string, on: boolean) =>
  add(on ? `Let the cluster manage ${id}` : `Leave ${id} alone (unmanaged)`, (tree) =>
    xml.setValue(need(tree, id), "meta_attributes", "is-managed", on ? undefined : "false"),
  );
export const maintain = (id: string, on: boolean) =>
  add(on ? `Put ${id} into maintenance` : `End maintenance of ${id}`, (tree) =>
    xml.setValue(need(tree, id), "meta_attributes", "maintenance", on ? "true" : undefined),
  );

export const cleanup = (resource: string | null, node: string | null) =>
  request(`Forget the failures of ${resource ?? "all resources"} on ${node ?? "all nodes"} and look again`, { cleanup: { resource, node } });

export const fence = (node: string, action: string) =>
  request(action === "off" ? `Cut ${node} off hard, and leave it off` : action === "on" ? `Switch ${node} on` : `Cut ${node} off hard, and switch it on again`, {
    fence: { node, action },
  });
export const confirmOff = (node: string) => request(`Give your word that ${node} is switched off`, { "confirm-off": { node } });
export const shutdown = (node: string) => request(`Shut the cluster down on ${node}`, { shutdown: { node } });

export function setNode(node: string, name: string, value: string | undefined, title: string): Promise<void> {
  return add(title, (tree) => {
    const found = needNode(tree, node);
    const id = xml.attr(found, "id");
    if (value !== undefined && !xml.children(found, "instance_attributes").some((one) => !xml.child(one, "rule"))) {
      xml.make(found, "instance_attributes", { id: xml.freeId(tree, `nodes-${id}`) });
    }
    xml.setValue(found, "instance_attributes", name, value);
  });
}

export const standby = (node: string, on: boolean) =>
  setNode(node, "standby", on ? "on" : undefined, on ? `Put ${node} into standby` : `End standby of ${node}`);

const MAINTENANCE = "maintenance-session";

/** Maintenance with who, why and until when. What has an end ends by a rule in the document, so that
 *  it ends whether anybody is there or not. */
export const beginMaintenance = (node: string, about: { owner: string; reason: string; until?: Date }) =>
  add(`Put ${node} into maintenance${about.until ? ` until ${about.until.toISOString().slice(0, 16).replace("T", " ")}Z` : ""}`, (tree) => {
    const found = needNode(tree, node);
    endSessions(found);
    xml.setValue(found, "instance_attributes", "maintenance", undefined);
    const id = xml.freeId(tree, `${MAINTENANCE}-${xml.attr(found, "id")}`);
    const first = xml.child(found, "instance_attributes");
    const set = xml.make(found, "instance_attributes", { id }, first);
    if (about.until) {
      const rule = xml.make(set, "rule", { id: `${id}-rule`, score: "INFINITY" });
      xml.make(rule, "date_expression", { id: `${id}-until`, operation: "lt", end: `${about.until.toISOString().slice(0, 19)}Z` });
    }
    const pairs: [string, string][] = [
      ["maintenance", "true"],
      ["maintenance-owner", about.owner],
      ["maintenance-reason", about.reason],
    ];
    for (const [name, value] of pairs) if (value) xml.make(set, "nvpair", { id: `${id}-${name}`, name, value });
  });

function endSessions(node: Element): void {
  for (const set of xml.children(node, "instance_attributes")) if (xml.attr(set, "id").startsWith(MAINTENANCE)) set.remove();
}

export const endMaintenance = (node: string) =>
  add(`End maintenance of ${node}`, (tree) => {
    const found = needNode(tree, node);
    endSessions(found);
    xml.setValue(found, "instance_attributes", "maintenance", undefined);
  });

export interface Session {
  owner?: string;
  reason?: string;
  until?: string;
}

/** What the document says of a node's maintenance. */
export function maintenanceOf(tree: Document, node: string): Session | undefined {
  const found = xml.children(xml.section(tree, "nodes")).find((one) => xml.attr(one, "uname") === node);
  for (const set of found ? xml.children(found, "instance_attributes") : []) {
    const pairs = Object.fromEntries(xml.children(set, "nvpair").map((one) => [xml.attr(one, "name"), xml.attr(one, "value")]));
    if (!pairs["maintenance"]) continue;
    const until = set.getElementsByTagName("date_expression")[0];
    return { owner: pairs["maintenance-owner"], reason: pairs["maintenance-reason"], until: until?.getAttribute("end") ?? undefined };
  }
  return undefined;
}

/** Removes a resource, and the constraints, tags and levels that would name nothing. */
export const removeResource = (id: string) =>
  add(`Remove ${id}`, (tree) => {
    let gone = need(tree, id);
    const users = gone.tagName === "template" ? xml.usersOf(tree, id) : [];
    if (users.length) throw new Error(`${users.join(", ")} is made from it`);
    for (;;) {
      const outer = gone.parentElement;
      if (!outer || !(xml.RESOURCES as readonly string[]).includes(outer.tagName)) break;
      if (xml.children(outer).filter((one) => (xml.RESOURCES as readonly string[]).includes(one.tagName)).length > 1) break;
      gone = outer;
    }
    const ids = [gone, ...gone.getElementsByTagName("*")].filter((one) => (xml.RESOURCES as readonly string[]).includes(one.tagName)).map((one) => xml.attr(one, "id"));
    const names = (one: Element): boolean =>
      ["rsc", "with-rsc", "first", "then"].some((name) => ids.includes(xml.attr(one, name))) ||
      [...one.getElementsByTagName("resource_ref")].some((ref) => ids.includes(xml.attr(ref, "id")));
    for (const one of xml.children(xml.section(tree, "constraints"))) if (names(one)) one.remove();
    for (const tag of xml.child(xml.configuration(tree), "tags")?.children ?? []) {
      for (const ref of xml.children(tag, "obj_ref")) if (ids.includes(xml.attr(ref, "id"))) ref.remove();
      if (!tag.children.length) tag.remove();
    }
    gone.remove();
  });

/** Takes a group, clone or bundle away from around what is in it, which stays. */
export const unwrap = (id: string) =>
  add(`Take ${id} away from around what is in it`, (tree) => {
    const outer = need(tree, id);
    const parts = xml.children(outer).filter((one) => (xml.RESOURCES as readonly string[]).includes(one.tagName));
    if (!parts.length) throw new Error(`there is nothing in ${id}`);
    for (const part of parts) outer.parentElement!.insertBefore(part, outer);
    rename(tree, id, parts.length === 1 ? xml.attr(parts[0], "id") : undefined);
    outer.remove();
  });

/** What named one resource names another, or is removed where that is not one. */
function rename(tree: Document, from: string, to: string | undefined): void {
  for (const one of xml.children(xml.section(tree, "constraints"))) {
    for (const name of ["rsc", "with-rsc", "first", "then"]) {
      if (xml.attr(one, name) !== from) continue;
      if (to === undefined) throw new Error(`the constraint ${xml.attr(one, "id")} names ${from}: change it first`);
      xml.put(one, name, to);
    }
  }
  for (const ref of tree.querySelectorAll("resource_ref, obj_ref")) {
    if (xml.attr(ref, "id") !== from) continue;
    if (to === undefined) throw new Error(`${xml.attr(ref.parentElement ?? undefined, "id")} names ${from}: change it first`);
    ref.setAttribute("id", to);
  }
}

/** What sites agreed on stands in the status, not in the configuration. */
export async function setTicket(id: string, values: Record<string, string>, title: string): Promise<void> {
  const root = (await fetchDocument()).documentElement;
  const status = xml.child(root, "status");
  const home = status && xml.child(status, "tickets");
  const known = home && xml.children(home, "ticket_state").find((one) => xml.attr(one, "id") === id);
  const had = Object.fromEntries([...(known?.attributes ?? [])].map((one) => [one.name, one.value]));
  const pairs = Object.entries({ id, ...had, ...values }).map(([name, value]) => ` ${name}="${xml.escaped(value)}"`);
  const state = `<ticket_state${pairs.join("")}/>`;
  const make: Edit = { create: home ? { parent: "/cib/status/tickets", xml: state } : { parent: "/cib/status", xml: `<tickets>${state}</tickets>` } };
  // By id only the configuration's elements are modified.
  const edits: Edit[] = known ? [{ delete: { xpath: `//ticket_state[@id='${id}']` } }, make] : [make];
  return request(title, { edit: { edits } });
}

export const grant = (ticket: string) => setTicket(ticket, { granted: "true", "last-granted": String(Math.floor(Date.now() / 1000)) }, `Grant the ticket ${ticket} to this site`);
export const revoke = (ticket: string) => setTicket(ticket, { granted: "false" }, `Revoke the ticket ${ticket} from this site`);

/** Removes any other object by its id. */
export const removeObject = (id: string, what: string, tag: string) =>
  add(`Remove ${what}`, (tree) => {
    const found = xml.byId(tree, id, [tag]);
    if (!found) throw new Error(`${id} is not there any more`);
    found.remove();
  });
