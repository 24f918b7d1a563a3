// The shared views of `crates/pure/view`: headline, grid, topology, fencing readiness.

import type { Health, NodeLine, Shape } from "./types";

export interface VerdictLine {
  level: Health;
  words: string;
  advice: string[];
  breaks: string[];
}

export interface Grid {
  version: string;
  nodes: NodeLine[];
  rows: GridRow[];
}

export interface GridRow {
  id: string;
  shape: Shape;
  depth: number;
  missing: boolean;
  unmanaged: boolean;
  because: string | null;
  cells: GridCell[];
}

export interface GridCell {
  state: "stopped" | "active" | "partly" | "changing" | "failed" | "unsure";
  role: string | null;
  score: number | null;
  wanted: boolean;
  banned: boolean;
  "cannot-run-because": string | null;
}

export interface Fencing {
  enabled: boolean;
  devices: { id: string; agent: string; state: "working" | "failed" | "stopped" | "disabled"; on: string[]; proof: Proof | null }[];
  nodes: {
    node: string;
    ability: "ready" | "watchdog" | "doubtful" | "guest" | "impossible";
    words: string;
    proven: Proof | null;
    cells: { device: string; can: "yes" | "asked-then" | "no" | "disabled"; level: number | null; proven: Proof | null }[];
  }[];
  history: { target: string; action: string; succeeded: boolean; by: string; reason: string; at: number }[];
}

export type Proof = { kind: "checked"; since: number; every_ms: number } | { kind: "answered"; at: number } | { kind: "used"; at: number };

export interface Topology {
  nodes: TopologyNode[];
  links: TopologyLink[];
  quorum: { quorate: boolean; votes: number; expected: number; needed: number | null; "tie-breaker"?: TieBreaker | null };
  /** Groups of nodes that see each other; the first is the one that answers. */
  partitions: string[][];
}

export interface TopologyNode {
  name: string;
  state: NodeLine["state"];
  kind: NodeLine["kind"];
  /** It is in the membership, or connected. */
  here: boolean;
  coordinator: boolean;
  answers: boolean;
  "being-fenced": boolean;
  active: number;
  votes: number;
}

/** The outside voice on an even split. */
export interface TieBreaker {
  model: string;
  host: string | null;
  algorithm: string | null;
  votes: number;
  alive: boolean;
  /** Its votes are with the node that answers. */
  ours: boolean;
}

/** One of the ways from the node that answers to another. */
export interface Path {
  to: string;
  number: number;
  address: string | null;
  connected: boolean;
  "latency-us": number | null;
  "loss-ppm": number | null;
  "times-down": number;
}

export interface TopologyLink {
  from: string;
  to: string;
  state: "up" | "down" | "unknown";
  "latency-us": number | null;
  "loss-ppm": number | null;
  /** Empty where the fabric has none, or between two others. */
  paths?: Path[];
}

/** What this node knows of another cluster, `GET /v1/clusters`. */
export interface OtherCluster {
  name: string;
  urls: string[];
  /** The one of them that told the summary. */
  from: string | null;
  summary: Summary | null;
  /** When it told that, in seconds since 1970. */
  "as-of": number | null;
  /** It was asked since, and did not tell. */
  stale: boolean;
  trouble: { kind: "unreachable" | "slow" | "not-understood" | "refused" | "not-trusted" | "setup"; words: string } | null;
}

/** A cluster in a few numbers. */
export interface Summary {
  "cluster-name": string | null;
  "seen-by": string | null;
  level: Health;
  words: string;
  advice: string[];
  quorate: boolean;
  nodes: { all: number; online: number; unclean: number; standby: number; maintenance: number };
  resources: { all: number; missing: number; failed: number };
  problems: { all: number; failures: number; fencing: number; findings: number };
}
