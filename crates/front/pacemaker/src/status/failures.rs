//! Fail counts by node, and the list of failed actions.

use cib::Element;
use model::ExecStatus;
use scheduler::{FailCountScope, NodeIx, Resolved};

use super::primitive::{code_of, is_masked_probe};
use crate::text::Text;
use crate::{exit, time};

/// Writes, for each online node, the resources that failed there and how often.
pub(super) fn write_counts(text: &mut Text, resolved: &Resolved<'_>) {
    let states = resolved.document.root().child("status");
    let states = states.into_iter().flat_map(|status| status.children_named("node_state"));
    let nodes: Vec<NodeIx> = states
        .filter_map(|state| {
            let found = resolved.nodes.iter().position(|node| Some(&*node.id) == state.attr("id"));
            found.map(NodeIx::new).filter(|node| resolved.node(*node).online)
        })
        .collect();
    if nodes.is_empty() {
        return;
    }
    text.space();
    text.begin("Migration Summary");
    for node in nodes {
        let lines: Vec<String> = resolved
            .history
            .iter()
            .filter(|history| history.node == node)
            .filter_map(|history| count_line(resolved, node, history.id))
            .collect();
        if lines.is_empty() {
            continue;
        }
        text.begin(&format!("Node: {}", resolved.node(node).name));
        for line in lines {
            text.item(&line);
        }
        text.end();
    }
    text.end();
}

/// What is said of a resource's failures on a node; nothing where there are none.
fn count_line(resolved: &Resolved<'_>, node: NodeIx, name: &str) -> Option<String> {
    let resource = resolved.find_recorded(name)?;
    let scope = FailCountScope { effective: false, launched: false };
    let failures = resolved.fail_count(node, resource, scope, None);
    if failures.count <= 0 {
        return None;
    }
    let threshold = resolved.resource(resource).migration_threshold;
    let mut line = format!("{name}: migration-threshold={threshold} fail-count={}", failures.count);
    if failures.last > 0 {
        line.push_str(&format!(" last-failure='{}'", time::clock(failures.last)));
    }
    Some(line)
}

/// Writes the failures that history keeps.
pub(super) fn write_failed(text: &mut Text, resolved: &Resolved<'_>) {
    let mut failed =
        resolved.failed.iter().filter(|entry| !is_masked_probe(entry.element)).peekable();
    if failed.peek().is_none() {
        return;
    }
    text.space();
    text.begin("Failed Resource Actions");
    for entry in failed {
        text.item(&describe(entry.element, &resolved.node(entry.node).name));
    }
    text.end();
}

fn describe(entry: Element<'_>, node: &str) -> String {
    let attr = |name: &str| entry.attr(name).unwrap_or_default();
    let key = entry.attr("operation_key").unwrap_or(attr("id"));
    let status: i32 = attr("op-status").parse().unwrap_or(4);
    let words = exit::words(code_of(entry));
    let mut line = format!(
        "{key} on {node} '{words}' ({}): call={}, status='{}'",
        attr("rc-code"),
        attr("call-id"),
        ExecStatus::from_number(status).words()
    );
    if !attr("exit-reason").is_empty() {
        line.push_str(&format!(", exitreason='{}'", attr("exit-reason")));
    }
    if let Ok(at) = attr("last-rc-change").parse::<i64>() {
        line.push_str(&format!(", last-rc-change='{}'", time::clock(at)));
    }
    for (name, word) in [("queue-time", "queued"), ("exec-time", "exec")] {
        if !attr(name).is_empty() {
            line.push_str(&format!(", {word}={}ms", attr(name)));
        }
    }
    line
}
