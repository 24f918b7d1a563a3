//! Checksums of an operation's parameters, by which changes of the configuration are noticed.

use cib::Element;
use scheduler::{Examined, Fingerprint, Fingerprints, HistoryEntry, NodeIx, ResIx, Resolved};

use super::task::Task;
use crate::exit::Exit;
use crate::tool::Trouble;
use crate::xml_out::XmlOut;

/// Shows the checksums of the operation by which the resource came to be as it is on the node.
pub(super) fn show(
    task: &mut Task<'_, '_>,
    at: ResIx,
    overrides: &[(String, String)],
) -> Result<Exit, Trouble> {
    let resolved = task.resolved;
    let Some(node) = task.asked.node else {
        return Err(Trouble::usage("Must supply a node name with -N/--node"));
    };
    let resource = resolved.resource(at);
    if !resource.is_primitive() {
        return Err(Trouble::new(Exit::Unimplemented, ""));
    }
    let entry = deciding(resolved, at, node);
    let given = overrides.iter().find(|(name, _)| name == "CRM_meta_interval");
    let given = given.and_then(|(_, interval)| interval.parse().ok());
    let recorded = entry.map_or(0, |entry| entry.interval_ms);
    let operation = entry.map_or("start", |entry| entry.task);
    let interval_ms = given.unwrap_or(recorded);
    let record: Option<Element<'_>> = entry.map(|entry| entry.element);
    let examined = Examined { resource: at, node, task: operation, interval_ms, record, overrides };
    let Fingerprints { all, secure, restart } = resolved.fingerprints(&examined);
    let (id, node) = (&resource.id, &resolved.node(node).name);
    let what = match (interval_ms, operation) {
        (0, "monitor") => "probe action".to_owned(),
        (0, operation) => format!("{operation} action"),
        (interval, operation) => format!("{interval}ms-interval {operation} action"),
    };
    task.said.tell(
        |out| {
            out.begin(&format!("Digests for {id} {what} on {node}"));
            out.item(&format!("{} (all parameters)", all.digest));
            out.item(&format!("{} (non-private parameters)", secure.digest));
            if let Some(restart) = &restart {
                out.item(&format!("{} (non-reloadable parameters)", restart.digest));
            }
            out.end();
        },
        |xml| {
            xml.begin("digests");
            xml.attr("resource", id);
            xml.attr("node", node);
            xml.attr("task", operation);
            xml.attr("interval", &format!("{interval_ms}ms"));
            write(xml, "all", &all);
            write(xml, "nonprivate", &secure);
            if let Some(restart) = &restart {
                write(xml, "nonreloadable", restart);
            }
            xml.end();
        },
    );
    Ok(Exit::Ok)
}

fn write(xml: &mut XmlOut, kind: &str, fingerprint: &Fingerprint) {
    xml.begin("digest");
    xml.attr("type", kind);
    xml.attr("hash", &fingerprint.digest);
    xml.begin("parameters");
    for (name, value) in &fingerprint.parameters {
        xml.attr(name, value);
    }
    xml.end();
    xml.end();
}

/// The record whose parameters the resource runs with: of what made it active, if there is any; then
/// the one that can tell what needs a restart; then the newest.
fn deciding<'r, 'd>(
    resolved: &'r Resolved<'d>,
    at: ResIx,
    node: NodeIx,
) -> Option<&'r HistoryEntry<'d>> {
    let id = &*resolved.resource(at).id;
    let history = resolved.history_of(node).iter().find(|history| history.id == id)?;
    let mut best: Option<&HistoryEntry<'_>> = None;
    for entry in &history.entries {
        if !best.is_some_and(|best| is_worse(entry, best)) {
            best = Some(entry);
        }
    }
    best
}

fn is_worse(entry: &HistoryEntry<'_>, best: &HistoryEntry<'_>) -> bool {
    if !is_effective(entry) && is_effective(best) {
        return true;
    }
    let is_once = |entry: &HistoryEntry<'_>| entry.interval_ms == 0;
    if !is_effective(entry) && is_once(entry) && !is_once(best) {
        return true;
    }
    (is_failure(entry) && !is_failure(best))
        || (tells_restart(best) && !tells_restart(entry))
        || entry.call_id < best.call_id
}

/// Whether the operation is one that leaves a resource active.
fn is_effective(entry: &HistoryEntry<'_>) -> bool {
    let tasks = ["monitor", "start", "promote", "migrate_from"];
    entry.interval_ms == 0 && tasks.contains(&entry.task)
}

fn is_failure(entry: &HistoryEntry<'_>) -> bool {
    entry.id.ends_with("_last_failure_0")
}

fn tells_restart(entry: &HistoryEntry<'_>) -> bool {
    entry.element.attr("op-restart-digest").is_some()
}
