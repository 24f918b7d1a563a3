//! The life of a cluster: `quorate cluster init`, `join`, `leave`, `start`, `status`, ...
//!
//! Each machine has a *door* (`quorate cluster listen`): a small process that is there when the
//! cluster is not. It lets a machine in that has a token, and does for members what needs another
//! machine: start, stop, hand over the newest file of the nodes. The file itself is agreed on by the
//! members' daemons, in their total order.
//!
//! **Not here:** what `corosync.conf` means (`corosync`), how members agree on it (`controller`).
//!
//! **Always:** a change can be shown before it is made (`--dry-run`); files are put in place whole;
//! secrets are neither shown nor logged; a token lets one machine in, once, until it expires.

mod words;

mod adopt;
mod ask;
mod authkey;
mod authority;
mod catch_up;
mod check;
mod daemon_file;
mod door;
mod form;
mod halted;
mod hex;
mod init;
mod invite;
mod join;
mod leave;
mod links;
mod local;
mod look;
mod nodes_file;
mod noise;
mod own;
mod places;
mod power;
mod property;
mod remove;
mod say;
mod services;
mod status;
mod steps;
mod stored;
mod timing;
mod token;
mod trouble;

use std::path::PathBuf;

pub use adopt::{
    change_file, cluster_name, device_is_silent, file, initialise_lock, is_certified, start_device,
};
pub use form::{Heard, go_on_without, hear};
pub use halted::{change_halted, delete, require_halted};
pub use look::{Looked, look};
pub use power::{Order, Switched, members, switch};
pub use remove::{forget_on, may_leave};
pub use stored::stored;
pub use trouble::{Kind, Trouble};
pub use words::Verb;

use own::Own;
use places::Places;

/// How the command was called.
#[derive(Clone, Debug)]
pub struct How {
    /// The daemon's socket, if it was named.
    pub socket: Option<PathBuf>,
    /// Write JSON.
    pub json: bool,
}

/// How a command that did what it was asked ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// A check found errors.
    ErrorsFound,
}

/// Carries a command out.
///
/// # Errors
/// When it cannot be done, with what happened and what can be done about it.
pub fn run(verb: &Verb, how: &How) -> Result<Ended, Trouble> {
    let places = Places::default();
    match verb {
        Verb::Check { file } => return check::run(how, file.as_deref()),
        Verb::Timing(words) => timing::run(how, words)?,
        Verb::Init(words) => init::run(how, words)?,
        Verb::Invite(words) => invite::run(how, words)?,
        Verb::Join(words) => join::run(how, words)?,
        Verb::Leave(words) => leave::run(how, words)?,
        Verb::Remove(words) => remove::run(how, words)?,
        Verb::Start(words) => power::run(how, *words, Order::Start)?,
        Verb::Stop(words) => power::run(how, *words, Order::Stop)?,
        Verb::Status => status::run(how)?,
        Verb::Link(words::Link::Status) => links::run(how)?,
        Verb::Listen => door::listen(how)?,
        Verb::CatchUp => {
            catch_up::run(&places, &Own::read(&places)?);
        }
    }
    Ok(Ended::Done)
}
