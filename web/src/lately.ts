// What happened and is over, as a story: who comes when all is well again still asks what it was.

import { type Tone, list, resourceOf } from "./words";
import type { Entry } from "./types";

export interface Story {
  at: number;
  tone: Tone;
  title: string;
  words: string;
}

/** So long it is told. */
const TOLD_S = 24 * 3600;
const TOLD_MAX = 3;

/** The losses of nodes of the last day, the latest first. What is not over needs a look, and is told there. */
export function stories(entries: Entry[], now: number, unclean: string[]): Story[] {
  const found: Story[] = [];
  for (let at = entries.length - 1; at >= 0 && found.length < TOLD_MAX; at--) {
    const { event, at: when } = entries[at]!;
    if (when < now - TOLD_S) break;
    if (event.kind === "membership") for (const node of event.lost) if (!unclean.includes(node)) found.push(story(node, when, entries.slice(at + 1)));
  }
  return found;
}

function story(node: string, at: number, after: Entry[]): Story {
  const backAt = after.findIndex(({ event }) => event.kind === "membership" && event.members.includes(node));
  const lostAgain = after.findIndex(({ event }) => event.kind === "membership" && event.lost.includes(node));
  const own = lostAgain < 0 ? after : after.slice(0, lostAgain);
  const cut = own.map(({ event }) => event).find((event) => event.kind === "fenced" && event.target === node && event.succeeded);
  const idle = own.find(({ event }) => event.kind === "idle");
  const until = idle ? own.indexOf(idle) : own.length;
  const places = new Map<string, Set<string>>();
  for (const { event } of own.slice(0, until)) {
    if (event.kind !== "finished" || !event.expected) continue;
    const { resource, task } = resourceOf(event.action);
    const done = { start: "started", promote: "promoted" }[task];
    if (!done) continue;
    const where = `${done} on ${event.node}`;
    places.set(where, (places.get(where) ?? new Set()).add(resource.replace(/:\d+$/, "")));
  }
  const parts: string[] = [];
  if (cut?.kind === "fenced") parts.push(`It was proven off by ${cut.by}.`);
  for (const [where, names] of places) parts.push(`${list([...names])} ${where}.`);
  if (idle) parts.push(idle.at > at ? `After ${idle.at - at} s nothing was left to do.` : "Within the second nothing was left to do.");
  if (backAt >= 0 && (lostAgain < 0 || backAt < lostAgain)) parts.push(`${node} is back.`);
  return { at, tone: idle ? "plain" : "warn", title: `${node} was lost`, words: parts.join(" ") || "What becomes of it is not decided yet." };
}
