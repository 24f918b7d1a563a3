//! What a bed is to be like.

use serde::{Deserialize, Serialize};

/// A bed's size and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Nodes, numbered from 1 and called `n1`, `n2`, ...
    pub nodes: u32,
    /// Links of each node, each on a bridge of its own.
    pub links: u32,
    /// Cards of each node that have no address, after those of the links and on the wire of the first.
    pub standby_cards: u32,
    /// Corosync's token timeout in milliseconds; `None` for its default.
    pub token_ms: Option<u32>,
    /// More lines for the totem section.
    pub totem: Vec<String>,
    /// Lines for the quorum section.
    pub quorum: Vec<String>,
    /// What a node runs when its power comes on: words for a shell, with the node's name in
    /// `$NODE`, the bed's directory in `$BED` and the node's own in `$OWN`. What it says goes to
    /// `boot.log` there.
    pub boot: Option<String>,
    /// How long a machine needs from its power to what it boots, when a [`Keeper`](crate::Keeper)
    /// switches it on again for a fence agent.
    pub boot_ms: u32,
    /// The size in megabytes of a disk of its own for what Quorate keeps; `None` for room without
    /// end.
    pub disk: Option<u32>,
    /// How long it lives.
    pub life: Life,
    /// What a node's first process is.
    pub init: Init,
}

/// The first process of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Init {
    /// One that does nothing: what the plan says to boot is all that runs.
    Idle,
    /// systemd, with none of the machine's units enabled. What the plan says to boot runs beside it.
    Systemd,
}

/// How long a bed lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// Until the thread that started it ends, however it ends.
    WithThread,
    /// Until it is taken down.
    UntilDown,
}

impl Plan {
    /// One link each and Corosync's defaults.
    pub fn of(nodes: u32) -> Self {
        Self {
            nodes,
            links: 1,
            standby_cards: 0,
            token_ms: None,
            totem: Vec::new(),
            quorum: Vec::new(),
            boot: None,
            boot_ms: 0,
            disk: None,
            life: Life::UntilDown,
            init: Init::Idle,
        }
    }

    /// The nodes' numbers.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        1..=self.nodes
    }

    /// A node's cards, by number, and the link on whose wire each is.
    pub(crate) fn cards(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let links = self.links;
        (0..links + self.standby_cards).map(move |card| (card, if card < links { card } else { 0 }))
    }
}

/// A node's address on a link.
pub fn address(link: u32, node: u32) -> String {
    format!("10.77.{link}.{node}")
}
