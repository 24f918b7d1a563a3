//! What is wrong with a document, in words a person can act on.

use std::fmt;

use crate::element::Element;

/// One place where a document breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Line of the element's start tag; 0 for an element that was made in memory.
    pub line: u32,
    /// The element, as `<name id="...">`.
    pub element: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// An element that may not stand here.
    UnknownElement {
        /// Its parent's name.
        parent: String,
        /// What may.
        allowed: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Said instead if another schema knows it here.
        elsewhere: Option<String>,
    },
    /// A child that must be there is not; any of these would do.
    MissingElement(Vec<String>),
    /// More children of one name than may be.
    TooMany {
        /// Their name.
        name: String,
        /// How many may be.
        most: usize,
    },
    /// A child stands before one that must come first.
    OutOfOrder {
        /// The child that comes too late.
        late: String,
    },
    /// An attribute that may not be here.
    UnknownAttribute {
        /// Its name.
        name: String,
        /// What may.
        allowed: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Said instead if another schema knows it here.
        elsewhere: Option<String>,
    },
    /// An attribute that must be here is not; any of these would do.
    MissingAttribute(Vec<String>),
    /// An attribute or a child that excludes what else is here.
    NotTogether {
        /// What is too much.
        name: String,
        /// What it does not go with.
        with: String,
    },
    /// An attribute's value is of the wrong kind.
    BadValue {
        /// The attribute's name.
        attribute: String,
        /// Its value.
        found: String,
        /// What would have been right.
        wanted: String,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// Text where only elements may be.
    Text(String),
    /// An id that an earlier element has.
    DuplicateId {
        /// The id.
        id: String,
        /// The earlier element's line.
        first_line: u32,
    },
    /// A reference to what is not there.
    Dangling {
        /// The attribute that refers.
        attribute: String,
        /// The id that no fitting element has.
        id: String,
        /// What it should have been the id of.
        wanted: &'static str,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
}

impl Violation {
    pub(crate) fn at(element: Element<'_>, problem: Problem) -> Self {
        let name = element.name();
        let shown = match element.attr("id") {
            Some(id) => format!("<{name} id=\"{}\">", shorten(id)),
            None => format!("<{name}>"),
        };
        Self { line: element.line(), element: shown, problem }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}: {}", self.element, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownElement { parent, allowed, nearest, elsewhere } => {
                write!(f, "may not stand in <{parent}>")?;
                remedy(f, allowed, nearest.as_deref(), elsewhere.as_deref())
            }
            Self::MissingElement(names) => write!(f, "<{}> is missing", names.join("> or <")),
            Self::TooMany { name, most: 1 } => write!(f, "more than one <{name}>"),
            Self::TooMany { name, most } => write!(f, "more than {most} of <{name}>"),
            Self::OutOfOrder { late } => write!(f, "<{late}> must come earlier"),
            Self::UnknownAttribute { name, allowed, nearest, elsewhere } => {
                write!(f, "the attribute {name} is not known here")?;
                remedy(f, allowed, nearest.as_deref(), elsewhere.as_deref())
            }
            Self::MissingAttribute(names) => {
                write!(f, "the attribute {} is missing", names.join(" or "))
            }
            Self::NotTogether { name, with } => write!(f, "{name} does not go with {with}"),
            Self::BadValue { attribute, found, wanted, nearest } => {
                write!(f, "{attribute}=\"{}\" must be {wanted}", shorten(found))?;
                did_you_mean(f, nearest.as_deref())
            }
            Self::Text(text) => write!(f, "text where none may be: {:?}", shorten(text.trim())),
            Self::DuplicateId { id, first_line } => {
                write!(f, "the id {} was used before, in line {first_line}", shorten(id))
            }
            Self::Dangling { attribute, id, wanted, nearest } => {
                write!(f, "{attribute}=\"{}\" is not the id of {wanted}", shorten(id))?;
                did_you_mean(f, nearest.as_deref())
            }
        }
    }
}

fn remedy(
    f: &mut fmt::Formatter<'_>,
    allowed: &[String],
    nearest: Option<&str>,
    elsewhere: Option<&str>,
) -> fmt::Result {
    match (nearest, elsewhere) {
        (_, Some(elsewhere)) => write!(f, "; {elsewhere}"),
        (Some(_), None) => did_you_mean(f, nearest),
        (None, None) if allowed.is_empty() => Ok(()),
        (None, None) => write!(f, "; known are {}", allowed.join(", ")),
    }
}

fn did_you_mean(f: &mut fmt::Formatter<'_>, nearest: Option<&str>) -> fmt::Result {
    nearest.map_or(Ok(()), |word| write!(f, "; did you mean {word}?"))
}

/// Long values are cut: a message is for reading.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
