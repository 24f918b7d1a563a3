//! The status as Heartbeat's `crm_mon` wrote it, for scripts that read that.

use model::{AgentRef, ExecStatus, Role};
use scheduler::{Node, ResIx, Resolved, Resource, Variant};

use crate::shown::Coordinator;
use crate::status::FailedAction;

const RULE: &str = "============";

/// The lines of it. `now` is told if it is wanted. `inactive`: also resources that run nowhere.
pub(super) fn lines(
    resolved: &Resolved<'_>,
    coordinator: Option<&Coordinator<'_>>,
    failed: &[FailedAction<'_>],
    (now, inactive): (Option<&str>, bool),
) -> Vec<String> {
    let mut lines = vec![String::new(), String::new(), RULE.to_owned()];
    lines.extend(now.map(|now| format!("Last updated: {now}")));
    lines.push(match coordinator {
        Some(Coordinator { name, id, .. }) => format!("Current DC: {name} ({id})"),
        None => "Current DC: NONE".to_owned(),
    });
    lines.push(format!("{} Nodes configured.", resolved.nodes.len()));
    lines.push(format!("{} Resources configured.", resolved.top.len()));
    lines.extend([RULE.to_owned(), String::new()]);
    lines.extend(resolved.nodes.iter().map(node));
    lines.push(String::new());
    if inactive {
        lines.extend(["Full list of resources:".to_owned(), String::new()]);
    }
    for top in &resolved.top {
        resource(resolved, *top, ("", inactive), &mut lines);
    }
    if !failed.is_empty() {
        lines.extend([String::new(), "Failed actions:".to_owned()]);
        lines.extend(failed.iter().map(failure));
    }
    lines
}

fn node(node: &Node<'_>) -> String {
    let state = match (node.online, node.standby) {
        (true, false) => "online",
        (true, true) => "standby",
        (false, _) => "OFFLINE",
    };
    format!("Node: {} ({}): {state}", node.name, node.id)
}

/// A resource with its parts, each level further in.
fn resource(
    resolved: &Resolved<'_>,
    at: ResIx,
    (prefix, inactive): (&str, bool),
    lines: &mut Vec<String>,
) {
    let shown = resolved.resource(at);
    let is_active = |at: ResIx| {
        view::survival::leaves(resolved, at)
            .iter()
            .any(|at| !resolved.resource(*at).active.is_empty())
    };
    if !inactive && !is_active(at) {
        return;
    }
    let title = match &shown.variant {
        Variant::Primitive => return lines.push(format!("{prefix}{}", primitive(resolved, shown))),
        Variant::Group(_) => "Resource Group",
        Variant::CloneSet(_) if shown.flags.promotable => "Master/Slave Set",
        Variant::CloneSet(_) => "Clone Set",
        Variant::Bundle(_) => "Container Set",
    };
    lines.push(format!("{prefix}{title}: {}", shown.id));
    let inner = format!("{prefix}    ");
    for child in &shown.children {
        resource(resolved, *child, (&inner, inactive), lines);
    }
}

/// The provider stood before the class.
fn primitive(resolved: &Resolved<'_>, shown: &Resource<'_>) -> String {
    let agent = shown.agent.as_ref().map(agent_name).unwrap_or_default();
    let orphaned = if shown.flags.removed { " ORPHANED" } else { "" };
    let mut line = format!("{}\t({agent}{orphaned}):\t", shown.id);
    let names: Vec<&str> = shown.active.iter().map(|at| &*resolved.node(*at).name).collect();
    match names.as_slice() {
        [] => line.push_str("Stopped"),
        [one] => line.push_str(&format!("{} {one}", role(shown.role))),
        [..] => {
            line.push_str(&format!("{} [", role(shown.role)));
            names.iter().for_each(|name| line.push_str(&format!("\t{name}")));
            line.push_str(" ]");
        }
    }
    if !shown.flags.managed {
        line.push_str(" (unmanaged)");
    }
    if shown.flags.failed {
        line.push_str(" FAILED");
    }
    line
}

fn agent_name(agent: &AgentRef) -> String {
    let provider = agent.provider.as_ref().map(|name| format!("{name}::")).unwrap_or_default();
    format!("{provider}{}:{}", agent.standard, agent.kind)
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Unknown => "Unknown",
        Role::Stopped => "Stopped",
        Role::Started => "Started",
        Role::Unpromoted => "Slave",
        Role::Promoted => "Master",
    }
}

fn failure(failed: &FailedAction<'_>) -> String {
    let status = match failed.status {
        ExecStatus::Pending => "pending",
        ExecStatus::Done => "complete",
        ExecStatus::Cancelled => "Cancelled",
        ExecStatus::TimedOut => "Timed Out",
        ExecStatus::NotSupported => "NOT SUPPORTED",
        ExecStatus::Error
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => "Error",
    };
    let (key, node, call) = (failed.key(), failed.node, failed.attr("call-id"));
    format!("    {key} (node={node}, call={call}, rc={}): {status}", failed.code.0)
}
