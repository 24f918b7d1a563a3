//! What all entries of a record come to.

use model::{Role, Score};

use super::super::Reading;
use super::super::lookup::OnFail;
use super::super::resources::scores::wish;
use super::super::types::{EarlyAction, NodeIx, NodeKind, ResIx, WishSource};
use super::activity::add_active;
use super::fencing::{fence, stop};

/// Settles a resource's state on `node` once all entries are read; `on_fail` is what failures
/// among them lead to.
pub(super) fn settle(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, on_fail: OnFail) {
    let known_active = reading.resolved.resource(resource).role > Role::Stopped;
    set_known(reading, resource, node);
    if known_active {
        fence_lost_node(reading, resource, node);
    }
    // What an unclean node's resources need is settled by fencing it.
    let effective = if reading.resolved.node(node).unclean { OnFail::Ignore } else { on_fail };
    handle_failure(reading, resource, node, effective, known_active);
    // An unclean remote node whose connection failed is fenced, whether that reconnects or not.
    let found = reading.resolved.resource(resource);
    if found.flags.failed
        && found.flags.remote_connection
        && let Some(remote) = reading.resolved.find_node(&found.id)
        && let Some(at) = reading.resolved.nodes.get_mut(remote.at())
        && at.unclean
    {
        at.unseen = false;
    }
    if known_active {
        add_active(reading, resource, node, on_fail != OnFail::Ignore);
        mark_failed(reading, resource, effective);
    } else {
        forget_stops(reading, resource, node);
    }
    // A stop on the source says nothing of the target.
    if let Some(at) = reading.resolved.resources.get_mut(resource.at())
        && at.role == Role::Stopped
        && !at.active.is_empty()
        && at.partial_move.is_some_and(|moving| moving.source == node)
    {
        at.role = Role::Started;
    }
}

/// The state there is known, also for all that the resource is an anonymous part of.
fn set_known(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx) {
    if reading.resolved.resource(resource).role == Role::Unknown {
        return;
    }
    let mut at = Some(resource);
    while let Some(resource) = at {
        let Some(found) = reading.resolved.resources.get_mut(resource.at()) else { return };
        if let Err(place) = found.known_on.binary_search(&node) {
            found.known_on.insert(place, node);
        }
        at = if found.flags.unique { None } else { found.parent };
    }
}

/// A node that is down may still run the resource.
fn fence_lost_node(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx) {
    let found = reading.resolved.resource(resource);
    let at = reading.resolved.node(node);
    if at.online || at.maintenance || !found.flags.managed {
        return;
    }
    let id = found.id.clone();
    let plain = format!("{id} is thought to be active there");
    match at.kind {
        NodeKind::Guest { .. } => {
            // Fenced by recovering its container, whether or not there is fencing. Once it is
            // back, its history is cleared, and the resource free to run again.
            reading.fail(resource);
            fence(reading, node, &plain, false);
        }
        NodeKind::Cluster | NodeKind::Remote { .. }
            if !reading.resolved.options.fencing_enabled => {}
        NodeKind::Remote { connection: Some(connection) }
            if !reading.resolved.resource(connection).flags.failed =>
        {
            // Unseen: fenced only if its connection does not come up elsewhere.
            if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
                at.unseen = true;
            }
            let reason = format!(
                "{id} is active there (fencing will be revoked if remote connection can be \
                 re-established elsewhere)"
            );
            fence(reading, node, &reason, false);
        }
        NodeKind::Cluster | NodeKind::Remote { .. } => fence(reading, node, &plain, false),
    }
}

fn handle_failure(
    reading: &mut Reading<'_>,
    resource: ResIx,
    node: NodeIx,
    on_fail: OnFail,
    known_active: bool,
) {
    match on_fail {
        OnFail::Ignore => {}
        OnFail::Demote => {
            if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                at.flags.failed = true;
            }
            reading.resolved.early.push(EarlyAction::Demote { resource, node });
        }
        OnFail::Fence => {
            let reason = format!("{} failed there", reading.resolved.resource(resource).id);
            fence(reading, node, &reason, false);
        }
        OnFail::Standby => {
            if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
                at.standby = true;
                at.standby_on_fail = true;
            }
        }
        OnFail::Block => {
            if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                at.flags.managed = false;
                at.flags.blocked = true;
            }
        }
        OnFail::Ban => {
            wish(reading, resource, Some(node), Score::MINUS_INFINITY, WishSource::Ban);
        }
        OnFail::Stop => {
            if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                at.next_role = Role::Stopped;
            }
        }
        OnFail::Restart => {
            if known_active {
                reading.fail(resource);
                stop(reading, resource, node);
            }
        }
        OnFail::RestartContainer => restart_container(reading, resource, node, known_active),
        OnFail::ResetRemote => reset_remote(reading, resource, node, known_active),
    }
}

fn restart_container(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, known_active: bool) {
    reading.fail(resource);
    match reading.resolved.resource(resource).launcher {
        // A bundle's connection may be on another node than its container, and where that is may
        // not be known yet.
        Some(container) if reading.resolved.is_bundled(resource) => {
            reading.stop_needed.push(container);
        }
        Some(container) => stop(reading, container, node),
        None if known_active => stop(reading, resource, node),
        None => {}
    }
}

fn reset_remote(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, known_active: bool) {
    reading.fail(resource);
    let found = reading.resolved.resource(resource);
    let reconnects = found.remote_reconnect_ms > 0;
    if reading.resolved.options.fencing_enabled
        && found.flags.remote_connection
        && let Some(remote) = reading.resolved.find_node(&found.id)
    {
        let at = reading.resolved.node(remote);
        if at.is_remote() && !at.remote_fenced {
            fence(reading, remote, "remote connection is unrecoverable", false);
        }
    }
    if known_active {
        stop(reading, resource, node);
    }
    // It stays down until its failure is cleared.
    if reconnects && let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.next_role = Role::Stopped;
    }
}

fn mark_failed(reading: &mut Reading<'_>, resource: ResIx, on_fail: OnFail) {
    match on_fail {
        OnFail::Ignore => {}
        OnFail::Demote | OnFail::Block => {
            if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                at.flags.failed = true;
            }
        }
        OnFail::Restart
        | OnFail::ResetRemote
        | OnFail::RestartContainer
        | OnFail::Ban
        | OnFail::Stop
        | OnFail::Standby
        | OnFail::Fence => reading.fail(resource),
    }
}

/// What is not active needs no stop.
fn forget_stops(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx) {
    let Some(at) = reading.resolved.resources.get_mut(resource.at()) else { return };
    // Records of old had instance numbers; a stopped one has no claim to its.
    if at.history_id.as_ref().is_some_and(|id| id.contains(':')) {
        at.history_id = None;
    } else {
        reading.resolved.early.push(EarlyAction::StopIsOptional { resource, node });
    }
}
