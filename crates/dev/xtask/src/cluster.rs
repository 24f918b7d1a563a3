//! `cargo xtask cluster`: real clusters on this machine. The bed itself is `testbed`.

mod boot;
mod clients;
mod compare;
mod fault;
mod host;
pub(crate) mod play;
mod storm;
mod up;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use testbed::Bed;

use crate::check::steps::{Load, Step};
use crate::check::{RELEASE_BUILD, TEST_BUILD, left_out};
use crate::{ended, packages};

/// Its first rounds have a damaged disk, a killed Corosync and a pause.
const SHORT_SEED: &str = "2";

/// Megabytes that clients write in the short plays: more than the memory of the one that has least.
const SHORT_LOAD: &str = "192";

/// What the short plays wish for (seconds): so that a machine that stands still for a moment is not
/// taken for several that died.
const SHORT_FAILOVER: &str = "5";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the bed is.
    #[arg(long, global = true, value_name = "DIRECTORY", default_value = "/tmp/quorate-bed")]
    dir: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Builds a bed and boots its nodes.
    Up(up::Words),
    /// Ends all of it and removes its directory.
    Down,
    /// What is on, and what the cluster says.
    Status,
    /// Runs a command on a node.
    X {
        #[arg(value_parser = node)]
        node: u32,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Prints what a node's daemon logged.
    Log {
        #[arg(value_parser = node)]
        node: u32,
    },
    /// Faults drawn at random, and audits, on a bed of its own.
    Storm(storm::Words),
    /// Walks through what an administrator does, with real services.
    Play(play::Words),
    /// Debian's pcs and crmsh on a live cluster, compared with what they do on Pacemaker.
    Clients(clients::Words),
    /// Quorate beside the distribution's Pacemaker: failover, moves, changes, memory.
    Compare(compare::Words),
    #[command(flatten)]
    Fault(fault::Verb),
    /// Holds a bed; `up` starts this.
    #[command(hide = true)]
    Host(up::Words),
}

pub(crate) fn cluster(arguments: &Arguments) -> ExitCode {
    let root = &arguments.dir;
    match &arguments.verb {
        Verb::Up(words) => ended(up::up(root, words)),
        Verb::Down => ended(up::down(root)),
        Verb::Status => ended(up::status(root)),
        Verb::X { node, command } => match execute(root, *node, command) {
            Ok(code) => code,
            Err(why) => ended(Err(why)),
        },
        Verb::Log { node } => ended(log(root, *node)),
        Verb::Storm(words) => ended(storm::storm(root, words)),
        Verb::Play(words) => ended(play::play(root, words)),
        Verb::Clients(words) => ended(clients::clients(root, words)),
        Verb::Compare(words) => ended(compare::compare(root, words)),
        Verb::Fault(verb) => ended(fault::fault(root, verb)),
        Verb::Host(words) => ended(host::host(root, words)),
    }
}

/// Whether `check` may run real clusters here; says what is left out if not.
///
/// # Errors
/// If nothing may be left out.
fn possible(what: &str) -> Result<bool, String> {
    let why = match testbed::possible() {
        Ok(()) if packages::has_corosync() => return Ok(true),
        Ok(()) => "Corosync's libraries are not installed".to_owned(),
        Err(why) => why,
    };
    left_out(&format!("the {what}; {why}"))?;
    Ok(false)
}

/// What `check` runs: all plays and the clients' commands, with the program as tests have it, and a storm of
/// two minutes, always the same, with the program as it is shipped. Each is on beds of its own.
pub(crate) fn steps(tested: &Path, shipped: &Path) -> Result<Vec<Step>, String> {
    if !possible("plays, the clients' commands and the storm")? {
        return Ok(Vec::new());
    }
    let step = |name: &str, after, words: &[&str], program: &Path| {
        let bed = format!("quorate-{}-{}", name.replace(' ', "-"), std::process::id());
        let bed = std::env::temp_dir().join(bed).display().to_string();
        let program = program.display().to_string();
        let words = [&["cluster", "--dir", &bed], words, &["--program", &program]].concat();
        Step::own(name, Load::Waits, after, &words)
    };
    let storm =
        ["storm", "--seed", SHORT_SEED, "--minutes", "2", "--bound", "120", "--fencing", "levels"];
    let mut steps = vec![step("storm", RELEASE_BUILD, &storm, shipped)];
    steps.push(step("clients", TEST_BUILD, &["clients"], tested));
    for name in play::playable() {
        let short = ["play", &name, "--megabytes", SHORT_LOAD, "--failover", SHORT_FAILOVER];
        steps.push(step(&format!("play {name}"), TEST_BUILD, &short, tested));
    }
    Ok(steps)
}

/// A node's number, by number or by name.
fn node(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix('n').unwrap_or(text);
    digits.parse().map_err(|_| format!("expected a node, such as `n1`, not `{text}`"))
}

/// Runs a command on a node, with this terminal; its code is ours.
fn execute(root: &Path, node: u32, command: &[String]) -> Result<ExitCode, String> {
    let bed = Bed::open(root)?;
    let (program, words) = command.split_first().ok_or("no command")?;
    let status = bed.command(node, program)?.args(words).status();
    let status = status.map_err(|error| format!("nsenter: {error}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn log(root: &Path, node: u32) -> Result<(), String> {
    let path = Bed::open(root)?.node_dir(&format!("n{node}")).join("var/log/quorate/daemon.log");
    let text = std::fs::read_to_string(&path);
    print!("{}", text.map_err(|error| format!("{}: {error}", path.display()))?);
    Ok(())
}
