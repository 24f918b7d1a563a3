//! Payloads put together from their parts.
//!
//! **Always:** what is under way belongs to one membership; all members drop it at the same point of
//! the order, and its sender sends it anew.

use std::collections::BTreeMap;

use super::agreement::Process;
use super::message::Part;
use crate::PAYLOAD_MAX;

/// What has arrived of each sender's current payload.
#[derive(Debug, Default)]
pub(super) struct Assembly(BTreeMap<Process, Vec<u8>>);

impl Assembly {
    /// Forgets everything under way.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the next part of a sender, and answers with the payload that it completes. A sender's
    /// parts come in its order, so no part is ever missing between two.
    pub(super) fn take(&mut self, from: Process, part: &Part<'_>) -> Option<Vec<u8>> {
        let mut bytes = self.0.remove(&from).unwrap_or_default();
        let whole = bytes.len() + part.bytes.len() + part.rest as usize;
        if whole > PAYLOAD_MAX {
            tracing::error!(node = from.node, whole, "a payload that is too large is left out");
            return None;
        }
        bytes.reserve_exact(whole - bytes.len());
        bytes.extend_from_slice(part.bytes);
        if part.rest == 0 {
            return Some(bytes);
        }
        self.0.insert(from, bytes);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(rest: u32, bytes: &[u8]) -> Part<'_> {
        Part { membership: 1, number: 0, rest, bytes }
    }

    #[test]
    fn parts_of_several_senders_mix() {
        let [one, two] = [1, 2].map(|node| Process { node, pid: 9 });
        let mut assembly = Assembly::default();
        assert_eq!(assembly.take(one, &part(3, b"ab")), None);
        assert_eq!(assembly.take(two, &part(0, b"whole")), Some(b"whole".to_vec()));
        assert_eq!(assembly.take(two, &part(1, b"x")), None);
        assert_eq!(assembly.take(one, &part(0, b"cde")), Some(b"abcde".to_vec()));
        assembly.clear();
        assert_eq!(assembly.take(two, &part(0, b"anew")), Some(b"anew".to_vec()));
    }

    #[test]
    fn an_absurd_size_is_refused_before_memory_is_asked_for() {
        let mut assembly = Assembly::default();
        let one = Process { node: 1, pid: 9 };
        assert_eq!(assembly.take(one, &part(u32::MAX, b"ab")), None);
        assert_eq!(assembly.take(one, &part(0, b"next")), Some(b"next".to_vec()));
    }
}
