//! The votes that nodes have, and when they are enough.

use std::collections::BTreeMap;

use model::{NodeId, Quorum};

/// The configured votes of every node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes(BTreeMap<NodeId, u32>);

impl Votes {
    /// Votes as configured; a node named twice has its last number.
    pub fn new(votes: impl IntoIterator<Item = (NodeId, u32)>) -> Self {
        Self(votes.into_iter().collect())
    }

    /// One vote for each node.
    pub fn one_each(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self::new(nodes.into_iter().map(|node| (node, 1)))
    }

    /// A node's; none of a stranger.
    pub fn of(&self, node: NodeId) -> u32 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    /// What `members` have: a majority, or nothing. Two disjoint sets of members never both have
    /// one.
    pub fn quorum(&self, members: &[NodeId]) -> Quorum {
        let all: u64 = self.0.values().copied().map(u64::from).sum();
        let here = |(node, _): &(&NodeId, &u32)| members.contains(node);
        let present: u64 = self.0.iter().filter(here).map(|(_, votes)| u64::from(*votes)).sum();
        if present * 2 > all { Quorum::Majority } else { Quorum::No }
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
