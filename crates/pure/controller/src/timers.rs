//! Timers with meanings. Cancelling one is forgetting its token: a late ring finds nothing.

use std::collections::BTreeMap;

use model::Tick;

use crate::input::{Effect, TimerToken};

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// A recurring operation of this node is due.
    Due { resource: String, key: String },
    /// An ordered action should have been answered.
    Overdue { key: String, node: String },
    /// An attempt of a fence device should have been answered.
    FenceOverdue { target: String, attempt: u32 },
    /// A fencing that failed may be tried again.
    FenceAgain { target: String },
    /// Say that this node lives.
    Beat,
    /// A lost node has been reset by its own watchdog.
    ResetDue { target: String },
    /// A passing attribute's values have waited.
    WriteAttribute { name: String, changes: u64 },
    /// Think again: a rule, a failure or a wait expires.
    Recheck,
    /// Moving everything away takes too long: leave anyway.
    ShutdownLimit,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    next: u64,
    meaning: BTreeMap<TimerToken, Ring>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Tick, ring: Ring) -> (TimerToken, Effect) {
        self.next += 1;
        let token = TimerToken(self.next);
        self.meaning.insert(token, ring);
        (token, Effect::SetTimer { token, at })
    }

    pub(crate) fn forget(&mut self, token: TimerToken) {
        self.meaning.remove(&token);
    }

    /// What the ring means, if it still means something.
    pub(crate) fn rang(&mut self, token: TimerToken) -> Option<Ring> {
        self.meaning.remove(&token)
    }
}
