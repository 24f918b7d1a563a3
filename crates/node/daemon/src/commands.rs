//! The commands that start what waits: `quorate daemon` and `quorate fabric`.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use fabric::embedded::{self, STALL_DEFAULT, Sequencer, Verb};
use model::NodeId;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{self, LogLevel};
use crate::disk::{Disk, Found, chain};
use crate::{log, node};

/// It could not start, or failed.
pub(crate) const FAILED: u8 = 1;
/// The command line is not understood. Source: sysexits, `EX_USAGE`.
const USAGE: u8 = 64;
/// The configuration file cannot be used. Source: sysexits, `EX_CONFIG`.
pub(crate) const CONFIG: u8 = 78;

/// One node of the cluster: runs its resources and watches over the others.
#[derive(Debug, Parser)]
#[command(name = "quorate daemon")]
struct DaemonWords {
    /// The node's configuration file (TOML). The usual one need not be there where Corosync is set up.
    #[arg(long, value_name = "FILE", default_value = config::USUAL_FILE)]
    config: PathBuf,
}

/// Carries messages between nodes that are processes of this one machine.
#[derive(Debug, Parser)]
#[command(name = "quorate fabric", args_conflicts_with_subcommands = true)]
struct FabricWords {
    #[command(flatten)]
    serve: Option<ServeWords>,
    #[command(subcommand)]
    verb: Option<FabricVerb>,
}

#[derive(Args, Debug)]
struct ServeWords {
    /// Where members connect.
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// Drop a member that takes nothing for so long.
    #[arg(long, value_name = "SECONDS", default_value_t = STALL_DEFAULT.as_secs_f64())]
    stall: f64,
}

#[derive(Debug, Subcommand)]
enum FabricVerb {
    /// Split the nodes into groups that do not see each other, such as `1,2 3`.
    Cut {
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
        /// Node numbers; nodes that are not named form one more group.
        #[arg(required = true, value_parser = group)]
        groups: Vec<Group>,
    },
    /// Join all groups again.
    Heal {
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
    },
    /// Print who sees whom, one group a line.
    Show {
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
    },
}

#[derive(Clone, Debug)]
struct Group(Vec<NodeId>);

fn group(text: &str) -> Result<Group, String> {
    let number = |part: &str| part.parse().map(NodeId);
    let nodes: Result<Vec<NodeId>, _> = text.split(',').map(number).collect();
    nodes.map(Group).map_err(|_| "expected node numbers such as 1,2".to_owned())
}

/// `quorate daemon WORDS`.
pub fn daemon(words: Vec<OsString>) -> ExitCode {
    let words: DaemonWords = match parse(words) {
        Ok(words) => words,
        Err(code) => return code,
    };
    let config = match config::read(&words.config) {
        Ok(config) => config,
        Err(error) => return failed(CONFIG, &error),
    };
    if let Err(error) = log::start(config.log_level, config.log_file.as_deref()) {
        return failed(FAILED, &error);
    }
    in_runtime(async {
        match node::live(&config).await {
            Ok(code) => code,
            Err(error) => failed(error.exit_code(), &error),
        }
    })
}

/// `quorate stored-configuration WORDS`: prints the configuration as this node's disk has it, or nothing where it has none.
/// Not while a daemon runs: then it has the disk.
pub fn stored_configuration(words: Vec<OsString>) -> ExitCode {
    let words: DaemonWords = match parse(words) {
        Ok(words) => words,
        Err(code) => return code,
    };
    let config = match config::read(&words.config) {
        Ok(config) => config,
        Err(error) => return failed(CONFIG, &error),
    };
    if !Disk::is_there(&config) {
        return ExitCode::SUCCESS;
    }
    match Disk::open(&config) {
        Ok(Found { disk, restored: _ }) => {
            let written = std::io::stdout().write_all(disk.configuration().as_bytes());
            written.map_or_else(|error| failed(FAILED, &error), |()| ExitCode::SUCCESS)
        }
        Err(error) => failed(FAILED, &error),
    }
}

/// `quorate fabric WORDS`.
pub fn fabric(words: Vec<OsString>) -> ExitCode {
    let words: FabricWords = match parse(words) {
        Ok(words) => words,
        Err(code) => return code,
    };
    match (words.serve, words.verb) {
        (Some(serve), None) => in_runtime(sequence(serve)),
        (_, Some(FabricVerb::Cut { socket, groups })) => {
            let groups = groups.into_iter().map(|Group(nodes)| nodes).collect();
            in_runtime(tell(socket, Verb::Partition(groups)))
        }
        (_, Some(FabricVerb::Heal { socket })) => in_runtime(tell(socket, Verb::Heal)),
        (_, Some(FabricVerb::Show { socket })) => in_runtime(tell(socket, Verb::Show)),
        (None, None) => say(USAGE, "say where members connect: --socket PATH"),
    }
}

async fn sequence(words: ServeWords) -> ExitCode {
    let stall = match Duration::try_from_secs_f64(words.stall) {
        Ok(stall) if stall >= Duration::from_millis(10) => stall,
        Ok(_) | Err(_) => return say(USAGE, "--stall: expected at least 0.01 seconds"),
    };
    if let Err(error) = log::start(LogLevel::Info, None) {
        return failed(FAILED, &error);
    }
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => return failed(FAILED, &error),
        };
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    match embedded::serve(Sequencer { socket: words.socket, stall }, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(FAILED, &error),
    }
}

async fn tell(socket: PathBuf, verb: Verb) -> ExitCode {
    let sides = match embedded::control(&socket, verb).await {
        Ok(sides) => sides,
        Err(error) => return failed(FAILED, &error),
    };
    let mut out = std::io::stdout().lock();
    for side in sides {
        let nodes: Vec<String> = side.iter().map(ToString::to_string).collect();
        if let Err(error) = writeln!(out, "{}", nodes.join(",")) {
            return failed(FAILED, &error);
        }
    }
    ExitCode::SUCCESS
}

fn parse<P: Parser>(words: Vec<OsString>) -> Result<P, ExitCode> {
    // The first word is the program's name, which clap has from the type.
    let words = std::iter::once(OsString::new()).chain(words);
    P::try_parse_from(words).map_err(|error| {
        let _closed = error.print();
        if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
    })
}

/// Runs on this thread alone: one loop, one brain.
fn in_runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => failed(FAILED, &error),
    }
}

fn failed(code: u8, error: &dyn std::error::Error) -> ExitCode {
    say(code, &chain(error))
}

#[expect(clippy::print_stderr, reason = "this is where words to the operator leave the program")]
fn say(code: u8, words: &str) -> ExitCode {
    eprintln!("quorate: {words}");
    ExitCode::from(code)
}
