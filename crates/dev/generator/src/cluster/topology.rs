//! In which order which fence devices are used.

use cib::NodeId;

use crate::draft::Draft;

pub(super) fn draw(draft: &mut Draft, configuration: NodeId) {
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
        let list = devices.join(",");
        let level =
            draft.add_new(section, "fencing-level", &[("index", index), ("devices", &list)]);
        if draft.chance.percent(25) {
            draft.document.set(level, "target-pattern", "node.*");
        } else {
            draft.document.set(level, "target", &node);
        }
    }
}
