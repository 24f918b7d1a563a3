//! XPath 1.0 on documents: how people and tools point at parts of the configuration.
//!
//! The whole language except variables and namespaces, which no CIB has: a prefix is part of a
//! name. An expression is read once ([`XPath::parse`]) and may be asked of many documents.
//!
//! **Always:** node sets are in document order; evaluation ends within a fixed amount of work.

mod ast;
mod eval;
mod functions;
mod lex;
mod read;
mod value;

use crate::element::Element;
use crate::tree::Document;
pub use value::{Selected, Value};

/// An expression that was read.
#[derive(Clone, Debug)]
pub struct XPath {
    text: String,
    expression: ast::Expr,
}

/// An expression that is not XPath, or asks too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XPathError {
    /// The expression.
    pub text: String,
    /// Where it goes wrong, in bytes from its beginning.
    pub at: usize,
    /// What is wrong there, in words.
    pub reason: String,
}

impl std::fmt::Display for XPathError {
    /// The expression, a mark below the place, and the reason.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let before = self.text.get(..self.at).unwrap_or(&self.text).chars().count();
        writeln!(f, "{}", self.reason)?;
        writeln!(f, "  {}", self.text.replace(['\n', '\t'], " "))?;
        // A width of `format!` has a limit, which an expression has not.
        write!(f, "  {}^", " ".repeat(before))
    }
}

impl std::error::Error for XPathError {}

impl XPath {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is not XPath 1.0, names a function that there is not, or uses a variable.
    pub fn parse(text: &str) -> Result<Self, XPathError> {
        let fail = |(at, reason): (usize, String)| XPathError { text: text.to_owned(), at, reason };
        let tokens = lex::tokens(text).map_err(fail)?;
        let expression = read::expression(&tokens, text.len()).map_err(fail)?;
        Ok(Self { text: text.to_owned(), expression })
    }

    /// The expression's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the expression comes to.
    ///
    /// # Errors
    /// When something that is not a set of nodes is used as one, or it takes too much work.
    pub fn evaluate<'d>(&self, document: &'d Document) -> Result<Value<'d>, XPathError> {
        eval::evaluate(&self.expression, document).map_err(|reason| XPathError {
            text: self.text.clone(),
            at: 0,
            reason,
        })
    }

    /// The elements that the expression selects, in document order; other nodes are left out.
    ///
    /// # Errors
    /// As [`XPath::evaluate`], and when the expression comes to something else than nodes.
    pub fn elements<'d>(&self, document: &'d Document) -> Result<Vec<Element<'d>>, XPathError> {
        match self.evaluate(document)? {
            Value::Nodes(nodes) => Ok(nodes
                .into_iter()
                .filter_map(|node| match node {
                    Selected::Element(element) => Some(element),
                    Selected::Document
                    | Selected::Attribute { .. }
                    | Selected::Comment(_)
                    | Selected::Text(_) => None,
                })
                .collect()),
            Value::Text(_) | Value::Number(_) | Value::Boolean(_) => Err(XPathError {
                text: self.text.clone(),
                at: 0,
                reason: "this does not select elements".to_owned(),
            }),
        }
    }
}

impl Document {
    /// The elements that an XPath expression selects, in document order.
    ///
    /// # Errors
    /// As [`XPath::parse`] and [`XPath::elements`].
    pub fn select(&self, xpath: &str) -> Result<Vec<Element<'_>>, XPathError> {
        XPath::parse(xpath)?.elements(self)
    }
}

#[cfg(test)]
mod tests;
