//! The connection to Corosync on this machine: what its libraries say as plain values.
//!
//! The libraries call back from within `dispatch`, on the thread that calls it, with functions that
//! carry nothing of ours. So a callback leaves what it heard with its thread, where the caller of
//! `dispatch` finds it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::time::Duration;

use model::{NodeId, Quorum};
use rust_corosync::cpg::{self, Address, Guarantee};
use rust_corosync::{CsError, DispatchFlags, NodeId as CsNodeId, TrackFlags, quorum};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep_until};

use super::agreement::{Process, Ring, Standing};
use super::calls::{self, Wanted};
use super::configuration::{self, Counts};
use super::counted;

/// The group of all daemons.
const GROUP: &str = "quorate";

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("Corosync is not to be reached ({0})")]
    Corosync(CsError),
    #[error("corosync.conf has no quorum provider")]
    NoQuorumProvider,
    #[error("this machine is node {theirs} in corosync.conf and {ours} in our configuration")]
    OtherNode { theirs: u32, ours: u32 },
    #[error("process {0} of this machine is in the cluster already")]
    Taken(u32),
    #[error("nobody waits any more")]
    Unwanted,
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
    Quorum { ring: Ring, standing: Standing },
    Message { from: Process, bytes: Vec<u8> },
}

/// What the quorum service said last.
#[derive(Clone, Debug)]
struct Verdict {
    ring: Ring,
    quorate: bool,
    members: Vec<NodeId>,
}

thread_local! {
    static HEARD: RefCell<Vec<Word>> = const { RefCell::new(Vec::new()) };
    static VERDICTS: RefCell<Vec<Verdict>> = const { RefCell::new(Vec::new()) };
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
    members: Vec<CsNodeId>,
) {
    let ring = Ring { sequence: ring.seq, representative: ring.nodeid.into() };
    let members = members.into_iter().map(|id| NodeId(id.into())).collect();
    VERDICTS.with_borrow_mut(|verdicts| verdicts.push(Verdict { ring, quorate, members }));
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
    counting: Counting,
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
    /// Connects and joins the group. Not ready while Corosync hangs.
    pub(super) async fn open(node: NodeId) -> Result<Self, LinkError> {
        let shaken = calls::apart(move |wanted| handshake(node, wanted)).await?;
        let Handshake { cpg, quorum, counts, reform } = shaken?;
        Ok(Self {
            messages: watch(cpg::fd_get(&cpg)?)?,
            votes: watch(quorum::fd_get(&quorum)?)?,
            cpg,
            quorum,
            counting: Counting::new(counts),
            own: Process { node: node.0, pid: std::process::id() },
            reform,
        })
    }

    /// The next words, at least one. May be dropped before it is ready without losing one.
    pub(super) async fn next(&mut self) -> Result<Vec<Word>, CsError> {
        loop {
            let words = tokio::select! {
                biased;
                ready = self.votes.readable() => {
                    let mut ready = ready.map_err(|_closed| CsError::CsErrLibrary)?;
                    if !called(quorum::dispatch(&self.quorum, DispatchFlags::OneNonblocking))? {
                        ready.clear_ready();
                    }
                    self.counting.take(VERDICTS.take())
                }
                read = self.counting.counted() => self.counting.recount(read),
                ready = self.messages.readable() => {
                    let mut ready = ready.map_err(|_closed| CsError::CsErrLibrary)?;
                    if !called(cpg::dispatch(&self.cpg, DispatchFlags::OneNonblocking))? {
                        ready.clear_ready();
                    }
                    HEARD.take()
                }
            };
            if !words.is_empty() {
                return Ok(words);
            }
        }
    }

    /// The file was read anew, and votes may be others, or the lock's voter says something else: Corosync's own
    /// service has no word for that unless they make or break a quorum.
    pub(super) fn count_again(&mut self) {
        self.counting.read_again();
    }

    /// No more than so many votes are to be expected from now on.
    pub(super) fn expect(&mut self, votes: u32) {
        self.counting.expect(votes);
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

/// Whether there was something to call back for.
fn called(dispatched: Result<(), CsError>) -> Result<bool, CsError> {
    match dispatched {
        Ok(()) => Ok(true),
        Err(CsError::CsErrTryAgain) => Ok(false),
        Err(error) => Err(error),
    }
}

/// By what a quorum is one. Corosync does not say, so it is counted from the votes that its
/// configuration gives, which may have been read anew since: at each word of the quorum service,
/// and after each reload, they are asked for again, and a count that comes out differently is one more word.
///
/// Half of the votes is enough by a device's vote or by a rule. Nothing is said of it before that is known; and where
/// those who had quorum before are counted, nothing of any quorum before it is known whether it stands on the lock.
struct Counting {
    counts: Counts,
    verdict: Option<Verdict>,
    /// The last verdict has not been passed on yet.
    is_held: bool,
    again: Option<Again>,
    /// So many votes at the most, where those who had quorum before are counted, who may be fewer than all. It is refused
    /// where there are more votes, as on a ring with somebody who is about to leave, and forgotten when the file is read
    /// anew. So it is said again whenever votes are read, and before that nothing is said of a quorum that is not there.
    expected: Option<u32>,
    /// When the votes were read last.
    looked: Instant,
    /// They could not be read then, and may hang on the lock.
    is_unread: bool,
}

/// While the voter says that it votes on the lease Corosync is asked so often whether it does: of a vote that it misses
/// it tells nobody whose quorum does not hang on that. And so long it is left alone where it could not be asked.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What is read on a thread of its own.
type Again = Pin<Box<dyn Future<Output = Option<Read>> + Send>>;

struct Read {
    counts: Counts,
    /// There is quorum since no more votes are expected than should be: a word of it is under way.
    is_regained: bool,
}

impl Counting {
    fn new(counts: Counts) -> Self {
        let looked = Instant::now();
        Self {
            counts,
            verdict: None,
            is_held: false,
            again: None,
            expected: None,
            looked,
            is_unread: false,
        }
    }

    fn take(&mut self, verdicts: Vec<Verdict>) -> Vec<Word> {
        let Some(last) = verdicts.last() else { return Vec::new() };
        self.verdict = Some(last.clone());
        self.counts = match std::mem::take(&mut self.counts) {
            Counts::Votes(votes) => Counts::Votes(votes.without_device()),
            Counts::Previous { .. } => Counts::PREVIOUS,
        };
        self.is_held = self.holds(last);
        let words = verdicts.iter().filter(|verdict| !self.holds(verdict));
        let words = words.map(|verdict| self.word(verdict)).collect();
        self.read_again();
        words
    }

    fn holds(&self, verdict: &Verdict) -> bool {
        match &self.counts {
            Counts::Votes(votes) => verdict.quorate && votes.are_halved_by(&verdict.members),
            Counts::Previous { .. } => verdict.quorate || self.expected.is_some(),
        }
    }

    fn expect(&mut self, votes: u32) {
        self.expected = Some(votes);
        self.read_again();
    }

    fn read_again(&mut self) {
        self.looked = Instant::now();
        let expected = self.expected;
        let read = calls::apart(move |wanted| read(expected, wanted));
        self.again = Some(Box::pin(async { read.await.ok()?.ok() }));
    }

    fn word(&self, verdict: &Verdict) -> Word {
        let Verdict { ring, quorate, members } = verdict;
        let standing = match (quorate, &self.counts) {
            (false, _) => Standing::Inquorate,
            (true, Counts::Previous { named, casts: true }) if *named == Some(*ring) => {
                Standing::ByLock
            }
            (true, Counts::Previous { .. }) => Standing::ByRule,
            (true, Counts::Votes(votes)) => match votes.quorum(members) {
                Quorum::Majority => Standing::ByMajority,
                Quorum::ByDevice => Standing::ByDevice,
                Quorum::OfPrevious | Quorum::ByRule | Quorum::No => Standing::ByRule,
            },
        };
        Word::Quorum { ring: *ring, standing }
    }

    /// Ready when the votes have been read again.
    async fn counted(&mut self) -> Option<Read> {
        if self.again.is_none() && (self.is_named() || self.is_unread) {
            sleep_until(self.looked + LOOK_AGAIN).await;
            self.read_again();
        }
        match &mut self.again {
            Some(again) => again.await,
            None => std::future::pending().await,
        }
    }

    /// The lock's voter says that it votes on the lease for the ring that we are on.
    fn is_named(&self) -> bool {
        let ring = self.verdict.as_ref().map(|verdict| verdict.ring);
        matches!(self.counts, Counts::Previous { named: Some(named), .. } if Some(named) == ring)
    }

    fn recount(&mut self, read: Option<Read>) -> Vec<Word> {
        self.again = None;
        self.is_unread = read.is_none() && matches!(self.counts, Counts::Previous { .. });
        let was_held = std::mem::take(&mut self.is_held);
        let is_regained = read.as_ref().is_some_and(|read| read.is_regained);
        // One that cannot be read now is no reason to doubt the one before.
        let other = read.map(|read| read.counts).filter(|counts| *counts != self.counts);
        let is_other = other.is_some();
        self.counts = other.unwrap_or_else(|| std::mem::take(&mut self.counts));
        let is_new =
            |verdict: &&Verdict| (was_held || is_other) && (verdict.quorate || !is_regained);
        let verdict = self.verdict.iter().filter(is_new);
        verdict.map(|verdict| self.word(verdict)).collect()
    }
}

fn read(
    expected: Option<u32>,
    wanted: &Wanted<'_, Result<Read, CsError>>,
) -> Result<Read, CsError> {
    let counts = configuration::counts()?;
    let lower = |votes| {
        counted::lower(votes, || wanted.is_still()).unwrap_or_else(|error| {
            tracing::debug!(votes, %error, "Corosync does not expect so few votes");
            false
        })
    };
    let is_regained = match &counts {
        Counts::Votes(_) => false,
        Counts::Previous { .. } => expected.is_some_and(lower),
    };
    Ok(Read { counts, is_regained })
}

/// What connecting brings.
struct Handshake {
    cpg: cpg::Handle,
    quorum: quorum::Handle,
    counts: Counts,
    reform: Duration,
}

type Shaken = Result<Handshake, LinkError>;

fn handshake(node: NodeId, wanted: &Wanted<'_, Shaken>) -> Shaken {
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
    let (reform, counts) = (configuration::time_to_reform()?, configuration::counts()?);
    if !wanted.is_still() {
        return Err(LinkError::Unwanted);
    }
    cpg::join(&group, GROUP)?;
    Ok(Handshake { cpg: group, quorum: votes, counts, reform })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Votes;

    const RING: Ring = Ring { sequence: 8, representative: 1 };

    fn one_each(nodes: u32) -> Votes {
        Votes::one_each((1..=nodes).map(NodeId))
    }

    fn counting(nodes: u32) -> Counting {
        Counting::new(Counts::Votes(one_each(nodes)))
    }

    fn votes(votes: Votes) -> Option<Read> {
        Some(Read { counts: Counts::Votes(votes), is_regained: false })
    }

    fn previous(lock: Option<Ring>) -> Option<Read> {
        let counts = Counts::Previous { named: lock, casts: true };
        Some(Read { counts, is_regained: false })
    }

    fn by(standing: Standing) -> Word {
        Word::Quorum { ring: RING, standing }
    }

    fn verdict(quorate: bool, members: &[u32]) -> Verdict {
        Verdict { ring: RING, quorate, members: members.iter().copied().map(NodeId).collect() }
    }

    #[test]
    fn corosync_says_whether_and_the_votes_say_by_what() {
        let counting = counting(3);
        for (quorate, members, standing) in [
            (true, [1, 2].as_slice(), Standing::ByMajority),
            (true, &[2], Standing::ByRule),
            (true, &[2, 7, 8], Standing::ByRule),
            (false, &[1, 2, 3], Standing::Inquorate),
        ] {
            let word = counting.word(&verdict(quorate, members));
            assert_eq!(word, Word::Quorum { ring: RING, standing }, "{quorate} {members:?}");
        }
    }

    #[tokio::test]
    async fn nothing_is_said_of_half_the_votes_before_it_is_known_whether_a_device_votes() {
        let mut counting = counting(2);
        for _again in 0..2 {
            let said = counting.take(vec![verdict(true, &[1])]);
            assert_eq!(said, []);
            let said = counting.recount(votes(one_each(2).with_device()));
            assert_eq!(said, [by(Standing::ByDevice)]);
        }
        assert_eq!(counting.take(vec![verdict(true, &[1])]), []);
        assert_eq!(counting.recount(None), [by(Standing::ByRule)]);
        counting.counts = Counts::Votes(one_each(2).with_device());
        assert_eq!(counting.recount(votes(one_each(2))), [by(Standing::ByRule)]);
        assert_eq!(counting.take(vec![verdict(false, &[1])]), [by(Standing::Inquorate)]);
    }

    #[tokio::test]
    async fn votes_that_came_out_differently_are_one_more_word() {
        let mut counting = counting(3);
        let said = counting.take(vec![verdict(true, &[1, 2])]);
        assert_eq!(said, [by(Standing::ByMajority)]);
        assert_eq!(counting.recount(None), []);
        assert_eq!(counting.recount(votes(one_each(3))), []);
        assert_eq!(counting.recount(votes(one_each(4))), [by(Standing::ByRule)]);
    }

    #[tokio::test]
    async fn where_those_before_are_counted_no_votes_are_a_majority_and_the_lock_is_of_one_ring() {
        let mut counting = Counting::new(Counts::PREVIOUS);
        let other = Ring { sequence: 4, ..RING };
        for (lock, standing) in [
            (None, Standing::ByRule),
            (Some(RING), Standing::ByLock),
            (Some(other), Standing::ByRule),
        ] {
            assert_eq!(counting.take(vec![verdict(true, &[1, 2, 3])]), []);
            assert_eq!(counting.recount(previous(lock)), [by(standing)]);
        }
        // The lock is taken in peace, and given back.
        assert_eq!(counting.recount(previous(Some(RING))), [by(Standing::ByLock)]);
        assert_eq!(counting.recount(previous(Some(RING))), []);
        assert_eq!(counting.recount(previous(None)), [by(Standing::ByRule)]);
        // What cannot be read is not believed of the next word.
        assert_eq!(counting.recount(previous(Some(RING))), [by(Standing::ByLock)]);
        assert_eq!(counting.take(vec![verdict(true, &[1, 2])]), []);
        assert_eq!(counting.recount(None), [by(Standing::ByRule)]);
        assert_eq!(counting.take(vec![verdict(false, &[1])]), [by(Standing::Inquorate)]);
        // A file with another node or another device.
        assert_eq!(counting.recount(votes(one_each(2))), [by(Standing::Inquorate)]);
        assert_eq!(counting.take(vec![verdict(true, &[1, 2])]), [by(Standing::ByMajority)]);
        assert_eq!(counting.recount(previous(None)), [by(Standing::ByRule)]);
    }

    #[tokio::test]
    async fn a_vote_that_corosync_misses_is_no_lock_whatever_its_voter_said_last() {
        let mut counting = Counting::new(Counts::PREVIOUS);
        counting.take(vec![verdict(true, &[1, 4])]);
        assert_eq!(counting.recount(previous(Some(RING))), [by(Standing::ByLock)]);
        let named = Some(RING);
        let gone = Read { counts: Counts::Previous { named, casts: false }, is_regained: false };
        // Nothing is heard: it is read again all the same. Here there is no Corosync to ask.
        assert!(counting.counted().await.is_none());
        assert_eq!(counting.recount(Some(gone)), [by(Standing::ByRule)]);
    }

    #[tokio::test]
    async fn a_quorum_that_is_there_when_fewer_votes_are_expected_is_not_lost() {
        let mut counting = Counting::new(Counts::PREVIOUS);
        counting.take(vec![verdict(true, &[1])]);
        assert_eq!(counting.recount(previous(Some(RING))), [by(Standing::ByLock)]);
        counting.expect(2);
        assert_eq!(counting.recount(previous(Some(RING))), []);

        let regained = || previous(Some(RING)).map(|read| Read { is_regained: true, ..read });
        assert_eq!(
            counting.take(vec![verdict(false, &[1])]),
            [],
            "held until no more are expected"
        );
        assert_eq!(counting.recount(regained()), []);
        assert_eq!(counting.take(vec![verdict(true, &[1])]), []);
        assert_eq!(counting.recount(regained()), [by(Standing::ByLock)]);

        // That was not the reason, or it cannot be asked.
        for read in [previous(Some(RING)), None] {
            assert_eq!(counting.take(vec![verdict(false, &[1])]), []);
            assert_eq!(counting.recount(read), [by(Standing::Inquorate)]);
        }
        // On another ring more are expected again, or still.
        let ring = Ring { sequence: 12, ..RING };
        assert_eq!(counting.take(vec![Verdict { ring, ..verdict(false, &[1]) }]), []);
        assert_eq!(counting.recount(regained()), []);
        assert_eq!(counting.take(vec![Verdict { ring, ..verdict(true, &[1]) }]), []);
        let said = Word::Quorum { ring, standing: Standing::ByRule };
        assert_eq!(counting.recount(regained()), [said]);

        // The lock is not configured any more.
        assert_eq!(counting.recount(votes(one_each(4))).len(), 1);
        assert_eq!(counting.take(vec![verdict(false, &[1])]), [by(Standing::Inquorate)]);
    }
}
