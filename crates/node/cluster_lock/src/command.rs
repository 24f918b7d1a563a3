//! `quorate lock`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tie_breaker::RUN;

use crate::area::Area;
use crate::tool;

/// The command line is not understood. Source: sysexits, `EX_USAGE`.
const USAGE: u8 = 64;

/// The cluster lock on a shared disk.
#[derive(Debug, Parser)]
#[command(name = "quorate lock")]
struct Words {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Votes for this node while its half of the cluster holds the lock that corosync.conf names.
    Serve {
        /// Where its sanlock has its socket.
        #[arg(long, value_name = "DIRECTORY", default_value = RUN)]
        run: PathBuf,
    },
    /// Writes an empty lock to a disk or file of at least 2 MiB. What is there is lost; a lock that is
    /// there stays, unless forced.
    Init {
        /// The disk.
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The cluster's name, as corosync.conf has it.
        #[arg(long, value_name = "NAME")]
        cluster: String,
        /// Seconds that a read or a write may take.
        #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=30))]
        io_timeout: u32,
        /// Also over a lock. Only while no node uses it: whoever holds it loses it, and does not know.
        #[arg(long)]
        force: bool,
    },
    /// Says whether a disk has the cluster's lock: exit code 0 if it has.
    Check {
        /// The disk.
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The cluster's name, as corosync.conf has it.
        #[arg(long, value_name = "NAME")]
        cluster: String,
    },
}

/// `quorate lock WORDS`.
pub fn main(words: Vec<OsString>) -> ExitCode {
    let named = std::iter::once(OsString::from("quorate lock")).chain(words);
    let words = match Words::try_parse_from(named) {
        Ok(words) => words,
        Err(error) => {
            let _nowhere = error.print();
            let code = if error.use_stderr() { USAGE } else { 0 };
            return code.into();
        }
    };
    match words.verb {
        Verb::Serve { run } => serve(run),
        Verb::Init { path, cluster, io_timeout, force } => {
            end(area(&path, &cluster).and_then(|area| init(&area, io_timeout, force)))
        }
        Verb::Check { path, cluster } => end(area(&path, &cluster).and_then(|area| {
            let is_there = tool::is_initialised(&area).map_err(|error| error.to_string())?;
            is_there
                .then_some("The disk has the lock.")
                .ok_or_else(|| "There is no such lock.".to_owned())
        })),
    }
}

fn init(area: &Area, io_timeout: u32, force: bool) -> Result<&'static str, String> {
    let there = tool::whose(&area.path).map_err(|error| error.to_string())?;
    if let Some(cluster) = there.filter(|_| !force) {
        let path = area.path.display();
        return Err(format!(
            "{path} has the lock of the cluster {cluster} already, which may be in use; --force writes a new one"
        ));
    }
    tool::initialise(area, io_timeout).map_err(|error| error.to_string())?;
    Ok("The disk has a lock now.")
}

#[cfg(feature = "corosync")]
fn serve(run: PathBuf) -> ExitCode {
    let log = tracing_subscriber::fmt().with_target(false).with_ansi(false);
    let _earlier_one_stays = log.with_writer(std::io::stderr).try_init();
    crate::serve::serve(run)
}

#[cfg(not(feature = "corosync"))]
fn serve(_run: PathBuf) -> ExitCode {
    end(Err("this program was built without Corosync".to_owned()))
}

fn area(path: &Path, cluster: &str) -> Result<Area, String> {
    Area::new(path, cluster).map_err(|error| error.to_string())
}

fn end(came: Result<&str, String>) -> ExitCode {
    let (line, code) = match &came {
        Ok(said) => (*said, ExitCode::SUCCESS),
        Err(why) => (why.as_str(), ExitCode::FAILURE),
    };
    let _nobody_reads = if came.is_ok() {
        writeln!(std::io::stdout(), "{line}")
    } else {
        writeln!(std::io::stderr(), "quorate lock: {line}")
    };
    code
}
