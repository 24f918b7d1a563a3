//! Fail counts and the time of the last failure: passing attributes of the node.

use cib::{Document, Element, NodeId};

use super::attribute::{set_in, transient_set};
use super::place::{NodeRef, find_history, node_state};

/// A failed operation, as fail counts know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    pub node: NodeRef<'a>,
    /// The resource without an anonymous instance's number.
    pub resource: &'a str,
    pub task: &'a str,
    pub interval_ms: u64,
    /// The first failure already forbids the node: a failed stop, or a failed start where
    /// `start-failure-is-fatal`.
    pub fatal: bool,
    /// Seconds since 1970.
    pub at: i64,
}

/// Counts a failure and notes its time. Answers the attributes that say so, with their values.
pub fn count_failure(document: &mut Document, failure: &Failure<'_>) -> [(String, String); 2] {
    let state = node_state(document, &failure.node);
    let set = transient_set(document, state);
    let [name, last] = failure_names(failure);
    let before = document
        .element(set)
        .children_named("nvpair")
        .find(|pair| pair.attr("name") == Some(&name))
        .and_then(|pair| pair.attr("value"));
    let count = match before {
        _ if failure.fatal => "INFINITY".to_owned(),
        Some("INFINITY") => "INFINITY".to_owned(),
        Some(text) => text.parse::<u32>().unwrap_or(0).saturating_add(1).to_string(),
        None => "1".to_owned(),
    };
    set_in(document, set, &name, &count);
    let at = failure.at.to_string();
    set_in(document, set, &last, &at);
    [(name, count), (last, at)]
}

/// The names of the attributes that count a failure and note its time.
pub(crate) fn failure_names(failure: &Failure<'_>) -> [String; 2] {
    let Failure { resource, task, interval_ms, .. } = *failure;
    ["fail-count", "last-failure"].map(|prefix| attribute(prefix, resource, task, interval_ms))
}

/// Forgets failures of a resource on a node: of one operation, or of all.
pub fn clear_failures(
    document: &mut Document,
    node: &NodeRef<'_>,
    resource: &str,
    operation: Option<(&str, u64)>,
) {
    let state = node_state(document, node);
    let set = transient_set(document, state);
    let doomed = |pair: &Element<'_>| {
        let name = pair.attr("name").unwrap_or_default();
        ["fail-count", "last-failure"].iter().any(|prefix| match operation {
            Some((task, ms)) => name == attribute(prefix, resource, task, ms),
            None => {
                let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
                rest.is_some_and(|rest| is_about(rest, resource))
            }
        })
    };
    let pairs: Vec<NodeId> =
        document.element(set).children_named("nvpair").filter(doomed).map(Element::id).collect();
    for pair in pairs {
        document.remove(pair);
    }
}

/// Forgets all failures of a resource on a node, and the history's own record of the last one: their
/// time is over.
pub fn forget_failures(document: &mut Document, node: &NodeRef<'_>, resource: &str) {
    clear_failures(document, node, resource, None);
    let state = node_state(document, node);
    let Some(history) = find_history(document, state, resource) else { return };
    let doomed = format!("{resource}_last_failure_0");
    let entry = document
        .element(history)
        .children()
        .find(|entry| entry.attr("id") == Some(&doomed))
        .map(Element::id);
    entry.into_iter().for_each(|entry| document.remove(entry));
}

/// Whether what follows an attribute's prefix is about `resource`, or about an instance of it: old
/// clusters counted those apart.
fn is_about(name: &str, resource: &str) -> bool {
    let name = name.split_once('#').map_or(name, |(name, _)| name);
    let instance = name.strip_prefix(resource).and_then(|rest| rest.strip_prefix(':'));
    name == resource
        || instance.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn attribute(prefix: &str, resource: &str, task: &str, interval_ms: u64) -> String {
    format!("{prefix}-{resource}#{task}_{interval_ms}")
}
