//! Cluster nodes with attributes and capacities.

use cib::{Element, NodeId};

use crate::draft::Draft;

pub(super) fn draw(draft: &mut Draft, configuration: NodeId, count: usize) {
    let section = draft.add(configuration, "nodes", &[]);
    let capacities = draft.chance.percent(35);
    for number in 1..=count {
        let (id, name) = (number.to_string(), format!("node{number}"));
        let node = draft.add(section, "node", &[("id", &id), ("uname", &name)]);
        if draft.chance.percent(6) {
            let kind = draft.chance.word(&["member", "member", "ping"]);
            let kind = if draft.before_4 { kind } else { "member" };
            draft.document.set(node, "type", kind);
        }
        if draft.chance.percent(5) {
            let score = draft.chance.word(&["10", "-10", "-INFINITY"]);
            draft.document.set(node, "score", score);
        }
        let mut attributes = vec![("site", draft.chance.word(&["a", "b", "c"]))];
        for (name, percent, values) in [
            ("standby", 8, &["on", "off"][..]),
            ("maintenance", 5, &["true", "false"]),
            ("#health-disk", 8, &["green", "yellow", "red"]),
        ] {
            if draft.chance.percent(percent) {
                attributes.push((name, draft.chance.word(values)));
            }
        }
        draft.block(node, "instance_attributes", &attributes);
        if capacities {
            let room = [
                ("cpu", draft.chance.word(&["1", "2", "4", "8"])),
                ("memory", draft.chance.word(&["2", "4", "8", "0"])),
            ];
            draft.block(node, "utilization", &room);
        }
        draft.nodes.push((id, name));
    }
}

/// Remote and guest nodes that were given attributes, and so have an entry, too.
pub(super) fn draw_remotes(draft: &mut Draft) {
    let section = draft.document.root().path(&["configuration", "nodes"]).map(Element::id);
    let Some(section) = section else { return };
    for name in draft.remotes.clone() {
        if !draft.chance.percent(30) {
            continue;
        }
        let entry = [("id", name.as_str()), ("uname", &name), ("type", "remote")];
        let node = draft.add(section, "node", &entry);
        let mut attributes = vec![("site", draft.chance.word(&["a", "b", "c"]))];
        for (name, percent, values) in [
            ("standby", 10, &["on", "off"][..]),
            ("maintenance", 10, &["true", "false"]),
            ("#health-disk", 10, &["green", "yellow", "red"]),
        ] {
            if draft.chance.percent(percent) {
                attributes.push((name, draft.chance.word(values)));
            }
        }
        draft.block(node, "instance_attributes", &attributes);
        if draft.chance.percent(20) {
            let room = [("cpu", draft.chance.word(&["1", "2", "8"]))];
            draft.block(node, "utilization", &room);
        }
    }
}
