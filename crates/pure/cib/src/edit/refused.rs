//! Why edits were not applied.

use std::fmt;

use crate::element::Element;
use crate::parse::ParseError;
use crate::patch::PatchError;
use crate::schema::{Violation, nearest};
use crate::tree::Document;
use crate::version::VersionError;
use crate::xpath::XPathError;

/// Why edits were not applied; the document is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The edit's text is not an XML element.
    Unreadable(ParseError),
    /// The edit's text is another element than it must be.
    WrongElement {
        /// Its line.
        line: u32,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// An expression cannot be understood, or takes too much work.
    XPath(XPathError),
    /// There is nothing to change: no such element.
    NotFound {
        /// What was looked for.
        what: String,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
    /// What should be created is there already.
    Exists {
        /// The element.
        element: String,
    },
    /// The whole document cannot be deleted.
    WholeDocument,
    /// A patchset does not fit.
    Patch(PatchError),
    /// The document's own version cannot be read.
    Version(VersionError),
    /// Elements would be nested deeper than a document can be read again.
    TooDeep,
    /// The result would break its schema, or refer to what it cannot mean.
    Invalid {
        /// Where, and how. Lines are those of the edit's own text, or of the document.
        violations: Vec<Violation>,
    },
}

impl Refused {
    pub(super) fn nothing_selected(xpath: &str) -> Self {
        Self::NotFound { what: format!("nothing is selected by {xpath}"), nearest: None }
    }

    /// Names the closest id of an element of the same name.
    pub(super) fn not_found(document: &Document, wanted: Element<'_>) -> Self {
        let ids = document
            .root()
            .descendants()
            .filter(|at| at.name() == wanted.name())
            .filter_map(|at| at.attr("id"));
        let nearest = wanted.attr("id").and_then(|id| nearest(id, ids)).map(str::to_owned);
        Self::NotFound { what: format!("there is no {}", shown(wanted)), nearest }
    }
}

/// An element as messages name it.
pub(super) fn shown(element: Element<'_>) -> String {
    match element.attr("id") {
        Some(id) => format!("<{} id=\"{id}\">", element.name()),
        None => format!("<{}>", element.name()),
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::WrongElement { line, wanted, found } => {
                write!(f, "line {line}: {found} where there must be {wanted}")
            }
            Self::XPath(error) => error.fmt(f),
            Self::NotFound { what, nearest: None } => f.write_str(what),
            Self::NotFound { what, nearest: Some(id) } => {
                write!(f, "{what}; did you mean {id}?")
            }
            Self::Exists { element } => write!(f, "{element} exists already"),
            Self::WholeDocument => f.write_str("the whole document cannot be deleted"),
            Self::Patch(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::TooDeep => f.write_str("elements would be nested too deeply"),
            Self::Invalid { violations } => {
                for (at, violation) in violations.iter().enumerate() {
                    if at > 0 {
                        f.write_str("\n")?;
                    }
                    violation.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Refused {}
