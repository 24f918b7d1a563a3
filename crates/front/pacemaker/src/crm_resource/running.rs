//! What changes what runs: forgetting failures, restarting, waiting.

use std::time::Duration;

use cib::Section;
use cib::edit::{Edit, Place};
use model::{Role, parse_interval};
use scheduler::{ResIx, Resolved};
use wire::api::Change;

use super::{Asked, change, why};
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::tool::{self, Call, Trouble, last};

/// As long as a cluster may take that nobody gave a limit.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Forgets failures, or all that is known.
pub(super) fn forget(
    home: &Home,
    resolved: &Resolved<'_>,
    asked: &Asked<'_>,
    command: &str,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let resource = asked.resource.map(|at| {
        let top = if asked.is_forced() { at } else { resolved.top_of(at, false) };
        (at, resolved.resource(top).id.to_string())
    });
    let node = asked.node.map(|node| resolved.node(node).name.to_string());
    let where_ = node.clone().unwrap_or_else(|| "all nodes".to_owned());
    match (home, &resource) {
        (Home::File(_), None) if command == "cleanup" => {}
        (Home::File(_), _) => {
            let lines = dry_runs(resolved, asked);
            let all = vec![where_];
            for what in if resource.is_some() { lines } else { all } {
                let words = format!("Dry run: skipping clean-up of {what} due to CIB_file");
                asked.note(said, &words);
            }
        }
        (Home::Cluster(client), _) => {
            let id = resource.as_ref().map(|(_, id)| id.clone());
            let of = id.clone().unwrap_or_else(|| "all resources".to_owned());
            tool::change(client, Change::Cleanup { resource: id, node })?;
            asked.note(said, &format!("Cleaned up {of} on {where_}"));
        }
    }
    if let Some((at, _)) = resource.filter(|_| !asked.is_quiet()) {
        why::note(resolved, at, said);
    }
    Ok(Exit::Ok)
}

/// What would be forgotten: each primitive where it is known.
fn dry_runs(resolved: &Resolved<'_>, asked: &Asked<'_>) -> Vec<String> {
    let Some(at) = asked.resource else { return Vec::new() };
    let top = if asked.is_forced() { at } else { resolved.top_of(at, false) };
    let mut leaves = Vec::new();
    let mut parts = vec![top];
    while let Some(at) = parts.pop() {
        let resource = resolved.resource(at);
        parts.extend(resource.children.iter().rev());
        if resource.children.is_empty() {
            leaves.push(at);
        }
    }
    let mut lines = Vec::new();
    for at in leaves {
        for node in resolved.node_indices() {
            if asked.node.is_none_or(|only| only == node) && resolved.node(node).online {
                let id = &resolved.resource(at).id;
                lines.push(format!("{id} on {}", resolved.node(node).name));
            }
        }
    }
    lines
}

fn patience(call: &Call) -> Result<Duration, Trouble> {
    let Some(given) = last(&call.given, &["timeout", "wait-timeout"]) else { return Ok(PATIENCE) };
    let refused = || Trouble::usage(format!("Invalid timeout: {}", given.value));
    parse_interval(&given.value).ok_or_else(refused)
}

/// Waits until nothing is left to do.
pub(super) fn wait(home: &Home, call: &Call) -> Result<Exit, Trouble> {
    let patience = patience(call)?;
    match home {
        Home::Cluster(client) => client.wait_idle(patience).map_err(tool::trouble)?,
        // Nothing is carried out in a file: what is left to do there stays.
        Home::File(_) => {
            let found = home.open("Could not connect to the CIB: ")?;
            let input = scheduler::Input { now: crate::time::now(), sanitized: false };
            let planned = scheduler::plan(&found.document, &input);
            if !planned.changes.is_empty() {
                let words = "the actions that are left are not carried out in a file";
                return Err(Trouble::new(Exit::Timeout, words));
            }
        }
    }
    Ok(Exit::Ok)
}

/// Stops a resource, waits, and lets it start again.
pub(super) fn restart(
    home: &Home,
    resolved: &Resolved<'_>,
    at: ResIx,
    asked: &Asked<'_>,
    said: &mut Output,
) -> Result<(), Trouble> {
    let Home::Cluster(client) = home else {
        return Err(Trouble::new(Exit::NotApplicable, "Nothing runs in a file"));
    };
    let resource = resolved.resource(at);
    let id = &resource.config_id;
    let runs = why::runs(resolved, at, None);
    if !runs || resource.next_role == Role::Stopped {
        let words = format!("{id} is not running anywhere and so cannot be restarted");
        return Err(Trouble::new(Exit::NotRunning, words));
    }
    let patience = patience(asked.call)?;
    let tag = resource.element.name();
    let written = resource.element.children_named("meta_attributes").find_map(|set| {
        let mut pairs = set.children_named("nvpair");
        let pair = pairs.find(|pair| pair.attr("name") == Some("target-role"))?;
        Some((set.attr("id")?, pair.attr("id")?, pair.attr("value")?))
    });
    let fresh = (format!("{id}-meta_attributes"), format!("{id}-meta_attributes-target-role"));
    let (set, pair) = written.map_or((&*fresh.0, &*fresh.1), |(set, pair, _)| (set, pair));
    let role = |value: &str| Edit::Modify {
        place: Place::Section(Section::Resources),
        xml: format!(
            "<{tag} id=\"{id}\"><meta_attributes id=\"{set}\"><nvpair id=\"{pair}\" \
             name=\"target-role\" value=\"{value}\"/></meta_attributes></{tag}>"
        ),
        or_create: false,
    };
    change(home, &[vec![role("Stopped")]])?;
    let stopped = client.wait_idle(patience).map_err(tool::trouble);
    let back = match written {
        Some((_, _, value)) => role(value),
        None => Edit::Delete { xpath: format!("//nvpair[@id='{pair}']"), all: false },
    };
    // Whatever came of stopping, it may run again.
    change(home, &[vec![back]])?;
    stopped?;
    client.wait_idle(patience).map_err(tool::trouble)?;
    asked.note(said, &format!("{id} successfully restarted"));
    Ok(())
}
