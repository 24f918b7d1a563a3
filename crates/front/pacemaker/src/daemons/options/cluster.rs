//! The cluster's options.

use super::{Kind, Parameter, advanced, plain, unset};

/// Which part of the cluster an option is for: clients ask Pacemaker's daemons for theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Who may see and change the document.
    Document,
    /// How the cluster forms and acts.
    Controller,
    /// What it decides.
    Scheduler,
}

const fn unwanted(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter { unwanted: true, ..plain(name, kind, default, words) }
}

const fn generated(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    words: &'static str,
) -> Parameter {
    Parameter { default, generated: true, ..unset(name, kind, words) }
}

/// All of them, in the order in which Pacemaker lists them.
pub(crate) const CLUSTER: [(Part, Parameter); 48] = [
    (
        Part::Controller,
        generated("dc-version", Kind::Text, None, "Software of the node that plans"),
    ),
    (
        Part::Controller,
        generated("cluster-infrastructure", Kind::Text, None, "What the nodes talk through"),
    ),
    (
        Part::Controller,
        unset(
            "cluster-name",
            Kind::Text,
            "A name for the cluster, which rules may ask for as #cluster-name",
        ),
    ),
    (
        Part::Controller,
        plain(
            "dc-deadtime",
            Kind::Duration,
            "20s",
            "How long nodes wait for the others when they start",
        ),
    ),
    (
        Part::Controller,
        plain(
            "cluster-recheck-interval",
            Kind::Duration,
            "15min",
            "How often the cluster looks for something to do although nothing happened; 0 for never",
        ),
    ),
    (
        Part::Controller,
        advanced(
            "election-timeout",
            Kind::Duration,
            "2min",
            "How long it may take to agree on who plans",
        ),
    ),
    (
        Part::Controller,
        advanced(
            "shutdown-escalation",
            Kind::Duration,
            "20min",
            "How long a node may take to leave before it exits anyway",
        ),
    ),
    (
        Part::Controller,
        advanced(
            "join-integration-timeout",
            Kind::Duration,
            "3min",
            "How long nodes may take to ask to join",
        ),
    ),
    (
        Part::Controller,
        advanced(
            "join-finalization-timeout",
            Kind::Duration,
            "30min",
            "How long nodes may take to have joined",
        ),
    ),
    (
        Part::Controller,
        advanced(
            "transition-delay",
            Kind::Duration,
            "0s",
            "How long to wait for further events before acting",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "no-quorum-policy",
            Kind::Select(&["stop", "freeze", "ignore", "demote", "fence", "suicide"]),
            "stop",
            "What to do without quorum",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "shutdown-lock",
            Kind::Boolean,
            "false",
            "Whether resources wait for a node that was shut down cleanly, instead of moving",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "shutdown-lock-limit",
            Kind::Duration,
            "0",
            "How long they wait at most; 0 for no limit",
        ),
    ),
    (
        Part::Document,
        plain(
            "enable-acl",
            Kind::Boolean,
            "false",
            "Whether access to the document follows its rules for users (ACLs)",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "symmetric-cluster",
            Kind::Boolean,
            "true",
            "Whether resources may run anywhere unless constraints say otherwise",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "maintenance-mode",
            Kind::Boolean,
            "false",
            "Whether the cluster leaves all resources alone",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "start-failure-is-fatal",
            Kind::Boolean,
            "true",
            "Whether a resource that did not start on a node may not run there any more; if not, its migration-threshold counts",
        ),
    ),
    (
        Part::Scheduler,
        unwanted(
            "enable-startup-probes",
            Kind::Boolean,
            "true",
            "Whether to find out what runs on a node that joins",
        ),
    ),
    (
        Part::Scheduler,
        advanced(
            "fence-remote-without-quorum",
            Kind::Boolean,
            "false",
            "Whether remote nodes may be fenced without quorum",
        ),
    ),
    (
        Part::Scheduler,
        advanced(
            "fencing-enabled",
            Kind::Boolean,
            "true",
            "Whether nodes may be fenced. Without fencing, a lost node is taken to run nothing, and what it ran may run twice",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "fencing-action",
            Kind::Select(&["reboot", "off"]),
            "reboot",
            "What a fence device is to do with a node",
        ),
    ),
    (
        Part::Controller,
        plain(
            "fencing-reaction",
            Kind::Select(&["stop", "panic"]),
            "stop",
            "What a node does that learns of its own fencing: stop the cluster, or panic",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "fencing-timeout",
            Kind::Duration,
            "60s",
            "How long fencing may take, unless its device says otherwise",
        ),
    ),
    (
        Part::Scheduler,
        generated(
            "have-watchdog",
            Kind::Boolean,
            Some("false"),
            "Whether watchdogs fence; set by the cluster",
        ),
    ),
    (
        Part::Controller,
        plain(
            "fencing-watchdog-timeout",
            Kind::Duration,
            "0",
            "After how long a lost node counts as off because its watchdog fired; 0 if nodes have none to rely on, less than 0 for twice the watchdog's own time",
        ),
    ),
    (
        Part::Controller,
        plain(
            "fencing-max-attempts",
            Kind::Integer,
            "10",
            "How often fencing of a node may fail before it is no longer tried at once",
        ),
    ),
    (
        Part::Scheduler,
        unwanted(
            "concurrent-fencing",
            Kind::Boolean,
            "true",
            "Whether several nodes may be fenced at the same time",
        ),
    ),
    (
        Part::Scheduler,
        advanced(
            "startup-fencing",
            Kind::Boolean,
            "true",
            "Whether nodes are fenced that were never seen. If not, what they run may run twice",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "priority-fencing-delay",
            Kind::Duration,
            "0",
            "How long fencing waits whose target runs what matters most, when the votes are not on this side",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-pending-timeout",
            Kind::Duration,
            "0",
            "After how long a node is fenced that does not finish joining; 0 for never",
        ),
    ),
    (
        Part::Scheduler,
        plain("cluster-delay", Kind::Duration, "60s", "How long a message between nodes may take"),
    ),
    (
        Part::Controller,
        plain(
            "load-threshold",
            Kind::Percentage,
            "80%",
            "How busy a node may be before recovery slows down",
        ),
    ),
    (
        Part::Controller,
        plain(
            "node-action-limit",
            Kind::Integer,
            "0",
            "How many actions may run on a node at once; 0 for twice its processors",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "batch-limit",
            Kind::Integer,
            "0",
            "How many actions may run in the cluster at once; 0 for as many as its load allows",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "migration-limit",
            Kind::Integer,
            "-1",
            "How many live moves a node may take part in at once; -1 for no limit",
        ),
    ),
    (
        Part::Document,
        Parameter {
            unwanted: true,
            ..unset("cluster-ipc-limit", Kind::Integer, "Not used any more")
        },
    ),
    (
        Part::Scheduler,
        plain("stop-all-resources", Kind::Boolean, "false", "Whether to stop all resources"),
    ),
    (
        Part::Scheduler,
        unwanted(
            "stop-removed-resources",
            Kind::Boolean,
            "true",
            "Whether to stop resources that are no longer configured",
        ),
    ),
    (
        Part::Scheduler,
        unwanted(
            "cancel-removed-actions",
            Kind::Boolean,
            "true",
            "Whether to cancel monitors that are no longer configured",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "pe-error-series-max",
            Kind::Integer,
            "-1",
            "How many plans with errors to keep; -1 for all",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "pe-warn-series-max",
            Kind::Integer,
            "5000",
            "How many plans with warnings to keep; -1 for all",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "pe-input-series-max",
            Kind::Integer,
            "4000",
            "How many plans without either to keep; -1 for all",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-health-strategy",
            Kind::Select(&["none", "migrate-on-red", "only-green", "progressive", "custom"]),
            "none",
            "What attributes that begin with #health mean for resources",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-health-base",
            Kind::Integer,
            "0",
            "With the strategy progressive: the score that every node begins with",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-health-green",
            Kind::Integer,
            "0",
            "With progressive or custom: the score for green",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-health-yellow",
            Kind::Integer,
            "0",
            "With progressive or custom: the score for yellow",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "node-health-red",
            Kind::Integer,
            "-INFINITY",
            "With progressive or custom: the score for red",
        ),
    ),
    (
        Part::Scheduler,
        plain(
            "placement-strategy",
            Kind::Select(&["default", "utilization", "minimal", "balanced"]),
            "default",
            "How the room on nodes counts",
        ),
    ),
];
