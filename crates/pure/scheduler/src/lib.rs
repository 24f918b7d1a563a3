//! Decides what the cluster should do next.
//!
//! [`plan`] is total: any document yields a plan. Trouble in the document becomes a [`Finding`].
//!
//! **Not here:** clocks, files, logging, consensus. The caller brings `now`, prints the findings,
//! and decides whether the plan may run.
//!
//! **Always:** each stage is finished before the next starts, and later stages only borrow
//! earlier ones.
//!
//! Field word: Pacemaker *scheduler*.

mod act;
pub mod assign;
mod by_name;
pub mod cause;
mod graph;
mod report;
mod resolve;
mod rules;
mod sorting;
mod summary;

use cib::Document;
use model::Plan;

pub use act::act;
pub use act::acting::{Acting, PrivateChanged};
pub use act::fencing::{DeviceChanged, devices_changed};
pub use assign::{Assigned, ScoreLine, assign};
pub use cause::explain;
pub use graph::{ActView, InputView};
pub use report::{Finding, FindingKind, Severity};
pub use resolve::types::*;
pub use resolve::{
    ActiveNodes, DigestComparison, DigestVerdict, Examined, FailCount, FailCountScope, Fingerprint,
    Fingerprints, OnFail, OperationDigests, Slip, meta_slip, resolve,
};
pub use rules::{Verdict, date, judge_date};
pub use summary::{Change, ChangeKind, NodeChange, ResourceChange};

/// What the scheduler is told besides the document.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Seconds since 1970: what rules and failure timeouts are measured against.
    pub now: i64,
    /// Secret parameters may have been masked in the document, so a difference in nothing but them
    /// is no change. For simulations of what a cluster's owner has sent in.
    pub sanitized: bool,
}

/// The decision: what to do, and everything needed to explain it.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    pub plan: Plan,
    /// What `crm_simulate -s` and `-U` tell.
    pub scores: Vec<ScoreLine>,
    /// Operations of which nothing but secret parameters has changed, in a simulation.
    pub private_changes: Vec<PrivateChanged>,
    /// Every action that was thought of, newest first, in the plan or not.
    pub actions: Vec<ActView>,
    /// What the plan changes, for people.
    pub changes: Vec<Change>,
    /// What each cluster node has to lose.
    pub at_stake: Vec<AtStake>,
    pub findings: Vec<Finding>,
}

/// What is lost with a node: the more, the rather it is the other one that should be fenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtStake {
    pub node: String,
    /// Sum of the priorities of active resources, promoted ones counting one more.
    pub priority: i32,
    /// How many primitives are active, fence devices not counted.
    pub active: usize,
}

/// Decides. Total: any document yields a plan.
pub fn plan(document: &Document, input: &Input) -> Planned {
    plan_resolved(&resolve(document, input))
}

/// As [`plan`], for who has resolved the document already.
pub fn plan_resolved(resolved: &Resolved<'_>) -> Planned {
    let assigned = assign(resolved);
    graph(act(resolved, &assigned), resolved, &assigned)
}

/// As [`plan`], with what began it: the causes of those of its actions that change what runs.
pub fn plan_with_causes(document: &Document, input: &Input) -> (Planned, Vec<cause::Chain>) {
    let resolved = resolve(document, input);
    let assigned = assign(&resolved);
    let mut acting = act(&resolved, &assigned);
    let (planned, steps) = finish(&mut acting, &resolved, &assigned);
    (planned, cause::of_changes(&acting, &steps))
}

/// The last stage: makes the plan of what was derived from `resolved` and `assigned`.
pub fn graph(mut acting: Acting<'_, '_>, resolved: &Resolved<'_>, assigned: &Assigned) -> Planned {
    finish(&mut acting, resolved, assigned).0
}

fn finish(
    acting: &mut Acting<'_, '_>,
    resolved: &Resolved<'_>,
    assigned: &Assigned,
) -> (Planned, Vec<act::arena::ActIx>) {
    let held = graph::hold(acting);
    let mut steps = graph::select(acting);
    let untangled = graph::untangle(acting, &mut steps);
    let plan = graph::raise(acting, &steps);
    let actions = graph::view(acting);
    let changes = summary::summarize(acting);
    let mut findings = resolved.findings.clone();
    findings.extend(assigned.findings.iter().cloned());
    findings.extend(held);
    findings.extend(untangled);
    let scores = assigned.score_lines(resolved);
    let at_stake = at_stake(resolved);
    let private_changes = std::mem::take(&mut acting.private_changes);
    (Planned { plan, scores, private_changes, actions, changes, at_stake, findings }, steps)
}

fn at_stake(resolved: &Resolved<'_>) -> Vec<AtStake> {
    let is_service = |resource: &&ResIx| !resolved.resource(**resource).flags.fence_device;
    let cluster = |node: &&Node<'_>| node.kind == NodeKind::Cluster;
    let nodes = resolved.nodes.iter().filter(cluster);
    nodes
        .map(|node| AtStake {
            node: node.name.to_string(),
            priority: node.priority,
            active: node.active.iter().filter(is_service).count(),
        })
        .collect()
}
