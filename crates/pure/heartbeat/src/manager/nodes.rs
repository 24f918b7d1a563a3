//! Nodes: numbers instead of UUIDs.

use std::collections::BTreeMap;

use cib::{Element, NodeId, Section};

use super::Work;
use crate::lower::Kind;

pub(super) fn renew(work: &mut Work, numbers: &BTreeMap<String, u32>) {
    let Some(section) = work.document.section(Section::Nodes) else { return };
    let nodes: Vec<NodeId> = section.children_named("node").map(Element::id).collect();
    let mut names = BTreeMap::new();
    for node in nodes {
        let (id, name) = (work.attr(node, "id"), work.attr(node, "uname").unwrap_or_default());
        // Heartbeat told names apart in lower case.
        let name = name.to_lowercase();
        let Some(number) = numbers.get(&name) else {
            let line = work.at(node).line();
            work.document.remove(node);
            work.say(line, Kind::Gone, format!("the node {name}: ha.cf does not name it"));
            continue;
        };
        work.document.set(node, "id", &number.to_string());
        work.document.set(node, "uname", &name);
        names.extend(id.map(|id| (id, name)));
    }
    for expression in work.all(&["expression"]) {
        let at = work.at(expression);
        let of = at.attr("value").and_then(|value| names.get(value)).cloned();
        if let (Some("#id"), Some(name)) = (at.attr("attribute"), of) {
            work.document.set(expression, "attribute", "#uname");
            work.document.set(expression, "value", &name);
        }
    }
}
