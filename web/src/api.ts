// The API, as typed functions. Nothing else in the console speaks to the daemon, but for the stream
// of events in `live.ts`.

import { Store } from "./store";

export interface Session {
  user: string;
  role: string;
  proof?: string;
}

/** `undefined`: not known yet. `null`: nobody is logged in. */
export const session = new Store<Session | null | undefined>(undefined);

/** The API said no, or could not be asked. */
export class Trouble extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown = undefined,
  ) {
    super(message);
  }
}

export function proof(): Record<string, string> {
  const secret = session.value?.proof;
  return secret ? { "quorate-proof": secret } : {};
}

const WAIT_MAX_MS = 30_000;

export async function ask<T>(method: string, path: string, body?: unknown, wait = WAIT_MAX_MS): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json", ...(method === "GET" ? {} : proof()) };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(wait),
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new Trouble(0, late ? `no answer within ${wait / 1000} s` : "the node does not answer");
  }
  const text = await answer.text();
  const value = parsed(text, answer.headers.get("content-type"));
  if (answer.status === 401 && path !== "/v1/login") session.set(null);
  if (!answer.ok) throw new Trouble(answer.status, words(answer.status, value), value);
  return value as T;
}

function parsed(text: string, kind: string | null): unknown {
  if (!kind?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function words(status: number, body: unknown): string {
  if (typeof body === "string" && body.trim() && !body.trimStart().startsWith("<")) return body.trim();
  const refused = refusal(body);
  if (refused) return refused;
  if (status === 401) return "not logged in, or no longer";
  if (status === 403) return "you may not do this";
  if (status === 404) return "there is no such thing here";
  if (status === 429) return "too many tries; wait a little";
  return `the answer was ${status}`;
}

/** What a refusal says, in words. The shapes are those of `wire::api::Refused`. */
export function refusal(body: unknown): string | undefined {
  if (typeof body === "string") return REFUSED[body];
  if (!body || typeof body !== "object") return undefined;
  const record = body as Record<string, unknown>;
  for (const name of ["refused", "error", "message", "words", "reason", "detail"]) {
    const inner = record[name];
    if (typeof inner === "string") return REFUSED[inner] ?? inner;
    const found = refusal(inner);
    if (found) return found;
  }
  const [kind, about] = Object.entries(record)[0] ?? [];
  const detail = about as Record<string, unknown> | undefined;
  switch (kind) {
    case "invalid":
      return ((detail?.["violations"] as { line: number; what: string; hint?: string }[]) ?? [])
        .map((one) => `${one.line ? `line ${one.line}: ` : ""}${one.what}${one.hint ? ` (${one.hint})` : ""}`)
        .join("\n");
    case "stale":
      return `the document changed meanwhile: this was made for ${detail?.["yours"]}, it is ${detail?.["current"]} now`;
    case "unknown-node":
      return `there is no node ${detail?.["node"]}${detail?.["nearest"] ? `; ${detail["nearest"]}?` : ""}`;
    case "still-member":
      return `${detail?.["node"]} is a member of the cluster: it cannot be declared off`;
    case "may-be-older":
      return `${(detail?.["nodes"] as string[])?.join(", ")} may have a newer configuration: nothing is edited without`;
    case "not-stored":
      return `the disk does not take it: ${detail?.["reason"]}`;
    default:
      return undefined;
  }
}

const REFUSED: Record<string, string> = {
  "no-quorum": "there is no quorum: too few of the nodes are here",
  "not-ready": "the nodes are agreeing on their state; try again in a moment",
  "nothing-to-undo": "there is no earlier configuration to go back to",
  "not-permitted": "you may not do this",
};

export const get = <T>(path: string, wait?: number): Promise<T> => ask<T>("GET", path, undefined, wait);
export const post = <T>(path: string, body?: unknown, wait?: number): Promise<T> => ask<T>("POST", path, body ?? {}, wait);

export async function whoAmI(): Promise<void> {
  try {
    session.set(await get<Session>("/v1/session"));
  } catch (error) {
    // A socket needs no login and has no sessions.
    if (error instanceof Trouble && error.status === 404) session.set({ user: "local", role: "full" });
    else if (error instanceof Trouble && error.status !== 401) setTimeout(whoAmI, 2000);
  }
}

export async function login(user: string, password: string): Promise<void> {
  session.set(await post<Session>("/v1/login", { user, password }));
}

export async function logout(): Promise<void> {
  await post("/v1/logout").catch(() => undefined);
  session.set(null);
}

const RANK = ["read", "operate", "configure", "full"];

/** Whether the session's role is at least this one. The daemon judges again. */
export function may(role: "read" | "operate" | "configure" | "full"): boolean {
  return RANK.indexOf(session.value?.role ?? "read") >= RANK.indexOf(role);
}
