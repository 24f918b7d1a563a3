//! Virtual time: a queue of what happens when. Events of one moment keep their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::Tick;

use crate::event::Event;

#[derive(Debug, Default)]
pub(crate) struct Clock {
    now: Tick,
    count: u64,
    queue: BinaryHeap<Reverse<Entry>>,
}

#[derive(Debug)]
struct Entry {
    at: Tick,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Tick {
        self.now
    }

    /// Lets `event` happen at `at`, or now if that is past.
    pub(crate) fn schedule(&mut self, at: Tick, event: Event) {
        self.count += 1;
        self.queue.push(Reverse(Entry { at: at.max(self.now), number: self.count, event }));
    }

    /// In so many microseconds from now.
    pub(crate) fn after(&mut self, micros: u64, event: Event) {
        self.schedule(Tick(self.now.0 + micros), event);
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        let Reverse(entry) = self.queue.pop()?;
        self.now = entry.at;
        Some(entry.event)
    }
}
