//! One stay in Corosync's group, from joining to its loss.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::NodeId;
use rust_corosync::CsError;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::agreement::{Agreement, Heard, Membership, Process, Say};
use super::assembly::Assembly;
use super::link::{Link, Sent, Word};
use super::message::{self, Beat, Message, Part};
use super::queue::Queue;
use super::reloads::Reloads;
use super::vitals::{TURNS_MAX, Vitals};
use super::voter::Voter;
use crate::heard::LastHeard;
use crate::{Event, Incoming, Outgoing, Pressure};

/// Bytes of a membership's messages that some member has not taken yet. Bounds what Corosync must
/// keep for the slowest, and slows senders to what it takes.
const WINDOW: u64 = 4 << 20;

/// Own bytes on their way through the ring: enough to keep it busy, little enough that a word about
/// the membership does not wait long behind them.
const IN_FLIGHT_MAX: usize = 512 << 10;

/// The same in messages: each that Corosync has not taken from its library holds a place in a socket,
/// and where no place is left the library waits for one and never returns if Corosync hangs. There
/// are some 270 places.
const PARTS_IN_FLIGHT_MAX: usize = 128;

/// A node's turns in the time after which it counts as stalled.
const TURNS_PER_STALL: u32 = 4;

/// An own beat that is under way for so many times what Corosync takes to form a ring without a lost
/// member shows that Corosync itself is lost: the others have long gone on without this node.
const REFORMS_MAX: u32 = 2;

/// First and longest wait until a message that Corosync did not take is tried again. It has no event
/// for that.
const LATER_FIRST: Duration = Duration::from_millis(1);
const LATER_LONGEST: Duration = Duration::from_millis(50);

/// Why a stay ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("Corosync ended or failed ({0})")]
    Corosync(CsError),
    #[error("Corosync has delivered nothing for too long")]
    Silent,
    #[error("the others went on without this node, which showed no life")]
    LeftOut,
    #[error("this node takes nothing")]
    Stalled,
    #[error("more waits to be sent than is sane")]
    Overflow,
    /// Everything is done.
    #[error("closed")]
    Closed,
}

impl From<CsError> for Ended {
    fn from(error: CsError) -> Self {
        Self::Corosync(error)
    }
}

/// The node's ends of the channels.
pub(super) struct NodeEnds<'a> {
    pub(super) incoming: &'a mpsc::Sender<Incoming>,
    pub(super) outbox: &'a mut mpsc::UnboundedReceiver<Outgoing>,
    pub(super) pressure: &'a Pressure,
    pub(super) reloads: Option<&'a mut Reloads>,
    pub(super) voter: Option<&'a mut Voter>,
    pub(super) heard: &'a LastHeard,
}

/// See the module.
pub(super) struct Session<'a> {
    link: &'a mut Link,
    queue: &'a mut Queue,
    agreement: Agreement,
    /// The membership whose messages are delivered now.
    current: Option<u64>,
    assembly: Assembly,
    vitals: Vitals,
    /// For the node, which takes them when it can.
    pending: VecDeque<Incoming>,
    /// Bytes delivered in this membership.
    stream: u64,
    asked: Asked,
    /// The next beat, and whether one is on its way, for how many turns.
    beat: Option<Beat>,
    beat_under_way: Option<u32>,
    /// Words about the membership that Corosync did not take yet.
    words: VecDeque<Vec<u8>>,
    /// Who speaks another version; said once of each.
    not_understood: BTreeSet<Process>,
    /// Wait so long before trying again what was not taken.
    later: Option<Duration>,
    stall: Duration,
    /// The node has let go: what is still to be said is given up at this time, which every own
    /// message that is delivered puts off.
    closing: Option<Instant>,
}

/// Whether the node has taken everything.
#[derive(Debug, Default)]
struct Asked {
    number: u64,
    /// The question that is open: the membership and its bytes so far, and the turns that it took.
    open: Option<(u64, u64, u32)>,
    /// What was asked for last.
    last: u64,
}

/// Ready when Corosync has read its file again.
async fn reloaded(reloads: &mut Option<&mut Reloads>) {
    match reloads {
        Some(reloads) => reloads.next().await,
        None => std::future::pending().await,
    }
}

/// Ready when the lock's voter says something else.
async fn told_by(voter: &mut Option<&mut Voter>) {
    match voter {
        Some(voter) => voter.next().await,
        None => std::future::pending().await,
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(
        link: &'a mut Link,
        queue: &'a mut Queue,
        last: u64,
        stall: Duration,
    ) -> Self {
        queue.restart();
        Self {
            agreement: Agreement::new(link.own, last, changes_start()),
            link,
            queue,
            current: None,
            assembly: Assembly::default(),
            vitals: Vitals::default(),
            pending: VecDeque::new(),
            stream: 0,
            asked: Asked::default(),
            beat: None,
            beat_under_way: None,
            words: VecDeque::new(),
            not_understood: BTreeSet::new(),
            later: None,
            stall,
            closing: None,
        }
    }

    /// Carries messages until the stay ends. Answers with the last membership, too.
    pub(super) async fn live(mut self, mut node: NodeEnds<'_>) -> (u64, Ended) {
        let mut turns = tokio::time::interval(self.stall / TURNS_PER_STALL);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Err(ended) = self.turn(&mut node, &mut turns).await {
                return (self.agreement.last(), ended);
            }
        }
    }

    async fn turn(&mut self, node: &mut NodeEnds<'_>, turns: &mut Interval) -> Result<(), Ended> {
        let NodeEnds { incoming, outbox, pressure, reloads, voter, heard } = node;
        self.speak()?;
        let later = self.later.unwrap_or(LATER_LONGEST);
        tokio::select! {
            place = incoming.reserve(), if !self.pending.is_empty() => match place {
                Ok(place) => if let Some(next) = self.pending.pop_front() {
                    place.send(next);
                },
                Err(_node_gone) => self.answer_for_node(),
            },
            words = self.link.next(), if self.pending.is_empty() => {
                self.later = None;
                for word in words? {
                    if let Word::Message { from, .. } = &word {
                        heard.note(NodeId(from.node), Instant::now().into_std());
                    }
                    self.take(word, pressure)?;
                }
            }
            outgoing = outbox.recv(), if self.closing.is_none() => self.accept(outgoing, voter.as_deref_mut()),
            _ = turns.tick() => self.pass_turn()?,
            () = reloaded(reloads) => self.link.count_again(),
            () = told_by(voter) => self.link.count_again(),
            () = tokio::time::sleep(later), if self.later.is_some() => {}
            () = pressure.too_high() => return Err(Ended::Overflow),
        }
        self.closed()
    }

    fn accept(&mut self, outgoing: Option<Outgoing>, mut voter: Option<&mut Voter>) {
        match outgoing {
            Some(Outgoing::Broadcast(payload)) => self.queue.push(payload),
            Some(Outgoing::Count(counted)) => {
                voter.iter_mut().for_each(|voter| voter.count(counted.clone()));
            }
            Some(Outgoing::Expect(votes)) => self.link.expect(votes),
            Some(Outgoing::Pong(number)) => self.answered(number),
            None => {
                self.closing = Some(Instant::now() + self.stall);
                self.answer_for_node();
            }
        }
    }

    /// Whether the node let go and everything is said, or cannot be said.
    fn closed(&self) -> Result<(), Ended> {
        let until = self.closing.filter(|until| !self.queue.is_empty() && Instant::now() < *until);
        match (self.closing, until) {
            (Some(_), None) => Err(Ended::Closed),
            (Some(_), Some(_)) | (None, _) => Ok(()),
        }
    }

    // ---- what comes ------------------------------------------------------------------------

    fn take(&mut self, word: Word, pressure: &Pressure) -> Result<(), Ended> {
        match word {
            Word::Ring(ring) => self.agreement.ring_changed(ring),
            Word::Group { now, left } => {
                if left.contains(&self.link.own) {
                    return Err(Ended::LeftOut);
                }
                self.agreement.group_changed(now, &left);
            }
            Word::Quorum { ring, standing } => self.agreement.quorum_changed(ring, standing),
            Word::Message { from, bytes } => self.hear(from, &bytes, pressure)?,
        }
        self.follow();
        Ok(())
    }

    fn hear(&mut self, from: Process, bytes: &[u8], pressure: &Pressure) -> Result<(), Ended> {
        let heard = match message::decode(bytes) {
            Some(Message::Seen(changes)) => {
                self.agreement.seen(from, changes);
                Heard::Nothing
            }
            Some(Message::Here(here)) => self.agreement.here(from, here),
            Some(Message::Propose(tag)) => self.agreement.proposed(&tag),
            Some(Message::Beat(beat)) => {
                self.hear_beat(from, beat);
                Heard::Nothing
            }
            Some(Message::Part(part)) => {
                self.hear_part(from, &part, pressure);
                Heard::Nothing
            }
            None => {
                if self.not_understood.insert(from) {
                    tracing::error!(node = from.node, "messages of another version are left out");
                }
                Heard::Nothing
            }
        };
        match heard {
            Heard::Nothing => Ok(()),
            Heard::LeftOut => Err(Ended::LeftOut),
            Heard::Completed(memberships) => {
                // What was under way in the one before is void.
                self.follow_end();
                for Membership { id, members, quorum } in memberships {
                    let event = Event::Membership { id, members, quorum };
                    self.pending.push_back(Incoming::Event(event));
                }
                Ok(())
            }
        }
    }

    fn hear_part(&mut self, from: Process, part: &Part<'_>, pressure: &Pressure) {
        if self.current != Some(part.membership) {
            return;
        }
        self.agreement.note_delivery(from, part.number);
        self.stream += part.bytes.len() as u64;
        let own = from == self.link.own;
        if own && let Some(payload) = self.queue.delivered(part) {
            pressure.bytes.fetch_sub(payload.len(), Ordering::Relaxed);
        }
        if own && self.closing.is_some() {
            self.closing = Some(Instant::now() + self.stall);
        }
        if let Some(payload) = self.assembly.take(from, part) {
            let event = Event::Delivered { from: NodeId(from.node), payload };
            self.pending.push_back(Incoming::Event(event));
        }
        if self.stream - self.asked.last >= WINDOW / 4 {
            self.ask();
        }
    }

    fn hear_beat(&mut self, from: Process, beat: Beat) {
        let taken = (self.current == Some(beat.membership)).then_some(beat.taken);
        self.vitals.beat(from, taken);
        if from != self.link.own {
            return;
        }
        self.beat_under_way = None;
        let mut others = self.agreement.members();
        others.remove(&self.link.own);
        for silent in self.vitals.own_beat(&others) {
            tracing::warn!(node = silent.node, "going on without a node that shows no life");
            let proposal = self.agreement.leave_out(silent);
            self.words.extend(proposal.map(|say| encode(&say)));
        }
    }

    /// Follows the agreement into and out of memberships.
    fn follow(&mut self) {
        if self.current.is_some() && self.agreement.current() != self.current {
            self.follow_end();
        }
        self.current = self.agreement.current();
    }

    fn follow_end(&mut self) {
        self.current = None;
        self.queue.restart();
        self.assembly.clear();
        self.vitals.clear();
        (self.stream, self.asked.last) = (0, 0);
    }

    // ---- what goes -------------------------------------------------------------------------

    /// Hands over what may go now.
    fn speak(&mut self) -> Result<(), Ended> {
        while let Some(say) = self.agreement.next_word() {
            self.words.push_back(encode(&say));
        }
        if self.beat_under_way.is_none()
            && let Some(beat) = self.beat.take()
        {
            self.words.push_back(message::beat(&beat));
            self.beat_under_way = Some(0);
        }
        while let Some(word) = self.words.front() {
            if self.link.send(word)? == Sent::Later {
                return self.try_later();
            }
            self.words.pop_front();
        }
        self.send_parts()
    }

    fn send_parts(&mut self) -> Result<(), Ended> {
        let Some(membership) = self.current else { return Ok(()) };
        let taken = self.vitals.taken_by_all(&self.agreement.members());
        let behind = self.stream.saturating_sub(taken);
        while self.queue.in_flight < IN_FLIGHT_MAX
            && self.queue.parts_in_flight < PARTS_IN_FLIGHT_MAX
            && behind + (self.queue.in_flight as u64) < WINDOW
            && let Some(part) = self.queue.next_part(membership)
        {
            if self.link.send(&message::part(&part))? == Sent::Later {
                return self.try_later();
            }
            let (length, rest) = (part.bytes.len(), part.rest);
            self.queue.sent(length, rest);
        }
        Ok(())
    }

    fn try_later(&mut self) -> Result<(), Ended> {
        let next = self.later.map_or(LATER_FIRST, |before| (before * 2).min(LATER_LONGEST));
        self.later = Some(next);
        Ok(())
    }

    // ---- signs of life ---------------------------------------------------------------------

    fn pass_turn(&mut self) -> Result<(), Ended> {
        self.vitals.next_turn();
        let turn = self.stall / TURNS_PER_STALL;
        if let Some(turns) = &mut self.beat_under_way {
            *turns += 1;
            let limit = self.link.reform * REFORMS_MAX;
            if *turns > TURNS_MAX && turn * *turns > limit {
                return Err(Ended::Silent);
            }
        }
        match &mut self.asked.open {
            Some((_, _, turns)) => {
                *turns += 1;
                if *turns > TURNS_MAX {
                    return Err(Ended::Stalled);
                }
            }
            None => self.ask(),
        }
        Ok(())
    }

    /// Asks the node for an answer behind everything that it was given.
    fn ask(&mut self) {
        if self.asked.open.is_none() {
            self.asked.number += 1;
            self.asked.last = self.stream;
            self.asked.open = Some((self.agreement.last(), self.stream, 0));
            self.pending.push_back(Incoming::Ping(self.asked.number));
            if self.closing.is_some() {
                self.answer_for_node();
            }
        }
    }

    /// The node that has let go takes everything, so that its last words are not held up.
    fn answer_for_node(&mut self) {
        self.pending.clear();
        if let Some((membership, taken, _)) = self.asked.open.take() {
            self.beat = Some(Beat { membership, taken });
        }
    }

    fn answered(&mut self, number: u64) {
        if number == self.asked.number
            && let Some((membership, taken, _)) = self.asked.open.take()
        {
            self.beat = Some(Beat { membership, taken });
            if self.stream - self.asked.last >= WINDOW / 4 {
                self.ask();
            }
        }
    }
}

/// Grows by more between two stays of a process than changes are seen in one.
fn changes_start() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or_default()
}

fn encode(say: &Say) -> Vec<u8> {
    match say {
        Say::Seen(changes) => message::seen(*changes),
        Say::Here(here) => message::here(here),
        Say::Propose(tag) => message::propose(tag),
    }
}
