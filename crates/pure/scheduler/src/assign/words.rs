//! The rules that settle a place or a role: a word for programs, and the end of a sentence.

use super::types::{Reason, RoleReason};

impl Reason {
    /// A word for programs; it stays.
    pub fn word(self) -> &'static str {
        self.both().0
    }

    /// Why it is placed there, or nowhere.
    pub fn words(self) -> &'static str {
        self.both().1
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::Parts => ("parts", "its parts were placed one by one"),
            Self::Unmanaged => {
                ("unmanaged", "the cluster does not act on it, so it stays where it is")
            }
            Self::StopAll => ("stop-all", "`stop-all-resources` is set"),
            Self::ToBeStopped => ("to-be-stopped", "its wanted role is Stopped"),
            Self::NoPlace => ("no-place", "no node is allowed and able to run it"),
            Self::CollectiveLimit => {
                ("collective-limit", "its clone set has as many copies as it may have")
            }
            Self::Preferred => ("preferred", "no node has a better score than the one it prefers"),
            Self::AlreadyThere => {
                ("already-there", "it is there already, and no node has a better score")
            }
            Self::OnlyOneAllowed => {
                ("only-one-allowed", "no other node is allowed and able to run it")
            }
            Self::HighestScore => ("highest-score", "that node has the highest score"),
            Self::MostRoom => ("most-room", "scores are equal, and that node has the most room"),
            Self::FewestResources => {
                ("fewest-resources", "scores are equal, and that node has the fewest resources")
            }
            Self::FirstName => {
                ("first-name", "all else is equal, and that node's name comes first")
            }
            Self::NoInterleaveMatch => {
                ("no-interleave-match", "no instance of what it goes with is there")
            }
            Self::NotInItself => {
                ("not-in-itself", "the node with the highest score is a guest that runs in it")
            }
        }
    }
}

impl RoleReason {
    /// A word for programs; it stays.
    pub fn word(self) -> &'static str {
        self.both().0
    }

    /// Why it is promoted, or is not.
    pub fn words(self) -> &'static str {
        self.both().1
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::HighestScores => {
                ("highest-scores", "no instance that stays unpromoted has a higher score")
            }
            Self::NegativeScore => ("negative-score", "a negative promotion score forbids it"),
            Self::EnoughPromoted => {
                ("enough-promoted", "as many as may be (`promoted-max`) come before it")
            }
            Self::NotPlaced => ("not-placed", "it has no node"),
            Self::NodeNotUsable => ("node-not-usable", "its node takes nothing now"),
            Self::NodeHasPromoted => (
                "node-has-promoted",
                "its node has its share of promoted ones (`promoted-node-max`)",
            ),
            Self::Unmanaged => ("unmanaged", "the cluster does not act on it"),
            Self::Frozen => ("frozen", "without quorum nothing is promoted"),
        }
    }
}
