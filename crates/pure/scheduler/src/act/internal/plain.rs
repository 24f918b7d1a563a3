//! A primitive's own orderings.

use model::Role;

use crate::act::acting::Acting;
use crate::act::fencing;
use crate::act::flags::{ActFlags, Relation};
use crate::act::orders::Side;
use crate::act::task::Task;
use crate::{NodeIx, PlacementStrategy, ResIx};

/// Orders what a primitive does.
pub(crate) fn order(acting: &mut Acting<'_, '_>, resource: ResIx) {
    // What assignment makes unmanaged later still has these.
    // What a lost ticket freezes was unmanaged before that.
    let frozen = acting.assigned.resource(resource).blocked;
    if !acting.resource(resource).flags.managed || frozen {
        return;
    }
    let own = |task: Task| (resource, task);
    acting.order_tasks(
        own(Task::Stop),
        own(Task::Start),
        Relation::ORDERED | Relation::FIRST_IMPLIES_THEN | Relation::INTERMEDIATE_STOP,
    );
    let promotable = acting.resource(acting.top(resource)).flags.promotable;
    if promotable || acting.resource(resource).role > Role::Unpromoted {
        let relation = Relation::PROMOTED_THEN_IMPLIES_FIRST;
        acting.order_tasks(own(Task::Demote), own(Task::Stop), relation);
        let relation = Relation::UNRUNNABLE_FIRST_BLOCKS;
        acting.order_tasks(own(Task::Start), own(Task::Promote), relation);
    }
    // A probe's result is history that is worth keeping.
    for forget in [Task::LrmDelete, Task::Delete] {
        acting.order_tasks(
            own(forget),
            own(Task::Monitor),
            Relation::IF_ON_SAME_NODE | Relation::THEN_CANCELS_FIRST,
        );
    }
    order_around_unfencing(acting, resource);
    order_around_load(acting, resource);
    order_with_launcher(acting, resource);
}

/// Nodes that the resource knew before assignment, by name.
fn allowed_nodes(acting: &Acting<'_, '_>, resource: ResIx) -> Vec<NodeIx> {
    acting.assigned.resource(resource).known_at_first.clone()
}

fn order_around_unfencing(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let flags = &acting.resource(resource).flags;
    let unfencing = acting.given.options.unfencing_enabled;
    if flags.fence_device || !unfencing || !flags.needs_unfencing {
        return;
    }
    for node in allowed_nodes(acting, resource) {
        fencing::order_restart_around_unfencing(acting, resource, node);
    }
}

/// With capacities, what leaves a node leaves it before what comes to it.
fn order_around_load(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let default = acting.given.options.placement == PlacementStrategy::Default;
    if default || acting.resource(resource).demand.is_empty() {
        return;
    }
    let relation = Relation::IF_ON_SAME_NODE_OR_TARGET;
    for node in acting.resource(resource).active.clone() {
        let left = load_left(acting, node);
        acting.order(Side::task(resource, Task::Stop), left, relation);
    }
    for node in allowed_nodes(acting, resource) {
        let left = load_left(acting, node);
        acting.order(left.clone(), Side::task(resource, Task::Start), relation);
        acting.order(left, Side::task(resource, Task::MigrateTo), relation);
    }
}

/// The milestone that says that what leaves `node` has left. Field word: *load_stopped*.
fn load_left(acting: &mut Acting<'_, '_>, node: NodeIx) -> Side {
    let name = format!("load_stopped_{}", acting.node(node).name);
    let act = acting.named_milestone(&name);
    if acting.arena[act].node.is_none() {
        acting.arena[act].node = Some(node);
        acting.arena[act].flags.clear(ActFlags::OPTIONAL);
    }
    acting.side(act)
}

/// What another resource launches starts after it and stops before it.
fn order_with_launcher(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let Some(launcher) = acting.resource(resource).launcher else { return };
    if acting.resource(resource).flags.remote_connection {
        let relation = Relation::ORDERED;
        acting.order_tasks((launcher, Task::Monitor), (resource, Task::Stop), relation);
    } else if acting.resource(launcher).flags.remote_connection || contains_guest(acting, launcher)
    {
        // It runs on the remote node, and what runs there is ordered around the connection.
        return;
    }
    let relation = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_starts(launcher, resource, relation);
    acting.order_stops(resource, launcher, Relation::THEN_IMPLIES_FIRST);
}

fn contains_guest(acting: &Acting<'_, '_>, resource: ResIx) -> bool {
    let launched = &acting.resource(resource).launched;
    launched.iter().any(|launched| acting.resource(*launched).flags.remote_connection)
}
