//! Constraints, also those that contradict one another.

use cib::NodeId;

use super::rules;
use crate::draft::{Draft, SCORES};

const ROLES: &[&str] = &["Started", "Promoted", "Promoted", "Unpromoted", "Stopped"];
const TASKS: &[&str] = &["start", "start", "stop", "promote", "demote"];
const KINDS: &[&str] = &["Mandatory", "Mandatory", "Optional", "Serialize"];

pub(super) fn draw(draft: &mut Draft, configuration: NodeId, count: usize) {
    let section = draft.add(configuration, "constraints", &[]);
    for _ in 0..count {
        if draft.resources.is_empty() {
            return;
        }
        match draft.chance.below(100) {
            0..30 => location(draft, section),
            30..55 => colocation(draft, section),
            55..62 => set_of_colocations(draft, section),
            62..88 => order(draft, section),
            88..94 => set_of_orders(draft, section),
            _ => ticket(draft, section),
        }
    }
}

/// Two resources, seldom the same one twice.
fn two(draft: &mut Draft) -> (String, String) {
    let one = draft.any_resource();
    let mut other = draft.any_resource();
    for _ in 0..3 {
        if one == other && draft.chance.percent(90) {
            other = draft.any_resource();
        }
    }
    (one, other)
}

fn location(draft: &mut Draft, section: NodeId) {
    let resource = draft.any_resource();
    let constraint = draft.add_new(section, "rsc_location", &[]);
    if draft.chance.percent(8) {
        draft.document.set(constraint, "rsc-pattern", "[rgc].*1");
    } else if draft.chance.percent(8) {
        let set = draft.add_new(constraint, "resource_set", &[]);
        if draft.chance.percent(30) {
            let role = draft.chance.word(ROLES);
            draft.document.set(set, "role", role);
        }
        for id in [resource, draft.any_resource()] {
            draft.add(set, "resource_ref", &[("id", &id)]);
        }
    } else {
        draft.document.set(constraint, "rsc", &resource);
    }
    if draft.chance.percent(10) {
        let discovery = draft.chance.word(&["always", "never", "exclusive"]);
        draft.document.set(constraint, "resource-discovery", discovery);
    }
    if draft.chance.percent(35) {
        rules::of_location(draft, constraint);
        if draft.before_4 && draft.chance.percent(12) {
            rules::of_location(draft, constraint);
        }
        return;
    }
    let (node, score) = (draft.any_node(), draft.chance.word(SCORES));
    draft.document.set(constraint, "node", &node);
    draft.document.set(constraint, "score", score);
    let of_set = draft.document.element(constraint).child("resource_set").is_some();
    if !of_set && draft.chance.percent(15) {
        let role = draft.chance.word(ROLES);
        draft.document.set(constraint, "role", role);
    }
}

fn colocation(draft: &mut Draft, section: NodeId) {
    let (dependent, primary) = two(draft);
    let score = draft.chance.word(SCORES);
    let attributes = [("rsc", dependent.as_str()), ("with-rsc", &primary), ("score", score)];
    let constraint = draft.add_new(section, "rsc_colocation", &attributes);
    for (name, percent) in [("rsc-role", 20), ("with-rsc-role", 25)] {
        if draft.chance.percent(percent) {
            let role = draft.chance.word(ROLES);
            draft.document.set(constraint, name, role);
        }
    }
    if draft.chance.percent(10) {
        let attribute = draft.chance.word(&["site", "#uname", "nothing"]);
        draft.document.set(constraint, "node-attribute", attribute);
    }
    if draft.chance.percent(10) {
        let influence = draft.chance.word(&["true", "false"]);
        draft.document.set(constraint, "influence", influence);
    }
}

fn order(draft: &mut Draft, section: NodeId) {
    let (first, then) = two(draft);
    let attributes = [("first", first.as_str()), ("then", &then)];
    let constraint = draft.add_new(section, "rsc_order", &attributes);
    for name in ["first-action", "then-action"] {
        if draft.chance.percent(25) {
            let task = draft.chance.word(TASKS);
            draft.document.set(constraint, name, task);
        }
    }
    if draft.chance.percent(20) {
        let symmetrical = draft.chance.word(&["true", "false"]);
        draft.document.set(constraint, "symmetrical", symmetrical);
    }
    if draft.chance.percent(50) {
        let kind = draft.chance.word(KINDS);
        draft.document.set(constraint, "kind", kind);
    } else if draft.chance.percent(20) {
        let score = draft.chance.word(&["0", "INFINITY", "-INFINITY", "10"]);
        draft.document.set(constraint, "score", score);
    }
    if draft.chance.percent(10) {
        draft.document.set(constraint, "require-all", "false");
    }
}

fn set_of_colocations(draft: &mut Draft, section: NodeId) {
    let score = draft.chance.word(SCORES);
    let constraint = draft.add_new(section, "rsc_colocation", &[("score", score)]);
    sets(draft, constraint, "role", ROLES);
}

fn set_of_orders(draft: &mut Draft, section: NodeId) {
    let constraint = draft.add_new(section, "rsc_order", &[]);
    if draft.chance.percent(60) {
        let kind = draft.chance.word(KINDS);
        draft.document.set(constraint, "kind", kind);
    }
    sets(draft, constraint, "action", TASKS);
}

fn ticket(draft: &mut Draft, section: NodeId) {
    let resource = draft.any_resource();
    let ticket = draft.chance.word(&["ticketA", "ticketB"]);
    let attributes = [("rsc", resource.as_str()), ("ticket", ticket)];
    let constraint = draft.add_new(section, "rsc_ticket", &attributes);
    if draft.chance.percent(60) {
        let policy = draft.chance.word(&["stop", "demote", "fence", "freeze"]);
        draft.document.set(constraint, "loss-policy", policy);
    }
    if draft.chance.percent(20) {
        draft.document.set(constraint, "rsc-role", "Promoted");
    }
}

/// Up to three sets, with a role or an action each.
fn sets(draft: &mut Draft, constraint: NodeId, what: &str, words: &[&'static str]) {
    for _ in 0..=draft.chance.below(3) {
        let set = draft.add_new(constraint, "resource_set", &[]);
        for name in ["sequential", "require-all"] {
            if draft.chance.percent(30) {
                let value = draft.chance.word(&["true", "false"]);
                draft.document.set(set, name, value);
            }
        }
        if draft.chance.percent(25) {
            let word = draft.chance.word(words);
            draft.document.set(set, what, word);
        }
        for _ in 0..=draft.chance.below(3) {
            let resource = draft.any_resource();
            draft.add(set, "resource_ref", &[("id", &resource)]);
        }
    }
}
