//! The power switch of a node that is a group of processes on this machine.
//!
//! `DIR/power` says `on` or `off`; none is `on`. The fence agent turns it off before it looks for
//! the daemon in `DIR/daemon.pid`; a daemon writes that file before it looks at the switch, and
//! leaves if it is off. So one of them always sees the other: no daemon comes up behind the back
//! of an agent that has said "off".

use std::fs;
use std::io;
use std::path::Path;

use process::Identity;

/// Whether the node of state directory `directory` may run.
pub(crate) fn is_on(directory: &Path) -> bool {
    fs::read_to_string(directory.join("power")).map_or(true, |text| text.trim() != "off")
}

/// The daemon's process, if it is alive.
pub(crate) fn daemon(directory: &Path) -> Option<Identity> {
    let text = fs::read_to_string(directory.join("daemon.pid")).ok()?;
    text.trim().parse().ok().filter(|process: &Identity| process.is_alive())
}

/// Turns the switch.
pub(crate) fn turn(directory: &Path, on: bool) -> io::Result<()> {
    let new = directory.join("power.new");
    fs::write(&new, if on { "on\n" } else { "off\n" })?;
    fs::rename(new, directory.join("power"))
}
