//! What the tools that ask a running cluster have in common.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cib::Document;
use client::{Client, ClientError, Snapshot, socket_path};
use wire::api::{Change, Refused, Request};

use crate::exit::Exit;
use crate::options::{self, Given, Taken};

/// Longer than nodes take to agree, shorter than agents are usually given.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a tool gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) words: String,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }

    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::new(Exit::Usage, words)
    }
}

/// Runs a tool: what it answers is written, and what troubles it is said.
pub(crate) fn run(
    name: &str,
    words: Vec<OsString>,
    tool: impl FnOnce(&[String]) -> Result<String, Trouble>,
) -> ExitCode {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    // Nobody is left to tell if the outputs are closed.
    let exit = match tool(&words) {
        Ok(text) => {
            let _closed = std::io::stdout().write_all(text.as_bytes());
            Exit::Ok
        }
        Err(trouble) => {
            let _closed = writeln!(std::io::stderr(), "{name}: {}", trouble.words);
            trouble.exit
        }
    };
    ExitCode::from(exit as u8)
}

/// A variable of the environment that says anything.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// What every tool says of its version.
pub(crate) fn version(name: &str) -> String {
    format!("Pacemaker 3.0.2\nQuorate's {name}\n")
}

/// The options that were given.
pub(crate) fn given(taken: &[Taken], words: &[String]) -> Result<Vec<Given>, Trouble> {
    options::read(taken, words).map_err(Trouble::usage)
}

/// The last given of these.
pub(crate) fn last<'g>(given: &'g [Given], names: &[&str]) -> Option<&'g Given> {
    given.iter().rfind(|given| names.contains(&given.name))
}

/// The answer to `--help` and `--version`.
pub(crate) fn about(given: &[Given], name: &str, taken: &[Taken]) -> Option<String> {
    if last(given, &["help"]).is_some() {
        let list = options::list(taken);
        return Some(format!("Usage:\n  {name} [OPTION...]\n\nOptions:\n{list}"));
    }
    last(given, &["version"]).map(|_| version(name))
}

/// A switch that a tool takes.
pub(crate) const fn switch(long: &'static str, short: Option<char>, help: &'static str) -> Taken {
    Taken { long, short, value: None, help }
}

/// An option with a value.
pub(crate) const fn valued(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    help: &'static str,
) -> Taken {
    Taken { long, short, value: Some(value), help }
}

/// The running cluster, and its document as it is now.
pub(crate) fn live() -> Result<(Client, Snapshot, Document), Trouble> {
    let client = Client::new(socket_path(None), PATIENCE);
    let snapshot = client.document().map_err(trouble)?;
    let document = Document::parse(&snapshot.xml)
        .map_err(|error| Trouble::new(Exit::Data, error.to_string()))?;
    Ok((client, snapshot, document))
}

/// Makes the change. While the members agree on their document nobody can, and an agent should
/// not fail for that: it is tried again when something happened.
pub(crate) fn change(client: &Client, change: Change) -> Result<(), Trouble> {
    let request = Request::Change { change, force: false, based_on: None };
    let start = Instant::now();
    let mut events = None;
    loop {
        match client.change(&request) {
            Ok(_version) => return Ok(()),
            Err(ClientError::Refused(Refused::NotReady)) => {}
            Err(error) => return Err(trouble(error)),
        }
        let left = PATIENCE.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(trouble(ClientError::Refused(Refused::NotReady)));
        }
        match &mut events {
            // From here on nothing is missed; what happened before is seen by asking once more.
            None => {
                let known = client.history(0).map_err(trouble)?;
                let last = known.last().map_or(0, |entry| entry.number);
                events = Some(client.events(last).map_err(trouble)?);
            }
            Some(events) => {
                events.next(left).map_err(trouble)?;
            }
        }
    }
}

fn trouble(error: ClientError) -> Trouble {
    let words = match &error {
        ClientError::Refused(refused) => format!("Could not update: {refused:?}"),
        ClientError::Connect { .. }
        | ClientError::Broken { .. }
        | ClientError::Deadline { .. }
        | ClientError::Garbled { .. } => format!("Could not connect to the CIB: {error}"),
    };
    Trouble::new(Exit::of_client(&error), words)
}
