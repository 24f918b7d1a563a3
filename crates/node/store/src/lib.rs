//! The document on disk: numbered snapshots, a journal of what came after, and earlier
//! configurations for undo.
//!
//! Everything that must survive a crash is written here, by one thread ([`Store`]), so the event
//! loop never waits for a disk. Many waiting appends share one `fdatasync` (group commit); each is
//! answered with an [`Ack`] once it is on disk, or with a typed error.
//!
//! **Not here:** what the bytes mean. A snapshot is the whole state; a record is a change to it.
//!
//! **Always:** what was acknowledged is read back after a crash at any point, in order and without
//! a gap (`tests/crash.rs` cuts at every write and every sync). What is damaged is kept aside
//! under another name and reported as [`Damage`], never deleted and never believed.
//!
//! Only this crate calls fsync.

mod aside;
mod damage;
mod disk;
mod engine;
mod error;
mod history;
mod journal;
mod record;
mod recover;
mod replace;
mod snapshot;
mod thread;

pub use damage::{Damage, DamageKind};
pub use engine::Done;
pub use error::{OpenError, StoreError};
pub use history::{Earlier, HISTORY_KEPT};
pub use replace::replace;
pub use thread::{Ack, Opened, Store, Ticket};

#[cfg(test)]
mod tests;
