//! Orderings that cannot hold, and the search for loops.

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::{ActFlags, Relation};
use super::task::Task;
use crate::NodeKind;
use crate::graph::wanted_input;

/// Takes invalid orderings out.
pub(crate) fn disable_invalid(acting: &mut Acting<'_, '_>) {
    for act in acting.arena.all().rev() {
        for position in (0..acting.arena[act].before.len()).rev() {
            if is_invalid(acting, act, position) {
                acting.arena.set_relation(act, position, Relation::NONE);
            }
        }
    }
}

fn is_invalid(acting: &mut Acting<'_, '_>, act: ActIx, position: usize) -> bool {
    let Some(input) = acting.arena.input(act, position).cloned() else { return false };
    if !input.relation.has(Relation::GUEST_ALLOWED) && orders_guest(acting, act, input.other) {
        return true;
    }
    // Two that change places: neither can wait for the other to have left.
    input.relation == Relation::IF_ON_SAME_NODE_OR_TARGET
        && acting.arena[act].resource.is_some()
        && acting.arena[act].task == Task::MigrateTo
        && has_loop(acting, act, position)
}

/// A user's order between what runs in a guest and what makes the guest.
fn orders_guest(acting: &Acting<'_, '_>, act: ActIx, input: ActIx) -> bool {
    let (act, input) = (&acting.arena[act], &acting.arena[input]);
    let (Some(resource), Some(_), Some(node)) = (act.resource, input.resource, input.node) else {
        return false;
    };
    matches!(acting.node(node).kind, NodeKind::Guest { container, .. } if container == resource)
        && !acting.resource(resource).launched.is_empty()
}

/// Whether `start` can be reached backwards through the input at `position` of `act`.
fn has_loop(acting: &mut Acting<'_, '_>, start: ActIx, position: usize) -> bool {
    let mut seen = Vec::new();
    let mut open = vec![(start, position)];
    let mut found = false;
    while let Some((act, position)) = open.pop() {
        let Some(input) = acting.arena.input(act, position).map(|edge| edge.other) else {
            continue;
        };
        if acting.is(input, ActFlags::VISITING) || !wanted_input(acting, act, position) {
            continue;
        }
        if input == start {
            found = true;
            break;
        }
        acting.arena[input].flags.set(ActFlags::VISITING);
        seen.push(input);
        open.extend((0..acting.arena[input].before.len()).map(|position| (input, position)));
    }
    for act in seen {
        acting.arena[act].flags.clear(ActFlags::VISITING);
    }
    found
}
