//! A cluster of three nodes on one machine, for looking at and for checking.
//!
//! Each node is a real daemon with a state directory of its own; as root each has a network
//! namespace, too, and the cluster's address is a real one. What the machines' power is to real
//! nodes is a supervisor here: it starts the daemon of a node that is switched on.
//!
//! **Not here:** anything that the cluster does. What is shown and checked is asked of the
//! daemons' API and of the service's own port.
//!
//! **Always:** whatever way it ends, no process, namespace, mount or file outside its directory
//! stays; what an earlier run left because it was killed is removed first.

mod arguments;
mod check;
mod child;
mod directory;
mod files;
mod follow;
mod heard;
mod leftovers;
mod live;
mod namespaces;
mod network;
mod say;
mod service;
mod signals;
mod supervise;
mod table;
mod trouble;
mod world;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::mpsc::channel;

use arguments::Arguments;
use trouble::Trouble;
use world::World;

/// The names of the nodes.
pub(crate) const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// Runs `quorate demo`; `words` are those after it.
pub fn main(words: Vec<OsString>) -> ExitCode {
    if words.first().is_some_and(|word| word == child::WORD) {
        return child::main(words.get(1..).unwrap_or_default());
    }
    let arguments = match arguments::read(&words) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            say::line(arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(what) => {
            say::talk(&format!("quorate demo: {what}\n  `quorate demo --help` tells more"));
            return ExitCode::from(64);
        }
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Trouble::Interrupted) => {
            say::talk("interrupted; everything was stopped");
            ExitCode::from(130)
        }
        Err(trouble) => {
            say::talk(&format!("quorate demo: {trouble}"));
            for line in trouble.help() {
                say::talk(&format!("  {line}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as it should be.
fn run(arguments: &Arguments) -> Result<bool, Trouble> {
    // First of all: Ctrl-C must not end the demo in the middle of what it makes, nor of removing it.
    let (outbox, inbox) = channel();
    signals::watch(outbox.clone())?;
    let directory = directory::Directory::take(&arguments.directory)?;
    leftovers::remove(directory.path())?;
    directory.empty()?;
    // Dropped last to first: the world's processes end before the network goes.
    let network = network::Network::set_up(&directory)?;
    let mut world = World::begin(&directory, &network, (outbox, inbox))?;
    world.start_everything()?;
    if arguments.check { check::check(&mut world) } else { live::show(&mut world).map(|()| true) }
}
