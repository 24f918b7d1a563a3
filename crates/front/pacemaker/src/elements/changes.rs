//! What a plan changes.

use model::Role;
use scheduler::{Change, ChangeKind, NodeChange, ResourceChange};

use crate::xml_out::XmlOut;

pub(super) fn write(out: &mut XmlOut, changes: &[Change]) {
    out.begin("actions");
    for change in changes {
        match change {
            Change::Node(change) => write_node(out, change),
            Change::Resource(change) => write_resource(out, change),
        }
    }
    out.end();
}

/// Only what has a reason is told.
fn write_node(out: &mut XmlOut, change: &NodeChange) {
    let Some(reason) = &change.reason else { return };
    let task = match &change.fencing {
        Some(how) => format!("Fence ({how})"),
        None => "Shutdown".to_owned(),
    };
    let node = match &change.container {
        Some(container) => format!("{} (resource: {container})", change.node),
        None => change.node.to_string(),
    };
    out.empty("node_action", &[("task", &task), ("node", &node), ("reason", reason)]);
}

fn write_resource(out: &mut XmlOut, change: &ResourceChange) {
    let ResourceChange { role, next_role, from, to, .. } = change;
    let roles_matter = *role > Role::Started || *next_role > Role::Unpromoted;
    let same_role = role == next_role;
    let same_node = from == to;
    let (role, next_role) = (role.to_string(), next_role.to_string());
    let role = roles_matter.then_some(&*role);
    out.begin("rsc_action");
    out.attr("action", word(change.kind));
    out.attr("resource", &change.resource);
    match (from, to) {
        (None, Some(to)) if roles_matter => {
            out.attr_if("role", role);
            out.attr("next-role", &next_role);
            out.attr("dest", to);
        }
        (None, Some(only)) => out.attr("node", only),
        (Some(only), None) => {
            out.attr_if("role", role);
            out.attr("node", only);
        }
        (Some(from), Some(_)) if same_role && same_node => {
            out.attr_if("role", role);
            out.attr("source", from);
        }
        (Some(from), Some(to)) if same_role => {
            out.attr("source", from);
            out.attr("dest", to);
            out.attr_if("role", role);
        }
        (Some(from), Some(to)) => {
            out.attr_if("role", Some(&change.role.to_string()));
            if same_node {
                out.attr("next-role", &next_role);
                out.attr("source", from);
            } else {
                out.attr("source", from);
                out.attr("next-role", &next_role);
                out.attr("dest", to);
            }
        }
        (None, None) => {}
    }
    out.attr_if("reason", change.reason.as_deref());
    if change.blocked {
        out.flag("blocked", true);
    }
    out.end();
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Start => "start",
        ChangeKind::Stop => "stop",
        ChangeKind::Restart => "restart",
        ChangeKind::Recover => "recover",
        ChangeKind::Reload => "reload",
        ChangeKind::Move => "move",
        ChangeKind::LiveMove => "migrate",
        ChangeKind::Promote => "promote",
        ChangeKind::Demote => "demote",
        ChangeKind::Repromote => "re-promote",
    }
}
