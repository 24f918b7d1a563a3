//! How each variant takes part in an ordering: a group's action is its members', a clone set's
//! its instances'.

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::{ActFlags, Changed, Relation};
use super::task::{Key, Task};
use super::update::{update, update_after};

use model::Role;

use crate::resolve::values::is_true;
use crate::{NodeIx, ResIx, Variant};

/// One meaning of an ordering, to be applied to both ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) first: ActIx,
    pub(crate) then: ActIx,
    /// Where *then* is looked for among instances.
    pub(crate) node: Option<NodeIx>,
    /// What is known of *first*, as the ordering sees it.
    pub(crate) flags: ActFlags,
    /// Which flags the meaning is about.
    pub(crate) filter: ActFlags,
    pub(crate) meaning: Relation,
}

/// With more members or instances than this, what was found of them is kept; fewer are quicker
/// looked at again.
const LOOKED_AT_AGAIN: usize = 8;

/// The flags of an action. A collective's are made of its members', and follow them.
pub(crate) fn flags(acting: &mut Acting<'_, '_>, act: ActIx, node: Option<NodeIx>) -> ActFlags {
    let Some(resource) = acting.arena[act].resource else { return acting.arena[act].flags };
    if acting.resource(resource).is_primitive() {
        return acting.arena[act].flags;
    }
    if acting.children(resource).len() <= LOOKED_AT_AGAIN {
        return flags_of_parts(acting, act, resource, node);
    }
    // Each member, and each probe of each instance, asks for them: without this a group took the
    // cube of its size.
    let known = acting.flags_of_parts.get(&(act, node));
    if let Some((_, flags)) = known.filter(|(at, _)| *at == acting.arena.edits()) {
        return *flags;
    }
    let flags = flags_of_parts(acting, act, resource, node);
    acting.flags_of_parts.insert((act, node), (acting.arena.edits(), flags));
    flags
}

fn flags_of_parts(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    resource: ResIx,
    node: Option<NodeIx>,
) -> ActFlags {
    match &acting.resource(resource).variant {
        Variant::Primitive => acting.arena[act].flags,
        Variant::Group(_) => group_flags(acting, act, resource, node),
        Variant::CloneSet(_) => {
            let instances = acting.children(resource);
            collective_flags(acting, act, resource, &instances, node)
        }
        Variant::Bundle(parts) => {
            let inside = matches!(
                acting.arena[act].task,
                Task::Notify
                    | Task::Notified
                    | Task::Promote
                    | Task::Promoted
                    | Task::Demote
                    | Task::Demoted
                    | Task::Other(_)
            );
            let instances = match parts.child {
                Some(child) if inside => acting.children(child),
                _ => acting.instances(resource),
            };
            collective_flags(acting, act, resource, &instances, node)
        }
    }
}

/// As a group's member or a collective's instance calls it: a primitive has only the task itself.
fn task_for(acting: &Acting<'_, '_>, resource: ResIx, task: &Task) -> Task {
    if acting.resource(resource).is_primitive() { task.atomic() } else { task.clone() }
}

/// A group's action is required if any member's is, and can run if all can.
fn group_flags(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    group: ResIx,
    node: Option<NodeIx>,
) -> ActFlags {
    let task = acting.arena[act].task.clone();
    let mut result = ActFlags::OPTIONAL | ActFlags::RUNNABLE | ActFlags::PSEUDO;
    for member in acting.children(group).iter() {
        let own = task_for(acting, *member, &task);
        let Some(member_act) = acting.arena.newest(*member, &own, node) else {
            if own != Task::Stop && own != Task::Demote {
                result.clear(ActFlags::RUNNABLE);
            }
            continue;
        };
        let member_flags = flags(acting, member_act, node);
        if result.has(ActFlags::OPTIONAL) && !member_flags.has(ActFlags::OPTIONAL) {
            result.clear(ActFlags::OPTIONAL);
            require_for(acting, act, member_act);
        }
        if own != task && result.has(ActFlags::RUNNABLE) && !member_flags.has(ActFlags::RUNNABLE) {
            result.clear(ActFlags::RUNNABLE);
            acting.set_runnable(act, false);
            acting.arena[act].blocked_by.get_or_insert(member_act);
        }
    }
    result
}

/// What a part of it requires, the whole requires.
fn require_for(acting: &mut Acting<'_, '_>, act: ActIx, part: ActIx) {
    if acting.is(act, ActFlags::OPTIONAL) {
        acting.arena[act].flags.clear(ActFlags::OPTIONAL);
        acting.arena[act].wanted_by = Some(part);
    }
}

/// A collective's action is required if any instance's is, and can run if any can.
fn collective_flags(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    collective: ResIx,
    instances: &[ResIx],
    node: Option<NodeIx>,
) -> ActFlags {
    let mut result = ActFlags::OPTIONAL | ActFlags::RUNNABLE | ActFlags::PSEUDO;
    let mut any_runnable = false;
    let mut unrunnable = None;
    let task = instance_task(acting, act, collective);
    for instance in instances {
        let where_ = node.filter(|_| acting.resource(*instance).is_primitive());
        let Some(instance_act) = acting.arena.newest(*instance, &task, where_) else { continue };
        let instance_flags = flags(acting, instance_act, node);
        if result.has(ActFlags::OPTIONAL) && !instance_flags.has(ActFlags::OPTIONAL) {
            result.clear(ActFlags::OPTIONAL);
            require_for(acting, act, instance_act);
        }
        any_runnable |= instance_flags.has(ActFlags::RUNNABLE);
        unrunnable = unrunnable.or(Some(instance_act));
    }
    if !any_runnable {
        result.clear(ActFlags::RUNNABLE);
        if node.is_none() {
            acting.set_runnable(act, false);
            acting.arena[act].blocked_by = acting.arena[act].blocked_by.or(unrunnable);
        }
    }
    result
}

/// What the instances do where the collective does `act`. A notification is about what it tells.
fn instance_task(acting: &Acting<'_, '_>, act: ActIx, collective: ResIx) -> Task {
    let found = &acting.arena[act];
    let task = match &found.key {
        Key::Notify { of, .. } => of,
        Key::Operation { .. } | Key::Name(_) => &found.task,
    };
    match acting.children(collective).first() {
        Some(instance) => task_for(acting, *instance, task),
        None => task.clone(),
    }
}

/// Applies one meaning of an ordering as the variant of `resource` does it.
pub(crate) fn update_ends(acting: &mut Acting<'_, '_>, resource: ResIx, end: End) -> Changed {
    match &acting.resource(resource).variant {
        Variant::Primitive => update_plain(acting, end),
        Variant::Group(_) => update_group(acting, end),
        Variant::CloneSet(_) | Variant::Bundle(_) => update_collective(acting, end),
    }
}

/// Whether the first action gives this meaning no cause to change anything, whatever comes second.
/// Then the members, which may be many, need not be asked one by one.
fn is_idle(acting: &Acting<'_, '_>, end: End) -> bool {
    let End { first, flags, filter, meaning, .. } = end;
    let about_optional = filter.has(ActFlags::OPTIONAL);
    if meaning == Relation::ORDERED {
        true
    } else if meaning == Relation::ASYMMETRIC {
        acting.is(first, ActFlags::RUNNABLE)
    } else if meaning == Relation::UNRUNNABLE_FIRST_BLOCKS {
        !filter.has(ActFlags::RUNNABLE) || flags.has(ActFlags::RUNNABLE)
    } else if meaning == Relation::FIRST_IMPLIES_THEN {
        !about_optional || flags.has(ActFlags::OPTIONAL) || acting.is(first, ActFlags::MIGRATABLE)
    } else {
        false
    }
}

fn update_group(acting: &mut Acting<'_, '_>, end: End) -> Changed {
    if is_idle(acting, end) {
        return Changed::NONE;
    }
    let mut changed = update_plain(acting, end);
    let Some(group) = acting.arena[end.then].resource else { return changed };
    let task = acting.arena[end.then].task.clone();
    for member in acting.children(group).iter() {
        if let Some(then) = acting.arena.newest(*member, &task, end.node) {
            changed.set(update_ends(acting, *member, End { then, ..end }));
        }
    }
    changed
}

fn update_collective(acting: &mut Acting<'_, '_>, end: End) -> Changed {
    let Some(collective) = acting.arena[end.then].resource else { return Changed::NONE };
    if let Some(first) = acting.arena[end.first].resource
        && is_interleaved(acting, end, first, collective)
    {
        return update_interleaved(acting, end, first, collective);
    }
    let instances = acting.instances(collective);
    // Others than primitives may follow their members when they are asked.
    let plain = instances.first().is_none_or(|instance| acting.resource(*instance).is_primitive());
    if plain && is_idle(acting, end) {
        return Changed::NONE;
    }
    let mut changed = update_plain(acting, end);
    for instance in instances.iter() {
        changed.set(update_instance(acting, end, *instance));
    }
    changed
}

fn update_instance(acting: &mut Acting<'_, '_>, end: End, instance: ResIx) -> Changed {
    let task = acting.arena[end.then].task.clone();
    let Some(then) = acting.arena.newest(instance, &task, end.node) else { return Changed::NONE };
    if !flags(acting, then, end.node).has(ActFlags::RUNNABLE) {
        return Changed::NONE;
    }
    let changed = update_ends(acting, instance, End { then, ..end });
    if changed.then {
        update_after(acting, then);
    }
    changed
}

/// Whether instances wait only for the other collective's instance that is where they are.
fn is_interleaved(acting: &Acting<'_, '_>, end: End, first: ResIx, then: ResIx) -> bool {
    if first == then || !acting.is_collective(first) || !acting.is_collective(then) {
        return false;
    }
    let key = &acting.arena[end.then].key;
    let down = key.is_about(&Task::Stop) || key.is_about(&Task::Demote);
    let decides = if down { first } else { then };
    is_true(acting.resource(decides).meta("interleave"))
}

fn update_interleaved(acting: &mut Acting<'_, '_>, end: End, first: ResIx, then: ResIx) -> Changed {
    let mut changed = Changed::NONE;
    let first_task = instance_task(acting, end.first, first);
    let key = &acting.arena[end.first].key;
    // What goes down is matched by where it is.
    let current = key.is_about(&Task::Stopped) || key.is_about(&Task::Demoted);
    for then_instance in acting.instances(then).iter().copied() {
        let Some(first_instance) = compatible_instance(acting, then_instance, first, current)
        else {
            if !current && unassign_if_needed(acting, then_instance, end.meaning) {
                changed.set(Changed::THEN);
            }
            continue;
        };
        let found = instance_act(acting, end.first, first_instance, &first_task, end.node, true);
        let Some(first_act) = found else { continue };
        let then_task = acting.arena[end.then].task.clone();
        let found = instance_act(acting, end.then, then_instance, &then_task, end.node, false);
        let Some(then_act) = found else { continue };
        if acting.arena.order(first_act, then_act, end.meaning) {
            changed.set(Changed::BOTH);
        }
        let first_flags = flags_of_instance(acting, first_act, first_instance, end.node);
        let end = End { first: first_act, then: then_act, flags: first_flags, ..end };
        changed.set(update_ends(acting, then_instance, end));
    }
    changed
}

fn flags_of_instance(
    acting: &mut Acting<'_, '_>,
    act: ActIx,
    instance: ResIx,
    node: Option<NodeIx>,
) -> ActFlags {
    if acting.resource(instance).is_primitive() {
        acting.arena[act].flags
    } else {
        flags(acting, act, node)
    }
}

/// The instance of `collective` where `like` is or will be; else where it could be.
pub(crate) fn compatible_instance(
    acting: &Acting<'_, '_>,
    like: ResIx,
    collective: ResIx,
    current: bool,
) -> Option<ResIx> {
    let instances = acting.instances(collective);
    let usable = |instance: ResIx| !acting.any_below(instance, &|flags| flags.blocked);
    if let Some(node) = acting.location(like, current) {
        return instances.iter().copied().find(|instance| {
            acting.location(*instance, current) == Some(node) && usable(*instance)
        });
    }
    // Both may be many, so each instance is looked at once.
    let mut by_node: Vec<Option<ResIx>> = vec![None; acting.given.nodes.len()];
    for instance in instances.iter().rev().copied().filter(|instance| usable(*instance)) {
        let node = acting.location(instance, current);
        if let Some(at) = node.and_then(|node| by_node.get_mut(node.at())) {
            *at = Some(instance);
        }
    }
    let mut best = best_nodes(acting, like).into_iter();
    best.find_map(|node| by_node.get(node.at()).copied().flatten())
}

/// Where a resource may run, best first.
fn best_nodes(acting: &Acting<'_, '_>, resource: ResIx) -> Vec<NodeIx> {
    let mut nodes = acting.assigned.best_nodes(acting.given, resource);
    nodes.retain(|node| acting.has_allowed(resource, *node));
    nodes
}

/// An instance without the instance that it needs must not come up.
fn unassign_if_needed(acting: &mut Acting<'_, '_>, instance: ResIx, meaning: Relation) -> bool {
    let needs = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::FIRST_IMPLIES_THEN;
    meaning.any(needs) && unassign(acting, instance)
}

/// Takes a resource's place away: what is there stops, and nothing starts.
fn unassign(acting: &mut Acting<'_, '_>, resource: ResIx) -> bool {
    let children = acting.children(resource);
    if !children.is_empty() {
        let mut changed = false;
        for child in children.iter() {
            changed |= unassign(acting, *child);
        }
        return changed;
    }
    let changed = acting.now_mut(resource).assigned.take().is_some();
    acting.now_mut(resource).next_role = Role::Stopped;
    stop_unassigned(acting, resource);
    changed
}

/// What is planned for a resource without a place: stops are required, the rest cannot run.
pub(crate) fn stop_unassigned(acting: &mut Acting<'_, '_>, resource: ResIx) {
    for act in acting.arena.of(resource).to_vec().into_iter().rev() {
        let found = &acting.arena[act];
        let recurs = found.meta_interval().is_some()
            && found.meta.get("op_target_rc").is_none_or(|code| code != "7");
        if found.task == Task::Stop {
            acting.arena[act].flags.clear(ActFlags::OPTIONAL);
        } else if found.task == Task::Start || recurs {
            acting.set_runnable(act, false);
        }
    }
}

/// The instance's own action where the collective does `collective_act`. Of a bundle, what is in
/// the container counts for what comes first, except stops, and for promotions.
fn instance_act(
    acting: &Acting<'_, '_>,
    collective_act: ActIx,
    instance: ResIx,
    task: &Task,
    node: Option<NodeIx>,
    for_first: bool,
) -> Option<ActIx> {
    let of = &acting.arena[collective_act].task;
    let inside = if for_first {
        !matches!(of, Task::Stop | Task::Stopped)
    } else {
        matches!(of, Task::Promote | Task::Promoted | Task::Demote | Task::Demoted)
    };
    let contained = if inside { contained_in(acting, instance) } else { None };
    match contained {
        Some(contained) => acting.arena.newest(contained, task, None),
        None => acting.arena.newest(instance, task, node),
    }
}

/// The resource inside a bundle's container.
fn contained_in(acting: &Acting<'_, '_>, container: ResIx) -> Option<ResIx> {
    let top = acting.given.top_of(container, true);
    let parts = acting.resource(top).bundle()?;
    parts.replicas.iter().find(|replica| replica.container == container)?.child
}

/// Applies one meaning to two actions as they are.
fn update_plain(acting: &mut Acting<'_, '_>, end: End) -> Changed {
    let first_before = acting.arena[end.first].flags;
    let then_before = acting.arena[end.then].flags;
    apply_plain(acting, end, first_before, then_before);
    let mut changed = Changed::NONE;
    if acting.arena[end.then].flags != then_before {
        changed.set(Changed::THEN);
        let in_collective = acting.arena[end.then]
            .resource
            .is_some_and(|resource| acting.resource(resource).parent.is_some());
        if in_collective {
            update(acting, end.then);
        }
    }
    if acting.arena[end.first].flags != first_before {
        changed.set(Changed::FIRST);
    }
    changed
}

fn apply_plain(
    acting: &mut Acting<'_, '_>,
    end: End,
    first_before: ActFlags,
    then_before: ActFlags,
) {
    let End { first, then, flags, filter, meaning, .. } = end;
    let about_optional = filter.has(ActFlags::OPTIONAL);
    if meaning.has(Relation::ASYMMETRIC) {
        block_asymmetric(acting, first, then);
    }
    if meaning.has(Relation::THEN_IMPLIES_FIRST) && !then_before.has(ActFlags::OPTIONAL) {
        if about_optional && !flags.has(ActFlags::OPTIONAL) && first_before.has(ActFlags::OPTIONAL)
        {
            clear_because(acting, first, ActFlags::OPTIONAL, then);
        }
        if flags.has(ActFlags::MIGRATABLE) && !acting.is(then, ActFlags::MIGRATABLE) {
            clear_because(acting, first, ActFlags::MIGRATABLE, then);
        }
    }
    if meaning.has(Relation::PROMOTED_THEN_IMPLIES_FIRST) && about_optional {
        demote_first(acting, first, then);
    }
    if meaning.has(Relation::UNMIGRATABLE_THEN_BLOCKS) && about_optional {
        if !acting.is(then, ActFlags::MIGRATABLE | ActFlags::RUNNABLE) {
            clear_because(acting, first, ActFlags::RUNNABLE, then);
        }
        if !acting.is(then, ActFlags::OPTIONAL) {
            clear_because(acting, first, ActFlags::OPTIONAL, then);
        }
    }
    if meaning.has(Relation::FIRST_ELSE_THEN)
        && about_optional
        && !acting.is(first, ActFlags::RUNNABLE)
    {
        clear_because(acting, then, ActFlags::MIGRATABLE, first);
        acting.arena[then].flags.clear(ActFlags::PSEUDO);
    }
    if meaning.has(Relation::UNRUNNABLE_FIRST_BLOCKS)
        && filter.has(ActFlags::RUNNABLE)
        && acting.is(then, ActFlags::RUNNABLE)
        && !flags.has(ActFlags::RUNNABLE)
    {
        clear_because(acting, then, ActFlags::RUNNABLE, first);
        clear_because(acting, then, ActFlags::MIGRATABLE, first);
    }
    if meaning.has(Relation::FIRST_IMPLIES_THEN)
        && about_optional
        && acting.is(then, ActFlags::OPTIONAL)
        && !flags.has(ActFlags::OPTIONAL)
        && !acting.is(first, ActFlags::MIGRATABLE)
    {
        clear_because(acting, then, ActFlags::OPTIONAL, first);
    }
    if meaning.has(Relation::INTERMEDIATE_STOP) {
        restart(acting, first, then, filter);
    }
}

/// What is promoted is demoted before it stops.
fn demote_first(acting: &mut Acting<'_, '_>, first: ActIx, then: ActIx) {
    let promoted = acting.arena[then]
        .resource
        .is_some_and(|resource| acting.now(resource).role == Role::Promoted);
    if !promoted || acting.is(then, ActFlags::OPTIONAL) {
        return;
    }
    clear_because(acting, first, ActFlags::OPTIONAL, then);
    if acting.is(first, ActFlags::MIGRATABLE) && !acting.is(then, ActFlags::MIGRATABLE) {
        clear_because(acting, first, ActFlags::MIGRATABLE, then);
    }
}

/// With the user's one-way order, *then* cannot run without *first*, unless it is done already.
fn block_asymmetric(acting: &mut Acting<'_, '_>, first: ActIx, then: ActIx) {
    let Some(resource) = acting.arena[then].resource else { return };
    if acting.is(first, ActFlags::RUNNABLE) {
        return;
    }
    if acting.is(then, ActFlags::OPTIONAL) {
        let role = acting.role(resource, true);
        let found = &acting.arena[then];
        let stopped = role == Role::Stopped && found.task == Task::Stop;
        let started = role >= Role::Started
            && found.task == Task::Start
            && found.node.is_some_and(|node| *acting.resource(resource).active == [node]);
        if stopped || started {
            return;
        }
    }
    clear_because(acting, then, ActFlags::OPTIONAL, first);
    clear_because(acting, then, ActFlags::RUNNABLE, first);
}

/// *First* is a stop on the way to *then*.
fn restart(acting: &mut Acting<'_, '_>, first: ActIx, then: ActIx, filter: ActFlags) {
    let Some(then_resource) = acting.arena[then].resource else { return };
    let required = filter.has(ActFlags::OPTIONAL) && !acting.is(then, ActFlags::OPTIONAL);
    // What should restart but cannot start stops all the same.
    let stuck = filter.has(ActFlags::RUNNABLE)
        && !acting.is(then, ActFlags::RUNNABLE)
        && acting.now(then_resource).flags.managed
        && acting.arena[first].resource == Some(then_resource);
    if !required && !stuck {
        return;
    }
    if acting.is(first, ActFlags::RUNNABLE) {
        clear_because(acting, first, ActFlags::OPTIONAL, then);
    }
    if !acting.is(then, ActFlags::OPTIONAL) {
        clear_because(acting, first, ActFlags::OPTIONAL, then);
    }
    if !acting.is(then, ActFlags::MIGRATABLE) {
        clear_because(acting, first, ActFlags::MIGRATABLE, then);
    }
    if !acting.is(first, ActFlags::OPTIONAL) && !acting.is(first, ActFlags::RUNNABLE) {
        clear_because(acting, then, ActFlags::RUNNABLE, first);
    }
}

/// Clears a flag, and says why if another resource's action is the cause.
fn clear_because(acting: &mut Acting<'_, '_>, act: ActIx, flag: ActFlags, cause: ActIx) {
    if !acting.is(act, flag) {
        return;
    }
    acting.arena[act].flags.clear(flag);
    if flag == ActFlags::OPTIONAL {
        acting.arena[act].wanted_by = Some(cause);
    } else if flag == ActFlags::RUNNABLE {
        acting.arena[act].blocked_by = Some(cause);
    }
    let cause = &acting.arena[cause];
    if acting.arena[act].resource == cause.resource {
        return;
    }
    let change = if flag == ActFlags::RUNNABLE {
        "unrunnable"
    } else if flag == ActFlags::MIGRATABLE {
        "unmigrateable"
    } else {
        "required"
    };
    let reason = match cause.resource {
        Some(resource) => {
            format!("{change} {} {}", acting.resource(resource).id, cause.task)
        }
        None => format!("{change} {}", cause.task),
    };
    acting.set_reason(act, Some(&reason), false);
}
