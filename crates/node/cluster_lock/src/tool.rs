//! sanlock's command.
//!
//! Source: sanlock(8), of release 3.8.5.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::area::Area;

/// The directory of our sanlock unless another is asked for.
pub(crate) const RUN: &str = "/run/quorate-lock";

/// sanlock with these words, which its daemon with that directory hears.
pub(crate) fn command(run: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("sanlock");
    command.args(words).env("SANLOCK_RUN_DIR", run).stdin(Stdio::null());
    command
}

/// What it says, if it succeeds.
pub(crate) fn ask(run: &Path, words: &[&str]) -> io::Result<Option<String>> {
    let output = command(run, words).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(output.status.success().then_some(said))
}

/// Succeeds, or says why not.
pub(crate) fn done(run: &Path, words: &[&str]) -> io::Result<()> {
    let output = command(run, words).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().replace('\n', ", ");
    Err(io::Error::other(format!("`sanlock {}`: {said}", words.join(" "))))
}

/// Writes an empty lockspace and a free lease.
pub(crate) fn initialise(area: &Area, io_timeout: u32) -> io::Result<()> {
    let sector = area.sector().to_string();
    let (space, resource) = (area.lockspace(0), area.resource());
    let seconds = io_timeout.to_string();
    let size = ["-Z", &sector, "-A", "1M"];
    done(Path::new(RUN), &[&["direct", "init", "-s", &space, "-o", &seconds][..], &size].concat())?;
    done(Path::new(RUN), &[&["direct", "init", "-r", &resource][..], &size].concat())
}

/// Whether the disk has the area of this cluster, and a lease.
pub(crate) fn is_initialised(area: &Area) -> io::Result<bool> {
    let space = ask(Path::new(RUN), &["direct", "read_leader", "-s", &area.lockspace(1)])?;
    let lease = ask(Path::new(RUN), &["direct", "read_leader", "-r", &area.resource()])?;
    let ours = format!("space_name {}", area.cluster);
    let is_ours =
        |said: Option<String>| said.is_some_and(|said| said.lines().any(|line| line == ours));
    Ok(is_ours(space) && is_ours(lease))
}
