//! Which risks of a change are grave, and which are what the change is about.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test reads its documents")]

use std::fs;
use std::path::Path;

use cib::Document;

const NOW: i64 = 1_795_223_471;

/// The risks when this is changed, and how many of them are grave.
fn risks(before: &str, after: &str) -> (Vec<String>, usize) {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    let text = fs::read_to_string(states.join("web.xml")).unwrap();
    assert!(text.contains(before), "{before} is not in the document");
    let changed = Document::parse(&text.replace(before, after)).unwrap();
    let found = view::consequences(&Document::parse(&text).unwrap(), &changed, NOW);
    (found.risks, found.grave)
}

#[test]
fn an_interruption_that_is_asked_for_is_not_grave() {
    let made = "<constraints><rsc_location id=\"new\" rsc=\"web\" node=\"n2\" score=\"INFINITY\"/>";
    let (risks, grave) = risks("<constraints>", made);
    assert_eq!((risks, grave), (vec!["Interrupts web for about 3 s.".to_owned()], 0));
}

#[test]
fn what_is_worse_afterwards_is_grave_and_said_first() {
    let made = "<constraints><rsc_location id=\"new\" rsc=\"web\" node=\"n1\" score=\"-INFINITY\"/>\
                <rsc_location id=\"new-2\" rsc=\"web\" node=\"n3\" score=\"-INFINITY\"/>";
    let (risks, grave) = risks("<constraints>", made);
    assert_eq!(grave, 2);
    let wanted = ["After this only n2 may run web", "After this the loss of n2", "Interrupts web"];
    assert_eq!(risks.len(), wanted.len(), "{risks:?}");
    for (risk, begins) in risks.iter().zip(wanted) {
        assert!(risk.starts_with(begins), "{risks:?}");
    }
}
