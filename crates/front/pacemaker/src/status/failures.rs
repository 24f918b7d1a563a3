//! Fail counts by node, and failed actions.

use cib::Element;
use model::{ExecStatus, OcfCode};
use scheduler::{FailCountScope, NodeIx, Resolved};

use super::primitive::{code_of, is_masked_probe};

/// What failed on a node, and how often.
#[derive(Clone, Debug)]
pub(crate) struct NodeFailures<'r> {
    pub(crate) node: &'r str,
    pub(crate) counts: Vec<FailCountShown<'r>>,
}

/// How often a resource failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailCountShown<'r> {
    pub(crate) resource: &'r str,
    pub(crate) count: i32,
    pub(crate) threshold: i32,
    /// Seconds since 1970; 0 if not known.
    pub(crate) last_failure: i64,
}

/// A failure that history keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAction<'r> {
    pub(crate) entry: Element<'r>,
    pub(crate) node: &'r str,
    pub(crate) code: OcfCode,
    pub(crate) status: ExecStatus,
}

impl<'r> FailedAction<'r> {
    /// `RESOURCE_TASK_INTERVAL`, or what stands for it.
    pub(crate) fn key(&self) -> &'r str {
        self.entry.attr("operation_key").unwrap_or(self.attr("id"))
    }

    /// An attribute of the record, empty if there is none.
    pub(crate) fn attr(&self, name: &str) -> &'r str {
        self.entry.attr(name).unwrap_or_default()
    }

    /// When the result changed (seconds since 1970), if that was recorded.
    pub(crate) fn changed_at(&self) -> Option<i64> {
        self.attr("last-rc-change").parse().ok()
    }
}

/// For each online node, the resources that failed there; `None` if no node is online.
pub(super) fn read_counts<'r>(resolved: &'r Resolved<'_>) -> Option<Vec<NodeFailures<'r>>> {
    let states = resolved.document.root().child("status");
    let states = states.into_iter().flat_map(|status| status.children_named("node_state"));
    let nodes: Vec<NodeIx> = states
        .filter_map(|state| {
            let found = resolved.nodes.iter().position(|node| Some(&*node.id) == state.attr("id"));
            found.map(NodeIx::new).filter(|node| resolved.node(*node).online)
        })
        .collect();
    if nodes.is_empty() {
        return None;
    }
    let all = nodes.into_iter().map(|node| NodeFailures {
        node: &resolved.node(node).name,
        counts: counts(resolved, node),
    });
    Some(all.filter(|node| !node.counts.is_empty()).collect())
}

fn counts<'r>(resolved: &'r Resolved<'_>, node: NodeIx) -> Vec<FailCountShown<'r>> {
    let there = resolved.history_of(node);
    there.iter().filter_map(|history| count(resolved, node, history.id)).collect()
}

/// A resource's failures on a node; nothing where there are none.
fn count<'r>(
    resolved: &'r Resolved<'_>,
    node: NodeIx,
    name: &'r str,
) -> Option<FailCountShown<'r>> {
    let resource = resolved.find_recorded(name)?;
    let scope = FailCountScope { effective: false, launched: false };
    let failures = resolved.fail_count(node, resource, scope, None);
    (failures.count > 0).then(|| FailCountShown {
        resource: name,
        count: failures.count,
        threshold: resolved.resource(resource).migration_threshold,
        last_failure: failures.last,
    })
}

/// The failures that history keeps and that are not hidden.
pub(super) fn read_failed<'r>(resolved: &'r Resolved<'_>) -> Vec<FailedAction<'r>> {
    let told = resolved.failed.iter().filter(|entry| !is_masked_probe(entry.element));
    told.map(|failed| {
        let status = failed.element.attr("op-status").and_then(|text| text.parse().ok());
        FailedAction {
            entry: failed.element,
            node: &resolved.node(failed.node).name,
            code: code_of(failed.element),
            status: ExecStatus::from_number(status.unwrap_or(4)),
        }
    })
    .collect()
}
