//! Clients that wait for an answer, and those that follow events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{broadcast, mpsc, oneshot};
use wire::api::{Caller, Entry, Reply, Request};

use crate::FromClient;
use crate::histories::Histories;

/// A follower that is further behind than this misses events; it is told to read history.
const EVENTS_BEHIND_MAX: usize = 1024;

/// Clones share the same clients.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    wants: mpsc::UnboundedSender<FromClient>,
    events: broadcast::Sender<Arc<Entry>>,
    waiting: Arc<Mutex<Waiting>>,
    /// How many events have been published.
    told: Arc<AtomicU64>,
    /// Names this life of the daemon, which numbers its events from 1.
    life: Arc<str>,
    histories: Histories,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    answers: BTreeMap<u64, oneshot::Sender<Reply>>,
}

/// An answer to come. Dropping it before tells the node that it is not wanted any more.
pub(crate) struct Answer {
    client: u64,
    reply: oneshot::Receiver<Reply>,
    clients: Clients,
}

impl Clients {
    pub(crate) fn new(wants: mpsc::UnboundedSender<FromClient>) -> Self {
        let (events, _) = broadcast::channel(EVENTS_BEHIND_MAX);
        Self {
            wants,
            events,
            waiting: Arc::default(),
            told: Arc::default(),
            life: life(),
            histories: Histories::default(),
        }
    }

    pub(crate) fn ask(&self, caller: Caller, request: Request) -> Answer {
        let (sender, reply) = oneshot::channel();
        let client = {
            let mut waiting = self.waiting();
            waiting.last += 1;
            let client = waiting.last;
            waiting.answers.insert(client, sender);
            client
        };
        let _stopping = self.wants.send(FromClient::Asked { client, caller, request });
        Answer { client, reply, clients: self.clone() }
    }

    pub(crate) fn reply(&self, client: u64, reply: Reply) {
        let answer = self.waiting().answers.remove(&client);
        if let Some(answer) = answer {
            let _gone = answer.send(reply);
        }
    }

    pub(crate) fn publish(&self, entry: Entry) {
        self.told.fetch_add(1, Ordering::Relaxed);
        let _nobody_follows = self.events.send(Arc::new(entry));
    }

    /// How many events have been published so far: what is seen after one is not older than it.
    pub(crate) fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// What happened, as those who follow share it.
    pub(crate) fn histories(&self) -> &Histories {
        &self.histories
    }

    /// What names this life of the daemon.
    pub(crate) fn life(&self) -> &str {
        &self.life
    }

    pub(crate) fn follow(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.events.subscribe()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Every use is one insertion or removal, so a panic elsewhere leaves it sound.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No two lives of a node have the same start.
fn life() -> Arc<str> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}", since.as_micros()).into()
}

impl Answer {
    /// Waits for it. `None` if the daemon is stopping.
    pub(crate) async fn wait(mut self) -> Option<Reply> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let unanswered = self.clients.waiting().answers.remove(&self.client).is_some();
        if unanswered {
            let _stopping = self.clients.wants.send(FromClient::Gone { client: self.client });
        }
    }
}
