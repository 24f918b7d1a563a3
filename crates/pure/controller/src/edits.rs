//! A client's edits applied to a document: together or not at all.

use cib::{Document, Element, Section};
use wire::api::{Edit, Refused};

use crate::state::invalid;

/// The document after the edits.
pub(crate) fn apply(before: &Document, edits: &[Edit]) -> Result<Document, Refused> {
    let mut document = before.clone();
    for edit in edits {
        document = one(&document, edit)?;
    }
    let version = before.version().unwrap_or_default();
    document.set_version(version.after_configuration_change());
    Ok(document)
}

fn one(before: &Document, edit: &Edit) -> Result<Document, Refused> {
    match edit {
        Edit::Replace { xml } => replace(before, xml),
        Edit::Patch { .. } | Edit::Create { .. } | Edit::Modify { .. } | Edit::Delete { .. } => {
            Err(invalid(0, "this kind of edit is not understood yet"))
        }
    }
}

/// The new configuration with the old status.
fn replace(before: &Document, xml: &str) -> Result<Document, Refused> {
    let given = Document::parse(xml).map_err(|error| invalid(error.line, error.reason))?;
    let mut after = match given.root().name() {
        "cib" => given,
        "configuration" => {
            let mut whole = Document::extract(before.root());
            let old = whole.section_or_new(Section::Configuration);
            whole.insert_copy_before(old, given.root());
            whole.remove(old);
            whole
        }
        other => {
            let line = given.root().line();
            return Err(invalid(line, format!("expected cib or configuration, found {other}")));
        }
    };
    let status = after.section_or_new(Section::Status);
    after.clear(status);
    for state in before.section(Section::Status).into_iter().flat_map(Element::children) {
        after.append_copy(status, state);
    }
    for name in ["have-quorum", "dc-uuid"] {
        if let Some(value) = before.root().attr(name) {
            let root = after.root().id();
            after.set(root, name, value);
        }
    }
    Ok(after)
}
