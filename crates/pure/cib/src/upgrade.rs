//! Bringing a document of an older schema to the newest, as `cibadmin --upgrade` does.
//!
//! Within a series (1.x, 2.x, 3.x) a newer schema only allows more, so a document stays as it is
//! and only names another schema. Between series a migration rewrites what the next one dropped,
//! each in a module of its own. A migration is skipped when the document is valid without it.
//!
//! **Always:** the document is changed whole or not at all, and what was brought to another schema
//! is valid there. One that names the newest already is left alone, unchecked.

mod to_2_0;
mod to_3_0;
mod to_4_0;

use std::fmt;

use crate::element::Element;
use crate::schema::{Schema, Violation, check_as};
use crate::tree::{Document, NodeId};

/// What an upgrade did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The schema that the document named.
    pub from: Schema,
    /// The schema that it follows now.
    pub to: Schema,
    /// What was dropped because nothing stands for it any more, in words.
    pub dropped: Vec<String>,
}

/// Why a document could not be brought to the newest schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotUpgraded {
    /// It names no schema, or one that nobody knows.
    UnknownSchema(Option<String>),
    /// It follows neither the schema that it names nor a later one.
    Invalid {
        /// The schema that it names.
        claimed: Schema,
        /// What is wrong with it there.
        violations: Vec<Violation>,
    },
    /// It is valid, but no migration leads further.
    Stuck {
        /// The schema that it names.
        claimed: Schema,
        /// The last one that it follows.
        reached: Schema,
        /// What is wrong with it in the newest.
        violations: Vec<Violation>,
    },
}

impl fmt::Display for NotUpgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let newest = Schema::NEWEST;
        let first = |f: &mut fmt::Formatter<'_>, violations: &[Violation]| {
            violations.first().map_or(Ok(()), |violation| write!(f, ": {violation}"))
        };
        match self {
            Self::UnknownSchema(None) => f.write_str("the document names no schema"),
            Self::UnknownSchema(Some(name)) => write!(f, "there is no schema called {name}"),
            Self::Invalid { claimed, violations } => {
                write!(f, "the document follows no schema from {claimed} to {newest}")?;
                first(f, violations)
            }
            Self::Stuck { claimed, reached, violations } => {
                write!(f, "the document names {claimed} and cannot be brought past {reached}")?;
                first(f, violations)
            }
        }
    }
}

impl std::error::Error for NotUpgraded {}

/// Rewrites a document and answers what it dropped, in words.
type Migration = fn(&mut Document) -> Vec<String>;

/// The last schema of each series, the first of the next, and what leads there.
const MIGRATIONS: [(Schema, Schema, Migration); 3] = [
    (Schema::number(103), Schema::number(200), to_2_0::migrate),
    (Schema::number(210), Schema::number(300), to_3_0::migrate),
    (Schema::number(310), Schema::number(400), to_4_0::migrate),
];

/// Brings a document to the newest schema. One that names it already is left alone, and so is one
/// with `validate-with="none"`: nobody can tell what it follows. Neither is checked.
///
/// # Errors
/// When the document is not valid, or no migration makes it valid in the newest schema; it is
/// unchanged then.
pub fn upgrade(document: &mut Document) -> Result<Upgraded, NotUpgraded> {
    let newest = Schema::NEWEST;
    let claimed: Schema = match document.root().attr("validate-with") {
        Some("none") => {
            return Ok(Upgraded { from: newest, to: newest, dropped: Vec::new() });
        }
        Some(name) => {
            name.parse().map_err(|_| NotUpgraded::UnknownSchema(Some(name.to_owned())))?
        }
        None => return Err(NotUpgraded::UnknownSchema(None)),
    };
    if claimed == newest {
        return Ok(Upgraded { from: newest, to: newest, dropped: Vec::new() });
    }
    // With only the last migration before it, a document that is valid in the newest schema just
    // names that from now on: one check instead of two for most.
    let steps = MIGRATIONS.iter().filter(|(last, ..)| *last >= claimed).count();
    if steps == 1 && valid(document, newest) {
        document.set(document.root().id(), "validate-with", &newest.to_string());
        return Ok(Upgraded { from: claimed, to: newest, dropped: Vec::new() });
    }
    let Some(valid_at) = Schema::all().find(|s| *s >= claimed && valid(document, *s)) else {
        let violations = check_as(document, claimed).violations;
        return Err(NotUpgraded::Invalid { claimed, violations });
    };
    // Only what a migration makes is a copy: most documents just name another schema.
    let mut work: Option<Document> = None;
    let mut dropped = Vec::new();
    for (reached, next, migrate) in MIGRATIONS.into_iter().filter(|(last, ..)| *last >= valid_at) {
        let before = work.as_ref().unwrap_or(document);
        if !valid(before, next) {
            let mut migrated = before.clone();
            dropped.append(&mut migrate(&mut migrated));
            if !valid(&migrated, next) {
                let violations = check_as(&migrated, next).violations;
                return Err(NotUpgraded::Stuck { claimed, reached, violations });
            }
            work = Some(migrated);
        }
    }
    if let Some(work) = work {
        *document = work;
    }
    document.set(document.root().id(), "validate-with", &newest.to_string());
    // Copies of one block say the same.
    dropped.sort();
    dropped.dedup();
    Ok(Upgraded { from: claimed, to: newest, dropped })
}

fn valid(document: &Document, schema: Schema) -> bool {
    check_as(document, schema).is_valid()
}

// ---- what migrations share ----------------------------------------------------------------

/// Handles of all elements that fit, in document order.
fn all(document: &Document, fits: impl Fn(Element<'_>) -> bool) -> Vec<NodeId> {
    document.root().descendants().filter(|at| fits(*at)).map(Element::id).collect()
}

fn attr(document: &Document, at: NodeId, name: &str) -> Option<String> {
    document.element(at).attr(name).map(str::to_owned)
}

fn parent_is(element: Element<'_>, names: &[&str]) -> bool {
    element.parent().is_some_and(|parent| names.contains(&parent.name()))
}

#[cfg(test)]
mod tests;
