//! The store without its thread: carries out batches of requests on one directory.

use std::io;
use std::sync::Arc;

use crate::aside;
use crate::damage::Damage;
use crate::disk::{Disk, write_whole};
use crate::error::StoreError;
use crate::history::{Earlier, History};
use crate::journal::{self, Journal};
use crate::record;
use crate::recover::{self, JOURNAL};
use crate::snapshot;
use crate::thread::{Ack, Ticket};

/// One thing to do.
pub(crate) struct Request {
    pub(crate) ticket: Ticket,
    pub(crate) kind: RequestKind,
}

pub(crate) enum RequestKind {
    Append(Vec<u8>),
    Compact(Vec<u8>),
    Replace(Vec<u8>),
    Remember(Vec<u8>),
    ReadHistory,
    SetAside(Vec<u8>),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The record is on disk. `journal_bytes` is how large the journal has grown, for the caller
    /// to decide when to compact.
    Appended { journal_bytes: u64 },
    /// The snapshot is on disk and the journal starts anew.
    Compacted,
    /// The configuration is kept under this number.
    Remembered { number: u64 },
    /// The earlier configurations, oldest first.
    History(Vec<Earlier>),
    /// It is kept in this file of the directory.
    SetAside { file: String },
}

/// One open directory.
pub(crate) struct Engine {
    disk: Box<dyn Disk>,
    journal: Journal,
    history: History,
    /// What the newest snapshot covers.
    snapshot_at: u64,
    /// An append was refused, so the journal lacks a change that the caller has made. Later records
    /// would not apply to what is on disk, so none is taken until a snapshot has closed the hole.
    hole: bool,
}

/// What [`Engine::open`] found.
pub(crate) struct Found {
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) damage: Vec<Damage>,
}

impl Engine {
    pub(crate) fn open(disk: Box<dyn Disk>) -> io::Result<(Self, Found)> {
        let recovered = recover::recover(disk.as_ref())?;
        let mut damage = recovered.damage;
        let history = History::open(disk.as_ref(), &mut damage)?;
        let engine = Self {
            disk,
            journal: recovered.journal,
            history,
            snapshot_at: recovered.snapshot_at,
            hole: false,
        };
        Ok((engine, Found { snapshot: recovered.snapshot, records: recovered.records, damage }))
    }

    /// Carries out `batch` in order and tells of each as soon as it is durable. Neighbouring
    /// appends share one sync, and so do all that is to be remembered.
    pub(crate) fn run(&mut self, batch: Vec<Request>, tell: &mut dyn FnMut(Ack)) {
        let mut appends = Vec::new();
        let mut remembers = Vec::new();
        for Request { ticket, kind } in batch {
            match kind {
                RequestKind::Append(payload) => appends.push((ticket, payload)),
                RequestKind::Remember(payload) => remembers.push((ticket, payload)),
                RequestKind::Compact(state) => {
                    self.append(std::mem::take(&mut appends), tell);
                    let result = self.compact(&state);
                    tell(Ack { ticket, result });
                }
                RequestKind::Replace(state) => {
                    self.append(std::mem::take(&mut appends), tell);
                    self.hole = true;
                    let result = self.compact(&state);
                    tell(Ack { ticket, result });
                }
                RequestKind::SetAside(document) => {
                    tell(Ack { ticket, result: self.set_aside(&document) });
                }
                RequestKind::ReadHistory => {
                    self.remember(std::mem::take(&mut remembers), tell);
                    tell(Ack { ticket, result: self.read_history() });
                }
            }
        }
        self.append(appends, tell);
        self.remember(remembers, tell);
    }

    fn append(&mut self, batch: Vec<(Ticket, Vec<u8>)>, tell: &mut dyn FnMut(Ack)) {
        if batch.is_empty() {
            return;
        }
        if self.hole {
            for (ticket, _) in batch {
                tell(Ack { ticket, result: Err(StoreError::Incomplete) });
            }
            return;
        }
        let together = self.journal.append(batch.iter().map(|(_, payload)| payload.as_slice()));
        match together {
            Ok(()) => {
                let journal_bytes = self.journal.length();
                for (ticket, _) in batch {
                    tell(Ack { ticket, result: Ok(Done::Appended { journal_bytes }) });
                }
            }
            // On a full disk the small edits before a large one may still find room.
            Err(error) if batch.len() > 1 && is_full(&error) => {
                for one in batch {
                    self.append(vec![one], tell);
                }
            }
            Err(error) => {
                self.hole = true;
                let error = StoreError::Append {
                    file: self.journal.name().to_owned(),
                    source: Arc::new(error),
                };
                for (ticket, _) in batch {
                    tell(Ack { ticket, result: Err(error.clone()) });
                }
            }
        }
    }

    fn compact(&mut self, state: &[u8]) -> Result<Done, StoreError> {
        // A snapshot that differs from what the journal adds up to takes a number of its own: if
        // it is ever lost, replay stops there instead of applying later records to another state.
        let at = self.journal.last() + u64::from(self.hole);
        let name = recover::snapshot_name(at);
        let sealed = snapshot::seal(state);
        write_whole(self.disk.as_ref(), &name, &sealed)
            .map_err(|source| StoreError::Snapshot { file: name, source: Arc::new(source) })?;
        let previous = std::mem::replace(&mut self.snapshot_at, at);
        self.journal = Journal::create(self.disk.as_ref(), JOURNAL, at).map_err(|source| {
            StoreError::Snapshot { file: journal::file_name(JOURNAL, at), source: Arc::new(source) }
        })?;
        self.hole = false;
        self.drop_older(previous);
        Ok(Done::Compacted)
    }

    /// Removes what the snapshot at `kept` makes superfluous. A file that cannot be removed is
    /// tried again at the next compaction.
    fn drop_older(&self, kept: u64) {
        let names = self.disk.list().unwrap_or_default();
        let bases = || names.iter().filter_map(|name| journal::base_of(JOURNAL, name));
        // A journal ends where the next begins.
        let covered = |base| bases().any(|next| base < next && next <= kept);
        for name in &names {
            let is_made_good = name == recover::LOST;
            let old_snapshot = recover::snapshot_number(name).is_some_and(|at| at < kept);
            let old_journal = journal::base_of(JOURNAL, name).is_some_and(covered);
            if old_snapshot || old_journal || is_made_good {
                let _tried_again_later = self.disk.remove(name);
            }
        }
    }

    fn remember(&mut self, batch: Vec<(Ticket, Vec<u8>)>, tell: &mut dyn FnMut(Ack)) {
        if batch.is_empty() {
            return;
        }
        let payloads: Vec<&[u8]> = batch.iter().map(|(_, payload)| payload.as_slice()).collect();
        match self.history.remember(self.disk.as_ref(), &payloads) {
            Ok(first) => {
                for ((ticket, _), number) in batch.into_iter().zip(first..) {
                    tell(Ack { ticket, result: Ok(Done::Remembered { number }) });
                }
            }
            Err(error) => {
                let file = self.history.name().to_owned();
                let error = StoreError::Append { file, source: Arc::new(error) };
                for (ticket, _) in batch {
                    tell(Ack { ticket, result: Err(error.clone()) });
                }
            }
        }
    }

    fn set_aside(&self, document: &[u8]) -> Result<Done, StoreError> {
        let file = aside::free_name(self.disk.as_ref());
        match write_whole(self.disk.as_ref(), &file, document) {
            Ok(()) => {
                aside::drop_oldest(self.disk.as_ref());
                Ok(Done::SetAside { file })
            }
            Err(source) => Err(StoreError::SetAside { file, source: Arc::new(source) }),
        }
    }

    fn read_history(&self) -> Result<Done, StoreError> {
        match self.history.read(self.disk.as_ref()) {
            Ok(entries) => Ok(Done::History(entries)),
            Err(source) => Err(StoreError::Read {
                file: self.history.name().to_owned(),
                source: Arc::new(source),
            }),
        }
    }
}

/// Refuses what no journal may hold.
pub(crate) fn check_size(payload: &[u8]) -> Result<(), StoreError> {
    if payload.len() > record::PAYLOAD_MAX {
        return Err(StoreError::TooLarge { bytes: payload.len(), limit: record::PAYLOAD_MAX });
    }
    Ok(())
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
