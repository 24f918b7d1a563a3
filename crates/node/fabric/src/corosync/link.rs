//! The connection to Corosync on this machine: what its libraries say as plain values.
//!
//! The libraries call back from within `dispatch`, on the thread that calls it, with functions that
//! carry nothing of ours. So a callback leaves what it heard with its thread, where the caller of
//! `dispatch` finds it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use model::NodeId;
use rust_corosync::cpg::{self, Address, Guarantee};
use rust_corosync::{CsError, DispatchFlags, NodeId as CsNodeId, TrackFlags, quorum};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::agreement::{Process, Ring};
use super::calls::{self, Unanswered};
use super::configuration;

/// The group of all daemons.
const GROUP: &str = "quorate";

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("Corosync is not to be reached ({0})")]
    Corosync(CsError),
    #[error("Corosync does not answer")]
    Silent,
    #[error("corosync.conf has no quorum provider")]
    NoQuorumProvider,
    #[error("this machine is node {theirs} in corosync.conf and {ours} in our configuration")]
    OtherNode { theirs: u32, ours: u32 },
    #[error("process {0} of this machine is in the cluster already")]
    Taken(u32),
    #[error("cannot wait for Corosync")]
    Wait(#[from] io::Error),
}

impl From<CsError> for LinkError {
    fn from(error: CsError) -> Self {
        Self::Corosync(error)
    }
}

/// What Corosync says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Ring(Ring),
    Group { now: BTreeSet<Process>, left: BTreeSet<Process> },
    Quorum { ring: Ring, quorate: bool },
    Message { from: Process, bytes: Vec<u8> },
}

thread_local! {
    static HEARD: RefCell<Vec<Word>> = const { RefCell::new(Vec::new()) };
}

fn hear(word: Word) {
    HEARD.with_borrow_mut(|heard| heard.push(word));
}

fn process(address: &Address) -> Process {
    Process { node: address.nodeid.into(), pid: address.pid }
}

fn on_message(
    _handle: &cpg::Handle,
    _group: String,
    node: CsNodeId,
    pid: u32,
    bytes: &[u8],
    _length: usize,
) {
    hear(Word::Message { from: Process { node: node.into(), pid }, bytes: bytes.to_vec() });
}

#[expect(clippy::needless_pass_by_value, reason = "the library's signature")]
fn on_group(
    _handle: &cpg::Handle,
    _group: &str,
    now: Vec<Address>,
    left: Vec<Address>,
    _joined: Vec<Address>,
) {
    let processes = |list: &[Address]| list.iter().map(process).collect();
    hear(Word::Group { now: processes(&now), left: processes(&left) });
}

fn on_ring(_handle: &cpg::Handle, ring: cpg::RingId, _members: Vec<CsNodeId>) {
    hear(Word::Ring(Ring { sequence: ring.seq, representative: ring.nodeid.into() }));
}

fn on_quorum(
    _handle: &quorum::Handle,
    quorate: bool,
    ring: quorum::RingId,
    _members: Vec<CsNodeId>,
) {
    let ring = Ring { sequence: ring.seq, representative: ring.nodeid.into() };
    hear(Word::Quorum { ring, quorate });
}

/// Watches a descriptor that one of the libraries shows its readiness by, through one of our own.
#[expect(unsafe_code, reason = "the libraries hand out bare descriptors")]
fn watch(shown: RawFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the library's handle, which the caller holds, keeps the descriptor open until after
    // this call.
    let shown = unsafe { BorrowedFd::borrow_raw(shown) };
    let own = shown.try_clone_to_owned()?;
    // SAFETY: `own` is open and nobody's but the `AsyncFd`'s, which never replaces or closes it.
    let watched = unsafe { AsyncFd::register_with_interest(own, Interest::READABLE) };
    watched.map_err(Into::into)
}

/// The open connection. Dropping it leaves the group.
pub(super) struct Link {
    messages: AsyncFd<OwnedFd>,
    votes: AsyncFd<OwnedFd>,
    cpg: cpg::Handle,
    quorum: quorum::Handle,
    pub(super) own: Process,
    /// How long Corosync may take to find that somebody is lost and to go on.
    pub(super) reform: Duration,
}

/// Whether a message was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Yes,
    /// Corosync has its hands full, or forms a ring.
    Later,
}

impl Link {
    /// Connects and joins the group.
    pub(super) async fn open(node: NodeId) -> Result<Self, LinkError> {
        let Handshake { cpg, quorum, reform } = match calls::apart(move || handshake(node)).await {
            Ok(handles) => handles?,
            Err(Unanswered::Silent) => return Err(LinkError::Silent),
            Err(Unanswered::Thread(error)) => return Err(LinkError::Wait(error)),
        };
        Ok(Self {
            messages: watch(cpg::fd_get(&cpg)?)?,
            votes: watch(quorum::fd_get(&quorum)?)?,
            cpg,
            quorum,
            own: Process { node: node.0, pid: std::process::id() },
            reform,
        })
    }

    /// The next words, at least one.
    pub(super) async fn next(&self) -> Result<Vec<Word>, CsError> {
        loop {
            let words = tokio::select! {
                biased;
                ready = self.votes.readable() => {
                    let mut ready = ready.map_err(|_closed| CsError::CsErrLibrary)?;
                    let words = heard(quorum::dispatch(&self.quorum, DispatchFlags::OneNonblocking))?;
                    if words.is_none() {
                        ready.clear_ready();
                    }
                    words
                }
                ready = self.messages.readable() => {
                    let mut ready = ready.map_err(|_closed| CsError::CsErrLibrary)?;
                    let words = heard(cpg::dispatch(&self.cpg, DispatchFlags::OneNonblocking))?;
                    if words.is_none() {
                        ready.clear_ready();
                    }
                    words
                }
            };
            match words {
                Some(words) if !words.is_empty() => return Ok(words),
                // A callback that we do not listen to, or nothing.
                Some(_) | None => {}
            }
        }
    }

    /// Hands a message over.
    pub(super) fn send(&self, message: &[u8]) -> Result<Sent, CsError> {
        match cpg::mcast_joined(&self.cpg, Guarantee::TypeAgreed, message) {
            Ok(()) => Ok(Sent::Yes),
            Err(CsError::CsErrTryAgain) => Ok(Sent::Later),
            Err(error) => Err(error),
        }
    }
}

/// What the callbacks left; `None` if there was nothing to call back for.
fn heard(dispatched: Result<(), CsError>) -> Result<Option<Vec<Word>>, CsError> {
    match dispatched {
        Ok(()) => Ok(Some(HEARD.take())),
        Err(CsError::CsErrTryAgain) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What connecting brings.
struct Handshake {
    cpg: cpg::Handle,
    quorum: quorum::Handle,
    reform: Duration,
}

fn handshake(node: NodeId) -> Result<Handshake, LinkError> {
    let listeners = cpg::ModelData::ModelV1(cpg::Model1Data {
        flags: cpg::Model1Flags::None,
        deliver_fn: Some(on_message),
        confchg_fn: Some(on_group),
        totem_confchg_fn: Some(on_ring),
    });
    let group = cpg::initialize(&listeners, 0)?;
    let theirs = cpg::local_get(&group)?.into();
    if theirs != node.0 {
        return Err(LinkError::OtherNode { theirs, ours: node.0 });
    }
    let listeners = quorum::ModelData::ModelV1(quorum::Model1Data {
        flags: quorum::Model1Flags::None,
        quorum_notification_fn: Some(on_quorum),
        nodelist_notification_fn: None,
    });
    let (votes, kind) = quorum::initialize(&listeners, 0)?;
    if matches!(kind, quorum::QuorumType::Free) {
        return Err(LinkError::NoQuorumProvider);
    }
    // After the group's connection, which misses no ring from then on.
    quorum::trackstart(&votes, TrackFlags::Changes)?;
    let present = cpg::membership_get(&group, GROUP)?;
    if let Some(twin) = present.iter().map(process).find(|process| process.node == node.0) {
        return Err(LinkError::Taken(twin.pid));
    }
    let reform = configuration::time_to_reform()?;
    cpg::join(&group, GROUP)?;
    Ok(Handshake { cpg: group, quorum: votes, reform })
}
