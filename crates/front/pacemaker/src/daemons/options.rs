//! The options, by daemon: facts that clients ask for. The words are ours.

/// What values an option has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Boolean,
    Duration,
    Integer,
    Percentage,
    Text,
    Select(&'static [&'static str]),
}

impl Kind {
    /// As agents' metadata says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Duration => "time",
            Self::Integer => "integer",
            Self::Percentage => "percentage",
            Self::Text => "string",
            Self::Select(_) => "select",
        }
    }
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Option<&'static str>,
    pub(crate) words: &'static str,
    /// For who knows what he does.
    pub(crate) advanced: bool,
}

const fn plain(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter { name, kind, default: Some(default), words, advanced: false }
}

const fn advanced(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter { advanced: true, ..plain(name, kind, default, words) }
}

/// The cluster sets it.
const fn generated(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    words: &'static str,
) -> Parameter {
    Parameter { default, ..plain(name, kind, "", words) }
}

/// Access to the document.
pub(crate) const BASED: [Parameter; 2] = [
    plain(
        "enable-acl",
        Kind::Boolean,
        "false",
        "Whether access to the document follows its rules for users (ACLs)",
    ),
    plain("cluster-ipc-limit", Kind::Integer, "500", "Not used any more"),
];

/// How the cluster forms and acts.
pub(crate) const CONTROLD: [Parameter; 15] = [
    generated("dc-version", Kind::Text, None, "Software of the node that plans"),
    generated(
        "cluster-infrastructure",
        Kind::Text,
        Some("corosync"),
        "What the nodes talk through",
    ),
    Parameter {
        default: None,
        ..plain(
            "cluster-name",
            Kind::Text,
            "",
            "A name for the cluster, which rules may ask for as #cluster-name",
        )
    },
    plain(
        "dc-deadtime",
        Kind::Duration,
        "20s",
        "How long nodes wait for the others when they start",
    ),
    plain(
        "cluster-recheck-interval",
        Kind::Duration,
        "15min",
        "How often the cluster looks for something to do although nothing happened; 0 for never",
    ),
    plain(
        "load-threshold",
        Kind::Percentage,
        "80%",
        "How busy a node may be before recovery slows down",
    ),
    plain(
        "node-action-limit",
        Kind::Integer,
        "0",
        "How many actions may run on a node at once; 0 for twice its processors",
    ),
    plain(
        "fencing-reaction",
        Kind::Select(&["stop", "panic"]),
        "stop",
        "What a node does that learns of its own fencing: stop the cluster, or panic",
    ),
    advanced(
        "election-timeout",
        Kind::Duration,
        "2min",
        "How long it may take to agree on who plans",
    ),
    advanced(
        "shutdown-escalation",
        Kind::Duration,
        "20min",
        "How long a node may take to leave before it exits anyway",
    ),
    advanced(
        "join-integration-timeout",
        Kind::Duration,
        "3min",
        "How long nodes may take to ask to join",
    ),
    advanced(
        "join-finalization-timeout",
        Kind::Duration,
        "30min",
        "How long nodes may take to have joined",
    ),
    advanced(
        "transition-delay",
        Kind::Duration,
        "0s",
        "How long to wait for further events before acting",
    ),
    plain(
        "fencing-watchdog-timeout",
        Kind::Duration,
        "0",
        "After how long a lost node counts as off because its watchdog fired; 0 if nodes have none to rely on, less than 0 for twice the watchdog's own time",
    ),
    plain(
        "fencing-max-attempts",
        Kind::Integer,
        "10",
        "How often fencing of a node may fail before it is no longer tried at once",
    ),
];

/// What every fence device understands.
pub(crate) const FENCED: [Parameter; 25] = [
    advanced(
        "pcmk_host_argument",
        Kind::Text,
        "port",
        "The parameter that names the node to the agent; none for no such parameter",
    ),
    plain("pcmk_host_map", Kind::Text, "", "How the device calls nodes: node1:1;node2:2,3"),
    plain("pcmk_host_list", Kind::Text, "", "The nodes that the device can fence"),
    plain(
        "pcmk_host_check",
        Kind::Select(&["dynamic-list", "static-list", "status", "none"]),
        "dynamic-list",
        "How to find out which nodes the device can fence: ask it for a list, take pcmk_host_list, ask it for each node, or believe that it can fence all",
    ),
    plain("pcmk_delay_max", Kind::Duration, "0s", "Wait before fencing, up to so long at random"),
    plain(
        "pcmk_delay_base",
        Kind::Text,
        "0s",
        "Wait before fencing; a time, or one for each node: node1:1s;node2:5",
    ),
    plain(
        "pcmk_action_limit",
        Kind::Integer,
        "1",
        "How many actions may use the device at once; -1 for no limit",
    ),
    advanced("pcmk_reboot_action", Kind::Text, "reboot", "The agent's word for reboot"),
    advanced(
        "pcmk_reboot_timeout",
        Kind::Duration,
        "60s",
        "How long reboot may take with this device",
    ),
    advanced(
        "pcmk_reboot_retries",
        Kind::Integer,
        "2",
        "How often reboot is tried within its time",
    ),
    advanced("pcmk_off_action", Kind::Text, "off", "The agent's word for off"),
    advanced("pcmk_off_timeout", Kind::Duration, "60s", "How long off may take with this device"),
    advanced("pcmk_off_retries", Kind::Integer, "2", "How often off is tried within its time"),
    advanced("pcmk_on_action", Kind::Text, "on", "The agent's word for on"),
    advanced("pcmk_on_timeout", Kind::Duration, "60s", "How long on may take with this device"),
    advanced("pcmk_on_retries", Kind::Integer, "2", "How often on is tried within its time"),
    advanced("pcmk_list_action", Kind::Text, "list", "The agent's word for list"),
    advanced("pcmk_list_timeout", Kind::Duration, "60s", "How long list may take with this device"),
    advanced("pcmk_list_retries", Kind::Integer, "2", "How often list is tried within its time"),
    advanced("pcmk_monitor_action", Kind::Text, "monitor", "The agent's word for monitor"),
    advanced(
        "pcmk_monitor_timeout",
        Kind::Duration,
        "60s",
        "How long monitor may take with this device",
    ),
    advanced(
        "pcmk_monitor_retries",
        Kind::Integer,
        "2",
        "How often monitor is tried within its time",
    ),
    advanced("pcmk_status_action", Kind::Text, "status", "The agent's word for status"),
    advanced(
        "pcmk_status_timeout",
        Kind::Duration,
        "60s",
        "How long status may take with this device",
    ),
    advanced(
        "pcmk_status_retries",
        Kind::Integer,
        "2",
        "How often status is tried within its time",
    ),
];

/// What the cluster decides.
pub(crate) const SCHEDULERD: [Parameter; 32] = [
    plain(
        "no-quorum-policy",
        Kind::Select(&["stop", "freeze", "ignore", "demote", "fence", "suicide"]),
        "stop",
        "What to do without quorum",
    ),
    plain(
        "shutdown-lock",
        Kind::Boolean,
        "false",
        "Whether resources wait for a node that was shut down cleanly, instead of moving",
    ),
    plain("shutdown-lock-limit", Kind::Duration, "0", "How long they wait at most; 0 for no limit"),
    plain(
        "symmetric-cluster",
        Kind::Boolean,
        "true",
        "Whether resources may run anywhere unless constraints say otherwise",
    ),
    plain(
        "maintenance-mode",
        Kind::Boolean,
        "false",
        "Whether the cluster leaves all resources alone",
    ),
    plain(
        "start-failure-is-fatal",
        Kind::Boolean,
        "true",
        "Whether a resource that did not start on a node may not run there any more; if not, its migration-threshold counts",
    ),
    plain(
        "enable-startup-probes",
        Kind::Boolean,
        "true",
        "Whether to find out what runs on a node that joins",
    ),
    advanced(
        "fence-remote-without-quorum",
        Kind::Boolean,
        "false",
        "Whether remote nodes may be fenced without quorum",
    ),
    advanced(
        "fencing-enabled",
        Kind::Boolean,
        "true",
        "Whether nodes may be fenced. Without fencing, a lost node is taken to run nothing, and what it ran may run twice",
    ),
    plain(
        "fencing-action",
        Kind::Select(&["reboot", "off", "poweroff"]),
        "reboot",
        "What a fence device is to do with a node",
    ),
    plain(
        "fencing-timeout",
        Kind::Duration,
        "60s",
        "How long fencing may take, unless its device says otherwise",
    ),
    generated(
        "have-watchdog",
        Kind::Boolean,
        Some("false"),
        "Whether watchdogs fence; set by the cluster",
    ),
    plain(
        "concurrent-fencing",
        Kind::Boolean,
        "true",
        "Whether several nodes may be fenced at the same time",
    ),
    advanced(
        "startup-fencing",
        Kind::Boolean,
        "true",
        "Whether nodes are fenced that were never seen. If not, what they run may run twice",
    ),
    plain(
        "priority-fencing-delay",
        Kind::Duration,
        "0",
        "How long fencing waits whose target runs what matters most, when the votes are not on this side",
    ),
    plain(
        "node-pending-timeout",
        Kind::Duration,
        "0",
        "After how long a node is fenced that does not finish joining; 0 for never",
    ),
    plain("cluster-delay", Kind::Duration, "60s", "How long a message between nodes may take"),
    plain(
        "batch-limit",
        Kind::Integer,
        "0",
        "How many actions may run in the cluster at once; 0 for as many as its load allows",
    ),
    plain(
        "migration-limit",
        Kind::Integer,
        "-1",
        "How many live moves a node may take part in at once; -1 for no limit",
    ),
    plain("stop-all-resources", Kind::Boolean, "false", "Whether to stop all resources"),
    plain(
        "stop-removed-resources",
        Kind::Boolean,
        "true",
        "Whether to stop resources that are no longer configured",
    ),
    plain(
        "cancel-removed-actions",
        Kind::Boolean,
        "true",
        "Whether to cancel monitors that are no longer configured",
    ),
    advanced("remove-after-stop", Kind::Boolean, "false", "Not used any more"),
    plain(
        "pe-error-series-max",
        Kind::Integer,
        "-1",
        "How many plans with errors to keep; -1 for all",
    ),
    plain(
        "pe-warn-series-max",
        Kind::Integer,
        "5000",
        "How many plans with warnings to keep; -1 for all",
    ),
    plain(
        "pe-input-series-max",
        Kind::Integer,
        "4000",
        "How many plans without either to keep; -1 for all",
    ),
    plain(
        "node-health-strategy",
        Kind::Select(&["none", "migrate-on-red", "only-green", "progressive", "custom"]),
        "none",
        "What attributes that begin with #health mean for resources",
    ),
    plain(
        "node-health-base",
        Kind::Integer,
        "0",
        "With the strategy progressive: the score that every node begins with",
    ),
    plain(
        "node-health-green",
        Kind::Integer,
        "0",
        "With progressive or custom: the score for green",
    ),
    plain(
        "node-health-yellow",
        Kind::Integer,
        "0",
        "With progressive or custom: the score for yellow",
    ),
    plain(
        "node-health-red",
        Kind::Integer,
        "-INFINITY",
        "With progressive or custom: the score for red",
    ),
    plain(
        "placement-strategy",
        Kind::Select(&["default", "utilization", "minimal", "balanced"]),
        "default",
        "How the room on nodes counts",
    ),
];
