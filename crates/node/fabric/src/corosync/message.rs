//! What travels in the group: a version, a kind, a body.

use serde::{Deserialize, Serialize};

use super::agreement::{Here, Tag};

/// Spoken by all members; another one is not understood, and its speaker not waited for.
const VERSION: u8 = 1;

/// Payload bytes of one part: large enough that the head and the call do not matter, small enough
/// that others' messages find a place between the parts of a large one.
pub(super) const PART_MAX: usize = 60 << 10;

/// Bytes before a part's payload.
const PART_HEAD: usize = 2 + 8 + 8 + 4;

mod kind {
    pub(super) const HERE: u8 = 1;
    pub(super) const PROPOSE: u8 = 2;
    pub(super) const BEAT: u8 = 3;
    pub(super) const PART: u8 = 4;
    pub(super) const SEEN: u8 = 5;
}

/// A sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beat {
    /// The membership that it belongs to.
    pub(super) membership: u64,
    /// How many bytes of that membership's messages the node itself has taken.
    pub(super) taken: u64,
}

/// A piece of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The membership that it was sent in; delivered in no other.
    pub(super) membership: u64,
    /// Counts the sender's parts.
    pub(super) number: u64,
    /// Bytes of the payload that follow in later parts.
    pub(super) rest: u32,
    pub(super) bytes: &'a [u8],
}

/// Anything that travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Seen(u64),
    Here(Here),
    Propose(Tag),
    Beat(Beat),
    Part(Part<'a>),
}

pub(super) fn seen(changes: u64) -> Vec<u8> {
    with_body(kind::SEEN, &changes)
}

pub(super) fn here(here: &Here) -> Vec<u8> {
    with_body(kind::HERE, here)
}

pub(super) fn propose(tag: &Tag) -> Vec<u8> {
    with_body(kind::PROPOSE, tag)
}

pub(super) fn beat(beat: &Beat) -> Vec<u8> {
    with_body(kind::BEAT, beat)
}

fn with_body(kind: u8, body: &impl Serialize) -> Vec<u8> {
    // Into memory nothing can fail; an empty body would be refused by every reader.
    let body = postcard::to_stdvec(body).unwrap_or_default();
    let mut bytes = vec![VERSION, kind];
    bytes.extend(body);
    bytes
}

pub(super) fn part(part: &Part<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PART_HEAD + part.bytes.len());
    bytes.extend_from_slice(&[VERSION, kind::PART]);
    bytes.extend_from_slice(&part.membership.to_le_bytes());
    bytes.extend_from_slice(&part.number.to_le_bytes());
    bytes.extend_from_slice(&part.rest.to_le_bytes());
    bytes.extend_from_slice(part.bytes);
    bytes
}

/// `None` for what no version of ours sends.
pub(super) fn decode(bytes: &[u8]) -> Option<Message<'_>> {
    let (head, body) = bytes.split_first_chunk::<2>()?;
    match head {
        [VERSION, kind::SEEN] => postcard::from_bytes(body).ok().map(Message::Seen),
        [VERSION, kind::HERE] => postcard::from_bytes(body).ok().map(Message::Here),
        [VERSION, kind::PROPOSE] => postcard::from_bytes(body).ok().map(Message::Propose),
        [VERSION, kind::BEAT] => postcard::from_bytes(body).ok().map(Message::Beat),
        [VERSION, kind::PART] => decode_part(body).map(Message::Part),
        _ => None,
    }
}

fn decode_part(body: &[u8]) -> Option<Part<'_>> {
    let (membership, body) = body.split_first_chunk()?;
    let (number, body) = body.split_first_chunk()?;
    let (rest, bytes) = body.split_first_chunk()?;
    Some(Part {
        membership: u64::from_le_bytes(*membership),
        number: u64::from_le_bytes(*number),
        rest: u32::from_le_bytes(*rest),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_back() {
        let sent = Part { membership: 7, number: 9, rest: 5, bytes: b"half" };
        assert_eq!(decode(&part(&sent)), Some(Message::Part(sent)));
        let sent = Beat { membership: 1 << 40, taken: 3 };
        assert_eq!(decode(&beat(&sent)), Some(Message::Beat(sent)));
    }

    #[test]
    fn nonsense_and_other_versions_are_not_understood() {
        let good = part(&Part { membership: 7, number: 9, rest: 0, bytes: b"" });
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]), None);
        }
        let mut other = good;
        other[0] = VERSION + 1;
        assert_eq!(decode(&other), None);
        assert_eq!(decode(&[VERSION, 99]), None);
        assert_eq!(decode(&[VERSION, kind::HERE, 255, 255, 255]), None);
    }
}
