//! Membership and totally ordered messages between nodes.
//!
//! A [`Fabric`] is one node's connection to the others, whatever carries it. Its [`Event`]s are the
//! memberships that the node goes through and, in each, the messages delivered in it.
//!
//! **Always** (`tests/conformance.rs`, for every kind of fabric):
//! - all members of a membership deliver its messages in the same order, the sender included;
//! - all that go from one membership to the next together have delivered the same messages in the
//!   first (*virtual synchrony*);
//! - what a node broadcasts is delivered to itself at the latest when it is alone;
//! - membership ids never go back on one node;
//! - memory is bounded: who does not keep up is dropped from the membership.
//!
//! **Not here:** what messages mean, and what a membership change makes a node do (`controller`).
//!
//! Field words: Corosync *cpg* with *votequorum*, Heartbeat *ccm*.

#[cfg(feature = "corosync")]
pub mod corosync;
pub mod embedded;
mod heard;
mod votes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use model::{NodeId, Quorum};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use heard::LastHeard;

pub use tie_breaker::Counted;
pub use votes::Votes;

/// The largest payload that can be broadcast: a document of a very large cluster.
pub const PAYLOAD_MAX: usize = 64 << 20;

/// A node that has more than this waiting to be sent leaves the membership, alone with it.
const OUTBOX_BYTES_MAX: usize = 2 * PAYLOAD_MAX;

/// Events that wait for the node to take them; behind these the flow of messages stops.
const EVENTS_WAITING_MAX: usize = 64;

/// What the fabric tells a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The node is in this membership now. Deliveries that follow belong to it.
    Membership {
        /// Never goes back on one node.
        id: u64,
        /// In ascending order; this node is one of them.
        members: Vec<NodeId>,
        /// Whether the members may act.
        quorum: Quorum,
    },
    /// The next message of the total order.
    Delivered { from: NodeId, payload: Vec<u8> },
}

/// A payload that cannot be broadcast.
#[derive(Debug, thiserror::Error)]
#[error("a message of {bytes} bytes is larger than the limit of {PAYLOAD_MAX}")]
pub struct TooLarge {
    pub bytes: usize,
}

/// One node's connection to the others.
#[derive(Debug)]
pub struct Fabric {
    incoming: mpsc::Receiver<Incoming>,
    outbox: mpsc::UnboundedSender<Outgoing>,
    pressure: Arc<Pressure>,
    heard: LastHeard,
    task: JoinHandle<()>,
}

/// What the carrying task hands to the node.
#[derive(Debug)]
enum Incoming {
    Event(Event),
    /// To be answered once everything before it was taken: shows that the node is alive, not only
    /// its socket.
    Ping(u64),
}

/// What the node hands to the carrying task.
#[derive(Debug)]
enum Outgoing {
    Broadcast(Arc<Vec<u8>>),
    Pong(u64),
    /// For the voter of the lock on a disk.
    #[cfg_attr(not(feature = "corosync"), expect(dead_code, reason = "it votes beside Corosync"))]
    Count(Counted),
    /// Votes.
    #[cfg_attr(not(feature = "corosync"), expect(dead_code, reason = "Corosync expects them"))]
    Expect(u32),
}

/// How much waits in the outbox.
#[derive(Debug, Default)]
struct Pressure {
    bytes: AtomicUsize,
    overflow: Notify,
}

impl Pressure {
    /// Ready once more waits than may.
    async fn too_high(&self) {
        while self.bytes.load(Ordering::Relaxed) <= OUTBOX_BYTES_MAX {
            self.overflow.notified().await;
        }
    }
}

/// The carrying task's ends.
struct Ends {
    incoming: mpsc::Sender<Incoming>,
    outbox: mpsc::UnboundedReceiver<Outgoing>,
    pressure: Arc<Pressure>,
    heard: LastHeard,
}

impl Fabric {
    /// Starts the task that carries messages, with its ends of the channels.
    fn start<F>(carry: impl FnOnce(Ends) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (incoming_end, incoming) = mpsc::channel(EVENTS_WAITING_MAX);
        let (outbox, outbox_end) = mpsc::unbounded_channel();
        let pressure = Arc::new(Pressure::default());
        let heard = LastHeard::default();
        let ends = Ends {
            incoming: incoming_end,
            outbox: outbox_end,
            pressure: Arc::clone(&pressure),
            heard: heard.clone(),
        };
        Self { incoming, outbox, pressure, heard, task: tokio::spawn(carry(ends)) }
    }

    /// The next event. May be dropped before it is ready without losing one. `None` when the
    /// carrying task has ended, which it does only by a fault of its own.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.incoming.recv().await? {
                Incoming::Event(event) => return Some(event),
                Incoming::Ping(number) => {
                    // If the task is gone, the next turn says so.
                    let _gone = self.outbox.send(Outgoing::Pong(number));
                }
            }
        }
    }

    /// Sends to all members, this node included. Returns at once.
    ///
    /// # Errors
    /// When the payload is larger than [`PAYLOAD_MAX`].
    pub fn broadcast(&self, payload: Vec<u8>) -> Result<(), TooLarge> {
        let bytes = payload.len();
        if bytes > PAYLOAD_MAX {
            return Err(TooLarge { bytes });
        }
        let waiting = self.pressure.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let _gone = self.outbox.send(Outgoing::Broadcast(Arc::new(payload)));
        if waiting > OUTBOX_BYTES_MAX {
            self.pressure.overflow.notify_one();
        }
        Ok(())
    }

    /// Tells the voter of the lock on a disk who counts, and tells it again to each that begins anew. Only beside Corosync
    /// there is one.
    pub fn count_previous(&self, counted: Counted) {
        // If the task is gone, the next turn says so.
        let _gone = self.outbox.send(Outgoing::Count(counted));
    }

    /// Has no more than so many votes expected by who counts them, the device's included, until another number is said.
    /// While there are more it has no effect. Only Corosync counts so.
    pub fn expect_votes(&self, votes: u32) {
        let _gone = self.outbox.send(Outgoing::Expect(votes));
    }

    /// When the last sign of life of another node came, that is no longer a member. Corosync: of its
    /// messages, among which is a beat four times in `stall`, so the node lived for up to that longer.
    /// Embedded: the end of its connection, which its process' end is, or its last answer before it
    /// was dropped for silence.
    pub fn last_heard(&self, node: NodeId) -> Option<Instant> {
        self.heard.of(node)
    }

    /// Leaves after everything broadcast so far was handed over to the carrier.
    pub async fn close(self) {
        drop(self.outbox);
        drop(self.incoming);
        let _panicked = self.task.await;
    }
}
