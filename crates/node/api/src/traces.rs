//! Traces: each failover is a tree of spans, sent by OTLP to a collector. Only with the feature `traces`.
//!
//! The spans are made of what [`Meter`](crate::Meter) hears, in which `/metrics` counts the same phases. Every node
//! records; who coordinates when nothing is left to do sends, so that a failover is one trace.
//!
//! OTLP's JSON is written here, on the HTTP that is here anyway: it is one request of one shape. The `opentelemetry`
//! crates would bring a processor, an encoder and a client of their own for it, and their licence, Apache-2.0 alone,
//! is none of `deny.toml`'s.
//!
//! **Not here:** TLS. A collector that is far away is spoken to by one on this machine.
//!
//! **Always:** the daemon's loop never waits: failovers go to a thread of their own through a bounded queue, and one
//! that does not fit is left out. Parameters of agents are in no span; their reasons are, from which the executor
//! took what is secret.

mod collector;
mod otlp;
mod record;
mod send;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use view::metrics::Noted;
use wire::api::Event;

pub use collector::{Collector, WrongCollector};

use record::{Failover, Recorder};

/// Failovers that wait to be sent.
const WAITING_MAX: usize = 16;

/// Who sends traces, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// This node's name.
    pub node: String,
    pub collector: Collector,
}

/// A failover that is over, and what its times count from.
#[derive(Debug)]
struct Sealed {
    failover: Failover,
    /// Since 1970, by the wall clock when it was over.
    epoch: Duration,
}

/// Clones record together. The last one's end ends the thread that sends.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    recorder: Arc<Mutex<Recorder>>,
    queue: mpsc::Sender<Sealed>,
}

impl Traces {
    /// Starts the thread that sends.
    ///
    /// # Errors
    /// When there is none to be had.
    pub(crate) fn start(settings: TraceSettings) -> io::Result<Self> {
        let TraceSettings { node, collector } = settings;
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        send::start(collector, waiting)?;
        Ok(Self { recorder: Arc::new(Mutex::new(Recorder::new(node))), queue })
    }

    /// A node that will be said to be lost was last heard of so long ago.
    pub(crate) fn lost_after(&self, now: Duration, node: &str, silence: Duration) {
        self.with(|recorder| recorder.lost_after(now, node, silence));
    }

    /// Something happened, and meant so much; `now` by a clock that never goes back.
    pub(crate) fn note(&self, now: Duration, event: &Event, noted: Noted) {
        let Some(failover) = self.with(|recorder| recorder.note(now, event, noted)) else { return };
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let sealed = Sealed { failover, epoch: wall.saturating_sub(now) };
        if self.queue.try_send(sealed).is_err() {
            // The thread has said that the collector is away.
            tracing::debug!("too many failovers wait for the collector of traces: one is left out");
        }
    }

    fn with<T>(&self, record: impl FnOnce(&mut Recorder) -> T) -> T {
        // Each use records one thing; a panic elsewhere leaves it sound.
        record(&mut self.recorder.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
