//! Which faults a storm has, and when: all of it from the seed.

use std::time::Duration;

/// Numbers from a seed, always the same. Source: Steele, Lea, Flood, "Fast splittable pseudorandom
/// number generators" (SplitMix64).
#[derive(Debug)]
pub(in crate::cluster) struct Dice(u64);

impl Dice {
    pub(in crate::cluster) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(in crate::cluster) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low).saturating_add(1).max(1);
        low + self.next() % span
    }

    /// One of these, if there are any.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let last = from.len().checked_sub(1)? as u64;
        from.get(usize::try_from(self.between(0, last)).ok()?)
    }

    fn node(&mut self, nodes: u32) -> u32 {
        u32::try_from(self.between(1, nodes.into())).unwrap_or(1)
    }

    fn small(&mut self, low: u32, high: u32) -> u32 {
        u32::try_from(self.between(low.into(), high.into())).unwrap_or(low)
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The plug is pulled, and put back.
    Off {
        node: u32,
    },
    /// All plugs.
    AllOff,
    KillDaemon {
        node: u32,
    },
    KillCorosync {
        node: u32,
    },
    /// A process of a resource.
    KillResource {
        node: u32,
    },
    Pause {
        node: u32,
    },
    Cut {
        node: u32,
    },
    CutLink {
        node: u32,
        link: u32,
    },
    /// Others hear it, and it hears nobody.
    Deaf {
        node: u32,
    },
    Loss {
        node: u32,
        percent: u32,
    },
    Delay {
        node: u32,
        milliseconds: u32,
    },
    SwitchRefuses,
    SwitchSlow {
        seconds: u64,
    },
    Corrupt {
        node: u32,
        choice: u64,
    },
    Fill {
        node: u32,
    },
    SlowFlushes {
        node: u32,
        milliseconds: u32,
    },
    Clock {
        node: u32,
        seconds: i64,
    },
    /// An operator's word: run nothing there, and later again.
    Standby {
        node: u32,
    },
}

/// A fault, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) fault: Fault,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// How long a round's faults go on.
pub(super) const ROUND: Duration = Duration::from_secs(20);

/// One round: the smallest first, so that what one fault alone does is seen before what several do.
pub(super) fn round(dice: &mut Dice, number: u64, nodes: u32, links: u32) -> Vec<Planned> {
    let count = match number {
        0..=2 => 1,
        3..=9 => dice.between(1, 5),
        _ => dice.between(3, 9),
    };
    // A damaged disk is one copy less. The majority that keeps a change must not lose another.
    if dice.between(1, 10) == 1 {
        let (node, choice) = (dice.node(nodes), dice.next());
        let from = Duration::from_secs(1);
        return vec![Planned { fault: Fault::Corrupt { node, choice }, from, to: ROUND }];
    }
    let draw = |_| {
        let fault = fault(dice, nodes, links);
        let from = Duration::from_millis(dice.between(0, 10_000));
        let length = Duration::from_millis(dice.between(200, 9_000));
        Planned { fault, from, to: from + length }
    };
    (0..count).map(draw).collect()
}

fn fault(dice: &mut Dice, nodes: u32, links: u32) -> Fault {
    let node = dice.node(nodes);
    match dice.between(0, 32) {
        0..=2 => Fault::Off { node },
        3 => Fault::AllOff,
        4..=6 => Fault::KillDaemon { node },
        7 | 8 => Fault::KillCorosync { node },
        9..=11 => Fault::KillResource { node },
        12..=14 => Fault::Pause { node },
        15..=17 => Fault::Cut { node },
        18 => Fault::CutLink { node, link: dice.small(0, links.saturating_sub(1)) },
        19 | 20 => Fault::Deaf { node },
        21 | 22 => Fault::Loss { node, percent: dice.small(5, 60) },
        23 => Fault::SwitchRefuses,
        24 => Fault::SwitchSlow { seconds: dice.between(1, 8) },
        25 => Fault::Fill { node },
        26 | 27 => Fault::SlowFlushes { node, milliseconds: dice.small(5, 400) },
        28 => {
            let sign = if dice.between(0, 1) == 0 { -1 } else { 1 };
            Fault::Clock { node, seconds: sign * i64::from(dice.small(1, 100_000)) }
        }
        29 | 30 => Fault::Delay { node, milliseconds: dice.small(1, 900) },
        _ => Fault::Standby { node },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same() {
        let storm = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|number| round(&mut dice, number, 3, 2)).collect::<Vec<_>>()
        };
        assert_eq!(storm(7), storm(7));
        assert_ne!(storm(7), storm(8));
    }

    #[test]
    fn a_damaged_disk_comes_alone() {
        let mut dice = Dice::new(1);
        let rounds: Vec<_> = (0..2000).map(|number| round(&mut dice, number, 3, 2)).collect();
        let damaged = |planned: &Planned| matches!(planned.fault, Fault::Corrupt { .. });
        assert!(rounds.iter().any(|round| round.iter().any(damaged)));
        assert!(rounds.iter().all(|round| round.len() == 1 || !round.iter().any(damaged)));
    }
}
