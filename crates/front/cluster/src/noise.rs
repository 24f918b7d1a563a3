//! The encrypted way between a machine and a door.
//!
//! A door has a key that all members share. Who has a token knows its public half and so knows the
//! door; who is a member has the shared secret as well, and proves it in the first message.
//!
//! Field word: the Noise protocol framework, patterns NK and NKpsk0.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use snow::{Builder, HandshakeState, TransportState};

use crate::hex::{hex, unhex};

pub(crate) const KEY_BYTES: usize = 32;
/// Both sides must mean the same protocol.
const PROLOGUE: &[u8] = b"quorate door 1";
const STRANGER: &str = "Noise_NK_25519_ChaChaPoly_BLAKE2s";
const MEMBER: &str = "Noise_NKpsk0_25519_ChaChaPoly_BLAKE2s";
/// First byte of a connection.
const BY_STRANGER: u8 = b'J';
const BY_MEMBER: u8 = b'M';
/// Source: the Noise specification, section 3; 16 bytes of it are the seal.
const MESSAGE_MAX: usize = 65_535;
const CHUNK: usize = MESSAGE_MAX - 16;
/// A `corosync.conf` of hundreds of nodes has room.
const WHOLE_MAX: usize = 4 << 20;

/// The key that all doors of a cluster share.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DoorKey {
    private: [u8; KEY_BYTES],
    pub(crate) public: [u8; KEY_BYTES],
    shared: [u8; KEY_BYTES],
}

impl std::fmt::Debug for DoorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DoorKey")
    }
}

impl DoorKey {
    /// A new one.
    pub(crate) fn generate() -> io::Result<Self> {
        let params = STRANGER.parse().map_err(noise)?;
        let pair = Builder::new(params).generate_keypair().map_err(noise)?;
        let whole = |bytes: Vec<u8>| bytes.try_into().map_err(|_| io::Error::other("no key"));
        let mut shared = [0; KEY_BYTES];
        crate::authkey::random(&mut shared)?;
        Ok(Self { private: whole(pair.private)?, public: whole(pair.public)?, shared })
    }

    /// As its file has it.
    pub(crate) fn text(&self) -> String {
        format!("{}{}{}\n", hex(&self.private), hex(&self.public), hex(&self.shared))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = unhex(text.trim())?;
        let (private, rest) = bytes.split_first_chunk()?;
        let (public, rest) = rest.split_first_chunk()?;
        let shared = rest.try_into().ok()?;
        Some(Self { private: *private, public: *public, shared })
    }
}

/// Who knocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Member,
    /// Somebody who knows the door's key, from a token.
    Stranger,
}

/// An encrypted connection. Nothing on it takes longer than until `deadline`.
pub(crate) struct Channel {
    stream: TcpStream,
    noise: TransportState,
    deadline: Instant,
}

impl Channel {
    /// Knocks with what a token says of the door.
    pub(crate) fn as_stranger(
        stream: TcpStream,
        door: &[u8; KEY_BYTES],
        patience: Duration,
    ) -> io::Result<Self> {
        let builder = Builder::new(STRANGER.parse().map_err(noise)?);
        let builder = builder.prologue(PROLOGUE).map_err(noise)?;
        let shake = builder.remote_public_key(door).map_err(noise)?.build_initiator();
        Self::knock(stream, BY_STRANGER, shake.map_err(noise)?, patience)
    }

    /// Knocks as a member.
    pub(crate) fn as_member(
        stream: TcpStream,
        key: &DoorKey,
        patience: Duration,
    ) -> io::Result<Self> {
        let builder = Builder::new(MEMBER.parse().map_err(noise)?);
        let builder = builder.prologue(PROLOGUE).map_err(noise)?;
        let builder = builder.psk(0, &key.shared).map_err(noise)?;
        let shake = builder.remote_public_key(&key.public).map_err(noise)?.build_initiator();
        Self::knock(stream, BY_MEMBER, shake.map_err(noise)?, patience)
    }

    fn knock(
        mut stream: TcpStream,
        kind: u8,
        mut shake: HandshakeState,
        patience: Duration,
    ) -> io::Result<Self> {
        let deadline = Instant::now() + patience;
        let mut buffer = vec![0; MESSAGE_MAX];
        let length = shake.write_message(&[], &mut buffer).map_err(noise)?;
        write_all(&mut stream, &[kind], deadline)?;
        write_frame(&mut stream, buffer.get(..length).unwrap_or_default(), deadline)?;
        let answer = read_frame(&mut stream, deadline)?;
        shake.read_message(&answer, &mut buffer).map_err(noise)?;
        let noise = shake.into_transport_mode().map_err(noise)?;
        Ok(Self { stream, noise, deadline })
    }

    /// Opens the door; says who knocked.
    pub(crate) fn answer(
        mut stream: TcpStream,
        key: &DoorKey,
        patience: Duration,
    ) -> io::Result<(Self, Caller)> {
        let deadline = Instant::now() + patience;
        let mut kind = [0];
        // Who only looks whether the door is there says nothing.
        read_exact(&mut stream, &mut kind, deadline).map_err(|error| {
            let is_silent = error.kind() == io::ErrorKind::UnexpectedEof;
            if is_silent { io::ErrorKind::NotConnected.into() } else { error }
        })?;
        let (caller, pattern) = match kind {
            [BY_STRANGER] => (Caller::Stranger, STRANGER),
            [BY_MEMBER] => (Caller::Member, MEMBER),
            [_] => return Err(io::Error::new(io::ErrorKind::InvalidData, "not our protocol")),
        };
        let mut builder = Builder::new(pattern.parse().map_err(noise)?);
        builder = builder.prologue(PROLOGUE).map_err(noise)?;
        builder = builder.local_private_key(&key.private).map_err(noise)?;
        if caller == Caller::Member {
            builder = builder.psk(0, &key.shared).map_err(noise)?;
        }
        let mut shake = builder.build_responder().map_err(noise)?;
        let mut buffer = vec![0; MESSAGE_MAX];
        let knock = read_frame(&mut stream, deadline)?;
        shake.read_message(&knock, &mut buffer).map_err(noise)?;
        let length = shake.write_message(&[], &mut buffer).map_err(noise)?;
        write_frame(&mut stream, buffer.get(..length).unwrap_or_default(), deadline)?;
        let noise = shake.into_transport_mode().map_err(noise)?;
        Ok((Self { stream, noise, deadline }, caller))
    }

    /// From now on, so long.
    pub(crate) fn wait_until(&mut self, patience: Duration) {
        self.deadline = Instant::now() + patience;
    }

    /// Sends a value.
    pub(crate) fn send(&mut self, value: &impl Serialize) -> io::Result<()> {
        let whole = serde_json::to_vec(value)?;
        let length = u32::try_from(whole.len()).map_err(io::Error::other)?;
        let mut text = length.to_be_bytes().to_vec();
        text.extend(whole);
        let mut buffer = vec![0; MESSAGE_MAX];
        for chunk in text.chunks(CHUNK) {
            let length = self.noise.write_message(chunk, &mut buffer).map_err(noise)?;
            let sealed = buffer.get(..length).unwrap_or_default();
            write_frame(&mut self.stream, sealed, self.deadline)?;
        }
        self.stream.flush()
    }

    /// Receives a value.
    pub(crate) fn receive<V: DeserializeOwned>(&mut self) -> io::Result<V> {
        let mut text = Vec::new();
        let mut buffer = vec![0; MESSAGE_MAX];
        loop {
            let sealed = read_frame(&mut self.stream, self.deadline)?;
            let length = self.noise.read_message(&sealed, &mut buffer).map_err(noise)?;
            text.extend(buffer.get(..length).unwrap_or_default());
            let Some((head, body)) = text.split_first_chunk::<4>() else { continue };
            let whole = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
            if whole > WHOLE_MAX || body.len() > whole {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a message too long"));
            }
            if body.len() == whole {
                return Ok(serde_json::from_slice(body)?);
            }
        }
    }
}

fn noise(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("the keys do not fit ({error})"))
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn read_exact(stream: &mut TcpStream, mut into: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !into.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(into) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => into = into.get_mut(read..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write_all(stream: &mut TcpStream, bytes: &[u8], deadline: Instant) -> io::Result<()> {
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(bytes)
}

fn read_frame(stream: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    read_exact(stream, &mut length, deadline)?;
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    read_exact(stream, &mut frame, deadline)?;
    Ok(frame)
}

fn write_frame(stream: &mut TcpStream, frame: &[u8], deadline: Instant) -> io::Result<()> {
    let length = u16::try_from(frame.len()).map_err(io::Error::other)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(frame);
    write_all(stream, &bytes, deadline)
}

#[cfg(test)]
mod tests;
