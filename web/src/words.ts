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

/** An event in words; as `crates/pure/view/src/history.rs` has it. */
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
      if (event.expected) return ["plain", `${event.action} done on ${event.node} in ${length(event.ms)}`];
      if (event.action.endsWith("_monitor_0") && (event.code === 0 || event.code === 8)) {
        return ["warn", `${event.action.slice(0, -10)} was found ${event.code === 8 ? "promoted" : "running"} on ${event.node}, in ${length(event.ms)}`];
      }
      return ["bad", `${event.action} FAILED on ${event.node}: ${event.status === "Done" ? (CODES[event.code] ?? "error") : event.status} (${event.code})${event.reason ? `: ${event.reason}` : ""}, after ${length(event.ms)}`];
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

/** What an agent's answer means. */
const CODES: Record<number, string> = { 2: "a parameter is wrong", 3: "it cannot do that", 4: "it may not", 5: "not installed", 6: "not configured", 7: "not running", 8: "promoted", 9: "failed while promoted" };

const ACTIONS_SHOWN = 8;

/** What changes something goes first; looks are only counted. */
function summary(actions: string[]): string {
  const told = actions.filter((one) => !one.startsWith("monitor "));
  const looks = actions.length - told.length;
  const shown = told.slice(0, ACTIONS_SHOWN);
  if (told.length > ACTIONS_SHOWN) shown.push(`${told.length - ACTIONS_SHOWN} more`);
  if (looks) shown.push(count(looks, "look"));
  return list(shown);
}

/** The part of an action's name that is the resource: `db_monitor_10000`. */
export function resourceOf(action: string): { resource: string; task: string; interval: number } {
  const parts = /^(.*)_(migrate_to|migrate_from|[a-z-]+)_(\d+)$/.exec(action);
  return parts ? { resource: parts[1]!, task: parts[2]!, interval: Number(parts[3]) } : { resource: action, task: "", interval: 0 };
}
