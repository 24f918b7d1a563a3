//! Takes the weakest orderings out of a plan that could never be carried out, because its steps
//! wait for each other in a circle.
//!
//! Constraints that contradict each other can ask for that. Pacemaker then reports an invalid
//! transition and does nothing at all; here the rest of the plan runs, and the ordering that was
//! left out is a finding.
//!
//! **Always:** a plan without a circle is left as it is. What fencing proves, and the order of one
//! resource's own actions, go last.

use std::cmp::Reverse;

use crate::act::acting::Acting;
use crate::act::arena::{ActIx, Edge};
use crate::act::flags::Relation;
use crate::act::task::Task;
use crate::{Finding, FindingKind, Severity};

/// Breaks every circle among `steps`; what was left out.
pub(crate) fn break_all(acting: &mut Acting<'_, '_>, steps: &[ActIx]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left = steps.to_vec();
    left.sort_unstable();
    loop {
        left = without_ready(acting, left);
        let Some(start) = left.first().copied() else { return findings };
        let circle = circle_from(acting, &left, start);
        let weakest = circle
            .into_iter()
            .min_by_key(|(then, position)| (strength(acting, *then, *position), Reverse(*then)));
        let Some((then, position)) = weakest else { return findings };
        findings.push(left_out(acting, then, position));
        if let Some(edge) = acting.arena[then].before.get_mut(position) {
            edge.in_plan = false;
            edge.relation = Relation::NONE;
        }
    }
}

/// What is left once everything has run that can: sorted, as is `left`.
fn without_ready(acting: &Acting<'_, '_>, left: Vec<ActIx>) -> Vec<ActIx> {
    let mut waits_for = vec![0_usize; left.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
    for (at, (act, count)) in left.iter().zip(&mut waits_for).enumerate() {
        for (_, edge) in inputs(acting, *act) {
            let input = left.binary_search(&edge.other).ok();
            if let Some(list) = input.and_then(|input| followers.get_mut(input)) {
                list.push(at);
                *count += 1;
            }
        }
    }
    let ready = waits_for.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut ready: Vec<usize> = ready.map(|(at, _)| at).collect();
    while let Some(done) = ready.pop() {
        for follower in followers.get_mut(done).map(std::mem::take).unwrap_or_default() {
            let Some(count) = waits_for.get_mut(follower) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.push(follower);
            }
        }
    }
    let waiting = left.into_iter().zip(waits_for).filter(|(_, count)| *count > 0);
    waiting.map(|(act, _)| act).collect()
}

fn is_in(sorted: &[ActIx], act: ActIx) -> bool {
    sorted.binary_search(&act).is_ok()
}

/// The inputs of an action in the plan, with their positions.
fn inputs<'x>(
    acting: &'x Acting<'_, '_>,
    act: ActIx,
) -> impl Iterator<Item = (usize, &'x Edge)> + use<'x> {
    acting.arena[act].before.iter().enumerate().filter(|(_, edge)| edge.in_plan)
}

/// Follows inputs back from `start` until an action comes again; every action of `left` has one
/// there. The circle's orderings, each as an action and the position of its input.
fn circle_from(acting: &Acting<'_, '_>, left: &[ActIx], start: ActIx) -> Vec<(ActIx, usize)> {
    let mut path: Vec<(ActIx, usize)> = Vec::new();
    let mut at = start;
    loop {
        if let Some(begin) = path.iter().position(|(act, _)| *act == at) {
            return path.split_off(begin);
        }
        let Some((position, edge)) = inputs(acting, at).find(|(_, edge)| is_in(left, edge.other))
        else {
            return Vec::new();
        };
        path.push((at, position));
        at = edge.other;
    }
}

/// How much an ordering matters; the least goes first.
fn strength(acting: &Acting<'_, '_>, then: ActIx, position: usize) -> u8 {
    let Some(edge) = acting.arena.input(then, position) else { return u8::MAX };
    let (first, then) = (&acting.arena[edge.other], &acting.arena[then]);
    if first.task == Task::Fence {
        return 6;
    }
    if first.resource.is_some() && first.resource == then.resource {
        return 5;
    }
    if let (Some(one), Some(other)) = (first.resource, then.resource)
        && (acting.is_ancestor(one, other) || acting.is_ancestor(other, one))
    {
        return 4;
    }
    let demands = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::INTERMEDIATE_STOP;
    let implies = Relation::FIRST_IMPLIES_THEN | Relation::THEN_IMPLIES_FIRST;
    if edge.relation.any(demands) {
        3
    } else if edge.relation.any(implies) {
        2
    } else {
        u8::from(edge.relation != Relation::ORDERED)
    }
}

fn left_out(acting: &Acting<'_, '_>, then: ActIx, position: usize) -> Finding {
    let name = |act: ActIx| {
        let act = &acting.arena[act];
        act.key.text(act.resource.map_or("", |resource| &acting.resource(resource).id))
    };
    let first = acting.arena.input(then, position).map_or(then, |edge| edge.other);
    Finding {
        severity: Severity::Warning,
        line: 0,
        kind: FindingKind::Contradiction,
        message: format!(
            "constraints ask for a circle of actions: {} will not wait for {}",
            name(then),
            name(first)
        ),
    }
}
