//! Whether a member still takes what is sent to it.
//!
//! Two signs of a stall: bytes wait for its socket and none goes in; or it was asked a ping, which
//! it answers only after taking everything before it, and the answer does not come.

use std::time::{Duration, Instant};

/// One member's signs of life.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// When it last said something.
    heard: Option<Instant>,
    /// Since when bytes wait without any being taken.
    blocked_since: Option<Instant>,
    /// The ping that is not answered yet, and when it was handed to the socket.
    ping: Option<(u64, Option<Instant>)>,
}

impl Health {
    /// Bytes wait for the socket from now on, unless some already did.
    pub(super) fn has_to_write(&mut self, now: Instant) {
        self.blocked_since.get_or_insert(now);
    }

    /// The socket took some.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.blocked_since = Some(now);
    }

    /// Nothing waits any more.
    pub(super) fn wrote_all(&mut self) {
        self.blocked_since = None;
    }

    /// Whether to ask now: not while an earlier ping is on its way.
    pub(super) fn may_ping(&mut self, number: u64) -> bool {
        let free = self.ping.is_none();
        if free {
            self.ping = Some((number, None));
        }
        free
    }

    /// The ping left for the socket.
    pub(super) fn pinged(&mut self, now: Instant) {
        if let Some((_, sent @ None)) = &mut self.ping {
            *sent = Some(now);
        }
    }

    /// It said something.
    pub(super) fn spoke(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// How long ago it last said something; nothing if it never did.
    pub(super) fn last_spoke(&self, now: Instant) -> Option<Duration> {
        self.heard.map(|heard| now.saturating_duration_since(heard))
    }

    /// The answer came. Answers to older pings, from before a reconnection, count for nothing.
    pub(super) fn ponged(&mut self, number: u64) {
        if self.ping.is_some_and(|(asked, _)| asked == number) {
            self.ping = None;
        }
    }

    /// How long the member has shown no life.
    pub(super) fn silent_for(&self, now: Instant) -> Duration {
        let asked = self.ping.and_then(|(_, sent)| sent);
        let since = match (self.blocked_since, asked) {
            // A ping that waits behind a large message is no sign while the message flows.
            (Some(blocked), Some(asked)) => Some(blocked.max(asked)),
            (blocked, asked) => blocked.or(asked),
        };
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// The sequencer itself was stopped for a while: what it did not see is not the member's fault.
    pub(super) fn forgive(&mut self, now: Instant) {
        if let Some(since) = &mut self.blocked_since {
            *since = now;
        }
        if let Some((_, Some(sent))) = &mut self.ping {
            *sent = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_from_the_last_sign() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut health = Health::default();
        assert_eq!(health.silent_for(at(9)), Duration::ZERO, "idle is not silent");
        assert_eq!(health.last_spoke(at(9)), None);
        health.spoke(at(7));
        assert_eq!(health.last_spoke(at(9)), Some(Duration::from_secs(2)));

        assert!(health.may_ping(1));
        assert!(!health.may_ping(2), "one at a time");
        assert_eq!(health.silent_for(at(9)), Duration::ZERO, "not yet sent");
        health.pinged(at(10));
        assert_eq!(health.silent_for(at(13)), Duration::from_secs(3));
        health.ponged(7);
        assert_eq!(health.silent_for(at(13)), Duration::from_secs(3), "another's answer");
        health.ponged(1);
        assert_eq!(health.silent_for(at(13)), Duration::ZERO);

        health.has_to_write(at(20));
        health.has_to_write(at(22));
        assert_eq!(health.silent_for(at(23)), Duration::from_secs(3));
        health.wrote(at(23));
        assert_eq!(health.silent_for(at(24)), Duration::from_secs(1));
        health.wrote_all();
        assert_eq!(health.silent_for(at(99)), Duration::ZERO);
    }

    #[test]
    fn a_stop_of_the_sequencer_is_forgiven() {
        let start = Instant::now();
        let mut health = Health::default();
        health.may_ping(1);
        health.pinged(start);
        health.has_to_write(start);
        let later = start + Duration::from_secs(60);
        health.forgive(later);
        assert_eq!(health.silent_for(later), Duration::ZERO);
    }
}
