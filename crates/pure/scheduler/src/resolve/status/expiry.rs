//! Results that are too old to count, and fail counts that are to be cleared.

use model::{ExecStatus, OcfCode};

use super::super::Reading;
use super::super::fail_count::FailCountScope;
use super::super::types::{EarlyAction, HistoryEntry, ResIx};
use super::entry::Event;

/// Whether a result has expired. Asks for its fail count to be cleared where that is due.
pub(super) fn check<'a>(
    reading: &mut Reading<'a>,
    event: &Event<'a>,
    entry: &HistoryEntry<'a>,
) -> bool {
    // That an agent is missing is for people to mend.
    if event.status == ExecStatus::NotInstalled {
        return false;
    }
    let is_last_failure = event.id.ends_with("_last_failure_0");
    let mut expired = false;
    let mut unexpired = 0;
    let timeout = timeout_seconds(reading, event.resource);
    if timeout > 0
        && let Some(ran) = entry.last_change
    {
        let now = reading.resolved.now;
        expired = now >= ran.saturating_add(timeout) && !waits_for_fencing(reading, event);
        let (count, last) = failures(reading, event, entry, true);
        unexpired = count;
        let end = last.saturating_add(timeout).saturating_add(1);
        if count > 0 && now < end {
            reading.recheck(end);
        }
    }
    let mut clear = None;
    if expired {
        let (count, _) = failures(reading, event, entry, false);
        if count > 0 && unexpired == 0 {
            clear = Some("it expired");
        } else if count > 0 {
            expired = false;
        } else if is_last_failure && reconnects(reading, event.resource) {
            clear = Some("reconnect interval is set");
        }
    }
    if !expired && is_last_failure && has_new_parameters(reading, event) {
        clear = Some("resource parameters have changed");
    }
    if let Some(reason) = clear {
        request_clear(reading, event, reason);
    }
    expired && !(event.is_probe() && is_probe_answer(event.code))
}

/// The failure timeout. One that a blocking failure overrules is gone for good.
fn timeout_seconds(reading: &Reading<'_>, resource: ResIx) -> i64 {
    i64::try_from(reading.resolved.resource(resource).failure_timeout_ms.div_ceil(1000))
        .unwrap_or(i64::MAX)
}

/// Fail count and time of the last failure, with or without those that have expired.
fn failures(
    reading: &mut Reading<'_>,
    event: &Event<'_>,
    entry: &HistoryEntry<'_>,
    effective: bool,
) -> (i32, i64) {
    let scope = FailCountScope { effective, launched: false };
    let found = reading.resolved.fail_count(event.node, event.resource, scope, Some(entry));
    if found.blocks
        && let Some(at) = reading.resolved.resources.get_mut(event.resource.at())
    {
        at.failure_timeout_ms = 0;
    }
    (found.count, found.last)
}

fn reconnects(reading: &Reading<'_>, resource: ResIx) -> bool {
    reading.resolved.resource(resource).remote_reconnect_ms > 0
}

/// A monitor of a connection that reconnects fails until its node was fenced.
fn waits_for_fencing(reading: &Reading<'_>, event: &Event<'_>) -> bool {
    if !reconnects(reading, event.resource)
        || !reading.resolved.options.fencing_enabled
        || event.interval_ms == 0
        || event.task != "monitor"
    {
        return false;
    }
    let name = &reading.resolved.resource(event.resource).id;
    reading.resolved.find_node(name).is_some_and(|node| !reading.resolved.node(node).remote_fenced)
}

/// Whether a start or monitor failed with other parameters than it would have now. Where they
/// depend on where things will run, that is found out later.
fn has_new_parameters<'a>(reading: &mut Reading<'a>, event: &Event<'a>) -> bool {
    if !matches!(event.task, "start" | "monitor") {
        return false;
    }
    reading.parameters_changed(event.resource, event.node, event.element)
}

fn request_clear(reading: &mut Reading<'_>, event: &Event<'_>, reason: &'static str) {
    let (resource, node) = (event.resource, event.node);
    let waits = reading.resolved.options.fencing_enabled && reconnects(reading, resource);
    let name = &reading.resolved.resource(resource).id;
    let after_fencing = if waits { reading.resolved.find_node(name) } else { None };
    let remote_reset = reading.resolved.node(node).remote_reset;
    let early = EarlyAction::ClearFailCount { resource, node, reason, after_fencing, remote_reset };
    reading.resolved.early.push(early);
}

/// Answers of probes that stay true.
fn is_probe_answer(code: OcfCode) -> bool {
    matches!(
        code,
        OcfCode::OK
            | OcfCode::NOT_RUNNING
            | OcfCode::RUNNING_PROMOTED
            | OcfCode::DEGRADED
            | OcfCode::DEGRADED_PROMOTED
    )
}
