//! What an explanation says would bring a resource elsewhere does so when somebody else makes the
//! change, and one step less does not.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test reads its documents")]

use std::fs;
use std::path::Path;

use cib::Document;
use view::why::{Counterfactual, WhatIf};

const NOW: i64 = 1_795_223_471;

fn text_of(state: &str) -> String {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    fs::read_to_string(states.join(format!("{state}.xml"))).unwrap()
}

fn would(text: &str, resource: &str, node: Option<&str>) -> Vec<Counterfactual> {
    let document = Document::parse(text).unwrap();
    let why = view::why(&document, resource, node, NOW).unwrap();
    why.parts.into_iter().next().unwrap().would
}

/// The only change of the alternative of that kind.
fn change(would: &[Counterfactual], kind: &str) -> WhatIf {
    let mut changes = would.iter().flat_map(|one| &one.changes);
    changes.find(|change| change.kind == kind).unwrap_or_else(|| panic!("{would:?}")).clone()
}

/// Where the plan for the document has the resource's first primitive.
fn place(text: &str, resource: &str) -> Option<String> {
    let document = Document::parse(text).unwrap();
    let resolved = scheduler::resolve(&document, &scheduler::Input { now: NOW, sanitized: false });
    let assigned = scheduler::assign(&resolved);
    let node = assigned.resource(resolved.find_resource(resource).unwrap()).node?;
    Some(resolved.node(node).name.as_ref().to_owned())
}

fn replaced(text: &str, before: &str, after: &str) -> String {
    assert!(text.contains(before), "{before} is not in the document");
    text.replace(before, after)
}

#[test]
fn a_location_score_is_the_least_that_is_enough() {
    let text = text_of("why-sticks");
    let told = change(&would(&text, "db", None), "location");
    let value = told.value.unwrap();
    assert_eq!(told.id.as_deref(), Some("db-likes-a"));
    assert_eq!(told.was, Some(50));
    let with = |score: i32| replaced(&text, "score=\"50\"", &format!("score=\"{score}\""));
    assert_eq!(place(&with(value), "db").as_deref(), Some("a"));
    assert_eq!(place(&with(value - 1), "db").as_deref(), Some("b"));
}

#[test]
fn stickiness_is_the_most_that_lets_it_go() {
    let text = text_of("why-sticks");
    let told = change(&would(&text, "db", None), "stickiness");
    let value = told.value.unwrap();
    let with = |score: i32| replaced(&text, "value=\"100\"", &format!("value=\"{score}\""));
    assert_eq!(place(&with(value), "db").as_deref(), Some("a"));
    assert_eq!(place(&with(value + 1), "db").as_deref(), Some("b"));
}

#[test]
fn a_new_constraint_is_the_least_that_is_enough() {
    let text = text_of("why-prefers");
    let told = change(&would(&text, "db", Some("c")), "new-location");
    let value = told.value.unwrap();
    let with = |score: i32| {
        let made = format!(
            "<constraints><rsc_location id=\"new\" rsc=\"db\" node=\"c\" score=\"{score}\"/>"
        );
        replaced(&text, "<constraints>", &made)
    };
    assert_eq!(place(&with(value), "db").as_deref(), Some("c"));
    assert_eq!(place(&with(value - 1), "db").as_deref(), Some("b"));
}

#[test]
fn a_ticket_that_is_granted_lets_it_run() {
    let text = text_of("why-ticket");
    assert_eq!(place(&text, "db"), None);
    let told = change(&would(&text, "db", None), "ticket");
    assert_eq!(told.id.as_deref(), Some("site"));
    let after = replaced(&text, "granted=\"false\"", "granted=\"true\"");
    assert!(place(&after, "db").is_some());
}

#[test]
fn room_is_the_least_that_is_enough() {
    let text = text_of("why-room");
    assert_eq!(place(&text, "big"), None);
    let told = change(&would(&text, "big", Some("b")), "capacity");
    let value = told.value.unwrap();
    assert_eq!((told.node.as_deref(), told.was), (Some("b"), Some(500)));
    let with = |room: i32| replaced(&text, "value=\"500\"", &format!("value=\"{room}\""));
    assert_eq!(place(&with(value), "big").as_deref(), Some("b"));
    assert_eq!(place(&with(value - 1), "big"), None);
}

/// One change is not enough: both are told, and neither is enough alone.
#[test]
fn what_needs_two_changes_is_told_with_both() {
    let text = replaced(
        &text_of("why-ticket"),
        "<constraints>",
        "<constraints><rsc_location id=\"never\" rsc=\"db\" node=\"a\" score=\"-INFINITY\"/>",
    );
    let would = would(&text, "db", Some("a"));
    let [only] = would.as_slice() else { panic!("{would:?}") };
    let kinds: Vec<&str> = only.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, ["ticket", "location"]);
}

/// What nothing brings about is not said to be possible.
#[test]
fn nothing_is_told_where_nothing_helps() {
    let text = text_of("why-sticks");
    let banned = replaced(&text, "uname=\"a\"/>", "uname=\"a\"/><node id=\"9\" uname=\"z\"/>");
    let told = would(&banned, "db", Some("b"));
    assert!(told.is_empty(), "it is there already: {told:?}");
}

/// Over a part of Pacemaker's regression corpus, where `QUORATE_CORPUS` names it: nearly all that is
/// down has a way up, and asking twice gives the same answer.
#[test]
fn what_is_down_has_a_way_up() {
    let Ok(corpus) = std::env::var("QUORATE_CORPUS") else { return };
    let mut paths: Vec<_> = fs::read_dir(Path::new(&corpus).join("xml"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut down, mut without) = (0, Vec::new());
    for path in paths.iter().step_by(24) {
        let Ok(document) = Document::parse(&fs::read_to_string(path).unwrap()) else { continue };
        let input = scheduler::Input { now: NOW, sanitized: false };
        let resolved = scheduler::resolve(&document, &input);
        // What is not in the configuration any more has none.
        let tops = resolved.top.iter().filter(|top| !resolved.resource(**top).flags.removed);
        for top in tops.take(6) {
            let id = resolved.resource(*top).id.as_ref();
            let why = view::why(&document, id, None, NOW).unwrap();
            assert_eq!(why, view::why(&document, id, None, NOW).unwrap());
            let is_down = |part: &&view::why::Part| part.role == view::why::PartRole::Stopped;
            for part in why.parts.iter().filter(is_down) {
                down += 1;
                if part.would.is_empty() {
                    without.push(format!("{}: {}", path.display(), part.id));
                }
            }
        }
    }
    assert!(down > 15, "only {down} are down");
    assert!(without.len() * 5 < down, "{} of {down}: {without:?}", without.len());
}
