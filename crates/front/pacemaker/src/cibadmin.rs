//! `cibadmin`: asks for the document or parts of it, and changes them.
//!
//! **Not here:** what a change does to a document (`operation`), and where the document is
//! ([`Home`]).

mod access;
mod operation;
mod query;

use std::ffi::OsString;
use std::process::ExitCode;

use cib::Document;

use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::source;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};
use operation::{Operation, Target};

const TAKEN: [Taken; 32] = [
    switch("upgrade", Some('u'), "Bring the document to the newest schema"),
    switch("query", Some('Q'), "Show the document, or the part that is chosen"),
    switch("erase", Some('E'), "Empty the document"),
    switch("bump", Some('B'), "Raise the document's epoch"),
    switch("create", Some('C'), "Add an element; fails if it is there"),
    switch("modify", Some('M'), "Set what an element says in the one that has its name and id"),
    switch("patch", Some('P'), "Apply a difference as crm_diff writes it"),
    switch("replace", Some('R'), "Put an element in the place of the one with its name and id"),
    switch("delete", Some('D'), "Remove the first element that is like the given one"),
    switch("delete-all", Some('d'), "With --xpath, remove all that it selects"),
    valued("empty", Some('a'), "[SCHEMA]", "Write an empty document"),
    switch("md5-sum", Some('5'), "The checksum of the given document as on disk"),
    switch("md5-sum-versioned", Some('6'), "The checksum of the given document as sent"),
    valued("xml-file", Some('x'), "FILE", "The element is in this file"),
    valued("xml-text", Some('X'), "XML", "The element itself"),
    switch("xml-pipe", Some('p'), "The element is in the standard input"),
    switch("force", Some('f'), "Do also what is dangerous"),
    valued("timeout", Some('t'), "SECONDS", "How long to wait for an answer"),
    valued("user", Some('U'), "USER", "Whose permissions count"),
    valued("scope", Some('o'), "SECTION", "The section to work on"),
    valued("xpath", Some('A'), "XPATH", "What to work on"),
    valued(
        "show-access",
        Some('S'),
        "[HOW]",
        "With --query and --user, show what the user may: color, text, namespace or auto",
    ),
    switch("score", None, "Accepted: values such as x++ are always counted"),
    switch("allow-create", Some('c'), "With --modify, add what is not there"),
    switch("no-children", Some('n'), "Leave out what is in the elements that are shown"),
    switch("node-path", Some('e'), "Show where the selected elements are, not what they are"),
    valued("node", Some('N'), "NODE", "Accepted; all nodes have the same document"),
    valued("host", Some('h'), "NODE", "The same"),
    switch("local", Some('l'), "Accepted; all nodes have the same document"),
    switch("sync-call", Some('s'), "Accepted; answers are always waited for"),
    switch("no-bcast", Some('b'), "Accepted"),
    valued("call", Some('i'), "NUMBER", "Accepted"),
];

const TOOL: Tool = Tool {
    name: "cibadmin",
    purpose: "Asks for the cluster's configuration and status, and changes them.",
    taken: &TAKEN,
    loose: "",
};

/// Shows or changes the document.
pub(crate) fn cibadmin(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

const COMMANDS: [&str; 13] = [
    "upgrade",
    "query",
    "erase",
    "bump",
    "create",
    "modify",
    "patch",
    "replace",
    "delete",
    "delete-all",
    "empty",
    "md5-sum",
    "md5-sum-versioned",
];

const DANGEROUS: &str = "The supplied command is considered dangerous. To prevent accidental \
                         destruction of the cluster, the --force flag is required in order to \
                         proceed.";

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let command = last(&call.given, &COMMANDS).map_or("query", |given| given.name);
    if ["upgrade", "erase", "delete-all"].contains(&command) && !call.has("force") {
        return Err(Trouble::new(Exit::Unsafe, DANGEROUS));
    }
    if command == "empty" {
        let schema = call.value("empty").filter(|schema| !schema.is_empty());
        said.quote("output", &operation::empty(schema).to_string());
        return Ok(Exit::Ok);
    }
    let input = input(call, command)?;
    if let ("md5-sum" | "md5-sum-versioned", Some(input)) = (command, &input) {
        let sum = if command == "md5-sum" { input.digest_on_disk() } else { input.digest() };
        said.tell(|out| out.line(&sum), |xml| xml.empty("md5-sum", &[("digest", &sum)]));
        return Ok(Exit::Ok);
    }
    let target = target(call, said);
    if call.number("timeout")?.is_some_and(|seconds| seconds < 1) {
        said.error("Timeout must be positive, defaulting to 30".to_owned());
    }
    let shown_access = access::asked(call, command, said)?;
    // Access is shown as who asks sees the document.
    let user = call.value("user").filter(|_| shown_access.is_none());
    let home = Home::find_as(user);
    match operation(command, call, input) {
        None => {
            let document = home.open(NOT_REACHED)?.document;
            match shown_access.filter(|_| target == Target::All) {
                Some(asked) => access::show(&document, &asked, said),
                None => query::query(&document, &target, call, said),
            }
        }
        Some(operation) => change(&home, &target, &operation, said),
    }
}

const NOT_REACHED: &str = "Could not connect to the CIB API: ";

/// The change that a command asks for; nothing for a query.
fn operation(command: &str, call: &Call, input: Option<Document>) -> Option<Operation> {
    Some(match (command, input) {
        ("upgrade", _) => Operation::Upgrade,
        ("erase", _) => Operation::Erase,
        ("bump", _) => Operation::Bump,
        ("create", Some(input)) => Operation::Create(input),
        ("modify", Some(input)) => Operation::Modify(input, call.has("allow-create")),
        ("patch", Some(input)) => Operation::Patch(input),
        ("replace", Some(input)) => Operation::Replace(input),
        ("delete" | "delete-all", input) => Operation::Delete(input, command == "delete-all"),
        _ => return None,
    })
}

/// The element that a command works with, if it needs one.
fn input(call: &Call, command: &str) -> Result<Option<Document>, Trouble> {
    let may_select = ["delete", "delete-all"].contains(&command);
    let selects = last(&call.given, &["scope", "xpath"]).is_some_and(|at| at.name == "xpath");
    let needs = ["create", "modify", "patch", "replace", "md5-sum", "md5-sum-versioned"];
    if !(needs.contains(&command) || may_select && !selects) {
        return Ok(None);
    }
    let (from, text) = match (call.value("xml-file"), call.value("xml-text")) {
        (Some(path), _) => {
            (path, source::read_file(std::path::Path::new(path)).and_then(source::parse))
        }
        (None, Some(text)) => ("input string", source::parse(text.to_owned())),
        (None, None) if call.has("xml-pipe") => ("stdin", source::document("-")),
        (None, None) => {
            let or = if may_select { "either --xpath or " } else { "" };
            return Err(Trouble::usage(format!(
                "The supplied command requires {or}input via --xml-file, --xml-text, or --xml-pipe"
            )));
        }
    };
    text.map(Some).map_err(|unreadable| {
        let why = unreadable.why;
        Trouble::new(Exit::Data, format!("Couldn't parse input from {from}\n  {why}"))
    })
}

fn target(call: &Call, said: &mut Output) -> Target {
    let Some(given) = last(&call.given, &["scope", "xpath"]) else { return Target::All };
    if given.name == "xpath" {
        return Target::XPath(given.value.clone());
    }
    match given.value.parse() {
        Ok(cib::Section::Cib) => Target::All,
        Ok(section) => Target::Section(section),
        Err(_unknown) => {
            said.error(format!(
                "Invalid value '{}' for '--scope'. Operation will apply to the entire CIB",
                given.value
            ));
            Target::Nowhere
        }
    }
}

/// Puts the configuration of `document`, or all of it, in the place of what there is.
pub(crate) fn replace(
    home: &Home,
    beginning: &str,
    document: &Document,
    all: bool,
) -> Result<(), Trouble> {
    let target = if all { Target::All } else { Target::Section(cib::Section::Configuration) };
    let operation = Operation::Replace(document.clone());
    home.change(beginning, |found| {
        let refused = |refused: operation::Refused| {
            let details: String =
                refused.details.iter().map(|detail| format!("\n  {detail}")).collect();
            Trouble::new(refused.exit, format!("Could not commit: {}{details}", refused.why))
        };
        let done = operation::perform(&found.document, &target, &operation).map_err(refused)?;
        match done.refused {
            Some(why) => Err(refused(why)),
            None => Ok((done.after, ())),
        }
    })
}

fn change(
    home: &Home,
    target: &Target,
    operation: &Operation,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let done = home.change(NOT_REACHED, |found| {
        let done = operation::perform(&found.document, target, operation);
        let done = done.unwrap_or_else(|refused| operation::Done {
            refused: Some(refused),
            ..operation::Done::plain(found.document.clone())
        });
        Ok((done.after, (done.refused, done.remark, done.dropped)))
    });
    let (refused, remark, dropped) = done?;
    for word in dropped {
        said.log(&format!("INFO: {word}"));
    }
    if let Some(remark) = remark {
        said.note(&remark);
    }
    let Some(refused) = refused else { return Ok(Exit::Ok) };
    said.error(format!("cibadmin: CIB API call failed: {}", refused.why));
    for detail in &refused.details {
        said.error(format!("  {detail}"));
    }
    if let Some(failed) = refused.failed {
        said.quote("output", &failed.to_string());
    }
    Ok(refused.exit)
}
