//! Rules: about attributes, dates, resources, operations, and one another.

use cib::NodeId;

use crate::draft::Draft;

/// A rule of a location constraint.
pub(super) fn of_location(draft: &mut Draft, constraint: NodeId) {
    let rule = if draft.chance.percent(15) {
        draft.add_new(constraint, "rule", &[("score-attribute", "weight")])
    } else {
        let score = draft.chance.word(crate::draft::SCORES);
        draft.add_new(constraint, "rule", &[("score", score)])
    };
    if draft.chance.percent(15) {
        draft.document.set(rule, "role", "Promoted");
    }
    fill(draft, rule, 0);
}

/// A rule of a block of options or defaults.
pub(super) fn of_options(draft: &mut Draft, block: NodeId) {
    let rule = draft.add_new(block, "rule", &[("score", "INFINITY")]);
    if draft.chance.percent(30) {
        let kind = draft.chance.word(&["Dummy", "Stateful", "Nothing"]);
        draft.add_new(rule, "rsc_expression", &[("class", "ocf"), ("type", kind)]);
    } else if draft.chance.percent(30) {
        draft.add_new(rule, "op_expression", &[("name", "monitor"), ("interval", "10s")]);
    } else {
        date(draft, rule);
    }
}

fn fill(draft: &mut Draft, rule: NodeId, depth: usize) {
    if draft.chance.percent(50) {
        let word = draft.chance.word(&["and", "or"]);
        draft.document.set(rule, "boolean-op", word);
    }
    for _ in 0..=draft.chance.below(2) {
        if depth < 3 && draft.chance.percent(20) {
            let inner = draft.add_new(rule, "rule", &[("score", "0")]);
            fill(draft, inner, depth + 1);
        } else if draft.chance.percent(25) {
            date(draft, rule);
        } else {
            expression(draft, rule);
        }
    }
}

fn expression(draft: &mut Draft, rule: NodeId) {
    let attribute = draft.chance.word(&["site", "#uname", "#kind", "ping", "weight", "nothing"]);
    if draft.chance.percent(30) {
        let operation = draft.chance.word(&["defined", "not_defined"]);
        let attributes = [("attribute", attribute), ("operation", operation)];
        draft.add_new(rule, "expression", &attributes);
        return;
    }
    let operation = draft.chance.word(&["lt", "gt", "lte", "gte", "eq", "ne"]);
    let value = draft.chance.word(&["a", "b", "node1", "node2", "remote", "100", "-5", ""]);
    let attributes = [("attribute", attribute), ("operation", operation), ("value", value)];
    let expression = draft.add_new(rule, "expression", &attributes);
    if draft.chance.percent(30) {
        let kind = draft.chance.word(&["string", "number", "version", "integer"]);
        draft.document.set(expression, "type", kind);
    }
}

fn date(draft: &mut Draft, rule: NodeId) {
    match draft.chance.below(4) {
        0 => {
            let start = draft.chance.word(&["2023-11-14T22:13:20Z", "2001-02-29", "2030-01-01"]);
            draft.add_new(rule, "date_expression", &[("operation", "gt"), ("start", start)]);
        }
        1 => {
            let end = draft.chance.word(&["2023-11-14 22:13:21Z", "2024-366", "1999-W54-1"]);
            draft.add_new(rule, "date_expression", &[("operation", "lt"), ("end", end)]);
        }
        2 => {
            let attributes = [("operation", "in_range"), ("start", "2023-11-14T00:00:00Z")];
            let range = draft.add_new(rule, "date_expression", &attributes);
            let hours = draft.chance.word(&["1", "23", "100", "999999999999"]);
            draft.add_new(range, "duration", &[("hours", hours)]);
        }
        _ => {
            let spec = draft.add_new(rule, "date_expression", &[("operation", "date_spec")]);
            let hours = draft.chance.word(&["9-17", "0-23", "22", "5-", "50-60"]);
            let days = draft.chance.word(&["1-5", "1-7", "6"]);
            draft.add_new(spec, "date_spec", &[("hours", hours), ("weekdays", days)]);
        }
    }
}
