//! Carrying the plan out on paper, and saying what was done.

use std::collections::BTreeMap;

use cib::Document;
use model::{Action, ActionId, ActionKind, Plan};
use scheduler::Resolved;
use transition::rehearse::{Ending, FaithfulTo, PretendedFailure, Rehearsing, rehearse};

use super::Spoken;
use super::inject::read_failure;
use crate::text::Text;

/// How the rehearsal is to go.
pub(super) struct Wishes<'a> {
    pub(super) failing: &'a [String],
    pub(super) now: i64,
    pub(super) quiet: bool,
}

/// Carries `plan` out on a copy of the document; `resolved` is what was planned from.
pub(super) fn execute(
    text: &mut Text,
    spoken: &mut Spoken,
    resolved: &Resolved<'_>,
    plan: &Plan,
    wishes: &Wishes<'_>,
) -> (Document, Ending) {
    let mut document = resolved.document.clone();
    let failures: Vec<PretendedFailure> =
        wishes.failing.iter().map(|spec| read_failure(spec)).collect();
    for (failure, spec) in failures.iter().zip(wishes.failing) {
        if failure.code.is_none() {
            let words = format!("Invalid failed operation '{spec}' (result code must be integer)");
            spoken.error_after(text, &words);
        }
    }
    let is_known = |name: &str| {
        resolved
            .resources
            .iter()
            .any(|resource| &*resource.id == name || resource.history_id.as_deref() == Some(name))
    };
    let how = Rehearsing {
        now: wishes.now.max(after_all_recorded(&document)),
        origin: "crm_simulate",
        faithful_to: FaithfulTo::CrmSimulate,
        failures: &failures,
        is_known: &is_known,
    };
    let rehearsed = rehearse(&mut document, plan, &how);
    if !wishes.quiet {
        let actions: BTreeMap<ActionId, &Action> =
            plan.steps.iter().map(|step| (step.action.id, &step.action)).collect();
        text.begin("Executing Cluster Transition");
        for done in &rehearsed.done {
            let Some(action) = actions.get(&done.action) else { continue };
            text.item(&words(action, &done.resource));
            if let Some(code) = done.failed_with {
                text.line(&format!("Pretending action {} failed with rc={code}", action.id.0));
            }
        }
        text.end();
    }
    if rehearsed.ending == Ending::Stuck {
        spoken.error_after(text, "Transition failed: terminated");
        spoken.error_after(text, "An invalid transition was produced");
    }
    (document, rehearsed.ending)
}

/// What is done now is later than all that was done, whatever time it is taken to be.
fn after_all_recorded(document: &Document) -> i64 {
    let status = document.root().child("status");
    let entries = status.into_iter().flat_map(|status| status.descendants());
    let times = entries
        .filter(|entry| entry.is("lrm_rsc_op"))
        .filter_map(|entry| entry.attr("last-rc-change")?.parse::<i64>().ok());
    times.max().map_or(0, |latest| latest.saturating_add(1))
}

fn words(action: &Action, resource: &str) -> String {
    let node = action.node.as_ref().map_or("", |node| node.name.as_str());
    let task = &action.task;
    match &action.kind {
        ActionKind::Milestone if node.is_empty() => format!("Pseudo action:   {}", action.key),
        ActionKind::Milestone => format!("Pseudo action:   {} on {node}", action.key),
        ActionKind::Fence => {
            let how = action.meta("stonith_action").unwrap_or_default();
            format!("Fencing {node} ({how})")
        }
        ActionKind::Bookkeeping(Some(primitive)) => {
            format!("Cluster action:  {task} for {} on {node}", primitive.id)
        }
        ActionKind::Bookkeeping(None) => format!("Cluster action:  {task} on {node}"),
        ActionKind::Resource(_) => {
            let interval = action.interval().as_millis();
            if interval > 0 && task != "delete" {
                format!("Resource action: {resource:<15} {task}={interval} on {node}")
            } else {
                format!("Resource action: {resource:<15} {task} on {node}")
            }
        }
    }
}
