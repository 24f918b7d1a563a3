//! Operations of resources: what is monitored how often, and what a failure leads to.

use cib::NodeId;

use super::rules;
use crate::draft::Draft;

pub(super) fn draw(draft: &mut Draft, element: NodeId) {
    if !draft.chance.percent(75) {
        return;
    }
    let list = draft.add(element, "operations", &[]);
    let interval = draft.chance.word(&["10s", "10s", "1min", "PT20S", "0"]);
    let monitor = draft.add_new(list, "op", &[("name", "monitor"), ("interval", interval)]);
    if draft.chance.percent(40) {
        let policy = draft.chance.word(&[
            "ignore",
            "block",
            "demote",
            "stop",
            "restart",
            "standby",
            "fence",
            "restart-container",
        ]);
        draft.document.set(monitor, "on-fail", policy);
    }
    if draft.chance.percent(20) {
        let attributes = [("name", "monitor"), ("interval", "11s"), ("role", "Promoted")];
        draft.add_new(list, "op", &attributes);
    }
    if draft.chance.percent(10) {
        let attributes = [("name", "monitor"), ("interval", "25s"), ("role", "Stopped")];
        draft.add_new(list, "op", &attributes);
    }
    details(draft, monitor);
    for (name, percent) in [("start", 25), ("stop", 20), ("demote", 6), ("promote", 6)] {
        if draft.chance.percent(percent) {
            let timeout = draft.chance.word(&["20s", "1min"]);
            let attributes = [("name", name), ("interval", "0s"), ("timeout", timeout)];
            let operation = draft.add_new(list, "op", &attributes);
            if draft.chance.percent(40) {
                let policy = draft.chance.word(&["ignore", "block", "stop", "restart", "fence"]);
                draft.document.set(operation, "on-fail", policy);
            }
        }
    }
}

/// What is seldom said of an operation.
fn details(draft: &mut Draft, operation: NodeId) {
    for (name, percent, values) in [
        ("enabled", 4, &["true", "false"][..]),
        ("record-pending", 4, &["true", "false"]),
        ("role", 6, &["Started", "Unpromoted"]),
    ] {
        if draft.chance.percent(percent) {
            let value = draft.chance.word(values);
            draft.document.set(operation, name, value);
        }
    }
    let (name, value) = match draft.chance.below(100) {
        0..4 => ("start-delay", "5s"),
        4..6 => ("interval-origin", "2023-11-14T00:00:00Z"),
        _ => return,
    };
    draft.document.set(operation, name, value);
    if draft.chance.percent(40) {
        let block = draft.add_new(operation, "meta_attributes", &[]);
        if draft.chance.percent(40) {
            rules::of_options(draft, block);
        }
        draft.pair(block, "timeout", "45s");
        let policy = draft.chance.word(&["block", "standby", "ignore", "restart"]);
        draft.pair(block, "on-fail", policy);
    }
    if draft.chance.percent(40) {
        draft.block(operation, "instance_attributes", &[("OCF_CHECK_LEVEL", "10")]);
    }
}
