//! What `corosync.conf` says of the lock, as Corosync has it in memory.
//!
//! ```text
//! quorum {
//!   device {
//!     model: sanlock
//!     votes: 1
//!     sanlock {
//!       path: /dev/disk/by-id/lock
//!       io_timeout: 5
//!     }
//!   }
//! }
//! ```
//!
//! A node that has the disk elsewhere says `lock_path` in its part of the nodelist.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::NodeId;
use rust_corosync::CsError;
use rust_corosync::cmap::{self, CmapIterStart, Data, Map};
use tie_breaker::{Settings, Timing};

use crate::area::{Area, AreaError};
use crate::sanlock::Sanlock;

/// The model of quorum device that this is, and the name that it registers under.
pub(crate) const MODEL: &str = "sanlock";

/// Seconds that a read or a write may take. sanlock's own default is 10. Nothing but the time after which a
/// lost holder's lease may be taken depends on it, which is 8 times that and 60 s more.
const IO_TIMEOUT: u32 = 5;

/// Milliseconds. Source: corosync.conf(5), `quorum.device`.
const TIMEOUT: u32 = 10_000;
const SYNC_TIMEOUT: u32 = 30_000;

/// sanlock lets nobody take a lease within this of the moment at which its holder knows to have lost it.
/// Votes must be over by then. Source: sanlock(8), the time for a watchdog to fire.
const MARGIN: Duration = Duration::from_secs(60);

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigurationError {
    #[error("Corosync does not run or does not answer yet ({0})")]
    NotThere(CsError),
    #[error("corosync.conf has no quorum device with `model: {MODEL}`")]
    OtherModel,
    #[error("corosync.conf has no `path` for the lock in quorum.device.sanlock")]
    NoPath,
    #[error("corosync.conf does not say which node this is")]
    NoNode,
    #[error("the quorum device's timeout of {0:?} is longer than a lost lease is safe")]
    TooLong(Duration),
    #[error(transparent)]
    Area(#[from] AreaError),
}

impl From<CsError> for ConfigurationError {
    fn from(error: CsError) -> Self {
        Self::NotThere(error)
    }
}

/// What the voter works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    pub(crate) sanlock: Sanlock,
}

/// Asks Corosync on this machine.
pub(crate) fn read(run: PathBuf) -> Result<Configuration, ConfigurationError> {
    let map = cmap::initialize(Map::Icmap)?;
    let mut raw = Raw::default();
    for section in ["totem.cluster_name", "quorum.device.", "nodelist."] {
        for entry in CmapIterStart::new(&map, section)? {
            raw.take(entry.key_name(), entry.data());
        }
    }
    raw.check(run)
}

#[derive(Debug, Default)]
struct Raw {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, u32>,
}

impl Raw {
    fn take(&mut self, key: &str, data: &Data) {
        if let Data::String(text) = data {
            self.texts.insert(key.to_owned(), text.clone());
        } else if let Data::UInt32(number) = data {
            self.numbers.insert(key.to_owned(), *number);
        }
    }

    /// Numbers of sections that Corosync does not know are texts to it.
    fn number(&self, key: &str) -> Option<u32> {
        let text = || self.texts.get(key).and_then(|text| text.parse().ok());
        self.numbers.get(key).copied().or_else(text)
    }

    fn check(&self, run: PathBuf) -> Result<Configuration, ConfigurationError> {
        let text = |key: &str| self.texts.get(key).cloned();
        if text("quorum.device.model").as_deref() != Some(MODEL) {
            return Err(ConfigurationError::OtherModel);
        }
        let position = self.number("nodelist.local_node_pos").ok_or(ConfigurationError::NoNode)?;
        let node = |key: &str| format!("nodelist.node.{position}.{key}");
        let own = self.number(&node("nodeid")).map(NodeId).ok_or(ConfigurationError::NoNode)?;
        let name = text(&node("name")).unwrap_or_else(|| format!("node{own}"));
        let path = text(&node("lock_path")).or_else(|| text("quorum.device.sanlock.path"));
        let path: PathBuf = path.ok_or(ConfigurationError::NoPath)?.into();
        let area = Area::new(&path, &text("totem.cluster_name").unwrap_or_default())?;
        let io_timeout = self.number("quorum.device.sanlock.io_timeout").unwrap_or(IO_TIMEOUT);
        let wait = |key: &str, default| {
            let said = self.number(&format!("quorum.device.{key}"));
            Duration::from_millis(said.unwrap_or(default).into())
        };
        let timeout = wait("timeout", TIMEOUT);
        // sanlock looks at the others every 2 times that, and misses one 8 times that after it saw it renew. Source:
        // sanlock(8).
        let fails = Duration::from_secs((2 + 8) * u64::from(io_timeout));
        let timing = Timing::derive(timeout, wait("sync_timeout", SYNC_TIMEOUT), fails);
        if timing.fresh + timeout > MARGIN {
            return Err(ConfigurationError::TooLong(timeout));
        }
        let settings = Settings { own, votes: self.votes(), timing };
        Ok(Configuration { settings, sanlock: Sanlock { area, run, node: own, name, io_timeout } })
    }

    /// Of each node of the nodelist.
    fn votes(&self) -> BTreeMap<NodeId, u32> {
        let ids = self.numbers.iter().filter_map(|(key, id)| {
            let position = key.strip_prefix("nodelist.node.")?.strip_suffix(".nodeid")?;
            let votes = self.number(&format!("nodelist.node.{position}.quorum_votes"));
            Some((NodeId(*id), votes.unwrap_or(1)))
        });
        ids.collect()
    }
}
