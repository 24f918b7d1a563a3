//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Trouble;
use crate::exit::Exit;
use crate::options::{self, Taken};
use crate::time;

/// What the command line asks for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) help: bool,
    pub(super) version: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
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
    /// The text given, and the moment it means.
    pub(super) now: Option<(String, i64)>,
    pub(super) save_input: Option<PathBuf>,
    pub(super) save_output: Option<PathBuf>,
    pub(super) save_graph: Option<PathBuf>,
    pub(super) save_dot: Option<PathBuf>,
    pub(super) injections: Injections,
    pub(super) failing: Vec<String>,
    /// An output format that there is none of.
    pub(super) unknown_format: Option<String>,
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
}

/// Reads the command line.
pub(super) fn read(words: Vec<OsString>) -> Result<Wanted, Trouble> {
    let usage = |words: String| Trouble::new(Exit::Usage, words);
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let given = options::read(&TAKEN, &words).map_err(usage)?;
    let mut wanted = Wanted { repeat: 1, ..Wanted::default() };
    for each in given {
        if apply_switch(&mut wanted, each.name) {
            continue;
        }
        apply_value(&mut wanted, each.name, each.value).map_err(usage)?;
    }
    Ok(wanted)
}

/// `false` if `name` is no switch.
fn apply_switch(wanted: &mut Wanted, name: &str) -> bool {
    match name {
        "help" | "help-all" => wanted.help = true,
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

fn apply_value(wanted: &mut Wanted, name: &str, value: String) -> Result<(), String> {
    let injections = &mut wanted.injections;
    match name {
        "profile" => wanted.profile = Some(value.into()),
        "repeat" => {
            wanted.repeat = value
                .parse()
                .map_err(|_| format!("Cannot parse integer value '{value}' for -N"))?;
        }
        "node-up" => injections.nodes_up.push(value),
        "node-down" => injections.nodes_down.push(value),
        "node-fail" => injections.nodes_failing.push(value),
        "op-inject" => injections.operations.push(value),
        "op-fail" => {
            (wanted.plan, wanted.rehearse) = (true, true);
            wanted.failing.push(value);
        }
        "set-datetime" => {
            let now = time::parse(&value);
            let now = now.ok_or_else(|| format!("'{value}' is not an ISO 8601 date and time"))?;
            wanted.now = Some((value, now));
        }
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
        "output-as" if value == "text" => {}
        "output-as" => wanted.unknown_format = Some(value),
        _ => return Err(format!("Unknown option --{name}")),
    }
    Ok(())
}

/// What `--help` prints.
pub(super) fn help() -> String {
    format!(
        "Usage:\n  crm_simulate [OPTION…]\n\n\
         crm_simulate - simulate a cluster's response to events\n\n\
         Options:\n{}\n\
         An operation (OPSPEC) is written RESOURCE_TASK_INTERVAL@NODE=CODE, the interval in\n\
         milliseconds: memcached_monitor_20000@bart.example.com=7\n",
        options::list(&TAKEN)
    )
}

const fn switch(long: &'static str, short: char, help: &'static str) -> Taken {
    Taken { long, short: Some(short), value: None, help }
}

const fn valued(long: &'static str, short: char, value: &'static str, help: &'static str) -> Taken {
    Taken { long, short: Some(short), value: Some(value), help }
}

const TAKEN: [Taken; 36] = [
    switch("help", '?', "Show this text"),
    Taken { long: "help-all", short: None, value: None, help: "Show this text" },
    switch("version", '$', "Show the version"),
    switch("verbose", 'V', "Say more"),
    switch("quiet", 'Q', "Show only what is essential"),
    Taken { long: "output-as", short: None, value: Some("FORMAT"), help: "text" },
    switch("run", 'R', "Show what the cluster would do"),
    switch("simulate", 'S', "Like --run, and show what would come of it"),
    switch("in-place", 'X', "Like --simulate, and store the result in the input file"),
    switch("show-attrs", 'A', "Show node attributes"),
    switch("show-failcounts", 'c', "Show fail counts and failed actions"),
    switch("show-scores", 's', "Show the scores that decide where resources run"),
    switch("show-utilization", 'U', "Show capacities and demands"),
    valued("profile", 'P', "DIR", "Plan for each file of a folder and show the time it took"),
    valued("repeat", 'N', "N", "With --profile, plan for each file N times"),
    switch("pending", 'j', "Accepted for compatibility"),
    valued("node-up", 'u', "NODE", "Bring a node online first"),
    valued("node-down", 'd', "NODE", "Take a node offline first"),
    valued("node-fail", 'f', "NODE", "Let a node fail first"),
    valued("op-inject", 'i', "OPSPEC", "Record an operation's result first"),
    valued("op-fail", 'F', "OPSPEC", "Let an operation fail if it is carried out"),
    valued("set-datetime", 't', "DATETIME", "Plan as if it were this time (ISO 8601)"),
    valued("quorum", 'q', "QUORUM", "Whether the cluster has quorum"),
    valued("watchdog", 'w', "DEVICE", "Whether the cluster has a watchdog"),
    valued("ticket-grant", 'g', "TICKET", "Grant a ticket first"),
    valued("ticket-revoke", 'r', "TICKET", "Revoke a ticket first"),
    valued("ticket-standby", 'b', "TICKET", "Make a ticket standby first"),
    valued("ticket-activate", 'e', "TICKET", "Activate a ticket first"),
    valued("save-input", 'I', "FILE", "Save the document as it is planned for"),
    valued("save-output", 'O', "FILE", "Save the document as it is at the end"),
    valued("save-graph", 'G', "FILE", "Save the transition graph (XML)"),
    valued("save-dotfile", 'D', "FILE", "Save the transition graph (DOT)"),
    switch("all-actions", 'a', "With --save-dotfile, also actions that are not needed"),
    switch("live-check", 'L', "Take the running cluster's document"),
    valued("xml-file", 'x', "FILE", "Take the document from a file"),
    switch("xml-pipe", 'p', "Take the document from standard input"),
];
