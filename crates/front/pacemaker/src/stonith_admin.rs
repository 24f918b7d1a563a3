//! `stonith_admin`: which fence devices there are and what was fenced; and, for agents and people under
//! pressure: cut a node off, let it back, say that it is off.

mod ask;
mod devices;
mod history;
mod registered;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 31] = [
    valued("list", Some('l'), "NODE", "List the devices that can fence a node"),
    switch("list-registered", Some('L'), "List the devices"),
    switch("list-installed", Some('I'), "List the fence agents of this machine"),
    valued("list-targets", Some('s'), "DEVICE", "List what a device can fence"),
    switch("metadata", Some('M'), "Show what an agent says of itself"),
    valued("query", Some('Q'), "DEVICE", "Ask a device, from here, whether it works"),
    valued("history", Some('H'), "NODE", "Show when a node, or any (*), was fenced"),
    valued("last", Some('h'), "NODE", "Show when a node was fenced last"),
    switch("validate", Some('K'), "Ask an agent whether its parameters will do"),
    valued("reboot", Some('B'), "NODE", "Turn a node off and on again"),
    valued("fence", Some('F'), "NODE", "Turn a node off"),
    valued("unfence", Some('U'), "NODE", "Let a node back"),
    valued("confirm", Some('C'), "NODE", "Say that a node is off: be sure"),
    valued("register", Some('R'), "DEVICE", "Done if the configuration has it, else refused"),
    valued("deregister", Some('D'), "DEVICE", "Done: the configuration's devices stay"),
    valued(
        "register-level",
        Some('r'),
        "TARGET",
        "As --register, for a level; with --index, --device",
    ),
    valued("deregister-level", Some('d'), "TARGET", "Refused if the configuration has it"),
    switch("cleanup", Some('c'), "With --history: forget it, all over the cluster"),
    switch("broadcast", Some('b'), "Accepted: every node knows the whole history"),
    valued("agent", Some('a'), "AGENT", "With --register, --metadata and --validate: which"),
    valued("option", Some('o'), "NAME=VALUE", "With --register and --validate: a parameter"),
    valued("env-option", Some('e'), "NAME", "The same, from OCF_RESKEY_NAME"),
    valued("tag", Some('T'), "NAME", "Accepted"),
    valued(
        "device",
        Some('v'),
        "DEVICE",
        "With --register-level: a device of it; with --validate: what it is called",
    ),
    valued("index", Some('i'), "LEVEL", "The level"),
    valued("timeout", Some('t'), "SECONDS", "How long to wait; 120 unless given"),
    valued("delay", Some('y'), "SECONDS", "How long to wait before a node is cut off"),
    switch("as-node-id", Some('n'), "With --last: the node's number is given"),
    valued("tolerance", None, "SECONDS", "Be content with what was done so short a time ago"),
    switch("quiet", Some('q'), "Say less"),
    switch("silent", None, "The same"),
];

const TOOL: Tool = Tool {
    name: "stonith_admin",
    purpose: "Fences nodes, and tells about devices and past fencings.",
    taken: &TAKEN,
    loose: "",
};

/// Asks about fencing, or for it.
pub(crate) fn fencing_admin(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

const COMMANDS: [&str; 17] = [
    "list",
    "list-registered",
    "list-installed",
    "list-targets",
    "metadata",
    "query",
    "history",
    "last",
    "validate",
    "reboot",
    "fence",
    "unfence",
    "confirm",
    "register",
    "deregister",
    "register-level",
    "deregister-level",
];

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    said.be_bare();
    let asked = last(&call.given, &COMMANDS);
    let asked = asked.ok_or_else(|| Trouble::usage("say what to do, such as --reboot NODE"))?;
    let seconds = call.number("timeout")?.unwrap_or(120);
    if !(0..=i64::from(u32::MAX / 1000)).contains(&seconds) {
        return Err(Trouble::usage(format!("Integer value \"{seconds}\" for -t out of range")));
    }
    let value = asked.value.as_str();
    match asked.name {
        "reboot" => ask::fence(value, "reboot", call),
        "fence" => ask::fence(value, "off", call),
        "unfence" => ask::fence(value, "on", call),
        "confirm" => ask::confirm(value),
        "history" => history::show(value, call, said),
        "last" => history::last(value, call, said),
        "register" => registered::device(value, call),
        "deregister" => registered::no_device(),
        "register-level" => registered::level(value, call),
        "deregister-level" => registered::no_level(value, call),
        command => devices::answer(command, value, call, said),
    }
}

/// Parameters that the command line gives.
fn parameters(call: &Call) -> Result<Vec<(String, String)>, Trouble> {
    let mut all = Vec::new();
    for given in &call.given {
        let value = &given.value;
        let refused = |flag: &str| {
            Trouble::new(Exit::InvalidParameter, format!("Invalid option: {flag} {value}"))
        };
        match given.name {
            "option" => {
                let pair = value.split_once('=').filter(|(name, _)| !name.is_empty());
                let (name, value) = pair.ok_or_else(|| refused("-o"))?;
                all.push((name.to_owned(), value.to_owned()));
            }
            "env-option" => {
                let found = std::env::var(format!("OCF_RESKEY_{value}"));
                all.push((value.clone(), found.map_err(|_unset| refused("-e"))?));
            }
            _ => {}
        }
    }
    Ok(all)
}
