//! The records of one node, one resource after the other.

use std::cmp::Ordering;

use cib::{Element, Picker};
use model::{ExecStatus, OcfCode, Role};

use super::super::Reading;
use super::super::lookup::OnFail;
use super::super::resources::definition::target_role;
use super::super::resources::launch;
use super::super::types::{EarlyAction, History, HistoryEntry, NodeIx, ResIx, ShutdownLock};
use super::super::values::parse_integer;
use super::{entry, expected_code, find, records, shared, state};
use crate::report::{FindingKind, Severity};
use crate::sorting::merge_sort;

/// Reads everything recorded of `node`.
pub(super) fn read_node<'a>(reading: &mut Reading<'a>, node: NodeIx, state: Element<'a>) {
    let mut launched = false;
    for record in records(state) {
        if let Some(resource) = read_record(reading, node, record) {
            launched |= reading.resolved.resource(resource).flags.removed_launched;
        }
    }
    if launched {
        link_launched(reading, state);
    }
}

/// Reads one record. `None` if it says nothing.
fn read_record<'a>(reading: &mut Reading<'a>, node: NodeIx, record: Element<'a>) -> Option<ResIx> {
    let [id, kind, standard, provider] = record.pick(&reading.record_attributes);
    let Some(id) = id else {
        let message = "a record without an id is left out";
        reading.find(Severity::Error, record, FindingKind::Incomplete, message);
        return None;
    };
    let mut entries = std::mem::take(&mut reading.spare_entries);
    entries.clear();
    entries.extend(record.children_named("lrm_rsc_op"));
    let locks = reading.resolved.options.shutdown_lock;
    if entries.is_empty() && !locks {
        return None;
    }
    let resource = match find::find(reading, node, id) {
        Some(known) => known,
        None if entries.is_empty() => return None,
        None => find::add_removed(reading, record)?,
    };
    if locks {
        read_lock(reading, resource, node, record);
    }
    // Those that are as old as each other stay last first, as Pacemaker's do.
    entries.reverse();
    let sorted = merge_sort(entries, &mut |a, b| compare(a, b));
    let picker = &reading.entry_attributes;
    let mut entries: Vec<HistoryEntry<'a>> =
        sorted.iter().map(|entry| read_entry(*entry, picker)).collect();
    reading.spare_entries = sorted;
    let on_fail = read_entries(reading, resource, node, &mut entries);
    let (start, stop) = active_range(&entries);
    let (element, agent) = (record, [kind, standard, provider]);
    let history =
        History { node, resource: Some(resource), id, element, agent, entries, start, stop };
    request_recurring(reading, resource, &history);
    reading.resolved.history.push(history);
    let saved = reading.saved_role;
    state::settle(reading, resource, node, on_fail);
    apply_target_role(reading, resource);
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.role = at.role.max(saved);
    }
    Some(resource)
}

/// Lets every entry change what is known of the resource; gives what is to be done about
/// failures.
fn read_entries<'a>(
    reading: &mut Reading<'a>,
    resource: ResIx,
    node: NodeIx,
    entries: &mut [HistoryEntry<'a>],
) -> OnFail {
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        reading.saved_role = std::mem::replace(&mut at.role, Role::Unknown);
    }
    let mut progress = entry::Progress { last_failure: None, on_fail: OnFail::Ignore };
    for entry in entries {
        entry::read(reading, resource, node, entry, &mut progress);
    }
    progress.on_fail
}

/// What is read of a record itself.
pub(in super::super) const RECORD_ATTRIBUTES: [&str; 4] = ["id", "type", "class", "provider"];

/// What [`read_entry`] reads, in its order.
pub(in super::super) const ENTRY_ATTRIBUTES: [&str; 8] = [
    "id",
    "operation",
    "interval",
    "call-id",
    "rc-code",
    "op-status",
    "transition-key",
    "last-rc-change",
];

fn read_entry<'a>(
    element: Element<'a>,
    picker: &Picker<{ ENTRY_ATTRIBUTES.len() }>,
) -> HistoryEntry<'a> {
    let [id, task, interval, call, code, status, key, changed] = element.pick(picker);
    let number = |text: Option<&str>| text.and_then(parse_integer);
    let small = |number: Option<i64>, default: i32| {
        number.map_or(default, |number| i32::try_from(number).unwrap_or(default))
    };
    let (code, status) = (number(code), number(status));
    HistoryEntry {
        element,
        id: id.unwrap_or(""),
        task: task.unwrap_or(""),
        interval_ms: number(interval).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        call_id: small(number(call), 0),
        code: OcfCode(small(code, -1)),
        status: ExecStatus::from_number(small(status, -2)),
        has_result: status.is_some_and(|number| (-1..=11).contains(&number) && number != 1)
            && code.is_some_and(|number| (0..=255).contains(&number)),
        says_absent: matches!(code, Some(5 | 2)) || status == Some(7),
        expected: expected_code(key),
        last_change: number(changed),
        expired: false,
        reschedule: false,
    }
}

/// Which of two entries came first, as far as can be told: by call id on one node, else by time;
/// an entry under way by its place in the transitions.
pub(super) fn compare(a: Element<'_>, b: Element<'_>) -> Ordering {
    let same_node = match (a.attr("on_node"), b.attr("on_node")) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if same_node && a.attr("id") == b.attr("id") {
        return Ordering::Equal;
    }
    let call = |entry: Element<'_>| entry.attr("call-id").and_then(parse_integer).unwrap_or(-1);
    let (first, second) = (call(a), call(b));
    if first == -1 && second == -1 {
        return Ordering::Equal;
    }
    if same_node && first >= 0 && first < second {
        return Ordering::Less;
    }
    if same_node && second >= 0 && first > second {
        return Ordering::Greater;
    }
    if first >= 0 && second >= 0 {
        return by_time(a, b);
    }
    by_transition(a, b, first, second)
}

fn by_time(a: Element<'_>, b: Element<'_>) -> Ordering {
    let time = |entry: Element<'_>| entry.attr("last-rc-change").and_then(parse_integer);
    let (first, second) = (time(a).unwrap_or(-1), time(b).unwrap_or(-1));
    if first >= 0 && first < second {
        Ordering::Less
    } else if second >= 0 && first > second {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

fn by_transition(a: Element<'_>, b: Element<'_>, first: i64, second: i64) -> Ordering {
    let (Some((uuid_a, one)), Some((uuid_b, other))) = (transition(a), transition(b)) else {
        return Ordering::Equal;
    };
    if !uuid_a.eq_ignore_ascii_case(uuid_b) || one == other {
        // Entries under way do not survive their coordinator, so this one is new.
        return if second == -1 {
            Ordering::Less
        } else if first == -1 {
            Ordering::Greater
        } else {
            Ordering::Equal
        };
    }
    // A shutdown has transition -1 and comes last.
    if (one >= 0 && one < other) || other == -1 { Ordering::Less } else { Ordering::Greater }
}

/// The coordinator's id and the transition's number in an entry's magic
/// (`STATUS:CODE;ACTION:TRANSITION:EXPECTED:UUID`).
fn transition(entry: Element<'_>) -> Option<(&str, i64)> {
    let (_, key) = entry.attr("transition-magic")?.split_once(';')?;
    let mut parts = key.splitn(4, ':');
    let _action = parse_integer(parts.next()?)?;
    let number = parse_integer(parts.next()?)?;
    let _expected = parse_integer(parts.next()?)?;
    Some((parts.next()?.trim(), number))
}

/// From where on the resource was active, and where it was last stopped.
fn active_range(entries: &[HistoryEntry<'_>]) -> (Option<usize>, Option<usize>) {
    let (mut start, mut stop) = (None, None);
    let (mut monitored, mut changed) = (None, None);
    for (at, entry) in entries.iter().enumerate() {
        let is = |task: &str| entry.task.eq_ignore_ascii_case(task);
        if is("stop") && entry.attr("op-status") == Some("0") {
            stop = Some(at);
        } else if is("start") || is("migrate_from") {
            start = Some(at);
        } else if monitored <= stop && is("monitor") {
            if matches!(entry.code, OcfCode::OK | OcfCode::RUNNING_PROMOTED)
                && matches!(entry.attr("rc-code"), Some("0" | "8"))
            {
                monitored = Some(at);
            }
        } else if is("promote") || is("demote") {
            changed = Some(at);
        }
    }
    (start.or(changed).or(monitored), stop)
}

/// Notes the monitors that are running.
fn request_recurring(reading: &mut Reading<'_>, resource: ResIx, history: &History<'_>) {
    let node = history.node;
    if !reading.resolved.node(node).online {
        return;
    }
    for (at, entry) in history.entries.iter().enumerate() {
        let stopped = history.start < history.stop && Some(at) <= history.stop;
        let old = history.start.is_some_and(|start| at < start);
        if stopped || old || entry.interval_ms == 0 || entry.is_pending() {
            continue;
        }
        let (task, interval_ms) = (shared(entry.task), entry.interval_ms);
        reading.resolved.early.push(EarlyAction::Recurring { resource, node, task, interval_ms });
    }
}

fn apply_target_role(reading: &mut Reading<'_>, resource: ResIx) {
    let Some(wanted) = target_role(&reading.resolved, resource) else { return };
    if let Some(at) = reading.resolved.resources.get_mut(resource.at())
        && (at.next_role == Role::Unknown || wanted < at.next_role)
    {
        at.next_role = wanted;
    }
}

/// A clean shutdown of its node may hold the resource.
fn read_lock(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, record: Element<'_>) {
    let Some(since) = record.attr("shutdown-lock").and_then(parse_integer).filter(|at| *at != 0)
    else {
        return;
    };
    let limit = reading.resolved.options.shutdown_lock_limit_ms.div_ceil(1000) as i64;
    if limit > 0 && reading.resolved.now > since.saturating_add(limit) {
        reading.resolved.early.push(EarlyAction::ForgetHistory { resource, node });
    } else if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.shutdown_lock = Some(ShutdownLock { node, since });
    }
}

/// Connects removed resources with the containers that launched them.
fn link_launched(reading: &mut Reading<'_>, state: Element<'_>) {
    for record in records(state) {
        let (Some(container), Some(id)) = (record.attr("container"), record.attr("id")) else {
            continue;
        };
        let resolved = &reading.resolved;
        let (Some(launcher), Some(resource)) =
            (resolved.find_recorded(container), resolved.find_recorded(id))
        else {
            continue;
        };
        let found = resolved.resource(resource);
        if found.launcher.is_none() && found.flags.removed_launched {
            launch(reading, launcher, resource);
        }
    }
}
