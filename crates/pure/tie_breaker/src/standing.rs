//! How many of all votes a membership has.

use std::collections::{BTreeMap, BTreeSet};

use model::NodeId;

/// A membership against all that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No other membership has as many.
    More,
    /// Another may have as many.
    Half,
    Less,
}

impl Standing {
    /// Of `members`, when each node has these votes. Strangers have none.
    pub fn of(members: &BTreeSet<NodeId>, votes: &BTreeMap<NodeId, u32>) -> Self {
        let all: u64 = votes.values().copied().map(u64::from).sum();
        let here = members.iter().filter_map(|node| votes.get(node));
        let here: u64 = here.copied().map(u64::from).sum();
        match (here * 2).cmp(&all) {
            std::cmp::Ordering::Greater => Self::More,
            // Of no votes at all nobody has half.
            std::cmp::Ordering::Equal if here > 0 => Self::Half,
            std::cmp::Ordering::Equal | std::cmp::Ordering::Less => Self::Less,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_exact() {
        let four: BTreeMap<NodeId, u32> = (1..=4).map(|node| (NodeId(node), 1)).collect();
        let of = |nodes: &[u32]| Standing::of(&nodes.iter().copied().map(NodeId).collect(), &four);
        assert_eq!(of(&[1, 2, 3]), Standing::More);
        assert_eq!(of(&[1, 4]), Standing::Half);
        assert_eq!(of(&[1, 9]), Standing::Less);
        assert_eq!(Standing::of(&BTreeSet::new(), &BTreeMap::new()), Standing::Less);
    }
}
