//! Whether a disk can have the cluster's lock, or has it: looked at past the page cache, which does not hear of
//! what other machines write.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::process::{Command, Stdio};

use wire::machine::{LockPlace, LockState};

use crate::machine::said;

/// A lock's size in bytes: sanlock's lockspace and one resource.
const SIZE: u64 = 2 << 20;

/// What sanlock begins a lockspace with. Source: sanlock(8), the disk format.
const MAGIC: &str = "magic 0x12212010";

pub(crate) fn look(path: &str) -> LockPlace {
    let state = state(path).unwrap_or_else(|why| LockState::Unusable { why });
    LockPlace { path: path.to_owned(), state }
}

fn state(path: &str) -> Result<LockState, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    if size < SIZE {
        return Err(format!("it has {size} bytes, a lock needs {SIZE}"));
    }
    if let Some(cluster) = locked(path)? {
        return Ok(LockState::Locked { cluster });
    }
    let signatures = said("wipefs", &["--no-act", "--noheadings", "--output", "TYPE", path])?;
    let mut known: Vec<&str> = signatures.split_whitespace().collect();
    known.dedup();
    if !known.is_empty() {
        return Ok(LockState::Holds { what: known.join(", ") });
    }
    let is_empty = beginning(path)?.iter().all(|byte| *byte == 0);
    let what = "data of a kind that nobody knows".to_owned();
    Ok(if is_empty { LockState::Free } else { LockState::Holds { what } })
}

/// Whose lock it has. sanlock shows a lockspace whatever it is called, and takes it for whole by its own name.
fn locked(path: &str) -> Result<Option<String>, String> {
    let read = |name: &str| {
        let space = format!("{name}:1:{path}:0");
        let mut sanlock = Command::new("sanlock");
        sanlock.args(["direct", "read_leader", "-s", &space]).stdin(Stdio::null());
        sanlock.output().map_err(|error| format!("sanlock cannot be run: {error}"))
    };
    let said = String::from_utf8_lossy(&read("any")?.stdout).into_owned();
    let name = said.lines().find_map(|line| line.strip_prefix("space_name "));
    let name = name.filter(|_| said.lines().any(|line| line == MAGIC));
    let Some(name) = name else { return Ok(None) };
    Ok(read(name)?.status.success().then(|| name.to_owned()))
}

fn beginning(path: &str) -> Result<Vec<u8>, String> {
    let from = format!("if={path}");
    let words = [from.as_str(), "iflag=direct", "bs=1M", "count=2", "status=none"];
    let output = Command::new("dd").args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("dd cannot be run: {error}"))?;
    if output.status.success() && output.stdout.len() as u64 == SIZE {
        Ok(output.stdout)
    } else {
        Err(format!("it cannot be read: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}
