//! Whether a disk can have the cluster's lock, or has it: looked at past the page cache, which does not hear of
//! what other machines write.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use wire::machine::{LockPlace, LockState};

use crate::machine::said;

/// A lock's size in bytes: sanlock's lockspace and one resource.
const SIZE: u64 = 2 << 20;

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
    let whose = cluster_lock::whose(Path::new(path));
    if let Some(cluster) = whose.map_err(|error| format!("sanlock cannot be run: {error}"))? {
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
