//! Makes a plan that can be carried out: whatever a step waits for is in the plan, and no steps
//! wait for one another.
//!
//! Constraints that contradict one another can ask for a circle, and what a step needs may be
//! impossible now (its node is only joining, say). Pacemaker then reports an invalid transition and
//! carries out none of it; here the rest of the plan runs, and a finding names the steps and the
//! constraints.
//!
//! A circle loses its weakest orderings ([`Strength`]). Those that keep a resource from being active
//! twice are never left out: where nothing else can be, the steps are. Where a step waits for what
//! is not in the plan, an ordering that means only order does not apply; any other leaves the step
//! out, and so on with what waits for it. So does a remote node that is not there and that nothing in
//! the plan brings up: no agent can be run on it.
//!
//! **Always:** a plan that can be carried out is left as it is. What is left out of a plan counts as
//! not runnable.

mod circles;
mod told;

use std::collections::BTreeSet;

use crate::Finding;
use crate::act::acting::Acting;
use crate::act::arena::{ActIx, Edge};
use crate::act::blocking::dependents;
use crate::act::flags::{ActFlags, Relation};
use crate::act::task::Task;
use crate::{NodeKind, Order, ResIx};

use super::doubled::wait_for_demotions;
use told::Constraints;

/// How much an ordering matters; circles lose the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// Order only, because a constraint wishes it.
    Wish,
    /// Order only, made by the cluster.
    Tidiness,
    /// A constraint demands it.
    Demand,
    /// Made by the cluster, so that an action finds what it needs.
    Need,
    /// Between a group, clone set or bundle and what is in it.
    Whole,
    /// Without it a resource could be active twice, or promoted beside another.
    Safety,
}

impl Strength {
    /// Those that can be left out, strongest first.
    const BREAKABLE: [Self; 5] =
        [Self::Whole, Self::Need, Self::Demand, Self::Tidiness, Self::Wish];
}

/// Takes out of the plan what can never be carried out, and says what and why.
pub(crate) fn untangle(acting: &mut Acting<'_, '_>, steps: &mut Vec<ActIx>) -> Vec<Finding> {
    let mut findings = leave_out_impossible(acting, steps);
    let waiting = circles::without_ready(acting, steps);
    if !waiting.is_empty() {
        let constraints = Constraints::of(acting);
        findings.extend(circles::open_all(acting, &constraints, waiting));
        // Steps of circles that could not be opened are out of the plan now.
        findings.extend(leave_out_impossible(acting, steps));
    }
    let doubled = wait_for_demotions(acting);
    if !doubled.is_empty() {
        for (promotion, finding) in doubled {
            leave_out(acting, promotion);
            findings.push(finding);
        }
        findings.extend(leave_out_impossible(acting, steps));
    }
    steps.retain(|act| acting.is(*act, ActFlags::IN_PLAN));
    findings
}

/// Leaves out what waits for what is not in the plan, and what nobody can run. One can lead to the
/// other: without the step that brings a node up, nothing runs on it.
fn leave_out_impossible(acting: &mut Acting<'_, '_>, steps: &[ActIx]) -> Vec<Finding> {
    let mut findings = Vec::new();
    loop {
        findings.extend(leave_out_unmet(acting, steps));
        let unreachable = leave_out_unreachable(acting, steps);
        if unreachable.is_empty() {
            return findings;
        }
        findings.extend(unreachable);
    }
}

/// The inputs of an action in the plan, with their positions.
fn inputs<'x>(
    acting: &'x Acting<'_, '_>,
    act: ActIx,
) -> impl Iterator<Item = (usize, &'x Edge)> + use<'x> {
    acting.arena[act].before.iter().enumerate().filter(|(_, edge)| edge.in_plan)
}

/// Leaves out what would run on a remote or guest node that nobody can reach.
fn leave_out_unreachable(acting: &mut Acting<'_, '_>, steps: &[ActIx]) -> Vec<Finding> {
    let mut comes_up: BTreeSet<ResIx> = BTreeSet::new();
    let in_plan = |act: &&ActIx| acting.is(**act, ActFlags::IN_PLAN);
    for act in steps.iter().filter(in_plan) {
        let act = &acting.arena[*act];
        if matches!(act.task, Task::Start | Task::MigrateFrom) {
            comes_up.extend(act.resource);
        }
    }
    let unreachable = |act: &ActIx| {
        let (Some(node), Some(_)) = (acting.arena[*act].node, acting.arena[*act].resource) else {
            return false;
        };
        let reached = acting.node(node).online
            || acting.is(*act, ActFlags::PSEUDO)
            || match acting.node(node).kind {
                NodeKind::Cluster => true,
                NodeKind::Remote { connection } => {
                    connection.is_some_and(|connection| comes_up.contains(&connection))
                }
                // What runs in a guest ends with it.
                NodeKind::Guest { connection, container } => {
                    comes_up.contains(&connection)
                        || comes_up.contains(&container)
                        || ends(&acting.arena[*act].task)
                }
            };
        !reached
    };
    let found: Vec<ActIx> = steps.iter().filter(in_plan).copied().filter(unreachable).collect();
    for act in &found {
        leave_out(acting, *act);
    }
    told::of_unreachable(acting, &found)
}

/// Whether an action only ends something, or forgets what is recorded of it.
fn ends(task: &Task) -> bool {
    matches!(task, Task::Stop | Task::Demote | Task::Notify | Task::Cancel | Task::ClearFailcount)
}

/// Leaves out what waits for what is not in the plan.
fn leave_out_unmet(acting: &mut Acting<'_, '_>, steps: &[ActIx]) -> Vec<Finding> {
    let mut unmet = Vec::new();
    // What was left out already takes its dependents with it.
    let mut open: Vec<(ActIx, ActIx)> = Vec::new();
    for act in steps {
        if !acting.is(*act, ActFlags::IN_PLAN) {
            open.extend(after(acting, *act).into_iter().map(|then| (*act, then)));
            continue;
        }
        let missing = inputs(acting, *act).map(|(_, edge)| edge.other);
        let missing = missing.filter(|input| !acting.is(*input, ActFlags::IN_PLAN));
        open.extend(missing.map(|input| (input, *act)));
    }
    open.reverse();
    while let Some((cause, then)) = open.pop() {
        if !acting.is(then, ActFlags::IN_PLAN) || may_go_on(acting, cause, then) {
            continue;
        }
        unmet.push((cause, then));
        leave_out(acting, then);
        open.extend(after(acting, then).into_iter().map(|later| (then, later)));
    }
    if unmet.is_empty() { Vec::new() } else { told::of_unmet(acting, &unmet) }
}

/// What waits for a step in the plan, and who cannot come up if it does not.
fn after(acting: &Acting<'_, '_>, act: ActIx) -> Vec<ActIx> {
    let waits = |then: ActIx| inputs(acting, then).any(|(_, edge)| edge.other == act);
    let mut found: Vec<ActIx> = acting.arena[act].after.iter().map(|edge| edge.other).collect();
    found.retain(|then| acting.is(*then, ActFlags::IN_PLAN) && waits(*then));
    found.extend(dependents(acting, act));
    found
}

/// Takes orderings out that mean nothing without their first action; whether nothing else keeps
/// `then` waiting for `cause`.
fn may_go_on(acting: &mut Acting<'_, '_>, cause: ActIx, then: ActIx) -> bool {
    let Some(position) =
        acting.arena[then].before.iter().position(|edge| edge.other == cause && edge.in_plan)
    else {
        // Not an ordering: a colocation.
        return !dependents(acting, cause).contains(&then);
    };
    let weak = acting
        .arena
        .input(then, position)
        .is_some_and(|edge| !means_more(edge.relation) && !is_safety(acting, edge.other, then));
    if weak {
        drop_input(acting, then, position);
    }
    weak
}

fn leave_out(acting: &mut Acting<'_, '_>, act: ActIx) {
    acting.arena[act].flags.clear(ActFlags::IN_PLAN);
    acting.set_runnable(act, false);
    for edge in &mut acting.arena[act].before {
        edge.in_plan = false;
    }
}

fn drop_input(acting: &mut Acting<'_, '_>, then: ActIx, position: usize) {
    if let Some(edge) = acting.arena[then].before.get_mut(position) {
        edge.in_plan = false;
        edge.relation = Relation::NONE;
    }
}

/// Whether an ordering is more than an order where both run.
fn means_more(relation: Relation) -> bool {
    let order_only = Relation::ORDERED
        | Relation::SERIALIZE
        | Relation::IF_ON_SAME_NODE
        | Relation::IF_ON_SAME_NODE_OR_TARGET
        | Relation::IF_REQUIRED_ON_SAME_NODE
        | Relation::IF_FIRST_UNMIGRATABLE
        | Relation::GUEST_ALLOWED
        | Relation::THEN_IMPLIES_FIRST_IN_PLAN
        | Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    relation.without(order_only) != Relation::NONE
}

/// Whether a resource could be active twice without the ordering, or a node be left that still
/// runs something.
fn is_safety(acting: &Acting<'_, '_>, first: ActIx, then: ActIx) -> bool {
    let (first, then) = (&acting.arena[first], &acting.arena[then]);
    if first.task == Task::Fence || then.task == Task::Shutdown {
        return true;
    }
    match (first.resource, then.resource) {
        (Some(one), Some(other)) => one == other && acting.resource(one).is_primitive(),
        _ => false,
    }
}

fn strength(
    acting: &Acting<'_, '_>,
    constraints: &Constraints,
    then: ActIx,
    edge: &Edge,
) -> Strength {
    if is_safety(acting, edge.other, then) {
        return Strength::Safety;
    }
    let (Some(first_resource), Some(then_resource)) =
        (acting.arena[edge.other].resource, acting.arena[then].resource)
    else {
        return if means_more(edge.relation) { Strength::Need } else { Strength::Tidiness };
    };
    if first_resource == then_resource
        || acting.is_ancestor(first_resource, then_resource)
        || acting.is_ancestor(then_resource, first_resource)
    {
        return Strength::Whole;
    }
    let wished = constraints.order(acting, first_resource, then_resource);
    if !wished && comes_in_its_place(acting, edge.other, then) {
        return Strength::Safety;
    }
    match (means_more(edge.relation), wished) {
        (false, true) => Strength::Wish,
        (false, false) => Strength::Tidiness,
        (true, true) => Strength::Demand,
        (true, false) => Strength::Need,
    }
}

/// Whether one comes up where another must have gone: a colocation keeps them apart.
fn comes_in_its_place(acting: &Acting<'_, '_>, first: ActIx, then: ActIx) -> bool {
    let goes = matches!(
        acting.arena[first].task,
        Task::Stop | Task::Stopped | Task::Demote | Task::Demoted
    );
    let comes = matches!(acting.arena[then].task, Task::Start | Task::Promote | Task::MigrateTo);
    goes && comes
}

/// The resources that an order constraint is about.
fn members(order: &Order<'_>) -> Vec<ResIx> {
    match order {
        Order::Pair(pair) => vec![pair.first, pair.then],
        Order::Sets(sets) => sets.sets.iter().flat_map(|set| set.resources.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
