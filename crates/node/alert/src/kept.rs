//! What waits for its target, kept in files, so that it is told when the daemon ends before it could be: by
//! the daemon's next life. It is told once at least: what was told just when the daemon ended is told again.
//!
//! **Always:** nobody waits for the disk: a thread writes and removes. There are at most [`FILES_MAX`] files,
//! and nothing of where they go is in them but the alert's id. Who cannot write tells as if there were no
//! files.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::configured::Target;
use crate::notice::Notice;

/// For ten targets that all do not answer.
const FILES_MAX: usize = 1000;

/// Nobody wants to hear of what was so long ago.
const AGE_MAX: Duration = Duration::from_secs(86_400);

/// A notice, and the alert or recipient whose it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) target: String,
    pub(crate) notice: Notice,
}

/// What the thread is to do.
enum Order {
    Keep(u64, Vec<u8>),
    Forget(u64),
}

/// The way to the files. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Kept(SyncSender<Order>);

impl Kept {
    /// Reads what a former life kept there, oldest first, and keeps more there. `now` is in seconds since
    /// 1970.
    pub(crate) fn open(directory: PathBuf, now: i64) -> (Self, Vec<Record>) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        if let Err(error) = made {
            let path = directory.display();
            tracing::error!(%error, %path, "alerts that wait are lost with the daemon");
        }
        let (orders, ordered) = sync_channel(FILES_MAX);
        let records = left(&directory, now);
        let known = records.iter().map(|record| record.notice.sequence).collect();
        std::thread::spawn(move || carry_out(&directory, known, &ordered));
        (Self(orders), records)
    }

    /// Keeps it until it is forgotten, by its number.
    pub(crate) fn keep(&self, target: &Target, notice: &Notice) {
        let record = Record { target: target.id.clone(), notice: notice.clone() };
        if let Ok(text) = serde_json::to_vec(&record) {
            // If the disk is that slow, this one is lost with the daemon.
            let _full = self.0.try_send(Order::Keep(notice.sequence, text));
        }
    }

    /// It was told, or never will be.
    pub(crate) fn forget(&self, sequence: u64) {
        // Where that is not heard it is told once more.
        let _full = self.0.try_send(Order::Forget(sequence));
    }
}

fn path(directory: &Path, sequence: u64) -> PathBuf {
    directory.join(format!("{sequence:020}"))
}

fn left(directory: &Path, now: i64) -> Vec<Record> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let oldest = now.saturating_sub(i64::try_from(AGE_MAX.as_secs()).unwrap_or(i64::MAX));
    let mut records = Vec::new();
    for file in paths {
        let read = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let is_right = |record: &Record| {
            record.notice.at >= oldest && path(directory, record.notice.sequence) == file
        };
        match read.filter(is_right) {
            Some(record) if records.len() < FILES_MAX => records.push(record),
            // Half written when the machine failed, too old, or somebody's mistake.
            Some(_) | None => {
                tracing::info!(path = %file.display(), "a kept alert is of no use");
                let _gone = fs::remove_file(file);
            }
        }
    }
    records
}

fn carry_out(directory: &Path, mut known: BTreeSet<u64>, ordered: &Receiver<Order>) {
    let mut is_well = true;
    while let Ok(order) = ordered.recv() {
        match order {
            Order::Keep(sequence, text) => {
                if known.len() >= FILES_MAX {
                    continue;
                }
                let written = write(directory, sequence, &text);
                if written.is_ok() {
                    known.insert(sequence);
                } else if is_well {
                    tracing::warn!(?written, "alerts that wait are lost with the daemon");
                }
                is_well = written.is_ok();
            }
            Order::Forget(sequence) => {
                if known.remove(&sequence) {
                    let _gone = fs::remove_file(path(directory, sequence));
                }
            }
        }
    }
}

/// Whole or not at all, for as long as the machine does not fail: for that nobody waits.
fn write(directory: &Path, sequence: u64, text: &[u8]) -> io::Result<()> {
    let new = directory.join("new");
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text)?;
    fs::rename(new, path(directory, sequence))
}
