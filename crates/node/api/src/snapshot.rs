//! The document as the brain last gave it, shared by all who ask at about the same time.
//!
//! Writing the document out costs the brain time that it may need for a failover. So it is asked
//! for that again only when something happened since, and never more often than leaves it nine
//! tenths of its time; clients may ask as often as they like.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cib::Document;
use hyper::body::Bytes;
use tokio::time::Instant;
use wire::api::{Caller, Cluster, Refused, Reply, Request};

use crate::clients::Clients;

/// Two askings lie at least so far apart.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// And at least so many times as long as the brain took.
const PAUSE_FACTOR: u32 = 10;

/// What is older is asked for again, though nothing was told to have happened.
const AGE_MAX: Duration = Duration::from_secs(1);

/// Callers for whom the document looks different; more take turns.
const CALLERS_MAX: usize = 8;

/// Answers that are kept with the document they were made from.
const ANSWERS_MAX: usize = 64;

/// The document and what is around it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) xml: String,
    pub(crate) document: Document,
    pub(crate) cluster: Cluster,
    /// Seconds since 1970, when it was taken.
    pub(crate) now: i64,
    answers: Mutex<BTreeMap<String, Bytes>>,
}

impl Snapshot {
    pub(crate) fn new(xml: String, document: Document, cluster: Cluster, now: i64) -> Self {
        Self { xml, document, cluster, now, answers: Mutex::default() }
    }

    pub(crate) fn seen(&self) -> view::Seen<'_> {
        view::Seen { document: &self.document, cluster: Some(&self.cluster), now: self.now }
    }

    /// What `make` answers, made once.
    pub(crate) fn once<E>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        // Held while it is made: who asks the same waits for it instead of making it again.
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(name) {
            return Ok(answer.clone());
        }
        let answer = make()?;
        if answers.len() < ANSWERS_MAX {
            answers.insert(name.to_owned(), answer.clone());
        }
        Ok(answer)
    }
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NoSnapshot {
    Refused(Refused),
    Stopping,
}

/// Clones share.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots {
    clients: Clients,
    of: Arc<Mutex<Vec<Arc<Of>>>>,
}

/// What one caller sees.
#[derive(Debug)]
struct Of {
    caller: Caller,
    taken: tokio::sync::Mutex<Option<Taken>>,
}

#[derive(Debug)]
struct Taken {
    snapshot: Arc<Snapshot>,
    at: Instant,
    /// How long the brain and we took.
    took: Duration,
    /// How many events had been told before.
    after: u64,
}

impl Snapshots {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients, of: Arc::default() }
    }

    /// The document as it is now for `caller`.
    pub(crate) async fn now(&self, caller: &Caller) -> Result<Arc<Snapshot>, NoSnapshot> {
        let of = self.of(caller);
        // All who ask meanwhile wait here for the one that is under way.
        let mut taken = of.taken.lock().await;
        if let Some(taken) = taken.as_ref() {
            if taken.after == self.clients.told() && taken.at.elapsed() < AGE_MAX {
                return Ok(Arc::clone(&taken.snapshot));
            }
            let pause = PAUSE_MIN.max(taken.took.saturating_mul(PAUSE_FACTOR));
            tokio::time::sleep_until(taken.at + pause).await;
        }
        let after = self.clients.told();
        let begun = Instant::now();
        let snapshot = self.take(caller).await?;
        *taken = Some(Taken {
            snapshot: Arc::clone(&snapshot),
            at: Instant::now(),
            took: begun.elapsed(),
            after,
        });
        Ok(snapshot)
    }

    async fn take(&self, caller: &Caller) -> Result<Arc<Snapshot>, NoSnapshot> {
        let reply = self.clients.ask(caller.clone(), Request::Document).wait().await;
        let (xml, cluster) = match reply {
            Some(Reply::Document { xml, cluster }) => (xml, cluster),
            Some(Reply::Refused(refused)) => return Err(NoSnapshot::Refused(refused)),
            Some(
                Reply::Earlier { .. }
                | Reply::History { .. }
                | Reply::Done { .. }
                | Reply::Idle
                | Reply::Description(_)
                | Reply::Agents { .. },
            )
            | None => return Err(NoSnapshot::Stopping),
        };
        let parsed = tokio::task::spawn_blocking(move || {
            Document::parse(&xml).ok().map(|document| (document, xml))
        });
        // The brain's own document can be read.
        let (document, xml) = parsed.await.ok().flatten().ok_or(NoSnapshot::Stopping)?;
        Ok(Arc::new(Snapshot::new(xml, document, cluster, now())))
    }

    fn of(&self, caller: &Caller) -> Arc<Of> {
        let mut all = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find(|of| of.caller == *caller) {
            return Arc::clone(known);
        }
        if all.len() == CALLERS_MAX {
            all.remove(0);
        }
        let new = Arc::new(Of { caller: caller.clone(), taken: tokio::sync::Mutex::new(None) });
        all.push(Arc::clone(&new));
        new
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
