//! What crosses a boundary: messages between nodes ([`peer`]), requests from clients ([`api`]), and what
//! machines say to each other beside the cluster ([`door`], [`machine`]).
//!
//! Types here derive their encoding and nothing else does; conversion destructures, so that a
//! forgotten field does not compile. A released version is never edited: a new one is added
//! beside it.
//!
//! **Not here:** sockets, and what a message makes a node do (`controller`).

pub mod action;
pub mod api;
pub mod door;
pub mod machine;
pub mod peer;

pub use peer::{Message, decode, encode};
