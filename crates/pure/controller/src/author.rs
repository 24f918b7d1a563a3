//! Whose the configuration is: written on the document with each change of it.
//!
//! Field words: Pacemaker `cib-last-written`, `update-origin`, `update-client`, `update-user`.

use cib::Document;
use wire::peer::Author;

/// Schemas that know of no more than the time.
const WITHOUT_NAMES: [&str; 4] =
    ["pacemaker-0.6", "pacemaker-0.7", "pacemaker-1.0", "pacemaker-1.1"];

/// Signs `after` if its configuration is another edition than that of `before`.
pub(crate) fn sign(before: &Document, after: &mut Document, author: &Author) {
    let edition = |document: &Document| {
        let version = document.version().unwrap_or_default();
        (version.admin_epoch, version.epoch)
    };
    if edition(before) == edition(after) {
        return;
    }
    let root = after.root();
    let names = !root.attr("validate-with").is_some_and(|schema| WITHOUT_NAMES.contains(&schema));
    let root = root.id();
    after.set(root, "cib-last-written", &model::clock(author.at));
    if !names {
        return;
    }
    for (name, value) in [
        ("update-origin", &author.origin),
        ("update-client", &author.client),
        ("update-user", &author.user),
    ] {
        if value.is_empty() {
            after.unset(root, name);
        } else {
            after.set(root, name, value);
        }
    }
}
