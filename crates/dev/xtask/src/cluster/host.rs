//! The process that holds a bed: its nodes live as long as it does.

use std::path::Path;

use testbed::{Bed, Keeper};

use super::up::{Words, make};

/// Builds the bed, boots its nodes, says `ready` and waits. Whatever ends it ends the bed.
pub(super) fn host(root: &Path, words: &Words) -> Result<(), String> {
    let bed = make(root, words)?;
    let keeper = Keeper::hold(&bed)?;
    bed.plan().numbers().for_each(|node| keeper.on(node));
    println!("ready");
    keeper.wait_end();
    Bed::down(&bed)
}
