//! What the configuration changed since things were started: restart, reload, run recurring
//! operations anew, cancel those that are configured no more.

use super::acting::{Acting, PrivateChanged};
use super::early::clear_fail_count;
use super::fencing::trigger_unfencing;
use super::flags::{ActFlags, Relation};
use super::orders::Side;
use super::task::{Key, Task};
use super::{primitive, recurring};
use crate::by_name::ByName;
use crate::resolve::Recorded;
use crate::{
    DigestVerdict, FailCountScope, History, HistoryEntry, NodeIx, ParameterCheckKind, ResIx,
    Resolved,
};

/// A record that can only be compared once containers have a place.
#[derive(Debug)]
pub(crate) struct Deferred<'r, 'a> {
    resource: ResIx,
    node: NodeIx,
    entry: &'r HistoryEntry<'a>,
}

/// Compares what is recorded on each node with the configuration; says what must wait.
pub(crate) fn handle_all<'r, 'a>(acting: &mut Acting<'r, 'a>) -> Vec<Deferred<'r, 'a>> {
    let given = acting.given;
    let names = names(given);
    let mut deferred = Vec::new();
    for node in given.node_indices() {
        // As it is before what was assigned is adopted: a connection that comes up anew has no
        // history to compare.
        let (found, now) = (given.node(node), acting.node_now(node));
        let usable = now.online && !now.shutdown && !now.unclean && !found.standby;
        if !found.maintenance && !usable {
            continue;
        }
        for history in given.history_of(node) {
            if history.element.children().next().is_some() {
                // Removed resources may be recorded by the name of one that is there.
                for resource in names.get(history.id).into_iter().flatten() {
                    handle(acting, *resource, history, &mut deferred);
                }
            }
        }
    }
    deferred
}

/// Primitives by their ids and by the ids that history uses, the last first.
fn names<'r>(given: &'r Resolved<'_>) -> ByName<&'r str, Vec<ResIx>> {
    let mut names: ByName<&str, Vec<ResIx>> = ByName::default();
    let mut add = |name: &'r str, resource: ResIx| {
        if let Some(list) = names.get_or_insert(name, Vec::new()) {
            list.push(resource);
        }
    };
    for resource in given.resource_indices().rev() {
        let found = given.resource(resource);
        if !found.is_primitive() {
            continue;
        }
        add(&found.id, resource);
        if let Some(history) = &found.history_id
            && *history != found.id
        {
            add(history, resource);
        }
    }
    names
}

fn handle<'r, 'a>(
    acting: &mut Acting<'r, 'a>,
    resource: ResIx,
    history: &'r History<'a>,
    deferred: &mut Vec<Deferred<'r, 'a>>,
) {
    let node = history.node;
    if acting.now(resource).flags.removed {
        if !acting.is_anonymous_clone(acting.top(resource)) {
            primitive::clean_up(acting, resource, node, false);
        }
        return;
    }
    let active = acting.resource(resource).active.contains(&node);
    if agent_changed(acting, resource, history, active) {
        primitive::clean_up(acting, resource, node, false);
    }
    let stopped = match (history.start, history.stop) {
        (None, Some(_)) => true,
        (Some(start), Some(stop)) => start < stop,
        (_, None) => false,
    };
    if !active || stopped {
        return;
    }
    for entry in history.entries.iter().skip(history.start.unwrap_or(0)) {
        if waits(acting, resource, node, entry) {
            deferred.push(Deferred { resource, node, entry });
        } else {
            handle_entry(acting, resource, node, entry);
        }
    }
}

/// Whether another agent is configured than the one that is recorded; what it runs is stopped.
fn agent_changed(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    history: &History<'_>,
    active: bool,
) -> bool {
    let Some(agent) = &acting.resource(resource).agent else { return false };
    let mut changed = false;
    let [kind, standard, provider] = history.agent;
    for (recorded, value) in [
        (kind, Some(&*agent.kind)),
        (standard, Some(&*agent.standard)),
        (provider, agent.provider.as_deref()),
    ] {
        if recorded != value {
            changed = true;
            trigger_unfencing(acting, Some(resource), history.node, "Device definition changed");
        }
    }
    if changed && active {
        acting.act(resource, Task::Stop, Some(history.node), false);
        acting.now_mut(resource).flags.start_pending = true;
    }
    changed
}

/// The address of some connections is only known once their container has a place.
fn waits(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx, entry: &HistoryEntry<'_>) -> bool {
    let task = Task::parse(entry.task);
    let compared = if entry.interval_ms > 0 {
        !is_maintained(acting, resource, node)
    } else {
        is_started_by(&task)
    };
    compared && acting.given.needs_host_name(resource)
}

/// In maintenance nothing is monitored.
fn is_maintained(acting: &Acting<'_, '_>, resource: ResIx, node: NodeIx) -> bool {
    acting.now(resource).flags.maintenance || acting.node(node).maintenance
}

/// Tasks whose parameters are those that the resource runs with.
fn is_started_by(task: &Task) -> bool {
    matches!(task, Task::Monitor | Task::Start | Task::Promote | Task::MigrateFrom)
}

fn handle_entry<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) {
    if entry.interval_ms > 0 && is_maintained(acting, resource, node) {
        cancel(acting, resource, node, entry);
        return;
    }
    if entry.interval_ms == 0 && !is_started_by(&Task::parse(entry.task)) {
        return;
    }
    let scope = FailCountScope { effective: true, launched: false };
    if compare(acting, resource, node, entry)
        && acting.given.fail_count(node, resource, scope, None).count != 0
    {
        clear_fail_count(acting, resource, node);
    }
}

fn cancel(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx, entry: &HistoryEntry<'_>) {
    let operation = (&Task::parse(entry.task), entry.interval_ms);
    recurring::cancel_recorded(acting, resource, operation, entry.attr("call-id"), node);
}

/// Compares one record; whether anything has changed.
fn compare<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) -> bool {
    let found = acting.resource(resource);
    if entry.interval_ms > 0 && found.operation(entry.task, entry.interval_ms, false).is_none() {
        if acting.given.options.cancel_removed_actions {
            cancel(acting, resource, node, entry);
        }
        return true;
    }
    let address = address_of(acting, resource);
    let record = Recorded { element: entry.element, reschedule: entry.reschedule };
    let given = acting.given;
    let bases = &mut acting.digest_bases;
    let found = given.compare_digest(resource, node, record, address, bases);
    if found.only_private_changed && given.sanitized {
        acting.private_changes.push(PrivateChanged {
            resource: given.resource(resource).id.to_string(),
            node: given.node(node).name.to_string(),
            task: entry.task.to_owned(),
            interval_ms: entry.interval_ms,
            magic: entry.attr("transition-magic").unwrap_or_default().to_owned(),
        });
        return false;
    }
    match found.verdict {
        DigestVerdict::Match => return false,
        DigestVerdict::Restart => force_restart(acting, resource, node, entry),
        DigestVerdict::Unknown | DigestVerdict::Mismatch => change(acting, resource, node, entry),
    }
    true
}

fn change(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx, entry: &HistoryEntry<'_>) {
    if entry.interval_ms > 0 {
        let reason = "Device parameters changed (reschedule)";
        trigger_unfencing(acting, Some(resource), node, reason);
        let task = Task::parse(entry.task);
        let key = Key::Operation { task: task.clone(), interval_ms: entry.interval_ms };
        let act = acting.act_with_key(resource, key, task, Some(node), true);
        acting.arena[act].flags.set(ActFlags::RESCHEDULE);
    } else if entry.attr("op-restart-digest").is_some() {
        let reason = "Device parameters changed (reload)";
        trigger_unfencing(acting, Some(resource), node, reason);
        reload(acting, resource, node);
    } else {
        force_restart(acting, resource, node, entry);
    }
}

/// Parameters of a probe, promotion or move are those of the start.
fn force_restart(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'_>,
) {
    let recorded = Task::parse(entry.task);
    let starts = entry.interval_ms == 0
        && matches!(recorded, Task::Monitor | Task::MigrateFrom | Task::Promote);
    let task = if starts { Task::Start } else { recorded };
    let key = Key::Operation { task: task.clone(), interval_ms: entry.interval_ms };
    let act = acting.act_with_key(resource, key, task, None, false);
    acting.set_reason(act, Some("resource definition change"), true);
    acting.arena[act].flags.set(ActFlags::DEFINITION_CHANGED);
    trigger_unfencing(acting, Some(resource), node, "Device parameters changed");
}

fn reload(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx) {
    let flags = acting.now(resource).flags;
    if !flags.managed || flags.failed {
        return;
    }
    if flags.start_pending {
        acting.act(resource, Task::Stop, Some(node), false);
        return;
    }
    acting.now_mut(resource).reload = true;
    let act = acting.act(resource, Task::ReloadAgent, Some(node), false);
    acting.set_reason(act, Some("resource definition change"), false);
    let relation = Relation::ORDERED | Relation::THEN_CANCELS_FIRST;
    for task in [Task::Stop, Task::Demote] {
        acting.order(acting.side(act), Side::task(resource, task), relation);
    }
}

/// Compares what could not be compared before containers had a place. Newest first.
pub(crate) fn handle_deferred<'a>(acting: &mut Acting<'_, 'a>, deferred: Vec<Deferred<'_, 'a>>) {
    let given = acting.given;
    let scope = FailCountScope { effective: true, launched: false };
    for Deferred { resource, node, entry } in deferred.into_iter().rev() {
        if compare(acting, resource, node, entry)
            && given.fail_count(node, resource, scope, None).count != 0
        {
            clear_fail_count(acting, resource, node);
        }
    }
    for check in given.parameter_checks.iter().rev() {
        let ParameterCheckKind::LastFailure = check.kind else { continue };
        let address = address_of(acting, check.resource);
        let record = Recorded { element: check.element, reschedule: false };
        let bases = &mut acting.digest_bases;
        let verdict =
            given.compare_digest(check.resource, check.node, record, address, bases).verdict;
        if matches!(verdict, DigestVerdict::Mismatch | DigestVerdict::Restart) {
            clear_fail_count(acting, check.resource, check.node);
        }
    }
}

/// The name of the host of the container that a connection leads into, where the connection has
/// no address of its own.
fn address_of<'r>(acting: &Acting<'r, '_>, resource: ResIx) -> Option<&'r str> {
    if !acting.given.needs_host_name(resource) {
        return None;
    }
    let container = acting.resource(resource).launcher?;
    let host = acting.now(container).assigned.or_else(|| acting.current_node(container))?;
    Some(&acting.given.node(host).name)
}
