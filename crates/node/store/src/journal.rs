//! Writing at the end of one journal file: all of a batch or nothing of it.

use std::io;

use crate::disk::{Disk, DiskFile, write_whole};
use crate::record;

/// An open journal.
///
/// Invariant: the first `length` bytes of the file are durable and whole records.
pub(crate) struct Journal {
    file: Box<dyn DiskFile>,
    name: String,
    /// The number that the next record gets.
    next: u64,
    length: u64,
    /// Bytes after `length` may be anything: a write or a sync failed, or nobody has looked yet.
    torn: bool,
}

/// The file name of a journal whose first record is number `base + 1`.
pub(crate) fn file_name(word: &str, base: u64) -> String {
    format!("{word}-{base:020}.log")
}

/// The base in a name that [`file_name`] made.
pub(crate) fn base_of(word: &str, name: &str) -> Option<u64> {
    name.strip_prefix(word)?.strip_prefix('-')?.strip_suffix(".log")?.parse().ok()
}

impl Journal {
    /// A new, empty journal.
    pub(crate) fn create(disk: &dyn Disk, word: &str, base: u64) -> io::Result<Self> {
        let name = file_name(word, base);
        let header = record::header(word, base);
        write_whole(disk, &name, &header)?;
        Self::resume(disk, name, base + 1, header.len() as u64)
    }

    /// An existing journal of `length` good bytes, to go on with record `next`.
    pub(crate) fn resume(
        disk: &dyn Disk,
        name: String,
        next: u64,
        length: u64,
    ) -> io::Result<Self> {
        let file = disk.append_to(&name)?;
        // Where opening could not cut off a bad end, the first append does.
        Ok(Self { file, name, next, length, torn: true })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number of the last durable record.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Writes `payloads` as the next records and makes them durable. After an error none of them
    /// counts, and the next call starts by cutting off what they left.
    pub(crate) fn append<'a>(
        &mut self,
        payloads: impl IntoIterator<Item = &'a [u8]>,
    ) -> io::Result<()> {
        self.mend()?;
        let mut bytes = Vec::new();
        let mut next = self.next;
        for payload in payloads {
            record::encode(next, payload, &mut bytes);
            next += 1;
        }
        let written = self.file.append(&bytes).and_then(|()| self.file.sync());
        if let Err(error) = written {
            self.torn = true;
            // Cut at once, so that a stop now leaves a clean file. If this fails as well, the next
            // append tries again, and opening the directory would report the rest as damage.
            let _tried_again_later = self.mend();
            return Err(error);
        }
        self.next = next;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// After a failed sync the kernel may have dropped the written pages, so nothing after the
    /// last good record can be trusted: it is cut off and written anew.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.truncate(self.length)?;
            self.file.sync()?;
            self.torn = false;
        }
        Ok(())
    }
}
