//! What a plan changes, one line each, in Pacemaker's words.

use model::Role;
use scheduler::{Change, ChangeKind, NodeChange, ResourceChange};

use crate::outline::Outline;

/// Writes the lines.
pub(super) fn write(out: &mut Outline, changes: &[Change]) {
    let (resource_width, details_width) = widths(changes);
    for change in changes {
        match change {
            Change::Node(change) => {
                if let Some(line) = node_line(change) {
                    out.item(&line);
                }
            }
            Change::Resource(change) => {
                let (name, details) = (&change.resource, details(change));
                let word = word(change.kind);
                let reason = reason(change);
                out.item(&format!(
                    "{word:<8}   {name:<resource_width$}   ( {details:>details_width$} ){reason}"
                ));
            }
        }
    }
}

/// The widest column that can be written: more makes `format!` panic.
const WIDEST: usize = u16::MAX as usize;

/// Columns' widths. Compatibility: a name that is too long for what went before gets two more.
fn widths(changes: &[Change]) -> (usize, usize) {
    let (mut resource_width, mut details_width) = (5, 5);
    for change in changes {
        let Change::Resource(change) = change else { continue };
        if change.resource.len() > resource_width {
            resource_width = change.resource.len() + 2;
        }
        details_width = details_width.max(details(change).len());
    }
    (resource_width.min(WIDEST), details_width.min(WIDEST))
}

/// Only what has a reason is told.
fn node_line(change: &NodeChange) -> Option<String> {
    let reason = change.reason.as_ref()?;
    let task = match &change.fencing {
        Some(how) => format!("Fence ({how})"),
        None => "Shutdown".to_owned(),
    };
    let container = change.container.as_ref();
    let container = container.map(|name| format!(" (resource: {name})")).unwrap_or_default();
    Some(format!("{task} {}{container} '{reason}'", change.node))
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Start => "Start",
        ChangeKind::Stop => "Stop",
        ChangeKind::Restart => "Restart",
        ChangeKind::Recover => "Recover",
        ChangeKind::Reload => "Reload",
        ChangeKind::Move => "Move",
        ChangeKind::LiveMove => "Migrate",
        ChangeKind::Promote => "Promote",
        ChangeKind::Demote => "Demote",
        ChangeKind::Repromote => "Re-promote",
    }
}

/// Where from and to, with roles where they say something.
fn details(change: &ResourceChange) -> String {
    let ResourceChange { role, next_role, .. } = change;
    let roles_matter = *role > Role::Started || *next_role > Role::Unpromoted;
    let same_role = role == next_role;
    match (&change.from, &change.to) {
        (None, Some(to)) if roles_matter => format!("{role} -> {next_role} {to}"),
        (None, Some(to)) => to.to_string(),
        (Some(from), None) if roles_matter => format!("{role} {from}"),
        (Some(from), None) => from.to_string(),
        (Some(from), Some(to)) => match (same_role, from == to, roles_matter) {
            (true, true, true) => format!("{role} {from}"),
            (true, true, false) => from.to_string(),
            (true, false, true) => format!("{from} -> {to} {role}"),
            (true, false, false) => format!("{from} -> {to}"),
            (false, true, _) => format!("{role} -> {next_role} {from}"),
            (false, false, _) => format!("{role} {from} -> {next_role} {to}"),
        },
        (None, None) => String::new(),
    }
}

fn reason(change: &ResourceChange) -> String {
    match (&change.reason, change.blocked) {
        (Some(reason), true) => format!("  due to {reason} (blocked)"),
        (Some(reason), false) => format!("  due to {reason}"),
        (None, true) => "  blocked".to_owned(),
        (None, false) => String::new(),
    }
}
