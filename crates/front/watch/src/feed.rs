//! The cluster's side: a picture whenever something happens.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use cib::Document;
use client::{Client, ClientError};
use view::{Grid, Seen, Status};
use wire::api::{Cluster, Entry};

use crate::{News, tell};

/// Events come in bursts; one picture for each burst is enough.
const BURST: Duration = Duration::from_millis(150);

/// How long one wait for the next event is; another follows.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two tries to reach a daemon that went away.
const AGAIN: Duration = Duration::from_secs(1);

/// What is shown of the past at most.
const ENTRIES_MAX: usize = 1000;

/// The cluster at one moment.
#[derive(Debug)]
pub struct Picture {
    pub document: Document,
    pub cluster: Cluster,
    pub status: Status,
    pub grid: Grid,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
}

impl Picture {
    /// Of what a daemon answered.
    pub fn of(document: Document, cluster: Cluster, entries: Vec<Entry>, now: i64) -> Self {
        let seen = Seen { document: &document, cluster: Some(&cluster), now };
        let (status, grid) = (view::status(seen), view::grid(seen));
        Self { status, grid, document, cluster, entries }
    }

    /// Looks at the same again, later.
    pub(crate) fn look_again(&mut self, now: i64) {
        let seen = Seen { document: &self.document, cluster: Some(&self.cluster), now };
        (self.status, self.grid) = (view::status(seen), view::grid(seen));
    }
}

/// Sends a picture at once, and one after whatever happens.
pub(crate) fn follow(client: Client, now: fn() -> i64, sender: Sender<News>) {
    thread::spawn(move || {
        loop {
            let Err(error) = follow_one(&client, now, &sender) else { return };
            if !tell(&sender, News::Lost(error.to_string())) {
                return;
            }
            thread::sleep(AGAIN);
        }
    });
}

/// Follows one life of the daemon; ends well when nobody listens any more.
fn follow_one(client: &Client, now: fn() -> i64, sender: &Sender<News>) -> Result<(), ClientError> {
    let mut entries = client.history(0)?;
    let mut events = client.events(entries.last().map_or(0, |entry| entry.number))?;
    loop {
        let snapshot = client.document()?;
        let document = Document::parse_owned(snapshot.xml).map_err(|error| {
            let what = format!("line {} of the document: {}", error.line, error.reason);
            ClientError::Garbled { path: client.path().to_owned(), what }
        })?;
        entries.drain(..entries.len().saturating_sub(ENTRIES_MAX));
        let picture = Picture::of(document, snapshot.cluster, entries.clone(), now());
        if !tell(sender, News::Picture(Box::new(picture))) {
            return Ok(());
        }
        let first = loop {
            if let Some(entry) = events.next(PATIENCE)? {
                break entry;
            }
        };
        entries.push(first);
        while let Some(entry) = events.next(BURST)? {
            entries.push(entry);
        }
    }
}
