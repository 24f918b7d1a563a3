//! What a look at the disk says of the lease.

use std::collections::BTreeMap;

use model::NodeId;

/// Who took the lease last, as the disk has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its host id, which is the node's number.
    pub node: NodeId,
    /// In which of its lives: each start of its lease manager is a new one.
    pub generation: u64,
}

/// A node, as it shows on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    pub generation: u64,
    pub state: HostState,
}

/// Source: `sanlock client gets -h 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// It renews what shows that it lives.
    Live,
    /// It has not renewed for so long that it lets go of everything, and may not have yet.
    Fail,
    /// It has not renewed for so long that it must have.
    Dead,
    /// It left.
    Free,
    /// It has not been watched for long enough.
    Unknown,
}

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// This node's lease manager renews on the disk.
    pub joined: bool,
    /// This node's lease manager holds the lease, and is not about to give it back.
    pub held_here: bool,
    /// `None` when nobody has it.
    pub owner: Option<Owner>,
    pub hosts: BTreeMap<NodeId, Host>,
}

/// Who holds the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// It may be taken.
    Nobody,
    /// It holds it, and will until well after this look.
    Held(NodeId),
    /// Nobody can say.
    Unsure,
}

impl Seen {
    /// As `own` has to judge it.
    pub fn holder(&self, own: NodeId) -> Holder {
        let Some(owner) = self.owner.filter(|_| self.joined) else {
            return if self.joined { Holder::Nobody } else { Holder::Unsure };
        };
        if owner.node == own {
            // Its own lease manager knows. What it does not, was of an earlier life.
            return if self.held_here { Holder::Held(own) } else { Holder::Nobody };
        }
        let Some(host) = self.hosts.get(&owner.node) else { return Holder::Unsure };
        match host.state {
            HostState::Dead | HostState::Free => Holder::Nobody,
            HostState::Live if host.generation == owner.generation => Holder::Held(owner.node),
            HostState::Live if host.generation > owner.generation => Holder::Nobody,
            HostState::Live | HostState::Fail | HostState::Unknown => Holder::Unsure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(owner: Option<(u32, u64)>, state: HostState) -> Seen {
        let owner = owner.map(|(node, generation)| Owner { node: NodeId(node), generation });
        let hosts = BTreeMap::from([(NodeId(2), Host { generation: 5, state })]);
        Seen { joined: true, held_here: false, owner, hosts }
    }

    #[test]
    fn a_holder_lives_in_the_life_in_which_it_took_the_lease() {
        use HostState::{Dead, Fail, Free, Live, Unknown};
        for (owner, state, holder) in [
            (None, Live, Holder::Nobody),
            (Some((2, 5)), Live, Holder::Held(NodeId(2))),
            (Some((2, 4)), Live, Holder::Nobody),
            (Some((2, 6)), Live, Holder::Unsure),
            (Some((2, 5)), Fail, Holder::Unsure),
            (Some((2, 5)), Unknown, Holder::Unsure),
            (Some((2, 5)), Dead, Holder::Nobody),
            (Some((2, 5)), Free, Holder::Nobody),
            (Some((3, 5)), Live, Holder::Unsure),
            (Some((1, 5)), Live, Holder::Nobody),
        ] {
            assert_eq!(seen(owner, state).holder(NodeId(1)), holder, "{owner:?} {state:?}");
        }
        let own = Seen { held_here: true, ..seen(Some((1, 5)), Live) };
        assert_eq!(own.holder(NodeId(1)), Holder::Held(NodeId(1)));
        let apart = Seen { joined: false, ..seen(None, Live) };
        assert_eq!(apart.holder(NodeId(1)), Holder::Unsure);
    }
}
