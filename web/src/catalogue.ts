// What the document's objects take, where no agent says it: names and kinds of the options that
// Pacemaker's documents have. The scheduler judges them; this only helps to write them.

import type { Taken } from "./ui/forms";

const ROLES = ["Started", "Stopped", "Promoted", "Unpromoted"];

export const META: Taken[] = [
  { name: "target-role", kind: "select", options: ROLES, fallback: "Started", hint: "What the cluster should keep it in." },
  { name: "is-managed", kind: "boolean", fallback: "true", hint: "Whether the cluster may start and stop it." },
  { name: "resource-stickiness", kind: "score", hint: "How much it prefers to stay where it is." },
  { name: "priority", kind: "score", fallback: "0", hint: "If not all can run, those with a lower one stop first." },
  { name: "migration-threshold", kind: "score", fallback: "INFINITY", hint: "After so many failures a node is given up." },
  { name: "failure-timeout", kind: "time", fallback: "0", hint: "After so long a failure no longer counts." },
  { name: "allow-migrate", kind: "boolean", hint: "Move live where the agent can." },
  { name: "critical", kind: "boolean", fallback: "true", hint: "Whether its failure may move what it hangs on." },
  { name: "requires", kind: "select", options: ["nothing", "quorum", "fencing", "unfencing"], hint: "What must be so before it may start." },
  { name: "multiple-active", kind: "select", options: ["block", "stop_only", "stop_start", "stop_unexpected"], fallback: "stop_start", hint: "What to do if it is found running twice." },
  { name: "maintenance", kind: "boolean", fallback: "false", hint: "Neither watched nor touched." },
];

export const CLONE_META: Taken[] = [
  { name: "clone-max", kind: "integer", hint: "How many copies; else one a node." },
  { name: "clone-node-max", kind: "integer", fallback: "1", hint: "How many copies on one node." },
  { name: "clone-min", kind: "integer", hint: "How many must run before what depends on it may." },
  { name: "promotable", kind: "boolean", fallback: "false", hint: "Copies can be promoted." },
  { name: "promoted-max", kind: "integer", fallback: "1", hint: "How many copies are promoted." },
  { name: "promoted-node-max", kind: "integer", fallback: "1", hint: "How many promoted copies on one node." },
  { name: "notify", kind: "boolean", fallback: "false", hint: "Tell copies what happens to the others." },
  { name: "interleave", kind: "boolean", fallback: "false", hint: "What depends on it waits only for the copy on its node." },
  { name: "ordered", kind: "boolean", fallback: "false", hint: "Start copies one after the other." },
  { name: "globally-unique", kind: "boolean", fallback: "false", hint: "Each copy is different." },
];

export const PROPERTIES: Taken[] = [
  { name: "cluster-name", hint: "How people call the cluster." },
  { name: "fencing-enabled", kind: "boolean", fallback: "true", hint: "Lost nodes are cut off before what they ran starts elsewhere." },
  { name: "fencing-action", kind: "select", options: ["reboot", "off"], fallback: "reboot" },
  { name: "fencing-timeout", kind: "time", fallback: "60s" },
  { name: "no-quorum-policy", kind: "select", options: ["stop", "freeze", "ignore", "demote", "fence"], fallback: "stop", hint: "What to do without a majority." },
  { name: "symmetric-cluster", kind: "boolean", fallback: "true", hint: "Resources may run anywhere unless forbidden." },
  { name: "maintenance-mode", kind: "boolean", fallback: "false", hint: "Nothing is touched, nothing is watched." },
  { name: "stop-all-resources", kind: "boolean", fallback: "false" },
  { name: "placement-strategy", kind: "select", options: ["default", "utilization", "minimal", "balanced"], fallback: "default" },
  { name: "cluster-recheck-interval", kind: "time", fallback: "15min" },
  { name: "batch-limit", kind: "integer", fallback: "0" },
  { name: "migration-limit", kind: "integer", fallback: "-1" },
  { name: "priority-fencing-delay", kind: "time", fallback: "0" },
  { name: "concurrent-fencing", kind: "boolean" },
  { name: "startup-fencing", kind: "boolean", fallback: "true" },
  { name: "stop-orphan-resources", kind: "boolean", fallback: "true" },
  { name: "shutdown-lock", kind: "boolean", fallback: "false", hint: "What a node ran waits for it when it is shut down in peace." },
  { name: "shutdown-lock-limit", kind: "time", fallback: "0" },
  { name: "node-health-strategy", kind: "select", options: ["none", "migrate-on-red", "only-green", "progressive", "custom"], fallback: "none" },
  { name: "fencing-watchdog-timeout", kind: "time", fallback: "0" },
  { name: "start-failure-is-fatal", kind: "boolean", fallback: "true" },
  { name: "enable-acl", kind: "boolean", fallback: "false", hint: "The access control below counts." },
];

/** Names that documents have from before. */
export const FORMER: Record<string, string> = {
  "stonith-enabled": "fencing-enabled",
  "stonith-action": "fencing-action",
  "stonith-timeout": "fencing-timeout",
  "stonith-watchdog-timeout": "fencing-watchdog-timeout",
};

export const OPERATION: Taken[] = [
  { name: "name", required: true, offered: ["monitor", "start", "stop", "promote", "demote", "reload-agent", "migrate_to", "migrate_from", "notify"] },
  { name: "interval", kind: "time", fallback: "0" },
  { name: "timeout", kind: "time", fallback: "20s" },
  { name: "role", kind: "select", options: ["Promoted", "Unpromoted", "Started", "Stopped"] },
  { name: "on-fail", kind: "select", options: ["restart", "ignore", "block", "stop", "standby", "fence", "demote", "restart-container"] },
];

export const OP_DEFAULTS: Taken[] = OPERATION.filter((one) => one.name === "timeout" || one.name === "on-fail").concat([
  { name: "record-pending", kind: "boolean", fallback: "true" },
  { name: "enabled", kind: "boolean", fallback: "true" },
]);

const role = (name: string, label: string): Taken => ({ name, label, kind: "select", options: ROLES, fallback: "any" });

/** Attributes of each constraint. `RESOURCE` and `NODE` stand for what the document has. */
export const CONSTRAINTS: Record<string, { title: string; fields: Taken[] }> = {
  rsc_location: {
    title: "Location: a resource and a node",
    fields: [
      { name: "rsc", label: "Resource", kind: "select", options: ["RESOURCE"], required: true },
      { name: "node", label: "Node", kind: "select", options: ["NODE"], required: true },
      { name: "score", label: "Score", kind: "score", required: true, offered: ["INFINITY", "-INFINITY", "100"], hint: "INFINITY: only there. −INFINITY: never there. A number: how much it prefers it." },
      role("role", "In the role"),
      { name: "resource-discovery", label: "Look for it there", kind: "select", options: ["always", "never", "exclusive"], fallback: "always" },
    ],
  },
  rsc_colocation: {
    title: "Colocation: one resource where another is",
    fields: [
      { name: "rsc", label: "Resource that follows", kind: "select", options: ["RESOURCE"], required: true },
      { name: "with-rsc", label: "Resource that leads", kind: "select", options: ["RESOURCE"], required: true },
      { name: "score", label: "Score", kind: "score", required: true, offered: ["INFINITY", "-INFINITY", "100"], hint: "INFINITY: only together. −INFINITY: never together." },
      role("rsc-role", "Follower in the role"),
      role("with-rsc-role", "Leader in the role"),
      { name: "influence", label: "May move the leader", kind: "boolean" },
    ],
  },
  rsc_order: {
    title: "Order: one after another",
    fields: [
      { name: "first", label: "First", kind: "select", options: ["RESOURCE"], required: true },
      { name: "first-action", label: "is", kind: "select", options: [["start", "started"], ["promote", "promoted"], ["stop", "stopped"], ["demote", "demoted"]], fallback: "started" },
      { name: "then", label: "Then", kind: "select", options: ["RESOURCE"], required: true },
      { name: "then-action", label: "is", kind: "select", options: [["start", "started"], ["promote", "promoted"], ["stop", "stopped"], ["demote", "demoted"]], fallback: "as the first" },
      { name: "kind", label: "Kind", kind: "select", options: ["Mandatory", "Optional", "Serialize"], fallback: "Mandatory" },
      { name: "symmetrical", label: "Reversed when stopping", kind: "boolean", fallback: "true" },
    ],
  },
  rsc_ticket: {
    title: "Ticket: only while this site may",
    fields: [
      { name: "rsc", label: "Resource", kind: "select", options: ["RESOURCE"], required: true },
      { name: "ticket", label: "Ticket", required: true },
      role("rsc-role", "In the role"),
      { name: "loss-policy", label: "When the ticket is lost", kind: "select", options: ["stop", "demote", "fence", "freeze"], fallback: "stop" },
    ],
  },
};

export const BUNDLE: Record<"container" | "network", Taken[]> = {
  container: [
    { name: "image", required: true, hint: "Where the containers come from." },
    { name: "replicas", kind: "integer", hint: "How many containers." },
    { name: "replicas-per-host", kind: "integer", fallback: "1" },
    { name: "promoted-max", kind: "integer", fallback: "0" },
    { name: "run-command", hint: "What runs in it; with a primitive inside, pacemaker-remoted." },
    { name: "options", hint: "More words for the container's command." },
    { name: "network", hint: "As the container's command takes it." },
  ],
  network: [
    { name: "ip-range-start", hint: "The first container's address; the others follow." },
    { name: "host-interface" },
    { name: "host-netmask", kind: "integer" },
    { name: "control-port", kind: "integer", fallback: "3121" },
  ],
};

export const ALERT_KINDS = ["attributes", "fencing", "nodes", "resources"];
