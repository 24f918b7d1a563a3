//! Who still lives: beats, counted in the total order.
//!
//! Each member beats after its node has taken what was delivered, so a beat shows that the node is
//! alive and not only its connection; and it says how much was taken, which is what senders wait for.
//!
//! A member is silent if several of our own beats, each a while after the one before, were delivered
//! and none of its. While Corosync forms a ring nothing is delivered, and nobody gets more silent; and
//! if it was we who were stopped, the others' beats come before our next.

use std::collections::{BTreeMap, BTreeSet};

use super::agreement::Process;

/// Turns without a beat after which a member is left out, and without the node's answer after which
/// it leaves by itself.
pub(super) const TURNS_MAX: u32 = 5;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Vitals {
    /// Turns since a member's last beat.
    silent: BTreeMap<Process, u32>,
    /// What members have taken of the current membership's bytes.
    taken: BTreeMap<Process, u64>,
    /// A turn has begun that no own beat was counted for.
    turn: bool,
}

impl Vitals {
    /// Members may be others now.
    pub(super) fn clear(&mut self) {
        self.silent.clear();
        self.taken.clear();
    }

    /// Time has passed.
    pub(super) fn next_turn(&mut self) {
        self.turn = true;
    }

    /// A beat was delivered; with what its sender has taken, if it is of this membership.
    pub(super) fn beat(&mut self, from: Process, taken: Option<u64>) {
        self.silent.insert(from, 0);
        if let Some(taken) = taken {
            self.taken.insert(from, taken);
        }
    }

    /// Our own beat was delivered. Answers with those who have been silent for too long.
    pub(super) fn own_beat(&mut self, others: &BTreeSet<Process>) -> Vec<Process> {
        if !std::mem::take(&mut self.turn) {
            return Vec::new();
        }
        for other in others {
            *self.silent.entry(*other).or_default() += 1;
        }
        let silent =
            |other: &&Process| self.silent.get(other).is_some_and(|turns| *turns > TURNS_MAX);
        others.iter().filter(silent).copied().collect()
    }

    /// What all of `members` have taken.
    pub(super) fn taken_by_all(&self, members: &BTreeSet<Process>) -> u64 {
        let taken = |member| self.taken.get(member).copied().unwrap_or(0);
        members.iter().map(taken).min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Process = Process { node: 1, pid: 1 };
    const TWO: Process = Process { node: 2, pid: 1 };

    #[test]
    fn who_misses_several_turns_is_silent() {
        let mut vitals = Vitals::default();
        let others = BTreeSet::from([TWO]);
        for _ in 0..TURNS_MAX {
            vitals.next_turn();
            assert_eq!(vitals.own_beat(&others), []);
            assert_eq!(vitals.own_beat(&others), [], "more beats in a turn count for nothing");
        }
        vitals.beat(TWO, None);
        for _ in 0..TURNS_MAX {
            vitals.next_turn();
            assert_eq!(vitals.own_beat(&others), []);
        }
        vitals.next_turn();
        assert_eq!(vitals.own_beat(&others), [TWO]);
    }

    #[test]
    fn all_have_taken_what_the_slowest_has() {
        let mut vitals = Vitals::default();
        let both = BTreeSet::from([ONE, TWO]);
        vitals.beat(ONE, Some(70));
        assert_eq!(vitals.taken_by_all(&both), 0);
        vitals.beat(TWO, Some(50));
        vitals.beat(TWO, None);
        assert_eq!(vitals.taken_by_all(&both), 50);
        vitals.clear();
        assert_eq!(vitals.taken_by_all(&both), 0);
    }
}
