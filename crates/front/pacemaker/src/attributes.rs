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
use std::process::ExitCode;

use crate::tool::{self, Trouble};
use place::Place;

/// Sets, asks for and removes cluster options and node attributes.
pub(crate) fn crm_attribute(words: Vec<OsString>) -> ExitCode {
    tool("crm_attribute", words, crm_attribute::read)
}

/// The same for a resource's promotion score.
pub(crate) fn crm_master(words: Vec<OsString>) -> ExitCode {
    tool("crm_master", words, crm_attribute::read_master)
}

/// Sets, asks for and removes passing node attributes.
pub(crate) fn attrd_updater(words: Vec<OsString>) -> ExitCode {
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
    /// The id of the set that the value is in, if it is to be in a certain one.
    set: Option<String>,
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

/// Reads a variable of the environment.
type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

type Read = fn(&[String], Environment<'_>) -> Result<Asked, Trouble>;

fn tool(name: &str, words: Vec<OsString>, read: Read) -> ExitCode {
    tool::run(name, words, |words| match read(words, &tool::environment)? {
        Asked::Help(text) => Ok(text),
        Asked::Version => Ok(tool::version(name)),
        Asked::Do(wanted) => cluster::carry_out(&wanted, &tool::environment),
    })
}
