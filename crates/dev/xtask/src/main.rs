//! The project's own tool: `cargo xtask check` is what CI runs, and all that it runs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks")]

mod bench;
mod check;
mod cluster;
mod console;
mod package;
mod packages;
mod simulate;
mod surroundings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks, mends and simulates Quorate")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Formatting, lints, tidy, all tests, 30 s of simulation, the demo, the package, the plays, the clients'
    /// commands, two minutes of storm. Writes nothing.
    Check,
    /// Formats and applies the lints' own suggestions.
    Fix,
    /// Looks for what lints cannot see: tiers, glossary, titles, links, sizes.
    Tidy,
    /// Runs clusters under faults drawn from seeds.
    Sim(simulate::Arguments),
    /// Real clusters on this machine: nodes of namespaces, Corosync, faults. Needs root.
    Cluster(cluster::Arguments),
    /// Compares our crm_simulate with others on this machine: time and memory.
    Bench(bench::Arguments),
    /// Writes a large document of the kind that `bench` takes.
    Document(bench::Wanted),
    /// Makes the package of Debian's.
    Package(package::Arguments),
    /// Builds the console's files from web/, with node.
    Console(console::Arguments),
    /// How long a failover takes while many look on over the network, beside one that nobody sees.
    WebLoad,
    /// Rewrites the expected output of scenarios, for review as a diff.
    Bless,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Check => check::check(),
        Verb::Fix => check::fix(),
        Verb::Tidy => check::tidy(),
        Verb::Sim(arguments) => simulate::simulate(&arguments),
        Verb::Cluster(arguments) => return cluster::cluster(&arguments),
        Verb::Bench(arguments) => bench::bench(&arguments),
        Verb::Document(wanted) => bench::document(&wanted),
        Verb::Package(arguments) => package::package(&arguments),
        Verb::Console(arguments) => console::console(&arguments),
        Verb::WebLoad => check::web_load(),
        Verb::Bless => check::bless(),
    };
    ended(done)
}

/// How the program ends.
fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
