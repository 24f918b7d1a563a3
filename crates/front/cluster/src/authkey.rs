//! Secrets that are made here.

use std::fs::File;
use std::io::{self, Read};

/// 2,048 bits, as Corosync's own tool makes them.
const BYTES: usize = 256;

/// A new shared key for Corosync.
pub(crate) fn generate() -> io::Result<Vec<u8>> {
    let mut key = vec![0; BYTES];
    random(&mut key)?;
    Ok(key)
}

/// Fills with what nobody can guess.
pub(crate) fn random(into: &mut [u8]) -> io::Result<()> {
    File::open("/dev/urandom")?.read_exact(into)
}
