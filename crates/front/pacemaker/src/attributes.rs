//! `crm_attribute`, `crm_master` and `attrd_updater`: named values of nodes and of the cluster.
//!
//! Agents call them while they run, above all to say how fit for promotion a node is.
//!
//! **Not here:** what the values mean (`scheduler`), and their replication (`controller`).

mod attrd_updater;
mod cluster;
mod crm_attribute;
mod place;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::options::{self, Given, Taken};
use place::Place;

/// Sets, asks for and removes cluster options and node attributes.
pub fn crm_attribute(words: Vec<OsString>) -> ExitCode {
    tool("crm_attribute", words, crm_attribute::read)
}

/// The same for a resource's promotion score.
pub fn crm_master(words: Vec<OsString>) -> ExitCode {
    tool("crm_master", words, crm_attribute::read_master)
}

/// Sets, asks for and removes passing node attributes.
pub fn attrd_updater(words: Vec<OsString>) -> ExitCode {
    tool("attrd_updater", words, attrd_updater::read)
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Help(String),
    Version,
    Do(Box<Wanted>),
}

/// What to do, to which value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    deed: Deed,
    place: Place,
    /// As given; without one, and for `auto` and `localhost`, it is where this runs.
    node: Option<String>,
    /// Every one, if none is given; only for a query.
    name: Option<String>,
    shown: Shown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Query {
        /// What to answer if there is no value.
        default: Option<String>,
        /// Of all nodes.
        all_nodes: bool,
    },
    Update(String),
    Delete,
    /// What others do to say their values again; here they are always written.
    Nothing,
}

/// How a queried value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// The value alone.
    Bare,
    /// With the part of the configuration it is in.
    WithScope,
    /// With the node's name, in quotes.
    WithHost,
}

/// Why a tool gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    exit: Exit,
    words: String,
}

impl Trouble {
    fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }

    fn usage(words: impl Into<String>) -> Self {
        Self::new(Exit::Usage, words)
    }
}

/// Reads a variable of the environment.
type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

type Read = fn(&[String], Environment<'_>) -> Result<Asked, Trouble>;

fn tool(name: &str, words: Vec<OsString>, read: Read) -> ExitCode {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let environment =
        |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let done = read(&words, &environment).and_then(|asked| match asked {
        Asked::Help(text) => Ok(text),
        Asked::Version => Ok(format!("Pacemaker 3.0.2\nQuorate's {name}\n")),
        Asked::Do(wanted) => cluster::carry_out(&wanted, &environment),
    });
    // Nobody is left to tell if the outputs are closed.
    let exit = match done {
        Ok(text) => {
            let _closed = std::io::stdout().write_all(text.as_bytes());
            Exit::Ok
        }
        Err(trouble) => {
            let _closed = writeln!(std::io::stderr(), "{name}: {}", trouble.words);
            trouble.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn given(taken: &[Taken], words: &[String]) -> Result<Vec<Given>, Trouble> {
    options::read(taken, words).map_err(Trouble::usage)
}

/// A switch that a tool takes.
const fn switch(long: &'static str, short: Option<char>, help: &'static str) -> Taken {
    Taken { long, short, value: None, help }
}

/// An option with a value.
const fn valued(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    help: &'static str,
) -> Taken {
    Taken { long, short, value: Some(value), help }
}
