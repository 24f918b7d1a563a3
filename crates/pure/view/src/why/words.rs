//! The rules that settle a place or a role: a word for programs, and the end of a sentence.

use scheduler::assign::{Reason, RoleReason};

/// Why it is placed there, or nowhere.
pub(super) fn place(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Parts => ("parts", "its parts were placed one by one"),
        Reason::Unmanaged => {
            ("unmanaged", "the cluster does not act on it, so it stays where it is")
        }
        Reason::StopAll => ("stop-all", "`stop-all-resources` is set"),
        Reason::ToBeStopped => ("to-be-stopped", "it is to be stopped"),
        Reason::NoPlace => ("no-place", "no node is allowed and able to run it"),
        Reason::CollectiveLimit => {
            ("collective-limit", "its clone set has as many copies as it may have")
        }
        Reason::Preferred => ("preferred", "no node has a better score than the one it prefers"),
        Reason::AlreadyThere => {
            ("already-there", "it is there already, and no node has a better score")
        }
        Reason::OnlyOneAllowed => {
            ("only-one-allowed", "no other node is allowed and able to run it")
        }
        Reason::HighestScore => ("highest-score", "that node has the highest score"),
        Reason::MostRoom => ("most-room", "scores are equal, and that node has the most room"),
        Reason::FewestResources => {
            ("fewest-resources", "scores are equal, and that node has the fewest resources")
        }
        Reason::FirstName => ("first-name", "all else is equal, and that node's name comes first"),
        Reason::NoInterleaveMatch => {
            ("no-interleave-match", "no instance of what it goes with is there")
        }
    }
}

/// Why it is promoted, or is not.
pub(super) fn promotion(reason: RoleReason) -> (&'static str, &'static str) {
    match reason {
        RoleReason::HighestScores => {
            ("highest-scores", "no instance that stays unpromoted has a higher score")
        }
        RoleReason::NegativeScore => ("negative-score", "a negative promotion score forbids it"),
        RoleReason::EnoughPromoted => {
            ("enough-promoted", "as many as may be (`promoted-max`) come before it")
        }
        RoleReason::NotPlaced => ("not-placed", "it has no node"),
        RoleReason::NodeNotUsable => ("node-not-usable", "its node takes nothing now"),
        RoleReason::NodeHasPromoted => {
            ("node-has-promoted", "its node has its share of promoted ones (`promoted-node-max`)")
        }
        RoleReason::Unmanaged => ("unmanaged", "the cluster does not act on it"),
        RoleReason::Frozen => ("frozen", "without quorum nothing is promoted"),
    }
}
