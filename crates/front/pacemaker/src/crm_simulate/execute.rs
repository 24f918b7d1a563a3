//! Carrying the plan out on paper, and saying what was done.

use std::collections::BTreeMap;

use cib::Document;
use model::{Action, ActionId, ActionKind, OcfCode, Plan};
use scheduler::Resolved;
use transition::rehearse::{Ending, FaithfulTo, PretendedFailure, Rehearsing, rehearse};

use super::inject::{configure_node, raise_by, read_failure};
use crate::output::Output;
use crate::shown::{Modification, Section, Step};

/// How the rehearsal is to go.
pub(super) struct Wishes<'a> {
    pub(super) failing: &'a [String],
    pub(super) now: i64,
    pub(super) quiet: bool,
    /// Nodes that are not configured are added, whatever concerns them.
    pub(super) configure: bool,
}

/// Carries `plan` out on a copy of the document; `resolved` is what was planned from.
pub(super) fn execute(
    said: &mut Output,
    resolved: &Resolved<'_>,
    plan: &Plan,
    wishes: &Wishes<'_>,
) -> (Document, Ending) {
    let mut document = resolved.document.clone();
    let failures: Vec<PretendedFailure> =
        wishes.failing.iter().map(|spec| read_failure(spec)).collect();
    let is_known = |name: &str| resolved.find_recorded(name).is_some();
    let how = Rehearsing {
        now: wishes.now,
        origin: "crm_simulate",
        faithful_to: FaithfulTo::CrmSimulate,
        failures: &failures,
        is_known: &is_known,
    };
    let rehearsed = rehearse(&mut document, plan, &how);
    for at in rehearsed.done.iter().flat_map(|done| &done.unclear) {
        let spec = wishes.failing.get(*at).map_or("", String::as_str);
        said.error(format!("Invalid failed operation '{spec}' (result code must be integer)"));
    }
    for done in &rehearsed.done {
        if wishes.configure && done.edits > 0 {
            configure(&mut document, plan, done.action);
        }
        raise_by(&mut document, done.edits);
    }
    if !wishes.quiet {
        let actions: BTreeMap<ActionId, &Action> =
            plan.steps.iter().map(|step| (step.action.id, &step.action)).collect();
        let mut steps = Vec::new();
        for done in &rehearsed.done {
            let Some(action) = actions.get(&done.action) else { continue };
            steps.push(step(action, &done.resource));
            if let Some(code) = done.failed_with {
                steps.push(Step::Failed { action: action.id.0, code: OcfCode(code) });
                steps.extend(counted(action, &done.counted));
            }
        }
        said.show(&Section::Execution(steps));
    }
    if rehearsed.ending == Ending::Stuck {
        said.error("Transition failed: terminated".to_owned());
        said.error("An invalid transition was produced".to_owned());
    }
    (document, rehearsed.ending)
}

fn configure(document: &mut Document, plan: &Plan, action: ActionId) {
    let mut steps = plan.steps.iter();
    let node =
        steps.find(|step| step.action.id == action).and_then(|step| step.action.node.as_ref());
    if let Some(node) = node {
        configure_node(document, node.name.as_str());
    }
}

/// What a failure changed on the action's node.
fn counted<'s>(action: &Action, attributes: &[(String, String)]) -> impl Iterator<Item = Step<'s>> {
    let node = action.node.as_ref().map(|node| node.id.clone()).unwrap_or_default();
    attributes.iter().map(move |(name, value)| {
        let (name, value) = (name.clone(), value.clone());
        Step::Counted(Modification::Attribute { name, value, node: node.clone() })
    })
}

fn step<'p>(action: &'p Action, resource: &str) -> Step<'p> {
    let node = action.node.as_ref().map(|node| node.name.as_str());
    let on = node.unwrap_or_default();
    let task = &action.task;
    match &action.kind {
        ActionKind::Milestone => Step::Milestone { key: &action.key, node },
        ActionKind::Fence => {
            Step::Fencing { node: on, how: action.meta("stonith_action").unwrap_or_default() }
        }
        ActionKind::Bookkeeping(primitive) => Step::Bookkeeping {
            task,
            node: on,
            resource: primitive.as_ref().map(|primitive| &*primitive.id),
        },
        ActionKind::Resource(_) => Step::Resource {
            resource: resource.to_owned(),
            task,
            node: on,
            // What is deleted has no interval that matters.
            interval: if task == "delete" { 0 } else { action.interval().as_millis() },
        },
    }
}
