//! The brain's records on disk, and back.
//!
//! Every record is appended to the store's journal; when that has grown long, the configuration
//! whole becomes a new snapshot. When the disk refused something it is *behind*: only a record
//! that is whole brings it up to date, and one is offered every few seconds.
//!
//! **Always:** a record is answered exactly once, in order. Nothing is appended behind a hole.

mod format;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use api::Meter;
use cib::Document;
use controller::{Input, Record, Restored, Whole};
use store::{Ack, Damage, DamageKind, Done, OpenError, Opened, Store, StoreError, Ticket};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::config::Config;

/// A journal is folded into a snapshot from this size on, or from a multiple of the snapshot's.
const JOURNAL_BYTES: u64 = 8 << 20;
const JOURNAL_PER_SNAPSHOT: u64 = 4;

/// How often a disk that is behind is offered the configuration.
const RETRY: Duration = Duration::from_secs(5);

fn store_of(config: &Config) -> PathBuf {
    config.state_dir.join("store")
}

/// The open disk.
#[derive(Debug)]
pub(crate) struct Disk {
    store: Store,
    acks: mpsc::UnboundedReceiver<Ack>,
    purposes: BTreeMap<Ticket, Purpose>,
    /// Answers that needed no disk.
    refused: VecDeque<Input>,
    condition: Condition,
    folding: bool,
    /// What the records add up to.
    whole: Whole,
    meter: Option<Meter>,
    /// When the records that are on their way were handed over.
    begun: BTreeMap<Ticket, Instant>,
}

/// What a request to the store was for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// The brain's record of this number.
    Record(u64),
    /// The journal folded into a snapshot, or a disk brought up to date.
    Fold,
    SetAside,
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    Sound,
    /// Something is missing on disk.
    Behind {
        retry_at: Instant,
    },
}

/// What the disk has to say.
#[derive(Debug)]
pub(crate) enum Word {
    Ack(Ack),
    Refused(Input),
    RetryIsDue,
    /// The store's thread is gone, which is a fault of ours.
    Ended,
}

/// What was read back, and the disk to go on with.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) disk: Disk,
    pub(crate) restored: Restored,
}

impl Disk {
    /// Whether the node has ever had one.
    pub(crate) fn is_there(config: &Config) -> bool {
        store_of(config).exists()
    }

    /// Opens the node's store. What is damaged is in the log afterwards.
    pub(crate) fn open(config: &Config) -> Result<Found, OpenError> {
        let (sender, acks) = mpsc::unbounded_channel();
        let tell = move |ack| {
            let _stopping = sender.send(ack);
        };
        let opened = Store::open(&store_of(config), tell)?;
        let Opened { store, snapshot, records, damage } = opened;
        for damage in &damage {
            tracing::error!("the state on disk was damaged: {damage}");
        }
        let (records, unread) = format::decode_all(snapshot, records);
        let (mut restored, damaged) = Restored::from_records(records);
        let unreadable: Vec<String> = unread.into_iter().chain(damaged).collect();
        for reason in &unreadable {
            tracing::error!("the state on disk was damaged: {reason}; what came before is used");
        }
        // A record that ends in its middle was never answered for; of the rest it may have been.
        let torn = |damage: &Damage| matches!(damage.kind, DamageKind::Truncated { .. });
        let is_lost = !unreadable.is_empty() || !damage.iter().all(torn);
        restored.doubtful |= is_lost;
        let condition = if !is_lost {
            Condition::Sound
        } else {
            Condition::Behind { retry_at: Instant::now() }
        };
        let text = |document: &Option<Document>| document.as_ref().map(Document::to_string);
        let whole = Whole {
            configuration: text(&restored.configuration).unwrap_or_default(),
            earlier: text(&restored.earlier),
            lineage: restored.lineage,
            pedigree: restored.pedigree.clone(),
            keepers: restored.keepers.clone(),
            base: restored.base.clone(),
            doubtful: restored.doubtful,
        };
        let disk = Self {
            store,
            acks,
            purposes: BTreeMap::new(),
            refused: VecDeque::new(),
            condition,
            folding: false,
            whole,
            meter: None,
            begun: BTreeMap::new(),
        };
        Ok(Found { disk, restored })
    }

    /// Tells from now on how long records take.
    pub(crate) fn measure_with(&mut self, meter: Meter) {
        self.meter = Some(meter);
    }

    /// The configuration after the last record.
    pub(crate) fn configuration(&self) -> &str {
        &self.whole.configuration
    }

    /// How many requests the store has not answered.
    pub(crate) fn waiting(&self) -> usize {
        self.purposes.len()
    }

    /// Hands a record over. `whole` is what the brain has after it; answers what it had before.
    pub(crate) fn persist(&mut self, number: u64, record: &Record, whole: Whole) -> Whole {
        let payload = format::encode(record);
        let asked = match (record, self.condition) {
            (Record::Snapshot(_) | Record::Edits { .. }, Condition::Sound) => {
                self.store.append(payload)
            }
            (Record::Snapshot(whole), Condition::Behind { .. }) => {
                self.store.compact(format::encode_snapshot(whole))
            }
            (Record::Edits { .. }, Condition::Behind { .. }) => Err(StoreError::Incomplete),
        };
        let before = std::mem::replace(&mut self.whole, whole);
        match asked {
            Ok(ticket) => {
                self.purposes.insert(ticket, Purpose::Record(number));
                self.begun.insert(ticket, Instant::now());
            }
            Err(error) => {
                self.fell_behind(&error);
                self.refused.push_back(refusal(number, &error));
            }
        }
        before
    }

    /// Keeps a document that lost against the quorum's.
    pub(crate) fn set_aside(&mut self, document: String) {
        match self.store.set_aside(document.into_bytes()) {
            Ok(ticket) => {
                self.purposes.insert(ticket, Purpose::SetAside);
            }
            Err(error) => tracing::error!(error = %chain(&error), "a configuration is lost"),
        }
    }

    /// What comes next. May be dropped before it is ready without losing anything.
    pub(crate) async fn next(&mut self) -> Word {
        if let Some(refused) = self.refused.pop_front() {
            return Word::Refused(refused);
        }
        let retry = async {
            match self.condition {
                Condition::Behind { retry_at } if !self.folding => {
                    tokio::time::sleep_until(retry_at).await;
                }
                Condition::Behind { .. } | Condition::Sound => std::future::pending().await,
            }
        };
        tokio::select! {
            ack = self.acks.recv() => ack.map_or(Word::Ended, Word::Ack),
            () = retry => Word::RetryIsDue,
        }
    }

    /// Takes a word in; answers what the brain must know of it.
    pub(crate) fn take(&mut self, ack: Ack) -> Option<Input> {
        let begun = self.begun.remove(&ack.ticket).filter(|_| ack.result.is_ok());
        if let Some((meter, begun)) = self.meter.as_ref().zip(begun) {
            meter.stored(begun.elapsed());
        }
        let purpose = self.purposes.remove(&ack.ticket)?;
        match (purpose, ack.result) {
            (Purpose::Record(ticket), Ok(done)) => {
                self.took(done);
                Some(Input::Persisted { ticket })
            }
            (Purpose::Record(ticket), Err(error)) => {
                self.fell_behind(&error);
                Some(refusal(ticket, &error))
            }
            (Purpose::Fold, Ok(done)) => {
                self.folding = false;
                let was_behind = matches!(self.condition, Condition::Behind { .. });
                self.took(done);
                let is_sound = matches!(self.condition, Condition::Sound);
                (was_behind && is_sound).then_some(Input::DiskMended)
            }
            (Purpose::Fold, Err(error)) => {
                self.folding = false;
                self.fell_behind(&error);
                None
            }
            (Purpose::SetAside, Ok(done)) => {
                tracing::error!(?done, "a configuration that lost against the quorum's is kept");
                None
            }
            (Purpose::SetAside, Err(error)) => {
                tracing::error!(error = %chain(&error), "a configuration is lost");
                None
            }
        }
    }

    fn took(&mut self, done: Done) {
        match done {
            Done::Appended { journal_bytes } => {
                let limit = JOURNAL_PER_SNAPSHOT * self.whole.configuration.len() as u64;
                if journal_bytes > limit.max(JOURNAL_BYTES) {
                    self.fold();
                }
            }
            Done::Compacted => {
                if let Condition::Behind { .. } = self.condition {
                    tracing::info!("the disk is up to date again");
                    self.condition = Condition::Sound;
                }
            }
            Done::Remembered { .. } | Done::History(_) | Done::SetAside { .. } => {}
        }
    }

    /// Writes the configuration as the new snapshot.
    pub(crate) fn fold(&mut self) {
        if self.folding {
            return;
        }
        if self.whole.configuration.is_empty() {
            // There will be one when the brain has one.
            if let Condition::Behind { retry_at } = &mut self.condition {
                *retry_at = Instant::now() + RETRY;
            }
            return;
        }
        let state = format::encode_snapshot(&self.whole);
        match self.store.compact(state) {
            Ok(ticket) => {
                self.folding = true;
                self.purposes.insert(ticket, Purpose::Fold);
            }
            Err(error) => self.fell_behind(&error),
        }
    }

    fn fell_behind(&mut self, error: &StoreError) {
        if let Condition::Sound = self.condition {
            tracing::error!(
                error = %chain(error),
                "the disk does not take the configuration; edits are refused until it does"
            );
        }
        self.condition = Condition::Behind { retry_at: Instant::now() + RETRY };
    }
}

fn refusal(ticket: u64, error: &StoreError) -> Input {
    let reason = if error.disk_is_full() { "the disk is full".to_owned() } else { chain(error) };
    Input::NotPersisted { ticket, reason }
}

/// The error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests;
