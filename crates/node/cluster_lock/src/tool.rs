//! sanlock's command.
//!
//! Source: sanlock(8), of release 3.8.5.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use tie_breaker::RUN;

use crate::area::Area;

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

/// What sanlock begins a lockspace with. Source: sanlock(8), the disk format.
const MAGIC: &str = "magic 0x12212010";

/// Whose lock a disk or file has, if any: the cluster's name.
///
/// # Errors
/// When sanlock cannot be run.
pub fn whose(path: &Path) -> io::Result<Option<String>> {
    // sanlock shows a lockspace whatever it is called, and takes it for whole by its own name.
    let read = |name: &str| {
        let space = format!("{name}:1:{}:0", path.display());
        command(Path::new(RUN), &["direct", "read_leader", "-s", &space]).output()
    };
    let said = String::from_utf8_lossy(&read("any")?.stdout).into_owned();
    let name = said.lines().find_map(|line| line.strip_prefix("space_name "));
    let name = name.filter(|_| said.lines().any(|line| line == MAGIC));
    let Some(name) = name else { return Ok(None) };
    Ok(read(name)?.status.success().then(|| name.to_owned()))
}

/// Whether the disk has the area of this cluster, and a lease.
pub(crate) fn is_initialised(area: &Area) -> io::Result<bool> {
    let lease = ask(Path::new(RUN), &["direct", "read_leader", "-r", &area.resource()])?;
    let ours = format!("space_name {}", area.cluster);
    let has_lease = lease.is_some_and(|said| said.lines().any(|line| line == ours));
    Ok(has_lease && whose(&area.path)?.as_ref() == Some(&area.cluster))
}
