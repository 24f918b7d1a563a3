//! The rows of allowed nodes while the document is being read.

use model::Score;

use super::super::Reading;
use super::super::types::{Allowed, NodeIx, ProbeMode, ResIx, Wish, WishSource};

/// Adds `score` for `resource` and all below it, on `node` or on every node known so far.
pub(in super::super) fn wish(
    reading: &mut Reading<'_>,
    resource: ResIx,
    node: Option<NodeIx>,
    score: Score,
    source: WishSource,
) {
    reading.resolved.wishes.push(Wish { resource, node, score, source });
    add(reading, resource, node, score);
}

fn add(reading: &mut Reading<'_>, resource: ResIx, node: Option<NodeIx>, score: Score) {
    let nodes: Vec<NodeIx> = match node {
        Some(node) => vec![node],
        None => reading.resolved.node_indices().collect(),
    };
    for below in subtree(reading, resource) {
        for node in &nodes {
            let slot = slot(reading, below, *node);
            if let Some(slot) = slot {
                slot.score = slot.score.plus(score);
            }
        }
    }
}

/// Forbids every node to `resource` itself, whatever was said before.
pub(in super::super) fn forbid_everywhere(
    reading: &mut Reading<'_>,
    resource: ResIx,
    source: WishSource,
) {
    let score = Score::MINUS_INFINITY;
    reading.resolved.wishes.push(Wish { resource, node: None, score, source });
    let mut row = vec![None; reading.resolved.nodes.len()];
    for node in reading.resolved.node_indices() {
        if let Some(allowed) = row.get_mut(node.at()) {
            *allowed = Some(Allowed { score, probes: reading.resolved.node(node).probes });
        }
    }
    if let Some(resource) = reading.resolved.resources.get_mut(resource.at()) {
        resource.allowed = row;
    }
}

/// Lets every node known so far into the rows of `resource` and all below it: the default of a
/// symmetric cluster. Resources and nodes that are for each other only stay out.
pub(in super::super) fn allow_by_default(reading: &mut Reading<'_>, resource: ResIx) {
    for node in reading.resolved.node_indices() {
        if reading.resolved.node(node).probes == ProbeMode::Never {
            continue;
        }
        allow_below(reading, resource, node);
    }
}

/// Lets every node known so far into the row of a guest's connection: where resources must opt
/// in, it goes where its guest goes. Nodes of bundles are in it too, with their own score.
pub(in super::super) fn allow_connection(reading: &mut Reading<'_>, resource: ResIx) {
    for node in reading.resolved.node_indices() {
        slot(reading, resource, node);
    }
}

fn allow_below(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx) {
    if reading.resolved.resource(resource).flags.exclusive_probes {
        return;
    }
    slot(reading, resource, node);
    for child in reading.resolved.resource(resource).children.clone() {
        allow_below(reading, child, node);
    }
}

/// The entry of `node` in the row of `resource`, made from the node's own if there is none.
pub(in super::super) fn slot<'r>(
    reading: &'r mut Reading<'_>,
    resource: ResIx,
    node: NodeIx,
) -> Option<&'r mut Allowed> {
    let count = reading.resolved.nodes.len();
    let fresh = {
        let node = reading.resolved.nodes.get(node.at())?;
        Allowed { score: node.score, probes: node.probes }
    };
    let row = &mut reading.resolved.resources.get_mut(resource.at())?.allowed;
    if row.len() < count {
        row.resize(count, None);
    }
    Some(row.get_mut(node.at())?.get_or_insert(fresh))
}

/// `resource` and all below it.
pub(in super::super) fn subtree(reading: &Reading<'_>, resource: ResIx) -> Vec<ResIx> {
    let mut found = vec![resource];
    let mut at = 0;
    while let Some(next) = found.get(at).copied() {
        found.extend(reading.resolved.resource(next).children.iter().copied());
        at += 1;
    }
    found
}
