//! A client's edits applied to a document: together or not at all.

use cib::Document;
use cib::edit::{self, Place};
use wire::api::{Edit, Refused, Violation};

use crate::state::invalid;

/// The document after the edits. Also the way to see beforehand what a change would make.
///
/// # Errors
/// When one cannot be applied, or the document would not be valid.
pub fn apply(before: &Document, edits: &[Edit]) -> Result<Document, Refused> {
    let edits: Vec<edit::Edit> = edits.iter().map(lower).collect();
    edit::apply(before, &edits).map(|applied| applied.document).map_err(refused)
}

/// What a client may ask for, as the document knows it.
fn lower(edit: &Edit) -> edit::Edit {
    match edit.clone() {
        Edit::Replace { xml } => edit::Edit::ReplaceConfiguration { xml },
        Edit::Patch { xml } => edit::Edit::Patch { xml },
        Edit::Create { parent, xml } => edit::Edit::Create { place: Place::XPath(parent), xml },
        Edit::Modify { xml } => {
            let place = Place::Section(cib::Section::Configuration);
            edit::Edit::Modify { place, xml, or_create: false }
        }
        Edit::Delete { xpath } => edit::Edit::Delete { xpath, all: true },
    }
}

fn refused(why: edit::Refused) -> Refused {
    match why {
        edit::Refused::Invalid { violations } => Refused::Invalid {
            violations: violations
                .into_iter()
                .map(|one| Violation {
                    line: one.line,
                    what: format!("{}: {}", one.element, one.problem),
                    hint: None,
                })
                .collect(),
        },
        edit::Refused::Unreadable(error) => invalid(error.line, error.reason),
        edit::Refused::WrongElement { line, wanted, found } => {
            invalid(line, format!("{found} where there must be {wanted}"))
        }
        other @ (edit::Refused::XPath(_)
        | edit::Refused::NotFound { .. }
        | edit::Refused::Exists { .. }
        | edit::Refused::WholeDocument
        | edit::Refused::Patch(_)
        | edit::Refused::Version(_)
        | edit::Refused::TooDeep) => invalid(0, other.to_string()),
    }
}
