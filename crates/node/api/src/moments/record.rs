//! Takes moments while things happen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use wire::api::{Caller, Entry, Reply, Request};

use super::cause::{self, Kind};
use super::{Inside, Moment, Moments};
use crate::clients::Clients;
use crate::snapshot::now;

/// Two moments lie at least so far apart.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// And at least so many times as long as the brain took to tell its document.
const PAUSE_FACTOR: u32 = 20;

/// Entries that are kept with a moment.
const ENTRIES_MAX: usize = 2000;

/// Who asks, for the brain.
const NAME: &str = "the record of the past";

/// Takes a moment when something has happened from now on; for ever.
pub(crate) fn record(
    moments: Arc<Moments>,
    clients: Clients,
) -> impl Future<Output = ()> + Send + 'static {
    // Not when it is first polled: what happens before counts.
    let events = clients.follow();
    follow(moments, clients, events)
}

async fn follow(moments: Arc<Moments>, clients: Clients, mut events: Receiver<Arc<Entry>>) {
    let mut since = VecDeque::new();
    let mut was_at_rest = true;
    loop {
        if next(&mut events, &mut since).await.is_none() {
            return;
        }
        // What happened at once belongs to it.
        while let Ok(entry) = events.try_recv() {
            add(&mut since, &entry);
        }
        // That nothing is left to do is worth a moment only after something was done.
        match since.iter().filter_map(|entry| cause::kind(&entry.event)).max() {
            None => continue,
            Some(Kind::Idle) if was_at_rest => continue,
            Some(kind) => was_at_rest = kind == Kind::Idle,
        }
        let begun = Instant::now();
        if take(&moments, &clients, &mut since).await.is_none() {
            return;
        }
        let pause = PAUSE_MIN.max(begun.elapsed().saturating_mul(PAUSE_FACTOR));
        tokio::time::sleep(pause).await;
    }
}

async fn next(events: &mut Receiver<Arc<Entry>>, since: &mut VecDeque<Entry>) -> Option<()> {
    match events.recv().await {
        Ok(entry) => add(since, &entry),
        // What was missed is not told; how the cluster is now is what counts.
        Err(RecvError::Lagged(_)) => {}
        Err(RecvError::Closed) => return None,
    }
    Some(())
}

fn add(since: &mut VecDeque<Entry>, entry: &Entry) {
    if since.len() == ENTRIES_MAX {
        since.pop_front();
    }
    since.push_back(entry.clone());
}

/// Takes one. `None` if the daemon is stopping.
async fn take(
    moments: &Arc<Moments>,
    clients: &Clients,
    since: &mut VecDeque<Entry>,
) -> Option<()> {
    let reply = clients.ask(Caller::free(NAME), Request::Document).wait().await?;
    let Reply::Document { xml, cluster } = reply else { return Some(()) };
    let entries: Vec<Entry> = since.drain(..).collect();
    let Some((kind, cause)) = cause::weightiest(&entries) else { return Some(()) };
    let moment = Moment {
        id: 0,
        at: now(),
        entry: entries.last().map_or(0, |entry| entry.number),
        life: clients.life().to_owned(),
        kind,
        cause,
        version: version(&xml),
    };
    let moments = Arc::clone(moments);
    let inside = Inside { entries, cluster, xml };
    // A panic there was logged; or all is ending.
    tokio::task::spawn_blocking(move || moments.keep(moment, &inside)).await.ok()
}

/// The edition that a document's first tag says, without reading all of it.
fn version(xml: &str) -> String {
    let tag = xml.find("<cib").and_then(|at| xml.get(at..)).unwrap_or_default();
    let tag = tag.split('>').next().unwrap_or_default();
    let number = |name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    };
    let all = ["admin_epoch", "epoch", "num_updates"].map(|name| number(name).unwrap_or("0"));
    all.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_its_edition_first() {
        let xml = "<?xml version=\"1.0\"?>\n<cib crm_feature_set=\"3\" epoch=\"12\" \
                   num_updates=\"3\" admin_epoch=\"1\"><configuration epoch=\"9\"/></cib>";
        assert_eq!(version(xml), "1.12.3");
        assert_eq!(version("<cib/>"), "0.0.0");
    }
}
