//! What takes one primitive from where and what it is to where and what it should be.

use model::Role;

use super::acting::Acting;
use super::arena::ActIx;
use super::fencing::{self, FenceWish};
use super::flags::{ActFlags, Relation};
use super::task::Task;
use super::{migration, recurring};
use crate::{MultipleActive, NodeIx, ResIx};

/// Plans every action of a primitive.
pub(crate) fn create(acting: &mut Acting<'_, '_>, resource: ResIx) {
    set_default_next_role(acting, resource);
    let (current, active, clean) = acting.active_node(resource);
    for source in acting.resource(resource).dangling_sources.clone() {
        migration::abort_dangling(acting, resource, source);
    }
    let assigned = acting.now(resource).assigned;
    let moving = current.is_some()
        && assigned.is_some()
        && current != assigned
        && acting.now(resource).next_role >= Role::Started;
    let mut live = moving && migration::is_possible(acting, resource, current);
    let mut need_stop = moving;
    if let Some(partial) = acting.now(resource).partial_move {
        let goes_on = live
            && active == 2
            && current == Some(partial.source)
            && assigned == Some(partial.target);
        if !goes_on {
            need_stop = true;
            live = false;
            acting.now_mut(resource).partial_move = None;
        }
        acting.now_mut(resource).flags.stop_unexpected = false;
    } else {
        let count = if acting.now(resource).flags.needs_fencing { active } else { clean };
        need_stop |= recover_from_too_many(acting, resource, count);
    }
    if acting.now(resource).flags.start_pending {
        let start = acting.act(resource, Task::Start, assigned, true);
        acting.arena[start].flags.set(ActFlags::ALWAYS_IN_PLAN);
    }
    let mut need_promote = false;
    if !moving {
        need_stop |= must_restart(acting, resource, current);
        let now = acting.now(resource);
        need_promote =
            now.flags.failed && !now.flags.stop_if_failed && now.next_role == Role::Promoted;
    }
    restart(acting, resource, need_stop, need_promote);
    change_role(acting, resource);
    recurring::create(acting, resource);
    if live && let Some(current) = current {
        migration::create(acting, resource, current);
    }
}

fn set_default_next_role(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let now = acting.now_mut(resource);
    if now.next_role == Role::Unknown {
        now.next_role = if now.assigned.is_some() { Role::Started } else { Role::Stopped };
    }
}

/// Active on `count` nodes where one is right: whether it must be stopped for that.
fn recover_from_too_many(acting: &mut Acting<'_, '_>, resource: ResIx, count: usize) -> bool {
    if count <= 1 {
        acting.now_mut(resource).flags.stop_unexpected = false;
        return false;
    }
    match acting.resource(resource).multiple_active {
        MultipleActive::Restart => true,
        MultipleActive::StopUnexpected => {
            acting.now_mut(resource).flags.stop_unexpected = true;
            true
        }
        MultipleActive::Stop | MultipleActive::Block => false,
    }
}

/// Whether a resource that stays where it is must be taken down and up again.
fn must_restart(acting: &mut Acting<'_, '_>, resource: ResIx, current: Option<NodeIx>) -> bool {
    let now = acting.now(resource);
    if now.flags.failed {
        return now.flags.stop_if_failed;
    }
    if now.flags.blocked {
        return true;
    }
    if now.role <= Role::Started || current.is_none() || now.assigned.is_none() {
        return false;
    }
    let assigned = now.assigned;
    let start = acting.act(resource, Task::Start, assigned, true);
    !acting.is(start, ActFlags::OPTIONAL)
}

/// Down to stopped and up to the present role; required if `need_stop`.
fn restart(acting: &mut Acting<'_, '_>, resource: ResIx, need_stop: bool, need_promote: bool) {
    acting.now_mut(resource).restarting = true;
    let mut role = acting.now(resource).role;
    while role != Role::Stopped {
        let next = next_role(role, Role::Stopped);
        if !step(acting, resource, role, next, !need_stop) {
            break;
        }
        role = next;
    }
    while acting.now(resource).role <= acting.now(resource).next_role
        && role != acting.now(resource).role
        && !acting.now(resource).flags.blocked
    {
        let next = next_role(role, acting.now(resource).role);
        let required = need_stop || (next == Role::Promoted && need_promote);
        if !step(acting, resource, role, next, !required) {
            break;
        }
        role = next;
    }
    acting.now_mut(resource).restarting = false;
}

/// From the present role to the coming one.
fn change_role(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let mut role = acting.now(resource).role;
    while role != acting.now(resource).next_role {
        let next = next_role(role, acting.now(resource).next_role);
        if !step(acting, resource, role, next, false) {
            break;
        }
        role = next;
    }
}

/// The first role on the way to another.
fn next_role(from: Role, to: Role) -> Role {
    match (from, to) {
        (Role::Unknown, Role::Unknown) => Role::Unknown,
        (Role::Unknown, _) => Role::Stopped,
        (Role::Stopped, Role::Unknown | Role::Stopped) => Role::Stopped,
        (Role::Stopped, Role::Started) => Role::Started,
        (Role::Stopped, Role::Unpromoted | Role::Promoted) => Role::Unpromoted,
        (Role::Started, Role::Unknown) => Role::Stopped,
        (Role::Started, to) => to,
        (Role::Unpromoted, Role::Unpromoted | Role::Promoted) => to,
        (Role::Unpromoted, Role::Unknown | Role::Stopped | Role::Started) => Role::Stopped,
        (Role::Promoted, Role::Promoted) => Role::Promoted,
        (Role::Promoted, Role::Unknown) => Role::Stopped,
        (Role::Promoted, Role::Stopped | Role::Started | Role::Unpromoted) => Role::Unpromoted,
    }
}

/// Plans what takes a resource from one role to the next. `false` if that needs nothing.
fn step(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    from: Role,
    to: Role,
    optional: bool,
) -> bool {
    match (from, to) {
        (Role::Unknown | Role::Started, Role::Stopped)
        | (Role::Unpromoted, Role::Stopped | Role::Started) => stop(acting, resource, optional),
        (Role::Stopped, Role::Started | Role::Unpromoted) => start(acting, resource, optional),
        (Role::Started | Role::Unpromoted, Role::Promoted) => promote(acting, resource, optional),
        (Role::Promoted, Role::Stopped | Role::Started | Role::Unpromoted) => {
            demote(acting, resource, optional);
        }
        (Role::Stopped, Role::Stopped | Role::Promoted | Role::Unknown)
        | (Role::Started, Role::Started | Role::Unpromoted | Role::Unknown)
        | (Role::Unpromoted, Role::Unpromoted | Role::Unknown)
        | (Role::Promoted, Role::Promoted | Role::Unknown)
        | (Role::Unknown, _) => return false,
    }
    true
}

/// Of a resource that is active too often, this node's copy is the one to be left alone.
fn is_expected(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    let now = acting.now(resource);
    now.flags.stop_unexpected
        && now.restarting
        && now.next_role > Role::Stopped
        && now.assigned == Some(node)
}

fn stop(acting: &mut Acting<'_, '_>, resource: ResIx, optional: bool) {
    let mut optional = optional;
    for node in acting.resource(resource).active.clone() {
        if is_expected(acting, resource, node) {
            continue;
        }
        let now = acting.now(resource);
        if let Some(partial) = now.partial_move {
            if node == partial.target && now.assigned == Some(node) {
                continue;
            }
            optional = false;
        }
        let stop = acting.act(resource, Task::Stop, Some(node), optional);
        let now = acting.now(resource);
        let (placed, managed, unfencing) =
            (now.assigned.is_some(), now.flags.managed, now.flags.needs_unfencing);
        if !placed {
            acting.set_reason(stop, Some("node availability"), true);
        } else if now.restarting && now.flags.stop_unexpected {
            acting.set_reason(stop, Some("being multiply active"), true);
        }
        if !managed {
            acting.set_runnable(stop, false);
        }
        if unfencing {
            order_before_unfencing(acting, stop, node);
        }
    }
}

fn order_before_unfencing(acting: &mut Acting<'_, '_>, stop: ActIx, node: NodeIx) {
    let wish = FenceWish { operation: Some("on"), optional: true, ..FenceWish::default() };
    let unfence = fencing::fence_act(acting, node, wish);
    acting.arena.order(stop, unfence, Relation::THEN_IMPLIES_FIRST);
}

fn start(acting: &mut Acting<'_, '_>, resource: ResIx, optional: bool) {
    let Some(node) = acting.now(resource).assigned else { return };
    let start = acting.act(resource, Task::Start, Some(node), true);
    fencing::order_after_unfencing(acting, resource, node, start, Relation::FIRST_IMPLIES_THEN);
    if acting.is(start, ActFlags::RUNNABLE) && !optional {
        acting.arena[start].flags.clear(ActFlags::OPTIONAL);
    }
    if is_expected(acting, resource, node) {
        acting.arena[start].flags.set(ActFlags::PSEUDO);
    }
}

fn promote(acting: &mut Acting<'_, '_>, resource: ResIx, optional: bool) {
    let Some(node) = acting.now(resource).assigned else { return };
    let exactly = |acting: &Acting<'_, '_>, task: Task| {
        acting.arena.exactly(resource, &super::task::Key::once(task), node)
    };
    let startable =
        exactly(acting, Task::Start).into_iter().all(|start| acting.is(start, ActFlags::RUNNABLE));
    if startable {
        let promote = acting.act(resource, Task::Promote, Some(node), optional);
        if is_expected(acting, resource, node) {
            acting.arena[promote].flags.set(ActFlags::PSEUDO);
        }
    } else {
        for promote in exactly(acting, Task::Promote) {
            acting.set_runnable(promote, false);
        }
    }
}

/// On every node, the right one included: of several copies none can be known to be right.
fn demote(acting: &mut Acting<'_, '_>, resource: ResIx, optional: bool) {
    for node in acting.resource(resource).active.clone() {
        if !is_expected(acting, resource, node) {
            acting.act(resource, Task::Demote, Some(node), optional);
        }
    }
}

/// Plans to forget the history of `resource` on `node`, after a stop and before a start.
pub(crate) fn clean_up(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx, optional: bool) {
    let now = acting.node_now(node);
    if acting.now(resource).flags.failed || now.unclean || !now.online {
        return;
    }
    // A required clean-up needs only the order; an optional one follows what is required.
    let relation = if optional { Relation::FIRST_IMPLIES_THEN } else { Relation::ORDERED };
    acting.act(resource, Task::Delete, Some(node), optional);
    acting.order_tasks((resource, Task::Stop), (resource, Task::Delete), relation);
    acting.order_tasks((resource, Task::Delete), (resource, Task::Start), relation);
}
