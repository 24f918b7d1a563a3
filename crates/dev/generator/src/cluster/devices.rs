//! Fence devices, and in which order which of them are used.

use cib::NodeId;

use super::operations;
use crate::draft::{Agent, Copies, Draft, Drawn};

pub(super) fn draw(draft: &mut Draft, section: NodeId) {
    if !draft.chance.percent(65) {
        return;
    }
    let ids: &[&'static str] = match draft.chance.below(10) {
        0..7 => &["fencing"],
        7..9 => &["fencing", "fencing2"],
        _ => &["fencing", "fencing2", "fencing3"],
    };
    for id in ids {
        let parent = if draft.chance.percent(6) { cloned(draft, section, id) } else { section };
        device(draft, parent, id);
    }
}

/// A clone set for a device.
fn cloned(draft: &mut Draft, section: NodeId, id: &str) -> NodeId {
    let id = format!("{id}-clone");
    let set = draft.add(section, "clone", &[("id", &id)]);
    draft.resources.push(Drawn { id, members: Vec::new() });
    set
}

fn device(draft: &mut Draft, parent: NodeId, id: &str) {
    let attributes = [("id", id), ("class", "stonith"), ("type", "fence_dummy")];
    let device = draft.add(parent, "primitive", &attributes);
    if draft.chance.percent(15) {
        draft.block(device, "meta_attributes", &[("provides", "unfencing")]);
    }
    let mut parameters = vec![("pcmk_host_list", "node1 node2 node3 node4")];
    if draft.chance.percent(15) {
        parameters.push(("passwd", "secret"));
    }
    draft.block(device, "instance_attributes", &parameters);
    operations::draw(draft, device);
    draft.primitives.push(Agent {
        id: id.to_owned(),
        class: "stonith",
        provider: None,
        kind: "fence_dummy",
        copies: Copies::ONE,
        bundle: None,
        makes_node: false,
    });
    if draft.chance.percent(15) {
        draft.resources.push(Drawn { id: id.to_owned(), members: Vec::new() });
    }
}

pub(super) fn draw_topology(draft: &mut Draft, configuration: NodeId) {
    let devices: Vec<String> = draft
        .primitives
        .iter()
        .filter(|agent| agent.class == "stonith")
        .map(|agent| agent.id.clone())
        .collect();
    if devices.is_empty() || !draft.chance.percent(30) {
        return;
    }
    let section = draft.add(configuration, "fencing-topology", &[]);
    for (_, node) in draft.nodes.clone() {
        if draft.chance.percent(40) {
            continue;
        }
        let index = draft.chance.word(&["1", "2", "9"]);
        let mut devices = devices.clone();
        draft.chance.shuffle(&mut devices);
        devices.truncate(1 + draft.chance.below(3));
        let list = devices.join(",");
        let level =
            draft.add_new(section, "fencing-level", &[("index", index), ("devices", &list)]);
        if draft.chance.percent(25) {
            draft.document.set(level, "target-pattern", "node.*");
        } else if draft.chance.percent(20) {
            draft.document.set(level, "target-attribute", "site");
            draft.document.set(level, "target-value", "a");
        } else {
            draft.document.set(level, "target", &node);
        }
    }
}
