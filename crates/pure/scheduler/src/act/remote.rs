//! Work behind a connection: on remote nodes and on guests.
//!
//! What runs there needs the connection, so it comes after the connection's start and before its
//! stop. Where the connection cannot be had, only fencing helps.

use model::Role;

use super::acting::Acting;
use super::arena::{Act, ActIx};
use super::fencing::fence_node;
use super::flags::{ActFlags, Relation};
use super::task::{Key, Task};
use crate::{NodeIx, NodeKind, ResIx};

/// What can be done through a remote node's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Not up; it may come.
    Unknown,
    Alive,
    /// On a node that is lost, or being moved: usable once it is elsewhere.
    Resting,
    /// Lost, and not to be had again.
    Failed,
    /// Down for good, cleanly.
    Stopped,
}

/// Whether a remote node's connection is lost for good.
pub(crate) fn is_failed(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    match acting.node(node).kind {
        NodeKind::Remote { connection: Some(connection) } => {
            link_of(acting, node, connection) == Link::Failed
        }
        NodeKind::Remote { connection: None } | NodeKind::Cluster | NodeKind::Guest { .. } => false,
    }
}

fn link_of(acting: &Acting<'_, '_>, node: NodeIx, connection: ResIx) -> Link {
    let now = acting.now(connection);
    let host = acting.current_node(connection);
    let lost = |host: NodeIx| acting.node_now(host).unclean;
    if now.next_role == Role::Stopped || now.assigned.is_none() {
        if host.is_some_and(lost) {
            return Link::Failed;
        }
        if !now.flags.failed {
            return Link::Stopped;
        }
        let retries = now.next_role == Role::Stopped
            && acting.resource(connection).remote_reconnect_ms > 0
            && acting.node(node).remote_fenced
            && !shutdown_requested(acting, node);
        return if retries { Link::Unknown } else { Link::Failed };
    }
    match host {
        None => Link::Unknown,
        Some(host) if lost(host) || !acting.node_now(host).online => Link::Resting,
        Some(_) => {
            let moving = acting.resource(connection).active.len() > 1 && now.partial_move.is_some();
            if moving { Link::Resting } else { Link::Alive }
        }
    }
}

fn shutdown_requested(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    acting.node(node).attribute("shutdown").is_some_and(|value| value != "0")
}

/// Orders everything that happens behind connections.
pub(crate) fn order_all(acting: &mut Acting<'_, '_>) {
    if !acting.given.nodes.iter().any(|node| node.is_remote_or_guest()) {
        return;
    }
    let all: Vec<ActIx> = acting.arena.all().rev().collect();
    for act in all {
        let Some(resource) = acting.arena[act].resource else { continue };
        let forgets = acting.arena[act].task == Task::ClearFailcount;
        if forgets && acting.now(resource).flags.remote_connection {
            acting.order_act_then(act, (resource, Task::Start), Relation::ORDERED);
            continue;
        }
        let Some(node) = acting.arena[act].node else { continue };
        let kind = acting.node(node).kind;
        let Some(connection) = kind.connection() else { continue };
        if acting.is(act, ActFlags::PSEUDO) {
            continue;
        }
        if acting.arena[act].task == Task::Start {
            order_stops_after_connection(acting, resource, node, connection);
        }
        match kind {
            NodeKind::Guest { container, .. } => {
                order_on_guest(acting, act, node, connection, container);
            }
            NodeKind::Remote { .. } => order_on_remote(acting, act, node, connection),
            NodeKind::Cluster => {}
        }
    }
}

/// What moves to a remote node stays where it is until the connection is up.
fn order_stops_after_connection(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    connection: ResIx,
) {
    for other in acting.arena.of(resource).to_vec().into_iter().rev() {
        let found = &acting.arena[other];
        if found.task == Task::Stop && found.node != Some(node) {
            acting.order_then_act((connection, Task::Start), other, Relation::ORDERED);
        }
    }
}

/// What an action does, as far as its connection is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    Up,
    Stop,
    Demote,
    Other,
}

/// Live moves are as stops: they too must be done before a connection is moved.
fn behind(act: &Act<'_>) -> Behind {
    if matches!(act.task, Task::Start | Task::Promote) {
        Behind::Up
    } else if matches!(act.task, Task::Stop | Task::MigrateTo | Task::MigrateFrom) {
        Behind::Stop
    } else if act.task == Task::Demote {
        Behind::Demote
    } else {
        Behind::Other
    }
}

fn start_then(acting: &mut Acting<'_, '_>, first: ResIx, act: ActIx, extra: Relation) {
    let relation = Relation::GUEST_ALLOWED | Relation::UNRUNNABLE_FIRST_BLOCKS | extra;
    acting.order_then_act((first, Task::Start), act, relation);
}

fn then_stop(acting: &mut Acting<'_, '_>, act: ActIx, then: ResIx, extra: Relation) {
    acting.order_act_then(act, (then, Task::Stop), Relation::GUEST_ALLOWED | extra);
}

fn order_on_remote(acting: &mut Acting<'_, '_>, act: ActIx, node: NodeIx, connection: ResIx) {
    let link = link_of(acting, node, connection);
    match behind(&acting.arena[act]) {
        Behind::Up => {
            let extra =
                if link == Link::Failed { Relation::FIRST_IMPLIES_THEN } else { Relation::NONE };
            start_then(acting, connection, act, extra);
        }
        Behind::Stop => order_stop_on_remote(acting, act, node, connection, link),
        Behind::Demote => {
            // Where the connection is being torn down, the stop's order does.
            if matches!(link, Link::Resting | Link::Unknown) {
                start_then(acting, connection, act, Relation::NONE);
            }
        }
        Behind::Other => order_other_on_remote(acting, act, node, connection, link),
    }
}

fn order_stop_on_remote(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    node: NodeIx,
    connection: ResIx,
    link: Link,
) {
    if link == Link::Alive {
        then_stop(acting, act, connection, Relation::THEN_IMPLIES_FIRST);
    } else if link == Link::Failed {
        let reason = "resources are active but connection is unrecoverable";
        fence_node(acting, node, reason, false);
    } else if acting.now(connection).next_role == Role::Stopped {
        then_stop(acting, act, connection, Relation::THEN_IMPLIES_FIRST);
    } else {
        start_then(acting, connection, act, Relation::NONE);
    }
}

fn order_other_on_remote(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    node: NodeIx,
    connection: ResIx,
    link: Link,
) {
    if acting.arena[act].meta_interval().is_some() {
        start_then(acting, connection, act, Relation::FIRST_IMPLIES_THEN);
        return;
    }
    if acting.arena[act].task == Task::Monitor && link == Link::Failed {
        let reason = "resources are in unknown state and connection is unrecoverable";
        fence_node(acting, node, reason, false);
    }
    if acting.current_node(connection).is_some() && link == Link::Stopped {
        // It goes down for good: look before it does.
        then_stop(acting, act, connection, Relation::UNRUNNABLE_FIRST_BLOCKS);
    } else {
        start_then(acting, connection, act, Relation::NONE);
    }
}

fn order_on_guest(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    node: NodeIx,
    connection: ResIx,
    container: ResIx,
) {
    if acting.now(container).flags.failed {
        fence_node(acting, node, "container failed", false);
    }
    match behind(&acting.arena[act]) {
        Behind::Up => {
            start_then(acting, container, act, Relation::FIRST_IMPLIES_THEN);
            start_then(acting, connection, act, Relation::NONE);
        }
        Behind::Stop | Behind::Demote => {
            // A failed container's stop does these, as fencing does them on other nodes.
            if !acting.now(container).flags.failed {
                then_stop(acting, act, connection, Relation::NONE);
            }
        }
        Behind::Other => {
            let found = &acting.arena[act];
            if found.meta_interval().is_none() {
                start_then(acting, connection, act, Relation::NONE);
            } else if found.task == Task::Monitor {
                start_then(acting, connection, act, Relation::FIRST_IMPLIES_THEN);
            }
        }
    }
}

/// The cluster node through which an action on a remote or guest node runs.
pub(crate) fn router_of(acting: &Acting<'_, '_>, act: ActIx) -> Option<NodeIx> {
    let found = &acting.arena[act];
    if found.task == Task::Fence {
        return None;
    }
    let connection = acting.node(found.node?).kind.connection()?;
    let began = acting.current_node(connection);
    let ends = acting.now(connection).assigned;
    let partial = acting.resource(connection).launcher.is_none()
        && acting.now(connection).partial_move.is_some();
    let (Some(began), Some(ends)) = (began, ends) else { return began.or(ends) };
    let task = match &found.key {
        Key::Notify { of, .. } => of.atomic(),
        Key::Operation { .. } | Key::Name(_) => found.task.clone(),
    };
    let before_move = matches!(
        task,
        Task::Cancel | Task::Stop | Task::Demote | Task::MigrateFrom | Task::MigrateTo
    );
    Some(if before_move && !partial { began } else { ends })
}
