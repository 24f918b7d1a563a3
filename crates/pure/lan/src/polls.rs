//! Who is asked for an answer, and how often nobody gave one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::Settings;

/// So many rounds without an answer are a failure.
const MISSES_MAX: u32 = 2;

/// What a round of asking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Somebody answered.
    Answered,
    /// Not enough is known to say anything.
    Open,
    /// Nobody answered, and other nodes are asked: who is a member counts.
    AskMembers,
    /// Nobody answers.
    Silent,
}

/// The rounds so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Polls {
    is_asked: bool,
    has_answer: bool,
    misses: u32,
}

impl Polls {
    /// Everybody who is asked.
    pub(crate) fn everybody(settings: &Settings) -> BTreeSet<IpAddr> {
        let peers = settings.peers.iter().map(|peer| peer.address);
        settings.targets.iter().copied().chain(peers).collect()
    }

    pub(crate) fn answered(&mut self) {
        self.has_answer = self.is_asked;
    }

    /// Begins anew: what was asked was asked through another card.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn begin(&mut self) {
        (self.is_asked, self.has_answer) = (true, false);
    }

    /// Judges the round that ends now.
    pub(crate) fn end(&mut self, settings: &Settings) -> Round {
        if !self.is_asked {
            return Round::Open;
        }
        if self.has_answer {
            self.misses = 0;
            return Round::Answered;
        }
        self.misses = self.misses.saturating_add(1);
        match (self.misses >= MISSES_MAX, settings.targets.is_empty()) {
            (false, _) => Round::Open,
            (true, false) => Round::Silent,
            (true, true) => Round::AskMembers,
        }
    }

    /// Whether the silence of peers means something, now that it is known which nodes are members. One
    /// that is not has a reason of its own to be silent.
    pub(crate) fn is_silence(&self, settings: &Settings, members: &BTreeSet<String>) -> bool {
        self.misses >= MISSES_MAX && settings.peers.iter().any(|peer| members.contains(&peer.node))
    }
}
