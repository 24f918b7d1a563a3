// What is shown of the running cluster, kept up to date by the stream of events.

import { Trouble, get, session } from "./api";
import { Store } from "./store";
import type { Entry, Status } from "./types";
import type { Fencing, Grid, Topology, VerdictLine } from "./views";

export interface Live {
  status?: Status;
  verdict?: VerdictLine;
  grid?: Grid;
  topology?: Topology;
  fencing?: Fencing;
  /** By `Date.now()`: when this was so. */
  asOf: number;
}

export const live = new Store<Live>({ asOf: 0 });
export const entries = new Store<Entry[]>([]);

export type Link = "connecting" | "up" | "lost";
export const connection = new Store<{ link: Link; since: number }>({ link: "connecting", since: Date.now() });

/** The daemon writes a comment every 10 s when nothing happens; twice as long is silence. */
const SILENCE_MAX_MS = 20_000;
const ENTRIES_MAX = 20_000;
/** Several events in a moment are one look. */
const TOGETHER_MS = 120;
/** What only time changes is looked at so often. */
const LOOK_AGAIN_MS = 20_000;

/** A look that failed is tried again so soon. */
const RETRY_MS = 2000;
let retry: ReturnType<typeof setTimeout> | undefined;

/** The stream of events is open, and not silent. */
let streaming = false;

let looking = false;
let again = false;

/** Looks at everything now; once more after it, if asked meanwhile. */
export async function look(): Promise<void> {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    do {
      again = false;
      await lookOnce();
      if (again) await new Promise((later) => setTimeout(later, TOGETHER_MS));
    } while (again);
  } finally {
    looking = false;
  }
}

async function lookOnce(): Promise<void> {
  const begun = Date.now();
  const optional = <T>(path: string): Promise<T | undefined> => get<T>(path).catch(() => undefined);
  try {
    const [status, verdict, grid, topology, fencing] = await Promise.all([
      get<Status>("/v1/status"),
      optional<VerdictLine>("/v1/verdict"),
      optional<Grid>("/v1/grid"),
      optional<Topology>("/v1/topology"),
      optional<{ readiness: Fencing }>("/v1/fencing"),
    ]);
    live.set({ status, verdict, grid, topology, fencing: fencing?.readiness, asOf: begun });
    if (streaming && connection.value.link === "lost") connection.set({ link: "up", since: Date.now() });
  } catch (error) {
    if (error instanceof Trouble && (error.status === 401 || error.status === 403)) return;
    lost();
    clearTimeout(retry);
    if (running) retry = setTimeout(look, RETRY_MS);
  }
}

function lost(): void {
  if (connection.value.link !== "lost") connection.set({ link: "lost", since: Date.now() });
}

let running: AbortController | undefined;

/** Follows events until `stop`. A stream that ends, or goes silent, is begun again where it was. */
export function start(): void {
  if (running) return;
  running = new AbortController();
  void follow(running.signal);
  const timer = setInterval(() => document.visibilityState === "visible" && void look(), LOOK_AGAIN_MS);
  running.signal.addEventListener("abort", () => clearInterval(timer));
  // A browser that lost its network says so; whether the node is out of reach, a look tells.
  addEventListener("offline", () => void look(), { signal: running.signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void look(), {
    signal: running.signal,
  });
}

export function stop(): void {
  running?.abort();
  running = undefined;
}

async function follow(signal: AbortSignal): Promise<void> {
  let pause = 250;
  while (!signal.aborted) {
    try {
      await stream(signal, () => (pause = 250));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Trouble && error.status === 401) return session.set(null);
    }
    if (signal.aborted) return;
    lost();
    await new Promise((later) => setTimeout(later, pause));
    pause = Math.min(pause * 2, 5000);
  }
}

async function stream(signal: AbortSignal, opened: () => void): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
  };
  try {
    const answer = await fetch("/v1/events", {
      headers: { accept: "text/event-stream", ...(lastId ? { "last-event-id": lastId } : {}) },
      signal: AbortSignal.any([signal, silence.signal]),
      credentials: "same-origin",
    });
    if (!answer.ok || !answer.body) throw new Trouble(answer.status, "no events");
    opened();
    streaming = true;
    connection.set({ link: "up", since: Date.now() });
    void look();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const pieces = (rest + value).split("\n\n");
      rest = pieces.pop() ?? "";
      take(pieces);
    }
  } finally {
    streaming = false;
    clearTimeout(timer);
  }
}

/** Names the last event that was taken, and the daemon's life that it was of: `12-1a2b3c`. */
let lastId = "";

/** The daemon's life that numbers the entries. */
export const life = new Store("");

function take(pieces: string[]): void {
  const fresh: Entry[] = [];
  for (const piece of pieces) {
    const lines = piece.split("\n");
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
    if (lines.includes("event: gap")) forget();
    if (!data.length || lines.some((line) => line.startsWith("event:"))) continue;
    lastId = lines.find((line) => line.startsWith("id:"))?.slice(3).trim() ?? lastId;
    life.set(lastId.slice(lastId.indexOf("-") + 1));
    try {
      const entry = JSON.parse(data.join("\n")) as Entry;
      if (typeof entry.number === "number" && entry.event) fresh.push(entry);
    } catch {
      // Not an entry: nothing to show.
    }
  }
  if (!fresh.length) return;
  const known = entries.value;
  // A daemon that began anew counts from the start again.
  const first = fresh[0]!;
  const older = known.length && first.number <= known.at(-1)!.number ? known.filter((one) => one.number < first.number && one.at <= first.at) : known;
  entries.set([...older, ...fresh].slice(-ENTRIES_MAX));
  void look();
}

/** The stream said that something in between is not known any more. */
function forget(): void {
  entries.set([]);
}
