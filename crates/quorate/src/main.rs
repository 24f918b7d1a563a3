//! The one program: daemon, command line and, by the name it is called with, each compatibility
//! tool.

mod links;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let called = Path::new(&called).file_name().unwrap_or_default().to_owned();
    let mut words: Vec<OsString> = words.collect();
    if let Some(tool) = called.to_str().and_then(tool) {
        return tool(words);
    }
    if words.is_empty() {
        return usage("say what to do");
    }
    let verb = words.remove(0);
    match verb.to_str() {
        Some("links") => links::links(&words),
        Some(verb) => match tool(verb) {
            Some(tool) => tool(words),
            None => usage(&format!("`{verb}` is not a command")),
        },
        None => usage("commands are words of plain text"),
    }
}

/// A front end; it gets the words after its name.
type Tool = fn(Vec<OsString>) -> ExitCode;

/// Names of other systems' commands that this program answers to.
const COMPATIBLE: [(&str, Tool); 1] = [("crm_simulate", pacemaker::crm_simulate)];

/// Commands of our own.
const OWN: [(&str, Tool); 3] =
    [("daemon", daemon::daemon), ("fabric", daemon::fabric), ("simulate", pacemaker::crm_simulate)];

fn tool(name: &str) -> Option<Tool> {
    COMPATIBLE.iter().chain(&OWN).find(|(known, _)| *known == name).map(|(_, tool)| *tool)
}

#[expect(clippy::print_stderr, reason = "this is where words to the operator leave the program")]
fn usage(reason: &str) -> ExitCode {
    let names = COMPATIBLE.iter().chain(&OWN).map(|(name, _)| *name);
    let names: Vec<&str> = std::iter::once("links").chain(names).collect();
    eprintln!("quorate: {reason}\n  commands: {}", names.join(", "));
    ExitCode::from(64)
}
