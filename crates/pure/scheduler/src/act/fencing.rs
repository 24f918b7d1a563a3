//! Cutting nodes off and letting them back, and what else happens before and after that.
//!
//! Fencing a node does what the stops and demotions on it would have done; those become
//! milestones. A guest node is fenced by recovering the resource that it runs in.
//!
//! Field words: Pacemaker *stonith*, *unfencing*.

use super::acting::Acting;
use super::arena::{ActIx, Requires};
use super::flags::{ActFlags, Relation};
use super::notify;
use super::orders::Side;
use super::task::Task;
use crate::{EarlyAction, NodeIx, NodeKind, ResIx, Resolved};

/// How a fence action is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FenceWish<'t> {
    /// `off`, `reboot`, `on`; the cluster's `fencing-action` if not given.
    pub(crate) operation: Option<&'t str>,
    pub(crate) optional: bool,
    pub(crate) reason: Option<&'t str>,
    /// Whether `priority-fencing-delay` is to be looked at.
    pub(crate) delay: bool,
}

/// Marks `node` as one that must be fenced; a guest's container as failed instead.
pub(crate) fn fence_node(acting: &mut Acting<'_, '_>, node: NodeIx, reason: &str, delay: bool) {
    let wish = FenceWish { optional: true, reason: Some(reason), delay, ..FenceWish::default() };
    match acting.node(node).kind {
        NodeKind::Guest { container, .. } => {
            let flags = acting.now(container).flags;
            if !flags.failed && flags.managed {
                acting.node_now_mut(node).remote_reset = true;
                let flags = &mut acting.now_mut(container).flags;
                flags.failed = true;
                flags.stop_if_failed = true;
            }
        }
        NodeKind::Remote { connection } => {
            if let Some(connection) = connection {
                let flags = &mut acting.now_mut(connection).flags;
                if flags.removed_launched {
                    flags.failed = true;
                    flags.stop_if_failed = true;
                    return;
                }
            }
            if connection.is_none_or(|connection| acting.now(connection).flags.managed) {
                acting.node_now_mut(node).remote_reset = true;
            }
            acting.node_now_mut(node).unclean = true;
            fence_act(acting, node, FenceWish { delay: false, ..wish });
        }
        NodeKind::Cluster => {
            if !acting.node_now(node).unclean {
                acting.node_now_mut(node).unclean = true;
                fence_act(acting, node, wish);
            }
        }
    }
}

/// The action that fences or unfences `node`.
pub(crate) fn fence_act(acting: &mut Acting<'_, '_>, node: NodeIx, wish: FenceWish<'_>) -> ActIx {
    let given = acting.given;
    let operation = wish.operation.unwrap_or(&given.options.fencing_action);
    let mut optional = wish.optional;
    let name = format!("stonith-{}-{operation}", given.node(node).name);
    let act = match acting.arena.named(&name) {
        Some(known) => known,
        None => {
            let act = acting.add_named(&name, Task::Fence, Some(node));
            acting.arena[act].flags.set(ActFlags::OPTIONAL);
            acting.set_meta(act, "on_node", &given.node(node).name);
            acting.set_meta(act, "on_node_uuid", &given.node(node).id);
            acting.set_meta(act, "stonith_action", operation);
            if given.options.unfencing_enabled && digest_devices(acting, act, node) {
                optional = false;
            }
            act
        }
    };
    let had_delay = acting.arena[act].meta.contains_key("priority-fencing-delay");
    if given.options.priority_fencing_delay_ms > 0 && (wish.delay || had_delay) {
        let delay = priority_delay(acting, node);
        acting.set_meta(act, "priority-fencing-delay", &delay.to_string());
    }
    if !optional && acting.can_fence(node) {
        acting.arena[act].flags.clear(ActFlags::OPTIONAL);
        acting.set_reason(act, wish.reason, false);
    } else if wish.reason.is_some() {
        acting.set_reason(act, wish.reason, false);
    }
    act
}

/// Puts the digests of all devices that unfence into the action, for the node to remember. Whether
/// one of them is not what the node remembers: then it must be unfenced anew.
fn digest_devices(acting: &mut Acting<'_, '_>, act: ActIx, node: NodeIx) -> bool {
    let devices = recalled_devices(acting.given, node);
    let list = |entry: fn(&RecalledDevice) -> &str| -> String {
        devices.iter().flat_map(|device| [entry(device), ","]).collect()
    };
    let (all, secure) = (list(|device| &device.all), list(|device| &device.secure));
    acting.set_meta(act, "digests-all", &all);
    acting.set_meta(act, "digests-secure", &secure);
    devices.iter().any(|device| device.recalled == Recalled::Changed)
}

/// A device that unfences, as a node would remember it, and as it does.
#[derive(Debug)]
struct RecalledDevice {
    device: ResIx,
    all: String,
    secure: String,
    recalled: Recalled,
}

/// How a device compares with what a node remembers of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recalled {
    Alike,
    PrivateChanged,
    Changed,
}

fn recalled_devices(given: &Resolved<'_>, node: NodeIx) -> Vec<RecalledDevice> {
    let mut devices = Vec::new();
    for resource in &given.top {
        collect_devices(given, *resource, &mut devices);
    }
    let recalled = |attribute: &str| given.node(node).attribute(attribute);
    let known = recalled("#digests-all");
    let compared = devices.into_iter().rev().map(|device| {
        let found = given.resource(device);
        let agent = found.agent.as_ref().map_or("", |agent| &*agent.kind);
        let digests = given.fencing_digests(device, node);
        let entry = |digest: &str| format!("{}:{agent}:{digest}", found.id);
        let all = entry(&digests.all);
        let secure = entry(digests.secure.as_deref().unwrap_or_default());
        let recalled = if known.is_none_or(|known| known.contains(&all)) {
            Recalled::Alike
        } else if recalled("#digests-secure").is_some_and(|known| known.contains(&secure)) {
            Recalled::PrivateChanged
        } else {
            Recalled::Changed
        };
        RecalledDevice { device, all, secure, recalled }
    });
    compared.collect()
}

fn collect_devices(given: &Resolved<'_>, resource: ResIx, devices: &mut Vec<ResIx>) {
    let found = given.resource(resource);
    for child in &found.children {
        collect_devices(given, *child, devices);
    }
    let unfences = found.flags.needs_unfencing || found.flags.provides_unfencing;
    if found.children.is_empty() && found.flags.fence_device && unfences {
        devices.push(resource);
    }
}

/// A device that is not what a node remembers of its unfencing, of a node that the history wants
/// fenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceChanged<'r> {
    pub device: &'r str,
    pub node: &'r str,
    /// What the node would remember, without secrets.
    pub entry: String,
    /// Only secrets have changed, for which the node need not be unfenced anew.
    pub private: bool,
}

/// The devices that changed, node by node, as simulations tell of them.
pub fn devices_changed<'r>(given: &'r Resolved<'_>) -> Vec<DeviceChanged<'r>> {
    if !given.options.unfencing_enabled {
        return Vec::new();
    }
    let mut nodes: Vec<NodeIx> = Vec::new();
    for early in &given.early {
        let node = match early {
            EarlyAction::Fence { node, .. } => Some(*node),
            EarlyAction::ClearFailCount { after_fencing, .. } => *after_fencing,
            EarlyAction::Stop { .. }
            | EarlyAction::Demote { .. }
            | EarlyAction::StopIsOptional { .. }
            | EarlyAction::Recurring { .. }
            | EarlyAction::ForgetHistory { .. } => None,
        };
        nodes.extend(node.filter(|node| !nodes.contains(node)));
    }
    let changed = nodes.into_iter().flat_map(|node| {
        let devices = recalled_devices(given, node).into_iter();
        devices.filter(|device| device.recalled != Recalled::Alike).map(move |device| {
            DeviceChanged {
                device: &given.resource(device.device).id,
                node: &given.node(node).name,
                entry: device.secure,
                private: device.recalled == Recalled::PrivateChanged,
            }
        })
    });
    changed.collect()
}

/// Seconds by which fencing of a node with more to lose is put off, when no side has a majority.
fn priority_delay(acting: &Acting<'_, '_>, node: NodeIx) -> u64 {
    if acting.node(node).is_remote_or_guest() || acting.node_now(node).online {
        return 0;
    }
    let members: Vec<NodeIx> = acting
        .given
        .node_indices()
        .filter(|member| !acting.node(*member).is_remote_or_guest())
        .collect();
    let online = members.iter().filter(|member| acting.node_now(**member).online).count();
    if online > members.len() / 2 {
        return 0;
    }
    let priorities = || members.iter().map(|member| acting.node(*member).priority);
    let (lowest, highest) = (priorities().min(), priorities().max());
    if lowest == highest || Some(acting.node(node).priority) < highest {
        return 0;
    }
    whole_seconds(acting.given.options.priority_fencing_delay_ms)
}

/// Rounded, but never to nothing.
fn whole_seconds(ms: u64) -> u64 {
    if ms == 0 { 0 } else { ((ms + 500) / 1000).max(1) }
}

/// Requires unfencing of `node` (for a fence device's resource: of every node where it is
/// allowed, if `node` cannot be).
pub(crate) fn trigger_unfencing(
    acting: &mut Acting<'_, '_>,
    device: Option<ResIx>,
    node: NodeIx,
    reason: &str,
) {
    if !acting.given.options.unfencing_enabled
        || device.is_some_and(|device| !acting.now(device).flags.fence_device)
    {
        return;
    }
    let ready = |acting: &Acting<'_, '_>, node: NodeIx| {
        let now = acting.node_now(node);
        now.online && !now.unclean && !now.shutdown
    };
    let wish = FenceWish { operation: Some("on"), reason: Some(reason), ..FenceWish::default() };
    if ready(acting, node) {
        fence_act(acting, node, wish);
    } else if let Some(device) = device {
        for other in acting.given.node_indices() {
            if acting.has_allowed(device, other) && ready(acting, other) {
                fence_act(acting, other, wish);
            }
        }
    }
}

/// Whether the node has been unfenced since it started.
pub(crate) fn is_unfenced(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    acting.node(node).attribute("#node-unfenced").is_some_and(|value| value != "0")
}

/// Unfencing comes before the probes and starts of fence devices and of what needs it.
pub(crate) fn order_after_unfencing(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    act: ActIx,
    relation: Relation,
) {
    let flags = &acting.now(resource).flags;
    let device = flags.fence_device && acting.given.options.unfencing_enabled;
    if !device && !flags.needs_unfencing {
        return;
    }
    // Requiring it here would unfence a node, and stop all its resources, whenever a resource
    // is added.
    let wish = FenceWish { operation: Some("on"), optional: true, ..FenceWish::default() };
    let unfence = fence_act(acting, node, wish);
    acting.arena.order(unfence, act, relation);
    if !is_unfenced(acting, node) {
        let reason =
            format!("required by {} {}", acting.resource(resource).id, acting.arena[act].task);
        trigger_unfencing(acting, None, node, &reason);
    }
}

/// Stops of `resource` come before unfencing of `node`, starts after.
pub(crate) fn order_restart_around_unfencing(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
) {
    let wish = FenceWish { operation: Some("on"), optional: true, ..FenceWish::default() };
    let unfence = fence_act(acting, node, wish);
    let side = acting.side(unfence);
    acting.order(
        Side::task(resource, Task::Stop),
        side.clone(),
        Relation::ORDERED | Relation::IF_ON_SAME_NODE,
    );
    acting.order(
        side,
        Side::task(resource, Task::Start),
        Relation::FIRST_IMPLIES_SAME_NODE_THEN | Relation::IF_ON_SAME_NODE,
    );
}

/// Orders every resource's work around the fencing of a node.
pub(crate) fn order_around_fencing(acting: &mut Acting<'_, '_>, fencing: ActIx) {
    for resource in acting.assigned.top.clone() {
        order_resource_around_fencing(acting, resource, fencing);
    }
}

fn order_resource_around_fencing(acting: &mut Acting<'_, '_>, resource: ResIx, fencing: ActIx) {
    let children = acting.children(resource);
    if !children.is_empty() {
        for child in children.iter() {
            order_resource_around_fencing(acting, *child, fencing);
        }
        return;
    }
    let Some(target) = acting.arena[fencing].node else { return };
    if acting.now(resource).flags.managed {
        order_starts_after(acting, resource, fencing, target);
        imply_stops(acting, resource, fencing, target);
        imply_demotes(acting, resource, fencing, target);
    }
}

/// What recovers a resource of the lost node waits for the proof that it is off.
fn order_starts_after(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    fencing: ActIx,
    target: NodeIx,
) {
    for act in acting.arena.of(resource).to_vec().into_iter().rev() {
        match acting.arena[act].needs {
            Requires::Nothing => {}
            Requires::Fencing => {
                acting.arena.order(fencing, act, Relation::ORDERED);
            }
            Requires::Quorum => {
                // Nothing is known of it there, so it may be active there.
                let unknown = acting.arena[act].task == Task::Start
                    && acting.has_allowed(resource, target)
                    && !is_known_on(acting, resource, target);
                if unknown {
                    let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
                    acting.arena.order(fencing, act, relation);
                }
            }
        }
    }
}

/// Whether history says what the resource is doing on a node. Another instance's record will do
/// for an anonymous one, but not for a member of an instance: a group may be known in parts.
fn is_known_on(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    let known = |resource: ResIx| acting.resource(resource).known_on.contains(&node);
    if known(resource) {
        return true;
    }
    acting.resource(resource).parent.is_some_and(|parent| {
        acting.resource(resource).is_primitive()
            && acting.is_anonymous_clone(parent)
            && (known(parent) || acting.resource(parent).children.iter().any(|it| known(*it)))
    })
}

fn imply_stops(acting: &mut Acting<'_, '_>, resource: ResIx, fencing: ActIx, target: NodeIx) {
    let stops = acting.once(resource, Task::Stop, Some(target));
    let after_fencing = implied_after(acting, resource, target);
    let top = acting.top(resource);
    let parent_stop = if stops.is_empty() || !after_fencing {
        None
    } else {
        acting.arena.newest(top, &Task::Stop, None)
    };
    for stop in stops {
        acting.arena[stop].flags.set(ActFlags::PSEUDO | ActFlags::RUNNABLE);
        if after_fencing {
            // Inside a bundle this would be a loop; the parent's stop has the order.
            if !acting.is_bundled(resource) {
                acting.arena.order(fencing, stop, Relation::GUEST_ALLOWED);
            }
            if let Some(parent_stop) = parent_stop {
                acting.arena.order(fencing, parent_stop, Relation::GUEST_ALLOWED);
            }
        }
        if acting.now(resource).flags.notify {
            notify::order_after_fencing(acting, stop, resource, fencing);
        }
    }
}

fn imply_demotes(acting: &mut Acting<'_, '_>, resource: ResIx, fencing: ActIx, target: NodeIx) {
    let after_fencing = implied_after(acting, resource, target);
    for demote in acting.once(resource, Task::Demote, Some(target)) {
        let now = acting.node_now(target);
        if now.online && !now.unclean && !acting.now(resource).flags.failed {
            continue;
        }
        acting.arena[demote].flags.set(ActFlags::PSEUDO | ActFlags::RUNNABLE);
        if after_fencing && !acting.is_bundled(resource) {
            let relation = Relation::GUEST_ALLOWED | Relation::ORDERED;
            acting.arena.order(fencing, demote, relation);
        }
    }
}

/// Whether what fencing implies happens only after it. On a guest always: its fencing is just
/// the stop of what it runs in.
fn implied_after(acting: &Acting<'_, '_>, resource: ResIx, target: NodeIx) -> bool {
    acting.now(resource).flags.needs_fencing || acting.node(target).is_guest()
}

/// A milestone that says that a guest node is down, after what brings it down.
pub(crate) fn fence_guest(acting: &mut Acting<'_, '_>, node: NodeIx) {
    let NodeKind::Guest { connection, container } = acting.node(node).kind else { return };
    let stop = acting.arena.newest(container, &Task::Stop, None);
    let starts = acting.arena.newest(container, &Task::Start, None).is_some();
    let wish = FenceWish {
        operation: Some(if starts { "reboot" } else { "off" }),
        reason: Some("guest is unclean"),
        ..FenceWish::default()
    };
    let fencing = fence_act(acting, node, wish);
    acting.arena[fencing].flags.set(ActFlags::PSEUDO | ActFlags::RUNNABLE);
    let implies = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::FIRST_IMPLIES_THEN;
    match stop {
        Some(stop) if acting.is(stop, ActFlags::PSEUDO) => {
            if let Some(host) = acting.arena[stop].node {
                let host_fencing = fence_act(acting, host, FenceWish::default());
                acting.arena.order(host_fencing, fencing, implies);
            }
        }
        Some(stop) => {
            acting.arena.order(stop, fencing, implies);
        }
        // The guest may only be thought stopped because its history was forgotten; the
        // connection's stop waits for a new look.
        None => {
            if let Some(stop) = acting.arena.newest(connection, &Task::Stop, None) {
                acting.arena.order(stop, fencing, Relation::ORDERED);
            }
        }
    }
    order_around_fencing(acting, fencing);
}
