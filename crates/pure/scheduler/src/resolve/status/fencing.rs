//! Nodes that must be cut off.

use super::super::Reading;
use super::super::types::{EarlyAction, NodeIx, NodeKind, ResIx};
use crate::report::{Finding, FindingKind, Severity};

/// Asks for `node` to be fenced because of `reason`. A guest is fenced by recovering what it runs
/// in; a node that is unclean already is asked for only once. `delay`: whether
/// `priority-fencing-delay` applies.
pub(super) fn fence(reading: &mut Reading<'_>, node: NodeIx, reason: &str, delay: bool) {
    match reading.resolved.node(node).kind {
        NodeKind::Guest { container, .. } => {
            let container_is = reading.resolved.resource(container).flags;
            if container_is.failed || !container_is.managed {
                return;
            }
            report(reading, node, reason);
            // Not unclean: it may run resources as soon as its container is recovered.
            if let Some(node) = reading.resolved.nodes.get_mut(node.at()) {
                node.remote_reset = true;
            }
            reading.fail(container);
        }
        NodeKind::Remote { connection: Some(connection) }
            if reading.resolved.resource(connection).flags.removed_launched
                && reading.resolved.resource(connection).launcher.is_none() =>
        {
            // Its container is gone, and it with it.
            reading.fail(connection);
        }
        NodeKind::Remote { connection } => {
            let managed = connection
                .is_none_or(|connection| reading.resolved.resource(connection).flags.managed);
            report(reading, node, reason);
            if let Some(node) = reading.resolved.nodes.get_mut(node.at()) {
                node.remote_reset |= managed;
                node.unclean = true;
            }
            request(reading, node, reason, false);
        }
        NodeKind::Cluster if reading.resolved.node(node).unclean => {}
        NodeKind::Cluster => {
            report(reading, node, reason);
            if let Some(node) = reading.resolved.nodes.get_mut(node.at()) {
                node.unclean = true;
            }
            request(reading, node, reason, delay);
        }
    }
}

/// Asks for a stop. Where a node that is down makes it impossible, the node is fenced for it.
pub(super) fn stop(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx) {
    reading.resolved.early.push(EarlyAction::Stop { resource, node });
    let at = reading.resolved.node(node);
    let out_of_reach = !at.online && (!at.is_guest() || at.remote_reset);
    if out_of_reach && !at.unclean && reading.resolved.resource(resource).flags.managed {
        fence(reading, node, "stop is unrunnable", false);
    }
}

fn request(reading: &mut Reading<'_>, node: NodeIx, reason: &str, delay: bool) {
    let reason = reason.to_owned();
    reading.resolved.early.push(EarlyAction::Fence { node, reason, delay });
}

fn report(reading: &mut Reading<'_>, node: NodeIx, reason: &str) {
    let found = reading.resolved.node(node);
    let line = found.state.map_or(0, |state| state.line());
    let word = if reading.resolved.can_fence(node) { "will be fenced" } else { "is unclean" };
    let message = format!("node {} {word}: {reason}", found.name);
    let kind = FindingKind::UncleanNode;
    reading.resolved.findings.push(Finding { severity: Severity::Warning, line, kind, message });
}
