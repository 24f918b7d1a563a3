//! What happened, for people: a bounded list of the newest events.

use std::collections::VecDeque;

use wire::api::{Entry, Event};

/// Older entries are in the daemon's log.
const ENTRIES_MAX: usize = 4096;

#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    /// Numbers start at 1, so that "after number 0" is everything.
    last: u64,
}

impl Journal {
    pub(crate) fn add(&mut self, at: i64, event: Event) -> Entry {
        self.last += 1;
        let entry = Entry { number: self.last, at, event };
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry.clone());
        entry
    }

    pub(crate) fn since(&self, number: u64) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.number >= number).cloned().collect()
    }
}
