//! The programs behind the repository's own agents (`agents/`), as hidden words of the one binary:
//! `quorate agent-helper package-address|package-resources|package-script|package-service|polled-resource|lan|machine|webserver|lock|announce|fence ...`.
//!
//! The agents themselves are small shell scripts with their metadata. What they cannot do in
//! portable shell is here: a real web server, a lock that is held as long as a process lives, an
//! announcement of an address, the power switch of nodes that are processes of one machine, and the
//! process that looks after a wire's network cards.
//!
//! Packages of Serviceguard's are run by the first of them, and `lan` is for real clusters, too; the others are
//! for demonstrations, tests and first steps. `machine` is no agent's: doors and commands ask it what this
//! machine is.
//!
//! **Not here:** anything that a cluster needs to work.

mod address_lock;
mod announce;
mod fence;
mod lan;
mod lock;
mod lock_place;
mod machine;
mod ocf;
mod package_address;
mod package_attach;
mod package_resources;
mod package_script;
mod package_service;
mod package_site;
mod polled_resource;
mod power;
mod service;
mod webserver;

pub use lock::{LedgerSummary, check_ledger};

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs one of the programs. `words` are those after `agent-helper`.
#[expect(clippy::print_stderr, reason = "the agent's standard error, which the executor reads")]
pub fn main(words: Vec<OsString>) -> ExitCode {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["package-address", action] => package_address::main(action),
        ["package-attach", action] => package_attach::main(action),
        ["package-resources", action] => package_resources::main(action),
        ["package-script", action] => package_script::main(action),
        ["package-site", action] => package_site::main(action),
        ["package-service", action] => package_service::main(action),
        ["polled-resource", action] => polled_resource::main(action),
        ["webserver", action] => webserver::main(action),
        ["lock", "check", file] => lock::check_main(file),
        ["lock", action] => lock::main(action),
        ["lan", action] => lan::main(action),
        ["lan", question, resource] => lan::ask_main(question, resource, None),
        ["lan", question, resource, card] => lan::ask_main(question, resource, Some(card)),
        ["machine"] => machine::main(),
        ["announce", interface, address] => announce::main(interface, address),
        ["fence", options @ ..] => fence::main(options),
        _ => {
            eprintln!(
                "agent-helper: package-address ACTION, package-attach ACTION, package-resources ACTION, package-script ACTION, package-service ACTION, package-site ACTION, polled-resource ACTION, lan ACTION, machine, webserver ACTION, lock ACTION, announce NIC IP, or fence"
            );
            ExitCode::from(64)
        }
    }
}
