//! A member's side: alone until the sequencer is reached, attached until it is lost, and so on.
//!
//! **Always:** what the node broadcasts is delivered to it once, in the order of its broadcasts:
//! through the sequencer, or, where that was lost meanwhile, alone.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::NodeId;
use tokio::io::{AsyncWriteExt, BufReader, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Member;
use super::frame::{self, Hello, ToMember, VERSION, kind};
use crate::heard::LastHeard;
use crate::{Ends, Event, Incoming, Outgoing, Votes};

/// First and longest wait between attempts to reach the sequencer.
const RETRY_FIRST: Duration = Duration::from_millis(20);
pub(super) const RETRY_LONGEST: Duration = Duration::from_millis(100);

/// A sequencer that does not let a member in for so long is as good as none.
const GREETING_MAX: Duration = Duration::from_secs(2);

/// The sequencer pings several times in its stall time; after this many of those times without a
/// word it is taken for lost.
const SILENCE_STALLS: u32 = 2;

/// The node has let go of its end.
struct NodeGone;

/// Carries messages for as long as the node wants.
pub(super) async fn carry(member: Member, ends: Ends) {
    let Member { node, votes, socket: _ } = &member;
    let pressure = Arc::clone(&ends.pressure);
    let mut carrier = Carrier {
        node: *node,
        votes: votes.clone(),
        incoming: ends.incoming,
        pressure,
        heard: ends.heard,
        last_membership: 0,
        in_flight: Mutex::default(),
    };
    let mut outbox = ends.outbox;
    let mut attached = attach(&member, 0).await.ok();
    loop {
        let ended = match attached.take() {
            Some(session) => carrier.attached(session, &mut outbox).await,
            None => match carrier.alone(&member, &mut outbox).await {
                Ok(session) => {
                    attached = Some(session);
                    continue;
                }
                Err(gone) => Err(gone),
            },
        };
        if let Err(NodeGone) = ended {
            return;
        }
    }
}

/// An open connection that has been let in.
struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// So long without a word means that the sequencer is lost.
    silence: Duration,
    /// The first membership.
    id: u64,
    members: Vec<NodeId>,
}

/// Connects, introduces the node and waits for its first membership.
async fn attach(member: &Member, last_membership: u64) -> io::Result<Session> {
    match timeout(GREETING_MAX, greet(member, last_membership)).await {
        Ok(greeted) => greeted,
        Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn greet(member: &Member, last_membership: u64) -> io::Result<Session> {
    let stream = UnixStream::connect(&member.socket).await?;
    let (read_half, mut writer) = stream.into_split();
    let hello =
        Hello { version: VERSION, node: member.node, last_membership, pid: std::process::id() };
    writer.write_all(&frame::encode_hello(&hello)).await?;
    let mut reader = BufReader::new(read_half);
    let mut silence = Duration::MAX;
    loop {
        match frame::read_to_member(&mut reader).await? {
            Some(ToMember::Welcome { stall_ms }) => {
                silence = Duration::from_millis(stall_ms).saturating_mul(SILENCE_STALLS);
            }
            Some(ToMember::Membership { id, members }) => {
                return Ok(Session { reader, writer, silence, id, members });
            }
            // Of one that this node has not been with.
            Some(ToMember::Silent { .. }) => {}
            Some(ToMember::Refused { why }) => return Err(io::Error::other(why)),
            Some(ToMember::Ping(_) | ToMember::Delivered { .. }) => {
                return Err(frame::malformed("order"));
            }
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Tries until it works.
async fn attach_at_last(member: &Member, last_membership: u64) -> Session {
    let mut wait = RETRY_FIRST;
    let mut said = String::new();
    loop {
        match attach(member, last_membership).await {
            Ok(session) => return session,
            Err(error) => {
                let words = error.to_string();
                if words != said {
                    let socket = member.socket.display();
                    tracing::warn!(%socket, %error, "no embedded fabric; trying again");
                    said = words;
                }
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_LONGEST);
    }
}

struct Carrier {
    node: NodeId,
    votes: Votes,
    incoming: mpsc::Sender<Incoming>,
    pressure: Arc<crate::Pressure>,
    heard: LastHeard,
    last_membership: u64,
    /// Broadcasts handed to the sequencer and not yet delivered back, oldest first.
    in_flight: Mutex<VecDeque<Arc<Vec<u8>>>>,
}

impl Carrier {
    /// A membership of this node alone, in which it hears itself, until the sequencer lets it in.
    async fn alone(
        &mut self,
        member: &Member,
        outbox: &mut mpsc::UnboundedReceiver<Outgoing>,
    ) -> Result<Session, NodeGone> {
        self.enter(self.last_membership + 1, vec![self.node]).await?;
        let undelivered = std::mem::take(&mut *self.in_flight());
        for payload in undelivered {
            self.deliver(self.node, payload.as_ref().clone()).await?;
        }
        let attaching = attach_at_last(member, self.last_membership);
        tokio::pin!(attaching);
        loop {
            tokio::select! {
                session = &mut attaching => return Ok(session),
                outgoing = outbox.recv() => match outgoing {
                    Some(Outgoing::Broadcast(payload)) => {
                        self.taken(&payload);
                        self.deliver(self.node, payload.as_ref().clone()).await?;
                    }
                    // For a connection that is no more, and for a lock that nobody has here.
                    Some(Outgoing::Pong(_) | Outgoing::Count(_) | Outgoing::Expect(_)) => {}
                    None => return Err(NodeGone),
                },
            }
        }
    }

    /// Carries messages through one connection until it ends.
    async fn attached(
        &mut self,
        session: Session,
        outbox: &mut mpsc::UnboundedReceiver<Outgoing>,
    ) -> Result<(), NodeGone> {
        let Session { mut reader, writer, silence, id, members } = session;
        tracing::info!("embedded fabric reached");
        // A node that lets go may have something to say still, so only the writer, who knows when
        // all is said, may end this for it.
        let _gone = self.enter(id, members).await;
        let mut last = id;
        let ended = tokio::select! {
            () = self.read(&mut reader, silence, &mut last) => Ok(()),
            gone = self.write(writer, outbox) => Err(gone),
            () = self.pressure.too_high() => {
                tracing::error!("leaving the membership: more waits to be sent than is sane");
                Ok(())
            }
        };
        self.last_membership = last;
        ended
    }

    /// Hands to the node what is read until the connection is lost. When the node has let go it
    /// still reads, or the sequencer would soon take no more from a writer whose own messages
    /// cannot be delivered to it.
    async fn read(
        &self,
        reader: &mut BufReader<OwnedReadHalf>,
        silence: Duration,
        last_membership: &mut u64,
    ) {
        loop {
            let frame = match timeout(silence, frame::read_to_member(reader)).await {
                Ok(Ok(Some(frame))) => frame,
                Ok(Ok(None)) => {
                    tracing::warn!("embedded fabric lost: the sequencer closed the connection");
                    return;
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "embedded fabric lost");
                    return;
                }
                Err(_elapsed) => {
                    tracing::warn!(after = ?silence, "embedded fabric lost: the sequencer is silent");
                    return;
                }
            };
            let _gone = match frame {
                ToMember::Membership { id, members } => {
                    *last_membership = id;
                    self.heard.forget(&members);
                    self.enter_as(id, members).await
                }
                ToMember::Delivered { from, payload } => {
                    let taken = self.deliver(from, payload).await;
                    // Only now: this may be given up while the node does not take the delivery.
                    if from == self.node {
                        self.in_flight().pop_front();
                    }
                    taken
                }
                ToMember::Silent { node, ms } => {
                    let at = Instant::now().checked_sub(Duration::from_millis(ms));
                    if let Some(at) = at {
                        self.heard.note(node, at);
                    }
                    Ok(())
                }
                ToMember::Ping(number) => self.tell(Incoming::Ping(number)).await,
                ToMember::Welcome { .. } | ToMember::Refused { .. } => {
                    tracing::warn!("embedded fabric lost: the sequencer talks out of turn");
                    return;
                }
            };
        }
    }

    /// Ends only when the node lets go. When the socket fails the reader sees it end, after what
    /// was still to be read.
    async fn write(
        &self,
        writer: OwnedWriteHalf,
        outbox: &mut mpsc::UnboundedReceiver<Outgoing>,
    ) -> NodeGone {
        let mut writer = BufWriter::with_capacity(64 << 10, writer);
        let mut failed = false;
        loop {
            let outgoing = match outbox.try_recv() {
                Ok(outgoing) => outgoing,
                Err(mpsc::error::TryRecvError::Empty) => {
                    failed |= !failed && writer.flush().await.is_err();
                    match outbox.recv().await {
                        Some(outgoing) => outgoing,
                        None => return NodeGone,
                    }
                }
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    let _too_late = writer.flush().await;
                    return NodeGone;
                }
            };
            failed |= self.send(&mut writer, outgoing, failed).await.is_err();
        }
    }

    async fn send(
        &self,
        writer: &mut BufWriter<OwnedWriteHalf>,
        outgoing: Outgoing,
        failed: bool,
    ) -> io::Result<()> {
        match outgoing {
            Outgoing::Broadcast(payload) => {
                self.taken(&payload);
                self.in_flight().push_back(Arc::clone(&payload));
                if !failed {
                    writer.write_all(&frame::prefix(kind::BROADCAST, payload.len())).await?;
                    writer.write_all(&payload).await?;
                }
            }
            Outgoing::Pong(number) => {
                if !failed {
                    writer.write_all(&frame::encode_number(kind::PONG, number)).await?;
                }
            }
            Outgoing::Count(_) | Outgoing::Expect(_) => {}
        }
        Ok(())
    }

    async fn enter(&mut self, id: u64, members: Vec<NodeId>) -> Result<(), NodeGone> {
        self.last_membership = id;
        self.enter_as(id, members).await
    }

    async fn enter_as(&self, id: u64, members: Vec<NodeId>) -> Result<(), NodeGone> {
        let quorum = self.votes.quorum(&members);
        self.tell(Incoming::Event(Event::Membership { id, members, quorum })).await
    }

    async fn deliver(&self, from: NodeId, payload: Vec<u8>) -> Result<(), NodeGone> {
        self.tell(Incoming::Event(Event::Delivered { from, payload })).await
    }

    async fn tell(&self, incoming: Incoming) -> Result<(), NodeGone> {
        self.incoming.send(incoming).await.map_err(|_closed| NodeGone)
    }

    /// The payload left the outbox.
    fn taken(&self, payload: &[u8]) {
        self.pressure.bytes.fetch_sub(payload.len(), Ordering::Relaxed);
    }

    fn in_flight(&self) -> MutexGuard<'_, VecDeque<Arc<Vec<u8>>>> {
        // Each use is one push, pop or take, so a panic elsewhere leaves it sound.
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
