//! What the configuration changed since things were started: restart, reload, run recurring
//! operations anew, cancel those that are configured no more.

use super::acting::Acting;
use super::early::clear_fail_count;
use super::fencing::trigger_unfencing;
use super::flags::{ActFlags, Relation};
use super::orders::Side;
use super::task::{Key, Task};
use super::{primitive, recurring};
use crate::{
    DigestComparison, DigestVerdict, FailCountScope, History, HistoryEntry, NodeIx, ParameterCheck,
    ParameterCheckKind, ResIx,
};

/// Compares what is recorded on each node with the configuration.
pub(crate) fn handle_all(acting: &mut Acting<'_, '_>) {
    let given = acting.given;
    for node in given.node_indices() {
        let found = given.node(node);
        let now = acting.node_now(node);
        let usable = now.online && !now.shutdown && !now.unclean && !found.standby;
        if !found.maintenance && !usable {
            continue;
        }
        for history in given.history.iter().filter(|history| history.node == node) {
            if history.element.children().next().is_some() {
                handle(acting, history);
            }
        }
    }
}

fn handle<'a>(acting: &mut Acting<'_, 'a>, history: &History<'a>) {
    let Some(resource) = history.resource else { return };
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
        handle_entry(acting, resource, node, entry);
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
    for (name, value) in [
        ("type", Some(&*agent.kind)),
        ("class", Some(&*agent.standard)),
        ("provider", agent.provider.as_deref()),
    ] {
        if history.element.attr(name) != value {
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

fn handle_entry<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) {
    let maintained = acting.now(resource).flags.maintenance || acting.node(node).maintenance;
    let task = Task::parse(entry.task);
    if entry.interval_ms > 0 && maintained {
        cancel(acting, resource, node, entry);
        return;
    }
    let started = matches!(task, Task::Monitor | Task::Start | Task::Promote | Task::MigrateFrom);
    if entry.interval_ms == 0 && !started {
        return;
    }
    // The address of such a connection is only known once its container has a place.
    if acting.given.needs_host_name(resource) {
        let kind = ParameterCheckKind::Active;
        let element = entry.element;
        acting.deferred.push(ParameterCheck { resource, node, element, kind });
        return;
    }
    let scope = FailCountScope { effective: true, launched: false };
    if compare(acting, resource, node, entry)
        && acting.given.fail_count(node, resource, scope, None).count != 0
    {
        clear_fail_count(acting, resource, node);
    }
}

fn cancel<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) {
    let call_id = entry.attr("call-id").unwrap_or_default();
    let operation = (&Task::parse(entry.task), entry.interval_ms);
    recurring::cancel_recorded(acting, resource, operation, call_id, node);
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
    let verdict = verdict_of(acting, resource, node, entry);
    if verdict.only_private_changed {
        return false;
    }
    match verdict.verdict {
        DigestVerdict::Match => false,
        DigestVerdict::Restart => {
            force_restart(acting, resource, node, entry);
            true
        }
        DigestVerdict::Unknown | DigestVerdict::Mismatch => {
            change(acting, resource, node, entry);
            true
        }
    }
}

fn change<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) {
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
fn force_restart<'a>(
    acting: &mut Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) {
    let recorded = Task::parse(entry.task);
    let starts = entry.interval_ms == 0
        && matches!(recorded, Task::Monitor | Task::MigrateFrom | Task::Promote);
    let task = if starts { Task::Start } else { recorded };
    let key = Key::Operation { task: task.clone(), interval_ms: entry.interval_ms };
    let act = acting.act_with_key(resource, key, task, None, false);
    acting.set_reason(act, Some("resource definition change"), true);
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

/// Compares what could not be compared before containers had a place.
pub(crate) fn handle_deferred(acting: &mut Acting<'_, '_>) {
    let given = acting.given;
    for check in std::mem::take(&mut acting.deferred) {
        let entry = given
            .history
            .iter()
            .filter(|history| history.node == check.node)
            .flat_map(|history| &history.entries)
            .find(|entry| entry.element == check.element);
        let Some(entry) = entry else { continue };
        let scope = FailCountScope { effective: true, launched: false };
        let clear = match check.kind {
            ParameterCheckKind::Active => {
                compare(acting, check.resource, check.node, entry)
                    && given.fail_count(check.node, check.resource, scope, None).count != 0
            }
            ParameterCheckKind::LastFailure => {
                let verdict = verdict_of(acting, check.resource, check.node, entry);
                !matches!(verdict.verdict, DigestVerdict::Match | DigestVerdict::Unknown)
            }
        };
        if clear {
            clear_fail_count(acting, check.resource, check.node);
        }
    }
}

fn verdict_of<'a>(
    acting: &Acting<'_, 'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &HistoryEntry<'a>,
) -> DigestComparison {
    // An expired failure of a monitor: run it anew.
    if entry.reschedule {
        return DigestComparison { verdict: DigestVerdict::Restart, only_private_changed: false };
    }
    let address = host_of(acting, resource).map(|host| &*acting.node(host).name);
    acting.given.compare_digest(resource, node, entry.element, address)
}

/// Where the container of a connection that needs its host's name will run, or does.
fn host_of(acting: &Acting<'_, '_>, resource: ResIx) -> Option<NodeIx> {
    if !acting.given.needs_host_name(resource) {
        return None;
    }
    let container = acting.resource(resource).launcher?;
    acting.now(container).assigned.or_else(|| acting.current_node(container))
}
