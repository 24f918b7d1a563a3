//! The document's edition, which counts what was changed.

use cib::Document;

/// Changes the document, as one change of a cluster's: its edition says whether it changed the
/// configuration, something else, or nothing.
pub(super) fn edit<T>(document: &mut Document, change: impl FnOnce(&mut Document) -> T) -> T {
    let before = document.clone();
    let answer = change(document);
    if configuration_differs(&before, document) {
        let epoch = counter(document, "epoch").saturating_add(1);
        set(document, "num_updates", 0);
        set(document, "epoch", epoch);
    } else if !before.root().same_as(document.root()) {
        raise_by(document, 1);
    }
    answer
}

/// So many changes of the status.
pub(in crate::crm_simulate) fn raise_by(document: &mut Document, edits: u32) {
    if edits > 0 {
        let updates = counter(document, "num_updates").saturating_add(edits);
        set(document, "num_updates", updates);
    }
}

fn configuration_differs(before: &Document, after: &Document) -> bool {
    match (before.root().child("configuration"), after.root().child("configuration")) {
        (Some(before), Some(after)) => !before.same_as(after),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    }
}

fn counter(document: &Document, name: &str) -> u32 {
    document.root().attr(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn set(document: &mut Document, name: &str, value: u32) {
    let root = document.root().id();
    document.set(root, name, &value.to_string());
}
