//! The file: JSON, for nobody else's eyes, since a change may hold secrets.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Kept;

/// All that it holds. One that cannot be read is kept aside, and said.
pub(super) fn read(path: &Path) -> Vec<Kept> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        let aside = path.with_extension("damaged");
        let moved = fs::rename(path, &aside);
        tracing::error!(%error, ?moved, aside = %aside.display(), "no scheduled plan is known");
        Vec::new()
    })
}

/// Whole or not at all, and on the disk: what is acknowledged is to happen.
pub(super) fn write<'a>(path: &Path, all: impl Iterator<Item = &'a Kept>) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(&serde_json::to_vec(&all.collect::<Vec<_>>())?)?;
    file.sync_data()?;
    fs::rename(&new, path)
}
