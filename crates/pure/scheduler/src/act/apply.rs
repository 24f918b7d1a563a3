//! Finds the actions that orderings by task are about, and orders those.

use model::Role;

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::{ActFlags, Relation};
use super::orders::{Ordering, Side};
use super::task::{Key, Task};
use super::{loops, probe_orders, update};
use crate::ResIx;

/// Applies every ordering, in order of creation, and then everything that follows.
pub(crate) fn apply_all(acting: &mut Acting<'_, '_>) {
    // An ordering can make its first action, which those after it then find.
    for position in 0..acting.orders.len() {
        if let Some(ordering) = acting.orders.get(position).cloned() {
            apply(acting, &ordering);
        }
    }
    for act in acting.arena.all().rev() {
        update::block_dependents(acting, act);
    }
    probe_orders::order_all(acting);
    for act in acting.arena.all().rev() {
        update::update(acting, act);
    }
    loops::disable_invalid(acting);
}

fn apply(acting: &mut Acting<'_, '_>, ordering: &Ordering) {
    match (ordering.first.resource, ordering.then.resource, ordering.first.act) {
        (Some(first), _, _) => apply_after_resource(acting, first, ordering),
        (None, Some(then), first) => apply_before_resource(acting, first, then, ordering),
        (None, None, Some(first)) => {
            if let Some(then) = ordering.then.act {
                acting.arena.order(first, then, ordering.relation);
            }
        }
        (None, None, None) => {}
    }
}

fn apply_after_resource(acting: &mut Acting<'_, '_>, first: ResIx, ordering: &Ordering) {
    let firsts = match (ordering.first.act, &ordering.first.key) {
        (Some(act), _) => vec![act],
        (None, Some(key)) => {
            let found = matching(acting, first, key);
            if found.is_empty() && ordering.then.resource != Some(first) {
                make_first(acting, first, key).into_iter().collect()
            } else {
                found
            }
        }
        (None, None) => Vec::new(),
    };
    for act in firsts {
        match (ordering.then.resource, ordering.then.act) {
            (Some(then), _) => apply_before_resource(acting, Some(act), then, ordering),
            (None, Some(then)) => {
                acting.arena.order(act, then, ordering.relation);
            }
            (None, None) => {}
        }
    }
}

/// The resource's actions with that key. History may be removed in one of two ways.
fn matching(acting: &mut Acting<'_, '_>, resource: ResIx, key: &Key) -> Vec<ActIx> {
    let found = acting.arena.matching(resource, key, None);
    if found.is_empty() && key.is_once(&Task::LrmDelete) {
        return acting.arena.matching(resource, &Key::once(Task::Delete), None);
    }
    found
}

/// Something waits for an action that nobody planned: it is made, optional, so that what it
/// depends on is seen. Where it is clear that there is nothing to do, it is not.
fn make_first(acting: &mut Acting<'_, '_>, resource: ResIx, key: &Key) -> Option<ActIx> {
    let Key::Operation { task, .. } = key else { return None };
    let role = acting.role(resource, true);
    let done = (role == Role::Stopped && *task == Task::Stop)
        || (role == Role::Unpromoted && *task == Task::Demote);
    if done {
        return None;
    }
    Some(acting.act_with_key(resource, key.clone(), task.clone(), None, true))
}

fn apply_before_resource(
    acting: &mut Acting<'_, '_>,
    first: Option<ActIx>,
    then: ResIx,
    ordering: &Ordering,
) {
    let mut relation = ordering.relation;
    let thens = match (ordering.then.act, &ordering.then.key) {
        (Some(act), _) => vec![act],
        (None, Some(key)) => acting.arena.matching(then, key, None),
        (None, None) => Vec::new(),
    };
    let Some(first) = first else {
        if relation.has(Relation::FIRST_IMPLIES_THEN) {
            for act in thens {
                acting.set_runnable(act, false);
            }
        }
        return;
    };
    // The end of a move that went wrong does not make the resource start.
    if acting.arena[first].resource == Some(then) && acting.is(first, ActFlags::MIGRATION_ABORT) {
        relation.clear(Relation::FIRST_IMPLIES_THEN);
    }
    for act in thens {
        acting.arena.order(first, act, relation);
    }
}

/// Whether one side of an ordering is a stop.
pub(crate) fn is_stop(acting: &Acting<'_, '_>, side: &Side) -> bool {
    match (side.act, &side.key) {
        (Some(act), _) => acting.arena[act].task == Task::Stop,
        (None, Some(key)) => key.is_once(&Task::Stop),
        (None, None) => false,
    }
}
