//! Carry a plan out on paper and plan again: nothing is left to do. A cluster for which that is
//! not so moves its services for ever.

mod unrest;

use std::collections::BTreeSet;
use std::sync::Arc;

use cib::{Document, NodeId};
use model::ActionKind;
use scheduler::cause::{Cause, Root, explain};
use scheduler::{Input, Planned, assign, plan, resolve};
use transition::rehearse::{Ending, FaithfulTo, Rehearsing, rehearse};

use super::Case;
use unrest::Going;
pub use unrest::Unrest;

/// More rounds than that are taken for going on for ever.
pub const ROUNDS_MAX: usize = 8;

/// How planning and carrying out ended.
#[derive(Clone, Debug)]
pub enum Rest {
    /// Nothing was left to do after so many rounds.
    After(usize),
    /// A plan could not be carried out.
    Stuck { round: usize },
    /// There was always something left: the last plan's actions that do something.
    Never { left: Vec<Left> },
}

/// An action that is in every plan.
#[derive(Clone, Debug)]
pub struct Left {
    pub action: String,
    pub resource: Option<Arc<str>>,
    /// The resources that are named among its causes.
    pub about: Vec<Arc<str>>,
    /// The connection of the guest or remote node that it runs on.
    pub through: Option<Arc<str>>,
    /// Why it never ends, where Pacemaker's rules have it so.
    pub reason: Option<Unrest>,
    /// Where its causes begin.
    pub root: Root,
}

/// Why it never comes to rest, where that is excused.
pub(super) fn check(case: Case<'_>) -> Result<BTreeSet<Unrest>, String> {
    let mut document = case.document.clone();
    let mut rest = come_to_rest(&mut document, case.input, |_, _| ());
    if matches!(rest, Rest::Never { .. }) {
        // Perhaps something waits for what is under way.
        document = case.document.clone();
        end_pending(&mut document);
        rest = come_to_rest(&mut document, case.input, |_, _| ());
    }
    match rest {
        Rest::After(_) => Ok(BTreeSet::new()),
        Rest::Stuck { round } => Err(format!("the plan of round {round} cannot be carried out")),
        Rest::Never { left } => excused(&left),
    }
}

/// The reasons for all that is left. What follows from an action that has one, and from nothing else,
/// needs none of its own.
fn excused(left: &[Left]) -> Result<BTreeSet<Unrest>, String> {
    let (with, mut without): (Vec<&Left>, Vec<&Left>) =
        left.iter().partition(|left| left.reason.is_some());
    let reasons = with.iter().filter_map(|left| left.reason).collect();
    let named = |left: &&Left| -> Vec<Arc<str>> {
        let root = left.root.facts().resource;
        let named = left.resource.iter().chain(&left.about).chain(&left.through).chain(&root);
        named.cloned().collect()
    };
    let mut reached: BTreeSet<Arc<str>> = with.iter().flat_map(named).collect();
    loop {
        let (follow, rest): (Vec<&Left>, Vec<&Left>) =
            without.iter().partition(|left| named(left).iter().any(|name| reached.contains(name)));
        reached.extend(follow.iter().flat_map(named));
        without = rest;
        if follow.is_empty() {
            break;
        }
    }
    if without.is_empty() {
        return Ok(reasons);
    }
    let without: Vec<String> =
        without.iter().map(|left| format!("{} ({:?})", left.action, left.root)).collect();
    Err(format!("after {ROUNDS_MAX} rounds still: {}", without.join(", ")))
}

/// What is under way ends, as expected, which no plan waits for on paper.
fn end_pending(document: &mut Document) {
    let records = document.root().descendants().filter(|found| found.is("lrm_rsc_op"));
    let pending = records.filter(|record| record.attr("op-status") == Some("-1"));
    let pending: Vec<(NodeId, String, String)> = pending
        .map(|record| {
            let key = record.attr("transition-key").unwrap_or_default();
            let expected = key.split(':').nth(2).unwrap_or("0");
            (record.id(), expected.to_owned(), format!("0:{expected};{key}"))
        })
        .collect();
    for (record, expected, magic) in pending {
        document.set(record, "op-status", "0");
        document.set(record, "rc-code", &expected);
        document.set(record, "transition-magic", &magic);
    }
}

/// Plans and carries out until nothing is left to do. Each round's plan goes to `seen` first.
pub fn come_to_rest(
    document: &mut Document,
    input: &Input,
    mut seen: impl FnMut(usize, &Planned),
) -> Rest {
    for round in 0..=ROUNDS_MAX {
        let planned = plan(document, input);
        seen(round, &planned);
        // Some milestones are always there; they do nothing.
        if planned.plan.steps.iter().all(|step| step.action.kind == ActionKind::Milestone) {
            return Rest::After(round);
        }
        if !carry_out(document, input, &planned) {
            return Rest::Stuck { round };
        }
    }
    // Some plans undo what the one before did, each for a reason of its own.
    let mut left = left_over(document, input);
    let planned = plan(document, input);
    carry_out(document, input, &planned);
    left.extend(left_over(document, input));
    Rest::Never { left }
}

/// What the next plan does, and where the causes of each action begin.
fn left_over(document: &Document, input: &Input) -> Vec<Left> {
    let resolved = resolve(document, input);
    let explained = explain(&resolved, &assign(&resolved));
    let going =
        Going { resolved: &resolved, steps: &explained.plan.steps, blocked: &explained.blocked };
    let steps = explained.plan.steps.iter().zip(&explained.chains);
    let steps = steps.filter(|(step, _)| step.action.kind != ActionKind::Milestone);
    let left = steps.filter_map(|(step, chain)| {
        let Some(Cause::Root(root)) = chain.causes.last() else { return None };
        let node = step.action.node.as_ref().map_or("", |node| node.name.as_str());
        let resource = step.action.resource().map(Arc::from);
        let about = chain.causes.iter().filter_map(resource_of).collect();
        let action = format!("{} {node}", step.action.key);
        let through = resolved.find_resource(node).map(|_| Arc::from(node));
        let mut left = Left { action, resource, about, through, root: root.clone(), reason: None };
        left.reason = unrest::reason(going, &step.action, &left);
        Some(left)
    });
    left.collect()
}

fn resource_of(cause: &Cause) -> Option<Arc<str>> {
    match cause {
        Cause::Action(action) => action.resource.clone(),
        Cause::Moves { resource, .. }
        | Cause::Follows { resource, .. }
        | Cause::RoleMoves { resource, .. }
        | Cause::NodeOf { resource, .. } => Some(Arc::clone(resource)),
        // What began it is about what the link before is about.
        Cause::Root(_) => None,
    }
}

/// When the newest run of an agent ended: what is carried out comes after it, also where a document
/// was saved for an earlier time.
fn newest(document: &Document) -> i64 {
    let records = document.root().descendants().filter(|found| found.is("lrm_rsc_op"));
    let times = records.filter_map(|record| record.attr("last-rc-change")?.parse().ok());
    times.max().unwrap_or(0)
}

/// Carries a plan out on paper; whether all of it could be.
fn carry_out(document: &mut Document, input: &Input, planned: &Planned) -> bool {
    let before = document.clone();
    let resolved = resolve(&before, input);
    let is_known = |name: &str| {
        resolved
            .resources
            .iter()
            .any(|resource| &*resource.id == name || resource.history_id.as_deref() == Some(name))
    };
    let how = Rehearsing {
        // Each round takes its time, so that what is done in it is newer than what was done before.
        now: newest(&before).max(input.now) + 1,
        origin: "rehearsal",
        faithful_to: FaithfulTo::Cluster,
        failures: &[],
        is_known: &is_known,
    };
    rehearse(document, &planned.plan, &how).ending == Ending::Complete
}
