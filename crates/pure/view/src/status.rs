//! The cluster as it is: nodes, resources as a tree, failures, and a verdict in words.

mod failures;
mod nodes;
mod render;
mod resources;
mod verdict;

use std::collections::BTreeSet;

use cib::Document;
use model::{ActionKind, Plan};
use scheduler::{Input, Severity};
use serde::Serialize;
use wire::api::Cluster;

pub use failures::Failure;
pub(crate) use nodes::lines as node_lines;
pub use nodes::{NodeLine, NodeState};
pub use render::{render, rows};
pub use resources::{Place, ResourceLine, Shape};
pub(crate) use resources::{is_missing, is_of_machine, is_shown, role_word, shape, shown_id};
pub use verdict::{Headline, Health, Verdict};

use crate::readiness::{self, Readiness};
use crate::survival::{Survival, survival};

/// What a status is made from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub document: &'a Document,
    /// `None` when the document came from a file.
    pub cluster: Option<&'a Cluster>,
    /// Seconds since 1970.
    pub now: i64,
}

/// The cluster as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Status {
    pub verdict: Verdict,
    pub cluster_name: Option<String>,
    /// Edition of the document.
    pub version: String,
    /// The node that answered; `None` for a file.
    pub seen_by: Option<String>,
    pub coordinator: Option<String>,
    pub quorate: bool,
    pub nodes: Vec<NodeLine>,
    pub resources: Vec<ResourceLine>,
    pub failures: Vec<Failure>,
    /// Nodes that are to be cut off, or are being cut off.
    pub fencing: Vec<PendingFencing>,
    /// Actions under way, as `key on node`.
    pub running: Vec<String>,
    /// How many runs of agents are left to do, as the scheduler sees it.
    pub planned: usize,
    pub findings: Vec<Finding>,
    /// What each node's loss would mean; `None` where that was not tried.
    pub survival: Option<Survival>,
    /// Whether each node could be cut off.
    pub readiness: Readiness,
}

/// A node that is to be cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PendingFencing {
    pub node: String,
    /// A device is at work on it now.
    pub under_way: bool,
    /// The last attempt's failure, if it failed.
    pub failed: Option<String>,
}

/// Something odd about the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// `notice`, `warning`, `error` or `bug`.
    pub severity: &'static str,
    /// Line of the document's text; 0 where it has none.
    pub line: u32,
    pub message: String,
}

/// Looks at everything.
pub fn status(seen: Seen<'_>) -> Status {
    let input = Input { now: seen.now, ..Input::default() };
    let resolved = scheduler::resolve(seen.document, &input);
    let planned = scheduler::plan(seen.document, &input);
    let nodes = nodes::lines(&resolved);
    let mut status = Status {
        verdict: Verdict::default(),
        cluster_name: Some(resolved.options.cluster_name.as_ref().to_owned())
            .filter(|name| !name.is_empty()),
        version: seen.document.version().unwrap_or_default().to_string(),
        seen_by: seen.cluster.map(|cluster| cluster.node.clone()),
        coordinator: match seen.cluster {
            Some(cluster) => cluster.coordinator.clone(),
            None => resolved.coordinator.map(|at| resolved.node(at).name.as_ref().to_owned()),
        },
        quorate: seen.cluster.map_or(resolved.options.quorate, |cluster| cluster.quorate),
        nodes,
        resources: resources::lines(&resolved),
        failures: failures::lines(&resolved),
        fencing: pending_fencing(&planned.plan, seen.cluster),
        running: seen.cluster.map(|cluster| cluster.running.clone()).unwrap_or_default(),
        planned: planned.plan.steps.iter().filter(|step| is_work(&step.action.kind)).count(),
        findings: findings(&planned.findings),
        survival: None,
        readiness: readiness::of_resolved(seen, &resolved),
    };
    if status.quorate && status.fencing.is_empty() {
        let carrier = seen.cluster.and_then(|cluster| cluster.carrier.as_deref());
        status.survival = survival(&resolved, &status.readiness, carrier);
    }
    status.verdict = verdict::verdict(&status, &resolved, seen);
    status
}

/// The sentence at the head of every page, and what would break it.
pub fn verdict(seen: Seen<'_>) -> Headline {
    Headline::of(&status(seen))
}

/// What people would call doing something.
fn is_work(kind: &ActionKind) -> bool {
    match kind {
        ActionKind::Resource(_) | ActionKind::Fence => true,
        ActionKind::Milestone | ActionKind::Bookkeeping(_) => false,
    }
}

fn pending_fencing(plan: &Plan, cluster: Option<&Cluster>) -> Vec<PendingFencing> {
    let mut names: Vec<String> = cluster.map(|cluster| cluster.fencing.clone()).unwrap_or_default();
    for step in &plan.steps {
        let fences = matches!(step.action.kind, ActionKind::Fence)
            && step.action.meta("stonith_action") != Some("on");
        if let Some(node) = step.action.node.as_ref().filter(|_| fences)
            && !names.iter().any(|name| name == node.name.as_str())
        {
            names.push(node.name.as_str().to_owned());
        }
    }
    let pending = |node: String| {
        let under_way = cluster.is_some_and(|cluster| cluster.fencing.contains(&node));
        let last = cluster.and_then(|cluster| {
            cluster.fencings.iter().rev().find(|fencing| fencing.target == node)
        });
        let failed = last.filter(|fencing| !fencing.succeeded).map(|last| last.reason.clone());
        PendingFencing { node, under_way, failed }
    };
    names.into_iter().map(pending).collect()
}

/// Findings for people, each once; what only repeats a failed resource or a lost node is shown
/// elsewhere.
pub fn findings<'f>(found: impl IntoIterator<Item = &'f scheduler::Finding>) -> Vec<Finding> {
    let mut known = BTreeSet::new();
    found
        .into_iter()
        .filter(|finding| {
            !matches!(
                finding.kind,
                scheduler::FindingKind::FailedResource | scheduler::FindingKind::UncleanNode
            )
        })
        .filter(|finding| known.insert((finding.line, finding.message.as_str())))
        .map(|finding| Finding {
            severity: severity(finding.severity),
            line: finding.line,
            message: finding.message.clone(),
        })
        .collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Bug => "bug",
    }
}
