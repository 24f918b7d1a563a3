//! The one program: daemon, command line and, by the name it is called with, each compatibility
//! tool.

mod links;
mod schemas;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use pacemaker::Entry;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let called = Path::new(&called).file_name().unwrap_or_default().to_owned();
    let mut words: Vec<OsString> = words.collect();
    let is_sought = called == SOUGHT && words.first().is_some_and(|word| word == "daemon");
    if !is_sought && let Some(tool) = called.to_str().and_then(tool) {
        return tool(words);
    }
    // Everything that is not an entry of its own is a command for people, or a mistake that the
    // command line explains.
    match words.first().and_then(|word| word.to_str()).map(str::to_owned).as_deref() {
        Some("links") => links::links(words.get(1..).unwrap_or_default()),
        Some("schemas") => schemas::schemas(words.get(1..).unwrap_or_default()),
        // Not for people: the repository's own agents call it.
        Some("agent-helper") => own_agents::main(words.split_off(1)),
        // Neither: the daemon asks PAM so, in a process of its own.
        Some("pam-check") => daemon::pam_check(words.split_off(1)),
        // Nor this: what a halted node has on its disk, which its door is asked for.
        Some("stored-configuration") => daemon::stored_configuration(words.split_off(1)),
        Some(verb) => match tool(verb) {
            Some(tool) => tool(words.split_off(1)),
            None => cli::main(words),
        },
        None => cli::main(words),
    }
}

/// The unit starts the daemon by this name: other tools look for it among the processes to see whether the cluster
/// runs (`crm report`, `crm history`).
const SOUGHT: &str = "pacemaker-controld";

/// Names of other systems' commands that this program answers to.
const COMPATIBLE: [&[(&str, Entry)]; 3] =
    [&pacemaker::TOOLS, &serviceguard_commands::TOOLS, &heartbeat_commands::TOOLS];

/// Commands of our own.
const OWN: [(&str, Entry); 5] = [
    ("daemon", daemon::daemon),
    ("demo", demo::main),
    ("fabric", daemon::fabric),
    ("lock", cluster_lock::main),
    ("simulate", pacemaker::simulate),
];

fn tool(name: &str) -> Option<Entry> {
    COMPATIBLE
        .into_iter()
        .flatten()
        .chain(&OWN)
        .find(|(known, _)| *known == name)
        .map(|(_, tool)| *tool)
}
