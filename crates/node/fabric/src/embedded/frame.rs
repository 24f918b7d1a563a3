//! What travels between members and the sequencer: a length, a kind, a body.

use std::io;

use model::NodeId;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::control::Verb;
use crate::PAYLOAD_MAX;

/// Spoken by both sides; a member of another version is refused.
pub(super) const VERSION: u8 = 2;

/// Bytes before a frame's body: its length (of kind and body) and its kind.
pub(super) const PREFIX: usize = 5;

/// No body but a payload is ever this large.
const BODY_MAX: usize = 1 << 20;

/// Kinds of frames. Both directions share the numbers, so that a mix-up is noticed.
pub(super) mod kind {
    pub(in super::super) const HELLO: u8 = 1;
    pub(in super::super) const BROADCAST: u8 = 2;
    pub(in super::super) const PONG: u8 = 3;
    pub(in super::super) const CONTROL: u8 = 4;
    pub(in super::super) const WELCOME: u8 = 5;
    pub(in super::super) const REFUSED: u8 = 6;
    pub(in super::super) const MEMBERSHIP: u8 = 7;
    pub(in super::super) const DELIVERED: u8 = 8;
    pub(in super::super) const PING: u8 = 9;
    pub(in super::super) const SIDES: u8 = 10;
    pub(in super::super) const SILENT: u8 = 11;
}

/// A member's introduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) version: u8,
    pub(super) node: NodeId,
    /// The highest membership id that the member has been through.
    pub(super) last_membership: u64,
    pub(super) pid: u32,
}

/// From the sequencer to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ToMember {
    Welcome {
        stall_ms: u64,
    },
    Refused {
        why: String,
    },
    Membership {
        id: u64,
        members: Vec<NodeId>,
    },
    /// A member that is gone showed its last sign of life so long ago.
    Silent {
        node: NodeId,
        ms: u64,
    },
    Delivered {
        from: NodeId,
        payload: Vec<u8>,
    },
    Ping(u64),
}

/// The first five bytes of a frame whose body has `length` bytes.
pub(super) fn prefix(kind: u8, length: usize) -> [u8; PREFIX] {
    let length = u32::try_from(length + 1).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_le_bytes();
    [a, b, c, d, kind]
}

/// A whole frame.
pub(super) fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PREFIX + body.len());
    bytes.extend_from_slice(&prefix(kind, body.len()));
    bytes.extend_from_slice(body);
    bytes
}

/// The beginning of a delivery of `length` payload bytes, which follow it.
pub(super) fn delivered_head(from: NodeId, length: usize) -> Vec<u8> {
    let mut bytes = prefix(kind::DELIVERED, length + 4).to_vec();
    bytes.extend_from_slice(&from.0.to_le_bytes());
    bytes
}

pub(super) fn encode_hello(hello: &Hello) -> Vec<u8> {
    let mut body = vec![hello.version];
    body.extend_from_slice(&hello.node.0.to_le_bytes());
    body.extend_from_slice(&hello.last_membership.to_le_bytes());
    body.extend_from_slice(&hello.pid.to_le_bytes());
    frame(kind::HELLO, &body)
}

pub(super) fn decode_hello(body: &[u8]) -> io::Result<Hello> {
    let mut fields = Fields(body);
    let hello = Hello {
        version: fields.byte()?,
        node: NodeId(fields.u32()?),
        last_membership: fields.u64()?,
        pid: fields.u32()?,
    };
    fields.end()?;
    Ok(hello)
}

pub(super) fn encode_number(kind: u8, number: u64) -> Vec<u8> {
    frame(kind, &number.to_le_bytes())
}

pub(super) fn decode_number(body: &[u8]) -> io::Result<u64> {
    let mut fields = Fields(body);
    let number = fields.u64()?;
    fields.end()?;
    Ok(number)
}

pub(super) fn encode_membership(id: u64, members: &[NodeId]) -> Vec<u8> {
    let mut body = id.to_le_bytes().to_vec();
    for member in members {
        body.extend_from_slice(&member.0.to_le_bytes());
    }
    frame(kind::MEMBERSHIP, &body)
}

fn decode_membership(body: &[u8]) -> io::Result<ToMember> {
    let mut fields = Fields(body);
    let id = fields.u64()?;
    let members = fields.rest_as_nodes()?;
    Ok(ToMember::Membership { id, members })
}

pub(super) fn encode_silent(node: NodeId, ms: u64) -> Vec<u8> {
    let mut body = node.0.to_le_bytes().to_vec();
    body.extend_from_slice(&ms.to_le_bytes());
    frame(kind::SILENT, &body)
}

fn decode_silent(body: &[u8]) -> io::Result<ToMember> {
    let mut fields = Fields(body);
    let (node, ms) = (NodeId(fields.u32()?), fields.u64()?);
    fields.end()?;
    Ok(ToMember::Silent { node, ms })
}

/// Groups of nodes: a length before each.
pub(super) fn encode_groups(groups: &[Vec<NodeId>]) -> Vec<u8> {
    let mut body = Vec::new();
    for group in groups {
        body.extend_from_slice(&u32::try_from(group.len()).unwrap_or(u32::MAX).to_le_bytes());
        for node in group {
            body.extend_from_slice(&node.0.to_le_bytes());
        }
    }
    body
}

pub(super) fn decode_groups(body: &[u8]) -> io::Result<Vec<Vec<NodeId>>> {
    let mut fields = Fields(body);
    let mut groups = Vec::new();
    while !fields.0.is_empty() {
        let length = fields.u32()?;
        let group: io::Result<Vec<NodeId>> =
            (0..length).map(|_| fields.u32().map(NodeId)).collect();
        groups.push(group?);
    }
    Ok(groups)
}

pub(super) fn encode_verb(verb: &Verb) -> Vec<u8> {
    let mut body = vec![match verb {
        Verb::Partition(_) => 0,
        Verb::Heal => 1,
        Verb::Show => 2,
    }];
    match verb {
        Verb::Partition(groups) => body.extend(encode_groups(groups)),
        Verb::Heal | Verb::Show => {}
    }
    frame(kind::CONTROL, &body)
}

pub(super) fn decode_verb(body: &[u8]) -> io::Result<Verb> {
    match body.split_first() {
        Some((0, groups)) => Ok(Verb::Partition(decode_groups(groups)?)),
        Some((1, [])) => Ok(Verb::Heal),
        Some((2, [])) => Ok(Verb::Show),
        Some(_) | None => Err(malformed("control verb")),
    }
}

/// The length of the body and the kind of the next frame. `None` at the stream's end.
pub(super) async fn read_prefix(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<(u8, usize)>> {
    let mut first = [0; 1];
    if stream.read(&mut first).await? == 0 {
        return Ok(None);
    }
    let mut rest = [0; PREFIX - 1];
    stream.read_exact(&mut rest).await?;
    let ([a], [b, c, d, kind]) = (first, rest);
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let length = length.checked_sub(1).ok_or_else(|| malformed("length"))?;
    let limit = match kind {
        kind::BROADCAST => PAYLOAD_MAX,
        kind::DELIVERED => PAYLOAD_MAX + 4,
        _ => BODY_MAX,
    };
    if length > limit {
        return Err(malformed("length"));
    }
    Ok(Some((kind, length)))
}

/// Adds `length` bytes to `buffer`.
pub(super) async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    length: usize,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    buffer.reserve_exact(length);
    let read = stream.take(length as u64).read_to_end(buffer).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// The next frame from the sequencer. `None` at the stream's end.
pub(super) async fn read_to_member(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<ToMember>> {
    let Some((kind, length)) = read_prefix(stream).await? else { return Ok(None) };
    if kind == kind::DELIVERED {
        let mut from = [0; 4];
        stream.read_exact(&mut from).await?;
        let length = length.checked_sub(4).ok_or_else(|| malformed("delivery"))?;
        let mut payload = Vec::new();
        read_body(stream, length, &mut payload).await?;
        let from = NodeId(u32::from_le_bytes(from));
        return Ok(Some(ToMember::Delivered { from, payload }));
    }
    let mut body = Vec::new();
    read_body(stream, length, &mut body).await?;
    let frame = match kind {
        kind::WELCOME => ToMember::Welcome { stall_ms: decode_number(&body)? },
        kind::REFUSED => ToMember::Refused { why: String::from_utf8_lossy(&body).into_owned() },
        kind::MEMBERSHIP => decode_membership(&body)?,
        kind::PING => ToMember::Ping(decode_number(&body)?),
        kind::SILENT => decode_silent(&body)?,
        _ => return Err(malformed("kind")),
    };
    Ok(Some(frame))
}

pub(super) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what} in a frame"))
}

/// What is left of a body.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk().ok_or_else(|| malformed("body"))?;
        self.0 = rest;
        Ok(*field)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn rest_as_nodes(&mut self) -> io::Result<Vec<NodeId>> {
        let mut nodes = Vec::new();
        while !self.0.is_empty() {
            nodes.push(NodeId(self.u32()?));
        }
        Ok(nodes)
    }

    fn end(&self) -> io::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed("body")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(frame: &[u8]) -> &[u8] {
        &frame[PREFIX..]
    }

    #[test]
    fn frames_read_back() {
        let hello = Hello { version: 1, node: NodeId(3), last_membership: 9, pid: 77 };
        assert_eq!(decode_hello(body(&encode_hello(&hello))).unwrap(), hello);
        let groups = vec![vec![NodeId(1), NodeId(2)], vec![], vec![NodeId(3)]];
        for verb in [Verb::Partition(groups), Verb::Heal, Verb::Show] {
            assert_eq!(decode_verb(body(&encode_verb(&verb))).unwrap(), verb);
        }
        let members = vec![NodeId(1), NodeId(4)];
        let decoded = decode_membership(body(&encode_membership(5, &members))).unwrap();
        assert_eq!(decoded, ToMember::Membership { id: 5, members });
        let decoded = decode_silent(body(&encode_silent(NodeId(4), 1250))).unwrap();
        assert_eq!(decoded, ToMember::Silent { node: NodeId(4), ms: 1250 });
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(decode_hello(b"short").is_err());
        assert!(decode_hello(&[0; 40]).is_err());
        assert!(decode_verb(b"").is_err());
        assert!(decode_verb(&[9]).is_err());
        assert!(decode_verb(&[0, 255, 255, 255, 255, 1]).is_err());
    }

    #[tokio::test]
    async fn a_length_beyond_the_limit_is_refused_before_it_is_read() {
        let mut bytes: &[u8] = &[255, 255, 255, 255, kind::BROADCAST];
        assert!(read_prefix(&mut bytes).await.is_err());
        let mut bytes: &[u8] = &[0, 0, 0, 0, kind::PING];
        assert!(read_prefix(&mut bytes).await.is_err());
        let mut bytes: &[u8] = &[1, 0];
        assert!(read_prefix(&mut bytes).await.is_err());
        let mut bytes: &[u8] = &[];
        assert!(read_prefix(&mut bytes).await.unwrap().is_none());
    }
}
