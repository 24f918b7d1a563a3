//! The process: waits for Corosync and the disk, and does what the voter says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use model::Tick;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tie_breaker::{Effect, Input, Order, Ring, Voter};

use crate::configuration::{self, Configuration};
use crate::ring::RingFile;
use crate::sanlock::Sanlock;
use crate::votes::{self, Counts, Device, Heard};

/// Between two attempts to find Corosync.
const AGAIN: Duration = Duration::from_secs(1);

/// How often `corosync.conf` is read, as Corosync has it: nodes come and go, and so do their votes.
const READ_EVERY: Duration = Duration::from_secs(2);

/// What reaches the loop.
enum Event {
    Corosync(Heard),
    Answer(Input),
    Reconfigured { has_other_lock: bool },
}

impl From<Heard> for Event {
    fn from(heard: Heard) -> Self {
        Self::Corosync(heard)
    }
}

/// Why a life with one Corosync ended.
enum End {
    Stopped,
    Lost(String),
}

/// Votes until it is told to end, for one Corosync after another.
pub(crate) fn serve(run: PathBuf) -> ExitCode {
    if let Err(error) = be_known(&run) {
        tracing::error!(%error, "cannot say which process this is");
        return ExitCode::FAILURE;
    }
    let (stop, stopped) = channel();
    if let Err(error) = watch_signals(stop) {
        tracing::error!(%error, "cannot hear signals");
        return ExitCode::FAILURE;
    }
    let mut said = String::new();
    loop {
        match live(&run, &stopped) {
            End::Stopped => return ExitCode::SUCCESS,
            End::Lost(why) if why != said => {
                tracing::warn!("no lock: {why}");
                said = why;
            }
            End::Lost(_again) => {}
        }
        if !matches!(stopped.recv_timeout(AGAIN), Err(RecvTimeoutError::Timeout)) {
            return ExitCode::SUCCESS;
        }
    }
}

/// Where `quorate cluster` finds the process: its number and the moment of its start.
fn be_known(run: &Path) -> io::Result<()> {
    let own = process::Identity::of(std::process::id());
    let own = own.ok_or_else(|| io::Error::other("no /proc"))?;
    std::fs::create_dir_all(run)?;
    std::fs::write(run.join("voter.pid"), own.to_string())
}

fn watch_signals(stop: Sender<()>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    std::thread::spawn(move || {
        for _signal in signals.forever() {
            let _ended = stop.send(());
        }
    });
    Ok(())
}

/// One Corosync's life, or ours.
fn live(run: &Path, stopped: &Receiver<()>) -> End {
    let (mut life, inbox) = match Life::begin(run) {
        Ok(begun) => begun,
        Err(why) => return End::Lost(why),
    };
    loop {
        if !matches!(stopped.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty)) {
            life.stop();
            return End::Stopped;
        }
        let input = match inbox.recv_timeout(life.beat) {
            Ok(Event::Corosync(heard)) => match heard {
                Heard::Membership { ring, members } => Input::Membership { ring, members },
                Heard::Joined(nodes) => Input::Joined(nodes),
                Heard::Counted(counted) => {
                    tracing::info!("who counts: {counted}");
                    Input::Counted(counted)
                }
                Heard::Lost => return End::Lost("Corosync is gone".to_owned()),
            },
            Ok(Event::Reconfigured { has_other_lock }) => {
                if has_other_lock {
                    life.stop();
                }
                return End::Lost("corosync.conf has changed".to_owned());
            }
            Ok(Event::Answer(input)) => input,
            Err(_nothing) => Input::Passed,
        };
        if let Err(why) = life.step(input) {
            return End::Lost(why);
        }
    }
}

/// Looks whether the configuration is another one, away from who votes: while Corosync waits for the vote it does not
/// answer this. Ends with the life that holds the other end of `alive`.
fn watch(run: PathBuf, known: Configuration, events: Sender<Event>, alive: Receiver<()>) {
    std::thread::spawn(move || {
        while matches!(alive.recv_timeout(READ_EVERY), Err(RecvTimeoutError::Timeout)) {
            let now = configuration::read(run.clone());
            let Some(now) = now.ok().filter(|now| *now != known) else { continue };
            let has_other_lock = now.sanlock != known.sanlock;
            if events.send(Event::Reconfigured { has_other_lock }).is_err() {
                return;
            }
        }
    });
}

/// Carries orders out, one after the other, on a thread of its own: a disk may hang.
fn work(sanlock: &Sanlock, answers: &Sender<Event>) -> Sender<Order> {
    let (orders, inbox) = channel();
    let (sanlock, answers) = (sanlock.clone(), answers.clone());
    std::thread::spawn(move || {
        for order in inbox {
            if answers.send(Event::Answer(obey(&sanlock, order))).is_err() {
                return;
            }
        }
    });
    orders
}

fn obey(sanlock: &Sanlock, order: Order) -> Input {
    let done = match order {
        Order::Look => {
            let seen = sanlock.look();
            return Input::Looked(seen.unwrap_or_else(|error| {
                tracing::error!(%error, "cannot run sanlock");
                None
            }));
        }
        Order::Join => sanlock.join(),
        Order::Take => sanlock.take(),
        Order::GiveBack => sanlock.give_back(),
    };
    match done {
        Ok(()) => tracing::info!(?order, "done"),
        Err(error) => tracing::warn!(?order, %error, "did not succeed"),
    }
    Input::Done
}

struct Life {
    voter: Voter,
    /// Between two inputs, at the most.
    beat: Duration,
    sanlock: Sanlock,
    device: Device,
    ring_file: RingFile,
    /// For this one the vote was cast on the lease, and stands.
    ring: Option<Ring>,
    orders: Sender<Order>,
    began: Instant,
    /// What was voted last, to tell changes only.
    last: Option<bool>,
    _alive: Sender<()>,
}

impl Life {
    /// With what is heard in it. Only at first, before Corosync knows of a device that it might wait for, it is asked for
    /// its map here.
    fn begin(run: &Path) -> Result<(Self, Receiver<Event>), String> {
        let said = |error: rust_corosync::CsError| error.to_string();
        let configuration = configuration::read(run.to_owned()).map_err(|why| why.to_string())?;
        let counts = Counts::open().map_err(said)?;
        let Configuration { settings, sanlock } = configuration.clone();
        let beat = settings.timing.period / 4;
        let mut voter = Voter::new(settings);
        let began = Instant::now();
        if let Some(counted) = counts.now() {
            // Of no membership nothing comes.
            let _nothing = voter.step(Tick(0), Input::Counted(counted));
        }
        let device = Device::register().map_err(said)?;
        let (events, inbox) = channel();
        votes::listen(&events).map_err(said)?;
        votes::listen_for_joined(&events).map_err(said)?;
        counts.listen(&events);
        tracing::info!(path = %sanlock.area.path.display(), "the cluster's lock");
        let orders = work(&sanlock, &events);
        let (alive, is_alive) = channel();
        watch(run.to_owned(), configuration, events, is_alive);
        let ring_file = RingFile::new(run);
        let (ring, last) = (None, None);
        let life = Self {
            voter,
            beat,
            sanlock,
            device,
            ring_file,
            ring,
            orders,
            began,
            last,
            _alive: alive,
        };
        Ok((life, inbox))
    }

    fn step(&mut self, input: Input) -> Result<(), String> {
        let now = Tick(0).after(self.began.elapsed());
        for effect in self.voter.step(now, input) {
            match effect {
                Effect::Vote { ring, cast } => self.vote(ring, cast)?,
                Effect::Order(order) => {
                    if order == Order::GiveBack {
                        self.ring = None;
                        self.say_ring()?;
                    }
                    // The worker ends only with this life.
                    let _ended = self.orders.send(order);
                }
            }
        }
        Ok(())
    }

    /// First it is said what the vote stands on: with the vote comes the quorum.
    fn vote(&mut self, ring: Ring, cast: bool) -> Result<(), String> {
        // A half that becomes more in the midst of a membership, since less is counted, holds the lease still.
        let stands = self.voter.votes_by_lease() || self.ring == Some(ring);
        self.ring = (cast && stands).then_some(ring);
        self.say_ring()?;
        let is_taken = self.device.vote(ring, cast).map_err(|error| error.to_string())?;
        if is_taken && self.last != Some(cast) {
            tracing::info!(cast, ring = ring.sequence, "vote");
            self.last = Some(cast);
        }
        Ok(())
    }

    fn say_ring(&mut self) -> Result<(), String> {
        let said = self.ring_file.say(self.ring);
        said.map_err(|error| format!("the daemon cannot be told what the vote stands on: {error}"))
    }

    /// First the vote goes, then what it stood on: unless others of a half count on it.
    fn stop(&mut self) {
        if let Err(error) = self.ring_file.say(None) {
            tracing::warn!(%error, "the daemon is not told that the vote goes");
        }
        if let Err(error) = self.device.unregister() {
            tracing::warn!(%error, "the vote stands until it is missed");
            return;
        }
        if self.voter.may_leave()
            && let Err(error) = self.sanlock.leave()
        {
            tracing::warn!(%error, "sanlock stays");
        }
    }
}
