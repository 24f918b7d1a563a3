//! The replicated document: Pacemaker's Cluster Information Base (CIB) as an ordered XML tree.
//!
//! [`Document`] is an arena of nodes with interned names. Nodes and text are shared between
//! clones until one of them changes, so a clone is a cheap snapshot. [`Element`] is a reading
//! cursor, [`NodeId`] a handle for changes.
//!
//! **Not here:** what the document means (`scheduler`), files (`store`), who may change it when
//! (`controller`).
//!
//! **Always:** order, comments and unknown attributes survive reading and writing.
//!
//! Field word: Pacemaker *CIB*.

pub mod acl;
mod change;
mod digest;
pub mod edit;
mod element;
mod ids;
mod names;
mod options;
mod parse;
pub mod patch;
mod pick;
mod print;
pub mod relax_ng;
mod scan;
pub mod schema;
mod sections;
mod text;
mod tree;
pub mod upgrade;
mod version;
pub mod xpath;

pub use element::{Attributes, Children, Content, Element};
pub use names::Name;
pub use options::{current_option_name, other_option_name};
pub use parse::ParseError;
pub use pick::Picker;
pub use print::{escape_attribute, push_attribute};
pub use sections::{Section, UnknownSection};
pub use tree::{Document, NodeId};
pub use version::{Version, VersionError};
