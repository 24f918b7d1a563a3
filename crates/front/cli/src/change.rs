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
use crate::{aftermath, agents, edits};

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
    pub(crate) misfits: OnMisfits,
}

/// What becomes of a change that gives agents what they do not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnMisfits {
    /// It is said with the consequences.
    Tell,
    /// The change is not made: who writes one resource means that one.
    Refuse,
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
        Ok(Self {
            what,
            requests: vec![request],
            after,
            notes: Vec::new(),
            misfits: OnMisfits::Tell,
        })
    }

    /// Another change; `after` is what it would look like.
    pub(crate) fn change(
        what: String,
        changing: Changing,
        change: Change,
        after: Document,
    ) -> Self {
        let request = Request::Change { change, force: changing.force, based_on: None };
        Self { what, requests: vec![request], after, notes: Vec::new(), misfits: OnMisfits::Tell }
    }

    /// Is not made where agents do not take what they are given, unless that is `unchecked`.
    pub(crate) fn checked(mut self, unchecked: bool) -> Self {
        self.misfits = if unchecked { OnMisfits::Tell } else { OnMisfits::Refuse };
        self
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
    let notes = notes(common, source, wanted)?;
    let would = consequences(&source.document, &wanted.after, source.now);
    if changing.dry_run {
        show(common, source.options(), &would, &notes);
        return Ok(Exit::Done);
    }
    let client = source::daemon(common, "a change")?;
    if !common.json {
        show(common, source.options(), &would, &notes);
    }
    if !changing.yes {
        if !say::can_ask() {
            return Err(Trouble::NobodyToAsk);
        }
        if common.json {
            // Who reads the data is not who is asked.
            say::talk(&words(source.options(), &would, &notes));
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

/// The change's own notes, and what agents say to it.
///
/// # Errors
/// When that is reason enough not to make it.
fn notes(common: &Common, source: &Source, wanted: &Wanted) -> Result<Vec<String>, Trouble> {
    let agents::Misfits { what, help } = agents::misfits_of(common, source, &wanted.after)?;
    let mut notes = wanted.notes.clone();
    match wanted.misfits {
        OnMisfits::Refuse if !what.is_empty() => return Err(Trouble::Misfits { what, help }),
        OnMisfits::Refuse if source.cluster.is_none() => notes
            .push("The agent was not asked whether it takes that: only a daemon can.".to_owned()),
        OnMisfits::Refuse => {}
        OnMisfits::Tell => {
            notes.extend(what.iter().map(|what| format!("Mind: {what}")));
            notes.extend(help);
        }
    }
    Ok(notes)
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
