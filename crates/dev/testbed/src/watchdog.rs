//! A stand-in for a machine's watchdog, where the kernel has no module for one.
//!
//! It is a named pipe. From the first byte that is written to it, the node is switched off, and on
//! again, when nothing more came for a while; a `V` ends that, as the kernel's watchdogs have it.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::run::{run, words};
use crate::{Bed, Result, power};

/// One node's; goes when it is dropped. Must live as long as the nodes do that it starts.
#[derive(Debug)]
pub struct Watchdog {
    pipe: PathBuf,
    threads: Vec<JoinHandle<()>>,
}

/// What a daemon never writes.
const END: u8 = b'E';

/// The kernel's "magic close".
const DISARMED: u8 = b'V';

impl Watchdog {
    /// Makes the pipe, and waits for food from then on. When it has reset the node,
    /// `run/NAME.reset` in the bed's directory was just written.
    ///
    /// # Errors
    /// When there can be no such pipe.
    pub fn start(bed: &Path, node: u32, pipe: &Path, timeout: Duration) -> Result<Self> {
        if !pipe.exists() {
            run(words("mkfifo", &["-m", "600"]).arg(pipe))?;
        }
        // Open for writing, too, or it would end with the first daemon.
        let open = fs::File::options().read(true).write(true).open(pipe);
        let mut food = open.map_err(|error| format!("{}: {error}", pipe.display()))?;
        let (eaten, bites) = mpsc::channel();
        let eats = thread::spawn(move || {
            let mut bite = [0];
            while food.read_exact(&mut bite).is_ok() && bite != [END] {
                // Once a reset has failed nobody counts any more.
                if bite.into_iter().any(|byte| eaten.send(byte).is_err()) {
                    break;
                }
            }
        });
        let root = bed.to_owned();
        let counts = thread::spawn(move || {
            while starved(&bites, timeout) {
                if let Err(error) = reset(&root, node) {
                    let _full = fs::write(root.join(format!("run/n{node}.reset-failed")), error);
                    break;
                }
            }
        });
        Ok(Self { pipe: pipe.to_owned(), threads: vec![eats, counts] })
    }
}

/// Waits until it was fed and then not fed in time; `false` when it is no longer wanted.
fn starved(bites: &Receiver<u8>, timeout: Duration) -> bool {
    let mut armed = false;
    loop {
        let bite = match armed {
            true => bites.recv_timeout(timeout),
            false => bites.recv().map_err(|_ended| RecvTimeoutError::Disconnected),
        };
        match bite {
            Ok(byte) => armed = byte != DISARMED,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn reset(root: &Path, node: u32) -> Result<()> {
    // Who holds the bed does it, so that nobody else switches the node meanwhile.
    if power::is_kept(root) {
        return match power::ask(root, "reset", &format!("n{node}"))?.as_str() {
            "done" => Ok(()),
            why => Err(why.to_owned()),
        };
    }
    let bed = Bed::open(root)?;
    bed.power_off(node)?;
    let mark = root.join(format!("run/n{node}.reset"));
    fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))?;
    bed.power_on(node)
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let told = fs::File::options().read(true).write(true).open(&self.pipe);
        let told = told.and_then(|mut pipe| pipe.write_all(&[END]));
        for thread in self.threads.drain(..).filter(|_| told.is_ok()) {
            let _panicked = thread.join();
        }
    }
}
