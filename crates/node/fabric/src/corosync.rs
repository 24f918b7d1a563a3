//! The fabric between machines: Corosync.
//!
//! Totem, knet, encryption and the counting of votes are Corosync's work. This adds what it does not
//! give: one name for each membership, found by all alike (`agreement`); payloads of any size up to
//! the fabric's limit (`queue`, `assembly`); bounded memory, and leaving out who does not keep up
//! (`vitals`).
//!
//! While Corosync is away the node is alone: it goes through a membership of itself, without quorum,
//! in which it hears what it says, and keeps trying to come back.
//!
//! **Always:** what is broadcast is delivered to its sender once. A payload that was not delivered
//! before a membership ended is void for all, and its sender sends it again in the next.
//!
//! Field words: *libcpg*, *libquorum*, *votequorum*.

mod agreement;
mod assembly;
mod calls;
mod carry;
mod conditions;
mod configuration;
mod counted;
mod keys;
mod link;
mod message;
mod queue;
mod reloads;
mod session;
mod vitals;
mod voter;

use std::time::Duration;

use model::NodeId;

use crate::Fabric;

pub use conditions::{Conditions, Device, Link, Looks, conditions};
pub use configuration::{Nodelist, NodelistError, nodelist};
pub use reloads::Reloads;

/// A member that takes nothing for so long is left out, unless the configuration says otherwise.
pub const STALL_DEFAULT: Duration = Duration::from_secs(5);

/// How a node takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The same number as in `corosync.conf`.
    pub node: NodeId,
    /// A member that takes nothing for so long is left out.
    pub stall: Duration,
}

/// Joins, and keeps trying for as long as the [`Fabric`] lives. Must be called in a tokio runtime.
pub fn join(member: Member) -> Fabric {
    Fabric::start(move |ends| carry::carry(member, ends))
}
