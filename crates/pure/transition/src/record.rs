//! Writes what an operation came to into the document's status section, as Pacemaker records it.
//!
//! The live controller and the rehearsal on paper both come here, so that what one plans from is
//! what the other wrote.
//!
//! **Not here:** deciding what to do about an outcome; the scheduler reads the history for that.
//!
//! **Always:** the same document and record give the same document.
//!
//! Field words: Pacemaker *lrm_rsc_op*, *transition-magic*, *fail-count*.

mod attribute;
mod failures;
mod place;
mod run;

use cib::{Document, NodeId};
use model::{AgentRef, ExecStatus, OcfCode, Outcome};

pub use attribute::{Lifetime, id_of_words, set_attribute};
pub(crate) use attribute::{pair_id, passing_set};
pub(crate) use failures::failure_names;
pub use failures::{Failure, clear_failures, count_failure, forget_failures};
pub use place::{NodeRef, forget_resource, node_state, remove_observed, resource_history};
pub(crate) use place::{find_history, has_state, merge_repeated, new_history, remove_passing};
pub use run::{
    Run, cleanup, record_called_failed, record_outcome, record_pending, record_unfenced,
};
pub(crate) use run::{digests_of, node_ref, operation_of};

/// Pacemaker's feature set that our history entries follow.
pub const FEATURE_SET: &str = "3.20.5";

/// One run of an agent, as the history keeps it.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Where it ran.
    pub node: NodeRef<'a>,
    /// The resource as the history calls it: an anonymous instance goes by its set's child.
    pub resource: &'a str,
    pub agent: &'a AgentRef,
    pub operation: Operation<'a>,
    pub outcome: &'a Outcome,
    /// The exit code that the plan expected.
    pub expected: OcfCode,
    /// The executor's number of the run; later runs on a node have higher ones.
    pub call: u64,
    /// `action:transition:expected:cluster`, from the plan; ties the entry to it.
    pub transition_key: &'a str,
    /// Seconds since 1970 when the run ended.
    pub ran_at: i64,
    /// Seconds since 1970 when a recurring operation's code last changed.
    pub changed_at: i64,
    pub digests: &'a Digests,
    /// Who writes this: the `crm-debug-origin` attribute.
    pub origin: &'a str,
}

/// Which operation ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation<'a> {
    /// `start`, `monitor`, `notify`, ...
    pub task: &'a str,
    /// Zero for an operation that runs once.
    pub interval_ms: u64,
    /// For `notify`: (`pre` or `post`, the task told about).
    pub notify: Option<(&'a str, &'a str)>,
    /// For the two halves of a live move: (source, target).
    pub live_move: Option<(&'a str, &'a str)>,
}

/// Checksums of the parameters that the agent got, by which a changed configuration is noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of all parameters.
    pub all: Option<String>,
    /// Of those whose change needs a restart: (their names, the checksum).
    pub restart: Option<(String, String)>,
    /// Of those that are not secret: (the secret ones' names, the checksum).
    pub secure: Option<(String, String)>,
}

/// Records one run and answers the entry, or `None` where the history keeps nothing of it.
pub fn record(document: &mut Document, record: &Record<'_>) -> Option<NodeId> {
    let state = node_state(document, &record.node);
    let history = resource_history(document, state, record.resource, record.agent);
    remove_replaced(document, history, record);
    record_in(document, history, record)
}

/// Records one run in a resource's history that the caller has found: it may stand under another
/// name than the run's.
pub fn record_in(document: &mut Document, history: NodeId, record: &Record<'_>) -> Option<NodeId> {
    let operation = Operation { task: remembered_task(record), ..record.operation };
    let key = key(record.resource, operation.task, operation.interval_ms);
    let ids = entry_ids(record, &operation, &key);
    let mut written = None;
    for id in ids {
        let entry = find_entry(document, history, &id)
            .unwrap_or_else(|| document.append(history, "lrm_rsc_op"));
        write_entry(document, entry, &id, &key, operation.task, record);
        written = written.or(Some(entry));
    }
    written
}

/// Checksums of an entry that not every run has.
const PARTIAL_DIGESTS: [&str; 4] =
    ["op-force-restart", "op-restart-digest", "op-secure-params", "op-secure-digest"];

/// Removes what a run replaces although [`record_in`] does not write over it: entries of the same
/// recurring operation, or of operations that run once, as older versions named them or as they
/// were named for another instance; and checksums of parameters that the run does not tell of. What
/// they say was true before the run.
pub(crate) fn remove_replaced(document: &mut Document, history: NodeId, record: &Record<'_>) {
    let Operation { task, interval_ms, .. } = record.operation;
    let has_own_place = |task: &str| matches!(task, "notify" | "migrate_to" | "migrate_from");
    if has_own_place(task) {
        return;
    }
    let interval = interval_ms.to_string();
    let (last, key) =
        (format!("{}_last_0", record.resource), key(record.resource, task, interval_ms));
    let replaced = |entry: &cib::Element<'_>| {
        let id = entry.attr("id").unwrap_or_default();
        let about = entry.attr("operation").unwrap_or_default();
        let same = if interval_ms > 0 { about == task && id != key } else { !has_own_place(about) };
        same && id != last
            && !id.ends_with("_last_failure_0")
            && entry.attr("interval").unwrap_or("0") == interval
    };
    let entries = document.element(history).children_named("lrm_rsc_op");
    let doomed: Vec<NodeId> = entries.filter(replaced).map(cib::Element::id).collect();
    doomed.into_iter().for_each(|entry| document.remove(entry));
    let operation = Operation { task: remembered_task(record), ..record.operation };
    for id in entry_ids(record, &operation, &key) {
        let Some(entry) = find_entry(document, history, &id) else { continue };
        for name in PARTIAL_DIGESTS {
            document.unset(entry, name);
        }
    }
}

/// Removes a recurring operation from the history: it was cancelled. Whatever name it was recorded
/// under; its last failure only once the resource was recovered from it.
pub fn cancelled(document: &mut Document, history: NodeId, task: &str, interval_ms: u64) {
    let interval = interval_ms.to_string();
    let entries = || document.element(history).children_named("lrm_rsc_op");
    let call = |entry: &cib::Element<'_>| entry.attr("call-id").and_then(|id| id.parse().ok());
    let changes = entries().filter(|entry| entry.attr("interval") == Some("0"));
    let changes = changes.filter(|entry| {
        matches!(entry.attr("operation"), Some("start" | "stop" | "promote" | "demote"))
    });
    let recovered: Option<i64> = changes.filter_map(|entry| call(&entry)).max();
    let doomed: Vec<NodeId> = entries()
        .filter(|entry| entry.attr("operation") == Some(task))
        .filter(|entry| entry.attr("interval") == Some(&interval))
        .filter(|entry| {
            let is_failure = entry.attr("id").is_some_and(|id| id.ends_with("_last_failure_0"));
            !is_failure || call(entry) < recovered
        })
        .map(cib::Element::id)
        .collect();
    for entry in doomed {
        document.remove(entry);
    }
}

/// `RESOURCE_TASK_INTERVAL`.
pub fn key(resource: &str, task: &str, interval_ms: u64) -> String {
    format!("{resource}_{task}_{interval_ms}")
}

/// Whether the outcome is a failure of an operation that was expected to end with `expected`.
pub fn failed(outcome: &Outcome, expected: OcfCode) -> bool {
    match outcome.status {
        ExecStatus::Cancelled | ExecStatus::Pending => false,
        ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::Error
        | ExecStatus::NotConnected
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets
        | ExecStatus::Invalid => true,
        ExecStatus::Done
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled => outcome.code != expected,
    }
}

/// A reload that worked is remembered as a start, since it set the parameters; one that did not
/// says no more than a failed monitor.
fn remembered_task<'a>(record: &Record<'a>) -> &'a str {
    match record.operation.task {
        "reload" | "reload-agent" => match record.outcome.status {
            ExecStatus::Done => "start",
            ExecStatus::Pending
            | ExecStatus::Cancelled
            | ExecStatus::TimedOut
            | ExecStatus::NotSupported
            | ExecStatus::Error
            | ExecStatus::ErrorHard
            | ExecStatus::ErrorFatal
            | ExecStatus::NotInstalled
            | ExecStatus::NotConnected
            | ExecStatus::Invalid
            | ExecStatus::NoFenceDevice
            | ExecStatus::NoSecrets => "monitor",
        },
        task => task,
    }
}

/// Under which ids the run is kept: the last run and the last failure have fixed places, recurring
/// operations and the halves of a live move have their own.
fn entry_ids(record: &Record<'_>, operation: &Operation<'_>, key: &str) -> Vec<String> {
    let resource = record.resource;
    if operation.task == "notify" {
        let (kind, about) = operation.notify.unwrap_or(("unknown", "unknown"));
        return vec![format!("{resource}_{kind}_notify_{about}_0")];
    }
    if matches!(operation.task, "migrate_to" | "migrate_from") {
        return vec![key.to_owned()];
    }
    let last = format!("{resource}_last_0");
    if failed(record.outcome, record.expected) {
        let failure = format!("{resource}_last_failure_0");
        return if operation.interval_ms == 0 { vec![failure, last] } else { vec![failure] };
    }
    vec![if operation.interval_ms > 0 { key.to_owned() } else { last }]
}

fn find_entry(document: &Document, history: NodeId, id: &str) -> Option<NodeId> {
    document
        .element(history)
        .children_named("lrm_rsc_op")
        .find(|entry| entry.attr("id") == Some(id))
        .map(cib::Element::id)
}

fn write_entry(
    document: &mut Document,
    entry: NodeId,
    id: &str,
    key: &str,
    task: &str,
    record: &Record<'_>,
) {
    // A notification that failed must not hold up what it tells about.
    let ignored = task == "notify" && record.outcome.status != ExecStatus::Pending;
    let forgiven = Outcome::done(OcfCode::OK);
    let outcome = if ignored { &forgiven } else { record.outcome };
    let reason = if failed(outcome, record.expected) { outcome.reason.as_str() } else { "" };
    let magic = format!("{}:{};{}", outcome.status as i32, outcome.code, record.transition_key);
    let interval = record.operation.interval_ms;
    let changed =
        if interval > 0 && record.changed_at > 0 { record.changed_at } else { record.ran_at };
    for (name, value) in [
        ("id", id),
        ("operation_key", key),
        ("operation", task),
        ("crm-debug-origin", record.origin),
        ("crm_feature_set", FEATURE_SET),
        ("transition-key", record.transition_key),
        ("transition-magic", &magic),
        ("exit-reason", reason),
        ("on_node", record.node.name),
        ("call-id", &record.call.to_string()),
        ("rc-code", &outcome.code.to_string()),
        ("op-status", &(outcome.status as i32).to_string()),
        ("interval", &interval.to_string()),
        ("last-rc-change", &changed.to_string()),
        ("exec-time", &outcome.exec_ms.to_string()),
        ("queue-time", &outcome.queue_ms.to_string()),
    ] {
        document.set(entry, name, value);
    }
    if let Some((source, target)) = record.operation.live_move {
        document.set(entry, "migrate_source", source);
        document.set(entry, "migrate_target", target);
    }
    write_digests(document, entry, record.digests);
}

fn write_digests(document: &mut Document, entry: NodeId, digests: &Digests) {
    if let Some(all) = &digests.all {
        document.set(entry, "op-digest", all);
    }
    if let Some((names, digest)) = &digests.restart {
        document.set(entry, "op-force-restart", names);
        document.set(entry, "op-restart-digest", digest);
    }
    if let Some((names, digest)) = &digests.secure {
        document.set(entry, "op-secure-params", names);
        document.set(entry, "op-secure-digest", digest);
    }
}

#[cfg(test)]
mod tests;
