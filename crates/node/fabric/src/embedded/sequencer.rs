//! The sequencer: one order for all members of each side.
//!
//! **Always:** every decision is made by one task, which hands frames to the members' queues in
//! the order of its decisions. So all members of a side get the same stream; a message is ordered
//! before or after a membership change, for all alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::NodeId;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::connection::{self, ConnectionId, Door, Frame, Report};
use super::control::Verb;
use super::frame::{self, Hello, VERSION, kind};
use super::{Sequencer, ServeError};

/// So many pings fit into the time after which a silent member is dropped.
const PINGS_PER_STALL: u32 = 4;

/// After its start the sequencer waits so long before it forms the first membership. When it comes
/// back all members do, within moments; forming one membership after the other would have the first
/// few believe that the others are lost.
const GATHER: Duration = Duration::from_millis(300);
const _: () = assert!(GATHER.as_millis() > 2 * super::client::RETRY_LONGEST.as_millis());

/// Serves members until `stop` is ready. Says in the log that it is for one machine.
///
/// # Errors
/// When the socket cannot be had, or another sequencer has it.
pub async fn serve(sequencer: Sequencer, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
    let Sequencer { socket, stall } = sequencer;
    let _lock = take_lock(&socket)?;
    let listener = listen(&socket)?;
    tracing::info!(socket = %socket.display(), "embedded fabric: for nodes of this one machine");
    let (reports, mut inbox) = mpsc::unbounded_channel();
    let mut order = Order::new(stall);
    let mut pulse = tokio::time::interval(stall / PINGS_PER_STALL);
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut connections = 0;
    let gather = tokio::time::sleep(GATHER);
    tokio::pin!(stop, gather);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = pulse.tick() => order.pulse(Instant::now()),
            () = &mut gather, if order.gathering => order.gathered(),
            Some(report) = inbox.recv() => order.take(report),
            accepted = listener.accept() => {
                let (stream, _) = accepted
                    .map_err(|source| ServeError::Accept { socket: socket.clone(), source })?;
                if may_connect(&stream) {
                    connections += 1;
                    connection::start(stream, ConnectionId(connections), reports.clone());
                }
            }
        }
    }
    // A stale socket is replaced at the next start, so failing to remove it harms nothing.
    let _stale = std::fs::remove_file(&socket);
    Ok(())
}

/// A second sequencer on the same socket would split the cluster, so the lock comes first; a
/// socket that is there although the lock is free was left by one that was killed.
fn take_lock(socket: &Path) -> Result<File, ServeError> {
    let path = PathBuf::from(format!("{}.lock", socket.display()));
    let failed = |source| ServeError::Lock { path: path.clone(), source };
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServeError::InUse { socket: socket.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn listen(socket: &Path) -> Result<UnixListener, ServeError> {
    let failed = |source| ServeError::Listen { socket: socket.to_owned(), source };
    match std::fs::remove_file(socket) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound) => {
            return Err(failed(error));
        }
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    std::fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Only root and whoever runs the sequencer.
fn may_connect(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == 0 || peer.uid() == own => true,
        Ok(peer) => {
            tracing::warn!(uid = peer.uid(), "refused: only root and the sequencer's owner");
            false
        }
        Err(_) => false,
    }
}

/// Which nodes are together: the number of a group of the cut, or one for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Group(usize),
    Rest,
}

struct Seat {
    connection: ConnectionId,
    door: Door,
    pid: u32,
}

struct Order {
    stall: Duration,
    seats: BTreeMap<NodeId, Seat>,
    nodes: BTreeMap<ConnectionId, NodeId>,
    /// Groups of nodes that do not see each other; empty when all are together.
    cut: Vec<BTreeSet<NodeId>>,
    /// The current membership of each side that has one.
    sides: BTreeMap<Side, BTreeSet<NodeId>>,
    /// No membership is formed yet.
    gathering: bool,
    /// The highest membership id that anyone has been through.
    last_membership: u64,
    pings: u64,
    last_pulse: Option<Instant>,
}

impl Order {
    fn new(stall: Duration) -> Self {
        Self {
            stall,
            seats: BTreeMap::new(),
            nodes: BTreeMap::new(),
            cut: Vec::new(),
            sides: BTreeMap::new(),
            gathering: true,
            last_membership: 0,
            pings: 0,
            last_pulse: None,
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Hello { connection, hello, door } => self.greet(connection, &hello, door),
            Report::Message { connection, delivery } => {
                // A member that was dropped may still have had messages under way.
                if let Some(node) = self.nodes.get(&connection) {
                    self.send(self.side_of(*node), &delivery);
                }
            }
            Report::Gone { connection, why } => {
                if let Some(node) = self.nodes.get(&connection) {
                    tracing::info!(node = %node, why, "member gone");
                    // The kernel tells of the end of a process when it ends.
                    self.drop_member(*node, Some(Duration::ZERO));
                }
            }
            Report::Control { verb, answer } => {
                self.change_sides(verb);
                let sides = self.sides.values().map(|side| side.iter().copied().collect());
                let _gone = answer.send(sides.collect());
            }
        }
    }

    fn greet(&mut self, connection: ConnectionId, hello: &Hello, door: Door) {
        let Hello { version, node, last_membership, pid } = hello;
        if *version != VERSION {
            door.refuse(&format!("the sequencer speaks version {VERSION}, not {version}"));
            return;
        }
        if let Some(seat) = self.seats.get(node) {
            let why = format!("node {node} is already connected, by process {}", seat.pid);
            tracing::warn!(node = %node, pid, "refused: {why}");
            door.refuse(&why);
            return;
        }
        tracing::info!(node = %node, pid, "member joins");
        let stall = u64::try_from(self.stall.as_millis()).unwrap_or(u64::MAX);
        let _gone = door.frames.send(Frame::new(frame::encode_number(kind::WELCOME, stall)));
        self.last_membership = self.last_membership.max(*last_membership);
        self.nodes.insert(connection, *node);
        self.seats.insert(*node, Seat { connection, door, pid: *pid });
        self.reform();
    }

    /// `silent` is since when it showed no life, if that is known.
    fn drop_member(&mut self, node: NodeId, silent: Option<Duration>) {
        if let Some(silent) = silent {
            let ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
            let frame = Frame::new(frame::encode_silent(node, ms));
            for seat in self.seats.values() {
                let _failed = seat.door.frames.send(std::sync::Arc::clone(&frame));
            }
        }
        if let Some(seat) = self.seats.remove(&node) {
            self.nodes.remove(&seat.connection);
            seat.door.shut();
        }
        self.reform();
    }

    fn change_sides(&mut self, verb: Verb) {
        match verb {
            Verb::Partition(groups) => {
                tracing::warn!(?groups, "membership cut on request");
                self.cut = groups.into_iter().map(|group| group.into_iter().collect()).collect();
            }
            Verb::Heal => self.cut.clear(),
            Verb::Show => {}
        }
        self.reform();
    }

    fn side_of(&self, node: NodeId) -> Side {
        self.cut.iter().position(|group| group.contains(&node)).map_or(Side::Rest, Side::Group)
    }

    fn gathered(&mut self) {
        self.gathering = false;
        self.reform();
    }

    /// Gives each side whose members are not as they were a new membership.
    fn reform(&mut self) {
        if self.gathering {
            return;
        }
        let mut sides: BTreeMap<Side, BTreeSet<NodeId>> = BTreeMap::new();
        for node in self.seats.keys() {
            sides.entry(self.side_of(*node)).or_default().insert(*node);
        }
        let before = std::mem::replace(&mut self.sides, sides);
        // A side is its members, not its number: a cut may number an unchanged set anew.
        let changed: Vec<Side> = self
            .sides
            .iter()
            .filter(|(_, members)| !before.values().any(|old| old == *members))
            .map(|(side, _)| *side)
            .collect();
        for side in changed {
            self.last_membership += 1;
            let id = self.last_membership;
            let members: Vec<NodeId> =
                self.sides.get(&side).into_iter().flatten().copied().collect();
            tracing::info!(id, ?members, "membership");
            self.send(side, &Frame::new(frame::encode_membership(id, &members)));
        }
    }

    fn send(&self, side: Side, frame: &std::sync::Arc<Frame>) {
        for node in self.sides.get(&side).into_iter().flatten() {
            if let Some(seat) = self.seats.get(node) {
                // A closed queue means a failed socket, which its reader reports.
                let _failed = seat.door.frames.send(std::sync::Arc::clone(frame));
            }
        }
    }

    /// Drops who has been silent for too long, and asks the others for a sign of life.
    fn pulse(&mut self, now: Instant) {
        let expected = self.stall / PINGS_PER_STALL;
        let late = self.last_pulse.is_some_and(|last| now - last > 2 * expected);
        self.last_pulse = Some(now);
        if late {
            for seat in self.seats.values() {
                seat.door.health.lock().forgive(now);
            }
        }
        let stalled: Vec<(NodeId, Option<Duration>)> = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.door.health.lock().silent_for(now) > self.stall)
            .map(|(node, seat)| (*node, seat.door.health.lock().last_spoke(now)))
            .collect();
        for (node, silent) in stalled {
            tracing::warn!(node = %node, after = ?self.stall, "member dropped: it takes nothing");
            self.drop_member(node, silent);
        }
        for seat in self.seats.values() {
            if seat.door.health.lock().may_ping(self.pings + 1) {
                self.pings += 1;
                let _failed = seat.door.frames.send(Frame::ping(self.pings));
            }
        }
    }
}
