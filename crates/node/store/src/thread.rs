//! The store's thread and the handle that the event loop holds.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use crate::damage::Damage;
use crate::disk::Directory;
use crate::engine::{Done, Engine, Request, RequestKind, check_size};
use crate::error::{OpenError, StoreError};

/// Requests are refused while more than this waits: a disk that hangs must not fill the memory.
const WAITING_BYTES_MAX: usize = 512 << 20;

/// One batch ends here, so that the first of many large appends is not kept waiting for the last.
const BATCH_BYTES: usize = 16 << 20;

/// Names one request, to find its [`Ack`]. Counts up from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The answer to one request.
#[derive(Clone, Debug)]
pub struct Ack {
    pub ticket: Ticket,
    pub result: Result<Done, StoreError>,
}

/// What a state directory held when it was opened.
#[derive(Debug)]
pub struct Opened {
    pub store: Store,
    /// The newest good snapshot; `None` in a new directory, or where none is good.
    pub snapshot: Option<Vec<u8>>,
    /// The records after it, in order.
    pub records: Vec<Vec<u8>>,
    /// What had to be left out or worked around.
    pub damage: Vec<Damage>,
}

/// An open state directory. No method waits for the disk, except the end of its life: dropping it
/// waits until everything asked for is done, and then lets go of the directory's lock.
pub struct Store {
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    waiting: Arc<AtomicUsize>,
    last_ticket: u64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("last_ticket", &self.last_ticket).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens and locks `path`, and creates it if need be. `tell` is called on the store's thread,
    /// once for each request, and must not wait.
    pub fn open(path: &Path, tell: impl FnMut(Ack) + Send + 'static) -> Result<Opened, OpenError> {
        let directory = Directory::open(path)?;
        let (engine, found) = Engine::open(Box::new(directory)).map_err(|source| {
            OpenError::Prepare { path: path.to_owned(), file: "journal".to_owned(), source }
        })?;
        let (requests, receiver) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || serve(engine, &receiver, &counter, tell))
            .map_err(|source| OpenError::Thread { source })?;
        let store =
            Self { requests: Some(requests), thread: Some(thread), waiting, last_ticket: 0 };
        let (snapshot, records, damage) = (found.snapshot, found.records, found.damage);
        Ok(Opened { store, snapshot, records, damage })
    }

    /// Adds a record to the journal. Once one was refused by the disk, all are refused until
    /// [`Store::compact`] has succeeded: a record after a hole could not be applied when read back.
    pub fn append(&mut self, payload: Vec<u8>) -> Result<Ticket, StoreError> {
        check_size(&payload)?;
        self.send(RequestKind::Append(payload))
    }

    /// Writes `state`, which is what snapshot and journal add up to, as the new snapshot.
    pub fn compact(&mut self, state: Vec<u8>) -> Result<Ticket, StoreError> {
        self.send(RequestKind::Compact(state))
    }

    /// Writes `state`, which came from elsewhere, as the new snapshot: what was here before is
    /// superseded.
    pub fn replace(&mut self, state: Vec<u8>) -> Result<Ticket, StoreError> {
        self.send(RequestKind::Replace(state))
    }

    /// Keeps a configuration for undo and history.
    pub fn remember(&mut self, configuration: Vec<u8>) -> Result<Ticket, StoreError> {
        check_size(&configuration)?;
        self.send(RequestKind::Remember(configuration))
    }

    /// Asks for the configurations that were kept.
    pub fn history(&mut self) -> Result<Ticket, StoreError> {
        self.send(RequestKind::ReadHistory)
    }

    /// Keeps a document that lost against another in a file of its own, for people.
    pub fn set_aside(&mut self, document: Vec<u8>) -> Result<Ticket, StoreError> {
        self.send(RequestKind::SetAside(document))
    }

    fn send(&mut self, kind: RequestKind) -> Result<Ticket, StoreError> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > WAITING_BYTES_MAX {
            return Err(StoreError::Busy { waiting });
        }
        let ticket = Ticket(self.last_ticket + 1);
        let size = size(&kind);
        let requests = self.requests.as_ref().ok_or(StoreError::Closed)?;
        self.waiting.fetch_add(size, Ordering::Relaxed);
        requests.send(Request { ticket, kind }).map_err(|_unsent| StoreError::Closed)?;
        self.last_ticket = ticket.0;
        Ok(ticket)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn size(kind: &RequestKind) -> usize {
    match kind {
        RequestKind::Append(bytes)
        | RequestKind::Compact(bytes)
        | RequestKind::Replace(bytes)
        | RequestKind::Remember(bytes)
        | RequestKind::SetAside(bytes) => bytes.len(),
        RequestKind::ReadHistory => 0,
    }
}

fn serve(
    mut engine: Engine,
    requests: &Receiver<Request>,
    waiting: &AtomicUsize,
    mut tell: impl FnMut(Ack),
) {
    while let Ok(first) = requests.recv() {
        let mut bytes = size(&first.kind);
        let mut batch = vec![first];
        while bytes < BATCH_BYTES
            && let Ok(next) = requests.try_recv()
        {
            bytes += size(&next.kind);
            batch.push(next);
        }
        engine.run(batch, &mut tell);
        waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}
