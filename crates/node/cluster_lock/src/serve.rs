//! The process: waits for Corosync and the disk, and does what the voter says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use model::Tick;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tie_breaker::{Effect, Input, Order, Voter};

use crate::configuration::{self, Configuration};
use crate::sanlock::Sanlock;
use crate::votes::{self, Device, Heard};

/// Between two attempts to find Corosync.
const AGAIN: Duration = Duration::from_secs(1);

/// How often `corosync.conf` is read, as Corosync has it: nodes come and go, and so do their votes.
const READ_EVERY: Duration = Duration::from_secs(2);

/// What reaches the loop.
enum Event {
    Corosync(Heard),
    Answer(Input),
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
    let lost = |why: &dyn std::fmt::Display| End::Lost(why.to_string());
    let configuration = match configuration::read(run.to_owned()) {
        Ok(configuration) => configuration,
        Err(why) => return lost(&why),
    };
    let Configuration { settings, sanlock } = configuration.clone();
    let device = match Device::register() {
        Ok(device) => device,
        Err(why) => return lost(&why),
    };
    let (events, inbox) = channel();
    if let Err(why) = votes::listen(&events) {
        return lost(&why);
    }
    tracing::info!(path = %sanlock.area.path.display(), "the cluster's lock");
    let beat = settings.timing.period / 4;
    let mut life = Life {
        voter: Voter::new(settings),
        device,
        orders: work(&sanlock, &events),
        began: Instant::now(),
        last: None,
    };
    let mut read = Instant::now();
    loop {
        if read.elapsed() > READ_EVERY {
            read = Instant::now();
            let now = configuration::read(run.to_owned());
            if now.as_ref().is_ok_and(|now| *now != configuration) {
                if now.is_ok_and(|now| now.sanlock != sanlock) {
                    life.stop(&sanlock);
                }
                return lost(&"corosync.conf has changed");
            }
        }
        if !matches!(stopped.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty)) {
            life.stop(&sanlock);
            return End::Stopped;
        }
        let input = match inbox.recv_timeout(beat) {
            Ok(Event::Corosync(Heard::Membership { ring, members })) => {
                Input::Membership { ring, members }
            }
            Ok(Event::Corosync(Heard::Lost)) => return lost(&"Corosync is gone"),
            Ok(Event::Answer(input)) => input,
            Err(_nothing) => Input::Passed,
        };
        if let Err(why) = life.step(input) {
            return lost(&why);
        }
    }
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
    device: Device,
    orders: Sender<Order>,
    began: Instant,
    /// What was voted last, to tell changes only.
    last: Option<bool>,
}

impl Life {
    fn step(&mut self, input: Input) -> Result<(), rust_corosync::CsError> {
        let now = Tick(0).after(self.began.elapsed());
        for effect in self.voter.step(now, input) {
            match effect {
                Effect::Vote { ring, cast } => {
                    let is_taken = self.device.vote(ring, cast)?;
                    if is_taken && self.last != Some(cast) {
                        tracing::info!(cast, ring = ring.sequence, "vote");
                        self.last = Some(cast);
                    }
                }
                // The worker ends only with this life.
                Effect::Order(order) => drop(self.orders.send(order)),
            }
        }
        Ok(())
    }

    /// First the vote goes, then what it stood on: unless others of a half count on it.
    fn stop(&self, sanlock: &Sanlock) {
        if let Err(error) = self.device.unregister() {
            tracing::warn!(%error, "the vote stands until it is missed");
            return;
        }
        if self.voter.may_leave()
            && let Err(error) = sanlock.leave()
        {
            tracing::warn!(%error, "sanlock stays");
        }
    }
}
