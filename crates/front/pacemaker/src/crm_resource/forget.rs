//! Forgetting failures and what is known, and calling something failed.

use model::parse_interval;
use scheduler::{FailCountScope, NodeIx, ResIx};
use wire::api::Change;

use super::task::Task;
use super::why;
use crate::exit::Exit;
use crate::home::Home;
use crate::tool::{self, Trouble};

/// Forgets failures, where there are any.
pub(super) fn failures(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    match task.asked.resource {
        Some(at) => of_resource(task, at, What::Failures),
        None => of_all(task, What::Failures),
    }
}

/// Forgets all that is known, so that it is found out again.
pub(super) fn everything(task: &mut Task<'_, '_>) -> Result<Exit, Trouble> {
    match task.asked.resource {
        Some(at) => of_resource(task, at, What::Everything),
        None => of_all(task, What::Everything),
    }
}

/// What is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Failures,
    Everything,
}

fn of_resource(task: &mut Task<'_, '_>, at: ResIx, what: What) -> Result<Exit, Trouble> {
    let resolved = task.resolved;
    for leaf in task.leaves(task.whole(at)) {
        for node in places(task, leaf) {
            let (id, name) = (&resolved.resource(leaf).id, &resolved.node(node).name);
            if !resolved.node(node).probes_allowed {
                task.said.error(format!(
                    "Unable to clean up {id} because resource discovery disabled on {name}"
                ));
                return Err(Trouble::new(Exit::Unimplemented, ""));
            }
            let Home::Cluster(client) = task.home else {
                let words = format!("Dry run: skipping clean-up of {id} on {name} due to CIB_file");
                task.said.error(words);
                continue;
            };
            if what == What::Everything || has_failed(task, leaf, node) {
                let resource = Some(resolved.resource(leaf).history_name().to_owned());
                let change = Change::Cleanup { resource, node: Some(name.to_string()) };
                tool::change(client, change)?;
            }
            task.note(&format!("Cleaned up {id} on {name}"));
        }
    }
    if !task.asked.is_quiet() {
        why::note(task, at);
    }
    Ok(Exit::Ok)
}

/// The nodes that are meant: the one that was named, or those where its state is known; if that is
/// nowhere, those where it might run.
fn places(task: &Task<'_, '_>, leaf: ResIx) -> Vec<NodeIx> {
    let resolved = task.resolved;
    if let Some(node) = task.asked.node {
        return vec![node];
    }
    let resource = resolved.resource(leaf);
    let allowed = resolved.node_indices().zip(&resource.allowed);
    let allowed = allowed.filter(|(_, allowed)| allowed.is_some()).map(|(node, _)| node);
    let mut places = match resource.known_on.as_slice() {
        [] if task.asked.is_forced() => resolved.node_indices().collect(),
        [] => allowed.collect(),
        known => known.to_vec(),
    };
    places.retain(|node| resolved.node(*node).online);
    places.sort();
    places.dedup();
    places
}

/// Whether there is a failure to forget, of the operation that is meant if one is.
fn has_failed(task: &Task<'_, '_>, leaf: ResIx, node: NodeIx) -> bool {
    let (resolved, call) = (task.resolved, task.asked.call);
    let operation = call.value("operation");
    let interval = call.value("interval").and_then(parse_interval).unwrap_or_default();
    let is_meant = |entry: &scheduler::FailedEntry<'_>| {
        let of_operation = operation.is_none_or(|operation| {
            let milliseconds = entry.element.attr("interval").and_then(|text| text.parse().ok());
            entry.element.attr("operation") == Some(operation)
                && milliseconds.unwrap_or(0_u128) == interval.as_millis()
        });
        entry.resource == Some(leaf) && entry.node == node && of_operation
    };
    let scope = FailCountScope { effective: false, launched: false };
    resolved.failed.iter().any(is_meant)
        || (operation.is_none() && resolved.fail_count(node, leaf, scope, None).count > 0)
}

fn of_all(task: &mut Task<'_, '_>, what: What) -> Result<Exit, Trouble> {
    let resolved = task.resolved;
    let name = task.asked.node.map(|node| resolved.node(node).name.to_string());
    let place = name.clone().unwrap_or_else(|| "all nodes".to_owned());
    let Home::Cluster(client) = task.home else {
        task.note(&format!("Dry run: skipping clean-up of {place} due to CIB_file"));
        return Ok(Exit::Ok);
    };
    if what == What::Everything {
        tool::change(client, Change::Cleanup { resource: None, node: name })?;
        return Ok(Exit::Ok);
    }
    for node in resolved.node_indices() {
        if task.asked.node.is_some_and(|only| only != node) {
            continue;
        }
        for at in resolved.resource_indices() {
            let resource = resolved.resource(at);
            if resource.is_primitive() && has_failed(task, at, node) {
                let change = Change::Cleanup {
                    resource: Some(resource.history_name().to_owned()),
                    node: Some(resolved.node(node).name.to_string()),
                };
                tool::change(client, change)?;
            }
        }
    }
    task.note(&format!("Cleaned up all resources on {place}"));
    Ok(Exit::Ok)
}

/// Calls a resource failed on a node.
pub(super) fn fail(task: &mut Task<'_, '_>, at: ResIx) -> Result<Exit, Trouble> {
    let Some(node) = task.asked.node else {
        return Err(Trouble::usage("Must supply a node name with -N/--node"));
    };
    let (given, node) = (task.asked.given, task.resolved.node(node));
    let name = &node.name;
    let Home::Cluster(client) = task.home else {
        let words = format!("Dry run: skipping fail of {given} on {name} due to CIB_file");
        task.said.error(words);
        return Ok(Exit::Ok);
    };
    let resource = task.resolved.resource(at);
    if !resource.is_primitive() {
        task.said.error(format!("We can only process primitive resources, not {given}"));
        return Err(Trouble::new(Exit::Software, ""));
    }
    if !node.online {
        task.said.error(format!("Node {name} is not online"));
        return Err(Trouble::new(Exit::Disconnected, ""));
    }
    let resource = resource.history_name().to_owned();
    tool::change(client, Change::Fail { resource, node: name.to_string() })?;
    Ok(Exit::Ok)
}
