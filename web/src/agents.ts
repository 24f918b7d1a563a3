// What agents say of themselves, as fields of a form.

import { get } from "./api";
import type { Taken } from "./ui/forms";

export interface Described {
  agent: string;
  short: string;
  long: string;
  parameters: {
    name: string;
    kind: string;
    required: boolean;
    secret: boolean;
    deprecated: boolean;
    default: string | null;
    options: string[];
    short: string;
    long: string;
    "unique-group": string | null;
  }[];
  actions: { name: string; "timeout-ms": number | null; "interval-ms": number | null; role: string | null }[];
}

const known = new Map<string, Promise<Described>>();

export function describe(agent: string): Promise<Described> {
  let found = known.get(agent);
  if (!found) {
    found = get<Described>(`/v1/agents/${encodeURIComponent(agent)}`);
    found.catch(() => known.delete(agent));
    known.set(agent, found);
  }
  return found;
}

let listed: Promise<string[]> | undefined;

/** The names of the agents of the node that answers; none where it does not list them. */
export function list(): Promise<string[]> {
  listed ??= get<unknown>("/v1/agents").then(namesIn, () => {
    listed = undefined;
    return [];
  });
  return listed;
}

function namesIn(answer: unknown): string[] {
  const all = Array.isArray(answer) ? answer : ((answer as { agents?: unknown[] })?.agents ?? []);
  return all.map((one) => {
    if (typeof one === "string") return one;
    const agent = one as { standard: string; provider?: string | null; kind: string };
    return [agent.standard, agent.provider, agent.kind].filter(Boolean).join(":");
  });
}

const KINDS: Record<string, Taken["kind"]> = { boolean: "boolean", integer: "integer", time: "time", select: "select", string: "text" };

export function fields(agent: Described): Taken[] {
  return agent.parameters
    .filter((one) => !one.deprecated)
    .map((one) => ({
      name: one.name,
      kind: one.secret ? "secret" : one.options.length ? "select" : (KINDS[one.kind] ?? "text"),
      options: one.options.length ? one.options : undefined,
      required: one.required && !one.default,
      fallback: one.default || undefined,
      hint: one.short || one.long.split(/(?<=\.)\s/)[0],
    }));
}
