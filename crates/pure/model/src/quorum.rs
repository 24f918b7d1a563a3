//! Whether those who are together may act, and how sure they may be that nobody else does.

/// What the members of a membership have.
///
/// Source: votequorum(5). Only [`Self::Majority`] excludes by counting that others act as well, and
/// shares a member with every other majority; by the other rules it is fencing that excludes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quorum {
    #[default]
    No,
    /// More than half of all configured votes.
    Majority,
    /// A rule or a third party says so: one of two nodes, a tie-breaker, the last ones standing, a
    /// quorum device.
    ByRule,
}

impl Quorum {
    /// Whether the members may act.
    pub fn is_quorate(self) -> bool {
        match self {
            Self::No => false,
            Self::Majority | Self::ByRule => true,
        }
    }
}
