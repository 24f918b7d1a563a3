//! The members, from the `nodes` section and from resources that are nodes themselves.

use super::values::parse_score;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use cib::Element;
use model::Score;

use super::types::{Node, NodeIx, NodeKind, ProbeMode, Resolved};
use super::{Reading, blocks};
use crate::report::{Finding, FindingKind, Severity};
use crate::rules::RuleInput;

/// Adds every configured node, in document order.
pub(super) fn read(reading: &mut Reading<'_>) {
    let root = reading.resolved.document.root();
    let Some(section) = root.path(&["configuration", "nodes"]) else { return };
    for element in section.children_named("node") {
        let Some(id) = element.attr("id") else {
            reading.find(
                Severity::Error,
                element,
                FindingKind::Incomplete,
                "a node without an id is left out",
            );
            continue;
        };
        let name = element.attr("uname").unwrap_or(id);
        let kind = match element.attr("type").map(str::to_ascii_lowercase).as_deref() {
            None | Some("member") => NodeKind::Cluster,
            Some("remote") => NodeKind::Remote { connection: None },
            Some(other) => {
                let message = format!("node {name} is left out: its type {other:?} is unknown");
                reading.find(Severity::Error, element, FindingKind::BadValue, message);
                continue;
            }
        };
        let score = element.attr("score").and_then(parse_score).unwrap_or_default();
        let node = add(reading, id, name, kind, score);
        set_startup_fencing(reading, node);
        read_attributes(reading, element, node, false);
    }
}

/// Adds a node of which nothing is known yet.
pub(super) fn add(
    reading: &mut Reading<'_>,
    id: &str,
    name: &str,
    kind: NodeKind,
    score: Score,
) -> NodeIx {
    let resolved = &mut reading.resolved;
    let made = new_node(id, name, kind, score);
    let node = NodeIx::new(resolved.nodes.len());
    if resolved.nodes_by_name.contains_key(name) {
        resolved.findings.push(Finding {
            severity: Severity::Warning,
            line: 0,
            kind: FindingKind::Duplicate,
            message: format!("more than one node is called {name}"),
        });
    }
    resolved.nodes_by_name.entry(Arc::clone(&made.name)).or_insert(node);
    resolved.nodes_by_id.entry(Arc::clone(&made.id)).or_insert(node);
    resolved.nodes.push(made);
    node
}

fn new_node<'a>(id: &str, name: &str, kind: NodeKind, score: Score) -> Node<'a> {
    let kind_word = if matches!(kind, NodeKind::Cluster) { "cluster" } else { "remote" };
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
        records: 0..0,
        score,
        probes: ProbeMode::default(),
        attributes: BTreeMap::from([("#kind".into(), kind_word.into())]),
        capacity: BTreeMap::new(),
        priority: 0,
        active: Vec::new(),
        health: Score::ZERO,
    }
}

/// A node is unclean until its state is seen, unless the cluster is told to believe in it. A
/// remote node without a connection is a leftover.
pub(super) fn set_startup_fencing(reading: &mut Reading<'_>, node: NodeIx) {
    let unclean = reading.resolved.options.startup_fencing;
    if let Some(node) = reading.resolved.nodes.get_mut(node.at())
        && !matches!(node.kind, NodeKind::Remote { connection: None })
    {
        node.unclean = unclean;
    }
}

/// Reads attributes and capacity from `element` (a `node` or its `transient_attributes`); with
/// `overwrite` they replace what is there.
pub(super) fn read_attributes<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    node: NodeIx,
    overwrite: bool,
) {
    set_own_attributes(reading, node);
    let input = RuleInput { now: reading.resolved.now, ..RuleInput::default() };
    let Some(at) = reading.resolved.nodes.get_mut(node.at()) else { return };
    let next = &mut reading.next;
    if overwrite {
        let mut read = BTreeMap::new();
        blocks::unpack(&[element], "instance_attributes", None, &input, &mut read, next);
        at.attributes.extend(read);
    } else {
        let attributes = &mut at.attributes;
        blocks::unpack(&[element], "instance_attributes", None, &input, attributes, next);
    }
    blocks::unpack(&[element], "utilization", None, &input, &mut at.capacity, next);
    set_site(reading, node);
}

/// Sets the attributes that every node has of itself.
pub(super) fn set_own_attributes(reading: &mut Reading<'_>, node: NodeIx) {
    let resolved = &mut reading.resolved;
    let coordinator_id = resolved.document.root().attr("dc-uuid");
    let cluster_name = Arc::clone(&resolved.options.cluster_name);
    let Some(at) = resolved.nodes.get_mut(node.at()) else { return };
    let mut set = |name: &'static str, value: &str| {
        at.attributes.insert(Cow::Borrowed(name), Cow::Owned(value.to_owned()));
    };
    set("#uname", &at.name);
    set("#id", &at.id);
    let named = coordinator_id.is_some_and(|id| id.eq_ignore_ascii_case(&at.id));
    if resolved.coordinator.is_none() && named {
        set("#is_dc", "true");
        at.is_coordinator = true;
        resolved.coordinator = Some(node);
    } else if resolved.coordinator != Some(node) {
        set("#is_dc", "false");
    }
    if !cluster_name.is_empty() {
        set("#cluster-name", &cluster_name);
    }
}

/// The site is the cluster's name unless the node says otherwise.
fn set_site(reading: &mut Reading<'_>, node: NodeIx) {
    let cluster_name = Arc::clone(&reading.resolved.options.cluster_name);
    let Some(at) = reading.resolved.nodes.get_mut(node.at()) else { return };
    if at.attributes.contains_key("#site-name") {
        return;
    }
    let site = match at.attributes.get("site-name") {
        Some(own) => own.clone(),
        None if cluster_name.is_empty() => return,
        None => Cow::Owned(cluster_name.to_string()),
    };
    at.attributes.insert(Cow::Borrowed("#site-name"), site);
}

/// Orders the arena by name. Everything that holds a handle is told.
pub(super) fn sort(reading: &mut Reading<'_>) {
    let resolved = &mut reading.resolved;
    let count = resolved.nodes.len();
    let mut order: Vec<usize> = (0..count).collect();
    let name = |position: &usize| resolved.nodes.get(*position).map_or("", |node| &*node.name);
    order.sort_by(|a, b| compare_names(name(a), name(b)));
    let mut places = vec![0; count];
    for (place, old) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*old) {
            *slot = place;
        }
    }
    let moved = |node: NodeIx| NodeIx::new(places.get(node.at()).copied().unwrap_or(0));
    let mut nodes: Vec<Option<Node<'_>>> =
        std::mem::take(&mut resolved.nodes).into_iter().map(Some).collect();
    resolved.nodes =
        order.iter().filter_map(|old| nodes.get_mut(*old).and_then(Option::take)).collect();
    resolved.coordinator = resolved.coordinator.map(moved);
    resolved.vacant = resolved.vacant.iter().copied().map(moved).collect();
    for handle in resolved.nodes_by_name.values_mut().chain(resolved.nodes_by_id.values_mut()) {
        *handle = moved(*handle);
    }
    reorder_resources(resolved, &order, &moved);
}

/// The resources' part of [`sort`]: rows of nodes and replicas' nodes.
fn reorder_resources(
    resolved: &mut Resolved<'_>,
    order: &[usize],
    moved: &dyn Fn(NodeIx) -> NodeIx,
) {
    for resource in &mut resolved.resources {
        let row = &resource.allowed;
        resource.allowed = order.iter().map(|old| row.get(*old).copied().flatten()).collect();
        if let super::types::Variant::Bundle(bundle) = &mut resource.variant {
            for replica in &mut bundle.replicas {
                replica.node = replica.node.map(moved);
            }
        }
    }
    for wish in &mut resolved.wishes {
        wish.node = wish.node.map(moved);
    }
}

/// Compares as people count: case aside, and runs of digits by their value (`n2` < `n10`); of
/// equal numbers the one with fewer digits comes first.
///
/// Compatibility: this is the order of Pacemaker's node list, and so of many ties.
pub(crate) fn compare_names(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(first), Some(second)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (one, rest_a) = split_digits(a);
            let (other, rest_b) = split_digits(b);
            let order = number(one).cmp(&number(other)).then(one.len().cmp(&other.len()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            let order = first.to_ascii_lowercase().cmp(&second.to_ascii_lowercase());
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(digits).unwrap_or((text, &[]))
}

fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |sum: i64, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_people_count() {
        let mut names = ["node10", "Node9", "a", "node007", "node7", "node"];
        names.sort_by(|a, b| compare_names(a, b));
        assert_eq!(names, ["a", "node", "node7", "node007", "Node9", "node10"]);
    }
}
