//! What the cluster would still run without one of its nodes: tried out, not estimated.
//!
//! Each node in turn is taken as gone in peace (as it counts once it is fenced), and the scheduler
//! is asked where everything would go.

use std::collections::BTreeSet;
use std::sync::Arc;

use cib::{Document, Element, Section};
use scheduler::{Input, LossPolicy, NodeIx, ResIx, Resolved, Variant};
use serde::Serialize;

/// Trying each node out costs one assignment a node; larger clusters are not tried.
const NODES_MAX: usize = 16;

/// What would be lost with one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    pub node: String,
    /// The others would have no quorum.
    pub quorum: bool,
    /// Resources that run now and would have no place.
    pub resources: Vec<String>,
}

impl Loss {
    /// Whether everything would go on.
    pub fn is_survived(&self) -> bool {
        !self.quorum && self.resources.is_empty()
    }
}

/// What each online node's loss would mean; `None` where that was not tried.
pub fn losses(document: &Document, resolved: &Resolved<'_>) -> Option<Vec<Loss>> {
    let online: Vec<NodeIx> = resolved
        .node_indices()
        .filter(|node| {
            let node = resolved.node(*node);
            !node.is_remote_or_guest() && node.online && !node.unclean && !node.shutdown
        })
        .collect();
    if online.is_empty() || online.len() > NODES_MAX {
        return None;
    }
    let now = placed(resolved);
    let quorum = quorum_lost_with_one(resolved, online.len());
    let loss = |node: &NodeIx| {
        let node = resolved.node(*node);
        let without = without(document, &node.id);
        let input = Input { now: resolved.now, ..Input::default() };
        let after = placed(&scheduler::resolve(&without, &input));
        let resources = now.difference(&after).map(|id| id.as_ref().to_owned()).collect();
        Loss { node: node.name.as_ref().to_owned(), quorum, resources }
    };
    Some(online.iter().map(loss).collect())
}

/// Whether one node fewer is no majority any more. Two nodes are taken to have `two_node`, as
/// Corosync's documentation and every tool that sets one up advise.
fn quorum_lost_with_one(resolved: &Resolved<'_>, online: usize) -> bool {
    let configured = resolved.nodes.iter().filter(|node| !node.is_remote_or_guest()).count();
    let matters = match resolved.options.loss_policy {
        LossPolicy::Ignore => false,
        LossPolicy::Freeze | LossPolicy::Stop | LossPolicy::Demote | LossPolicy::Fence => true,
    };
    matters && configured > 2 && (online - 1) * 2 <= configured
}

/// The document after `node` was shut down.
fn without(document: &Document, node: &str) -> Document {
    let mut document = document.clone();
    let states = document.section(Section::Status).into_iter().flat_map(Element::children);
    let found = states.filter(|state| state.attr("id") == Some(node)).map(Element::id).next();
    let Some(state) = found else { return document };
    for (name, value) in
        [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")]
    {
        document.set(state, name, value);
    }
    document.clear(state);
    document
}

/// Which resources have a place: the ids of primitives and groups, and of collective resources
/// with at least one copy (for promotable ones, `ID as promoted` too).
fn placed(resolved: &Resolved<'_>) -> BTreeSet<Arc<str>> {
    let assigned = scheduler::assign(resolved);
    let runs = |at: ResIx| assigned.resource(at).node.is_some();
    let mut placed = BTreeSet::new();
    for at in resolved.top.iter().copied() {
        let resource = resolved.resource(at);
        let leaves = leaves(resolved, at);
        let runs_here = match &resource.variant {
            Variant::Primitive => runs(at),
            // Later members may be stopped on purpose; the first stands for the group's place.
            Variant::Group(_) => leaves.first().is_some_and(|leaf| runs(*leaf)),
            Variant::CloneSet(_) | Variant::Bundle(_) => leaves.iter().any(|leaf| runs(*leaf)),
        };
        if runs_here {
            placed.insert(Arc::clone(&resource.id));
        }
        let promoted = |leaf: &ResIx| {
            runs(*leaf) && assigned.resource(*leaf).next_role == model::Role::Promoted
        };
        if leaves.iter().any(promoted) {
            placed.insert(Arc::from(format!("{} as promoted", resource.id)));
        }
    }
    placed
}

/// The primitives of a resource, in order.
pub fn leaves(resolved: &Resolved<'_>, at: ResIx) -> Vec<ResIx> {
    let resource = resolved.resource(at);
    if resource.is_primitive() {
        return vec![at];
    }
    resource.children.iter().flat_map(|child| leaves(resolved, *child)).collect()
}
