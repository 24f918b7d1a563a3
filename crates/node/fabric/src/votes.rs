//! The votes that nodes have, and when they are enough.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::{NodeId, Quorum};

/// The configured votes of every node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    of: BTreeMap<NodeId, u32>,
    /// Of two halves one has quorum, by the one vote of a device, and no rule gives it to anybody else.
    has_device: bool,
}

impl Votes {
    /// Votes as configured; a node named twice has its last number.
    pub fn new(votes: impl IntoIterator<Item = (NodeId, u32)>) -> Self {
        Self { of: votes.into_iter().collect(), has_device: false }
    }

    /// One vote for each node.
    pub fn one_each(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self::new(nodes.into_iter().map(|node| (node, 1)))
    }

    /// The same with a device that has one vote.
    pub fn with_device(self) -> Self {
        Self { has_device: true, ..self }
    }

    /// The same, where it is not known whether a device votes.
    pub fn without_device(self) -> Self {
        Self { has_device: false, ..self }
    }

    /// All nodes' together.
    pub fn sum(&self) -> u64 {
        self.of.values().copied().map(u64::from).sum()
    }

    /// A node's; none of a stranger.
    pub fn of(&self, node: NodeId) -> u32 {
        self.of.get(&node).copied().unwrap_or(0)
    }

    /// What `members` have: a majority, or nothing; or what a device may make of a half. Two disjoint sets of
    /// members never both have a majority, nor one of them while the device votes for the other.
    pub fn quorum(&self, members: &[NodeId]) -> Quorum {
        match self.against_the_rest(members) {
            Ordering::Greater => Quorum::Majority,
            Ordering::Equal if self.has_device => Quorum::ByDevice,
            Ordering::Equal | Ordering::Less => Quorum::No,
        }
    }

    /// Whether they have exactly half, so that something else decides.
    pub fn are_halved_by(&self, members: &[NodeId]) -> bool {
        self.against_the_rest(members) == Ordering::Equal
    }

    fn against_the_rest(&self, members: &[NodeId]) -> Ordering {
        let here = |(node, _): &(&NodeId, &u32)| members.contains(node);
        let present: u64 = self.of.iter().filter(here).map(|(_, votes)| u64::from(*votes)).sum();
        let all = self.sum();
        if all == 0 { Ordering::Less } else { present.saturating_mul(2).cmp(&all) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_is_enough_and_half_is_not() {
        let four = Votes::one_each((1..=4).map(NodeId));
        assert_eq!(four.quorum(&[1, 2, 3].map(NodeId)), Quorum::Majority);
        assert_eq!(four.quorum(&[1, 2].map(NodeId)), Quorum::No);
        assert_eq!(four.quorum(&[]), Quorum::No);
    }

    #[test]
    fn half_is_enough_with_a_device_s_vote() {
        let four = Votes::one_each((1..=4).map(NodeId)).with_device();
        assert_eq!(four.quorum(&[1, 2, 3].map(NodeId)), Quorum::Majority);
        assert_eq!(four.quorum(&[1, 2].map(NodeId)), Quorum::ByDevice);
        assert_eq!(four.quorum(&[NodeId(1)]), Quorum::No);
        assert_eq!(Votes::default().with_device().quorum(&[]), Quorum::No);
    }

    #[test]
    fn votes_weigh() {
        let votes = Votes::new([(NodeId(1), 3), (NodeId(2), 1), (NodeId(3), 1)]);
        assert_eq!(votes.quorum(&[NodeId(1)]), Quorum::Majority);
        assert_eq!(votes.quorum(&[NodeId(2), NodeId(3)]), Quorum::No);
    }

    #[test]
    fn strangers_have_no_votes() {
        let votes = Votes::one_each([NodeId(1), NodeId(2), NodeId(3)]);
        assert_eq!(votes.quorum(&[NodeId(1), NodeId(7), NodeId(8)]), Quorum::No);
    }
}
