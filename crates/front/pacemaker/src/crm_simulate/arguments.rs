//! The command line.

use std::path::PathBuf;

use super::Trouble;
use super::help::{self, Topic};
use crate::exit::Exit;
use crate::options;
use crate::output::Format;

/// What came of reading a command line.
pub(super) struct Read {
    /// What is still understood, and should be written in another way.
    pub(super) warnings: Vec<String>,
    pub(super) asked: Result<Asked, Trouble>,
}

/// What is asked for.
#[derive(Debug)]
pub(super) enum Asked {
    Help(Topic),
    Do(Box<Wanted>),
}

/// What the command line asks for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) version: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) format: Format,
    /// The format was asked for by name.
    pub(super) names_format: bool,
    /// An output format that there is none of.
    pub(super) unknown_format: Option<String>,
    /// Where the output goes, if not to the standard output.
    pub(super) output_to: Option<PathBuf>,
    pub(super) source: Source,
    /// Plan, and show the plan.
    pub(super) plan: bool,
    /// Carry the plan out on paper.
    pub(super) rehearse: bool,
    pub(super) in_place: bool,
    pub(super) attributes: bool,
    pub(super) failures: bool,
    pub(super) scores: bool,
    pub(super) utilization: bool,
    pub(super) all_actions: bool,
    pub(super) profile: Option<PathBuf>,
    pub(super) repeat: u32,
    /// The moment, as it was written.
    pub(super) now: Option<String>,
    pub(super) save_input: Option<PathBuf>,
    pub(super) save_output: Option<PathBuf>,
    pub(super) save_graph: Option<PathBuf>,
    pub(super) save_dot: Option<PathBuf>,
    pub(super) injections: Injections,
    pub(super) failing: Vec<String>,
}

/// Where the document comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// Standard input.
    #[default]
    Pipe,
    File(PathBuf),
    /// The running cluster.
    Live,
}

/// Changes made to the document before planning, each list in the order given.
#[derive(Debug, Default)]
pub(super) struct Injections {
    pub(super) quorum: Option<String>,
    pub(super) watchdog: Option<String>,
    pub(super) nodes_up: Vec<String>,
    pub(super) nodes_down: Vec<String>,
    pub(super) nodes_failing: Vec<String>,
    pub(super) operations: Vec<String>,
    pub(super) tickets_granted: Vec<String>,
    pub(super) tickets_revoked: Vec<String>,
    pub(super) tickets_standby: Vec<String>,
    pub(super) tickets_activated: Vec<String>,
}

impl Injections {
    /// Whether there is something to inject. Quorum alone is not: Pacemaker sets it only along
    /// with something else.
    pub(super) fn any(&self) -> bool {
        let lists = [
            &self.nodes_up,
            &self.nodes_down,
            &self.nodes_failing,
            &self.operations,
            &self.tickets_granted,
            &self.tickets_revoked,
            &self.tickets_standby,
            &self.tickets_activated,
        ];
        self.watchdog.is_some() || lists.iter().any(|list| !list.is_empty())
    }

    /// With `--node-up`, nodes that are not configured are added, whatever concerns them.
    pub(super) fn configure(&self) -> bool {
        !self.nodes_up.is_empty()
    }
}

/// Reads the command line.
pub(super) fn read(words: &[String]) -> Read {
    let taken = help::taken();
    let given = match options::read(&taken, words) {
        Ok(given) => given,
        Err(words) => {
            let trouble = Trouble::new(Exit::Usage, words);
            return Read { warnings: Vec::new(), asked: Err(trouble) };
        }
    };
    let attached = given.iter().filter(|each| each.attached);
    let warnings = attached.map(|each| deprecated(&each.written, &each.value)).collect();
    Read { warnings, asked: interpret(given) }
}

fn deprecated(written: &str, value: &str) -> String {
    format!(
        "Deprecated argument format '{written}{value}' used.\nPlease use '{written} {value}' \
         instead.  Support will be removed in a future release."
    )
}

fn interpret(given: Vec<options::Given>) -> Result<Asked, Trouble> {
    let mut wanted = Wanted { repeat: 1, ..Wanted::default() };
    for each in given {
        if let Some(topic) = Topic::asked_by(each.name) {
            return Ok(Asked::Help(topic));
        }
        if !apply_switch(&mut wanted, each.name) {
            apply_value(&mut wanted, each).map_err(|words| Trouble::new(Exit::Usage, words))?;
        }
    }
    Ok(Asked::Do(Box::new(wanted)))
}

/// `false` if `name` is no switch.
fn apply_switch(wanted: &mut Wanted, name: &str) -> bool {
    match name {
        "version" => wanted.version = true,
        "quiet" => wanted.quiet = true,
        "verbose" => wanted.verbose = true,
        "run" => wanted.plan = true,
        "simulate" => (wanted.plan, wanted.rehearse) = (true, true),
        "in-place" => (wanted.plan, wanted.rehearse, wanted.in_place) = (true, true, true),
        "show-attrs" => wanted.attributes = true,
        "show-failcounts" => wanted.failures = true,
        "show-scores" => (wanted.plan, wanted.scores) = (true, true),
        "show-utilization" => (wanted.plan, wanted.utilization) = (true, true),
        "all-actions" => wanted.all_actions = true,
        "live-check" => wanted.source = Source::Live,
        "xml-pipe" => wanted.source = Source::Pipe,
        // Pending operations are always shown.
        "pending" => {}
        _ => return false,
    }
    true
}

fn apply_value(wanted: &mut Wanted, given: options::Given) -> Result<(), String> {
    let options::Given { name, value, written, attached: _ } = given;
    let injections = &mut wanted.injections;
    match name {
        "profile" => wanted.profile = Some(value.into()),
        "repeat" => wanted.repeat = repeat(&value, &written)?,
        "node-up" => injections.nodes_up.push(value),
        "node-down" => injections.nodes_down.push(value),
        "node-fail" => injections.nodes_failing.push(value),
        "op-inject" => injections.operations.push(value),
        "op-fail" => {
            (wanted.plan, wanted.rehearse) = (true, true);
            wanted.failing.push(value);
        }
        "set-datetime" => wanted.now = Some(value),
        "quorum" => injections.quorum = Some(value),
        "watchdog" => injections.watchdog = Some(value),
        "ticket-grant" => injections.tickets_granted.push(value),
        "ticket-revoke" => injections.tickets_revoked.push(value),
        "ticket-standby" => injections.tickets_standby.push(value),
        "ticket-activate" => injections.tickets_activated.push(value),
        "save-input" => wanted.save_input = Some(value.into()),
        "save-output" => wanted.save_output = Some(value.into()),
        "save-graph" => (wanted.plan, wanted.save_graph) = (true, Some(value.into())),
        "save-dotfile" => (wanted.plan, wanted.save_dot) = (true, Some(value.into())),
        "xml-file" if value == "-" => wanted.source = Source::Pipe,
        "xml-file" => wanted.source = Source::File(value.into()),
        "output-as" => match Format::parse(&value) {
            Some(format) => {
                (wanted.format, wanted.unknown_format) = (format, None);
                wanted.names_format = true;
            }
            None => wanted.unknown_format = Some(value),
        },
        "output-to" if value == "-" => wanted.output_to = None,
        "output-to" => wanted.output_to = Some(value.into()),
        _ => return Err(format!("Unknown option --{name}")),
    }
    Ok(())
}

/// Fewer than none is none.
fn repeat(value: &str, written: &str) -> Result<u32, String> {
    let number: i64 =
        value.parse().map_err(|_| format!("Cannot parse integer value “{value}” for {written}"))?;
    u32::try_from(number.max(0))
        .map_err(|_| format!("Integer value “{value}” for {written} out of range"))
}
