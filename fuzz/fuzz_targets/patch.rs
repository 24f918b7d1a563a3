//! Two texts with a form feed between them. As a document and a patchset: applied or refused. As
//! two documents: their difference, applied to the first, gives the second.

#![no_main]

use cib::Document;
use cib::patch::{Patchset, diff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((first, second)) = text.split_once('\u{c}') else { return };
    let Ok(old) = Document::parse(first) else { return };
    if let Ok(patch) = Patchset::parse(second) {
        let _ = patch.apply(&old);
        assert_eq!(
            Patchset::parse(&patch.to_string()).expect("it reads").to_string(),
            patch.to_string()
        );
    }
    let Ok(new) = Document::parse(second) else { return };
    // Character data is no part of patchsets.
    if has_text(&old) || has_text(&new) {
        return;
    }
    let Ok(patch) = diff(&old, &new) else { return };
    let patch = patch.without_version();
    let made = patch.apply(&old).expect("a difference applies to what it was made of");
    assert_eq!(made.to_string(), new.to_string());
});

fn has_text(document: &Document) -> bool {
    document.root().descendants().any(|at| !at.text().is_empty())
}
