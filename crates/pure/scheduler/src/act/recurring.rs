//! Recurring operations: started with the resource, cancelled when they are no longer wanted.

use model::{OcfCode, Role};

use super::acting::Acting;
use super::arena::ActIx;
use super::create::find_operation;
use super::flags::{ActFlags, Relation};
use super::orders::Side;
use super::task::{Key, Task};
use crate::{NodeIx, Operation, ResIx};

/// A configured recurring operation that can be used.
struct Recurring {
    task: Task,
    interval_ms: u64,
    /// [`Role::Unknown`] for any but promoted.
    role: Role,
}

impl Recurring {
    fn key(&self) -> Key {
        Key::Operation { task: self.task.clone(), interval_ms: self.interval_ms }
    }
}

/// Plans the recurring operations of a primitive.
pub(crate) fn create(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let now = acting.now(resource);
    if now.flags.blocked || now.flags.maintenance {
        return;
    }
    let assigned = now.assigned;
    let wanted = now.next_role != Role::Stopped || !now.flags.managed;
    let start = match assigned {
        Some(node) if wanted && !acting.node(node).maintenance => {
            Some(acting.act(resource, Task::Start, assigned, true))
        }
        _ => None,
    };
    let operations = &acting.resource(resource).operations;
    for operation in operations {
        let Some(recurring) = usable(acting, resource, operation) else { continue };
        if let (Some(start), Some(node)) = (start, assigned) {
            while_active(acting, resource, start, node, &recurring);
        }
        while_inactive(acting, resource, assigned, &recurring);
    }
}

fn usable(
    acting: &Acting<'_, '_>,
    resource: ResIx,
    operation: &Operation<'_>,
) -> Option<Recurring> {
    let task = Task::parse(&operation.name);
    let cannot_recur = matches!(
        task,
        Task::Stop
            | Task::Start
            | Task::Demote
            | Task::Promote
            | Task::ReloadAgent
            | Task::MigrateTo
            | Task::MigrateFrom
    );
    if operation.interval_ms == 0 || cannot_recur {
        return None;
    }
    let resource = acting.resource(resource);
    let same = resource
        .operations
        .iter()
        .filter(|other| other.name == operation.name && other.interval_ms == operation.interval_ms);
    if same.count() > 1 {
        return None;
    }
    let role = match operation.role() {
        Some(role) => Role::parse(role)?,
        None => Role::Unknown,
    };
    find_operation(resource, &operation.name, operation.interval_ms, false)?;
    Some(Recurring { task, interval_ms: operation.interval_ms, role })
}

fn while_active(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    start: ActIx,
    node: NodeIx,
    recurring: &Recurring,
) {
    if recurring.role == Role::Stopped {
        return;
    }
    let optional = goes_on(acting, resource, start, node, recurring);
    let next_role = acting.now(resource).next_role;
    let fits = if recurring.role == Role::Unknown {
        next_role != Role::Promoted
    } else {
        next_role == recurring.role
    };
    if !fits {
        if optional {
            cancel_for_role(acting, resource, node, recurring);
        }
        return;
    }
    let key = recurring.key();
    let monitor = acting.act_with_key(resource, key, recurring.task.clone(), Some(node), optional);
    let now = acting.node_now(node);
    if !acting.is(start, ActFlags::RUNNABLE) || !now.online || now.unclean {
        acting.set_runnable(monitor, false);
    }
    if next_role == Role::Promoted {
        acting.expect_code(monitor, OcfCode::RUNNING_PROMOTED);
    }
    if acting.now(resource).flags.managed {
        order_monitor(acting, resource, monitor);
    }
}

/// A recurring operation that runs now needs nothing, unless the resource is started anew or
/// parameters changed.
fn goes_on(
    acting: &Acting<'_, '_>,
    resource: ResIx,
    start: ActIx,
    node: NodeIx,
    recurring: &Recurring,
) -> bool {
    if !acting.is(start, ActFlags::OPTIONAL) {
        return false;
    }
    let running = acting.arena.exactly(resource, &recurring.key(), node);
    !running.is_empty() && !running.iter().any(|act| acting.is(*act, ActFlags::RESCHEDULE))
}

fn cancel_for_role(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    recurring: &Recurring,
) {
    let cancel = cancel(acting, resource, &recurring.task, recurring.interval_ms, node);
    let now = acting.now(resource);
    let before = match (now.role, now.next_role) {
        (Role::Unpromoted | Role::Started, Role::Promoted) => Task::Promote,
        (Role::Unpromoted | Role::Started, Role::Stopped) => Task::Stop,
        (Role::Promoted, _) => Task::Demote,
        (Role::Unpromoted | Role::Started | Role::Stopped | Role::Unknown, _) => return,
    };
    acting.order_act_then(cancel, (resource, before), Relation::UNRUNNABLE_FIRST_BLOCKS);
}

fn order_monitor(acting: &mut Acting<'_, '_>, resource: ResIx, monitor: ActIx) {
    let follows = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_then_act((resource, Task::Start), monitor, follows);
    acting.order_then_act((resource, Task::ReloadAgent), monitor, follows);
    let now = acting.now(resource);
    let change = if now.next_role == Role::Promoted {
        Task::Promote
    } else if now.role == Role::Promoted {
        Task::Demote
    } else {
        return;
    };
    let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_then_act((resource, change), monitor, relation);
}

/// Operations for the role *Stopped* watch that nobody else starts the resource.
fn while_inactive(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    assigned: Option<NodeIx>,
    recurring: &Recurring,
) {
    if recurring.role != Role::Stopped || !acting.now(resource).flags.unique {
        return;
    }
    for node in acting.given.node_indices() {
        if assigned == Some(node) {
            cancel_where_active(acting, resource, node, recurring);
            continue;
        }
        let key = recurring.key();
        let optional = !acting.arena.exactly(resource, &key, node).is_empty();
        let monitor =
            acting.act_with_key(resource, key, recurring.task.clone(), Some(node), optional);
        acting.expect_code(monitor, OcfCode::NOT_RUNNING);
        if acting.now(resource).flags.managed {
            for probe in acting.once(resource, Task::Monitor, Some(node)) {
                acting.arena.order(probe, monitor, Relation::UNRUNNABLE_FIRST_BLOCKS);
            }
        }
        order_after_stops(acting, resource, node, monitor);
        let now = acting.node_now(node);
        if !now.online || now.unclean {
            acting.set_runnable(monitor, false);
        }
    }
}

fn cancel_where_active(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    recurring: &Recurring,
) {
    if acting.arena.exactly(resource, &recurring.key(), node).is_empty() {
        return;
    }
    let cancel = cancel(acting, resource, &recurring.task, recurring.interval_ms, node);
    if matches!(acting.now(resource).next_role, Role::Started | Role::Unpromoted) {
        let start = (resource, Task::Start);
        acting.order_act_then(cancel, start, Relation::UNRUNNABLE_FIRST_BLOCKS);
    }
}

fn order_after_stops(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx, monitor: ActIx) {
    for stop in acting.arena.exactly(resource, &Key::once(Task::Stop), node) {
        let managed = acting.now(resource).flags.managed;
        let both_required =
            !acting.is(stop, ActFlags::OPTIONAL) && !acting.is(monitor, ActFlags::OPTIONAL);
        if both_required && !managed {
            acting.arena[monitor].flags.set(ActFlags::OPTIONAL);
        }
        if !acting.is(stop, ActFlags::RUNNABLE) {
            acting.set_runnable(monitor, false);
        }
        if managed {
            let first = Side {
                resource: Some(resource),
                key: Some(Key::once(Task::Stop)),
                act: Some(stop),
            };
            let relation = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
            acting.order(first, acting.side(monitor), relation);
        }
    }
}

/// Plans to cancel a recurring operation. It takes the place of the operation itself.
pub(crate) fn cancel(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    task: &Task,
    interval_ms: u64,
    node: NodeIx,
) -> ActIx {
    let key = Key::Operation { task: task.clone(), interval_ms };
    let act = acting.act_with_key(resource, key, Task::Cancel, Some(node), false);
    acting.arena.make_cancellation(act);
    acting.arena[act].cancels = Some(task.clone());
    acting.set_meta(act, "operation", task.word());
    acting.set_meta(act, "interval", &interval_ms.to_string());
    act
}

/// Plans to cancel an operation that history knows but nobody wants.
pub(crate) fn cancel_recorded(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    (task, interval_ms): (&Task, u64),
    call_id: Option<&str>,
    node: NodeIx,
) {
    let act = cancel(acting, resource, task, interval_ms, node);
    if let Some(call_id) = call_id {
        acting.set_meta(act, "call-id", call_id);
    }
    acting.order_then_act((resource, Task::Stop), act, Relation::ORDERED);
}
