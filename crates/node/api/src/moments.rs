//! The past: how the cluster was whenever something happened, kept on this node's disk.
//!
//! A moment is the document with what was around it, and what had happened since the moment before.
//! Of what happens close together one is kept: taking it costs the brain time that it may need for a
//! failover.
//!
//! **Not here:** what is shown of one ([`crate::past`]).
//!
//! **Always:** so many moments and bytes at most, the oldest give way. Nothing depends on them: what
//! the disk does not take, or a loss of power cut off, is left out.

mod cause;
mod record;
mod shelf;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cib::Document;
use serde::{Deserialize, Serialize};
use wire::api::{Cluster, Entry};

use crate::snapshot::Snapshot;
use shelf::{Shelf, Text};

pub(crate) use cause::Kind;
pub(crate) use record::record;

/// Moments that are kept.
const MOMENTS_MAX: usize = 1000;

/// And their bytes on the disk, packed.
const BYTES_MAX: u64 = 64 << 20;

/// Moments that are held open: two are compared.
const OPEN_MAX: usize = 2;

/// One that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Moment {
    /// Counts up on this node, whatever life of its daemon took it.
    pub(crate) id: u64,
    /// Seconds since 1970.
    pub(crate) at: i64,
    /// The last entry of the history that it knows of.
    pub(crate) entry: u64,
    /// The life of the daemon that numbered it, as the ids of events have it.
    pub(crate) life: String,
    /// What weighed most of what had happened since the moment before.
    pub(crate) kind: Kind,
    /// The same in words.
    pub(crate) cause: String,
    /// Edition of the document.
    pub(crate) version: String,
}

/// What had happened since the moment before.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Told {
    moment: Moment,
    /// Oldest first; where very much happened, the newest.
    entries: Vec<Entry>,
}

/// What a file holds besides the moment itself.
#[derive(Debug, Serialize, Deserialize)]
struct Inside {
    entries: Vec<Entry>,
    cluster: Cluster,
    xml: String,
}

/// All that are kept.
#[derive(Debug)]
pub(crate) struct Moments {
    shelf: Shelf,
    known: Mutex<VecDeque<Text>>,
    open: Mutex<Vec<(u64, Arc<Snapshot>)>>,
}

impl Moments {
    /// Those of former lives that `directory` holds, and those to come.
    pub(crate) fn open(directory: PathBuf) -> Self {
        let shelf = Shelf { directory };
        let known = Mutex::new(shelf.look().into());
        Self { shelf, known, open: Mutex::default() }
    }

    /// All that are after the one of this number, oldest first.
    pub(crate) fn after(&self, id: u64) -> Vec<Moment> {
        let known = self.known();
        known.iter().map(|text| &text.moment).filter(|moment| moment.id > id).cloned().collect()
    }

    /// What had happened before one. Reads the disk.
    pub(crate) fn told(&self, id: u64) -> Option<Told> {
        let moment = self.moment(id)?;
        let Inside { entries, cluster: _, xml: _ } = self.shelf.read(id)?;
        Some(Told { moment, entries })
    }

    /// The cluster as it was. Reads the disk.
    pub(crate) fn snapshot(&self, id: u64) -> Option<Arc<Snapshot>> {
        let moment = self.moment(id)?;
        let is_open = |open: &[(u64, Arc<Snapshot>)]| {
            open.iter().find(|(known, _)| *known == id).map(|(_, snapshot)| Arc::clone(snapshot))
        };
        // Held while it is read: who asks for the same waits instead of reading it again.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = is_open(&open) {
            return Some(snapshot);
        }
        let Inside { entries: _, cluster, xml } = self.shelf.read(id)?;
        let document = Document::parse(&xml).ok()?;
        let snapshot = Arc::new(Snapshot::new(xml, document, cluster, moment.at));
        open.truncate(OPEN_MAX - 1);
        open.insert(0, (id, Arc::clone(&snapshot)));
        Some(snapshot)
    }

    /// Keeps one more; its number is the next one. Writes to the disk.
    fn keep(&self, mut moment: Moment, inside: &Inside) {
        moment.id = self.known().back().map_or(0, |last| last.moment.id) + 1;
        match self.shelf.write(&moment, inside) {
            Ok(bytes) => {
                // Who looks does not wait for the disk.
                let mut old: Vec<Text> = Vec::new();
                {
                    let mut known = self.known();
                    known.push_back(Text { moment, bytes });
                    while is_too_much(&known) {
                        old.extend(known.pop_front());
                    }
                }
                old.iter().for_each(|oldest| self.shelf.remove(oldest));
            }
            Err(error) => tracing::warn!(%error, "how the cluster was just now is not kept"),
        }
    }

    fn moment(&self, id: u64) -> Option<Moment> {
        let known = self.known();
        known.iter().map(|text| &text.moment).find(|moment| moment.id == id).cloned()
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<Text>> {
        // Every use is one insertion or removal, so a panic elsewhere leaves it sound.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_too_much(known: &VecDeque<Text>) -> bool {
    let bytes: u64 = known.iter().map(|text| text.bytes).sum();
    known.len() > 1 && (known.len() > MOMENTS_MAX || bytes > BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<cib admin_epoch=\"0\" epoch=\"3\" num_updates=\"1\"><configuration/>\
                            <status/></cib>";

    fn keep(moments: &Moments, cause: &str, bytes: usize) {
        let moment = Moment {
            id: 0,
            at: 7,
            entry: 1,
            life: "a".to_owned(),
            kind: Kind::Plan,
            cause: cause.to_owned(),
            version: "0.3.1".to_owned(),
        };
        // What hardly packs.
        let noise = (0..bytes).map(|at| char::from(b' ' + (at * at / 7 % 90) as u8)).collect();
        let cluster = Cluster { node: noise, ..Cluster::default() };
        let inside = Inside { entries: Vec::new(), cluster, xml: DOCUMENT.to_owned() };
        moments.keep(moment, &inside);
    }

    fn causes(moments: &Moments) -> Vec<String> {
        moments
            .after(0)
            .into_iter()
            .map(|moment| format!("{} {}", moment.id, moment.cause))
            .collect()
    }

    #[test]
    fn the_past_outlives_the_daemon() {
        let directory = std::env::temp_dir().join(format!("quorate-past-{}", std::process::id()));
        let moments = Moments::open(directory.clone());
        assert_eq!(causes(&moments), [""; 0]);
        keep(&moments, "one", 10);
        keep(&moments, "two", 10);
        // A loss of power left half of one, and the beginning of another.
        std::fs::write(directory.join("000000000003.moment"), "{\"id\":3").unwrap();
        std::fs::write(directory.join("new"), "{").unwrap();
        let moments = Moments::open(directory.clone());
        assert_eq!(causes(&moments), ["1 one", "2 two"]);
        assert_eq!(moments.after(1).len(), 1);
        let snapshot = moments.snapshot(2).unwrap();
        assert_eq!((snapshot.now, snapshot.xml.as_str()), (7, DOCUMENT));
        assert!(moments.snapshot(3).is_none() && moments.told(0).is_none());
        keep(&moments, "three", 10);
        assert_eq!(causes(&moments).last().unwrap(), "3 three");
        assert_eq!(moments.told(3).unwrap().moment.cause, "three");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_oldest_gives_way() {
        let directory = std::env::temp_dir().join(format!("quorate-old-{}", std::process::id()));
        let moments = Moments::open(directory.clone());
        for at in 0..MOMENTS_MAX + 5 {
            keep(&moments, &at.to_string(), 1);
        }
        assert_eq!(moments.after(0).first().unwrap().id, 6);
        let files = std::fs::read_dir(&directory).unwrap().count();
        assert_eq!(files, MOMENTS_MAX);
        assert_eq!(Moments::open(directory.clone()).after(0).len(), MOMENTS_MAX);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
