//! Remote and guest nodes: there while their connection is.

use cib::Element;
use model::Role;

use super::super::types::{NodeIx, NodeKind};
use super::super::values::{is_true, parse_integer};
use super::super::{Reading, nodes};
use super::membership::wants_shutdown;

/// Derives a remote or guest node's state from its connection's.
pub(super) fn set_online(reading: &mut Reading<'_>, node: NodeIx) {
    let resolved = &reading.resolved;
    let kind = resolved.node(node).kind;
    let Some(connection) = kind.connection() else {
        if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
            at.online = false;
        }
        return;
    };
    let container = match kind {
        NodeKind::Guest { container, .. } => Some(resolved.resource(container)),
        NodeKind::Cluster | NodeKind::Remote { .. } => None,
    };
    let connection = resolved.resource(connection);
    let host = match (container, connection.active.as_slice()) {
        (Some(_), [only]) => Some(resolved.node(*only)),
        (_, _) => None,
    };
    let container_failed = container.is_some_and(|container| container.flags.failed);
    let container_stopped = container.is_some_and(|container| container.role == Role::Stopped);
    let stopped = connection.role == Role::Stopped || container_stopped;
    let host_lost = host.is_some_and(|host| !host.online && host.unclean);
    let (started, failed) = (connection.role == Role::Started, connection.flags.failed);
    let stopping = started && connection.next_role == Role::Stopped;
    let Some(at) = reading.resolved.nodes.get_mut(node.at()) else { return };
    at.online |= started;
    at.shutdown |= stopping;
    if container_failed {
        at.online = false;
        at.remote_reset = true;
    } else if failed {
        at.online = false;
    } else if stopped {
        at.online = false;
        at.remote_reset = false;
    } else if host_lost {
        at.online = false;
        at.remote_reset = true;
    }
}

/// Reads what a remote or guest node's own `node_state` has besides history.
pub(super) fn read_attributes<'a>(reading: &mut Reading<'a>, node: NodeIx, state: Element<'a>) {
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.remote_maintenance =
            state.attr("node_in_maintenance").and_then(parse_integer).is_some_and(|n| n != 0);
        if !at.remote_reset {
            at.unclean = false;
            at.unseen = false;
        }
    }
    match state.child("transient_attributes") {
        Some(attributes) => nodes::read_attributes(reading, attributes, node, true),
        None => nodes::set_own_attributes(reading, node),
    }
    let shutdown = wants_shutdown(reading, node);
    let resolved = &reading.resolved;
    let found = resolved.node(node);
    let unmanaged = found
        .kind
        .connection()
        .is_some_and(|connection| !resolved.resource(connection).flags.managed);
    let maintenance = is_true(found.attribute("maintenance")) || unmanaged;
    let standby = is_true(found.attribute("standby"));
    // A remote node may go without probes only where it can be fenced instead.
    let without_probes =
        found.attribute("resource-discovery-enabled").is_some_and(|text| !is_true(Some(text)))
            && (found.is_guest() || resolved.options.fencing_enabled);
    let Some(at) = reading.resolved.nodes.get_mut(node.at()) else { return };
    at.shutdown |= shutdown;
    at.standby |= standby;
    at.maintenance |= maintenance;
    at.probes_allowed &= !without_probes;
}

/// After all history: connections of nodes that leave are to stop, and nodes without a history
/// get their state.
pub(super) fn finish(reading: &mut Reading<'_>) {
    for node in reading.resolved.node_indices() {
        let found = reading.resolved.node(node);
        if !found.is_remote_or_guest() {
            continue;
        }
        let history_read = found.history_read;
        if found.shutdown
            && let Some(connection) = found.kind.connection()
            && let Some(connection) = reading.resolved.resources.get_mut(connection.at())
        {
            connection.next_role = Role::Stopped;
        }
        if !history_read {
            set_online(reading, node);
        }
    }
}
