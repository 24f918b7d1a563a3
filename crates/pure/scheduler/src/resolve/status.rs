//! What the `status` section says: which nodes are there, and what was done on them.
//!
//! History is read in passes: that of a remote or guest node counts only once its connection is
//! known to be up, and that is another node's history.

mod activity;
mod entry;
mod expiry;
mod failure;
mod fencing;
mod find;
mod history;
mod membership;
mod moves;
mod remote;
mod state;
pub(super) mod tickets;

use std::sync::Arc;

pub(super) use history::{ENTRY_ATTRIBUTES, RECORD_ATTRIBUTES};

use cib::Element;
use model::{OcfCode, Role, Score};

use super::types::{NodeIx, NodeKind, ResIx, Resolved};
use super::{Reading, nodes, resources};

/// Makes places for the nodes of connections that only history remembers, while nodes can still be
/// made. They are vacant until that history is read.
pub(super) fn read_forgotten_nodes(reading: &mut Reading<'_>) {
    let root = reading.resolved.document.root();
    let states = root.child("status").into_iter().flat_map(|status| status.children());
    let mut vacant: Vec<NodeIx> = Vec::new();
    for record in states.filter(|state| state.is("node_state")).flat_map(records) {
        let Some(id) = record.attr("id") else { continue };
        let forgotten = resources::definition::is_remote_agent(record)
            && record.child("lrm_rsc_op").is_some()
            && reading.resolved.find_recorded(id).is_none()
            && !reading.resolved.nodes_by_name.contains_key(id);
        if forgotten {
            let kind = NodeKind::Remote { connection: None };
            vacant.push(nodes::add(reading, id, id, kind, Score::ZERO));
        }
    }
    reading.resolved.vacant = vacant.into();
}

/// Reads the whole section.
pub(super) fn read(reading: &mut Reading<'_>) {
    let Some(status) = reading.resolved.document.root().child("status") else { return };
    for element in status.children() {
        match element.name() {
            "tickets" => tickets::read(reading, element),
            "node_state" => membership::read(reading, element),
            _ => {}
        }
    }
    let states = status.children_named("node_state");
    reading.resolved.history.reserve_exact(states.flat_map(records).count());
    while read_histories(reading, status, false) {}
    let fencing = reading.resolved.options.fencing_enabled;
    read_histories(reading, status, fencing);
    for container in std::mem::take(&mut reading.stop_needed).into_iter().rev() {
        if let Some(node) = reading.resolved.active_nodes(container).node {
            fencing::stop(reading, container, node);
        }
    }
    remote::finish(reading);
    match_again(reading);
}

/// Once all is read: a record belongs to what is called by its id now. An instance that took over
/// another one's record may have another name by then.
fn match_again(reading: &mut Reading<'_>) {
    let resolved = &mut reading.resolved;
    for history in &mut resolved.history {
        let is_called = |resource: ResIx| {
            resolved.resources.get(resource.at()).is_some_and(|resource| {
                &*resource.id == history.id || resource.history_id.as_deref() == Some(history.id)
            })
        };
        if !history.resource.is_some_and(is_called) {
            history.resource = resolved.by_id.get(history.id).copied();
        }
    }
}

/// One pass over all nodes whose history may be read now; `true` if some was. With `all`, also
/// over those that may not be known to be up.
fn read_histories<'a>(reading: &mut Reading<'a>, status: Element<'a>, all: bool) -> bool {
    let mut found = false;
    for state in status.children_named("node_state") {
        let (Some(id), Some(name)) = (state.attr("id"), state.attr("uname")) else { continue };
        let Some(node) = find_node(&reading.resolved, Some(id), Some(name)) else { continue };
        if reading.resolved.node(node).history_read || !(all || is_ready(reading, node)) {
            continue;
        }
        if reading.resolved.node(node).is_remote_or_guest() {
            remote::set_online(reading, node);
            remote::read_attributes(reading, node, state);
        }
        let first = reading.resolved.history.len();
        if let Some(node) = reading.resolved.nodes.get_mut(node.at()) {
            node.history_read = true;
        }
        history::read_node(reading, node, state);
        if let Some(node) = reading.resolved.nodes.get_mut(node.at()) {
            node.records = first..reading.resolved.history.len();
        }
        found = true;
    }
    found
}

/// Whether enough is known to read a node's history.
fn is_ready(reading: &Reading<'_>, node: NodeIx) -> bool {
    let resolved = &reading.resolved;
    let options = &resolved.options;
    let is_started = |resource| resolved.resource(resource).role == Role::Started;
    match resolved.node(node).kind {
        NodeKind::Guest { connection, container } => {
            is_started(connection) && is_started(container)
        }
        NodeKind::Remote { connection: None } => false,
        NodeKind::Remote { connection: Some(connection) } => {
            options.shutdown_lock || is_started(connection)
        }
        // Without fencing, what is up is read first, so that it gets the lower instance numbers.
        NodeKind::Cluster => {
            options.fencing_enabled || options.shutdown_lock || resolved.node(node).online
        }
    }
}

/// The records of a `node_state`. Field word: *lrm_resource*.
fn records(state: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    state
        .path(&["lrm", "lrm_resources"])
        .into_iter()
        .flat_map(|section| section.children())
        .filter(|record| record.is("lrm_resource"))
}

/// The node with that id, or else with that name.
fn find_node(resolved: &Resolved<'_>, id: Option<&str>, name: Option<&str>) -> Option<NodeIx> {
    let by_id = id.and_then(|id| resolved.find_node_by_id(id));
    by_id.or_else(|| name.and_then(|name| resolved.find_node(name)))
}

/// What the scheduler expected of a recorded action, from its transition key; `None` where it has
/// none, -1 where that cannot be read.
pub(super) fn expected_code(transition_key: Option<&str>) -> Option<OcfCode> {
    let key = transition_key?;
    // By hand: there are very many of these.
    let mut rest = key;
    let mut number = || {
        let end = rest.bytes().position(|byte| byte == b':')?;
        let (text, after) = rest.split_at_checked(end)?;
        rest = after.get(1..)?;
        text.trim().parse::<i32>().ok()
    };
    let expected = number().and(number()).and(number());
    Some(expected.filter(|_| !rest.is_empty()).map_or(OcfCode(-1), OcfCode))
}

/// Text of a history's own, shared.
fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
