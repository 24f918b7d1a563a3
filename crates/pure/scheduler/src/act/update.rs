//! What follows from orderings: required makes required, what cannot run blocks what needs it,
//! until nothing changes any more.
//!
//! **Not here:** how each variant spreads a change over its members (`spread`).
//!
//! **Always:** flags only go one way for one relation, so this ends.

use super::acting::Acting;
use super::arena::ActIx;
use super::blocking::{Blocked, blocked_by};
use super::flags::{ActFlags, Changed, Relation};
use super::spread::{self, End};
use super::task;
use super::task::{Key, NotifyKind, Task};
use crate::{NodeIx, ResIx, Variant};

/// Looks at every ordering before `then`, and at what depends on any change.
pub(crate) fn update(acting: &mut Acting<'_, '_>, then: ActIx) {
    run(acting, Work::Begin(then));
}

/// Looks again at everything that is ordered after `act`.
pub(crate) fn update_after(acting: &mut Acting<'_, '_>, act: ActIx) {
    run(acting, Work::After(act));
}

/// Blocks those who depend on a start or promotion that cannot run, and what follows from that.
pub(crate) fn block_dependents(acting: &mut Acting<'_, '_>, act: ActIx) {
    run(acting, Work::BlockAfter(act));
}

/// Where a change to an instance makes an update within an update: how deep that goes before the
/// rest waits for the outermost one. Chains of clone sets can be long, the stack is not.
const UPDATES_WITHIN_UPDATES_MAX: u32 = 48;

/// What is still to be looked at. The newest is looked at first, with all that follows from it:
/// a recursion whose stack is here, as chains of orderings can be long.
#[derive(Debug)]
pub(crate) enum Work {
    Begin(ActIx),
    Inputs(Visit),
    After(ActIx),
    /// Who cannot come up without the action.
    BlockAfter(ActIx),
    Block(Blocked),
    BlockOne(ActIx, Blocked),
}

/// An action whose inputs are being looked at.
#[derive(Debug)]
pub(crate) struct Visit {
    then: ActIx,
    /// How many inputs are left; the newest is the last.
    left: usize,
    /// The flags at the beginning.
    before: ActFlags,
    changed: Changed,
}

fn run(acting: &mut Acting<'_, '_>, first: Work) {
    if acting.updates_within >= UPDATES_WITHIN_UPDATES_MAX {
        acting.postponed.push(first);
        return;
    }
    acting.updates_within += 1;
    let mut stack = vec![first];
    while let Some(work) = stack.pop().or_else(|| take_postponed(acting)) {
        match work {
            Work::Begin(then) => stack.push(Work::Inputs(begin(acting, then))),
            Work::Inputs(visit) => look_at_inputs(acting, visit, &mut stack),
            Work::After(act) => {
                // Oldest first onto the stack, so newest first off it.
                let after = acting.arena[act].after.iter().map(|edge| Work::Begin(edge.other));
                stack.extend(after);
            }
            Work::BlockAfter(act) => {
                stack.extend(blocked_by(acting, act).into_iter().rev().map(Work::Block));
            }
            Work::Block(blocked) => block(acting, &blocked, &mut stack),
            Work::BlockOne(act, blocked) => block_one(acting, act, &blocked, &mut stack),
        }
    }
    acting.updates_within -= 1;
}

/// What waited for the outermost update, once that has nothing else to do.
fn take_postponed(acting: &mut Acting<'_, '_>) -> Option<Work> {
    if acting.updates_within == 1 { acting.postponed.pop() } else { None }
}

/// Its own actions first, the newest first, then its children's.
fn block(acting: &Acting<'_, '_>, blocked: &Blocked, stack: &mut Vec<Work>) {
    let children = acting.children(blocked.resource);
    let children = children.iter().rev();
    stack
        .extend(children.map(|child| Work::Block(Blocked { resource: *child, ..blocked.clone() })));
    let own = acting.arena.of(blocked.resource).iter().copied();
    let own = own.filter(|act| acting.arena[*act].task == blocked.task);
    stack.extend(own.map(|act| Work::BlockOne(act, blocked.clone())));
}

fn block_one(acting: &mut Acting<'_, '_>, act: ActIx, blocked: &Blocked, stack: &mut Vec<Work>) {
    if acting.is(act, ActFlags::RUNNABLE) {
        acting.set_runnable(act, false);
        acting.arena[act].blocked_by = Some(blocked.cause);
        acting.set_reason(act, Some(&blocked.reason), false);
        stack.push(Work::Begin(act));
        stack.push(Work::BlockAfter(act));
    }
}

fn begin(acting: &mut Acting<'_, '_>, then: ActIx) -> Visit {
    let before = acting.arena[then].flags;
    if acting.arena[then].required_before > 0 {
        acting.arena[then].runnable_before = 0;
        acting.arena[then].flags.clear(ActFlags::RUNNABLE);
    }
    Visit { then, left: acting.arena[then].before.len(), before, changed: Changed::NONE }
}

/// Looks at inputs until one changes, which must be followed up before the others.
fn look_at_inputs(acting: &mut Acting<'_, '_>, mut visit: Visit, stack: &mut Vec<Work>) {
    while let Some(position) = visit.left.checked_sub(1) {
        visit.left = position;
        let changed_first = update_input(acting, visit.then, position, &mut visit.changed);
        if let Some(first) = changed_first {
            stack.push(Work::Inputs(visit));
            stack.push(Work::Begin(first));
            stack.push(Work::After(first));
            return;
        }
    }
    let Visit { then, before, mut changed, .. } = visit;
    if acting.arena[then].required_before > 0 {
        changed.then = acting.arena[then].flags != before;
    }
    if !changed.then {
        return;
    }
    stack.push(Work::After(then));
    stack.push(Work::Begin(then));
    if before.has(ActFlags::RUNNABLE) && !acting.is(then, ActFlags::RUNNABLE) {
        stack.push(Work::BlockAfter(then));
    }
}

/// Applies one ordering; its first action, if that has changed.
fn update_input(
    acting: &mut Acting<'_, '_>,
    then: ActIx,
    position: usize,
    changed: &mut Changed,
) -> Option<ActIx> {
    let input = acting.arena.input(then, position).cloned()?;
    let first_node = effective_node(acting, input.other);
    let then_node = effective_node(acting, then);
    let apart = first_node.is_some() && then_node.is_some() && first_node != then_node;
    if input.relation.has(Relation::IF_ON_SAME_NODE) && apart {
        acting.arena.set_relation(then, position, Relation::NONE);
        return None;
    }
    changed.first = false;
    cancel_first(acting, input.other, then, input.relation);
    let first = stand_in(acting, input.other, then);
    if first == input.other {
        let ends = Ends {
            first,
            then,
            position,
            first_flags: flags_for_ordering(acting, first, then_node),
            then_flags: flags_for_ordering(acting, then, first_node),
        };
        changed.set(apply(acting, &ends));
    } else if acting.arena.order(first, then, input.relation) {
        // The stand-in has taken this ordering over.
        changed.set(Changed::THEN);
        acting.arena.set_relation(then, position, Relation::NONE);
    }
    changed.first.then_some(first)
}

/// The action's node; for a group's start, the one that all of the group goes to.
fn effective_node(acting: &Acting<'_, '_>, act: ActIx) -> Option<NodeIx> {
    let found = &acting.arena[act];
    let group = found.resource.filter(|resource| {
        acting.resource(*resource).group().is_some() && found.task == Task::Start
    });
    match group {
        Some(group) => acting.location(group, false),
        None => found.node,
    }
}

/// A stop that is required makes the reload before it pointless.
fn cancel_first(acting: &mut Acting<'_, '_>, first: ActIx, then: ActIx, relation: Relation) {
    let Some(resource) = acting.arena[first].resource else { return };
    if relation.has(Relation::THEN_CANCELS_FIRST) && !acting.is(then, ActFlags::OPTIONAL) {
        acting.arena[first].flags.set(ActFlags::OPTIONAL);
        if acting.arena[first].task == Task::ReloadAgent {
            acting.now_mut(resource).reload = false;
        }
    }
}

/// What others wait for when they wait for a group, clone set or bundle: not that it begins, but
/// that all of it is done (and told, with notifications).
fn stand_in(acting: &Acting<'_, '_>, first: ActIx, then: ActIx) -> ActIx {
    let found = &acting.arena[first];
    let (Some(first_resource), Some(then_resource)) = (found.resource, acting.arena[then].resource)
    else {
        return first;
    };
    if first_resource == then_resource || acting.is_ancestor(first_resource, then_resource) {
        return first;
    }
    let notified = acting.now(first_resource).flags.notify
        && (acting.is_clone(first_resource) || acting.is_bundled(first_resource));
    let Some(key) = stand_in_key(acting, first_resource, &found.key, notified) else {
        return first;
    };
    acting.arena.newest_with_key(first_resource, &key).unwrap_or(first)
}

fn stand_in_key(
    acting: &Acting<'_, '_>,
    resource: ResIx,
    key: &Key,
    notified: bool,
) -> Option<Key> {
    if matches!(acting.resource(resource).variant, Variant::Primitive) {
        return None;
    }
    let Key::Operation { task, interval_ms: 0 } = key else { return None };
    let done = if task::is_completion(task) { Some(task.clone()) } else { task.completed() }?;
    Some(if notified {
        Key::Notify { kind: NotifyKind::ConfirmedPost, of: done }
    } else {
        Key::once(done)
    })
}

/// The flags of an action as an ordering on `node` sees them.
fn flags_for_ordering(acting: &mut Acting<'_, '_>, act: ActIx, node: Option<NodeIx>) -> ActFlags {
    let Some(resource) = acting.arena[act].resource else { return acting.arena[act].flags };
    let anywhere = spread::flags(acting, act, None);
    if node.is_none() || !acting.is_clone(resource) {
        return anywhere;
    }
    // That a clone set's action can run anywhere is enough.
    let mut here = spread::flags(acting, act, node);
    if anywhere.has(ActFlags::RUNNABLE) {
        here.set(ActFlags::RUNNABLE);
    }
    here
}

/// One ordering while it is applied.
struct Ends {
    first: ActIx,
    then: ActIx,
    /// Which of `then`'s inputs this is.
    position: usize,
    first_flags: ActFlags,
    then_flags: ActFlags,
}

impl Ends {
    fn relation(&self, acting: &Acting<'_, '_>) -> Relation {
        acting.arena.input(self.then, self.position).map_or(Relation::NONE, |edge| edge.relation)
    }
}

/// Applies every meaning of one ordering, in a fixed order.
fn apply(acting: &mut Acting<'_, '_>, ends: &Ends) -> Changed {
    let mut node = acting.arena[ends.then].node;
    let mut relation = ends.relation(acting);
    if relation.has(Relation::FIRST_IMPLIES_SAME_NODE_THEN) {
        relation = relation
            .without(Relation::FIRST_IMPLIES_SAME_NODE_THEN)
            .with(Relation::FIRST_IMPLIES_THEN);
        acting.arena.set_relation(ends.then, ends.position, relation);
        node = acting.arena[ends.first].node;
    }
    let mut changed = apply_implied(acting, ends, node, relation);
    if relation.has(Relation::MIN_RUNNABLE) {
        changed.set(count_runnable(acting, ends, node));
    }
    if relation.has(Relation::NESTED_REMOTE_PROBE) {
        changed.set(wait_for_container(acting, ends, node));
        relation = ends.relation(acting);
    }
    changed.set(apply_blocking(acting, ends, node, relation));
    put_in_plan(acting, ends, relation);
    changed.set(block_after_stuck_stop(acting, ends, relation));
    changed
}

fn apply_implied(
    acting: &mut Acting<'_, '_>,
    ends: &Ends,
    node: Option<NodeIx>,
    relation: Relation,
) -> Changed {
    let mut changed = Changed::NONE;
    let optional = ActFlags::OPTIONAL;
    let first_optional = ends.first_flags.only(optional);
    let then_resource = acting.arena[ends.then].resource;
    if relation.has(Relation::FIRST_IMPLIES_THEN) {
        let meaning = Relation::FIRST_IMPLIES_THEN;
        if then_resource.is_some() {
            changed.set(on_then(acting, ends, node, first_optional, optional, meaning));
        } else if !ends.first_flags.has(optional) && acting.is(ends.then, optional) {
            acting.arena[ends.then].flags.clear(optional);
            acting.arena[ends.then].wanted_by = Some(ends.first);
            changed.set(Changed::THEN);
        }
    }
    if relation.has(Relation::INTERMEDIATE_STOP) {
        let filter = optional | ActFlags::RUNNABLE;
        let meaning = Relation::INTERMEDIATE_STOP;
        changed.set(on_then(acting, ends, node, ends.first_flags, filter, meaning));
    }
    if relation.has(Relation::THEN_IMPLIES_FIRST) {
        let meaning = Relation::THEN_IMPLIES_FIRST;
        if acting.arena[ends.first].resource.is_some() {
            changed.set(on_first(acting, ends, node, ends.first_flags, optional, meaning));
        } else if !ends.first_flags.has(optional) && acting.is(ends.first, ActFlags::RUNNABLE) {
            acting.set_runnable(ends.first, false);
            acting.arena[ends.first].blocked_by = Some(ends.then);
            changed.set(Changed::FIRST);
        }
    }
    if relation.has(Relation::PROMOTED_THEN_IMPLIES_FIRST) {
        let meaning = Relation::PROMOTED_THEN_IMPLIES_FIRST;
        changed.set(on_then(acting, ends, node, first_optional, optional, meaning));
    }
    changed
}

fn apply_blocking(
    acting: &mut Acting<'_, '_>,
    ends: &Ends,
    node: Option<NodeIx>,
    relation: Relation,
) -> Changed {
    let mut changed = Changed::NONE;
    if relation.has(Relation::UNRUNNABLE_FIRST_BLOCKS) {
        if acting.arena[ends.then].resource.is_some() {
            changed.set(block_unrunnable(acting, ends, node));
        } else if !ends.first_flags.has(ActFlags::RUNNABLE)
            && acting.is(ends.then, ActFlags::RUNNABLE)
        {
            acting.set_runnable(ends.then, false);
            acting.arena[ends.then].blocked_by = Some(ends.first);
            changed.set(Changed::THEN);
        }
    }
    for (meaning, filter) in [
        (Relation::UNMIGRATABLE_THEN_BLOCKS, ActFlags::OPTIONAL),
        (Relation::FIRST_ELSE_THEN, ActFlags::OPTIONAL),
        (Relation::ORDERED, ActFlags::RUNNABLE),
        (Relation::ASYMMETRIC, ActFlags::RUNNABLE),
    ] {
        if relation.has(meaning) {
            changed.set(on_then(acting, ends, node, ends.first_flags, filter, meaning));
        }
    }
    changed
}

fn block_unrunnable(acting: &mut Acting<'_, '_>, ends: &Ends, node: Option<NodeIx>) -> Changed {
    let meaning = Relation::UNRUNNABLE_FIRST_BLOCKS;
    on_then(acting, ends, node, ends.first_flags, ActFlags::RUNNABLE, meaning)
}

/// Lets the variant of *then*'s resource do it, if it has one.
fn on_then(
    acting: &mut Acting<'_, '_>,
    ends: &Ends,
    node: Option<NodeIx>,
    flags: ActFlags,
    filter: ActFlags,
    meaning: Relation,
) -> Changed {
    match acting.arena[ends.then].resource {
        Some(resource) => {
            let end = End { first: ends.first, then: ends.then, node, flags, filter, meaning };
            spread::update_ends(acting, resource, end)
        }
        None => Changed::NONE,
    }
}

fn on_first(
    acting: &mut Acting<'_, '_>,
    ends: &Ends,
    node: Option<NodeIx>,
    flags: ActFlags,
    filter: ActFlags,
    meaning: Relation,
) -> Changed {
    match acting.arena[ends.first].resource {
        Some(resource) => {
            let end = End { first: ends.first, then: ends.then, node, flags, filter, meaning };
            spread::update_ends(acting, resource, end)
        }
        None => Changed::NONE,
    }
}

/// *Then* can run once enough of its inputs can.
fn count_runnable(acting: &mut Acting<'_, '_>, ends: &Ends, node: Option<NodeIx>) -> Changed {
    if acting.arena[ends.then].resource.is_some() {
        let meaning = Relation::MIN_RUNNABLE;
        return on_then(acting, ends, node, ends.first_flags, ActFlags::RUNNABLE, meaning);
    }
    if !ends.first_flags.has(ActFlags::RUNNABLE) {
        return Changed::NONE;
    }
    let then = &mut acting.arena[ends.then];
    then.runnable_before = then.runnable_before.saturating_add(1);
    if then.runnable_before >= then.required_before && !then.is(ActFlags::RUNNABLE) {
        then.flags.set(ActFlags::RUNNABLE);
        return Changed::THEN;
    }
    Changed::NONE
}

/// A container that is up but cannot be started anew need not hold up the probe inside.
fn wait_for_container(acting: &mut Acting<'_, '_>, ends: &Ends, node: Option<NodeIx>) -> Changed {
    if acting.arena[ends.then].resource.is_none() {
        return Changed::NONE;
    }
    let active = acting.arena[ends.first]
        .resource
        .is_some_and(|resource| !acting.resource(resource).active.is_empty());
    if !ends.first_flags.has(ActFlags::RUNNABLE) && active {
        acting.arena.set_relation(ends.then, ends.position, Relation::NONE);
        return Changed::NONE;
    }
    block_unrunnable(acting, ends, node)
}

fn put_in_plan(acting: &mut Acting<'_, '_>, ends: &Ends, relation: Relation) {
    if acting.is(ends.first, ActFlags::RUNNABLE)
        && relation.has(Relation::FIRST_IMPLIES_THEN_IN_PLAN)
        && !ends.first_flags.has(ActFlags::OPTIONAL)
    {
        keep_in_plan(acting, ends.then, ends.first);
    }
    if relation.has(Relation::THEN_IMPLIES_FIRST_IN_PLAN)
        && !ends.then_flags.has(ActFlags::OPTIONAL)
    {
        keep_in_plan(acting, ends.first, ends.then);
    }
}

fn keep_in_plan(acting: &mut Acting<'_, '_>, act: ActIx, cause: ActIx) {
    if acting.is(act, ActFlags::ALWAYS_IN_PLAN) {
        return;
    }
    let act = &mut acting.arena[act];
    if act.is(ActFlags::OPTIONAL) {
        act.wanted_by.get_or_insert(cause);
    }
    act.flags.set(ActFlags::ALWAYS_IN_PLAN);
}

/// A resource that is blocked cannot stop, so nothing that waits for its stop can run.
fn block_after_stuck_stop(acting: &mut Acting<'_, '_>, ends: &Ends, relation: Relation) -> Changed {
    let implies =
        Relation::FIRST_IMPLIES_THEN | Relation::THEN_IMPLIES_FIRST | Relation::INTERMEDIATE_STOP;
    let first = &acting.arena[ends.first];
    let stuck = first.resource.is_some_and(|resource| {
        let flags = &acting.now(resource).flags;
        !flags.managed && flags.blocked
    });
    if relation.any(implies)
        && stuck
        && !first.is(ActFlags::RUNNABLE)
        && first.task == Task::Stop
        && acting.is(ends.then, ActFlags::RUNNABLE)
    {
        acting.set_runnable(ends.then, false);
        acting.arena[ends.then].blocked_by = Some(ends.first);
        return Changed::THEN;
    }
    Changed::NONE
}
