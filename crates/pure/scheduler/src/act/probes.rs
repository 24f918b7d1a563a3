//! Looking before acting: a probe of every resource on every node where its state is not known.

use model::{OcfCode, Role};

use super::acting::Acting;
use super::arena::ActIx;
use super::fencing;
use super::flags::{ActFlags, Relation};
use super::orders::Side;
use super::remote;
use super::task::{Key, Task};
use crate::{NodeIx, NodeKind, ProbeMode, Replica, ResIx, Variant};

/// Plans all probes, node by node.
pub(crate) fn create(acting: &mut Acting<'_, '_>) {
    for node in acting.given.node_indices() {
        let now = acting.node_now(node);
        if !now.online {
            if remote::is_failed(acting, node) {
                fencing::fence_node(acting, node, "the connection is unrecoverable", false);
            }
            continue;
        }
        if !now.unclean && acting.node(node).probes_allowed {
            let top = acting.assigned.top.clone();
            probe_all(acting, &top, node);
        }
    }
}

/// Probes each of `resources` where needed; whether any probe came of it.
fn probe_all(acting: &mut Acting<'_, '_>, resources: &[ResIx], node: NodeIx) -> bool {
    let mut any = false;
    for resource in resources {
        any |= probe(acting, *resource, node);
    }
    any
}

fn probe(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    match &acting.resource(resource).variant {
        Variant::Primitive | Variant::Group(_) => probe_plain(acting, resource, node),
        Variant::CloneSet(_) => probe_clone(acting, resource, node),
        Variant::Bundle(_) => probe_bundle(acting, resource, node),
    }
}

fn probe_plain(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    if !acting.given.options.probes_enabled || !can_be_probed_behind(acting, resource, node) {
        return false;
    }
    let children = acting.children(resource);
    if !children.is_empty() {
        return probe_all(acting, &children, node);
    }
    let found = acting.resource(resource);
    let launched = found.launcher.is_some() && !acting.now(resource).flags.remote_connection;
    let top = acting.top(resource);
    if launched
        || acting.now(resource).flags.removed
        || found.known_on.contains(&node)
        || !may_be_probed(acting, resource, top, node)
        || wait_for_guest(acting, top, node)
    {
        return false;
    }
    let probe = add_probe(acting, resource, node);
    order_probe(acting, resource, top, probe);
    true
}

/// What cannot be on a remote or guest node is not looked for there.
fn can_be_probed_behind(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    if !acting.node(node).is_remote_or_guest() {
        return true;
    }
    let flags = &acting.now(resource).flags;
    let launches_guest = acting
        .resource(resource)
        .launched
        .iter()
        .any(|launched| acting.now(*launched).flags.remote_connection);
    let guest_in_guest = acting.node(node).is_guest() && launches_guest;
    !(flags.fence_device || guest_in_guest || flags.remote_connection)
}

/// Whether constraints let the resource be probed here.
fn may_be_probed(acting: &Acting<'_, '_>, resource: ResIx, top: ResIx, node: NodeIx) -> bool {
    let mode = acting.assigned.resource(resource).scores.get(node).map(|cell| cell.probe);
    let exclusive = acting.assigned.resource(resource).exclusive_probes
        || acting.assigned.resource(top).exclusive_probes;
    if exclusive {
        return mode == Some(ProbeMode::Exclusive);
    }
    match mode {
        Some(mode) => mode != ProbeMode::Never,
        None => !is_bundle_node(acting, node),
    }
}

fn is_bundle_node(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    match acting.node(node).kind {
        NodeKind::Guest { container, .. } => acting.now(container).flags.replica_container,
        NodeKind::Cluster | NodeKind::Remote { .. } => false,
    }
}

/// A guest node that is down, or goes down, has nothing to be probed; starts there wait for the
/// guest.
fn wait_for_guest(acting: &mut Acting<'_, '_>, top: ResIx, node: NodeIx) -> bool {
    let NodeKind::Guest { container, .. } = acting.node(node).kind else { return false };
    if acting.now(container).role == Role::Stopped {
        let unknown = acting
            .now(container)
            .assigned
            .is_some_and(|host| !acting.resource(container).known_on.contains(&host));
        if unknown {
            let (probe, start) = ((container, Task::Monitor), (top, Task::Start));
            acting.order_tasks(probe, start, Relation::ORDERED);
        }
        return true;
    }
    if guest_will_stop(acting, container, node) {
        let (stop, start) = ((container, Task::Stop), (top, Task::Start));
        acting.order_tasks(stop, start, Relation::ORDERED);
        return true;
    }
    false
}

fn guest_will_stop(acting: &Acting<'_, '_>, container: ResIx, node: NodeIx) -> bool {
    let node = acting.node_now(node);
    let now = acting.now(container);
    let moves = now.role > Role::Stopped
        && now.assigned.is_some_and(|host| !acting.resource(container).active.contains(&host));
    node.remote_reset || node.unclean || now.flags.failed || now.next_role == Role::Stopped || moves
}

fn add_probe(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx) -> ActIx {
    let probe = acting.act(resource, Task::Monitor, Some(node), false);
    acting.arena[probe].flags.clear(ActFlags::OPTIONAL);
    fencing::order_after_unfencing(acting, resource, node, probe, Relation::ORDERED);
    if !acting.resource(resource).active.contains(&node) {
        acting.expect_code(probe, OcfCode::NOT_RUNNING);
    } else if acting.now(resource).role == Role::Promoted {
        acting.expect_code(probe, OcfCode::RUNNING_PROMOTED);
    }
    probe
}

/// A start or reload waits for the probe: an instance's probe holds up its whole clone set.
fn order_probe(acting: &mut Acting<'_, '_>, resource: ResIx, top: ResIx, probe: ActIx) {
    let waits = if acting.is_clone(top) { top } else { resource };
    let mut relation = Relation::ORDERED;
    // What is active already is not stopped because it cannot be probed elsewhere.
    if !acting.is(probe, ActFlags::RUNNABLE) && !is_active_anywhere(acting, waits) {
        relation.set(Relation::UNRUNNABLE_FIRST_BLOCKS);
    }
    acting.order_act_then(probe, (waits, Task::Start), relation);
    acting.order_act_then(probe, (waits, Task::ReloadAgent), Relation::ORDERED);
}

/// Whether the resource or anything in it is active.
pub(crate) fn is_active_anywhere(acting: &Acting<'_, '_>, resource: ResIx) -> bool {
    !acting.resource(resource).active.is_empty()
        || acting.children(resource).iter().any(|child| is_active_anywhere(acting, *child))
}

fn probe_clone(acting: &mut Acting<'_, '_>, clone: ResIx, node: NodeIx) -> bool {
    if acting.assigned.resource(clone).exclusive_probes {
        let mode = acting.assigned.resource(clone).scores.get(node).map(|cell| cell.probe);
        if mode != Some(ProbeMode::Exclusive) {
            acting.now_mut(clone).not_probed_on.push(node);
            return false;
        }
    }
    sort_instances(acting, clone);
    let children = acting.children(clone);
    if acting.now(clone).flags.unique {
        return probe_all(acting, &children, node);
    }
    // One instance stands for all: the one that is known there, or will be there, or the first.
    let known = children.iter().copied().find(|child| is_known(acting, *child, node));
    let planned =
        || children.iter().copied().find(|child| acting.location(*child, false) == Some(node));
    match known.or_else(planned).or_else(|| children.first().copied()) {
        Some(instance) => probe(acting, instance, node),
        None => false,
    }
}

fn is_known(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    let children = acting.children(resource);
    if children.is_empty() {
        acting.resource(resource).known_on.contains(&node)
    } else {
        children.iter().any(|child| is_known(acting, *child, node))
    }
}

/// Puts a clone set's instances in the order of their numbers.
pub(crate) fn sort_instances(acting: &mut Acting<'_, '_>, clone: ResIx) {
    let mut children = acting.children(clone).to_vec();
    children.sort_by_key(|child| instance_number(&acting.resource(*child).id));
    acting.now_mut(clone).children = children.into();
}

/// The number at the end of an instance's id: after a colon, or a dash in a bundle.
pub(crate) fn instance_number(id: &str) -> i64 {
    let number = id.rsplit_once(':').or_else(|| id.rsplit_once('-')).map(|(_, number)| number);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn probe_bundle(acting: &mut Acting<'_, '_>, bundle: ResIx, node: NodeIx) -> bool {
    let Some(parts) = acting.resource(bundle).bundle() else { return false };
    let mut any = false;
    for replica in &parts.replicas {
        if let Some(ip) = replica.ip {
            any |= probe(acting, ip, node);
        }
        if let Some(child) = replica.child
            && replica.node == Some(node)
        {
            any |= probe(acting, child, node);
        }
        if probe(acting, replica.container, node) {
            any = true;
            if parts.replicas_per_host == 1 {
                order_other_containers(acting, &parts.replicas, replica);
            }
        }
        any |= probe_connection(acting, replica, node);
    }
    any
}

/// With one container a host, no other may start before it is known that this one is not there.
fn order_other_containers(acting: &mut Acting<'_, '_>, replicas: &[Replica], probed: &Replica) {
    for other in replicas.iter().filter(|other| other.container != probed.container) {
        acting.order_tasks(
            (probed.container, Task::Monitor),
            (other.container, Task::Start),
            Relation::ORDERED | Relation::IF_ON_SAME_NODE,
        );
    }
}

/// A connection is probed once it is known where its container is.
fn probe_connection(acting: &mut Acting<'_, '_>, replica: &Replica, node: NodeIx) -> bool {
    let Some(remote) = replica.remote else { return false };
    if !probe(acting, remote, node) {
        return false;
    }
    let key = Key::once(Task::Monitor);
    let probes = acting.arena.exactly(remote, &key, node);
    let Some(probe) = probes.last().copied() else { return false };
    let first = Side::task(replica.container, Task::Start);
    acting.order(first, acting.side(probe), Relation::NESTED_REMOTE_PROBE);
    true
}
