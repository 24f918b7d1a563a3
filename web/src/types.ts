// What the API says. The names are those of `crates/pure/view` and `crates/pure/wire`.

export interface Entry {
  number: number;
  at: number;
  event: Event;
}

export type Event =
  | { kind: "membership"; members: string[]; lost: string[]; quorate: boolean }
  | { kind: "coordinator"; node: string }
  | { kind: "changed"; user: string; change: string; version: string }
  | { kind: "refused"; user: string; change: string; reason: string }
  | { kind: "planned"; transition: number; cause: string; actions: string[]; because: string[]; findings: string[] }
  | { kind: "started"; action: string; node: string }
  | { kind: "finished"; action: string; node: string; code: number; status: string; reason: string; ms: number; expected: boolean }
  | { kind: "fencing"; target: string; action: string; device: string; by: string }
  | { kind: "fenced"; target: string; action: string; succeeded: boolean; by: string; reason: string }
  | { kind: "may-be-older"; nodes: string[] }
  | { kind: "set-aside"; reason: string }
  | { kind: "idle" };

export type Health = "healthy" | "weakened" | "working" | "impaired" | "down";

export interface Status {
  verdict: { health: Health; sentence: string; advice: string[] };
  cluster_name: string | null;
  version: string;
  seen_by: string | null;
  coordinator: string | null;
  quorate: boolean;
  nodes: NodeLine[];
  resources: ResourceLine[];
  failures: Failure[];
  fencing: { node: string; under_way: boolean; failed: string | null }[];
  running: string[];
  planned: number;
  findings: Finding[];
}

export interface NodeLine {
  name: string;
  state: "online" | "pending" | "offline" | "unclean";
  kind: "cluster" | "remote" | "guest";
  coordinator: boolean;
  standby: boolean;
  maintenance: boolean;
  leaving: boolean;
  active: number;
}

export type Shape = "primitive" | "fence-device" | "group" | "clone" | "promotable-clone" | "bundle";

export interface ResourceLine {
  id: string;
  shape: Shape;
  agent: string | null;
  places: { node: string; role: string; unclean: boolean; partly: boolean }[];
  missing: boolean;
  failed: boolean;
  remarks: string[];
  children: ResourceLine[];
}

export interface Failure {
  resource: string;
  node: string;
  task: string;
  interval_ms: number;
  code: number;
  what: string;
  reason: string;
  at: number | null;
  took_ms: number | null;
  count: number;
  threshold: number | null;
  command: string;
}

export interface Finding {
  severity: string;
  line: number;
  message: string;
}

export interface Term {
  change: "add" | "set";
  value: number;
  source: string;
  id?: string;
  other?: string;
  text: string;
  terms?: Term[];
}

export interface Link {
  kind: string;
  text: string;
  at?: number;
}

export interface Why {
  resource: string;
  parts: {
    id: string;
    active: string[];
    promoted_now: boolean;
    node: string | null;
    role: "stopped" | "started" | "unpromoted" | "promoted";
    rule: string;
    because: string;
    nodes: { node: string; score: number | null; obstacle: string | null; terms: Term[] }[];
    promotion?: { promoted: boolean; score: number; because: string; terms: Term[] };
    comes?: { action: string; because: Link[] }[];
    would?: {
      node?: string;
      promoted: boolean;
      changes: { kind: string; text: string; command?: string }[];
    }[];
  }[];
}

export interface Step {
  verb: "fence" | "unfence" | "start" | "stop" | "restart" | "move" | "live-move" | "promote" | "demote" | "reload";
  what: string;
  from: string | null;
  to: string | null;
  inside: string | null;
  promoted: boolean;
  interrupted_ms: number | null;
  because: Link[];
}

export interface Consequences {
  steps: Step[];
  risks: string[];
  /** So many of the risks, the first ones, are grave. */
  grave: number;
  findings: Finding[];
  actions: number;
  already_busy: boolean;
}

/** `wire::api::Change`. */
export type Change =
  | { edit: { edits: Edit[] } }
  | { attribute: { node: string; name: string; value: string | null } }
  | { cleanup: { resource: string | null; node: string | null } }
  | { fail: { resource: string; node: string } }
  | { fence: { node: string; action: string } }
  | { "confirm-off": { node: string } }
  | { shutdown: { node: string } }
  | { "forget-fencings": { node: string | null } };

export type Edit =
  | { replace: { xml: string } }
  | { create: { parent: string; xml: string } }
  | { modify: { xml: string } }
  | { delete: { xpath: string } };

export interface Agent {
  standard: string;
  provider: string | null;
  kind: string;
}

export const INFINITY = 1_000_000;
