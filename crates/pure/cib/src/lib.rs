//! The replicated document: Pacemaker's Cluster Information Base (CIB) as an ordered XML tree.
//!
//! [`Document`] is an arena of nodes with interned names. Text is kept in shared buffers, so a
//! clone is a cheap snapshot: the parsed text is never copied. [`Element`] is a reading cursor,
//! [`NodeId`] a handle for changes.
//!
//! **Not here:** what the document means (`scheduler`), files (`store`), who may change it when
//! (`controller`).
//!
//! **Always:** order, comments and unknown attributes survive reading and writing.
//!
//! Field word: Pacemaker *CIB*.

mod names;
mod parse;
mod print;
mod text;
mod tree;

pub use names::Name;
pub use parse::ParseError;
pub use print::escape_attribute;
pub use tree::{Attributes, Children, Document, Element, NodeId};
