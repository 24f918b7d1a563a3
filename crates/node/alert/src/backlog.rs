//! The numbers of what waits for one target, each of which has a file.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::kept::Kept;

/// Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    kept: Kept,
    waiting: Arc<Mutex<BTreeSet<u64>>>,
}

impl Backlog {
    pub(crate) fn new(kept: Kept) -> Self {
        Self { kept, waiting: Arc::default() }
    }

    /// This one waits from now on.
    pub(crate) fn wait(&self, sequence: u64) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence);
    }

    /// This one was told, or cannot be.
    pub(crate) fn done(&self, sequence: u64) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&sequence);
        self.kept.forget(sequence);
    }

    /// The target is not wanted any more.
    pub(crate) fn give_up(&self) {
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(|sequence| self.kept.forget(sequence));
    }
}
