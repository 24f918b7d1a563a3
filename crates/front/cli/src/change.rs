//! Every change goes the same way: show what it would do, ask, make it, wait until the cluster is
//! done with it.

use std::time::{Duration, Instant};

use cib::Document;
use client::{Client, ClientError};
use serde::Serialize;
use view::{Consequences, RenderOptions, consequences};
use wire::api::{Change, Edit, Request};

use crate::arguments::{Changing, Common};
use crate::exit::Exit;
use crate::say;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{aftermath, edits};

/// A change that was asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What it is, as the question asks it: "Disable db".
    pub(crate) what: String,
    pub(crate) requests: Vec<Request>,
    /// The document as the change alone makes it.
    pub(crate) after: Document,
    /// What should be said besides the consequences.
    pub(crate) notes: Vec<String>,
}

impl Wanted {
    /// A change of the configuration.
    pub(crate) fn edits(
        source: &Source,
        changing: Changing,
        what: String,
        edits: Vec<Edit>,
    ) -> Result<Self, Trouble> {
        let after = edits::apply(&source.document, &edits)?;
        let change = Change::Edit { edits };
        let request = Request::Change { change, force: changing.force, based_on: None };
        Ok(Self { what, requests: vec![request], after, notes: Vec::new() })
    }

    /// Another change; `after` is what it would look like.
    pub(crate) fn change(
        what: String,
        changing: Changing,
        change: Change,
        after: Document,
    ) -> Self {
        let request = Request::Change { change, force: changing.force, based_on: None };
        Self { what, requests: vec![request], after, notes: Vec::new() }
    }

    /// Says this, too.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Shows, asks, changes, waits.
pub(crate) fn carry_out(
    common: &Common,
    changing: Changing,
    source: &Source,
    wanted: &Wanted,
) -> Result<Exit, Trouble> {
    let would = consequences(&source.document, &wanted.after, source.now);
    if changing.dry_run {
        show(common, source.options(), &would, &wanted.notes);
        return Ok(Exit::Done);
    }
    let client = source::daemon(common, "a change")?;
    if !common.json {
        show(common, source.options(), &would, &wanted.notes);
    }
    if !changing.yes {
        if !say::can_ask() {
            return Err(Trouble::NobodyToAsk);
        }
        if common.json {
            // Who reads the data is not who is asked.
            say::talk(&words(source.options(), &would, &wanted.notes));
        }
        if !say::ask(&format!("{}?", wanted.what)) {
            return Err(Trouble::Declined);
        }
    }
    let begun = Instant::now();
    let mut version = String::new();
    for request in &wanted.requests {
        version = client.change(request)?;
    }
    let mut failures = Vec::new();
    if !changing.no_wait {
        wait(&client, changing.patience)?;
        failures = aftermath::failures(source, &Source::read(common)?);
    }
    tell_done(common, changing, (&version, &failures), begun.elapsed());
    if failures.is_empty() { Ok(Exit::Done) } else { Err(Trouble::Failed { what: failures }) }
}

/// Waits until the cluster is done with a change that was made.
fn wait(client: &Client, seconds: u64) -> Result<(), Trouble> {
    match client.wait_idle(Duration::from_secs(seconds)) {
        Ok(()) => Ok(()),
        Err(ClientError::Deadline { .. }) => Err(Trouble::StillBusy { seconds }),
        Err(
            error @ (ClientError::Connect { .. }
            | ClientError::Broken { .. }
            | ClientError::Garbled { .. }
            | ClientError::Refused(_)),
        ) => Err(Trouble::Client(error)),
    }
}

fn tell_done(
    common: &Common,
    changing: Changing,
    (version, failures): (&str, &[String]),
    took: Duration,
) {
    if common.json {
        let waited = !changing.no_wait;
        let done = serde_json::json!({
            "version": version, "waited": waited, "failures": failures,
        });
        return say::out(&format!("{done}\n"));
    }
    let took = view::moment::length(took.as_millis().try_into().unwrap_or(u64::MAX));
    say::out(&if changing.no_wait {
        format!("Done: configuration {version}. The cluster is at work on it.\n")
    } else {
        format!("Done after {took}: configuration {version}, nothing left to do.\n")
    });
}

/// Writes what would happen.
pub(crate) fn show(
    common: &Common,
    options: RenderOptions,
    would: &Consequences,
    notes: &[String],
) {
    if common.json {
        return say::json(&Shown { would, notes });
    }
    say::out(&words(options, would, notes));
}

/// What would happen, as data.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    would: &'a Consequences,
    notes: &'a [String],
}

/// What would happen, for people.
fn words(options: RenderOptions, would: &Consequences, notes: &[String]) -> String {
    let mut text = consequences::render(would, options);
    for note in notes {
        text.push_str(note);
        text.push('\n');
    }
    text
}
