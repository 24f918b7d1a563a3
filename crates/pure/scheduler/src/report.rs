//! What is odd about the input: values for the person who wrote it.

use std::fmt;

/// How much a [`Finding`] matters, by who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but not for ever (a deprecated spelling, say).
    Notice,
    /// The cluster copes; the result may not be what was meant.
    Warning,
    /// A part of the configuration was left out of the decision.
    Error,
    /// We are wrong, not the input.
    Bug,
}

/// One oddity of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// Line of the element in the document's text; 0 where it has none.
    pub line: u32,
    pub kind: FindingKind,
    /// What it means for the cluster, in a sentence.
    pub message: String,
}

/// What sort of oddity a [`Finding`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// An option's value cannot be read; its default is used.
    BadValue,
    /// A name means nothing, and is like one that does.
    UnlikelyName,
    /// An element lacks an attribute or a part without which it means nothing.
    Incomplete,
    /// A name refers to nothing.
    DanglingReference,
    /// Two elements claim the same thing.
    Duplicate,
    /// The combination cannot work as written.
    Contradiction,
    /// The resource has a failure on record.
    FailedResource,
    /// The resource is active where or oftener than it may be.
    UnexpectedlyActive,
    /// A node is lost or cannot be trusted.
    UncleanNode,
    /// Without a fence device, lost nodes cannot be recovered from.
    NoFencing,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}
