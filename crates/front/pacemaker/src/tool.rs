//! What the tools have in common: how they are called, how they end, and how they reach a running
//! cluster.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cib::Document;
use client::{Client, ClientError, Events, Snapshot, socket_path};
use model::parse_interval;
use wire::api::{Change, Refused, Request};

use crate::command_line;
use crate::complaints;
use crate::exit::{self, Exit};
use crate::options::{self, Given, Taken};
use crate::output::{Format, Output};
use crate::shown::Section;

/// Longer than nodes take to agree, shorter than agents are usually given.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

thread_local! {
    /// What the caller gives the daemon for an answer.
    static GIVEN: Cell<Duration> = const { Cell::new(PATIENCE) };
}

/// How long an answer of the daemon is waited for: what `--timeout` says, if it is less than usual. Who edits
/// may be given more, since large changes take their time.
pub(crate) fn patience() -> Duration {
    GIVEN.get()
}

fn be_as_patient_as(tool: &Tool, call: &Call) {
    let given = call.value("timeout").and_then(parse_interval).filter(|given| !given.is_zero());
    let most = if tool.name == "cibadmin" { Duration::MAX } else { PATIENCE };
    GIVEN.set(given.map_or(PATIENCE, |given| given.min(most)));
}

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

/// A tool as its users know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    /// Its own options; [`COMMON`] ones come by themselves.
    pub(crate) taken: &'static [Taken],
    /// What words are called that are no options; empty if there may be none.
    pub(crate) loose: &'static str,
}

/// What every tool takes.
const COMMON: [Taken; 7] = [
    switch("help", Some('?'), "Show this help"),
    switch("help-all", None, "The same"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Say more, where there is more to say"),
    valued("output-as", None, "FORMAT", "text, xml, html or none"),
    valued("output-to", None, "FILE", "Where the output goes, - for the standard output"),
    switch("silent-help", Some('h'), "Show this help, where -h means nothing else"),
];

/// One call of a tool.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) given: Vec<Given>,
    /// Words that are no options.
    pub(crate) loose: Vec<String>,
    pub(crate) format: Format,
}

impl Call {
    pub(crate) fn has(&self, name: &str) -> bool {
        last(&self.given, &[name]).is_some()
    }

    /// The value that was given last.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        last(&self.given, &[name]).map(|given| given.value.as_str())
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Trouble> {
        let Some(given) = last(&self.given, &[name]) else { return Ok(None) };
        let Given { value, written, .. } = given;
        let refused = |_| {
            Trouble::usage(format!(
                "Cannot parse integer value \u{201c}{value}\u{201d} for {written}"
            ))
        };
        value.parse().map(Some).map_err(refused)
    }

    /// How often a switch was given.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.given.iter().filter(|given| given.name == name).count()
    }
}

/// Runs a tool with the process's own outputs.
pub(crate) fn serve(
    tool: &Tool,
    words: Vec<OsString>,
    act: impl FnOnce(&Call, &mut Output) -> Result<Exit, Trouble>,
) -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (mut output, mut errors) = (std::io::stdout(), std::io::stderr());
    let outputs = Outputs { output: &mut output, errors: &mut errors };
    ExitCode::from(serve_to(tool, &program, &words, outputs, act) as u8)
}

/// Where a tool writes.
pub(crate) struct Outputs<'o> {
    pub(crate) output: &'o mut dyn Write,
    pub(crate) errors: &'o mut dyn Write,
}

/// Runs a tool that was called as `program`.
pub(crate) fn serve_to(
    tool: &Tool,
    program: &str,
    words: &[String],
    outputs: Outputs<'_>,
    act: impl FnOnce(&Call, &mut Output) -> Result<Exit, Trouble>,
) -> Exit {
    let Outputs { output, errors } = outputs;
    let name = tool.name;
    let begun = begin(tool, words, errors).and_then(|call| Ok((destination(&call)?, call)));
    let (mut file, call) = match begun {
        Ok(begun) => begun,
        Err(trouble) => {
            let _closed = writeln!(errors, "{name}: {}", trouble.words);
            return trouble.exit;
        }
    };
    if ["help", "help-all", "silent-help"].iter().any(|help| call.has(help)) {
        let _closed = output.write_all(help(tool).as_bytes());
        return Exit::Ok;
    }
    be_as_patient_as(tool, &call);
    let request = command_line::quote(program, words);
    let mut said = Output::new(call.format, &request, false);
    said.show_log(complaints::are_wanted(call.has("verbose")));
    let done = if call.has("version") {
        said.show(&Section::Version);
        Ok(Exit::Ok)
    } else {
        act(&call, &mut said)
    };
    let exit = done.unwrap_or_else(|trouble| {
        if !trouble.words.is_empty() {
            said.error(format!("{name}: {}", trouble.words));
        }
        trouble.exit
    });
    let destination = file.as_mut().map_or(output, |file| file as &mut dyn Write);
    said.finish(exit, destination, errors);
    exit
}

/// Tools that say nothing of words that they do not know: `crm status nodes` depends on it.
const OVERLOOK_MORE: [&str; 2] = ["crm_mon", "crm_node"];

fn begin(tool: &Tool, words: &[String], errors: &mut dyn Write) -> Result<Call, Trouble> {
    let taken: Vec<Taken> = tool.taken.iter().chain(&COMMON).copied().collect();
    let (given, loose) = options::read_all(&taken, words).map_err(Trouble::usage)?;
    for Given { written, value, .. } in given.iter().filter(|given| given.attached) {
        let _closed = writeln!(
            errors,
            "Deprecated argument format '{written}{value}' used.\nPlease use '{written} {value}' \
             instead.  Support will be removed in a future release."
        );
    }
    let asks = |name: &&str| last(&given, &[name]).is_some();
    let helps = ["help", "help-all", "silent-help"].iter().any(asks);
    let refuses = tool.loose.is_empty() && !OVERLOOK_MORE.contains(&tool.name);
    if refuses && !loose.is_empty() && !helps {
        let words = format!("non-option ARGV-elements: {}\n\n{}", loose.join(" "), help(tool));
        return Err(Trouble::usage(words));
    }
    let format = match last(&given, &["output-as", "as-xml"]) {
        None => Format::Text,
        Some(Given { name: "as-xml", .. }) => Format::Xml,
        Some(Given { value, .. }) => Format::parse(value).ok_or_else(|| {
            let words = format!("Error creating output format {value}: Unknown output format");
            Trouble::new(Exit::Error, words)
        })?,
    };
    Ok(Call { given, loose, format })
}

fn destination(call: &Call) -> Result<Option<File>, Trouble> {
    let Some(path) = call.value("output-to").filter(|path| *path != "-") else { return Ok(None) };
    let refused = |error| {
        let (format, why) = (call.format.name(), exit::system_words(&error));
        Trouble::new(Exit::Error, format!("Error creating output format {format}: {why}"))
    };
    File::create(path).map(Some).map_err(refused)
}

/// What a tool says of itself.
fn help(tool: &Tool) -> String {
    let Tool { name, purpose, taken, loose } = tool;
    let loose = if loose.is_empty() { String::new() } else { format!(" {loose}") };
    let common = COMMON.iter().filter(|option| !option.long.starts_with("silent"));
    let taken: Vec<Taken> = taken.iter().chain(common).copied().collect();
    let list = options::list(&taken);
    format!("Usage:\n  {name} [OPTION...]{loose}\n\n{purpose}\n\nOptions:\n{list}")
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
    let client = Client::new(socket_path(None), patience());
    let snapshot = client.document().map_err(trouble)?;
    let document = Document::parse(&snapshot.xml)
        .map_err(|error| Trouble::new(Exit::Data, error.to_string()))?;
    Ok((client, snapshot, document))
}

/// Makes the change. While the members agree on their document nobody can, and an agent should
/// not fail for that: it is tried again when something happened.
pub(crate) fn change(client: &Client, change: Change) -> Result<(), Trouble> {
    let request = Request::Change { change, force: false, based_on: None };
    let mut news = News::new(client);
    loop {
        match client.change(&request) {
            Ok(_version) => return Ok(()),
            Err(ClientError::Refused(Refused::NotReady)) => news.wait().map_err(trouble)?,
            Err(error) => return Err(trouble(error)),
        }
    }
}

/// What happens in the cluster, for who waits until it can take a change.
#[derive(Debug)]
pub(crate) struct News<'c> {
    client: &'c Client,
    start: Instant,
    events: Option<Events>,
}

impl<'c> News<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client, start: Instant::now(), events: None }
    }

    /// Returns when something happened that was not known before, or may have.
    pub(crate) fn wait(&mut self) -> Result<(), ClientError> {
        let left = patience().saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return Err(ClientError::Refused(Refused::NotReady));
        }
        match &mut self.events {
            // From here on nothing is missed; what happened before is seen by asking once more.
            None => {
                let known = self.client.history(0).map_err(not_shown)?;
                let last = known.last().map_or(0, |entry| entry.number);
                self.events = Some(self.client.events(last)?);
            }
            Some(events) => {
                events.next(left)?;
            }
        }
        Ok(())
    }
}

/// Whom the past is not shown cannot wait.
fn not_shown(error: ClientError) -> ClientError {
    if matches!(error, ClientError::Refused(Refused::NotPermitted)) {
        return ClientError::Refused(Refused::NotReady);
    }
    error
}

pub(crate) fn trouble(error: ClientError) -> Trouble {
    let words = match &error {
        ClientError::Refused(Refused::UnknownNode { node, .. }) => {
            format!("Could not map name={node} to a UUID")
        }
        ClientError::Refused(refused) => format!("Could not update: {refused:?}"),
        ClientError::Connect { .. }
        | ClientError::Broken { .. }
        | ClientError::Deadline { .. }
        | ClientError::Garbled { .. } => format!("Could not connect to the CIB: {error}"),
    };
    Trouble::new(Exit::of_client(&error), words)
}
