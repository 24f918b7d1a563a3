//! Constraints: references checked, tags, templates, patterns and sets expanded, rules evaluated.
//!
//! **Not here:** what a constraint does to a resource; later stages apply them.
//!
//! **Always:** a constraint that refers to what does not exist is left out and reported; the
//! others count.

mod colocation;
mod location;
mod order;
mod references;
mod tickets;

use cib::Element;

use super::Reading;
use crate::report::{FindingKind, Severity};

/// Reads `configuration/constraints`, and the tickets that they depend on.
pub(super) fn read(reading: &mut Reading<'_>) {
    references::read_tags(reading);
    let root = reading.resolved.document.root();
    let Some(section) = root.path(&["configuration", "constraints"]) else { return };
    for element in section.children() {
        if element.attr("id").is_none() {
            let message = format!("a {} constraint has no id and is left out", element.name());
            reading.find(Severity::Error, element, FindingKind::Incomplete, message);
            continue;
        }
        match element.name() {
            "rsc_order" => order::read(reading, element),
            "rsc_colocation" => colocation::read(reading, element),
            "rsc_location" => location::read(reading, element),
            "rsc_ticket" => tickets::read_constraint(reading, element),
            other => {
                let message = format!("{other} is not a kind of constraint and is left out");
                reading.find(Severity::Error, element, FindingKind::BadValue, message);
            }
        }
    }
}

fn id_of<'a>(element: Element<'a>) -> &'a str {
    element.attr("id").unwrap_or("")
}

/// Reports that the constraint refers to nothing.
fn report_unknown(reading: &mut Reading<'_>, constraint: Element<'_>, name: &str) {
    let id = id_of(constraint);
    let message = format!("constraint {id} is left out: there is no resource or tag {name}");
    reading.find(Severity::Error, constraint, FindingKind::DanglingReference, message);
}
