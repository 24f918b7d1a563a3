//! What is measured while the node works, for `/metrics` and for traces.

#[cfg(feature = "traces")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use view::metrics::{Counted, SbdDisk};
use wire::api::Event;

#[cfg(feature = "traces")]
use crate::traces::Traces;

/// Clones count together.
#[derive(Clone, Debug)]
pub struct Meter {
    begun: Instant,
    counted: Arc<Mutex<Counted>>,
    #[cfg(feature = "traces")]
    traces: Arc<OnceLock<Traces>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            counted: Arc::default(),
            #[cfg(feature = "traces")]
            traces: Arc::default(),
        }
    }
}

impl Meter {
    /// The brain took so long for one step.
    pub fn stepped(&self, took: Duration, made_plan: bool) {
        self.lock().stepped(took.as_secs_f64(), made_plan);
    }

    /// A record took so long to be on the disk.
    pub fn stored(&self, took: Duration) {
        self.lock().stored(took.as_secs_f64());
    }

    /// A node will be said to be lost, so long after it was last heard of.
    #[cfg_attr(
        not(feature = "traces"),
        expect(unused_variables, reason = "metrics are of all nodes together")
    )]
    pub fn lost_after(&self, node: &str, silence: Duration) {
        self.lock().lost_after(silence.as_secs_f64());
        #[cfg(feature = "traces")]
        if let Some(traces) = self.traces.get() {
            traces.lost_after(self.begun.elapsed(), node, silence);
        }
    }

    /// What a resource had running has just ended by itself.
    pub fn ended(&self, resource: &str) {
        let now = self.begun.elapsed().as_secs_f64();
        self.lock().ended(now, resource);
    }

    /// How the disks are by which this node is fenced.
    pub fn sbd(&self, disks: Vec<SbdDisk>) {
        self.lock().sbd(disks);
    }

    /// So many wait there now.
    pub fn queue(&self, name: &'static str, length: usize) {
        self.lock().queue(name, length);
    }

    pub(crate) fn note(&self, event: &Event) {
        let now = self.begun.elapsed();
        #[cfg_attr(
            not(feature = "traces"),
            expect(unused_variables, reason = "it is counted already")
        )]
        let noted = self.lock().note(now.as_secs_f64(), event);
        #[cfg(feature = "traces")]
        if let Some(traces) = self.traces.get() {
            traces.note(now, event, noted);
        }
    }

    /// From now on failovers are traced, too; the first who are told stay.
    #[cfg(feature = "traces")]
    pub(crate) fn trace_with(&self, traces: Traces) {
        let _first = self.traces.set(traces);
    }

    pub(crate) fn counted(&self) -> Counted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Every use counts one thing; a panic elsewhere leaves it sound.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
