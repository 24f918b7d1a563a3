//! One line for one primitive.

use std::borrow::Cow;

use cib::Element;
use model::{AgentRef, ExecStatus, OcfCode, Role};
use scheduler::{NodeIx, ResIx, Resolved, Resource, Variant};

use super::resources::in_brackets;
use super::{Shown, current_node, node_name, shown_id, target_role};
use crate::exit;
use crate::text::Text;

/// Writes a primitive under its own name.
pub(super) fn write(text: &mut Text, resolved: &Resolved<'_>, at: ResIx, shown: Shown) -> bool {
    let resource = resolved.resource(at);
    let pending_on = || resource.pending.as_ref().and_then(|pending| pending.node);
    let node = current_node(resolved, at).or_else(pending_on);
    write_as(text, resolved, at, shown_id(resource), node, shown)
}

/// Writes a primitive as `name` on `node`.
pub(super) fn write_as(
    text: &mut Text,
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    node: Option<NodeIx>,
    shown: Shown,
) -> bool {
    let resource = resolved.resource(at);
    // Connections that guests imply are seen as nodes.
    if resource.meta("internal_rsc") == Some("true") {
        return false;
    }
    text.item(&line(resolved, at, name, node, shown));
    true
}

fn line(
    resolved: &Resolved<'_>,
    at: ResIx,
    name: &str,
    node: Option<NodeIx>,
    shown: Shown,
) -> String {
    let resource = resolved.resource(at);
    let agent = resource.agent.as_ref().map(agent_name).unwrap_or_default();
    let locked = resource.shutdown_lock.map(|lock| lock.node);
    let several = resource.active.len() > 1;
    let node = if several { None } else { node.or(locked) };
    let mut line = format!("{name}\t({agent}):\t");
    if resource.flags.removed {
        line.push_str(" ORPHANED");
    }
    let role = shown_role(resolved, at);
    if resource.flags.failed {
        line.push_str(" FAILED");
        if role > Role::Unpromoted {
            line.push_str(&format!(" {role}"));
        }
    } else {
        match pending_state(resource).filter(|_| shown.pending) {
            Some(state) => line.push_str(&format!(" {state}")),
            None => line.push_str(&format!(" {role}")),
        }
    }
    if let Some(node) = node {
        line.push_str(&format!(" {}", node_name(resolved, node)));
    }
    if role == Role::Stopped
        && let Some(code) = failed_probe(resolved, at, node)
    {
        line.push_str(&format!(" ({}) ", exit::words(code)));
    }
    let remarks = remarks(resolved, at, node, shown);
    line.push_str(&in_brackets(&remarks.iter().map(AsRef::as_ref).collect::<Vec<&str>>()));
    if several {
        if let Some(description) = resource.element.attr("description") {
            line.push_str(&format!(" ({description})"));
        }
        let names: Vec<&str> =
            resource.active.iter().map(|node| node_name(resolved, *node)).collect();
        line.push_str(&format!(" [ {} ]", names.join(" ")));
    }
    line
}

/// Only OCF agents have a provider, whatever is written.
fn agent_name(agent: &AgentRef) -> String {
    match &agent.provider {
        Some(_) if &*agent.standard == "ocf" => agent.to_string(),
        Some(_) | None => format!("{}:{}", agent.standard, agent.kind),
    }
}

fn remarks(
    resolved: &Resolved<'_>,
    at: ResIx,
    node: Option<NodeIx>,
    shown: Shown,
) -> Vec<Cow<'static, str>> {
    let resource = resolved.resource(at);
    let flags = &resource.flags;
    let mut remarks = Vec::new();
    if let Some(node) = node {
        let there = resolved.node(node);
        if !there.online && there.unclean {
            remarks.push("UNCLEAN".into());
        }
        if resource.shutdown_lock.is_some_and(|lock| lock.node == node) {
            remarks.push("LOCKED".into());
        }
    }
    let monitoring = resource.pending.as_ref().is_some_and(|pending| &*pending.task == "monitor");
    if shown.pending && monitoring {
        remarks.push("Monitoring".into());
    }
    match target_role(resource) {
        Some(Role::Stopped) => remarks.push("disabled".into()),
        Some(Role::Unpromoted) => {
            if resolved.resource(resolved.top_of(at, false)).flags.promotable {
                let written = resource.meta("target-role").unwrap_or_default();
                remarks.push(format!("target-role:{written}").into());
            }
        }
        // The others limit nothing.
        Some(Role::Unknown | Role::Started | Role::Promoted) | None => {}
    }
    match (flags.blocked, flags.maintenance, flags.managed) {
        (true, _, _) => remarks.push("blocked".into()),
        (false, true, _) => remarks.push("maintenance".into()),
        (false, false, false) => remarks.push("unmanaged".into()),
        (false, false, true) => {}
    }
    if flags.ignore_failure {
        remarks.push("failure ignored".into());
    }
    remarks
}

/// A promotable instance that is merely started is unpromoted.
fn shown_role(resolved: &Resolved<'_>, at: ResIx) -> Role {
    let role = resolved.resource(at).role;
    let promotable = resolved.resource(resolved.top_of(at, false)).flags.promotable;
    if role == Role::Started && promotable { Role::Unpromoted } else { role }
}

fn pending_state(resource: &Resource<'_>) -> Option<&'static str> {
    match &*resource.pending.as_ref()?.task {
        "start" => Some("Starting"),
        "stop" => Some("Stopping"),
        "migrate_to" | "migrate_from" => Some("Migrating"),
        "promote" => Some("Promoting"),
        "demote" => Some("Demoting"),
        _ => None,
    }
}

/// The code of a probe that could not tell, on `node` or on any.
pub(super) fn failed_probe(
    resolved: &Resolved<'_>,
    at: ResIx,
    node: Option<NodeIx>,
) -> Option<OcfCode> {
    let top = resolved.resource(resolved.top_of(at, false));
    let name = match (&top.variant, top.children.first()) {
        (Variant::CloneSet(_), Some(child)) => resolved.resource(*child).config_id.as_ref(),
        _ => resolved.resource(at).id.as_ref(),
    };
    let wanted = node.map(|node| node_name(resolved, node));
    resolved
        .failed
        .iter()
        .map(|failed| failed.element)
        .filter(|entry| is_masked_probe(*entry))
        .filter(|entry| {
            let there = entry.attr("on_node");
            there.is_some_and(|there| wanted.is_none_or(|node| there.eq_ignore_ascii_case(node)))
        })
        .find(|entry| resource_of_key(*entry) == Some(name))
        .map(code_of)
}

/// A probe whose answer means that the agent is not there, not that the resource failed.
pub(super) fn is_masked_probe(entry: Element<'_>) -> bool {
    let interval = entry.attr("interval").unwrap_or("0");
    if entry.attr("operation") != Some("monitor") || interval != "0" {
        return false;
    }
    let status = entry.attr("op-status").and_then(|text| text.parse().ok());
    let status = status.map_or(ExecStatus::Error, ExecStatus::from_number);
    matches!(code_of(entry), OcfCode::NOT_INSTALLED | OcfCode::INVALID_PARAMETER)
        || status == ExecStatus::NotInstalled
}

pub(super) fn code_of(entry: Element<'_>) -> OcfCode {
    OcfCode(entry.attr("rc-code").and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The resource part of `RESOURCE_TASK_INTERVAL`.
pub(super) fn resource_of_key(entry: Element<'_>) -> Option<&str> {
    let key = entry.attr("operation_key").or_else(|| entry.attr("id"))?;
    let (rest, _) = key.rsplit_once('_')?;
    let (rest, task) = rest.rsplit_once('_')?;
    // `migrate_to` and `migrate_from` have the mark inside.
    match task {
        "to" | "from" => rest.strip_suffix("_migrate"),
        _ => Some(rest),
    }
}
