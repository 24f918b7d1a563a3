//! Whether those who are together may act, and how sure they may be that nobody else does.

use std::time::Duration;

/// What the members of a membership have.
///
/// Source: votequorum(5). Only [`Self::Majority`] excludes by counting that others act as well, and
/// shares a member with every other majority; [`Self::OfPrevious`] shares one with whoever had quorum before;
/// [`Self::ByDevice`] excludes others by somebody else's word; by the other rules it is fencing that excludes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quorum {
    #[default]
    No,
    /// More than half of all configured votes.
    Majority,
    /// More than half of those who had quorum before, as their daemons remember it. No other side has that.
    OfPrevious,
    /// Half of them, and the one vote of a quorum device, which it gives to one side at a time. No other side has a
    /// majority of votes meanwhile, nor the device's.
    ByDevice,
    /// A rule or a third party says so: one of two nodes, a tie-breaker, a quorum device with more votes.
    ByRule,
}

impl Quorum {
    /// Whether nobody else has quorum at the same time.
    pub fn is_of_one_side(self) -> bool {
        match self {
            Self::No | Self::ByRule => false,
            Self::Majority | Self::OfPrevious | Self::ByDevice => true,
        }
    }

    /// Whether the members may act.
    pub fn is_quorate(self) -> bool {
        match self {
            Self::No => false,
            Self::Majority | Self::OfPrevious | Self::ByDevice | Self::ByRule => true,
        }
    }
}

/// What may give quorum to fewer than a majority, as a cluster is set up; from what keeps most apart to what
/// keeps least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuorumBy {
    /// Nothing.
    Majority,
    /// One vote of a device, to one of two halves at a time.
    Device {
        /// For how long a half may believe that it has the vote after the device took it for gone.
        outlasts: Duration,
    },
    /// Who had quorum before: more than half of them have it (`last_man_standing`).
    Previous,
    /// Who had quorum before, and of two halves of them the one that holds the lock on a disk.
    PreviousOrLock,
    /// Anything else: two sides may have quorum at the same time.
    Rule,
}

impl QuorumBy {
    /// Whether two sides never have quorum at the same time, but for what a device's vote outlasts.
    pub fn is_one_sided(self) -> bool {
        self != Self::Rule
    }

    /// Whether those who had quorum before decide, and not all nodes.
    pub fn counts_previous(self) -> bool {
        matches!(self, Self::Previous | Self::PreviousOrLock)
    }
}
