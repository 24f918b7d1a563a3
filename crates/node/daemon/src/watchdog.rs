//! The machine's watchdog: a device that resets the machine when it is not written to in time.
//!
//! The loop writes to it, so a hanging loop ends with a reset, and with it everything that the
//! node still runs. The brain may say that it is to starve: then the others count on the reset.
//!
//! Opening the device feeds it. So a daemon that follows one which the others count on opens it
//! only when the brain says that it may live.
//!
//! Field word: Pacemaker *sbd*, the watchdog part of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod driver;

/// How often a watchdog of this time-out is fed.
pub(crate) fn feeding(timeout: Duration) -> Duration {
    EVERY.min(timeout / 8)
}

/// Differs for each start of the machine.
pub(crate) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string(BOOT_ID)?.trim().to_owned())
}

/// How often the loop asks the brain whether it may feed, at most.
const EVERY: Duration = Duration::from_secs(1);

/// Where nothing is configured and the driver does not say.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// Differs for each start of the machine. Source: random(4).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The device, and what others believe of it.
#[derive(Debug)]
pub(crate) struct Watchdog {
    path: PathBuf,
    timeout: Duration,
    /// Armed as long as it is open.
    device: Option<File>,
    promise: Promise,
    starving: bool,
}

impl Watchdog {
    /// Opens the device, which arms it, and sets its time; after an earlier daemon's promise it stays
    /// as that left it, and also where this life must not go on. `asked` is the configured time.
    pub(crate) fn arm(
        path: &Path,
        asked: Option<Duration>,
        promise: Promise,
        may_live: bool,
    ) -> io::Result<Self> {
        let mut watchdog = Self {
            path: path.to_owned(),
            timeout: asked.unwrap_or(TIMEOUT_DEFAULT),
            device: None,
            promise,
            starving: false,
        };
        match watchdog.promise.made {
            Some(Promised { timeout, .. }) => watchdog.timeout = timeout,
            None if may_live => watchdog.open(asked)?,
            None => {}
        }
        Ok(watchdog)
    }

    fn open(&mut self, asked: Option<Duration>) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        if file.metadata()?.file_type().is_char_device() {
            self.timeout = driver::set_timeout(&file, asked)?;
        } else {
            let path = self.path.display();
            tracing::warn!(%path, "this is no watchdog device: nobody resets the machine for it");
        }
        self.device = Some(file);
        Ok(())
    }

    /// After this time without food the machine is reset.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How often it wants to be fed.
    pub(crate) fn feeding(&self) -> Duration {
        feeding(self.timeout)
    }

    /// For how long a vote may be believed in, as this or an earlier daemon promised since the machine started.
    pub(crate) fn promised(&self) -> Option<Duration> {
        self.promise.made.map(|promised| promised.outlasts)
    }

    /// Puts the reset off, or lets it come.
    pub(crate) fn feed(&mut self, may_live: bool) {
        if self.starving == may_live {
            self.starving = !may_live;
            let timeout = self.timeout;
            if may_live {
                tracing::warn!("the watchdog is fed again");
            } else {
                tracing::error!(
                    ?timeout,
                    "cut off from the others, who count on a reset, or told to die: it comes"
                );
            }
        }
        if !may_live {
            return;
        }
        if self.device.is_none()
            && let Err(error) = self.open(Some(self.timeout))
        {
            tracing::error!(%error, "cannot open the watchdog; the machine may be reset");
        }
        if let Some(device) = &mut self.device
            && let Err(error) = device.write_all(b"\0")
        {
            tracing::error!(%error, "cannot write to the watchdog; the machine may be reset");
        }
    }

    /// Remembers that others count on the reset, which an armed device alone brings: after a promise
    /// that was taken back before it was fed, it is not open yet.
    pub(crate) fn promise(&mut self, outlasts: Duration) -> io::Result<()> {
        if self.device.is_none() && self.promised().is_none() {
            self.open(Some(self.timeout))?;
        }
        self.promise.make(Promised { timeout: self.timeout, outlasts })
    }

    /// Nobody counts on the reset any more.
    pub(crate) fn withdraw(&mut self) {
        self.promise.release();
    }

    /// Disarms it: this daemon ends as it should. Source: the kernel's watchdog API, "magic close".
    pub(crate) fn disarm(mut self) {
        if let Some(device) = &mut self.device
            && let Err(error) = device.write_all(b"V")
        {
            tracing::error!(%error, "cannot disarm the watchdog; the machine may be reset");
        }
        self.promise.release();
    }
}

/// Whether others count on this machine's watchdog since it started: a file that outlives the daemon
/// and not the machine's start.
#[derive(Debug)]
pub(crate) struct Promise {
    path: PathBuf,
    boot: String,
    made: Option<Promised>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Promised {
    /// The watchdog's time.
    timeout: Duration,
    /// How long a quorum device's vote may be believed in that others have.
    outlasts: Duration,
}

impl Promised {
    /// Milliseconds of both. Older builds had no word for the second, and no such device.
    fn parse(text: &str) -> Option<Self> {
        let mut times = text.split_whitespace().map(|ms| ms.parse().map(Duration::from_millis));
        let (timeout, outlasts) = (times.next()?.ok()?, times.next());
        Some(Self { timeout, outlasts: outlasts.and_then(Result::ok).unwrap_or_default() })
    }
}

impl Promise {
    /// Looks for one in this directory.
    pub(crate) fn find(directory: &Path) -> io::Result<Self> {
        Self::of_boot(directory, &boot_id()?)
    }

    fn of_boot(directory: &Path, boot: &str) -> io::Result<Self> {
        let path = directory.join("reset-promised");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        let made = text.split_once(' ').filter(|(of, _)| *of == boot);
        let made = made.and_then(|(_, times)| Promised::parse(times));
        Ok(Self { path, boot: boot.to_owned(), made })
    }

    fn make(&mut self, promised: Promised) -> io::Result<()> {
        if self.made != Some(promised) {
            let Promised { timeout, outlasts } = promised;
            let times = format!("{} {}", timeout.as_millis(), outlasts.as_millis());
            // What is written anew must be the old or the new one at any moment.
            let next = self.path.with_extension("new");
            fs::write(&next, format!("{} {times}\n", self.boot))?;
            fs::rename(&next, &self.path)?;
            self.made = Some(promised);
        }
        Ok(())
    }

    /// Nothing runs here any more that a reset would have to end, or nobody counts on one.
    fn release(&mut self) {
        self.made = None;
        // If it stays, the next daemon is only more careful.
        let _careful = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests;
