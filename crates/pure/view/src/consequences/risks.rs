//! What an operator should think about before saying yes.

use std::collections::BTreeSet;

use model::Role;
use scheduler::{Assigned, ResIx, Resolved};

use super::changes::{Step, Verb};
use crate::moment::length;
use crate::survival::{Loss, losses_when_done};
use crate::words;

/// One of the two documents that are compared.
pub(super) struct Side<'a> {
    pub(super) resolved: &'a Resolved<'a>,
}

/// Sentences.
pub(super) struct Risks {
    /// A node is cut off, or something is worse afterwards than before.
    pub(super) grave: Vec<String>,
    /// What is without service meanwhile, or was asked to stop.
    pub(super) passing: Vec<String>,
}

pub(super) fn risks(before: &Side<'_>, after: &Side<'_>, steps: &[Step]) -> Risks {
    let (mut grave, mut passing) = (Vec::new(), Vec::new());
    fenced(before, steps, &mut grave);
    interrupted(after, steps, &mut passing);
    let assigned_before = scheduler::assign(before.resolved);
    let assigned = scheduler::assign(after.resolved);
    let (stopped, homeless) = stopped(after, &assigned, steps);
    if !stopped.is_empty() {
        passing.push(format!("Stops {}.", words::list(&stopped)));
    }
    if !homeless.is_empty() {
        grave.push(format!("Stops {}: no other node can run it.", words::list(&homeless)));
    }
    proof_lost((before.resolved, &assigned_before), (after.resolved, &assigned), &mut grave);
    single_homed(before, &assigned_before, after, &assigned, &mut grave);
    no_longer_survived(before, after, &mut grave);
    Risks { grave, passing }
}

fn fenced(before: &Side<'_>, steps: &[Step], out: &mut Vec<String>) {
    for step in steps.iter().filter(|step| step.verb == Verb::Fence) {
        let node = before.resolved.find_node(&step.what).map(|at| before.resolved.node(at));
        let runs: BTreeSet<&str> = node
            .into_iter()
            .flat_map(|node| &node.active)
            .map(|at| before.resolved.resource(*at).config_id.as_ref())
            .collect();
        let runs: Vec<&str> = runs.into_iter().collect();
        let hits = match runs.as_slice() {
            [] => String::new(),
            runs => format!(", and with it {}", words::list(runs)),
        };
        out.push(format!("Cuts {} off hard{hits}.", step.what));
    }
}

/// A group is interrupted for as long as its longest member.
fn interrupted(after: &Side<'_>, steps: &[Step], out: &mut Vec<String>) {
    let mut found: Vec<(&str, u64)> = Vec::new();
    for step in steps {
        let Some(ms) = step.interrupted_ms else { continue };
        let fences = after
            .resolved
            .find_resource(&step.what)
            .is_some_and(|at| after.resolved.resource(at).flags.fence_device);
        if fences {
            continue;
        }
        let whole = step.inside.as_deref().unwrap_or(&step.what);
        match found.iter_mut().find(|(known, _)| *known == whole) {
            Some((_, longest)) => *longest = ms.max(*longest),
            None => found.push((whole, ms)),
        }
    }
    for (whole, ms) in found {
        out.push(format!("Interrupts {whole} for about {}.", length(ms)));
    }
}

/// What stops and starts nowhere; what does so because nothing may run it.
fn stopped<'s>(
    after: &Side<'_>,
    assigned: &Assigned,
    steps: &'s [Step],
) -> (Vec<&'s str>, Vec<&'s str>) {
    let (mut stopped, mut homeless): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for step in steps.iter().filter(|step| step.verb == Verb::Stop) {
        let what = step.what.as_str();
        let runs_on = steps
            .iter()
            .any(|other| other.what == what && matches!(other.verb, Verb::Start | Verb::Move));
        if runs_on || stopped.contains(&what) || homeless.contains(&what) {
            continue;
        }
        // Of a clone some copies may stop while others go on.
        let copies = copies(after.resolved, what);
        if copies.iter().any(|at| assigned.resource(*at).node.is_some()) {
            continue;
        }
        let wanted = copies.iter().any(|at| {
            let resource = after.resolved.resource(*at);
            let asked = resource.flags.removed
                || resource.meta("target-role").and_then(Role::parse) == Some(Role::Stopped);
            !asked && matches!(assigned.resource(*at).reason, scheduler::assign::Reason::NoPlace)
        });
        if wanted { homeless.push(what) } else { stopped.push(what) }
    }
    (stopped, homeless)
}

/// Whether lost nodes could be proven off, and cannot any more.
fn proof_lost(
    (before, assigned_before): (&Resolved<'_>, &Assigned),
    (after, assigned): (&Resolved<'_>, &Assigned),
    out: &mut Vec<String>,
) {
    if !before.options.fencing_enabled {
        return;
    }
    if !after.options.fencing_enabled {
        out.push(
            "Turns fencing off: what a lost node ran is started elsewhere without proof that the \
             node is off, and may run twice."
                .to_owned(),
        );
    } else if has_fence_device(before, assigned_before) && !has_fence_device(after, assigned) {
        out.push(
            "Leaves no fence device: a lost node cannot be proven off, so what it ran is started \
             nowhere else."
                .to_owned(),
        );
    }
}

/// Whether a fence device is configured and has a place to be watched from.
fn has_fence_device(resolved: &Resolved<'_>, assigned: &Assigned) -> bool {
    resolved.resource_indices().any(|at| {
        let resource = resolved.resource(at);
        let is_device = resource.flags.fence_device && resource.is_primitive();
        is_device && assigned.resource(at).node.is_some()
    })
}

/// All instances that go by one configured id.
fn copies(resolved: &Resolved<'_>, id: &str) -> Vec<ResIx> {
    let copy = |at: &ResIx| {
        let resource = resolved.resource(*at);
        resource.is_primitive() && (resource.config_id.as_ref() == id || &*resource.id == id)
    };
    resolved.resource_indices().filter(copy).collect()
}

/// Resources that had more than one node to go to, and have one now.
fn single_homed(
    before: &Side<'_>,
    assigned_before: &Assigned,
    after: &Side<'_>,
    assigned: &Assigned,
    out: &mut Vec<String>,
) {
    let mut tell: Vec<(String, Vec<String>)> = Vec::new();
    for at in after.resolved.top.iter().copied() {
        let resource = after.resolved.resource(at);
        let copied = resource.clone_set().is_some() || resource.bundle().is_some();
        if copied || resource.flags.fence_device {
            continue;
        }
        let Some(old) = before.resolved.find_resource(&resource.id) else { continue };
        let homes = homes(after.resolved, assigned, at);
        let [only] = homes.as_slice() else { continue };
        if self::homes(before.resolved, assigned_before, old).len() > 1 {
            let id = resource.id.as_ref().to_owned();
            match tell.iter_mut().find(|(node, _)| node == only) {
                Some((_, list)) => list.push(id),
                None => tell.push((only.clone(), vec![id])),
            }
        }
    }
    for (node, list) in tell {
        out.push(format!(
            "After this only {node} may run {}: no other node could take over.",
            words::list(&list)
        ));
    }
}

/// Nodes that may run a resource: online, not in standby, and not forbidden.
fn homes(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx) -> Vec<String> {
    let leaf = crate::survival::leaves(resolved, at).first().copied().unwrap_or(at);
    let usable = |node: scheduler::NodeIx| {
        let node = resolved.node(node);
        node.online && !node.unclean && !node.standby && !node.maintenance && !node.shutdown
    };
    let row = &assigned.resource(leaf).scores;
    row.listed()
        .filter(|(node, cell)| usable(*node) && !cell.score().forbids())
        .map(|(node, _)| resolved.node(node).name.as_ref().to_owned())
        .collect()
}

fn no_longer_survived(before: &Side<'_>, after: &Side<'_>, out: &mut Vec<String>) {
    let (Some(old), Some(new)) =
        (losses_when_done(before.resolved), losses_when_done(after.resolved))
    else {
        return;
    };
    let quorum_at_stake = |losses: &[Loss]| losses.iter().any(|loss| loss.quorum);
    if quorum_at_stake(&new) && !quorum_at_stake(&old) {
        out.push("After this the loss of one more node would leave no quorum.".to_owned());
    }
    let known = |loss: &Loss, resource: &String| {
        old.iter().any(|other| other.nodes == loss.nodes && other.resources.contains(resource))
    };
    // What stops for want of quorum or of fencing was said by that.
    let placeless = |loss: &&Loss| !loss.quorum && loss.cannot_be_fenced.is_empty();
    for loss in new.iter().filter(placeless) {
        let lost: Vec<&str> = loss
            .resources
            .iter()
            .filter(|resource| !known(loss, resource))
            .map(String::as_str)
            .collect();
        if !lost.is_empty() {
            out.push(format!(
                "After this the loss of {} would leave no place for {}.",
                words::list(&loss.nodes),
                words::list(&lost)
            ));
        }
    }
}
