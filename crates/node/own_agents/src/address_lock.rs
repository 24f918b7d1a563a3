//! Who hands an address of this machine on, or takes it off, is alone with that.
//!
//! The watch over the cards and the agent of a package's address are processes of their own: an address that is taken
//! off one card while it is handed on would be left on the other.

use std::fs::{self, File};
use std::io;

use rustix::fs::FlockOperation;

use crate::ocf;

/// Waits until nobody else is at the addresses; nobody else is until what this gives is dropped.
pub(crate) fn hold() -> io::Result<File> {
    fs::create_dir_all(ocf::run_dir())?;
    let file = File::create(ocf::run_dir().join("addresses.lock"))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
