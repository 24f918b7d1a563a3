//! The power switch of a node that is a group of processes on this machine.
//!
//! `DIR/power` says `on` or `off`; none is `on`. Whoever starts the node's daemon does so only with
//! the switch in hand and on ([`start_if_on`]); the fence agent turns it off before it kills, so no
//! daemon comes up behind its back.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use process::Identity;
use rustix::fs::{FlockOperation, flock};

/// Whether the node of state directory `directory` may run.
pub fn is_on(directory: &Path) -> bool {
    fs::read_to_string(directory.join("power")).map_or(true, |text| text.trim() != "off")
}

/// Runs `start` while the switch is held, if it is on; `None` if it is off.
///
/// `start` must return only when `DIR/daemon.pid` names the new daemon.
///
/// # Errors
/// When the switch cannot be had.
pub fn start_if_on<T>(directory: &Path, start: impl FnOnce() -> T) -> io::Result<Option<T>> {
    let held = hold(directory)?;
    let started = is_on(directory).then(start);
    drop(held);
    Ok(started)
}

/// The daemon's process, if it is alive.
pub fn daemon(directory: &Path) -> Option<Identity> {
    let text = fs::read_to_string(directory.join("daemon.pid")).ok()?;
    text.trim().parse().ok().filter(|process: &Identity| process.is_alive())
}

/// Turns the switch.
pub(crate) fn turn(directory: &Path, on: bool) -> io::Result<()> {
    let held = hold(directory)?;
    let new = directory.join("power.new");
    fs::write(&new, if on { "on\n" } else { "off\n" })?;
    fs::rename(new, directory.join("power"))?;
    drop(held);
    Ok(())
}

fn hold(directory: &Path) -> io::Result<File> {
    let path = directory.join("power.lock");
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
