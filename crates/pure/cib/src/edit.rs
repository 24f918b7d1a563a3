//! Changes of the configuration, as every member applies them in the same order.
//!
//! An [`Edit`] holds text only, so that it can travel. [`apply`] is a function of the document
//! and the edits: the same everywhere, whole or not at all. The result follows its schema, and
//! its version is raised as Pacemaker does: `epoch` when the configuration changed, `num_updates`
//! when only something else did.
//!
//! **Not here:** changes of the status by the cluster itself (`transition`, `controller`), and
//! who may edit what ([`acl`](crate::acl)).
//!
//! Field word: Pacemaker *CIB operation*.

mod merge;
mod refused;
mod whole;

use crate::element::Element;
use crate::parse::DEPTH_MAX;
use crate::patch::Patchset;
use crate::schema;
use crate::sections::Section;
use crate::tree::{Document, NodeId};
use crate::version::Version;
use crate::xpath::XPath;
pub use merge::counted;
pub use refused::Refused;

/// One change. Texts named `xml` are one element each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The whole configuration becomes this: a `cib` (whose status is not looked at) or a
    /// `configuration`.
    ReplaceConfiguration {
        /// The new one.
        xml: String,
    },
    /// A patchset of format 2 is applied. Field word: `cibadmin --patch`.
    Patch {
        /// The patchset.
        xml: String,
    },
    /// An element is added. If it is called as the section is, its children are added instead.
    /// Field word: `cibadmin --create`.
    Create {
        /// Below what.
        place: Place,
        /// What.
        xml: String,
    },
    /// The first element with the same name and id gets the attributes and children of this one;
    /// what it has and this one does not say stays. Field word: `cibadmin --modify`.
    Modify {
        /// Where to look.
        place: Place,
        /// What to set.
        xml: String,
        /// Whether it is added where there is none. Field word: `--allow-create`.
        or_create: bool,
    },
    /// The first element with the same name and id becomes this one.
    /// Field word: `cibadmin --replace`.
    Replace {
        /// Where to look; with an XPath, what to replace.
        place: Place,
        /// The new one.
        xml: String,
    },
    /// The first element of this name that has all these attributes goes.
    /// Field word: `cibadmin --delete`.
    DeleteLike {
        /// Where to look.
        place: Place,
        /// What it is like.
        xml: String,
    },
    /// What an XPath selects goes. Field word: `cibadmin --delete --xpath`.
    Delete {
        /// The expression.
        xpath: String,
        /// Everything selected, or only the first. Field word: `--force`, `cib_multiple`.
        all: bool,
    },
}

/// Where an edit takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A part of the document. It is made if the document has none.
    Section(Section),
    /// The first element that the expression selects.
    XPath(String),
}

/// What edits came to.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The document after them.
    pub document: Document,
    /// How much of it differs.
    pub changed: Changed,
}

/// How much of a document differs from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// Nothing; the version is the same too.
    Nothing,
    /// Only the status, or attributes of the root that say nothing about the configuration.
    Status,
    /// The configuration.
    Configuration,
}

/// A document that has grown by this much is copied, to give back what edits left behind.
const SLACK_MAX: usize = 1 << 20;

/// Applies edits in order, all or none.
///
/// # Errors
/// When one of them cannot be applied, or the result would not be valid.
pub fn apply(before: &Document, edits: &[Edit]) -> Result<Applied, Refused> {
    let mut document = before.clone();
    let mut patched_to = None;
    for edit in edits {
        patched_to = one(&mut document, edit)?.or(patched_to);
    }
    let changed = difference(before, &document);
    if changed > Changed::Nothing {
        validate(before, &document)?;
    }
    let old = before.version().map_err(Refused::Version)?;
    let version = match (changed, patched_to) {
        (Changed::Nothing, _) => old,
        // A patchset says which edition it leads to.
        (_, Some(target)) if target > old => target,
        (Changed::Status, _) => old.after_status_change(),
        (Changed::Configuration, _) => whole::raised(old, &document),
    };
    document.set_version(version);
    if document.slack() > SLACK_MAX {
        document = Document::extract(document.root());
    }
    Ok(Applied { document, changed })
}

/// Answers the version that a patchset leads to.
fn one(document: &mut Document, edit: &Edit) -> Result<Option<Version>, Refused> {
    match edit {
        Edit::ReplaceConfiguration { xml } => whole::replace(document, xml)?,
        Edit::Patch { xml } => {
            let patchset = Patchset::parse(xml).map_err(Refused::Patch)?;
            *document = patchset.apply(document).map_err(Refused::Patch)?;
            return Ok(patchset.target());
        }
        Edit::Create { place, xml } => create(document, place, &read(xml)?)?,
        Edit::Modify { place, xml, or_create } => {
            modify(document, place, &read(xml)?, *or_create)?;
        }
        Edit::Replace { place, xml } => replace(document, place, &read(xml)?)?,
        Edit::DeleteLike { place, xml } => delete_like(document, place, &read(xml)?)?,
        Edit::Delete { xpath, all } => delete(document, xpath, *all)?,
    }
    Ok(None)
}

fn read(xml: &str) -> Result<Document, Refused> {
    Document::parse(xml).map_err(Refused::Unreadable)
}

fn find(document: &mut Document, place: &Place) -> Result<NodeId, Refused> {
    match place {
        Place::Section(section) => Ok(document.section_or_new(*section)),
        Place::XPath(xpath) => {
            let first = select(document, xpath)?.first().copied();
            first.ok_or_else(|| Refused::nothing_selected(xpath))
        }
    }
}

fn select(document: &Document, xpath: &str) -> Result<Vec<NodeId>, Refused> {
    let found = XPath::parse(xpath)
        .and_then(|xpath| Ok(xpath.elements(document)?.into_iter().map(Element::id).collect()));
    found.map_err(Refused::XPath)
}

fn create(document: &mut Document, place: &Place, given: &Document) -> Result<(), Refused> {
    let parent = find(document, place)?;
    let root = given.root();
    let is_section = matches!(place, Place::Section(section) if root.is(section.name()));
    let new: Vec<Element<'_>> = if is_section { root.children().collect() } else { vec![root] };
    for element in new {
        let same =
            |at: &Element<'_>| at.name() == element.name() && at.attr("id") == element.attr("id");
        let is_known = document.element(parent).children().any(|at| same(&at));
        if is_known && (element.attr("id").is_some() || matches!(place, Place::Section(_))) {
            return Err(Refused::Exists { element: refused::shown(element) });
        }
        document.append_copy(parent, element);
    }
    Ok(())
}

fn modify(
    document: &mut Document,
    place: &Place,
    given: &Document,
    or_create: bool,
) -> Result<(), Refused> {
    let scope = find(document, place)?;
    let root = given.root();
    let same = |at: &Element<'_>| at.name() == root.name() && at.attr("id") == root.attr("id");
    let found = document.element(scope).descendants().find(same).map(Element::id);
    match found {
        Some(found) => merge::update(document, found, root),
        None if or_create => {
            document.append_copy(scope, root);
        }
        None => return Err(Refused::not_found(document, root)),
    }
    Ok(())
}

fn replace(document: &mut Document, place: &Place, given: &Document) -> Result<(), Refused> {
    let scope = find(document, place)?;
    let root = given.root();
    let same = |at: &Element<'_>| {
        let id = root.attr("id");
        at.name() == root.name() && (id.is_none() || id == at.attr("id"))
    };
    let found = match place {
        Place::Section(_) => document.element(scope).descendants().find(same).map(Element::id),
        Place::XPath(_) => Some(scope),
    };
    let found = found.ok_or_else(|| Refused::not_found(document, root))?;
    if found == document.root().id() {
        return whole::replace(document, &given.to_string());
    }
    document.insert_copy_before(found, root);
    document.remove(found);
    Ok(())
}

fn delete_like(document: &mut Document, place: &Place, given: &Document) -> Result<(), Refused> {
    let scope = find(document, place)?;
    let root = given.root();
    let like = |at: &Element<'_>| {
        at.name() == root.name() && root.attrs().all(|(name, value)| at.attr(name) == Some(value))
    };
    let found = document.element(scope).descendants().skip(1).find(like).map(Element::id);
    document.remove(found.ok_or_else(|| Refused::not_found(document, root))?);
    Ok(())
}

fn delete(document: &mut Document, xpath: &str, all: bool) -> Result<(), Refused> {
    let mut found = select(document, xpath)?;
    if !all {
        found.truncate(1);
    }
    if found.is_empty() {
        return Err(Refused::nothing_selected(xpath));
    }
    if found.contains(&document.root().id()) {
        return Err(Refused::WholeDocument);
    }
    found.into_iter().for_each(|at| document.remove(at));
    Ok(())
}

fn difference(before: &Document, after: &Document) -> Changed {
    let configuration = |document| Document::section(document, Section::Configuration);
    let schema = |document: &Document| document.root().attr("validate-with").map(str::to_owned);
    let same_configuration = match (configuration(before), configuration(after)) {
        (Some(old), Some(new)) => old.same_as(new),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if !same_configuration || schema(before) != schema(after) {
        Changed::Configuration
    } else if before.root().same_as(after.root()) {
        Changed::Nothing
    } else {
        Changed::Status
    }
}

/// Whether an element nests no deeper than that.
fn fits(element: Element<'_>, depth: usize) -> bool {
    depth > 0 && element.children().all(|child| fits(child, depth - 1))
}

fn validate(before: &Document, after: &Document) -> Result<(), Refused> {
    if !fits(after.root(), DEPTH_MAX) {
        return Err(Refused::TooDeep);
    }
    let checked = schema::check(after);
    let mut violations = checked.violations;
    if !checked.misdirected.is_empty() {
        // No schema forbids a reference to the wrong kind, so old ones may be there; new ones are
        // mistakes.
        let known = schema::check(before).misdirected;
        let is_new = |one: &schema::Violation| {
            !known.iter().any(|old| old.element == one.element && old.problem == one.problem)
        };
        violations.extend(checked.misdirected.into_iter().filter(is_new));
    }
    if violations.is_empty() { Ok(()) } else { Err(Refused::Invalid { violations }) }
}

#[cfg(test)]
mod tests;
