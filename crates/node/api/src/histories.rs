//! What happened, as the brain last told it, shared by all who follow in one user's name.
//!
//! For whom the document's access control counts, the brain is asked at each event whether they may
//! know of it. Of many streams of one user only the first asks.

use std::sync::{Arc, Mutex, PoisonError};

use wire::api::{Caller, Entry, Reply, Request};

use crate::clients::Clients;

/// Callers that are known at a time; more take turns.
const CALLERS_MAX: usize = 32;

/// Clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories(Arc<Mutex<Vec<Arc<Of>>>>);

#[derive(Debug)]
struct Of {
    caller: Caller,
    told: tokio::sync::Mutex<Option<Told>>,
}

#[derive(Debug)]
struct Told {
    since: u64,
    /// How many events had been published before it was asked.
    after: u64,
    entries: Arc<Vec<Entry>>,
}

impl Histories {
    /// All entries from number `since` on, and maybe earlier ones. `None` if they may not know, or the
    /// daemon is stopping.
    pub(crate) async fn since(
        &self,
        clients: &Clients,
        caller: &Caller,
        since: u64,
    ) -> Option<Arc<Vec<Entry>>> {
        let of = self.of(caller);
        // All who ask meanwhile wait here for the one that is under way.
        let mut told = of.told.lock().await;
        let after = clients.told();
        if let Some(told) = told.as_ref().filter(|told| told.after == after && told.since <= since)
        {
            return Some(Arc::clone(&told.entries));
        }
        *told = None;
        match clients.ask(caller.clone(), Request::History { since }).wait().await {
            Some(Reply::History { entries }) => {
                let entries = Arc::new(entries);
                *told = Some(Told { since, after, entries: Arc::clone(&entries) });
                Some(entries)
            }
            Some(
                Reply::Document { .. }
                | Reply::Earlier { .. }
                | Reply::Done { .. }
                | Reply::Idle
                | Reply::Description(_)
                | Reply::Agents { .. }
                | Reply::Refused(_),
            )
            | None => None,
        }
    }

    fn of(&self, caller: &Caller) -> Arc<Of> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find(|of| of.caller == *caller) {
            return Arc::clone(known);
        }
        if all.len() == CALLERS_MAX {
            all.remove(0);
        }
        let new = Arc::new(Of { caller: caller.clone(), told: tokio::sync::Mutex::new(None) });
        all.push(Arc::clone(&new));
        new
    }
}
