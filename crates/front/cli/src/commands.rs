//! One function for each verb.

mod agents;
mod attribute;
mod by_hand;
mod config;
mod config_edit;
mod config_whole;
mod fence;
mod import;
mod node;
mod resource;
mod resource_add;
mod resource_set;
mod resource_words;
mod screen;
mod watch;
mod web;
mod why;

use std::time::Duration;

use client::ClientError;
use view::consequences;

use crate::arguments::{Arguments, Command, Common};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{change, say};

/// Carries a command line out.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Trouble> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Status { watch: true } => watch::status(common),
        Command::Status { watch: false } => status(common),
        Command::Watch => screen::run(common),
        Command::Why { resource, node, action } => {
            why::run(common, resource.as_deref(), node.as_deref(), *action)
        }
        Command::Plan { edited } => plan(common, edited.as_deref()),
        Command::History { since, follow } => watch::history(common, *since, *follow),
        Command::Wait { seconds } => wait(common, *seconds),
        Command::Resource(verb) => resource::run(common, verb),
        Command::Node(verb) => node::run(common, verb),
        Command::Config(verb) => config::run(common, verb),
        Command::Fence(verb) => fence::run(common, verb),
        Command::Attribute(verb) => attribute::run(common, verb),
        Command::Import(verb) => import::run(common, verb),
        Command::Export(verb) => import::export(common, verb),
        Command::Agents { what } => agents::run(common, what.as_deref()),
        Command::Web(verb) => web::run(common, verb),
        Command::Cluster(verb) => {
            let how = cluster::How { socket: common.socket.clone(), json: common.json };
            Ok(match cluster::run(verb, &how)? {
                cluster::Ended::Done => Exit::Done,
                cluster::Ended::ErrorsFound => Exit::Different,
            })
        }
        Command::ExitCodes => {
            for exit in Exit::ALL {
                say::out(&format!("{:>3}  {}\n", exit.number(), exit.words()));
            }
            Ok(Exit::Done)
        }
    }
}

fn status(common: &Common) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let status = view::status(source.seen());
    if common.json {
        say::json(&status);
    } else {
        say::out(&view::status::render(&status, source.options()));
    }
    Ok(Exit::Done)
}

fn plan(common: &Common, edited: Option<&std::path::Path>) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let would = match edited {
        None => view::as_it_is(&source.document, source.now),
        Some(path) => {
            let (_, after) = config_whole::replaced(&source.document, path)?;
            consequences(&source.document, &after, source.now)
        }
    };
    change::show(common, source.options(), &would, &[]);
    Ok(Exit::Done)
}

fn wait(common: &Common, seconds: u64) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "waiting")?;
    match client.wait_idle(Duration::from_secs(seconds)) {
        Ok(()) => Ok(Exit::Done),
        Err(ClientError::Deadline { .. }) => {
            say::talk(&format!("quorate: after {seconds} s there is still work to do\n"));
            Ok(Exit::StillBusy)
        }
        Err(
            error @ (ClientError::Connect { .. }
            | ClientError::Broken { .. }
            | ClientError::Garbled { .. }
            | ClientError::Refused(_)),
        ) => Err(Trouble::Client(error)),
    }
}
