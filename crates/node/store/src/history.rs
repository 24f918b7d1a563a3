//! Earlier configurations, newest last, for undo and for reading.
//!
//! They are kept in journals of their own, at most [`HISTORY_KEPT`] entries or `SEGMENT_BYTES`
//! each; the newest journal and the one before it are kept.

use std::io;

use crate::damage::Damage;
use crate::disk::Disk;
use crate::journal::{self, Journal};
use crate::recover;

/// At least so many earlier configurations are kept, unless they are very large.
pub const HISTORY_KEPT: usize = 100;

/// Two journals of this size are read in well under a second when the daemon starts.
const SEGMENT_BYTES: u64 = 64 << 20;

pub(crate) const WORD: &str = "history";

/// An earlier configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Counts up from 1.
    pub number: u64,
    /// As it was given to be remembered.
    pub payload: Vec<u8>,
}

/// The open history.
pub(crate) struct History {
    journal: Journal,
    /// Number before the journal's first entry.
    base: u64,
}

impl History {
    /// Opens what is there. Damaged parts are kept aside and left out.
    pub(crate) fn open(disk: &dyn Disk, damage: &mut Vec<Damage>) -> io::Result<Self> {
        let mut last = 0;
        let mut resumable = None;
        for base in bases(disk)? {
            // An entry that was lost leaves a hole in the numbers, no more.
            let Some(read) = recover::read_journal(disk, WORD, base, damage) else { continue };
            let end = base + read.payloads.len() as u64;
            last = end;
            resumable = Some((base, read.length));
        }
        match resumable {
            Some((base, length)) => {
                let name = journal::file_name(WORD, base);
                let journal = Journal::resume(disk, name, last + 1, length)?;
                Ok(Self { journal, base })
            }
            None => Ok(Self { journal: Journal::create(disk, WORD, last)?, base: last }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.journal.name()
    }

    /// Keeps `payloads`; all of them or none. Returns the number of the first.
    pub(crate) fn remember(&mut self, disk: &dyn Disk, payloads: &[&[u8]]) -> io::Result<u64> {
        let entries = self.journal.last() - self.base;
        if entries >= HISTORY_KEPT as u64 || self.journal.length() >= SEGMENT_BYTES {
            let base = self.journal.last();
            self.journal = Journal::create(disk, WORD, base)?;
            drop_older(disk, self.base);
            self.base = base;
        }
        let first = self.journal.last() + 1;
        self.journal.append(payloads.iter().copied())?;
        Ok(first)
    }

    /// The last [`HISTORY_KEPT`] entries, oldest first.
    pub(crate) fn read(&self, disk: &dyn Disk) -> io::Result<Vec<Earlier>> {
        let mut entries = Vec::new();
        for base in bases(disk)? {
            let bytes = disk.read(&journal::file_name(WORD, base))?;
            let Some(start) = crate::record::check_header(&bytes, WORD, base) else { continue };
            let body = bytes.get(start..).unwrap_or_default();
            let payloads = crate::record::scan(body, base + 1).payloads;
            entries.extend(
                payloads
                    .into_iter()
                    .zip(base + 1..)
                    .map(|(payload, number)| Earlier { number, payload: payload.to_vec() }),
            );
        }
        let surplus = entries.len().saturating_sub(HISTORY_KEPT);
        entries.drain(..surplus);
        Ok(entries)
    }
}

/// In ascending order, as names are.
fn bases(disk: &dyn Disk) -> io::Result<Vec<u64>> {
    Ok(disk.list()?.iter().filter_map(|name| journal::base_of(WORD, name)).collect())
}

/// Removes journals before `base`. One that cannot be removed is tried again at the next turn.
fn drop_older(disk: &dyn Disk, base: u64) {
    for older in bases(disk).unwrap_or_default().into_iter().filter(|older| *older < base) {
        let _tried_again_later = disk.remove(&journal::file_name(WORD, older));
    }
}
