//! `cargo xtask cluster`: real clusters on this machine. The bed itself is `testbed`.

mod boot;
mod clients;
mod compare;
mod fault;
mod host;
pub(crate) mod play;
mod storm;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use testbed::Bed;

use crate::check::left_out;
use crate::{ended, packages};

/// Its first rounds have a damaged disk, a killed Corosync and a pause.
const SHORT_SEED: u64 = 2;

/// Megabytes that clients write in the short plays: more than the memory of the one that has least.
const SHORT_LOAD: u64 = 192;

/// What the short plays wish for (seconds): so that a machine that stands still for a moment is not
/// taken for several that died.
const SHORT_FAILOVER: f64 = 5.0;

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

/// What `check` runs: all plays, with less to write than by hand.
pub(crate) fn short_plays() -> Result<(), String> {
    if !possible("plays")? {
        return Ok(());
    }
    let root = std::env::temp_dir().join(format!("quorate-play-{}", std::process::id()));
    play::play(&root, &play::Words::all(SHORT_LOAD, SHORT_FAILOVER))
}

/// What `check` runs: a storm of two minutes, always the same.
pub(crate) fn short_storm() -> Result<(), String> {
    if !possible("storm")? {
        return Ok(());
    }
    let root = std::env::temp_dir().join(format!("quorate-storm-{}", std::process::id()));
    storm::storm(&root, &storm::Words::short(SHORT_SEED, 2.0))
}

/// A node's number, by number or by name.
fn node(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix('n').unwrap_or(text);
    digits.parse().map_err(|_| format!("expected a node, such as `n1`, not `{text}`"))
}

/// Runs a command on a node, with this terminal; its code is ours.
fn execute(root: &std::path::Path, node: u32, command: &[String]) -> Result<ExitCode, String> {
    let bed = Bed::open(root)?;
    let (program, words) = command.split_first().ok_or("no command")?;
    let status = bed.command(node, program)?.args(words).status();
    let status = status.map_err(|error| format!("nsenter: {error}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn log(root: &std::path::Path, node: u32) -> Result<(), String> {
    let path = Bed::open(root)?.node_dir(&format!("n{node}")).join("var/log/quorate/daemon.log");
    let text = std::fs::read_to_string(&path);
    print!("{}", text.map_err(|error| format!("{}: {error}", path.display()))?);
    Ok(())
}
