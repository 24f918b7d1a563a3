//! What one copy of a resource is doing.

use std::fmt;

/// A resource's role on a node, in the order of Pacemaker's numbers: later is more active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Not known: nothing was recorded or wished.
    #[default]
    Unknown,
    /// Not running.
    Stopped,
    /// Running; for a promotable resource the same as `Unpromoted`.
    Started,
    /// Running in the lesser role. Old word: *Slave*.
    Unpromoted,
    /// Running in the special role. Old word: *Master*.
    Promoted,
}

impl Role {
    /// Reads a current or old word, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "stopped" => Some(Self::Stopped),
            "started" => Some(Self::Started),
            "unpromoted" | "slave" => Some(Self::Unpromoted),
            "promoted" | "master" => Some(Self::Promoted),
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "Unknown",
            Self::Stopped => "Stopped",
            Self::Started => "Started",
            Self::Unpromoted => "Unpromoted",
            Self::Promoted => "Promoted",
        })
    }
}
