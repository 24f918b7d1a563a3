//! What expressions come to, and how one kind of value reads as another (XPath 1.0, 4).

use crate::element::Element;
use crate::tree::Kind;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'d> {
    /// Nodes, in document order.
    Nodes(Vec<Selected<'d>>),
    /// Text.
    Text(String),
    /// A number; may be not-a-number or infinite.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
}

/// A node of the document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selected<'d> {
    /// What is around the root element.
    Document,
    /// An element.
    Element(Element<'d>),
    /// An attribute.
    Attribute {
        /// Whose it is.
        of: Element<'d>,
        /// Its name.
        name: &'d str,
        /// Its value.
        value: &'d str,
    },
    /// A comment's text.
    Comment(Element<'d>),
    /// Character data.
    Text(Element<'d>),
}

impl<'d> Selected<'d> {
    pub(super) fn of(node: Element<'d>) -> Self {
        match node.kind() {
            Kind::Element => Self::Element(node),
            Kind::Comment => Self::Comment(node),
            Kind::Text => Self::Text(node),
        }
    }

    /// The element, comment or text itself; of an attribute, its element.
    pub(crate) fn place(self) -> Option<Element<'d>> {
        match self {
            Self::Document => None,
            Self::Element(node) | Self::Comment(node) | Self::Text(node) => Some(node),
            Self::Attribute { of, .. } => Some(of),
        }
    }

    /// The tag's or attribute's name; empty for other nodes.
    pub fn name(self) -> &'d str {
        match self {
            Self::Element(element) => element.name(),
            Self::Attribute { name, .. } => name,
            Self::Document | Self::Comment(_) | Self::Text(_) => "",
        }
    }

    /// The node's text: an attribute's value, or all character data inside.
    pub fn text(self, root: Element<'d>) -> String {
        match self {
            Self::Document => inner_text(root),
            Self::Element(element) => inner_text(element),
            Self::Attribute { value, .. } => value.to_owned(),
            Self::Comment(node) | Self::Text(node) => node.own_text().to_owned(),
        }
    }
}

fn inner_text(element: Element<'_>) -> String {
    element.descendants().map(Element::text).collect()
}

pub(super) fn number_of(text: &str) -> f64 {
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
    if plain && has_digit { trimmed.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

pub(super) fn text_of(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        // Also for minus zero.
        "0".to_owned()
    } else {
        number.to_string()
    }
}
