//! Disks by which others fence this node, as sbd has them: it looks into its slot on each, and feeds
//! its watchdog only if no message there forbids it, and if it could look at all.
//!
//! Without the majority of the disks it lives only while the cluster leaves it alone: it is with a
//! majority of the nodes, or with all of them, and these do not fence it.
//!
//! **Not here:** what is on the disks (`sbd`), the watchdog, who fences whom.
//!
//! Field word: *sbd*, its watcher and *inquisitor*.

mod device;
mod watcher;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::SbdDisk;
use sbd::{Delay, Header, Letter, Settings, Times, TimesError, has_majority};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use watcher::{Shared, Watcher, lock};

/// How long to wait for the disks at the start. Source: sbd's `-s`.
const APPEAR_MAX: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_millis(100);

/// Where sbd has its watchdog unless told otherwise.
const WATCHDOG_DEFAULT: &str = "/dev/watchdog";

/// The disks cannot be watched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SbdError {
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` names no disks (SBD_DEVICE)")]
    NoDisks { path: PathBuf },
    #[error("sbd's disks are of no use without a watchdog (SBD_WATCHDOG_DEV)")]
    NoWatchdog,
    #[error("the majority of sbd's disks was not there for {APPEAR_MAX:?}")]
    NotThere,
    #[error("sbd's disks cannot be relied on")]
    Times(#[source] TimesError),
    #[error(
        "this node was fenced ({word} by {from}), and SBD_STARTMODE is `clean`: \
         `sbd -d DISK message NODE clear` lets it start"
    )]
    Fenced { word: &'static str, from: String },
    #[error("cannot remember that the disks are watched")]
    Remember(#[source] io::Error),
}

/// All of them, watched.
#[derive(Debug)]
pub(crate) struct SbdDisks {
    disks: Vec<Shared>,
    /// In the same order, as sbd's file names them.
    names: Vec<String>,
    times: Times,
    watchdog: PathBuf,
    mark: Mark,
    exits: UnboundedReceiver<Letter>,
    is_alone: bool,
}

/// How often the watchdog is fed at least.
fn feeding(watchdog: Duration) -> Duration {
    crate::watchdog::feeding(watchdog)
}

impl SbdDisks {
    /// Reads sbd's configuration file, watches its disks, and waits until most of them are there.
    /// `mark` says whether this machine's life has been watching before.
    pub(crate) async fn start(file: &Path, node: &str, mark: Mark) -> Result<Self, SbdError> {
        let unreadable = |source| SbdError::Read { path: file.to_owned(), source };
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        let (settings, findings) = Settings::read(&text);
        for finding in findings {
            tracing::warn!(file = %file.display(), line = finding.line, "{}", finding.what);
        }
        if settings.devices.is_empty() {
            return Err(SbdError::NoDisks { path: file.to_owned() });
        }
        let watchdog = settings.watchdog.as_deref().unwrap_or(WATCHDOG_DEFAULT);
        if watchdog == "/dev/null" {
            return Err(SbdError::NoWatchdog);
        }
        let watchdog = PathBuf::from(watchdog);
        let (told, exits) = unbounded_channel();
        let watch = |disk: &String| {
            let shared = Shared::default();
            let watcher = Watcher {
                disk: PathBuf::from(disk),
                node: node.to_owned(),
                start_mode: settings.start_mode,
                is_watched: mark.was_there,
                shared: Arc::clone(&shared),
                exits: told.clone(),
            };
            std::thread::spawn(move || watcher.run());
            shared
        };
        let disks: Vec<Shared> = settings.devices.iter().map(watch).collect();
        let headers = appear(&disks).await?;
        let first = headers.first().ok_or(SbdError::NotThere)?;
        let times = Times::of(&headers, feeding(first.watchdog)).map_err(SbdError::Times)?;
        mark.make().map_err(SbdError::Remember)?;
        delay(settings.delay, &times, &mark).await;
        Ok(Self { disks, names: settings.devices, times, watchdog, mark, exits, is_alone: false })
    }

    /// The machine's watchdog, as sbd's file names it.
    pub(crate) fn watchdog(&self) -> &Path {
        &self.watchdog
    }

    /// After this time without food the watchdog is to reset the machine.
    pub(crate) fn timeout(&self) -> Duration {
        self.times.watchdog
    }

    /// Somebody has written to this node that it must die.
    pub(crate) fn must_die(&self) -> bool {
        self.disks.iter().any(|disk| lock(disk).order.is_some())
    }

    /// Whether the watchdog may be fed.
    pub(crate) fn may_live(&mut self, is_left_alone: bool) -> bool {
        let now = Instant::now();
        let good = self.disks.iter().filter(|disk| self.is_good(disk, now)).count();
        let is_alone = !has_majority(good, self.disks.len());
        if std::mem::replace(&mut self.is_alone, is_alone) != is_alone {
            let of = self.disks.len();
            match is_alone {
                true => {
                    tracing::error!(good, of, "most of sbd's disks are lost; the cluster decides")
                }
                false => tracing::warn!(good, of, "most of sbd's disks are there again"),
            }
        }
        !self.must_die() && (!is_alone || is_left_alone)
    }

    /// How they are, for `/metrics`.
    pub(crate) fn told(&self) -> Vec<SbdDisk> {
        let now = Instant::now();
        let of = |(name, disk): (&String, &Shared)| {
            let header = lock(disk).header;
            let timeouts =
                header.map(|header| (header.watchdog.as_secs(), header.msgwait.as_secs()));
            SbdDisk { device: name.clone(), healthy: self.is_good(disk, now), timeouts }
        };
        self.names.iter().zip(&self.disks).map(of).collect()
    }

    fn is_good(&self, disk: &Shared, now: Instant) -> bool {
        let seen = lock(disk);
        let fits = seen
            .header
            .is_some_and(|header| Times::of(&[header], feeding(header.watchdog)) == Ok(self.times));
        let age = seen.looked.map(|looked| now.saturating_duration_since(looked));
        fits && age.is_some_and(|age| age <= self.times.good_for)
    }

    /// Ready when a message asks this node to leave in peace, or to die.
    pub(crate) async fn asked(&mut self) -> Letter {
        match self.exits.recv().await {
            Some(letter) => letter,
            None => std::future::pending().await,
        }
    }

    /// Nothing runs here any more that anybody would have to fence.
    pub(crate) fn release(self) {
        self.mark.remove();
    }
}

/// Waits for the first look at most of them.
async fn appear(disks: &[Shared]) -> Result<Vec<Header>, SbdError> {
    let deadline = Instant::now() + APPEAR_MAX;
    loop {
        let fenced = disks.iter().find_map(|disk| lock(disk).fenced.clone());
        if let Some(Letter { message, from }) = fenced {
            return Err(SbdError::Fenced { word: message.word(), from });
        }
        let looked = |disk: &Shared| {
            let seen = lock(disk);
            seen.header.filter(|_| seen.looked.is_some())
        };
        let headers: Vec<Header> = disks.iter().filter_map(looked).collect();
        if has_majority(headers.len(), disks.len()) {
            return Ok(headers);
        }
        if Instant::now() > deadline {
            return Err(SbdError::NotThere);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Who was fenced and boots too fast waits until who fenced it goes on.
async fn delay(wanted: Delay, times: &Times, mark: &Mark) {
    let time = match wanted {
        Delay::None => return,
        Delay::MsgWait => times.msgwait,
        Delay::For(time) => time,
    };
    if !mark.was_there {
        tracing::info!(?time, "waiting before this node takes part (SBD_DELAY_START)");
        tokio::time::sleep(time).await;
    }
}

/// A file that tells, until the machine starts anew, that its life has been watching.
#[derive(Debug)]
pub(crate) struct Mark {
    path: PathBuf,
    boot: String,
    was_there: bool,
}

impl Mark {
    /// Looks for one in this directory.
    pub(crate) fn find(directory: &Path) -> Result<Self, SbdError> {
        let boot = crate::watchdog::boot_id().map_err(SbdError::Remember)?;
        let path = directory.join("sbd-watched");
        let was_there = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim() == boot,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(SbdError::Remember(error)),
        };
        Ok(Self { path, boot, was_there })
    }

    fn make(&self) -> io::Result<()> {
        std::fs::write(&self.path, format!("{}\n", self.boot))
    }

    fn remove(&self) {
        // If it stays, the next daemon is only more careful.
        let _careful = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests;
