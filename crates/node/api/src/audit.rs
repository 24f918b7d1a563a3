//! Who did what, when and from where: a file that only grows, up to a size.
//!
//! A thread of its own writes and syncs. An entry is one line of JSON, so that nothing that
//! somebody sends can look like another entry.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};
use wire::api::{Change, Edit, Reply, Request};

use crate::snapshot::now;
use crate::who::Who;

/// A file of this size becomes the old one, and the old one goes.
const FILE_MAX: u64 = 4 << 20;

/// Entries that are shown.
const SHOWN_MAX: usize = 1000;

/// Entries that wait for the disk. Where more come, they are counted, and said to be lost.
const WAITING_MAX: usize = 4096;

/// What stands for a change is cut here.
const TEXT_MAX: usize = 4096;

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Entry {
    /// Seconds since 1970.
    pub(crate) at: i64,
    pub(crate) user: String,
    /// `socket`, `session`, or `token NAME`; after `schedule, ` if a plan had waited.
    pub(crate) via: String,
    /// An address, or `socket`.
    pub(crate) from: String,
    pub(crate) what: String,
    /// What came of it.
    pub(crate) outcome: String,
}

/// What somebody did, in words that hold no secret.
#[derive(Clone, Debug)]
pub(crate) struct Deed(String);

impl Deed {
    /// What a request does; nothing if it only looks.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        match request {
            Request::Change { change, force, based_on: _ } => {
                Some(Self(format!("{}{}", words(change), forced(*force))))
            }
            Request::Undo { force, based_on: _ } => {
                Some(Self(format!("undo the last change{}", forced(*force))))
            }
            Request::Document
            | Request::History { .. }
            | Request::Earlier
            | Request::WaitIdle
            | Request::Describe { .. }
            | Request::Agents => None,
        }
    }

    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    pub(crate) fn into_words(self) -> String {
        self.0
    }
}

fn forced(force: bool) -> &'static str {
    if force { ", by force" } else { "" }
}

/// The log.
#[derive(Debug)]
pub(crate) struct Audit {
    shown: Mutex<VecDeque<Entry>>,
    writer: Option<SyncSender<Entry>>,
}

impl Audit {
    /// Opens the log in `directory`. Where it cannot be written, deeds are shown but not kept, and the
    /// daemon's log says so.
    pub(crate) fn open(directory: &Path) -> Arc<Self> {
        let path = directory.join("audit.log");
        let shown = Mutex::new(known(&path));
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let write = move || write_all(&path, &receiver);
        let thread = thread::Builder::new().name("quorate-audit".to_owned()).spawn(write);
        if let Err(error) = &thread {
            tracing::error!(%error, "no record is kept of who does what");
        }
        Arc::new(Self { shown, writer: thread.is_ok().then_some(sender) })
    }

    /// Notes what somebody did, and what the cluster said.
    pub(crate) fn note(&self, who: &Who, deed: &Deed, reply: Option<&Reply>) {
        self.add(who, deed, outcome(reply));
    }

    pub(crate) fn add(&self, who: &Who, Deed(what): &Deed, outcome: impl Into<String>) {
        let via = who.via.words();
        let (user, from) = (who.caller.name.clone(), who.from.clone());
        let what = what.chars().take(TEXT_MAX).collect();
        self.put(Entry { at: now(), user, via, from, what, outcome: outcome.into() });
    }

    fn put(&self, entry: Entry) {
        {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.len() == SHOWN_MAX {
                shown.pop_front();
            }
            shown.push_back(entry.clone());
        }
        let Some(writer) = &self.writer else { return };
        if let Err(TrySendError::Full(entry) | TrySendError::Disconnected(entry)) =
            writer.try_send(entry)
        {
            tracing::error!(?entry, "the disk does not keep who did what");
        }
    }

    /// The newest entries, oldest first.
    pub(crate) fn shown(&self) -> Vec<Entry> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().cloned().collect()
    }
}

/// What the cluster said, in few words.
pub(crate) fn outcome(reply: Option<&Reply>) -> String {
    match reply {
        Some(Reply::Done { version }) => format!("done: {version}"),
        Some(Reply::Refused(refused)) => {
            // The variant's name: what a refusal tells in addition may be long.
            let text = format!("{refused:?}");
            let name = text.split([' ', '{', '(']).next().unwrap_or_default();
            format!("refused: {name}")
        }
        Some(_) => "answered".to_owned(),
        None => "the daemon was stopping".to_owned(),
    }
}

/// What an earlier life noted. A line that is cut off by a loss of power is left out.
fn known(path: &Path) -> VecDeque<Entry> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().rev().take(SHOWN_MAX);
    let mut known: VecDeque<Entry> =
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    known.make_contiguous().reverse();
    known
}

fn write_all(path: &Path, entries: &Receiver<Entry>) {
    let mut file = None;
    while let Ok(first) = entries.recv() {
        // One sync serves all that wait.
        let all: Vec<Entry> = std::iter::once(first).chain(entries.try_iter()).collect();
        if let Err(error) = write(path, &mut file, &all) {
            file = None;
            tracing::error!(%error, path = %path.display(), ?all, "who did what is not kept");
        }
    }
}

fn write(path: &Path, file: &mut Option<File>, entries: &[Entry]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|about| about.len() > FILE_MAX) {
        fs::rename(path, PathBuf::from(path).with_extension("log.1"))?;
        *file = None;
    }
    let file = match file {
        Some(file) => file,
        None => file.insert(OpenOptions::new().append(true).create(true).mode(0o600).open(path)?),
    };
    let mut text = String::new();
    for entry in entries {
        text.push_str(&serde_json::to_string(entry).map_err(io::Error::other)?);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// A change, without the values of anything.
fn words(change: &Change) -> String {
    match change {
        Change::Edit { edits } => {
            let all: Vec<String> = edits.iter().map(edit).collect();
            all.join("; ")
        }
        Change::Attribute { node, name, value: Some(_), .. } => format!("set {name} on {node}"),
        Change::Attribute { node, name, value: None, .. } => format!("remove {name} from {node}"),
        Change::AttributeDelay { name, delay_ms } => format!("let {name} wait {delay_ms} ms"),
        Change::WriteAttributes => "write the attributes that wait".to_owned(),
        Change::Cleanup { resource, node } => format!(
            "forget failures of {} on {}",
            resource.as_deref().unwrap_or("all"),
            node.as_deref().unwrap_or("all nodes")
        ),
        Change::Fail { resource, node } => format!("{resource} failed on {node}"),
        Change::Fence { node, action } => format!("fence {node} ({action})"),
        Change::ConfirmOff { node } => format!("confirm that {node} is off"),
        Change::Shutdown { node } => format!("shut {node} down"),
        Change::FabricFile { text: _ } => "replace the file that names the nodes".to_owned(),
        Change::ForgetFencings { node } => {
            format!("forget fencings of {}", node.as_deref().unwrap_or("all nodes"))
        }
        Change::Ticket { ticket, deed } => format!("ticket {ticket} {}", deed.words()),
        Change::WaitNoMore => "wait no more for nodes that have not come".to_owned(),
    }
}

/// What an edit is about: element names and ids, never values.
fn edit(edit: &Edit) -> String {
    match edit {
        Edit::Replace { .. } => "replace the configuration".to_owned(),
        Edit::Patch { .. } => "patch the configuration".to_owned(),
        Edit::Create { parent: _, xml } => format!("create {}", named(xml)),
        Edit::Modify { xml } => format!("modify {}", named(xml)),
        Edit::Delete { xpath } => format!("delete {xpath}"),
    }
}

fn named(xml: &str) -> String {
    let Ok(document) = cib::Document::parse(xml) else { return "something".to_owned() };
    let all = document.root().descendants().filter_map(|at| {
        let id = at.attr("id")?;
        Some(match at.attr("name") {
            Some(name) => format!("{} {id} ({name})", at.name()),
            None => format!("{} {id}", at.name()),
        })
    });
    all.take(8).collect::<Vec<_>>().join(", ")
}
