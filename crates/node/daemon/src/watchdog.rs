//! The machine's watchdog: a device that resets the machine when it is not written to in time.
//!
//! The loop writes to it, so a hanging loop ends with a reset, and with it everything that the
//! node still runs.
//!
//! Field word: Pacemaker *sbd*, the watchdog part of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Well below the shortest limit that drivers have, which is 10 s or more by default.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// The open device; armed as long as it is.
#[derive(Debug)]
pub(crate) struct Watchdog(File);

impl Watchdog {
    /// Opens the device, which arms it.
    pub(crate) fn arm(device: &Path) -> io::Result<Self> {
        Ok(Self(OpenOptions::new().write(true).open(device)?))
    }

    /// Puts the reset off.
    pub(crate) fn feed(&mut self) {
        if let Err(error) = self.0.write_all(b"\0") {
            tracing::error!(%error, "cannot write to the watchdog; the machine may be reset");
        }
    }

    /// Disarms it: this daemon ends as it should. Source: the kernel's watchdog API, "magic close".
    pub(crate) fn disarm(mut self) {
        if let Err(error) = self.0.write_all(b"V") {
            tracing::error!(%error, "cannot disarm the watchdog; the machine may be reset");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fed_and_disarmed_by_what_is_written() {
        let path = std::env::temp_dir().join(format!("quorate-watchdog-{}", std::process::id()));
        assert!(Watchdog::arm(&path).is_err(), "a missing device is an error");
        std::fs::write(&path, "").unwrap();
        let mut watchdog = Watchdog::arm(&path).unwrap();
        watchdog.feed();
        watchdog.feed();
        watchdog.disarm();
        assert_eq!(std::fs::read(&path).unwrap(), b"\0\0V");
        std::fs::remove_file(&path).unwrap();
    }
}
