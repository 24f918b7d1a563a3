//! What may break, how often, and what breaks next.

use crate::chance::Chance;

/// Rates for one run, drawn from its seed, so that some seeds are calm in one way and wild in
/// another. Percentages are of runs of agents; times are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    pub agent_fails: u64,
    pub agent_hangs: u64,
    pub stop_fails: u64,
    pub fence_fails: u64,
    pub fence_hangs: u64,
    /// Mean time between two other faults.
    pub every: u64,
    /// Longest time that a message is under way.
    pub delay: u64,
    /// Longest time that a disk takes to hold a record.
    pub fsync: u64,
}

impl Faults {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let rate = |chance: &mut Chance, percent: u64, most: u64| {
            if chance.percent(percent) { chance.between(1, most) } else { 0 }
        };
        Self {
            agent_fails: rate(chance, 50, 15),
            agent_hangs: rate(chance, 30, 5),
            stop_fails: rate(chance, 30, 8),
            fence_fails: rate(chance, 40, 40),
            fence_hangs: rate(chance, 20, 15),
            every: chance.between(1_000_000, 20_000_000),
            delay: *chance.pick(&[500, 2_000, 20_000, 300_000]).unwrap_or(&2_000),
            fsync: *chance.pick(&[8_000, 8_000, 200_000, 5_000_000]).unwrap_or(&8_000),
        }
    }

    /// Nothing breaks any more.
    pub(crate) fn none() -> Self {
        Self {
            agent_fails: 0,
            agent_hangs: 0,
            stop_fails: 0,
            fence_fails: 0,
            fence_hangs: 0,
            every: u64::MAX,
            delay: 500,
            fsync: 8_000,
        }
    }
}

/// Something that breaks, or is done to the cluster, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The daemon is killed and started again later.
    CrashDaemon,
    /// The machine loses its power and gets it back later.
    LosePower,
    /// The coordinator's daemon is killed.
    CrashCoordinator,
    /// The network falls apart, or heals.
    Partition,
    Heal,
    /// So many packets are lost that a ring is given up, and formed again with the same members.
    Shake,
    /// One direction of a cable fails: rings fall apart and come together again and again.
    Flap,
    /// Something that an agent started dies.
    ProcessDies,
    /// The wall clock jumps.
    ClockJumps,
    /// The disk fills up, or is freed.
    DiskFills,
    DiskFreed,
    /// What a disk holds is damaged while nobody reads it.
    DiskDamaged,
    /// An operator stops the whole cluster in peace, and starts it again.
    StopAll,
    /// An operator stops a daemon in peace; it is started again later.
    Shutdown,
    /// A daemon stands still for some seconds, in the middle of whatever it does; the others may
    /// lose it meanwhile.
    Pause,
    /// All machines lose their power at once.
    Blackout,
    /// A machine does not reach the disk of the cluster's lock.
    LockOutOfReach,
    /// Who votes for the cluster's lock stands still.
    VoterStalls,
}

impl Fault {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        match chance.between(0, 110) {
            0..20 => Self::CrashDaemon,
            20..32 => Self::LosePower,
            32..44 => Self::CrashCoordinator,
            44..58 => Self::Partition,
            58..70 => Self::Heal,
            70..82 => Self::ProcessDies,
            82..85 => Self::ClockJumps,
            85..88 => Self::DiskFills,
            88..91 => Self::DiskFreed,
            91..93 => Self::Shutdown,
            93..95 => Self::Pause,
            95..97 => Self::Shake,
            97..98 => Self::Flap,
            98..100 => Self::Blackout,
            100..102 => Self::DiskDamaged,
            104..108 => Self::LockOutOfReach,
            108..110 => Self::VoterStalls,
            _ => Self::StopAll,
        }
    }
}
