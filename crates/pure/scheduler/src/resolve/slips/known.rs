//! The names that mean something, and what their values may be.

/// A name and what its value means.
pub(super) type Known = (&'static str, Meaning);

/// What a value means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    Flag,
    Role,
    Score,
    Number,
    Length,
    OneOf(&'static [&'static str]),
    /// A text, or something that others judge.
    Anything,
}

use Meaning::{Anything, Flag, Length, Number, OneOf, Role, Score};

/// Source: "Resource Meta-Attributes", those of clones and of guest nodes, in Pacemaker Explained.
pub(super) const META: [Known; 31] = [
    ("priority", Score),
    ("critical", Flag),
    ("target-role", Role),
    ("is-managed", Flag),
    ("maintenance", Flag),
    ("resource-stickiness", Score),
    ("requires", OneOf(&["nothing", "quorum", "fencing", "unfencing"])),
    ("migration-threshold", Score),
    ("failure-timeout", Length),
    ("multiple-active", OneOf(&["block", "stop_only", "stop_start", "stop_unexpected"])),
    ("allow-migrate", Flag),
    ("allow-unhealthy-nodes", Flag),
    ("container-attribute-target", Anything),
    ("remote-node", Anything),
    ("remote-addr", Anything),
    ("remote-port", Number),
    ("remote-connect-timeout", Length),
    ("remote-allow-migrate", Flag),
    ("clone-max", Score),
    ("clone-node-max", Score),
    ("clone-min", Score),
    ("promoted-max", Score),
    ("promoted-node-max", Score),
    ("master-max", Score),
    ("master-node-max", Score),
    ("globally-unique", Flag),
    ("notify", Flag),
    ("ordered", Flag),
    ("interleave", Flag),
    ("promotable", Flag),
    ("provides", Anything),
];

/// Source: "Cluster Options" in Pacemaker Explained, in both spellings of those renamed.
pub(super) const OPTIONS: [Known; 56] = [
    ("cluster-name", Anything),
    ("cluster-infrastructure", Anything),
    ("dc-version", Anything),
    ("last-lrm-refresh", Anything),
    ("dc-deadtime", Length),
    ("no-quorum-policy", OneOf(&["stop", "freeze", "ignore", "demote", "fence", "suicide"])),
    ("batch-limit", Score),
    ("migration-limit", Score),
    ("load-threshold", Anything),
    ("node-action-limit", Score),
    ("symmetric-cluster", Flag),
    ("stop-all-resources", Flag),
    ("stop-removed-resources", Flag),
    ("stop-orphan-resources", Flag),
    ("cancel-removed-actions", Flag),
    ("stop-orphan-actions", Flag),
    ("remove-after-stop", Flag),
    ("start-failure-is-fatal", Flag),
    ("enable-startup-probes", Flag),
    ("maintenance-mode", Flag),
    ("fencing-enabled", Flag),
    ("stonith-enabled", Flag),
    ("fencing-action", OneOf(&["reboot", "off"])),
    ("stonith-action", OneOf(&["reboot", "off", "poweroff"])),
    ("fencing-timeout", Length),
    ("stonith-timeout", Length),
    ("fencing-max-attempts", Score),
    ("stonith-max-attempts", Score),
    // A negative one means something, too.
    ("fencing-watchdog-timeout", Anything),
    ("stonith-watchdog-timeout", Anything),
    ("have-watchdog", Flag),
    ("concurrent-fencing", Flag),
    ("startup-fencing", Flag),
    ("fencing-reaction", OneOf(&["stop", "panic"])),
    ("fence-reaction", OneOf(&["stop", "panic"])),
    ("priority-fencing-delay", Length),
    ("fence-remote-without-quorum", Flag),
    ("node-pending-timeout", Length),
    ("cluster-delay", Length),
    ("cluster-recheck-interval", Length),
    ("transition-delay", Length),
    ("election-timeout", Length),
    ("shutdown-escalation", Length),
    ("join-integration-timeout", Length),
    ("join-finalization-timeout", Length),
    ("cluster-ipc-limit", Number),
    ("pe-error-series-max", Number),
    ("pe-warn-series-max", Number),
    ("pe-input-series-max", Number),
    ("enable-acl", Flag),
    ("placement-strategy", OneOf(&["default", "utilization", "minimal", "balanced"])),
    ("node-health-strategy", OneOf(&HEALTH)),
    ("node-health-base", Score),
    ("node-health-green", Score),
    ("node-health-yellow", Score),
    ("node-health-red", Score),
];

const HEALTH: [&str; 5] = ["none", "migrate-on-red", "only-green", "progressive", "custom"];
