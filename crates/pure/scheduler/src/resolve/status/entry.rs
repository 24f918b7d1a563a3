//! One entry of a record: what the result means, and what it makes of the resource.

use cib::Element;
use model::{ExecStatus, OcfCode, Role, Score};

use super::super::Reading;
use super::super::lookup::OnFail;
use super::super::resources::scores::wish;
use super::super::types::{HardFailure, HistoryEntry, NodeIx, Pending, ResIx, WishSource};
use super::super::values::parse_integer;
use super::fencing::stop;
use super::{expiry, failure, moves, shared};
use crate::report::{FindingKind, Severity};

/// What the entries read so far say together.
pub(super) struct Progress<'a> {
    pub(super) last_failure: Option<Element<'a>>,
    pub(super) on_fail: OnFail,
}

/// One result, as it is understood.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) resource: ResIx,
    pub(super) node: NodeIx,
    pub(super) element: Element<'a>,
    pub(super) id: &'a str,
    pub(super) task: &'a str,
    pub(super) interval_ms: u64,
    /// Negative where it is not known.
    pub(super) expected: OcfCode,
    pub(super) code: OcfCode,
    pub(super) status: ExecStatus,
    /// See [`HistoryEntry`].
    says_absent: bool,
}

impl Event<'_> {
    /// What the same work is called in every record: `RESOURCE_TASK_INTERVAL`.
    pub(super) fn key(&self) -> &str {
        key_of(self.element)
    }

    pub(super) fn is_probe(&self) -> bool {
        self.task == "monitor" && self.interval_ms == 0
    }

    /// A probe's failure that says no more than that the resource is not there.
    fn is_masked_probe(&self) -> bool {
        self.is_probe() && self.says_absent
    }
}

/// The key of an entry; its id in records of old.
pub(super) fn key_of(element: Element<'_>) -> &str {
    element.attr("operation_key").or_else(|| element.attr("id")).unwrap_or("")
}

const TASKS: [&str; 8] =
    ["monitor", "start", "stop", "promote", "demote", "migrate_to", "migrate_from", "asyncmon"];

/// Lets one entry change what is known of `resource`.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    resource: ResIx,
    node: NodeIx,
    entry: &mut HistoryEntry<'a>,
    progress: &mut Progress<'a>,
) {
    if !TASKS.contains(&entry.task) || entry.id.is_empty() {
        return;
    }
    if !entry.has_result {
        let message = format!("the record {} is left out: its result cannot be read", entry.id);
        reading.find(Severity::Error, entry.element, FindingKind::BadValue, message);
        return;
    }
    let mut event = Event {
        resource,
        node,
        element: entry.element,
        id: entry.id,
        task: entry.task,
        interval_ms: entry.interval_ms,
        expected: entry.expected.unwrap_or(OcfCode(-1)),
        code: entry.code,
        status: entry.status,
        says_absent: entry.says_absent,
    };
    entry.expired = expiry::check(reading, &event, entry);
    let recorded = event.code;
    remap(reading, &mut event, progress, entry.expired);
    if entry.expired && is_over(reading, &event, entry, recorded) {
        return;
    }
    if !reading.resolved.is_bundled(resource) && event.is_masked_probe() {
        mask_probe(reading, &event, progress);
        return;
    }
    match event.status {
        ExecStatus::Pending => pending(reading, &event, progress),
        ExecStatus::Done => update(reading, &event, event.code, progress),
        ExecStatus::NotInstalled => not_installed(reading, &event, progress),
        ExecStatus::NotConnected => {
            lose_connection(reading, node);
            failed(reading, &event, progress);
        }
        ExecStatus::Error
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::Invalid
        | ExecStatus::Cancelled
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => failed(reading, &event, progress),
    }
}

/// Turns what was recorded into what it means here, where the expected result is known. May
/// already settle the role and forgive a failure.
fn remap<'a>(
    reading: &mut Reading<'a>,
    event: &mut Event<'a>,
    progress: &mut Progress<'_>,
    expired: bool,
) {
    let effective = match event.code {
        OcfCode::DEGRADED => OcfCode::OK,
        OcfCode::DEGRADED_PROMOTED => OcfCode::RUNNING_PROMOTED,
        other => other,
    };
    if effective != event.code {
        event.code = effective;
        let node = reading.resolved.node(event.node);
        if !expired && (!node.shutdown || node.online) {
            failure::record(reading, event);
        }
    }
    let masked = !reading.resolved.is_bundled(event.resource) && event.is_masked_probe();
    if masked && (event.status != ExecStatus::Done || event.code != OcfCode::NOT_RUNNING) {
        event.status = ExecStatus::Done;
        event.code = OcfCode::NOT_RUNNING;
    }
    match event.status {
        ExecStatus::Done | ExecStatus::Error => {}
        ExecStatus::NoFenceDevice | ExecStatus::NoSecrets => {
            event.status = ExecStatus::ErrorHard;
            return;
        }
        ExecStatus::Pending
        | ExecStatus::Cancelled
        | ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid => return,
    }
    let as_expected = event.expected.0 >= 0 && event.code == event.expected;
    event.status = if as_expected { ExecStatus::Done } else { ExecStatus::Error };
    remap_code(reading, event, progress, expired);
}

fn remap_code(
    reading: &mut Reading<'_>,
    event: &mut Event<'_>,
    progress: &mut Progress<'_>,
    expired: bool,
) {
    let expected = event.code == event.expected;
    match event.code {
        OcfCode::OK => {
            if event.is_probe() && event.expected == OcfCode::NOT_RUNNING {
                event.status = ExecStatus::Done;
            }
        }
        OcfCode::NOT_RUNNING => {
            let managed = reading.resolved.resource(event.resource).flags.managed;
            if event.is_probe() || expected || !managed {
                event.status = ExecStatus::Done;
                set_role(reading, event.resource, Role::Stopped);
                progress.on_fail = OnFail::Ignore;
                set_next_role(reading, event.resource, Role::Unknown);
            }
        }
        OcfCode::RUNNING_PROMOTED => {
            if event.is_probe() && !expected {
                event.status = ExecStatus::Done;
            }
            if !expired || expected {
                set_role(reading, event.resource, Role::Promoted);
            }
        }
        OcfCode::FAILED_PROMOTED => {
            if !expired {
                set_role(reading, event.resource, Role::Promoted);
            }
            event.status = ExecStatus::Error;
        }
        OcfCode::NOT_CONFIGURED => event.status = ExecStatus::ErrorFatal,
        OcfCode::UNIMPLEMENTED if event.interval_ms > 0 => event.status = ExecStatus::NotSupported,
        OcfCode::UNIMPLEMENTED
        | OcfCode::NOT_INSTALLED
        | OcfCode::INVALID_PARAMETER
        | OcfCode::INSUFFICIENT_PRIVILEGE => {
            if !expired {
                failure::block_if_unrecoverable(reading, event);
            }
            event.status = ExecStatus::ErrorHard;
        }
        _ => {
            if event.status == ExecStatus::Done {
                event.status = ExecStatus::Error;
            }
        }
    }
}

/// What is to be done about an expired result; `true` if it says no more.
fn is_over(
    reading: &mut Reading<'_>,
    event: &Event<'_>,
    entry: &mut HistoryEntry<'_>,
    recorded: OcfCode,
) -> bool {
    let bundled = reading.resolved.is_bundled(event.resource);
    if !bundled && event.is_masked_probe() && recorded != event.expected {
        if let Some(at) = reading.resolved.resources.get_mut(event.resource.at())
            && at.role <= Role::Stopped
        {
            at.role = Role::Unknown;
        }
        return true;
    }
    if event.code == event.expected {
        return false;
    }
    if event.interval_ms == 0 {
        return true;
    }
    let node = reading.resolved.node(event.node);
    if node.online && !node.unclean {
        entry.reschedule = true;
        return true;
    }
    false
}

/// A probe that failed because nothing is there: not running, and not to run there.
fn mask_probe<'a>(reading: &mut Reading<'a>, event: &Event<'a>, progress: &mut Progress<'a>) {
    let banned = banned_with(reading, event.resource);
    update(reading, event, event.expected, progress);
    failure::record(reading, event);
    let never = Score::MINUS_INFINITY;
    wish(reading, banned, Some(event.node), never, WishSource::MaskedProbe);
}

/// Who is kept off a node where `resource` cannot work: all its anonymous siblings with it.
fn banned_with(reading: &Reading<'_>, resource: ResIx) -> ResIx {
    if reading.resolved.resource(resource).flags.unique {
        resource
    } else {
        reading.resolved.top_of(resource, false)
    }
}

fn not_installed<'a>(reading: &mut Reading<'a>, event: &Event<'a>, progress: &mut Progress<'a>) {
    let (on_fail, role) = failure::handling(reading, event);
    if on_fail == OnFail::Ignore {
        // An agent that does not exist cannot be ignored.
        progress.on_fail = OnFail::Ban;
    }
    let banned = banned_with(reading, event.resource);
    let never = Score::MINUS_INFINITY;
    wish(reading, banned, Some(event.node), never, WishSource::HardError);
    failure::apply(reading, event, on_fail, role, progress);
}

/// A node whose connection did not answer cannot have a working connection.
fn lose_connection(reading: &mut Reading<'_>, node: NodeIx) {
    if let Some(connection) = reading.resolved.node(node).kind.connection()
        && reading.resolved.resource(connection).flags.managed
    {
        reading.fail(connection);
    }
}

fn failed<'a>(reading: &mut Reading<'a>, event: &Event<'a>, progress: &mut Progress<'a>) {
    let (on_fail, role) = failure::handling(reading, event);
    let ignored =
        on_fail == OnFail::Ignore || (on_fail == OnFail::RestartContainer && event.task == "stop");
    if ignored {
        update(reading, event, event.expected, progress);
        if let Some(at) = reading.resolved.resources.get_mut(event.resource.at()) {
            at.flags.ignore_failure = true;
        }
        failure::record(reading, event);
        if on_fail == OnFail::RestartContainer && progress.on_fail <= OnFail::Restart {
            progress.on_fail = on_fail;
        }
        return;
    }
    let banned = banned_with(reading, event.resource);
    failure::apply(reading, event, on_fail, role, progress);
    let never = Score::MINUS_INFINITY;
    let (node, source) = match event.status {
        ExecStatus::ErrorHard => (Some(event.node), WishSource::HardError),
        ExecStatus::ErrorFatal => (None, WishSource::FatalError),
        ExecStatus::Pending
        | ExecStatus::Done
        | ExecStatus::Cancelled
        | ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::Error
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => return,
    };
    let (code, element) = (event.code, event.element);
    let failure = HardFailure { resource: banned, node, code, element };
    reading.resolved.hard_failures.push(failure);
    wish(reading, banned, node, never, source);
}

/// What a result that is no failure makes of the resource.
fn update<'a>(
    reading: &mut Reading<'a>,
    event: &Event<'a>,
    code: OcfCode,
    progress: &mut Progress<'a>,
) {
    let resource = event.resource;
    let bundled = reading.resolved.is_bundled(resource);
    let clears = if code == OcfCode::NOT_INSTALLED || (!bundled && event.is_masked_probe()) {
        set_role(reading, resource, Role::Stopped);
        false
    } else if code == OcfCode::NOT_RUNNING {
        true
    } else {
        update_by_task(reading, event, progress)
    };
    if !clears {
        return;
    }
    let reconnects = reading.resolved.resource(resource).remote_reconnect_ms != 0;
    match progress.on_fail {
        OnFail::Stop | OnFail::Ban | OnFail::Standby | OnFail::Fence => {}
        // With a reconnect interval the connection waits until the failure is cleared for good.
        OnFail::ResetRemote if reconnects => {}
        OnFail::Block
        | OnFail::Ignore
        | OnFail::Demote
        | OnFail::Restart
        | OnFail::RestartContainer
        | OnFail::ResetRemote => {
            progress.on_fail = OnFail::Ignore;
            set_next_role(reading, resource, Role::Unknown);
        }
    }
}

/// As [`update`], for a resource that was there; `true` if that clears earlier failures.
fn update_by_task<'a>(
    reading: &mut Reading<'a>,
    event: &Event<'a>,
    progress: &Progress<'a>,
) -> bool {
    let resource = event.resource;
    match event.task {
        "monitor" => {
            set_active(reading, resource);
            progress.last_failure.is_some_and(|failure| key_of(failure) == event.key())
        }
        "start" | "migrate_from" => {
            set_role(reading, resource, Role::Started);
            true
        }
        "stop" => {
            set_role(reading, resource, Role::Stopped);
            true
        }
        "promote" => {
            set_role(reading, resource, Role::Promoted);
            true
        }
        "demote" => {
            set_role(reading, resource, Role::Unpromoted);
            progress.on_fail == OnFail::Demote
        }
        "migrate_to" => {
            moves::succeeded(reading, event);
            false
        }
        _ => {
            set_active(reading, resource);
            false
        }
    }
}

/// What an operation without a result makes of the resource.
fn pending<'a>(reading: &mut Reading<'a>, event: &Event<'a>, progress: &Progress<'a>) {
    if progress.last_failure.is_some_and(|failure| is_newer(event, failure)) {
        return;
    }
    let resource = event.resource;
    match event.task {
        "start" => {
            if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                at.flags.start_pending = true;
            }
            force_active(reading, resource);
        }
        // Until a demote has ended the copy is promoted; what said so may be gone from the history.
        "promote" | "demote" => set_role(reading, resource, Role::Promoted),
        "migrate_to" if reading.resolved.node(event.node).unclean => {
            let target = event.element.attr("migrate_target");
            if let Some(node) = target.and_then(|name| reading.resolved.find_node(name)) {
                stop(reading, resource, node);
            }
        }
        _ => {}
    }
    if event.is_probe() {
        return;
    }
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        let pending = Pending { task: shared(event.task), node: Some(event.node) };
        at.pending.get_or_insert(pending);
    }
}

/// Whether a failure is the result of this very operation, recorded apart.
fn is_newer(event: &Event<'_>, failure: Element<'_>) -> bool {
    let number = |element: Element<'_>, name: &str| element.attr(name).and_then(parse_integer);
    failure.attr("operation") == Some(event.task)
        && number(failure, "interval").and_then(|ms| u64::try_from(ms).ok())
            == Some(event.interval_ms)
        && match (number(event.element, "last-rc-change"), number(failure, "last-rc-change")) {
            (Some(this), Some(failure)) => failure >= this,
            _ => false,
        }
}

pub(super) fn set_role(reading: &mut Reading<'_>, resource: ResIx, role: Role) {
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.role = role;
    }
}

pub(super) fn set_next_role(reading: &mut Reading<'_>, resource: ResIx, role: Role) {
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.next_role = role;
    }
}

/// Makes a resource that is not known to be active so.
pub(super) fn set_active(reading: &mut Reading<'_>, resource: ResIx) {
    if reading.resolved.resource(resource).role < Role::Started {
        force_active(reading, resource);
    }
}

/// Active, in the lesser role if there are two.
fn force_active(reading: &mut Reading<'_>, resource: ResIx) {
    let top = reading.resolved.top_of(resource, false);
    let promotable = reading.resolved.resource(top).flags.promotable;
    let role = if promotable { Role::Unpromoted } else { Role::Started };
    set_role(reading, resource, role);
}
