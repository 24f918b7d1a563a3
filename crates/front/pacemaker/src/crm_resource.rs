//! `crm_resource`: asks about resources and their agents, and changes how the cluster treats them.
//!
//! **Not here:** `--constraints`, `--stack`, `--digests`, `--fail`, `--validate` and `--force-*`,
//! which are refused.

mod agents;
mod lists;
mod placing;
mod running;
mod values;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use cib::Document;
use cib::edit::{self, Edit};
use scheduler::{Input, NodeIx, ResIx, Resolved};

use crate::exit::{self, Exit};
use crate::home::{Found, Home};
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 60] = [
    switch("quiet", Some('Q'), "Write names and values alone"),
    valued("resource", Some('r'), "ID", "The resource"),
    switch("list", Some('L'), "List all resources and what they do"),
    switch("list-raw", Some('l'), "List the ids of all instances"),
    switch("list-cts", Some('c'), "Not done here"),
    switch("list-operations", Some('O'), "List operations since the last start"),
    switch("list-all-operations", Some('o'), "List all operations"),
    valued("list-options", None, "TYPE", "Not done here"),
    switch("list-standards", None, "List the standards that agents may follow"),
    switch("list-ocf-providers", None, "List who provides OCF agents"),
    valued("list-agents", None, "STANDARD[:PROVIDER]", "List the agents there are"),
    valued("list-ocf-alternatives", None, "AGENT", "List who provides this OCF agent"),
    valued("show-metadata", None, "AGENT", "Show what an agent says of itself"),
    switch("query-xml", Some('q'), "Show the configuration, templates put in"),
    switch("query-xml-raw", Some('w'), "Show the configuration as it is written"),
    valued("get-parameter", Some('g'), "NAME", "Show a value"),
    switch("locate", Some('W'), "Show where it runs"),
    switch("constraints", Some('a'), "Not done here"),
    switch("stack", Some('A'), "Not done here"),
    switch("why", Some('Y'), "Show why resources do not run; `quorate why` says more"),
    valued("validate", None, "[LEVEL]", "Not done here"),
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
    switch("fail", Some('F'), "Not done here"),
    switch("restart", None, "Stop it and start it again"),
    switch("wait", None, "Wait until the cluster has nothing left to do"),
    switch("digests", None, "Not done here"),
    switch("force-demote", None, "Not done here"),
    switch("force-stop", None, "Not done here"),
    switch("force-start", None, "Not done here"),
    switch("force-promote", None, "Not done here"),
    valued("force-check", None, "[LEVEL]", "Not done here"),
    valued("node", Some('N'), "NODE", "The node"),
    valued("host-uname", Some('H'), "NODE", "The same"),
    switch("recursive", None, "Not done here"),
    valued("resource-type", Some('t'), "ELEMENT", "What --delete removes, such as primitive"),
    valued("parameter-value", Some('v'), "VALUE", "The value to set"),
    switch("meta", Some('m'), "The value is an option of the cluster's, not a parameter"),
    switch("utilization", Some('z'), "The value is what the resource needs of its node"),
    switch("element", None, "The value is an attribute of the element itself"),
    valued("operation", Some('n'), "NAME", "Accepted: failures are forgotten together"),
    valued("interval", Some('I'), "TIME", "The same"),
    valued("class", None, "STANDARD", "Not done here"),
    valued("agent", None, "AGENT", "Not done here"),
    valued("provider", None, "PROVIDER", "Not done here"),
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
    loose: "",
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

/// All that asks for something; the last one given counts.
const COMMANDS: [&str; 31] = [
    "list",
    "list-raw",
    "list-operations",
    "list-all-operations",
    "list-standards",
    "list-ocf-providers",
    "list-agents",
    "list-ocf-alternatives",
    "show-metadata",
    "query-xml",
    "query-xml-raw",
    "get-parameter",
    "locate",
    "why",
    "cleanup",
    "refresh",
    "set-parameter",
    "delete-parameter",
    "move",
    "ban",
    "clear",
    "delete",
    "restart",
    "wait",
    "list-cts",
    "list-options",
    "constraints",
    "stack",
    "fail",
    "digests",
    "validate",
];

const FORCED: [&str; 5] =
    ["force-demote", "force-stop", "force-start", "force-promote", "force-check"];

/// Those that are about one resource.
const OF_ONE: [&str; 11] = [
    "query-xml",
    "query-xml-raw",
    "get-parameter",
    "locate",
    "set-parameter",
    "delete-parameter",
    "move",
    "ban",
    "clear",
    "delete",
    "restart",
];

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let asked = last(&call.given, &COMMANDS);
    let command = asked.map_or("list", |given| given.name);
    let value = asked.map_or("", |given| given.value.as_str());
    if call.has("expired") && command != "clear" {
        return Err(Trouble::usage("--expired requires --clear or -U"));
    }
    if last(&call.given, &FORCED).is_some() || is_missing(command) {
        return Err(Trouble::new(Exit::Unimplemented, format!("--{command} is not done here")));
    }
    if command != "list" {
        said.be_bare();
    }
    if agents::answer(command, value, said)? {
        return Ok(Exit::Ok);
    }
    let is_of_one = OF_ONE.contains(&command) && !call.has("expired");
    if is_of_one && !call.has("resource") {
        return Err(Trouble::usage("Must supply a resource ID with -r/--resource"));
    }
    let home = Home::find();
    if command == "wait" {
        return running::wait(&home, call);
    }
    let found = home.open("Could not connect to the CIB: ")?;
    let now = crate::time::now();
    let resolved = scheduler::resolve(&found.document, &Input { now, sanitized: false });
    let asked = Asked::read(call, &resolved)?;
    match command {
        "list" => lists::resources(&resolved, said),
        "list-raw" => lists::ids(&resolved, said),
        "list-operations" | "list-all-operations" => {
            lists::operations(&resolved, &asked, command == "list-operations", said);
            Ok(Exit::Ok)
        }
        "why" => {
            why::tell(&resolved, &asked, said);
            Ok(Exit::Ok)
        }
        "cleanup" | "refresh" => running::forget(&home, &resolved, &asked, command, said),
        _ => of_one(command, value, &home, &resolved, &asked, said),
    }
}

fn is_missing(command: &str) -> bool {
    ["list-cts", "list-options", "constraints", "stack", "fail", "digests", "validate"]
        .contains(&command)
}

fn of_one(
    command: &str,
    value: &str,
    home: &Home,
    resolved: &Resolved<'_>,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    if command == "clear" {
        return placing::clear(home, resolved, asked, said);
    }
    let Some(resource) = asked.resource else {
        return Err(Trouble::usage("Must supply a resource ID with -r/--resource"));
    };
    match command {
        "locate" => lists::places(resolved, resource, asked, said),
        "query-xml" => lists::configuration(resolved, resource, true, said),
        "query-xml-raw" => lists::configuration(resolved, resource, false, said),
        "get-parameter" => values::get(resolved, resource, value, asked, said)?,
        "set-parameter" => values::set(home, resolved, resource, value, asked, said)?,
        "delete-parameter" => values::delete(home, resolved, resource, value, asked, said)?,
        "move" => placing::prefer(home, resolved, resource, asked, said)?,
        "ban" => placing::ban(home, resolved, resource, asked, said)?,
        "restart" => running::restart(home, resolved, resource, asked, said)?,
        _ => delete(home, asked)?,
    }
    Ok(Exit::Ok)
}

/// What a call is about.
#[derive(Clone, Copy, Debug)]
struct Asked<'c> {
    call: &'c Call,
    /// The resource's id as it was given, without the number of an instance.
    id: &'c str,
    resource: Option<ResIx>,
    node: Option<NodeIx>,
    /// It is about the promoted role alone.
    promoted_only: bool,
}

impl<'c> Asked<'c> {
    fn read(call: &'c Call, resolved: &Resolved<'_>) -> Result<Self, Trouble> {
        let node = last(&call.given, &["node", "host-uname"]).map(|given| given.value.as_str());
        let node =
            match node {
                None => None,
                Some(name) => Some(find_node(resolved, name).ok_or_else(|| {
                    Trouble::new(Exit::NoSuch, format!("Node '{name}' not found"))
                })?),
            };
        let given = call.value("resource").unwrap_or_default();
        let base = given.rsplit_once(':').filter(|(_, number)| number.parse::<u32>().is_ok());
        let id = base.map_or(given, |(base, _)| base);
        let resource = [given, id]
            .iter()
            .find_map(|id| resolved.find_resource(id).or_else(|| resolved.find_recorded(id)));
        if resource.is_none() && call.has("resource") {
            let words = format!("Resource '{given}' not found");
            return Err(Trouble::new(Exit::NoSuch, words));
        }
        let promoted_only = call.has("promoted") || call.has("master");
        Ok(Self { call, id, resource, node, promoted_only })
    }

    fn is_quiet(&self) -> bool {
        self.call.has("quiet")
    }

    fn is_forced(&self) -> bool {
        self.call.has("force")
    }

    /// A remark for who wants to hear more than the answer.
    fn note(&self, said: &mut Output, words: &str) {
        if !self.is_quiet() {
            said.note(words);
        }
    }
}

fn find_node(resolved: &Resolved<'_>, name: &str) -> Option<NodeIx> {
    resolved.node_indices().find(|node| resolved.node(*node).name.eq_ignore_ascii_case(name))
}

/// Makes edits one after another; each counts as a change of its own, as Pacemaker makes them.
fn change(home: &Home, edits: &[Vec<Edit>]) -> Result<(), Trouble> {
    home.change("Could not connect to the CIB: ", |found: &Found| {
        let mut document: Document = found.document.clone();
        for together in edits.iter().filter(|edits| !edits.is_empty()) {
            document = edit::apply(&document, together).map_err(refused)?.document;
        }
        Ok((document, ()))
    })
}

fn refused(refused: edit::Refused) -> Trouble {
    let exit =
        if matches!(refused, edit::Refused::NotFound { .. }) { Exit::NoSuch } else { Exit::Config };
    Trouble::new(exit, refused.to_string())
}

fn delete(home: &Home, asked: &Asked<'_>) -> Result<(), Trouble> {
    let Some(kind) = asked.call.value("resource-type") else {
        return Err(Trouble::usage("You need to specify a resource type with -t"));
    };
    let xpath = format!("//resources//{kind}[@id='{}']", asked.id);
    change(home, &[vec![Edit::Delete { xpath, all: false }]])
}
