//! How many of those who count a membership has.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::NodeId;

/// A membership against all who count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// No other membership has as many.
    More,
    /// Another may have as many.
    Half,
    Less,
}

impl Standing {
    /// Of the nodes `here`, when more than half of each of these sets are needed: of the one of which they are fewest.
    /// An empty set asks for nobody.
    pub fn of_sets<'s>(
        here: &BTreeSet<NodeId>,
        sets: impl IntoIterator<Item = &'s BTreeSet<NodeId>>,
    ) -> Self {
        let of = |set: &BTreeSet<NodeId>| {
            let present = set.intersection(here).count();
            match (present * 2).cmp(&set.len()) {
                _ if set.is_empty() => Self::More,
                Ordering::Greater => Self::More,
                Ordering::Equal => Self::Half,
                Ordering::Less => Self::Less,
            }
        };
        sets.into_iter().map(of).max().unwrap_or(Self::More)
    }

    /// Of `members`, when each node has these votes. Strangers have none.
    pub fn of(members: &BTreeSet<NodeId>, votes: &BTreeMap<NodeId, u32>) -> Self {
        let all: u64 = votes.values().copied().map(u64::from).sum();
        let here = members.iter().filter_map(|node| votes.get(node));
        let here: u64 = here.copied().map(u64::from).sum();
        match (here * 2).cmp(&all) {
            Ordering::Greater => Self::More,
            // Of no votes at all nobody has half.
            Ordering::Equal if here > 0 => Self::Half,
            Ordering::Equal | Ordering::Less => Self::Less,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_of_which_fewest_are_here_counts() {
        let set = |nodes: &[u32]| nodes.iter().copied().map(NodeId).collect::<BTreeSet<_>>();
        let (four, two) = (set(&[1, 2, 3, 4]), set(&[1, 2]));
        let of = |nodes: &[u32], sets: &[&BTreeSet<NodeId>]| {
            Standing::of_sets(&set(nodes), sets.iter().copied())
        };
        assert_eq!(of(&[1], &[&two]), Standing::Half);
        assert_eq!(of(&[1], &[&two, &four]), Standing::Less);
        assert_eq!(of(&[1, 2], &[&two, &four]), Standing::Half);
        assert_eq!(of(&[1, 2, 9], &[&two]), Standing::More);
        assert_eq!(of(&[9], &[&set(&[])]), Standing::More);
    }

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
