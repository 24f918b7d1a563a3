//! Whether a document follows the schema that it names.
//!
//! The rules are tables (`tables/`) in a small language (`table`): which element may stand where,
//! with which attributes of which kinds, since and until which schema. What is wrong comes back
//! as [`Violation`]s: the line, what was expected, and the word that was probably meant.
//!
//! **Not here:** what values mean (`scheduler`); bringing older documents to the newest schema
//! ([`upgrade`](crate::upgrade)).
//!
//! Field word: Pacemaker *validate-with*.

mod check;
mod choice;
mod grammar;
mod ids;
mod kind;
mod nearest;
mod table;
mod tables;
mod version;
mod violation;

use crate::tree::Document;
use check::Check;
pub use grammar::{grammar, grammar_of_versions};
pub use nearest::nearest;
use table::Rule;
pub use version::{Schema, UnknownSchema};
pub use violation::{Problem, Violation};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Where the document breaks its schema; empty if it is valid.
    pub violations: Vec<Violation>,
    /// References to an element of the wrong kind, such as a constraint on an operation. No
    /// schema forbids them, so documents that others accepted may have some; new ones are
    /// mistakes.
    pub misdirected: Vec<Violation>,
}

impl Checked {
    /// Whether the document follows its schema.
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Checks a document against the schema that its `validate-with` names. With `none` there is
/// nothing to hold it against, and nothing is found.
pub fn check(document: &Document) -> Checked {
    match document.root().attr("validate-with") {
        Some("none") => Checked::default(),
        Some(name) => match name.parse() {
            Ok(schema) => check_as(document, schema),
            Err(UnknownSchema(found)) => just(document, unknown_schema(found)),
        },
        None => just(document, Problem::MissingAttribute(vec!["validate-with".to_owned()])),
    }
}

/// Checks a document against `schema`, whatever it names.
pub fn check_as(document: &Document, schema: Schema) -> Checked {
    let root = document.root();
    let rule: &'static Rule = &tables::CIB;
    if root.name() != rule.name {
        return just(document, Problem::MissingElement(vec![rule.name.to_owned()]));
    }
    let mut check = Check::new(schema);
    check.element(root, rule);
    let misdirected = check.references();
    Checked { violations: check.violations, misdirected }
}

fn just(document: &Document, problem: Problem) -> Checked {
    let violation = Violation::at(document.root(), problem);
    Checked { violations: vec![violation], misdirected: Vec::new() }
}

fn unknown_schema(found: String) -> Problem {
    let known: Vec<String> = Schema::all().map(|schema| schema.to_string()).collect();
    Problem::BadValue {
        attribute: "validate-with".to_owned(),
        nearest: nearest(&found, known.iter().map(String::as_str)).map(str::to_owned),
        wanted: format!("one of {}", known.join(", ")),
        found,
    }
}

#[cfg(test)]
mod tests;
