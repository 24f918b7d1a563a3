//! Tells the daemon for which ring this machine's vote stands on the lease: a file, in place before the vote is cast.

use std::fs;
use std::io;
use std::path::PathBuf;

use tie_breaker::{RING, Ring};

/// See the module.
pub(crate) struct RingFile {
    path: PathBuf,
    /// What it says; not known at first.
    said: Option<Option<Ring>>,
}

impl RingFile {
    /// In that directory.
    pub(crate) fn new(run: &std::path::Path) -> Self {
        Self { path: run.join(RING), said: None }
    }

    pub(crate) fn say(&mut self, ring: Option<Ring>) -> io::Result<()> {
        if self.said == Some(ring) {
            return Ok(());
        }
        self.said = None;
        match ring {
            Some(ring) => {
                let beside = self.path.with_extension("new");
                fs::write(&beside, ring.to_string())?;
                fs::rename(&beside, &self.path)?;
            }
            None => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            },
        }
        self.said = Some(ring);
        Ok(())
    }
}
