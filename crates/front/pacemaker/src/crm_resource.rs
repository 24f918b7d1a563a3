//! `crm_resource`: asks about resources and their agents, and changes how the cluster treats them.
//!
//! **Always:** what cannot be done as asked changes nothing.

mod task;

mod agents;
mod colocated;
mod digests;
mod execute;
mod forget;
mod lists;
mod option_lists;
mod placing;
mod restart;
mod stated;
mod values;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use cib::edit::Edit;
use model::parse_timeout;
use scheduler::Input;

use crate::complaints;
use crate::exit::{self, Exit};
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};
use task::{Asked, Task, change};

const TAKEN: [Taken; 62] = [
    switch("quiet", Some('Q'), "Write names and values alone"),
    valued("resource", Some('r'), "ID", "The resource"),
    switch("list", Some('L'), "List all resources and what they do"),
    switch("list-raw", Some('l'), "List the ids of all instances"),
    switch("list-cts", Some('c'), "List resources and colocations as tests of clusters read them"),
    switch("list-operations", Some('O'), "List operations since the last start"),
    switch("list-all-operations", Some('o'), "List all operations"),
    valued("list-options", None, "TYPE", "List the options of a primitive, or of fencing"),
    switch("list-standards", None, "List the standards that agents may follow"),
    switch("list-ocf-providers", None, "List who provides OCF agents"),
    valued("list-agents", None, "STANDARD[:PROVIDER]", "List the agents there are"),
    valued("list-ocf-alternatives", None, "AGENT", "List who provides this OCF agent"),
    valued("show-metadata", None, "AGENT", "Show what an agent says of itself"),
    switch("query-xml", Some('q'), "Show the configuration, templates put in"),
    switch("query-xml-raw", Some('w'), "Show the configuration as it is written"),
    valued("get-parameter", Some('g'), "NAME", "Show a value"),
    switch("locate", Some('W'), "Show where it runs"),
    switch("constraints", Some('a'), "Show where it may run and what it runs with"),
    switch("stack", Some('A'), "The same as --constraints --recursive"),
    switch("why", Some('Y'), "Show why resources do not run; `quorate why` says more"),
    valued("validate", None, "[LEVEL]", "Let the agent check its parameters"),
    switch("cleanup", Some('C'), "Forget failures"),
    switch("refresh", Some('R'), "Forget what is known, and look again"),
    valued("set-parameter", Some('p'), "NAME", "Set a value, which --parameter-value gives"),
    valued("delete-parameter", Some('d'), "NAME", "Remove a value"),
    switch("move", Some('M'), "Prefer the node, or leave the one where it runs"),
    switch("ban", Some('B'), "Keep it off the node, or off the one where it runs"),
    switch("clear", Some('U'), "Take moves and bans back"),
    switch("expired", Some('e'), "With --clear: only those whose time is over"),
    valued("lifetime", Some('u'), "DURATION", "How long a move or a ban holds (ISO 8601)"),
    switch("promoted", None, "Move or ban the promoted role only"),
    switch("master", None, "The same"),
    switch("delete", Some('D'), "Remove it from the configuration; needs --resource-type"),
    switch("fail", Some('F'), "Treat it as failed on --node"),
    switch("restart", None, "Stop it and start it again"),
    switch("wait", None, "Wait until the cluster has nothing left to do"),
    switch("digests", None, "Show checksums of parameters; NAME=VALUE changes some"),
    switch("force-demote", None, "Run the agent here, whatever the cluster thinks: demote"),
    switch("force-stop", None, "The same: stop"),
    switch("force-start", None, "The same: start"),
    switch("force-promote", None, "The same: promote"),
    valued("force-check", None, "[LEVEL]", "The same: monitor"),
    valued("node", Some('N'), "NODE", "The node"),
    valued("host-uname", Some('H'), "NODE", "The same"),
    switch("recursive", None, "With --constraints and --set-parameter: what is colocated, too"),
    valued("resource-type", Some('t'), "ELEMENT", "What --delete removes, such as primitive"),
    valued("parameter-value", Some('v'), "VALUE", "The value to set"),
    switch("meta", Some('m'), "The value is an option of the cluster's, not a parameter"),
    switch("utilization", Some('z'), "The value is what the resource needs of its node"),
    switch("element", None, "The value is an attribute of the element itself"),
    valued("operation", Some('n'), "NAME", "With --cleanup: only failures of this operation"),
    valued("interval", Some('I'), "TIME", "With --operation: only those with this interval"),
    valued("class", None, "STANDARD", "With --validate: the agent's standard"),
    valued("agent", None, "AGENT", "With --validate: the agent"),
    valued("provider", None, "PROVIDER", "With --validate: who provides the agent"),
    valued("option", None, "NAME=VALUE", "With --validate: a parameter; may be given often"),
    switch("all", None, "With --list-options: what is for experts, too"),
    valued("set-name", Some('s'), "ID", "The set of the value"),
    valued("nvpair", Some('i'), "ID", "The value's own id"),
    valued("timeout", Some('T'), "TIME", "How long --restart and --wait may take"),
    valued("wait-timeout", None, "TIME", "The same"),
    switch("force", Some('f'), "Do also what is refused otherwise"),
];

const TOOL: Tool = Tool {
    name: "crm_resource",
    purpose: "Asks about resources, and changes how the cluster treats them.",
    taken: &TAKEN,
    loose: "[NAME=VALUE...]",
};

/// Asks the cluster about a resource, or changes how it treats one.
pub(crate) fn crm_resource(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, |call, said| act(call, said).map_err(with_meaning))
}

/// What went wrong, and what that is called; who was misunderstood is told no more.
fn with_meaning(trouble: Trouble) -> Trouble {
    if trouble.exit == Exit::Usage {
        return trouble;
    }
    let gap = if trouble.words.is_empty() { "" } else { "\n" };
    let meaning = exit::words_of(trouble.exit);
    Trouble {
        words: format!("{}{gap}Error performing operation: {meaning}", trouble.words),
        ..trouble
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// The options that there are.
    Options,
    /// Agents of this machine.
    Agents,
    Wait,
    Any(Any),
    One(One),
}

/// What is asked of the document, or of a resource that need not be named or there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Any {
    List,
    Ids,
    ForTests,
    ActiveOperations,
    AllOperations,
    Why,
    Cleanup,
    Refresh,
    Clear,
    Delete,
}

/// What is asked of one resource that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum One {
    Configuration,
    RawConfiguration,
    Get,
    Locate,
    Constraints,
    Stack,
    Set,
    DeleteValue,
    Move,
    Ban,
    Fail,
    Restart,
    Digests,
    /// Runs the agent.
    Execute,
}

/// The options that ask for something; the last one given counts.
const COMMANDS: [(&str, Command); 36] = [
    ("list", Command::Any(Any::List)),
    ("list-raw", Command::Any(Any::Ids)),
    ("list-cts", Command::Any(Any::ForTests)),
    ("list-options", Command::Options),
    ("list-operations", Command::Any(Any::ActiveOperations)),
    ("list-all-operations", Command::Any(Any::AllOperations)),
    ("list-standards", Command::Agents),
    ("list-ocf-providers", Command::Agents),
    ("list-agents", Command::Agents),
    ("list-ocf-alternatives", Command::Agents),
    ("show-metadata", Command::Agents),
    ("query-xml", Command::One(One::Configuration)),
    ("query-xml-raw", Command::One(One::RawConfiguration)),
    ("get-parameter", Command::One(One::Get)),
    ("locate", Command::One(One::Locate)),
    ("constraints", Command::One(One::Constraints)),
    ("stack", Command::One(One::Stack)),
    ("why", Command::Any(Any::Why)),
    ("cleanup", Command::Any(Any::Cleanup)),
    ("refresh", Command::Any(Any::Refresh)),
    ("set-parameter", Command::One(One::Set)),
    ("delete-parameter", Command::One(One::DeleteValue)),
    ("move", Command::One(One::Move)),
    ("ban", Command::One(One::Ban)),
    ("clear", Command::Any(Any::Clear)),
    ("delete", Command::Any(Any::Delete)),
    ("fail", Command::One(One::Fail)),
    ("restart", Command::One(One::Restart)),
    ("wait", Command::Wait),
    ("digests", Command::One(One::Digests)),
    ("validate", Command::One(One::Execute)),
    ("force-demote", Command::One(One::Execute)),
    ("force-stop", Command::One(One::Execute)),
    ("force-start", Command::One(One::Execute)),
    ("force-promote", Command::One(One::Execute)),
    ("force-check", Command::One(One::Execute)),
];

/// How a command takes the resource that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// It is about none.
    Nothing,
    /// One that is there, if one is named.
    Some,
    /// One that is there must be named.
    One,
    /// One that is there must be named, and no numbered copy of a clone set.
    OneWhole,
    /// One must be named, which need not be there.
    Word,
}

impl Command {
    fn names(self) -> Names {
        match self {
            Self::Options | Self::Agents | Self::Wait => Names::Nothing,
            Self::Any(any) => any.names(),
            Self::One(One::Move | One::Ban | One::Restart) => Names::OneWhole,
            Self::One(
                One::Configuration
                | One::RawConfiguration
                | One::Get
                | One::Locate
                | One::Constraints
                | One::Stack
                | One::Set
                | One::DeleteValue
                | One::Fail
                | One::Digests
                | One::Execute,
            ) => Names::One,
        }
    }

    /// Only what happens on one node has an answer.
    fn needs_node(self) -> bool {
        matches!(self, Self::One(One::Fail | One::Digests))
    }

    /// Lists that have titles and indents.
    fn is_fancy(self) -> bool {
        let constraints = [Self::One(One::Constraints), Self::One(One::Stack)];
        self == Self::Options || self == Self::Any(Any::List) || constraints.contains(&self)
    }
}

impl Any {
    fn names(self) -> Names {
        match self {
            Self::List
            | Self::Ids
            | Self::ForTests
            | Self::ActiveOperations
            | Self::AllOperations => Names::Nothing,
            Self::Why | Self::Cleanup | Self::Refresh => Names::Some,
            Self::Clear => Names::OneWhole,
            Self::Delete => Names::Word,
        }
    }
}

/// What is asked for: by which option, and that one's value.
fn command(call: &Call) -> (Command, &str, &str) {
    let found = call.given.iter().rev().find_map(|given| {
        let (_, command) = COMMANDS.iter().find(|(name, _)| *name == given.name)?;
        Some((*command, given.name, given.value.as_str()))
    });
    found.unwrap_or((Command::Any(Any::List), "list", ""))
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if let Err(trouble) = check_values(call) {
        // Who cannot be understood is told so in plain words, whatever form the answer was to have.
        said.be_plain();
        return Err(trouble);
    }
    let (command, option, value) = command(call);
    if call.has("expired") && command != Command::Any(Any::Clear) {
        return Err(Trouble::usage("--expired requires --clear or -U"));
    }
    let overrides = overrides(call)?;
    if !command.is_fancy() {
        said.be_bare();
    }
    if let Some(agent) = stated::agent(call, command == Command::One(One::Execute))? {
        return execute::stated(&agent, option, call, &overrides, said);
    }
    check_names(call, command)?;
    let home = Home::find().within(restart::patience(call));
    match command {
        Command::Options => Ok(option_lists::show(value, call.has("all"), said)),
        Command::Agents => agents::answer(option, value, said),
        Command::Wait => restart::wait(&home, call),
        Command::Any(any) => with_task(&home, call, command, said, |task| act_on_any(any, task)),
        Command::One(one) => with_task(&home, call, command, said, |task| {
            act_on_one(one, (option, value), task, &overrides)
        }),
    }
}

/// What must be named is.
fn check_names(call: &Call, command: Command) -> Result<(), Trouble> {
    let names = command.names();
    let must = matches!(names, Names::One | Names::OneWhole | Names::Word);
    if must && !call.has("resource") && !call.has("expired") {
        return Err(Trouble::usage("Must supply a resource ID with -r/--resource"));
    }
    if command.needs_node() && last(&call.given, &["node", "host-uname"]).is_none() {
        return Err(Trouble::usage("Must supply a node name with -N/--node"));
    }
    Ok(())
}

/// Reads the document, finds what is named, and acts.
fn with_task(
    home: &Home,
    call: &Call,
    command: Command,
    said: &mut Output,
    act: impl FnOnce(&mut Task<'_, '_>) -> Result<Exit, Trouble>,
) -> Result<Exit, Trouble> {
    let found = home.open("Could not connect to the CIB: ").map_err(|trouble| {
        if trouble.exit != Exit::NotPermitted {
            return trouble;
        }
        said.error("Could not obtain the current CIB: Permission denied".to_owned());
        Trouble::new(trouble.exit, "")
    })?;
    let now = crate::time::now();
    let resolved = scheduler::resolve(&found.document, &Input { now, sanitized: false });
    complaints::say(&resolved, said);
    let asked = Asked::read(call, &resolved, command.names())?;
    act(&mut Task { home, resolved: &resolved, asked, said })
}

fn act_on_any(any: Any, task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    match any {
        Any::List => lists::resources(task),
        Any::Ids => lists::ids(task),
        Any::ForTests => Ok(lists::for_tests(task)),
        Any::ActiveOperations => Ok(lists::operations(task, true)),
        Any::AllOperations => Ok(lists::operations(task, false)),
        Any::Why => Ok(why::tell(task)),
        Any::Cleanup => forget::failures(task),
        Any::Refresh => forget::everything(task),
        Any::Clear => placing::clear(task),
        Any::Delete => delete(task),
    }
}

fn act_on_one(
    one: One,
    (option, value): (&str, &str),
    task: &mut Task<'_, '_>,
    overrides: &[(String, String)],
) -> Result<Exit, Trouble> {
    let Some(at) = task.asked.resource else {
        return Err(Trouble::usage("Must supply a resource ID with -r/--resource"));
    };
    match one {
        One::Locate => Ok(lists::places(task, at)),
        One::Configuration => Ok(lists::configuration(task, at, true)),
        One::RawConfiguration => Ok(lists::configuration(task, at, false)),
        One::Get => Ok(values::get(task, at, value)),
        One::Set => values::set(task, at, value),
        One::DeleteValue => values::delete(task, at, value),
        One::Constraints => Ok(colocated::show(task, at, false)),
        One::Stack => Ok(colocated::show(task, at, true)),
        One::Move => placing::prefer(task, at),
        One::Ban => placing::ban(task, at),
        One::Restart => restart::restart(task, at),
        One::Digests => digests::show(task, at, overrides),
        One::Fail => forget::fail(task, at),
        One::Execute => execute::configured(task, at, option, overrides),
    }
}

/// Values that make no sense, whatever is asked for.
fn check_values(call: &Call) -> Result<(), Trouble> {
    for given in &call.given {
        let value = given.value.as_str();
        let fits = match given.name {
            "list-options" => option_lists::is_known(value),
            "timeout" | "wait-timeout" => parse_timeout(value).is_some(),
            "option" => value.split_once('=').is_some_and(|(name, _)| !name.is_empty()),
            "validate" | "force-check" if !value.is_empty() && value.parse::<u32>().is_err() => {
                return Err(Trouble::usage(format!("Invalid check level setting: {value}")));
            }
            _ => true,
        };
        if !fits {
            return Err(Trouble::usage(format!("Error parsing option {}", given.written)));
        }
    }
    Ok(())
}

/// Parameters for this call alone: the words that are no options. Few commands take any.
fn overrides(call: &Call) -> Result<Vec<(String, String)>, Trouble> {
    let words = &call.loose;
    let takes = |(name, command): &(&str, Command)| {
        matches!(command, Command::One(One::Execute | One::Digests)) && call.has(name)
    };
    if !words.is_empty() && !COMMANDS.iter().any(takes) {
        let mut refused = "non-option ARGV-elements:".to_owned();
        for (at, word) in words.iter().enumerate() {
            refused.push_str(&format!("\n[{} of {}] {word}", at + 1, words.len()));
        }
        return Err(Trouble::usage(refused));
    }
    let pair = |word: &String| {
        let pair = word.split_once('=').filter(|(name, _)| !name.is_empty());
        let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
        pair.ok_or_else(|| Trouble::usage(format!("Error parsing '{word}' as a name=value pair")))
    };
    words.iter().map(pair).collect()
}

fn delete(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    let Some(kind) = task.asked.call.value("resource-type") else {
        return Err(Trouble::usage("You need to specify a resource type with -t"));
    };
    let given = task.asked.given;
    let resources = task.resolved.document.section(cib::Section::Resources);
    let mut elements = resources.into_iter().flat_map(cib::Element::descendants);
    // What is not there is deleted already.
    if elements.any(|at| at.is(kind) && at.attr("id") == Some(given)) {
        let xpath = format!("//resources//{kind}[@id='{given}']");
        change(task.home, &[vec![Edit::Delete { xpath, all: false }]])?;
    }
    Ok(Exit::Ok)
}
