//! Timers that the brain set, by the moment at which they ring.

use std::collections::BTreeSet;

use controller::TimerToken;
use model::Tick;

use crate::clock::Clock;

#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Tick, TimerToken)>);

impl Timers {
    pub(crate) fn set(&mut self, token: TimerToken, at: Tick) {
        self.0.insert((at, token));
    }

    /// Waits for the next one. May be dropped before it is ready without losing one.
    pub(crate) async fn next(&mut self, clock: Clock) -> TimerToken {
        let Some((at, token)) = self.0.first().copied() else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(clock.instant(at)).await;
        self.0.remove(&(at, token));
        token
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn timers_ring_in_their_order_and_once() {
        let clock = Clock::start();
        let mut timers = Timers::default();
        let at = |ms| Tick::default().after(Duration::from_millis(ms));
        timers.set(TimerToken(1), at(20));
        timers.set(TimerToken(2), at(10));
        timers.set(TimerToken(3), at(0));
        let mut rang = Vec::new();
        for _ in 0..3 {
            rang.push(timers.next(clock).await);
        }
        assert_eq!(rang, [TimerToken(3), TimerToken(2), TimerToken(1)]);
        assert!(clock.now().tick >= at(20), "not early");
        let none = tokio::time::timeout(Duration::from_millis(1), timers.next(clock)).await;
        assert!(none.is_err());
    }
}
