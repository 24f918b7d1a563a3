// What is to be changed: gathered here, shown with its effects, and only then applied.
//
// A staged change is a function on the document. When somebody else changes the document
// meanwhile, all are made again on the new one, and the plan that was shown is marked as overtaken.

import { Trouble, ask, get, post, refusal } from "./api";
import { entries, look } from "./live";
import { Store } from "./store";
import type { Change, Consequences } from "./types";
import * as xml from "./xml";

export interface Item {
  key: number;
  title: string;
  /** Changes the document, or says in an exception why it cannot. */
  apply?: (tree: Document) => void;
  /** What is no edit of the document; it is planned and applied by itself. */
  change?: Change;
  problem?: string;
}

export interface Plan {
  id: string;
  basedOn?: string;
  effects?: Consequences;
  notes: string[];
  refused?: string;
}

export type Phase = "empty" | "asking" | "ready" | "stale" | "applying" | "applied" | "failed";

export interface Stage {
  items: Item[];
  phase: Phase;
  plan?: Plan;
  words?: string;
  /** The plan is for going back. */
  undo: boolean;
  force: boolean;
  open: boolean;
}

const EMPTY: Stage = { items: [], phase: "empty", undo: false, force: false, open: false };
export const stage = new Store<Stage>(EMPTY);

let counted = 0;
let base: Document | undefined;
let staged: Document | undefined;
let asked = 0;

/** The document as it would be with all that is staged. */
export const stagedDocument = new Store<{ base: Document; staged: Document } | undefined>(undefined);

export async function fetchDocument(): Promise<Document> {
  const answer = await get<string | { xml: string }>("/v1/document");
  return xml.parse(typeof answer === "string" ? answer : answer.xml);
}

/** Adds a change and shows what it would do. */
export async function add(title: string, apply: (tree: Document) => void): Promise<void> {
  const before = stage.value.phase === "applied" || stage.value.undo || stage.value.items.some((one) => one.change) ? [] : stage.value.items;
  await restage([...before, { key: ++counted, title, apply }]);
}

/** Asks for something that is no edit of the document. What is staged must be applied first. */
export async function request(title: string, change: Change): Promise<void> {
  if (stage.value.items.some((one) => one.apply) && stage.value.phase !== "applied") {
    stage.update((now) => ({ ...now, open: true, words: `“${title}” is done by itself: first apply or discard what is staged.` }));
    return;
  }
  await restage([{ key: ++counted, title, change }]);
}

export async function remove(key: number): Promise<void> {
  await restage(stage.value.items.filter((one) => one.key !== key));
}

export function discard(): void {
  asked++;
  stage.set(EMPTY);
  stagedDocument.set(undefined);
}

export const open = (show: boolean): void => stage.update((now) => ({ ...now, open: show }));

export async function force(on: boolean): Promise<void> {
  stage.update((now) => ({ ...now, force: on }));
  await restage(stage.value.items);
}

/** Makes everything again on the document as it is now, and asks for the plan. */
export async function restage(items: Item[] = stage.value.items): Promise<void> {
  const turn = ++asked;
  if (!items.length && !stage.value.undo) return discard();
  if (stage.value.undo && !items.length) return undo();
  stage.set({ ...EMPTY, items, phase: "asking", open: true, force: stage.value.force });
  try {
    const change = await changeOf(items);
    if (turn !== asked) return;
    if (!change) {
      stage.update((now) => ({ ...now, phase: "failed", words: "As it is staged, nothing would be different." }));
      return;
    }
    const answer = await post<Record<string, unknown>>("/v1/plans", { change, ...(stage.value.force ? { force: true } : {}) });
    if (turn === asked) take(answer);
  } catch (error) {
    if (turn === asked) fail(error);
  }
}

async function changeOf(items: Item[]): Promise<Change | undefined> {
  const single = items.find((one) => one.change)?.change;
  if (single) {
    stagedDocument.set(undefined);
    return single;
  }
  base = await fetchDocument();
  staged = base.cloneNode(true) as Document;
  for (const item of items) {
    try {
      delete item.problem;
      item.apply?.(staged);
    } catch (error) {
      item.problem = error instanceof Error ? error.message : String(error);
      throw new Trouble(0, `“${item.title}” cannot be made: ${item.problem}`);
    }
  }
  stagedDocument.set({ base, staged });
  const edits = xml.edits(base, staged);
  return edits.length ? { edit: { edits } } : undefined;
}

function take(answer: Record<string, unknown>): void {
  const refused = answer["refused"] ? (refusal(answer["refused"]) ?? refusal(answer) ?? "the cluster would refuse it") : undefined;
  const plan: Plan = {
    id: String(answer["id"] ?? ""),
    basedOn: (answer["based-on"] ?? answer["based_on"]) as string | undefined,
    effects: answer["effects"] as Consequences | undefined,
    notes: (answer["notes"] as string[]) ?? [],
    refused,
  };
  stage.update((now) => ({ ...now, plan, phase: refused ? "failed" : "ready", words: refused }));
}

function fail(error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  stage.update((now) => ({ ...now, phase: "failed", words }));
}

/** Carries out the plan that is shown. */
export async function apply(): Promise<void> {
  const { plan, phase } = stage.value;
  if (!plan || phase !== "ready") return;
  stage.update((now) => ({ ...now, phase: "applying" }));
  applying = true;
  try {
    const answer = await post<Record<string, unknown> | string>(`/v1/plans/${encodeURIComponent(plan.id)}/apply`, {}, 60_000);
    const record = (typeof answer === "object" ? answer : {}) as Record<string, unknown>;
    if (record["stale"] !== undefined) stage.update((now) => ({ ...now, phase: "stale" }));
    else if (record["refused"]) throw new Trouble(409, refusal(record) ?? "refused");
    else stage.update((now) => ({ ...now, phase: "applied" }));
    stagedDocument.set(undefined);
    void look();
  } catch (error) {
    const stale = error instanceof Trouble && JSON.stringify(error.body ?? "").includes("stale");
    if (stale) stage.update((now) => ({ ...now, phase: "stale" }));
    else fail(error);
  } finally {
    applying = false;
  }
}

/** A plan that waits for its time on the node that was asked, or did. */
export interface Scheduled {
  id: string;
  at: number;
  user: string;
  what: string;
  state: "waiting" | "begun" | "done" | "refused" | "missed";
  outcome: string | null;
}

export const scheduled = new Store<Scheduled[]>([]);

/** What waits; nothing where the node keeps no plans, or one may not know. */
export const askScheduled = (): Promise<void> => get<Scheduled[]>("/v1/scheduled").then(scheduled.set.bind(scheduled), () => scheduled.set([]));

const SOON_MS = 500;
const HOUR_MS = 3_600_000;
let due: ReturnType<typeof setTimeout> | undefined;

// What becomes of one is looked at when its time has come: that one was refused is no event.
scheduled.follow((all) => {
  clearTimeout(due);
  const open = all.filter((one) => one.state === "waiting" || one.state === "begun");
  if (!open.length) return;
  const next = Math.min(...open.map((one) => one.at)) * 1000 - Date.now();
  due = setTimeout(() => void askScheduled(), Math.min(HOUR_MS, Math.max(SOON_MS, next + SOON_MS)));
});

/** Lets the plan that is shown be applied at a time, in seconds since 1970. */
export async function later(at: number): Promise<void> {
  const { plan, phase } = stage.value;
  if (!plan || phase !== "ready") return;
  stage.update((now) => ({ ...now, phase: "applying" }));
  try {
    await post(`/v1/plans/${encodeURIComponent(plan.id)}/schedule`, { at });
    stagedDocument.set(undefined);
    stage.set({ ...EMPTY, open: true });
    await askScheduled();
  } catch (error) {
    fail(error);
  }
}

/** Takes one off the list: it waits no more, or is told no more. */
export async function unschedule(id: string): Promise<void> {
  await ask("DELETE", `/v1/scheduled/${encodeURIComponent(id)}`).catch(() => undefined);
  await askScheduled();
}

/** Plans to go back to the configuration before the last change of it. */
export async function undo(): Promise<void> {
  const turn = ++asked;
  stage.set({ ...EMPTY, phase: "asking", undo: true, open: true });
  stagedDocument.set(undefined);
  try {
    const answer = await post<Record<string, unknown>>("/v1/undo");
    if (turn === asked) take(answer);
  } catch (error) {
    if (turn === asked) fail(error);
  }
}

let applying = false;
let seen = 0;

// Somebody changed the configuration: what is shown was computed for another one.
entries.follow((all) => {
  const fresh = all.filter((one) => one.number > seen);
  seen = all.at(-1)?.number ?? seen;
  const { phase } = stage.value;
  if (applying || (phase !== "ready" && phase !== "failed")) return;
  const overtaken = fresh.some((one) => one.event.kind === "changed");
  if (overtaken && stage.value.plan) stage.update((now) => ({ ...now, phase: "stale" }));
});
