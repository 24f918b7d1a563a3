//! The members, from the `nodes` section.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::Score;

use super::types::{Node, NodeIx, NodeKind, ProbeMode, Resolved};

/// Adds every configured node, by name.
pub(super) fn read(resolved: &mut Resolved<'_>) {
    let Some(section) = resolved.document.root().path(&["configuration", "nodes"]) else { return };
    for element in section.children_named("node") {
        let (Some(id), Some(name)) = (element.attr("id"), element.attr("uname")) else { continue };
        let score = element.attr("score").and_then(Score::parse).unwrap_or_default();
        resolved.nodes.push(new_node(id, name, NodeKind::Cluster, score));
    }
    sort(resolved);
}

/// A node of which nothing is known yet.
pub(super) fn new_node<'a>(id: &str, name: &str, kind: NodeKind, score: Score) -> Node<'a> {
    let mut attributes: BTreeMap<Cow<'a, str>, Cow<'a, str>> = BTreeMap::new();
    attributes.insert("#uname".into(), name.to_owned().into());
    Node {
        id: Arc::from(id),
        name: Arc::from(name),
        kind,
        state: None,
        online: false,
        unclean: false,
        pending: false,
        standby: false,
        standby_on_fail: false,
        maintenance: false,
        shutdown: false,
        is_coordinator: false,
        unseen: true,
        expected_up: false,
        probes_allowed: true,
        remote_reset: false,
        remote_fenced: false,
        remote_maintenance: false,
        history_read: false,
        score,
        probes: ProbeMode::default(),
        attributes,
        capacity: BTreeMap::new(),
        priority: 0,
        active: Vec::new(),
        health: Score::ZERO,
    }
}

/// Orders the arena by name and rebuilds the lookups. Only before anything holds a handle.
fn sort(resolved: &mut Resolved<'_>) {
    resolved.nodes.sort_by(|a, b| compare_names(&a.name, &b.name));
    for (position, node) in resolved.nodes.iter().enumerate() {
        resolved.nodes_by_name.insert(Arc::clone(&node.name), NodeIx::new(position));
        resolved.nodes_by_id.insert(Arc::clone(&node.id), NodeIx::new(position));
    }
}

/// Compares as people count: case aside, and runs of digits by their value (`n2` < `n10`).
///
/// Compatibility: this is the order of Pacemaker's node list, and so of many ties.
pub(crate) fn compare_names(a: &str, b: &str) -> Ordering {
    a.cmp(b)
}
