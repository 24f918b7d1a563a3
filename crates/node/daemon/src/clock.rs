//! The two clocks. Only the loop reads them, once for each step.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use controller::Now;
use model::Tick;

/// Ticks count from the daemon's start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    zero: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { zero: Instant::now() }
    }

    pub(crate) fn now(self) -> Now {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            tick: Tick::default().after(self.zero.elapsed()),
            wall: i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// When that moment is for the runtime's timers.
    pub(crate) fn instant(self, tick: Tick) -> tokio::time::Instant {
        (self.zero + tick.since(Tick::default())).into()
    }
}

/// A number for this life of the daemon that no earlier life had: the wall clock at its start.
pub(crate) fn incarnation() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::from_secs(1));
    u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX).max(1)
}
