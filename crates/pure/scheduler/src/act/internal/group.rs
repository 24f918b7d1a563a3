//! A group's milestones and its members' order.

use super::order as order_member;
use crate::ResIx;
use crate::act::acting::Acting;
use crate::act::flags::Relation;
use crate::act::task::Task;

/// What the walk over the members carries on.
struct Walk {
    group: ResIx,
    ordered: bool,
    promotable: bool,
    previous: Option<ResIx>,
    last_active: Option<ResIx>,
}

/// Orders what a group and its members do.
pub(crate) fn order(acting: &mut Acting<'_, '_>, group: ResIx) {
    let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_tasks((group, Task::Stop), (group, Task::Stopped), blocks);
    acting.order_tasks((group, Task::Stopped), (group, Task::Start), Relation::ORDERED);
    acting.order_tasks((group, Task::Start), (group, Task::Running), blocks);
    let mut walk = Walk {
        group,
        ordered: acting.resource(group).group().is_none_or(|options| options.ordered),
        promotable: acting.resource(acting.top(group)).flags.promotable,
        previous: None,
        last_active: None,
    };
    for member in acting.resource(group).children.clone() {
        order_member(acting, member);
        around_member(acting, &walk, member);
        match walk.previous {
            _ if !walk.ordered => unordered(acting, &walk, member),
            None => first(acting, &walk, member),
            Some(previous) => after(acting, &walk, member, previous),
        }
        stop_in_sequence(acting, &mut walk, member);
        walk.previous = Some(member);
    }
}

/// The group's milestones come before and after what its members do.
fn around_member(acting: &mut Acting<'_, '_>, walk: &Walk, member: ResIx) {
    let group = walk.group;
    let mut down = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    let mut after_down = Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    if walk.previous.is_none() && walk.ordered {
        down.set(Relation::ORDERED);
        after_down = Relation::FIRST_IMPLIES_THEN;
    }
    let after_up = Relation::UNRUNNABLE_FIRST_BLOCKS
        | Relation::FIRST_IMPLIES_THEN
        | Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    let up = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    if walk.promotable {
        acting.order_tasks((group, Task::Demote), (member, Task::Demote), down);
        acting.order_tasks((member, Task::Demote), (group, Task::Demoted), after_down);
        acting.order_tasks((member, Task::Promote), (group, Task::Promoted), after_up);
        acting.order_tasks((group, Task::Promote), (member, Task::Promote), up);
    }
    acting.order_stops(group, member, down);
    acting.order_tasks((member, Task::Stop), (group, Task::Stopped), after_down);
    acting.order_starts(group, member, up);
    acting.order_tasks((member, Task::Start), (group, Task::Running), after_up);
}

fn unordered(acting: &mut Acting<'_, '_>, walk: &Walk, member: ResIx) {
    let relation = Relation::FIRST_IMPLIES_THEN
        | Relation::UNRUNNABLE_FIRST_BLOCKS
        | Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    acting.order_starts(walk.group, member, relation);
    if walk.promotable {
        acting.order_tasks((walk.group, Task::Promote), (member, Task::Promote), relation);
    }
}

/// No relation, but the group's actions come to be where they were not.
fn first(acting: &mut Acting<'_, '_>, walk: &Walk, member: ResIx) {
    acting.order_starts(walk.group, member, Relation::NONE);
    if walk.promotable {
        acting.order_tasks((walk.group, Task::Promote), (member, Task::Promote), Relation::NONE);
    }
}

fn after(acting: &mut Acting<'_, '_>, walk: &Walk, member: ResIx, previous: ResIx) {
    let up = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_starts(previous, member, up);
    acting.order_stops(member, previous, Relation::ORDERED | Relation::INTERMEDIATE_STOP);
    // Where a member was put in before those that run, restarts say nothing about it.
    let active = |member: ResIx| !acting.resource(member).active.is_empty();
    if active(member) && !active(previous) {
        acting.order_tasks(
            (member, Task::Stop),
            (previous, Task::Start),
            Relation::THEN_IMPLIES_FIRST | Relation::UNRUNNABLE_FIRST_BLOCKS,
        );
    }
    if walk.promotable {
        acting.order_tasks((previous, Task::Promote), (member, Task::Promote), up);
        acting.order_tasks((member, Task::Demote), (previous, Task::Demote), Relation::ORDERED);
    }
}

/// A group that runs in parts stops in sequence all the same.
fn stop_in_sequence(acting: &mut Acting<'_, '_>, walk: &mut Walk, member: ResIx) {
    let active = |member: ResIx| !acting.resource(member).active.is_empty();
    if !active(member) {
        return;
    }
    let gap = walk.ordered && walk.previous.is_some_and(|previous| !active(previous));
    if let Some(last) = walk.last_active
        && gap
    {
        acting.order_stops(member, last, Relation::ORDERED);
    }
    walk.last_active = Some(member);
}
