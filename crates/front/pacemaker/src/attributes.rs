//! `crm_attribute`, `attrd_updater`, and what is made of them: `crm_master`, `crm_standby`,
//! `crm_failcount`. Named values of nodes and of the cluster.
//!
//! Agents call them while they run, above all to say how fit for promotion a node is.
//!
//! **Not here:** what the values mean (`scheduler`), and their replication (`controller`).

mod attrd_updater;
mod cluster_options;
mod crm_attribute;
mod failcount;
mod node;
mod passing;
mod pattern;
mod place;
mod query;
mod shown;
mod update;
mod wrappers;

pub(crate) use attrd_updater::attrd_updater;
pub(crate) use crm_attribute::crm_attribute;
pub(crate) use failcount::crm_failcount;
pub(crate) use wrappers::{crm_master, crm_standby};

use crate::exit::Exit;
use crate::tool::Trouble;
use place::Place;

/// What to do, to which values.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    deed: Deed,
    place: Place,
    /// As given; without one, and for `auto` and `localhost`, it is where this runs.
    node: Option<String>,
    select: Select,
    quiet: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Query {
        /// What to answer if there is no value.
        default: Option<String>,
    },
    Update(String),
    Delete,
}

/// Which values are meant. What is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Select {
    name: Option<String>,
    /// An expression that names match.
    pattern: Option<String>,
    /// The id of the value's element.
    id: Option<String>,
    /// The id of the set that it is in.
    set: Option<String>,
}

/// Reads a variable of the environment.
type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

const NOT_REACHED: &str = "Could not connect to the CIB: ";

/// Why nothing was done, in the words that clients look for.
fn failed(exit: Exit, details: &str) -> Trouble {
    let reason = reason(exit);
    let details = if details.is_empty() { String::new() } else { format!("\n  {details}") };
    Trouble::new(exit, format!("Error performing operation: {reason}{details}"))
}

/// The system's words for why something was not done.
fn reason(exit: Exit) -> &'static str {
    if exit == Exit::Config {
        "Update does not conform to the configured schema"
    } else if exit == Exit::NotPermitted {
        "Permission denied"
    } else if exit == Exit::Protocol {
        "No message of desired type"
    } else {
        exit.reason()
    }
}

/// The same trouble, in those words if somebody may not.
fn reworded(trouble: Trouble) -> Trouble {
    if trouble.exit == Exit::NotPermitted { failed(trouble.exit, "") } else { trouble }
}
