//! Which actions become steps of the plan, and which orderings their inputs.

use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::{ActFlags, Relation};
use crate::act::task::Task;
use crate::act::{notify, spread};
use crate::{NodeIx, ResIx, Variant};

/// Chooses the steps, in the order of the graph. Clone sets fill in their notifications as they
/// are reached.
pub(crate) fn select(acting: &mut Acting<'_, '_>) -> Vec<ActIx> {
    let mut steps = Vec::new();
    for resource in acting.assigned.top.clone() {
        add_resource(acting, resource, &mut steps);
    }
    add_maintenance_update(acting);
    for act in acting.arena.all().rev() {
        add(acting, act, &mut steps);
    }
    steps
}

fn add_resource(acting: &mut Acting<'_, '_>, resource: ResIx, steps: &mut Vec<ActIx>) {
    match &acting.resource(resource).variant {
        Variant::Primitive | Variant::Group(_) => add_plain(acting, resource, steps),
        Variant::CloneSet(_) => {
            for act in own_acts(acting, resource) {
                spread::flags(acting, act, None);
            }
            notify::fill_in(acting, resource);
            for instance in acting.children(resource).iter() {
                add_resource(acting, *instance, steps);
            }
            add_plain(acting, resource, steps);
        }
        Variant::Bundle(parts) => {
            if let Some(child) = parts.child {
                add_resource(acting, child, steps);
            }
            for replica in &parts.replicas {
                let parts = [replica.ip, Some(replica.container), replica.remote];
                for part in parts.into_iter().flatten() {
                    add_resource(acting, part, steps);
                }
            }
        }
    }
}

/// A resource's own actions, then its children's.
fn add_plain(acting: &mut Acting<'_, '_>, resource: ResIx, steps: &mut Vec<ActIx>) {
    for act in own_acts(acting, resource) {
        add(acting, act, steps);
    }
    for child in acting.children(resource).iter() {
        add_resource(acting, *child, steps);
    }
}

/// Newest first.
fn own_acts(acting: &Acting<'_, '_>, resource: ResIx) -> Vec<ActIx> {
    acting.arena.of(resource).iter().rev().copied().collect()
}

/// Remote nodes cannot see for themselves that they are, or are no more, in maintenance.
fn add_maintenance_update(acting: &mut Acting<'_, '_>) {
    if acting.given.node_indices().any(|node| changes_maintenance(acting, node)) {
        let act = acting.named_milestone(Task::MaintenanceNodes.word());
        acting.arena[act].flags.set(ActFlags::ALWAYS_IN_PLAN);
    }
}

/// Whether a remote node's record of its maintenance mode must change.
pub(super) fn changes_maintenance(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    let node = acting.node(node);
    node.is_remote_or_guest() && node.maintenance != node.remote_maintenance
}

fn add(acting: &mut Acting<'_, '_>, act: ActIx, steps: &mut Vec<ActIx>) {
    acting.arena.merge_inputs(act);
    if acting.is(act, ActFlags::IN_PLAN) || !is_wanted(acting, act) {
        return;
    }
    acting.arena[act].flags.set(ActFlags::IN_PLAN);
    steps.push(act);
    for position in 0..acting.arena[act].before.len() {
        if wanted_input(acting, act, position)
            && let Some(edge) = acting.arena[act].before.get_mut(position)
        {
            edge.in_plan = true;
        }
    }
}

/// Whether an action belongs in the plan.
pub(super) fn is_wanted(acting: &Acting<'_, '_>, act: ActIx) -> bool {
    let found = &acting.arena[act];
    let optional = found.is(ActFlags::OPTIONAL) && !found.is(ActFlags::ALWAYS_IN_PLAN);
    if !found.is(ActFlags::RUNNABLE) || optional {
        return false;
    }
    let untouchable = found.resource.is_some_and(|resource| {
        !acting.now(resource).flags.managed
            && found.task != Task::Monitor
            && found.meta_interval().is_none()
    });
    if untouchable {
        return false;
    }
    if found.is(ActFlags::PSEUDO) || matches!(found.task, Task::Fence | Task::Shutdown) {
        return true;
    }
    let Some(node) = found.node else { return false };
    let now = acting.node_now(node);
    found.is(ActFlags::ON_COORDINATOR)
        || (acting.node(node).is_guest() && !now.remote_reset)
        || (now.online && !now.unclean)
}

/// Whether the input at `position` of `act` is one in the plan. Orderings that turn out not to
/// apply are taken out.
pub(crate) fn wanted_input(acting: &mut Acting<'_, '_>, act: ActIx, position: usize) -> bool {
    let Some(edge) = acting.arena.input(act, position).cloned() else { return false };
    if edge.in_plan {
        return true;
    }
    let relation = edge.relation;
    let input = &acting.arena[edge.other];
    let runnable = input.is(ActFlags::RUNNABLE);
    let migratable = input.is(ActFlags::MIGRATABLE);
    let is_stop = input.key.is_once(&Task::Stop);
    let dropped = relation == Relation::NONE
        || (!runnable && !can_change(relation))
        || (!runnable && relation.has(Relation::MIN_RUNNABLE))
        || (!runnable && relation.has(Relation::UNMIGRATABLE_THEN_BLOCKS))
        || (migratable && relation.has(Relation::IF_FIRST_UNMIGRATABLE))
        || (migratable && relation == Relation::ORDERED && is_stop);
    if dropped {
        return false;
    }
    if relation == Relation::IF_ON_SAME_NODE_OR_TARGET
        || relation == Relation::IF_REQUIRED_ON_SAME_NODE
    {
        let applies = applies_here(acting, act, edge.other, relation);
        if !applies {
            acting.arena.set_relation(act, position, Relation::NONE);
        }
        return applies;
    }
    if is_stuck_stop(acting, act, edge.other) {
        return false;
    }
    let in_plan = ActFlags::ALWAYS_IN_PLAN | ActFlags::IN_PLAN;
    let input = &acting.arena[edge.other];
    !input.is(ActFlags::OPTIONAL) || input.flags.any(in_plan) || is_wanted(acting, edge.other)
}

/// Whether an ordering means more than the order.
fn can_change(relation: Relation) -> bool {
    let order_only = Relation::THEN_IMPLIES_FIRST_IN_PLAN
        | Relation::FIRST_IMPLIES_THEN_IN_PLAN
        | Relation::ORDERED;
    relation.without(order_only) != Relation::NONE
}

/// Orderings that apply on one node, now that nodes are known.
fn applies_here(acting: &Acting<'_, '_>, act: ActIx, input: ActIx, relation: Relation) -> bool {
    let (act, input) = (&acting.arena[act], &acting.arena[input]);
    if relation == Relation::IF_REQUIRED_ON_SAME_NODE {
        let apart = act.node.is_some() && input.node.is_some() && act.node != input.node;
        return !apart && !input.is(ActFlags::OPTIONAL);
    }
    match act.resource {
        // What counts is where the resource goes, not where the move begins.
        Some(resource) if act.task == Task::MigrateTo => {
            let target = acting.now(resource).assigned;
            input.node.is_some() && input.node == target
        }
        _ => input.node.is_some() && input.node == act.node && !input.is(ActFlags::OPTIONAL),
    }
}

/// A failed instance that nobody manages cannot keep its clone set from stopping.
fn is_stuck_stop(acting: &Acting<'_, '_>, act: ActIx, input: ActIx) -> bool {
    let (act, input) = (&acting.arena[act], &acting.arena[input]);
    let (Some(of), Some(resource)) = (input.resource, act.resource) else { return false };
    let flags = &acting.now(of).flags;
    of != resource
        && flags.failed
        && !flags.managed
        && input.key.is_once(&Task::Stop)
        && acting.is_clone(resource)
}
