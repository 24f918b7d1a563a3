//! What waits for probes beyond the start that each probe is for.
//!
//! A probe can find what was thought stopped. So what would restart because of that waits for
//! the probe too, and what waits for a stop waits for the probe of the same resource.

use super::acting::Acting;
use super::apply::is_stop;
use super::arena::{ActIx, Edge};
use super::flags::{ActFlags, Relation};
use super::orders::Ordering;
use super::probes::is_active_anywhere;
use super::spread::compatible_instance;
use super::task::Task;
use crate::resolve::values::is_true;
use crate::{ResIx, Variant};

/// How many actions are followed from one probe.
///
/// In a chain of orders every probe leads to all that is behind it, and each ordering that is made is
/// looked for among those that the probe has: for a chain of *n* resources that is the cube of *n*, where
/// a plan of ten thousand must still end in bounded time. What is farther away than this may be stopped
/// for a restart before the probe has told whether that is needed; it is stopped no more often, and still
/// started after all that comes before it in the chain.
///
/// Compatibility: Pacemaker has no limit, so in chains of more than some hundred resources its plan
/// has orderings of probes that ours has not.
const FOLLOWED_BY_ONE: usize = 1_000;

/// Once so many actions were followed from all probes, only [`FOLLOWED_THEN`] are from each.
const FOLLOWED_MAX: usize = 4_000_000;

/// See [`FOLLOWED_MAX`].
const FOLLOWED_THEN: usize = 16;

/// Adds all such orderings.
pub(crate) fn order_all(acting: &mut Acting<'_, '_>) {
    let mut followed = 0;
    for resource in acting.assigned.top.clone() {
        order_after_probes_of(acting, resource, &mut followed);
    }
    order_before_stops(acting);
}

fn order_after_probes_of(acting: &mut Acting<'_, '_>, resource: ResIx, followed: &mut usize) {
    if !acting.resource(resource).is_primitive() {
        for child in acting.children(resource).iter() {
            order_after_probes_of(acting, *child, followed);
        }
        return;
    }
    for probe in acting.once(resource, Task::Monitor, None) {
        let after = acting.arena[probe].after.clone();
        for edge in after.iter().rev() {
            order_starts(acting, resource, probe, edge);
            order_restarts(acting, (resource, probe), edge.other, followed);
        }
    }
}

/// Where a probe cannot run, instances that are not active do not start: too many could be
/// active already.
fn order_starts(acting: &mut Acting<'_, '_>, resource: ResIx, probe: ActIx, edge: &Edge) {
    let Some(clone) = acting.arena[edge.other].resource else { return };
    let applies = acting.is_collective(clone)
        && !acting.is(probe, ActFlags::RUNNABLE)
        && !edge.relation.has(Relation::UNRUNNABLE_FIRST_BLOCKS)
        && acting.top(resource) == clone
        && acting.arena[edge.other].task == Task::Start;
    if !applies {
        return;
    }
    let after = acting.arena[edge.other].after.clone();
    for later in after.iter().rev() {
        let Some(instance) = acting.arena[later.other].resource else { continue };
        let idle = !is_active_anywhere(acting, instance)
            && acting.top(instance) == clone
            && acting.arena[later.other].task == Task::Start;
        if idle {
            let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
            acting.arena.order(probe, later.other, relation);
        }
    }
}

/// Follows what is ordered after the probe, and lets the stops and demotes of whatever would be
/// started or promoted again wait for the probe.
fn order_restarts(
    acting: &mut Acting<'_, '_>,
    (resource, probe): (ResIx, ActIx),
    after: ActIx,
    followed: &mut usize,
) {
    let limit = if *followed < FOLLOWED_MAX { FOLLOWED_BY_ONE } else { FOLLOWED_THEN };
    let mut seen = Vec::new();
    let mut open = vec![after];
    while let Some(after) = open.pop() {
        if acting.is(after, ActFlags::VISITING) {
            continue;
        }
        if seen.len() >= limit {
            break;
        }
        acting.arena[after].flags.set(ActFlags::VISITING);
        seen.push(after);
        order_restarts_at(acting, (resource, probe), after, &mut open);
    }
    *followed += seen.len();
    for act in seen {
        acting.arena[act].flags.clear(ActFlags::VISITING);
    }
}

/// The same for one action; what to go on with, the first last.
fn order_restarts_at(
    acting: &mut Acting<'_, '_>,
    (resource, probe): (ResIx, ActIx),
    after: ActIx,
    open: &mut Vec<ActIx>,
) {
    let after_resource = acting.arena[after].resource;
    if let Some(other) = after_resource
        && other != resource
        && acting.resource(other).is_primitive()
    {
        order_before_restart_of(acting, probe, after, other);
    }
    let collective = after_resource.filter(|other| acting.is_collective(*other));
    let interleave = collective
        .is_some_and(|collective| is_true(acting.resource(collective).meta("interleave")));
    let only = match collective {
        Some(collective) if interleave => compatible_instance(acting, resource, collective, false),
        _ => None,
    };
    open.extend(acting.arena[after].after.iter().filter_map(|edge| {
        let follows = edge.relation.has(Relation::FIRST_IMPLIES_THEN)
            || goes_into(acting, resource, after, edge, (interleave, only));
        follows.then_some(edge.other)
    }));
}

fn order_before_restart_of(acting: &mut Acting<'_, '_>, probe: ActIx, after: ActIx, other: ResIx) {
    let up = &acting.arena[after].task;
    let Some(down) = up.inverse().filter(|_| matches!(up, Task::Start | Task::Promote)) else {
        return;
    };
    for then in acting.once(other, down, None) {
        // What fencing implies waits for nothing else.
        if !acting.is(then, ActFlags::PSEUDO) {
            acting.arena.order(probe, then, Relation::ORDERED);
        }
    }
}

/// Whether an ordering leads from a collective's action to that of a member: of an interleaved
/// clone set, only to the instance that matters.
fn goes_into(
    acting: &Acting<'_, '_>,
    resource: ResIx,
    after: ActIx,
    edge: &Edge,
    (interleave, only): (bool, Option<ResIx>),
) -> bool {
    let Some(whole) = acting.arena[after].resource else { return false };
    let Some(part) = acting.arena[edge.other].resource else { return false };
    let variant = &acting.resource(whole).variant;
    if matches!(variant, Variant::Primitive)
        || acting.resource(resource).parent == Some(whole)
        || acting.is_collective(part)
        || acting.resource(part).parent != Some(whole)
    {
        return false;
    }
    !(interleave && acting.is_collective(whole)) || only == Some(part)
}

/// What waits for a resource's stop waits for its probes too.
fn order_before_stops(acting: &mut Acting<'_, '_>) {
    for position in 0..acting.orders.len() {
        let Some(ordering) = acting.orders.get(position).cloned() else { continue };
        let Some(first) = ordering.first.resource else { continue };
        let relevant = ordering.relation != Relation::NONE
            && ordering.then.resource != Some(first)
            && is_stop(acting, &ordering.first)
            && !leaves_launcher(acting, first, &ordering);
        if relevant {
            order_before_stop(acting, first, &ordering);
        }
    }
}

/// A probe inside something that stops may come after that has started again.
fn leaves_launcher(acting: &Acting<'_, '_>, first: ResIx, ordering: &Ordering) -> bool {
    ordering.then.resource.is_some()
        && acting.resource(first).launcher == ordering.then.resource
        && is_stop(acting, &ordering.then)
}

fn order_before_stop(acting: &mut Acting<'_, '_>, first: ResIx, ordering: &Ordering) {
    let limits = Relation::IF_FIRST_UNMIGRATABLE | Relation::IF_ON_SAME_NODE;
    let given = ordering.relation;
    let exact = [Relation::IF_REQUIRED_ON_SAME_NODE, Relation::IF_ON_SAME_NODE_OR_TARGET];
    let relation =
        if exact.contains(&given) { given } else { Relation::ORDERED | given.only(limits) };
    let probes = acting.once(first, Task::Monitor, None);
    if probes.is_empty() {
        return;
    }
    let thens = match (ordering.then.act, ordering.then.resource, &ordering.then.key) {
        (Some(act), _, _) => vec![act],
        (None, Some(then), Some(key)) => acting.arena.matching(then, key, None),
        (None, _, _) => Vec::new(),
    };
    for probe in probes {
        for then in &thens {
            if needs_probe(acting, probe, *then) {
                acting.arena.order(probe, *then, relation);
            }
        }
    }
}

/// A node is probed after it is unfenced, and before it, itself, is shut down.
fn needs_probe(acting: &Acting<'_, '_>, probe: ActIx, then: ActIx) -> bool {
    let (probe, then) = (&acting.arena[probe], &acting.arena[then]);
    let unfences = then.meta.get("stonith_action").is_some_and(|operation| operation == "on");
    if then.task == Task::Fence && probe.node == then.node && unfences {
        return false;
    }
    !(then.task == Task::Shutdown && probe.node.is_some() && probe.node != then.node)
}
