//! What is measured while the node works, for `/metrics`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use view::metrics::{Counted, SbdDisk};
use wire::api::Event;

/// Clones count together.
#[derive(Clone, Debug)]
pub struct Meter {
    begun: Instant,
    counted: Arc<Mutex<Counted>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { begun: Instant::now(), counted: Arc::default() }
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

    /// A node was said to be lost so long after it was last heard of.
    pub fn lost_after(&self, silence: Duration) {
        self.lock().lost_after(silence.as_secs_f64());
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
        let now = self.begun.elapsed().as_secs_f64();
        self.lock().note(now, event);
    }

    pub(crate) fn counted(&self) -> Counted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Every use counts one thing; a panic elsewhere leaves it sound.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
