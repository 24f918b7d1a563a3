//! The user's order constraints, lowered to orderings of tasks.

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::Relation;
use super::orders::Side;
use super::task::Task;
use model::Role;

use crate::{Colocation, Order, OrderKind, OrderPair, OrderSet, OrderSets, ResIx, Symmetry};

/// Lowers every constraint that orders, in document order: order constraints, and colocations
/// that keep resources apart.
pub(crate) fn order_all(acting: &mut Acting<'_, '_>) {
    let given = acting.given;
    let mut orders = given.orders.iter().peekable();
    let mut colocations = given.colocations.iter().peekable();
    let section = given.document.root().path(&["configuration", "constraints"]);
    for element in section.into_iter().flat_map(|section| section.children()) {
        let ids: Vec<&str> = std::iter::once(element)
            .chain(element.children_named("resource_set"))
            .filter_map(|element| element.attr("id"))
            .collect();
        if element.name() == "rsc_order" {
            while let Some(order) = orders.next_if(|order| ids.contains(&id_of(order))) {
                lower(acting, order);
            }
        } else if element.name() == "rsc_colocation" {
            while let Some(colocation) = colocations.next_if(|it| ids.contains(&&*it.id)) {
                keep_apart(acting, colocation);
            }
        }
    }
    for order in orders {
        lower(acting, order);
    }
    for colocation in colocations {
        keep_apart(acting, colocation);
    }
}

fn id_of<'a>(order: &Order<'a>) -> &'a str {
    match order {
        Order::Pair(pair) => pair.id,
        Order::Sets(sets) => sets.id,
    }
}

fn lower(acting: &mut Acting<'_, '_>, order: &Order<'_>) {
    match order {
        Order::Pair(pair) => order_pair(acting, pair),
        Order::Sets(sets) => order_sets(acting, sets),
    }
}

/// Of two that must never be together, one leaves a node before the other comes to it.
fn keep_apart(acting: &mut Acting<'_, '_>, colocation: &Colocation) {
    if !colocation.score.forbids() {
        return;
    }
    let dependent = (colocation.dependent, colocation.dependent_role);
    let primary = (colocation.primary, colocation.primary_role);
    order_leaving(acting, dependent, primary);
    order_leaving(acting, primary, dependent);
}

fn order_leaving(
    acting: &mut Acting<'_, '_>,
    (first, first_role): (ResIx, Option<Role>),
    (then, then_role): (ResIx, Option<Role>),
) {
    let losing: &[Task] = match first_role {
        Some(Role::Promoted) => &[Task::Demote],
        Some(Role::Unpromoted) => &[Task::Stop, Task::Promote],
        Some(Role::Unknown | Role::Stopped | Role::Started) | None => &[Task::Stop],
    };
    let gaining: &[Task] = match then_role {
        Some(Role::Promoted) => &[Task::Promote],
        Some(Role::Unpromoted) => &[Task::Start, Task::Demote],
        Some(Role::Unknown | Role::Stopped | Role::Started) | None => &[Task::Start],
    };
    for lose in losing {
        for gain in gaining {
            let relation = Relation::IF_REQUIRED_ON_SAME_NODE;
            acting.order_tasks((first, lose.clone()), (then, gain.clone()), relation);
        }
    }
}

/// What an ordering of a kind means for the task that comes first.
fn relation_for(kind: OrderKind, first: &Task, symmetry: Symmetry) -> Relation {
    match (kind, symmetry) {
        (OrderKind::Optional, _) => Relation::ORDERED,
        (OrderKind::Serialize, _) => Relation::SERIALIZE,
        (OrderKind::Mandatory, Symmetry::Asymmetric) => Relation::ORDERED | Relation::ASYMMETRIC,
        (OrderKind::Mandatory, Symmetry::Symmetric) => {
            let relation = Relation::ORDERED | Relation::FIRST_IMPLIES_THEN;
            if first.is_up() { relation | Relation::UNRUNNABLE_FIRST_BLOCKS } else { relation }
        }
        (OrderKind::Mandatory, Symmetry::Inverse) => {
            Relation::ORDERED | Relation::THEN_IMPLIES_FIRST
        }
    }
}

fn order_pair(acting: &mut Acting<'_, '_>, pair: &OrderPair<'_>) {
    let (first_task, then_task) = (Task::parse(pair.first_task), Task::parse(pair.then_task));
    let relation = relation_for(pair.kind, &first_task, pair.symmetry);
    let then = (pair.then, then_task.clone());
    if pair.min_runnable > 0 {
        let name = format!("clone-one-or-more:{}", pair.id);
        let enough = acting.named_milestone(&name);
        acting.arena[enough].required_before = pair.min_runnable;
        let instances = acting.resource(pair.first).children.clone();
        order_enough(acting, enough, &instances, &first_task);
        let relation = relation | Relation::UNRUNNABLE_FIRST_BLOCKS;
        acting.order_act_then(enough, then, relation);
    } else {
        acting.order_tasks((pair.first, first_task.clone()), then, relation);
    }
    if pair.symmetry != Symmetry::Symmetric {
        return;
    }
    if let (Some(first_inverse), Some(then_inverse)) = (first_task.inverse(), then_task.inverse()) {
        let relation = relation_for(pair.kind, &first_inverse, Symmetry::Inverse);
        acting.order_tasks((pair.then, then_inverse), (pair.first, first_inverse), relation);
    }
}

/// The milestone that says that enough of `resources` have done `task`.
fn order_enough(acting: &mut Acting<'_, '_>, enough: ActIx, resources: &[ResIx], task: &Task) {
    for resource in resources {
        let relation = Relation::MIN_RUNNABLE | Relation::FIRST_IMPLIES_THEN_IN_PLAN;
        acting.order_then_act((*resource, task.clone()), enough, relation);
    }
}

fn order_sets(acting: &mut Acting<'_, '_>, order: &OrderSets<'_>) {
    let mut last: Option<&OrderSet<'_>> = None;
    for set in &order.sets {
        order_within(acting, set);
        if let Some(last) = last {
            order_between(acting, last, set, order.kind, order.symmetry);
            if order.symmetry == Symmetry::Symmetric {
                order_between(acting, set, last, order.kind, Symmetry::Inverse);
            }
        }
        last = Some(set);
    }
}

fn order_within(acting: &mut Acting<'_, '_>, set: &OrderSet<'_>) {
    if set.resources.len() < 2 {
        return;
    }
    let task = Task::parse(set.action);
    let relation = relation_for(set.kind, &task, set.symmetry);
    let sequential = set.sequential != Some(false);
    if set.kind == OrderKind::Serialize {
        for (position, first) in set.resources.iter().enumerate() {
            for then in set.resources.iter().skip(position + 1) {
                let (first, then) =
                    (Side::task(*first, task.clone()), Side::task(*then, task.clone()));
                acting.order(first, then, relation);
            }
        }
    } else if sequential {
        for (first, then) in set.resources.iter().zip(set.resources.iter().skip(1)) {
            acting.order_tasks((*first, task.clone()), (*then, task.clone()), relation);
        }
    }
    let Some(inverse) = task.inverse() else { return };
    if set.symmetry == Symmetry::Asymmetric || !sequential {
        return;
    }
    let relation = relation_for(set.kind, &inverse, Symmetry::Inverse);
    for (first, then) in set.resources.iter().zip(set.resources.iter().skip(1)) {
        acting.order_tasks((*then, inverse.clone()), (*first, inverse.clone()), relation);
    }
}

fn order_between(
    acting: &mut Acting<'_, '_>,
    first: &OrderSet<'_>,
    then: &OrderSet<'_>,
    kind: OrderKind,
    symmetry: Symmetry,
) {
    let inverse = symmetry == Symmetry::Inverse;
    let task_of = |set: &OrderSet<'_>| {
        let task = Task::parse(set.action);
        if inverse { task.inverse() } else { Some(task) }
    };
    let (Some(first_task), Some(then_task)) = (task_of(first), task_of(then)) else { return };
    let relation = relation_for(kind, &first_task, symmetry);
    // On the way down, none of an "any of these" set may go before all that need it are down.
    if !first.require_all && !matches!(first_task, Task::Stop | Task::Demote) {
        let enough = acting.named_milestone(&format!("one-or-more:{}", first.id));
        acting.arena[enough].required_before = 1;
        order_enough(acting, enough, &first.resources, &first_task);
        for resource in &then.resources {
            let relation = relation | Relation::UNRUNNABLE_FIRST_BLOCKS;
            acting.order_act_then(enough, (*resource, then_task.clone()), relation);
        }
        return;
    }
    // The end of a sequence stands for all of it.
    let end = |set: &OrderSet<'_>, last: bool| {
        let one = if last { set.resources.last() } else { set.resources.first() };
        match (set.sequential, one) {
            (Some(true), Some(one)) => vec![*one],
            _ => set.resources.clone(),
        }
    };
    for first in end(first, !inverse) {
        for then in end(then, inverse) {
            acting.order_tasks((first, first_task.clone()), (then, then_task.clone()), relation);
        }
    }
}
