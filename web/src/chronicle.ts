// From entries to what the timeline draws: what happened, decisions, and actions as bars by node.

import type { Entry } from "./types";
import { resourceOf } from "./words";

export interface Bar {
  node: string;
  action: string;
  label: string;
  /** Entry that ends it; the one that began it while it runs. */
  entry: number;
  begun: number;
  from: number;
  to: number;
  /** Row of its own in the node's lane. */
  row: number;
  kind: "done" | "failed" | "running" | "fencing";
  /** In milliseconds, where that was told. */
  took?: number;
}

export interface Chronicle {
  bars: Bar[];
  /** Where each entry is drawn. */
  places: Map<number, number>;
  /** Rows that each node's lane needs. */
  lanes: Map<string, number>;
  plans: Entry[];
  events: Entry[];
}

const EVENTS = ["membership", "coordinator", "changed", "refused", "fencing", "fenced", "may-be-older", "set-aside"];

/** Entries are known to the second, and in which order: within a second they are drawn in that order,
 *  evenly. */
export function spread(entries: Entry[]): Map<number, number> {
  const places = new Map<number, number>();
  for (let first = 0; first < entries.length; ) {
    let beyond = first;
    while (beyond < entries.length && entries[beyond]!.at === entries[first]!.at) beyond++;
    for (let at = first; at < beyond; at++) places.set(entries[at]!.number, entries[at]!.at + (at - first + 0.5) / (beyond - first));
    first = beyond;
  }
  return places;
}

export function chronicle(entries: Entry[], nodes: string[], now: number): Chronicle {
  const places = spread(entries);
  const placeOf = (entry: Entry): number => places.get(entry.number) ?? entry.at;
  const open = new Map<string, Entry>();
  const bars: Bar[] = [];
  const bar = (node: string, action: string, begun: Entry, end: Entry | undefined, kind: Bar["kind"], ms?: number): void => {
    const to = end ? placeOf(end) : Math.max(now, placeOf(begun));
    // What took longer than a second is as long as it took.
    const from = ms === undefined || ms < 1000 || begun === end ? placeOf(begun) : Math.min(placeOf(begun), to - ms / 1000);
    const { resource, task } = resourceOf(action);
    const label = kind === "fencing" ? action : `${task} ${resource}`;
    bars.push({ node, action, label, entry: (end ?? begun).number, begun: begun.number, from, to: Math.max(to, from), row: 0, kind, took: ms });
  };
  for (const entry of entries) {
    const event = entry.event;
    if (event.kind === "started") open.set(`${event.node} ${event.action}`, entry);
    else if (event.kind === "finished") {
      const key = `${event.node} ${event.action}`;
      const begun = open.get(key) ?? entry;
      open.delete(key);
      bar(event.node, event.action, begun, entry, event.expected ? "done" : "failed", event.ms);
    } else if (event.kind === "fencing") open.set(`fence ${event.target}`, entry);
    else if (event.kind === "fenced") {
      const begun = open.get(`fence ${event.target}`) ?? entry;
      open.delete(`fence ${event.target}`);
      bar(event.target, `cut off (${event.action})`, begun, entry, event.succeeded ? "fencing" : "failed");
    } else if (event.kind === "membership") {
      // What a lost node had begun has no end that anybody saw.
      for (const [key, begun] of open) if (event.lost.some((lost) => key.startsWith(`${lost} `))) {
        open.delete(key);
        const [node = "", ...action] = key.split(" ");
        bar(node, action.join(" "), begun, entry, "failed");
      }
    }
  }
  for (const [key, begun] of open) {
    const [node = "", ...action] = key.split(" ");
    if (node === "fence") bar(action.join(" "), "cutting off", begun, undefined, "running");
    else bar(node, action.join(" "), begun, undefined, "running");
  }
  return {
    bars,
    places,
    lanes: stack(bars, nodes),
    plans: entries.filter((one) => one.event.kind === "planned" && one.event.actions.length > 0),
    events: entries.filter((one) => EVENTS.includes(one.event.kind)),
  };
}

/** Bars shorter than this would lie on each other. */
const APART_S = 0.02;
const ROWS_MAX = 12;

function stack(bars: Bar[], nodes: string[]): Map<string, number> {
  const lanes = new Map<string, number>(nodes.map((node) => [node, 1]));
  const ends = new Map<string, number[]>();
  for (const bar of [...bars].sort((a, b) => a.from - b.from || a.entry - b.entry)) {
    const rows = ends.get(bar.node) ?? [];
    let row = rows.findIndex((end) => end <= bar.from);
    if (row < 0) row = Math.min(rows.length, ROWS_MAX - 1);
    rows[row] = Math.max(bar.to, bar.from + APART_S);
    ends.set(bar.node, rows);
    bar.row = row;
    lanes.set(bar.node, Math.max(lanes.get(bar.node) ?? 1, row + 1));
  }
  return lanes;
}

/** Stretches of time in which something happened, with quiet between. */
export function episodes(entries: Entry[], quiet = 45): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const entry of entries) {
    const last = found.at(-1);
    if (last && entry.at - last.to <= quiet) last.to = Math.max(last.to, entry.at);
    else found.push({ from: entry.at, to: entry.at });
  }
  return found;
}

/** What a decision led to: up to the next one. */
export function ledTo(plans: Entry[], plan: number): [number, number] {
  const next = plans.find((one) => one.number > plan);
  return [plan, next?.number ?? Infinity];
}
