//! The steps' form: ids, keys, nodes, what an action is about.

use std::sync::Arc;

use model::{
    Action, ActionId, ActionKind, ActionNode, AgentRef, NodeName, Plan, PlanSettings, PlanStep,
    PrimitiveRef,
};

use super::attributes;
use super::select::changes_maintenance;
use crate::act::acting::Acting;
use crate::act::arena::{Act, ActIx};
use crate::act::flags::ActFlags;
use crate::act::remote;
use crate::act::task::{Key, NotifyKind, Task};
use crate::resolve::values::parse_integer;
use crate::{NodeIx, NodeKind, ResIx, Variant};

/// The plan of `steps`.
pub(crate) fn raise(acting: &Acting<'_, '_>, steps: &[ActIx]) -> Plan {
    let options = &acting.given.options;
    let settings = PlanSettings {
        cluster_delay: options.cluster_delay.as_ref().to_owned(),
        fencing_timeout: Some(options.fencing_timeout.as_ref().to_owned()),
        failed_stop_offset: "INFINITY".to_owned(),
        failed_start_offset: if options.start_failure_is_fatal { "INFINITY" } else { "1" }
            .to_owned(),
        batch_limit: options.batch_limit.as_ref().to_owned(),
        migration_limit: parse_integer(&options.migration_limit)
            .filter(|limit| *limit > 0)
            .map(|_| options.migration_limit.as_ref().to_owned()),
        recheck_at: recheck_at(acting),
    };
    Plan { settings, steps: steps.iter().map(|act| step(acting, *act)).collect() }
}

/// When to plan again: a rule's answer changes, a failure is over, or a resource that waits for its
/// node has waited long enough.
fn recheck_at(acting: &Acting<'_, '_>) -> Option<i64> {
    let given = acting.given;
    let limit = i64::try_from(given.options.shutdown_lock_limit_ms.div_ceil(1000)).ok()?;
    let can_wait = given.resource_indices().filter(|resource| waits_for_node(acting, *resource));
    let locks = can_wait.filter_map(|resource| acting.assigned.resource(resource).shutdown_lock);
    let ends = locks
        .filter(|_| limit > 0)
        .map(|lock| lock.since.saturating_add(limit).saturating_add(1))
        .filter(|end| *end > given.now);
    given.recheck_at().into_iter().chain(ends).min()
}

/// Instances do not wait for a node that was shut down, nor do fence devices and connections.
fn waits_for_node(acting: &Acting<'_, '_>, resource: ResIx) -> bool {
    let found = acting.resource(resource);
    let top = &acting.resource(acting.top(resource)).variant;
    !found.flags.fence_device
        && !found.flags.remote_connection
        && matches!(top, Variant::Primitive | Variant::Group(_))
}

fn step(acting: &Acting<'_, '_>, act: ActIx) -> PlanStep {
    let found = &acting.arena[act];
    let of_resource = found.resource.map_or(0, |resource| acting.now(resource).priority);
    let inputs = found
        .before
        .iter()
        .filter(|edge| edge.in_plan)
        .map(|edge| ActionId(edge.other.number()))
        .collect();
    PlanStep {
        priority: of_resource.max(found.priority).max(0),
        action: action(acting, act),
        inputs,
    }
}

fn action(acting: &Acting<'_, '_>, act: ActIx) -> Action {
    let found = &acting.arena[act];
    let kind = kind_of(acting, found);
    // A fenced guest's milestone has a node, others have none.
    let on_node = !matches!(kind, ActionKind::Milestone) || found.task == Task::Fence;
    let node = found.node.filter(|_| on_node);
    let (key, internal_key) = keys_of(acting, found);
    Action {
        id: ActionId(act.number()),
        task: found.task.word().to_owned(),
        key,
        internal_key,
        shutdown_lock: lock_kept(acting, found),
        node: node.map(|node| action_node(acting, act, node)),
        attributes: attributes::of(acting, act, node),
        downed: node.map_or_else(Vec::new, |node| downed(acting, act, node)),
        maintenance: maintenance(acting, found),
        kind,
    }
}

fn kind_of(acting: &Acting<'_, '_>, act: &Act<'_>) -> ActionKind {
    let pseudo = act.is(ActFlags::PSEUDO);
    let about = || act.resource.filter(|_| !pseudo).map(|resource| primitive(acting, resource));
    if act.task == Task::Fence {
        return if pseudo { ActionKind::Milestone } else { ActionKind::Fence };
    }
    if matches!(act.task, Task::Shutdown | Task::ClearFailcount | Task::LrmDelete) {
        return ActionKind::Bookkeeping(about());
    }
    about().map_or(ActionKind::Milestone, ActionKind::Resource)
}

fn primitive(acting: &Acting<'_, '_>, resource: ResIx) -> PrimitiveRef {
    let found = acting.resource(resource);
    let flags = &acting.now(resource).flags;
    let history = found.history_id.as_deref();
    let (id, long_id) = match history {
        Some(history) if flags.removed => (history, Some(&*found.id)),
        _ if flags.unique => (&*found.id, None),
        Some(history) if history != &*found.config_id => (&*found.config_id, Some(history)),
        _ => (&*found.config_id, Some(&*found.id)),
    };
    let agent = found.agent.clone().unwrap_or_else(|| AgentRef {
        standard: Arc::from(""),
        provider: None,
        kind: Arc::from(""),
    });
    PrimitiveRef { id: id.to_owned(), long_id: long_id.map(str::to_owned), agent }
}

/// The key under the name that history uses, and the one under the full id if that differs.
fn keys_of(acting: &Acting<'_, '_>, act: &Act<'_>) -> (String, Option<String>) {
    let Some(resource) = act.resource else { return (act.key.text(""), None) };
    let found = acting.resource(resource);
    let own = act.key.text(&found.id);
    let Some(history) = found.history_id.as_deref() else { return (own, None) };
    (history_key(act, history), Some(own))
}

/// The action's key with `name` for the resource.
pub(super) fn history_key(act: &Act<'_>, name: &str) -> String {
    let meta = |name: &str| act.meta.get(name).map(AsRef::as_ref);
    if act.task == Task::Notify {
        let kind =
            if meta("notify_type") == Some("post") { NotifyKind::Post } else { NotifyKind::Pre };
        let of = Task::parse(meta("notify_operation").unwrap_or_default());
        return Key::Notify { kind, of }.text(name);
    }
    let task = act.cancels.as_ref().unwrap_or(&act.task);
    let interval = meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
    Key::Operation { task: task.clone(), interval_ms: interval }.text(name)
}

/// A resource that is locked to a node that shuts down stays so through its stop.
fn lock_kept(acting: &Acting<'_, '_>, act: &Act<'_>) -> Option<i64> {
    if act.is(ActFlags::PSEUDO) {
        return None;
    }
    let lock = acting.assigned.resource(act.resource?).shutdown_lock?;
    let leaving = acting.node_now(lock.node).shutdown;
    (act.node == Some(lock.node) && (!leaving || act.task == Task::Stop)).then_some(lock.since)
}

fn action_node(acting: &Acting<'_, '_>, act: ActIx, node: NodeIx) -> ActionNode {
    let found = acting.node(node);
    let router = remote::router_of(acting, act).map(|router| acting.node(router));
    ActionNode {
        name: NodeName::new(&*found.name),
        id: found.id.as_ref().to_owned(),
        router: router.map(|router| NodeName::new(&*router.name)),
    }
}

/// Nodes that the action takes down.
fn downed(acting: &Acting<'_, '_>, act: ActIx, node: NodeIx) -> Vec<String> {
    let found = &acting.arena[act];
    let id = |node: NodeIx| acting.node(node).id.as_ref().to_owned();
    if found.task == Task::Shutdown {
        vec![id(node)]
    } else if found.task == Task::Stop {
        connection_downed(acting, found)
    } else if found.task == Task::Fence {
        let operation = found.meta.get("stonith_action").map(AsRef::as_ref);
        if !matches!(operation, Some("off" | "reboot")) {
            return Vec::new();
        }
        let guests = acting.node(node).active.iter().filter_map(|resource| {
            let found = acting.resource(*resource);
            let connects = found.flags.remote_connection && found.launcher.is_some();
            connects.then(|| guest_of(acting, *resource)).flatten()
        });
        std::iter::once(node).chain(guests).map(id).collect()
    } else {
        Vec::new()
    }
}

fn guest_of(acting: &Acting<'_, '_>, connection: ResIx) -> Option<NodeIx> {
    acting
        .given
        .node_indices()
        .find(|node| acting.node(*node).kind.connection() == Some(connection))
}

/// The stop of a connection takes its node down, unless it is a live move's.
fn connection_downed(acting: &Acting<'_, '_>, stop: &Act<'_>) -> Vec<String> {
    let Some(resource) = stop.resource else { return Vec::new() };
    if !acting.now(resource).flags.remote_connection {
        return Vec::new();
    }
    let moves = stop.before.iter().any(|edge| {
        let input = &acting.arena[edge.other];
        input.resource == Some(resource) && input.task == Task::MigrateFrom
    });
    if moves { Vec::new() } else { vec![acting.resource(resource).id.as_ref().to_owned()] }
}

fn maintenance(acting: &Acting<'_, '_>, act: &Act<'_>) -> Vec<(String, bool)> {
    if act.task != Task::MaintenanceNodes {
        return Vec::new();
    }
    acting
        .given
        .node_indices()
        .filter(|node| changes_maintenance(acting, *node))
        .map(|node| acting.node(node))
        .map(|node| (node.id.as_ref().to_owned(), node.maintenance))
        .collect()
}

/// The container of a guest node.
pub(super) fn container_of(acting: &Acting<'_, '_>, node: NodeIx) -> Option<ResIx> {
    match acting.node(node).kind {
        NodeKind::Guest { container, .. } => Some(container),
        NodeKind::Cluster | NodeKind::Remote { .. } => None,
    }
}
