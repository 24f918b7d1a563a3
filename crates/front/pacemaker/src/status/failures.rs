//! Fail counts by node, and the list of failed actions.

use std::collections::BTreeMap;

use cib::Element;
use model::{ExecStatus, OcfCode};
use scheduler::{Node, Resolved};

use super::primitive::{code_of, is_masked_probe};
use crate::text::Text;
use crate::time;

/// Writes, for each node with failures, the resources that failed there and how often.
pub(super) fn write_counts(text: &mut Text, resolved: &Resolved<'_>) {
    let mut begun = false;
    for node in &resolved.nodes {
        let failures = failures_of(node);
        if failures.is_empty() {
            continue;
        }
        if !begun {
            text.space();
            text.begin("Migration Summary");
            begun = true;
        }
        text.begin(&format!("Node: {}", node.name));
        for (name, failure) in failures {
            let threshold =
                resolved.find_resource(name).map_or(model::Score::INFINITY.value(), |at| {
                    resolved.resource(at).migration_threshold
                });
            let mut line = format!("{name}: migration-threshold={threshold}");
            if failure.count > 0 {
                line.push_str(&format!(" fail-count={}", failure.count));
            }
            if failure.last > 0 {
                line.push_str(&format!(" last-failure='{}'", time::calendar(failure.last)));
            }
            text.item(&line);
        }
        text.end();
    }
    if begun {
        text.end();
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: i64,
    last: i64,
}

/// A resource's failures are the sum of its operations'.
fn failures_of<'n>(node: &'n Node<'_>) -> BTreeMap<&'n str, Failures> {
    let mut by_resource: BTreeMap<&str, Failures> = BTreeMap::new();
    for (name, value) in &node.attributes {
        let (name, is_count) = match name.strip_prefix("fail-count-") {
            Some(rest) => (rest, true),
            None => match name.strip_prefix("last-failure-") {
                Some(rest) => (rest, false),
                None => continue,
            },
        };
        let resource = name.split_once('#').map_or(name, |(resource, _)| resource);
        let entry = by_resource.entry(resource).or_default();
        if is_count {
            let count = model::Score::parse(value).map_or(0, |score| i64::from(score.value()));
            entry.count = (entry.count + count).min(i64::from(model::Score::INFINITY.value()));
        } else {
            entry.last = entry.last.max(value.parse().unwrap_or(0));
        }
    }
    by_resource
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
    let words = OcfCode(code_of(entry).0).words();
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
        line.push_str(&format!(", last-rc-change='{}'", time::calendar(at)));
    }
    for (name, word) in [("queue-time", "queued"), ("exec-time", "exec")] {
        if !attr(name).is_empty() {
            line.push_str(&format!(", {word}={}ms", attr(name)));
        }
    }
    line
}
