//! Follows what a daemon tells, as long as it lives.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use client::Client;

use crate::world::Message;

/// A daemon that does not answer after this long will not.
const STARTING: Duration = Duration::from_secs(20);
/// Between two knocks at a door that is not there yet.
const KNOCK: Duration = Duration::from_millis(20);
/// How long a wait for an event may take before the connection is looked at again.
const QUIET: Duration = Duration::from_secs(3600);

/// Tells the world each event of a machine's daemon, which is at `socket`.
pub(crate) fn follow(machine: usize, socket: PathBuf, world: Sender<Message>) {
    std::thread::spawn(move || {
        let client = Client::new(socket, Duration::from_secs(5));
        let deadline = Instant::now() + STARTING;
        let mut events = loop {
            match client.events(0) {
                Ok(events) => break events,
                Err(_) if Instant::now() < deadline => std::thread::park_timeout(KNOCK),
                Err(_) => return,
            }
        };
        while let Ok(next) = events.next(QUIET) {
            let Some(entry) = next else { continue };
            if world.send(Message::Event { machine, entry: Box::new(entry) }).is_err() {
                return;
            }
        }
    });
}
