//! What a failure means for the resource.

use model::{ExecStatus, OcfCode, Role, Score};

use super::super::Reading;
use super::super::lookup::OnFail;
use super::super::resources::scores::{forbid_everywhere, wish};
use super::super::types::{FailedEntry, ResIx, Variant, WishSource};
use super::entry::{Event, Progress, key_of, set_active, set_next_role, set_role};
use super::moves;
use crate::report::{FindingKind, Severity};

/// Adds a failure to those that are shown, once.
pub(super) fn record<'a>(reading: &mut Reading<'a>, event: &Event<'a>) {
    let node = event.node;
    if !reading.resolved.node(node).online {
        return;
    }
    let known = reading
        .resolved
        .failed
        .iter()
        .any(|failed| failed.node == node && key_of(failed.element) == event.key());
    if !known {
        let resource = Some(event.resource);
        reading.resolved.failed.push(FailedEntry { node, resource, element: event.element });
    }
}

/// What is configured for a failure of this action, and the role that it leaves.
pub(super) fn handling<'a>(reading: &mut Reading<'a>, event: &Event<'a>) -> (OnFail, Role) {
    let resolved = &reading.resolved;
    let (task, interval_ms) = (event.task, event.interval_ms);
    let operation = resolved.resource(event.resource).operation(task, interval_ms, true);
    let node = Some(event.node);
    let meta = resolved.action_meta(event.resource, node, task, interval_ms, operation);
    let value = meta.get("on-fail").map(AsRef::as_ref);
    let on_fail = resolved.on_fail(event.resource, task, interval_ms, value);
    (on_fail, resolved.role_after_failure(event.resource, task, on_fail))
}

/// Lets a failure change what is known of the resource.
pub(super) fn apply<'a>(
    reading: &mut Reading<'a>,
    event: &Event<'a>,
    on_fail: OnFail,
    role_after: Role,
    progress: &mut Progress<'a>,
) {
    progress.last_failure = Some(event.element);
    // In a cluster where resources are let in one by one, agents may be missing elsewhere.
    if reading.resolved.options.symmetric || event.code != OcfCode::NOT_INSTALLED {
        report(reading, event);
        record(reading, event);
    }
    progress.on_fail = progress.on_fail.max(on_fail);
    let resource = event.resource;
    match event.task {
        "stop" => {
            let never = Score::MINUS_INFINITY;
            wish(reading, resource, Some(event.node), never, WishSource::StopFailure);
        }
        "migrate_to" => moves::departure_failed(reading, event),
        "migrate_from" => moves::arrival_failed(reading, event),
        "promote" => set_role(reading, resource, Role::Promoted),
        "demote" => demote_failed(reading, event, on_fail),
        _ => {}
    }
    if event.is_probe() && event.code == OcfCode::NOT_INSTALLED {
        set_role(reading, resource, Role::Stopped);
    } else {
        set_active(reading, resource);
    }
    let next_role = reading.resolved.resource(resource).next_role;
    if role_after != Role::Started && next_role < role_after {
        set_next_role(reading, resource, role_after);
    }
    if role_after == Role::Stopped {
        ban_everywhere(reading, resource);
    }
}

fn demote_failed(reading: &mut Reading<'_>, event: &Event<'_>, on_fail: OnFail) {
    let resource = event.resource;
    if on_fail == OnFail::Block {
        set_role(reading, resource, Role::Promoted);
        set_next_role(reading, resource, Role::Stopped);
    } else if event.code == OcfCode::NOT_RUNNING {
        set_role(reading, resource, Role::Stopped);
    } else {
        // It will be stopped as part of recovery, and a promotion comes after that. Taken as
        // still promoted it would be demoted for ever.
        set_role(reading, resource, Role::Unpromoted);
    }
}

fn report(reading: &mut Reading<'_>, event: &Event<'_>) {
    let resource = &reading.resolved.resource(event.resource).id;
    let node = &reading.resolved.node(event.node).name;
    let result = match event.status {
        ExecStatus::Done | ExecStatus::Error | ExecStatus::ErrorHard | ExecStatus::ErrorFatal => {
            event.code.words()
        }
        ExecStatus::Pending
        | ExecStatus::Cancelled
        | ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => event.status.words(),
    };
    let task = if event.is_probe() { "probe" } else { event.task };
    let message = format!("{task} of {resource} on {node} came to: {result}");
    reading.find(Severity::Warning, event.element, FindingKind::FailedResource, message);
}

/// A stop that failed where nothing can be fenced leaves nothing to do.
pub(super) fn block_if_unrecoverable(reading: &mut Reading<'_>, event: &Event<'_>) {
    if event.task != "stop" || reading.resolved.can_fence(event.node) {
        return;
    }
    if let Some(at) = reading.resolved.resources.get_mut(event.resource.at()) {
        at.flags.managed = false;
        at.flags.blocked = true;
    }
}

/// Keeps a resource, or the whole anonymous clone set that it is part of, from running anywhere.
fn ban_everywhere(reading: &mut Reading<'_>, resource: ResIx) {
    let top = reading.resolved.top_of(resource, false);
    let found = reading.resolved.resource(top);
    let anonymous = matches!(found.variant, Variant::CloneSet(_)) && !found.flags.unique;
    let banned = if anonymous { top } else { resource };
    forbid_everywhere(reading, banned, WishSource::FailureStops);
}
