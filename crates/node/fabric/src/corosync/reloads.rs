//! When Corosync has read its file again: somebody edited it, and told Corosync so.
//!
//! Field words: *cmap* `config.reload_in_progress`, `corosync-cfgtool -R`.

use std::io;

use rust_corosync::cmap::{self, Data};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::keys;

/// One while Corosync reads, zero afterwards; not there before it was first told to.
/// Source: cmap_keys(7).
const IN_PROGRESS: &str = "config.reload_in_progress";

/// See the module.
#[derive(Debug)]
pub struct Reloads(UnboundedReceiver<()>);

impl Reloads {
    /// Follows Corosync on this machine, through its lives, on a thread of its own.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn follow() -> io::Result<Self> {
        let (tell, told) = unbounded_channel();
        keys::follow(IN_PROGRESS, move |map| is_reading(map) || tell.send(()).is_ok())?;
        Ok(Self(told))
    }

    /// Ready when the file may have been read anew since this was last ready: also by a Corosync that
    /// has just started. May be dropped before it is ready without losing one.
    pub async fn next(&mut self) {
        keys::told(&mut self.0).await;
    }
}

fn is_reading(map: &cmap::Handle) -> bool {
    matches!(cmap::get(map, IN_PROGRESS), Ok(Data::UInt8(value)) if value != 0)
}
