//! What the node broadcast and was not delivered yet, and how far it is sent.

use std::collections::VecDeque;
use std::sync::Arc;

use super::message::{PART_MAX, Part};

/// Own payloads, oldest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    payloads: VecDeque<Arc<Vec<u8>>>,
    /// The payload that is being sent, and how much of it is.
    at: usize,
    offset: usize,
    /// Payload bytes that were sent and not delivered yet.
    pub(super) in_flight: usize,
    /// In so many parts.
    pub(super) parts_in_flight: usize,
    /// Parts ever sent.
    number: u64,
}

impl Queue {
    pub(super) fn push(&mut self, payload: Arc<Vec<u8>>) {
        self.payloads.push_back(payload);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }

    /// Everything that is not delivered is to be sent anew.
    pub(super) fn restart(&mut self) {
        (self.at, self.offset) = (0, 0);
        (self.in_flight, self.parts_in_flight) = (0, 0);
    }

    /// What is to be sent next.
    pub(super) fn next_part(&self, membership: u64) -> Option<Part<'_>> {
        let left = self.payloads.get(self.at)?.get(self.offset..)?;
        let bytes = left.get(..PART_MAX).unwrap_or(left);
        let rest = u32::try_from(left.len() - bytes.len()).unwrap_or(u32::MAX);
        Some(Part { membership, number: self.number, rest, bytes })
    }

    /// A part of `length` bytes with `rest` to come was handed over.
    pub(super) fn sent(&mut self, length: usize, rest: u32) {
        self.number += 1;
        self.in_flight += length;
        self.parts_in_flight += 1;
        if rest == 0 {
            (self.at, self.offset) = (self.at + 1, 0);
        } else {
            self.offset += length;
        }
    }

    /// A part came back. Answers with the payload that it was the last of.
    pub(super) fn delivered(&mut self, part: &Part<'_>) -> Option<Arc<Vec<u8>>> {
        self.in_flight = self.in_flight.saturating_sub(part.bytes.len());
        self.parts_in_flight = self.parts_in_flight.saturating_sub(1);
        if part.rest > 0 {
            return None;
        }
        self.at = self.at.saturating_sub(1);
        self.payloads.pop_front()
    }

    /// Everything, to be delivered in another way.
    pub(super) fn take(&mut self) -> VecDeque<Arc<Vec<u8>>> {
        self.restart();
        std::mem::take(&mut self.payloads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_cut_sent_and_gone_when_delivered() {
        let mut queue = Queue::default();
        let payload = Arc::new(vec![7; PART_MAX * 2 + 1]);
        queue.push(Arc::clone(&payload));
        queue.push(Arc::new(Vec::new()));
        let mut parts = Vec::new();
        while let Some(part) = queue.next_part(3) {
            let (length, rest) = (part.bytes.len(), part.rest);
            parts.push((length, rest));
            queue.sent(length, rest);
        }
        let max = PART_MAX as u32;
        assert_eq!(parts, [(PART_MAX, max + 1), (PART_MAX, 1), (1, 0), (0, 0)]);
        assert_eq!((queue.in_flight, queue.parts_in_flight), (payload.len(), 4));
        let part =
            |length, rest| Part { membership: 3, number: 0, rest, bytes: &payload[..length] };
        assert_eq!(queue.delivered(&part(PART_MAX, max + 1)), None);
        assert_eq!(queue.delivered(&part(PART_MAX, 1)), None);
        assert_eq!(queue.delivered(&part(1, 0)), Some(Arc::clone(&payload)));
        assert_eq!((queue.in_flight, queue.parts_in_flight), (0, 1));
        assert!(!queue.is_empty());
    }

    #[test]
    fn after_a_restart_it_is_sent_anew() {
        let mut queue = Queue::default();
        queue.push(Arc::new(vec![7; PART_MAX + 1]));
        queue.sent(PART_MAX, 1);
        queue.restart();
        let part = queue.next_part(4).unwrap();
        assert_eq!((part.bytes.len(), part.rest, part.number), (PART_MAX, 1, 1));
        assert_eq!(queue.in_flight, 0);
    }
}
