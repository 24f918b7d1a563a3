//! A client that edits all the time and remembers what was acknowledged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use client::Client;
use testbed::Bed;
use wire::api::{Change, Edit, Request};

/// So many keys are written in turn: a change that is lost shows until its key's next turn.
const KEYS: u64 = 200;
/// Between two edits.
const PACE: Duration = Duration::from_millis(50);

/// What it knows of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The last value that was acknowledged.
    pub(super) acknowledged: u64,
    /// The last value that was asked for.
    pub(super) asked: u64,
}

/// How it went, all in all.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) keys: BTreeMap<u64, Known>,
    pub(super) acknowledged: u64,
    pub(super) unanswered: u64,
}

#[derive(Debug)]
pub(super) struct Editor {
    book: Arc<Mutex<Book>>,
    works: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Editor {
    /// Begins, at whichever node answers.
    pub(super) fn start(root: &Path) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let (works, ends) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let root = root.to_owned();
        let thread = thread::spawn({
            let (book, works, ends) = (Arc::clone(&book), Arc::clone(&works), Arc::clone(&ends));
            move || edit(&root, &book, &works, &ends)
        });
        Self { book, works, ends, thread: Some(thread) }
    }

    /// Lets it go on after [`rest`](Self::rest).
    pub(super) fn go_on(&self) {
        self.works.store(true, Ordering::SeqCst);
    }

    /// Lets it rest; answers with its book when no request of it is under way any more.
    pub(super) fn rest(&self) -> Book {
        self.works.store(false, Ordering::SeqCst);
        // The thread holds the book while it asks.
        lock(&self.book).clone()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn edit(root: &Path, book: &Mutex<Book>, works: &AtomicBool, ends: &AtomicBool) {
    let mut turn = 0;
    while !ends.load(Ordering::SeqCst) {
        thread::sleep(PACE);
        let mut book = lock(book);
        if !works.load(Ordering::SeqCst) {
            continue;
        }
        turn += 1;
        let Some(socket) = some_socket(root, turn) else { continue };
        let key = turn % KEYS;
        let known = book.keys.entry(key).or_default();
        known.asked = turn;
        let client = Client::new(socket, Duration::from_secs(15));
        if client.change(&write(key, turn)).is_ok() {
            known.acknowledged = turn;
            book.acknowledged += 1;
        } else {
            book.unanswered += 1;
        }
    }
}

/// The way into one node after the other.
fn some_socket(root: &Path, turn: u64) -> Option<PathBuf> {
    let bed = Bed::open(root).ok()?;
    let on: Vec<u32> =
        bed.plan().numbers().filter(|node| bed.first_process(*node).is_some()).collect();
    let at = turn.checked_rem(on.len() as u64)?;
    bed.api_socket(*on.get(usize::try_from(at).ok()?)?)
}

fn write(key: u64, value: u64) -> Request {
    let xml = format!(
        "<instance_attributes id=\"edits\"><nvpair id=\"edit-{key}\" name=\"edit-{key}\" \
         value=\"{value}\"/></instance_attributes>"
    );
    let edits = vec![Edit::Modify { xml }];
    Request::Change { change: Change::Edit { edits }, force: false, based_on: None }
}

/// What of the acknowledged changes neither the document has nor one that was set aside and kept.
pub(super) fn missing(book: &Book, xml: &str, kept: &[String]) -> Vec<String> {
    let lost = book.keys.iter().filter_map(|(key, known)| {
        let Known { acknowledged, asked } = *known;
        let fits = |xml: &str| (acknowledged..=asked).contains(&value(xml, *key));
        if fits(xml) || kept.iter().any(|xml| fits(xml)) {
            return None;
        }
        let found = value(xml, *key);
        Some(format!("key {key}: {found}, acknowledged {acknowledged}, asked {asked}"))
    });
    lost.collect()
}

/// The value of a key; 0 for none.
fn value(xml: &str, key: u64) -> u64 {
    let read = || {
        let start = xml.split_once(&format!("<nvpair id=\"edit-{key}\""))?.1;
        start.split_once("value=\"")?.1.split_once('"')?.0.parse().ok()
    };
    read().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_change_shows() {
        let mut book = Book::default();
        book.keys.insert(3, Known { acknowledged: 7, asked: 9 });
        let xml = |value| format!("<nvpair id=\"edit-3\" name=\"edit-3\" value=\"{value}\"/>");
        assert_eq!(missing(&book, &xml(7), &[]), Vec::<String>::new());
        assert_eq!(missing(&book, &xml(9), &[]), Vec::<String>::new());
        assert_eq!(missing(&book, &xml(6), &[]), ["key 3: 6, acknowledged 7, asked 9"]);
        assert_eq!(missing(&book, "", &[]), ["key 3: 0, acknowledged 7, asked 9"]);
        assert_eq!(missing(&book, &xml(10), &[]).len(), 1);
        assert_eq!(missing(&book, &xml(6), &[xml(8)]), Vec::<String>::new());
    }
}
