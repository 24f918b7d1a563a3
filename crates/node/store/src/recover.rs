//! Opening a state directory: the newest good snapshot and every record that follows it.
//!
//! **Always:** a file that is not good is renamed or copied aside before anything is written in
//! its place. Records are taken in order; the first hole ends them.

use std::io;

use crate::damage::{Damage, DamageKind};
use crate::disk::{Disk, TEMPORARY, write_whole};
use crate::journal::{self, Journal};
use crate::record::{self, ScanEnd};
use crate::snapshot;

pub(crate) const JOURNAL: &str = "journal";

/// Damaged files kept for people; the oldest goes when one more is found.
const DAMAGED_KEPT: usize = 10;

const DAMAGED: &str = ".damaged-";

/// There since damage was found, until the next snapshot. Whoever opens the directory may die before
/// it has told anybody, and the next one would see nothing wrong.
pub(crate) const LOST: &str = "lost";

/// What the directory held.
pub(crate) struct Recovered {
    pub(crate) snapshot: Option<Vec<u8>>,
    /// Number of records that the snapshot covers; 0 without one.
    pub(crate) snapshot_at: u64,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) journal: Journal,
    pub(crate) damage: Vec<Damage>,
}

/// The file name of the snapshot that covers the records up to number `at`.
pub(crate) fn snapshot_name(at: u64) -> String {
    format!("snapshot-{at:020}.xml")
}

/// The number in a name that [`snapshot_name`] made.
pub(crate) fn snapshot_number(name: &str) -> Option<u64> {
    name.strip_prefix("snapshot-")?.strip_suffix(".xml")?.parse().ok()
}

/// Reads everything and leaves a directory that can be written on.
pub(crate) fn recover(disk: &dyn Disk) -> io::Result<Recovered> {
    let names = disk.list()?;
    for name in names.iter().filter(|name| name.ends_with(TEMPORARY)) {
        disk.remove(name)?;
    }
    let mut damage = Vec::new();
    if names.iter().any(|name| name == LOST) {
        let (file, kind) = (LOST.to_owned(), DamageKind::Earlier);
        damage.push(Damage { file, kind, kept_as: None });
    }
    let (snapshot_at, snapshot) = newest_snapshot(disk, &names, &mut damage);
    let bases: Vec<u64> = names.iter().filter_map(|name| journal::base_of(JOURNAL, name)).collect();
    let replay = replay(disk, &bases, snapshot_at, &mut damage);
    let journal = match replay.resumable {
        Some((base, length)) => {
            Journal::resume(disk, journal::file_name(JOURNAL, base), replay.last + 1, length)?
        }
        None => Journal::create(disk, JOURNAL, replay.last)?,
    };
    Ok(Recovered { snapshot, snapshot_at, records: replay.records, journal, damage })
}

/// The newest snapshot that is good. Those that are not are set aside.
fn newest_snapshot(
    disk: &dyn Disk,
    names: &[String],
    damage: &mut Vec<Damage>,
) -> (u64, Option<Vec<u8>>) {
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| snapshot_number(name)).collect();
    numbers.sort_unstable();
    for at in numbers.into_iter().rev() {
        let name = snapshot_name(at);
        let kind = match disk.read(&name) {
            Ok(bytes) => match snapshot::unseal(bytes) {
                Some(state) => return (at, Some(state)),
                None => DamageKind::Snapshot,
            },
            Err(error) => DamageKind::Unreadable { reason: error.to_string() },
        };
        set_aside(disk, name, kind, damage);
    }
    (0, None)
}

struct Replay {
    records: Vec<Vec<u8>>,
    /// The number of the last record, or of the snapshot if there is none after it.
    last: u64,
    /// Base and good length of the journal that ends with `last`, if there is one.
    resumable: Option<(u64, u64)>,
}

/// Takes the records after number `from` out of the journals with these bases, in order.
fn replay(disk: &dyn Disk, bases: &[u64], from: u64, damage: &mut Vec<Damage>) -> Replay {
    let mut replay = Replay { records: Vec::new(), last: from, resumable: None };
    for (index, base) in bases.iter().copied().enumerate() {
        // A journal ends where the next begins, so one that the snapshot covers need not be read.
        if bases.get(index + 1).is_some_and(|next| *next <= from) {
            continue;
        }
        if base > replay.last {
            let kind = DamageKind::Gap { wanted: replay.last + 1, found: base + 1 };
            set_aside(disk, journal::file_name(JOURNAL, base), kind, damage);
            continue;
        }
        let Some(read) = read_journal(disk, JOURNAL, base, damage) else { continue };
        let end = base + read.payloads.len() as u64;
        let known = usize::try_from(replay.last - base).unwrap_or(usize::MAX);
        replay.records.extend(read.payloads.into_iter().skip(known));
        replay.resumable = (end >= replay.last).then_some((base, read.length));
        replay.last = replay.last.max(end);
    }
    replay
}

/// A journal's good part.
pub(crate) struct ReadJournal {
    pub(crate) payloads: Vec<Vec<u8>>,
    /// Bytes of header and good records.
    pub(crate) length: u64,
}

/// Reads a journal and cuts off what is not good, after keeping a copy. `None` if nothing of it
/// can be used; then it has been set aside.
pub(crate) fn read_journal(
    disk: &dyn Disk,
    word: &str,
    base: u64,
    damage: &mut Vec<Damage>,
) -> Option<ReadJournal> {
    let name = journal::file_name(word, base);
    let bytes = match disk.read(&name) {
        Ok(bytes) => bytes,
        Err(error) => {
            let kind = DamageKind::Unreadable { reason: error.to_string() };
            set_aside(disk, name, kind, damage);
            return None;
        }
    };
    let Some(start) = record::check_header(&bytes, word, base) else {
        set_aside(disk, name, DamageKind::Header, damage);
        return None;
    };
    let scan = record::scan(bytes.get(start..).unwrap_or_default(), base + 1);
    let length = start + scan.good;
    let lost = (bytes.len() - length) as u64;
    let after_record = base + scan.payloads.len() as u64;
    let kind = match scan.end {
        ScanEnd::Clean => None,
        ScanEnd::Truncated => Some(DamageKind::Truncated { after_record, lost }),
        ScanEnd::Checksum => Some(DamageKind::Checksum { after_record, lost }),
    };
    let payloads = scan.payloads.iter().map(|payload| payload.to_vec()).collect();
    if let Some(kind) = kind {
        keep_good_part(disk, name, &bytes, length, kind, damage);
    }
    Some(ReadJournal { payloads, length: length as u64 })
}

/// Renames the damaged file and writes its good part under the old name.
fn keep_good_part(
    disk: &dyn Disk,
    file: String,
    bytes: &[u8],
    length: usize,
    kind: DamageKind,
    damage: &mut Vec<Damage>,
) {
    if !matches!(kind, DamageKind::Truncated { .. }) {
        note_loss(disk);
    }
    let aside = free_name(disk, &file);
    // The copy comes first: a crash in between must find the original as it was.
    let kept = write_whole(disk, &aside, bytes).is_ok();
    // On a full disk even this may fail; then the cut in place needs no room.
    let good = bytes.get(..length).unwrap_or_default();
    if write_whole(disk, &file, good).is_err() {
        let _reported_by_the_next_append = disk.append_to(&file).and_then(|mut open| {
            open.truncate(length as u64)?;
            open.sync()
        });
    }
    drop_oldest_damaged(disk);
    damage.push(Damage { file, kind, kept_as: kept.then_some(aside) });
}

fn set_aside(disk: &dyn Disk, file: String, kind: DamageKind, damage: &mut Vec<Damage>) {
    note_loss(disk);
    let aside = free_name(disk, &file);
    let kept = disk.rename(&file, &aside).and_then(|()| disk.sync()).is_ok();
    drop_oldest_damaged(disk);
    damage.push(Damage { file, kind, kept_as: kept.then_some(aside) });
}

/// Before the damaged file is moved out of sight.
fn note_loss(disk: &dyn Disk) {
    // A full disk has no room for it; then only this process knows.
    let _only_this_process_knows = write_whole(disk, LOST, b"");
}

/// Numbers go up over all damaged files, so the lowest is the oldest.
fn free_name(disk: &dyn Disk, file: &str) -> String {
    let highest = damaged(disk).into_iter().map(|(number, _)| number).max().unwrap_or(0);
    format!("{file}{DAMAGED}{:04}", highest + 1)
}

fn drop_oldest_damaged(disk: &dyn Disk) {
    let mut found = damaged(disk);
    found.sort();
    let surplus = found.len().saturating_sub(DAMAGED_KEPT);
    for (_, name) in found.into_iter().take(surplus) {
        let _tried_again_next_time = disk.remove(&name);
    }
}

fn damaged(disk: &dyn Disk) -> Vec<(u64, String)> {
    let names = disk.list().unwrap_or_default();
    names
        .into_iter()
        .filter_map(|name| {
            let (_, number) = name.rsplit_once(DAMAGED)?;
            Some((number.parse().ok()?, name))
        })
        .collect()
}
