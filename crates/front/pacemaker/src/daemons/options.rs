//! The options: facts that clients ask for. The words are ours.

mod cluster;

pub(crate) use cluster::{CLUSTER, Part};

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
    /// It is there, and not to be used any more.
    pub(crate) unwanted: bool,
    /// The cluster sets it.
    pub(crate) generated: bool,
}

const fn plain(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        default: Some(default),
        words,
        advanced: false,
        unwanted: false,
        generated: false,
    }
}

const fn advanced(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter { advanced: true, ..plain(name, kind, default, words) }
}

/// What it is without being set depends on other things.
const fn unset(name: &'static str, kind: Kind, words: &'static str) -> Parameter {
    Parameter { default: None, ..plain(name, kind, "", words) }
}

/// What every fence device understands.
pub(crate) const FENCED: [Parameter; 25] = [
    Parameter {
        advanced: true,
        ..unset(
            "pcmk_host_argument",
            Kind::Text,
            "The parameter that names the node to the agent, port if it has it; none for no such parameter",
        )
    },
    unset("pcmk_host_map", Kind::Text, "How the device calls nodes: node1:1;node2:2,3"),
    unset("pcmk_host_list", Kind::Text, "The nodes that the device can fence"),
    unset(
        "pcmk_host_check",
        Kind::Select(&["dynamic-list", "static-list", "status", "none"]),
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
