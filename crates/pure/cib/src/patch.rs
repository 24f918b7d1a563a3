//! Patchsets: the difference of two documents as data, in Pacemaker's format 2.
//!
//! [`diff`] makes one, [`Patchset::apply`] carries it out, and both speak the XML that `crm_diff`
//! and `cibadmin --patch` write and read. Paths name elements by their id; where ids do not tell
//! siblings apart, the siblings are replaced together.
//!
//! **Not here:** character data, which no CIB has. Comments are part of it.
//!
//! **Always:** `diff(a, b)` applied to `a` gives `b`, attributes and comments in the same order
//! (`tests/properties.rs`); a patchset is applied whole or not at all.

mod apply;
mod diff;
mod path;
mod xml;

use std::fmt;

use crate::parse::ParseError;
use crate::tree::Document;
use crate::version::Version;
pub use diff::diff;
pub(crate) use diff::{Matched, match_children};
pub use path::Path;

/// The changes that make one document of another.
#[derive(Clone, Debug)]
pub struct Patchset {
    source: Option<Version>,
    target: Option<Version>,
    digest: Option<String>,
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Create {
        parent: Path,
        position: usize,
        new: New,
    },
    /// All attributes, as they are afterwards; what differs is kept for those who read it.
    Modify {
        path: Path,
        attributes: Vec<(String, String)>,
        differs: Vec<Differs>,
    },
    Move {
        path: Path,
        position: usize,
    },
    /// Only comments need a position.
    Delete {
        path: Path,
        position: Option<usize>,
    },
}

#[derive(Clone, Debug)]
enum New {
    Element(Document),
    Comment(String),
}

#[derive(Clone, Debug)]
enum Differs {
    Set(String, String),
    Unset(String),
}

/// Why there is no patchset, or why it was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// The text is not XML.
    Unreadable(ParseError),
    /// The text is XML, but not a patchset of format 2.
    Malformed {
        /// Line of the element.
        line: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// The patchset is for another edition of the document.
    OtherSource {
        /// The document's edition.
        current: Version,
        /// The edition that it is for.
        source: Version,
    },
    /// The edition it leads to is not newer.
    NotNewer {
        /// The edition that it is for.
        source: Version,
        /// The edition that it leads to.
        target: Version,
    },
    /// A change names an element that is not there.
    NotFound {
        /// The element's path.
        path: String,
    },
    /// The result is not what the patchset's author had.
    OtherDigest {
        /// What it should have been.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The documents have different root elements, so nothing leads from one to the other.
    OtherRoot,
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Malformed { line, reason } => write!(f, "line {line}: {reason}"),
            Self::OtherSource { current, source } => {
                write!(f, "the patchset is for version {source}, the document is {current}")
            }
            Self::NotNewer { source, target } => {
                write!(f, "the patchset leads from version {source} to {target}, which is no newer")
            }
            Self::NotFound { path } => write!(f, "there is no {path} to change"),
            Self::OtherDigest { expected, found } => {
                write!(f, "the result has the digest {found}, not {expected}")
            }
            Self::OtherRoot => f.write_str("the documents have different root elements"),
        }
    }
}

impl std::error::Error for PatchError {}

impl Patchset {
    /// The edition that it is for; none if it fits any.
    pub fn source(&self) -> Option<Version> {
        self.source
    }

    /// The edition that it leads to.
    pub fn target(&self) -> Option<Version> {
        self.target
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The paths of what it changes, in the order in which it does; of something created, the
    /// path of its parent.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.changes.iter().map(|change| match change {
            Change::Create { parent: path, .. }
            | Change::Modify { path, .. }
            | Change::Move { path, .. }
            | Change::Delete { path, .. } => path,
        })
    }

    /// The same, checked against `result` when it is applied.
    #[must_use]
    pub fn with_digest_of(self, result: &Document) -> Self {
        Self { digest: Some(result.digest()), ..self }
    }

    /// The same, for a document of any edition. Field word: `crm_diff --no-version`.
    #[must_use]
    pub fn without_version(self) -> Self {
        Self { source: None, target: None, ..self }
    }
}

#[cfg(test)]
mod tests;
