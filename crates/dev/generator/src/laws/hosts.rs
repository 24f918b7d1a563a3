//! An agent runs only on a node that is there: online and clean, or a remote or guest node whose
//! connection comes up first. And nothing that may be active on a lost node comes up elsewhere
//! before that node was fenced.
//!
//! Pacemaker's rules, which the scheduler keeps to the byte, are less strict with remote and guest
//! nodes; how, [`Presumed`] says.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, ActionId, ActionKind, PlanStep};
use scheduler::{NodeIx, Resolved};

use super::Case;

/// What Pacemaker presumes of a remote or guest node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presumed {
    /// A remote node that is to be fenced can be used as long as its connection lasts.
    ReachedUntilFenced,
    /// A remote node whose connection comes up is there, also for what does not wait for that.
    UpWithoutWaiting,
    /// What ends in a guest that is gone ends with it.
    EndsWithGuest,
}

impl Presumed {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::ReachedUntilFenced, Self::UpWithoutWaiting, Self::EndsWithGuest];
}

/// What had to be presumed.
pub(super) fn check(case: Case<'_>) -> Result<BTreeSet<Presumed>, String> {
    let mut presumed = BTreeSet::new();
    let steps = &case.planned.plan.steps;
    let by_id: BTreeMap<ActionId, &PlanStep> =
        steps.iter().map(|step| (step.action.id, step)).collect();
    for step in steps {
        let (ActionKind::Resource(_), Some(node)) = (&step.action.kind, &step.action.node) else {
            continue;
        };
        let Some(node) = case.resolved.find_node(node.name.as_str()) else {
            return Err(format!("{} is on {}, which is no node", step.action.key, node.name));
        };
        let before = all_before(step, &by_id);
        presumed.extend(is_there(case, &step.action, node, &before)?);
        if matches!(step.action.task.as_str(), "start" | "promote" | "migrate_from") {
            is_released(case.resolved, &step.action, node, &before)?;
        }
    }
    Ok(presumed)
}

/// Everything that must be done before a step.
fn all_before<'a>(step: &'a PlanStep, by_id: &BTreeMap<ActionId, &'a PlanStep>) -> Vec<&'a Action> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<ActionId> = step.inputs.clone();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if let (true, Some(step)) = (seen.insert(id), by_id.get(&id)) {
            found.push(&step.action);
            open.extend(&step.inputs);
        }
    }
    found
}

fn is_there(
    case: Case<'_>,
    action: &Action,
    node: NodeIx,
    before: &[&Action],
) -> Result<Option<Presumed>, String> {
    let resolved = case.resolved;
    let found = resolved.node(node);
    let task = if action.is_probe() { "monitor" } else { action.task.as_str() };
    if found.online && !found.unclean && !found.pending {
        return Ok(None);
    }
    if found.online && found.is_remote_or_guest() {
        return Ok(Some(Presumed::ReachedUntilFenced));
    }
    let connection = found.kind.connection();
    // A guest is there with what it runs in.
    let container = connection.and_then(|connection| resolved.resource(connection).launcher);
    let makers: Vec<&str> =
        connection.into_iter().chain(container).map(|it| &*resolved.resource(it).id).collect();
    let makes = |first: &Action| {
        matches!(first.task.as_str(), "start" | "migrate_from")
            && first.resource().is_some_and(|id| makers.contains(&id))
    };
    if before.iter().any(|first| makes(first)) {
        return Ok(None);
    }
    if case.planned.plan.steps.iter().any(|step| makes(&step.action)) {
        return Ok(Some(Presumed::UpWithoutWaiting));
    }
    if found.is_guest() && matches!(task, "stop" | "demote" | "notify" | "cancel") {
        return Ok(Some(Presumed::EndsWithGuest));
    }
    Err(format!("{} runs on {}, which is not there", action.key, found.name))
}

fn is_released(
    resolved: &Resolved<'_>,
    action: &Action,
    node: NodeIx,
    before: &[&Action],
) -> Result<(), String> {
    let Some(ix) = action.resource().and_then(|id| resolved.find_resource(id)) else {
        // An instance that is made for this is active nowhere.
        return Ok(());
    };
    let resource = resolved.resource(ix);
    if !resolved.options.fencing_enabled || !resource.flags.needs_fencing {
        return Ok(());
    }
    for lost in resource.active.iter().filter(|lost| **lost != node) {
        let lost = resolved.node(*lost);
        // A remote node can also be reached again, and told to stop it.
        let freed = before.iter().any(|first| {
            let stops = first.task == "stop" && first.resource() == action.resource();
            (first.task == "stonith" || stops)
                && first.node.as_ref().is_some_and(|on| on.name.as_str() == &*lost.name)
        });
        if lost.unclean && !freed {
            return Err(format!("{} comes before {} was fenced", action.key, lost.name));
        }
    }
    Ok(())
}
