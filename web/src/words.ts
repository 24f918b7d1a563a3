// Small rules of English, and history in words.

import { length } from "./time";
import type { Event } from "./types";

export function list(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? "";
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export type Tone = "good" | "plain" | "warn" | "bad" | "faint" | "strong";

/** An event in words. As `crates/pure/view/src/history.rs` has it; but what was done is said, not how it is called. */
export function describe(event: Event): [Tone, string] {
  switch (event.kind) {
    case "membership": {
      const lost = event.lost.length ? `; lost: ${list(event.lost)}` : "";
      return [event.lost.length || !event.quorate ? "warn" : "good", `members: ${list(event.members)}${lost}${event.quorate ? "" : "; no quorum"}`];
    }
    case "coordinator":
      return ["plain", `${event.node} is the coordinator`];
    case "changed":
      return ["strong", `${event.user}: ${event.change} (now ${event.version})`];
    case "refused":
      return ["warn", `refused, ${event.user}: ${event.change}: ${event.reason}`];
    case "planned":
      if (!event.actions.length) return ["faint", `plan ${event.transition} (${event.cause}): nothing to do`];
      return ["plain", `plan ${event.transition} (${event.cause}): ${summary(event.actions)}`];
    case "started":
      return ["faint", `${event.action} begins on ${event.node}`];
    case "finished":
      return finished(event);
    case "fencing":
      return ["warn", `cutting ${event.target} off (${event.action}) with ${event.device}, done by ${event.by}`];
    case "fenced":
      if (event.succeeded) return ["good", `${event.target} is proven off (${event.action}) by ${event.by}${event.reason ? `: ${event.reason}` : ""}`];
      return ["bad", `${event.target} could NOT be cut off (${event.action}) by ${event.by}${event.reason ? `: ${event.reason}` : ""}`];
    case "may-be-older":
      return ["warn", `no edits: ${list(event.nodes)} may have a newer one`];
    case "set-aside":
      return ["warn", `changes set aside: ${event.reason}`];
    case "idle":
      return ["good", "nothing left to do"];
  }
}

/** What an action that did what it should has done. */
const DONE: Record<string, string> = { start: "started", stop: "stopped", promote: "promoted", demote: "demoted", migrate_to: "sent on its way", migrate_from: "taken over", notify: "told", reload: "reloaded", "reload-agent": "reloaded" };

function finished(event: Extract<Event, { kind: "finished" }>): [Tone, string] {
  const { resource, task, interval } = resourceOf(event.action);
  const { node } = event;
  const took = length(event.ms);
  if (event.expected) {
    if (task === "monitor") return ["plain", `looked ${interval ? "at" : "for"} ${resource} on ${node}: as it should be (${took})`];
    return ["plain", DONE[task] ? `${resource} ${DONE[task]} on ${node} in ${took}` : `${event.action} done on ${node} in ${took}`];
  }
  if (task === "monitor" && !interval && (event.code === 0 || event.code === 8)) {
    return ["warn", `${resource} was found ${event.code === 8 ? "promoted" : "running"} on ${node}, in ${took}`];
  }
  const what = event.status === "Done" ? (CODES[event.code] ?? "error") : event.status;
  return ["bad", `${task ? `${resource}: ${task}` : event.action} FAILED on ${node}: ${what} (${event.code})${event.reason ? `: ${event.reason}` : ""}, after ${took}`];
}

/** What an agent's answer means. */
const CODES: Record<number, string> = { 2: "a parameter is wrong", 3: "it cannot do that", 4: "it may not", 5: "not installed", 6: "not configured", 7: "not running", 8: "promoted", 9: "failed while promoted" };

const GROUPS_SHOWN = 6;

/** What changes something goes first, by what is done where; looks are only counted, and who is told of what goes
 *  without saying. */
function summary(actions: string[]): string {
  const told = actions.filter((one) => !/^(monitor|notify) /.test(one));
  const groups = new Map<string, { verb: string; names: string[]; place: string }>();
  for (const one of told) {
    const [, verb, name, place] = /^(\S+) (\S+)( on \S+)$/.exec(one) ?? [];
    if (!verb || !name || !place) groups.set(one, { verb: one, names: [], place: "" });
    else {
      const group = groups.get(verb + place) ?? { verb, names: [], place };
      if (!group.names.includes(name)) group.names.push(name);
      groups.set(verb + place, group);
    }
  }
  const all = [...groups.values()].map(({ verb, names, place }) => `${verb}${names.length ? ` ${list(names)}` : ""}${place}`);
  const shown = all.slice(0, GROUPS_SHOWN);
  if (all.length > GROUPS_SHOWN) shown.push(`${all.length - GROUPS_SHOWN} more`);
  const looks = actions.filter((one) => one.startsWith("monitor ")).length;
  if (looks) shown.push(count(looks, "look"));
  return shown.join("; ") || "who must know is told";
}

/** The part of an action's name that is the resource: `db_monitor_10000`. */
export function resourceOf(action: string): { resource: string; task: string; interval: number } {
  const told = /^(.*)_(?:pre|post|confirmed-pre|confirmed-post)_notify_\w+_0$/.exec(action);
  if (told) return { resource: told[1]!, task: "notify", interval: 0 };
  const parts = /^(.*)_(migrate_to|migrate_from|[a-z-]+)_(\d+)$/.exec(action);
  return parts ? { resource: parts[1]!, task: parts[2]!, interval: Number(parts[3]) } : { resource: action, task: "", interval: 0 };
}
