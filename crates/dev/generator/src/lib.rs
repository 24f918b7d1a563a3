//! Draws clusters at random, and holds what the scheduler makes of them against laws.
//!
//! [`cluster()`] draws a document from a seed, [`mutate`] changes one, [`laws`] says what must be
//! true of every plan. The scheduler's property tests run them over some seeds; the program runs
//! them over as many seeds and files as wanted.
//!
//! **Always:** a seed means the same document for ever, as long as this crate is not changed.

mod chance;
mod cluster;
mod draft;
pub mod laws;
mod mutate;
mod reorder;
pub mod targets;

pub use chance::Chance;
pub use cluster::{Size, cluster, sized_cluster};
pub use mutate::mutate;
pub use reorder::{Unordered, reorder};
