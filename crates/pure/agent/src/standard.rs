//! The kinds of agent that are known.

use std::fmt;

/// How an agent is called and answers. Field word: Pacemaker *class* or *standard*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standard {
    /// Open Cluster Framework resource agents, API 1.0 and 1.1.
    Ocf,
    /// Init scripts, by the Linux Standard Base.
    Lsb,
    /// A systemd unit if there is one of that name, else an init script.
    Service,
    /// Units of the service manager, over D-Bus.
    Systemd,
    /// Scripts of Heartbeat's first resource manager: parameters are arguments.
    Heartbeat,
    /// Fence agents. Field word: Pacemaker *stonith*.
    Fence,
}

impl Standard {
    /// Reads the document's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ocf" => Some(Self::Ocf),
            "lsb" => Some(Self::Lsb),
            "service" => Some(Self::Service),
            "systemd" => Some(Self::Systemd),
            "heartbeat" => Some(Self::Heartbeat),
            "stonith" => Some(Self::Fence),
            _ => None,
        }
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ocf => "ocf",
            Self::Lsb => "lsb",
            Self::Service => "service",
            Self::Systemd => "systemd",
            Self::Heartbeat => "heartbeat",
            Self::Fence => "stonith",
        })
    }
}
