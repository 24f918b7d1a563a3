//! Who has quorum: the rules of Corosync's votequorum, as far as they change what a cluster may
//! believe of itself.
//!
//! A vote is a machine's, not a daemon's: Corosync goes on when the daemon dies. By some rules two
//! sides may have quorum at once, or a side has it that shares nobody with the one before it; only
//! fencing keeps such clusters whole.
//!
//! Source: votequorum(5), corosync-qdevice(8).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, Quorum, QuorumBy, Tick};

use crate::chance::Chance;
use crate::device::{self, Device};
use crate::lock::Lock;

/// How long a membership must have lasted before `last_man_standing` counts anew.
/// Source: `last_man_standing_window`'s default in votequorum(5).
const WINDOW: u64 = 10_000_000;

/// What decides beside the majority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// More than half of all machines.
    Majority,
    /// One of two is enough.
    TwoNode,
    /// More than half of those that were there lately.
    LastManStanding,
    /// Of two halves the one with the lowest number.
    TieBreaker,
    /// A device somewhere else votes for one side.
    Device,
    /// A lease on a disk that all reach does.
    Lock,
}

impl Rule {
    pub(crate) fn draw(chance: &mut Chance, nodes: u32) -> Self {
        let drawn = match nodes {
            2 => chance.pick(&[
                Self::Majority,
                Self::TwoNode,
                Self::TwoNode,
                Self::Device,
                Self::Lock,
                Self::Lock,
            ]),
            4 => chance.pick(&[
                Self::Majority,
                Self::TieBreaker,
                Self::Device,
                Self::Lock,
                Self::LastManStanding,
            ]),
            3 => chance.pick(&[Self::Majority, Self::Majority, Self::Majority, Self::Lock]),
            5 => chance.pick(&[Self::Majority, Self::LastManStanding, Self::Lock]),
            _ => None,
        };
        drawn.copied().unwrap_or(Self::Majority)
    }

    /// What the daemons know of it.
    pub(crate) fn quorum_by(self, machines: u32) -> QuorumBy {
        match self {
            Self::Majority => QuorumBy::Majority,
            Self::Device => QuorumBy::Device { outlasts: device::OUTLASTS },
            Self::Lock if machines > 2 => QuorumBy::PreviousOrLock,
            Self::Lock => QuorumBy::Device { outlasts: Duration::ZERO },
            Self::LastManStanding => QuorumBy::Previous,
            Self::TwoNode | Self::TieBreaker => QuorumBy::Rule,
        }
    }

    fn waits_for_all(self) -> bool {
        matches!(self, Self::TwoNode | Self::LastManStanding)
    }
}

/// What each machine's Corosync remembers while the machine has power.
#[derive(Clone, Debug)]
struct Memory {
    /// It has not seen all others yet.
    waits: bool,
    /// Votes that there are, as it believes.
    expected: usize,
    had_quorum: bool,
    /// The machines of the last membership, and since when.
    seen: usize,
    since: Tick,
}

#[derive(Debug)]
pub(crate) struct Votequorum {
    rule: Rule,
    machines: usize,
    memories: BTreeMap<NodeId, Memory>,
    pub(crate) lock: Lock,
    pub(crate) device: Device,
}

impl Votequorum {
    pub(crate) fn new(rule: Rule, machines: usize) -> Self {
        let lock = Lock::new(u32::try_from(machines).unwrap_or(0));
        Self { rule, machines, memories: BTreeMap::new(), lock, device: Device::new(machines) }
    }

    /// Whether those who had quorum last decide.
    pub(crate) fn counts_previous(&self) -> bool {
        self.rule.quorum_by(u32::try_from(self.machines).unwrap_or(0)).counts_previous()
    }

    pub(crate) fn power_lost(&mut self, node: NodeId) {
        self.memories.remove(&node);
        self.lock.power_lost(node);
        self.device.power_lost(node);
    }

    /// Whether `side`, machines with power that reach one another, has quorum. Not for [`Rule::Lock`] and [`Rule::Device`], whose judgement takes time.
    pub(crate) fn judge(&mut self, side: &BTreeSet<NodeId>, now: Tick) -> Quorum {
        let (waits, expected) = self.remember(side, now);
        let majority = side.len() * 2 > self.machines;
        let by_rule = match self.rule {
            Rule::Majority | Rule::Lock | Rule::Device => false,
            Rule::TwoNode => !side.is_empty(),
            Rule::LastManStanding => side.len() * 2 > expected,
            Rule::TieBreaker => side.len() * 2 == self.machines && side.contains(&NodeId(1)),
        };
        let verdict = match (waits, majority, by_rule) {
            (true, _, _) | (false, false, false) => Quorum::No,
            (false, true, _) if self.rule != Rule::TwoNode => Quorum::Majority,
            (false, true, _) => Quorum::ByRule,
            (false, false, true) => Quorum::ByRule,
        };
        for node in side {
            if let Some(memory) = self.memories.get_mut(node) {
                memory.had_quorum = verdict != Quorum::No;
            }
        }
        verdict
    }

    /// What the members know together: whether they still wait for all, and the votes that there
    /// are.
    fn remember(&mut self, side: &BTreeSet<NodeId>, now: Tick) -> (bool, usize) {
        let all = self.machines;
        let known = || side.iter().filter_map(|node| self.memories.get(node));
        let complete = side.len() == all;
        let waits = self.rule.waits_for_all()
            && !complete
            && !known().any(|memory| !memory.waits && memory.had_quorum);
        let counted = |memory: &Memory| {
            let lasted = now.0.saturating_sub(memory.since.0) >= WINDOW;
            // Not below two: the last one needs a tie-breaker, too.
            if memory.had_quorum && lasted { memory.seen.max(2) } else { memory.expected }
        };
        let fresh = side.iter().any(|node| !self.memories.contains_key(node));
        let expected = known().map(counted).max().filter(|_| !fresh).unwrap_or(all).max(side.len());
        for node in side {
            let before = self.memories.get(node);
            let same = before.filter(|memory| memory.seen == side.len());
            let since = same.map_or(now, |memory| memory.since);
            let memory = Memory { waits, expected, had_quorum: false, seen: side.len(), since };
            self.memories.insert(*node, memory);
        }
        (waits, expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(nodes: &[u32]) -> BTreeSet<NodeId> {
        nodes.iter().copied().map(NodeId).collect()
    }

    fn judge(quorum: &mut Votequorum, nodes: &[u32], second: u64) -> Quorum {
        quorum.judge(&side(nodes), Tick(second * 1_000_000))
    }

    #[test]
    fn one_of_two_waits_for_both_and_then_is_enough() {
        let mut quorum = Votequorum::new(Rule::TwoNode, 2);
        assert_eq!(judge(&mut quorum, &[1], 0), Quorum::No);
        assert_eq!(judge(&mut quorum, &[1, 2], 1), Quorum::ByRule);
        assert_eq!(judge(&mut quorum, &[1], 2), Quorum::ByRule);
        assert_eq!(judge(&mut quorum, &[2], 2), Quorum::ByRule);
        quorum.power_lost(NodeId(2));
        assert_eq!(judge(&mut quorum, &[2], 3), Quorum::No);
        assert_eq!(judge(&mut quorum, &[1, 2], 4), Quorum::ByRule);
    }

    #[test]
    fn the_last_ones_count_anew_after_the_window() {
        let mut quorum = Votequorum::new(Rule::LastManStanding, 5);
        assert_eq!(judge(&mut quorum, &[1, 2, 3, 4, 5], 0), Quorum::Majority);
        assert_eq!(judge(&mut quorum, &[1, 2, 3], 1), Quorum::Majority);
        assert_eq!(judge(&mut quorum, &[1, 2], 5), Quorum::No);
        assert_eq!(judge(&mut quorum, &[1, 2, 3], 6), Quorum::Majority);
        assert_eq!(judge(&mut quorum, &[1, 2], 20), Quorum::ByRule);
    }

    #[test]
    fn halves_are_told_apart() {
        let mut ties = Votequorum::new(Rule::TieBreaker, 4);
        assert_eq!(judge(&mut ties, &[1, 4], 0), Quorum::ByRule);
        assert_eq!(judge(&mut ties, &[2, 3], 0), Quorum::No);
    }
}
