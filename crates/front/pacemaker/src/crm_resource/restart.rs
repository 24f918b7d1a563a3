//! Stopping and starting again, and waiting.

use std::time::{Duration, Instant};

use cib::Section;
use cib::edit::{Edit, Place};
use client::Client;
use model::parse_timeout;
use scheduler::{ChangeKind, Input, ResIx, Resolved, Variant};

use super::task::{Task, change};
use super::{placing, why};
use crate::exit::Exit;
use crate::home::Home;
use crate::time;
use crate::tool::{self, Call, Trouble, last};

/// As long as a cluster may take that nobody gave a limit.
const PATIENCE: Duration = Duration::from_secs(3600);

fn patience(call: &Call) -> Duration {
    let given = last(&call.given, &["timeout", "wait-timeout"]);
    let given = given.and_then(|given| parse_timeout(&given.value));
    given.filter(|patience| !patience.is_zero()).unwrap_or(PATIENCE)
}

/// Waits until nothing is left to do.
pub(super) fn wait(home: &Home, call: &Call) -> Result<Exit, Trouble> {
    match home {
        Home::Cluster(client) => client.wait_idle(patience(call)).map_err(tool::trouble)?,
        // Nothing is carried out in a file: what is left to do there stays.
        Home::File(_) => {
            let found = home.open("Could not connect to the CIB: ")?;
            let planned =
                scheduler::plan(&found.document, &Input { now: time::now(), sanitized: false });
            if !planned.changes.is_empty() {
                let words = "the actions that are left are not carried out in a file";
                return Err(Trouble::new(Exit::Timeout, words));
            }
        }
    }
    Ok(Exit::Ok)
}

/// Stops a resource, waits, and lets it start again.
pub(super) fn restart(task: &mut Task<'_, '_>, at: ResIx) -> Result<Exit, Trouble> {
    let Home::Cluster(client) = task.home else {
        return Err(Trouble::new(Exit::NotApplicable, "Nothing runs in a file"));
    };
    let (resolved, node) = (task.resolved, task.asked.node);
    let node = node.map(|node| &*resolved.node(node).name);
    // What a bundle implies is restarted with it.
    let at = if resolved.is_bundled(at) { resolved.top_of(at, true) } else { at };
    let resource = resolved.resource(at);
    let id = resource.history_name();
    if !why::runs(resolved, at, node) {
        task.said.error(match node {
            Some(node) => {
                format!("{id} is not running on {node} and so cannot be restarted")
            }
            None => format!("{id} is not running anywhere and so cannot be restarted"),
        });
        return Err(Trouble::new(Exit::NoSuch, ""));
    }
    if !resource.flags.managed {
        task.said.error("Unmanaged resources cannot be restarted.".to_owned());
        return Err(Trouble::new(Exit::NotApplicable, ""));
    }
    let means = Means::of(task, at)?;
    let end = Instant::now() + patience(task.asked.call);
    change(task.home, std::slice::from_ref(&means.stop))?;
    let stopped = stop(task, client, end, id);
    // Whatever came of stopping, it may run again.
    change(task.home, &[vec![means.back]])?;
    let stopped = stopped?;
    task.note(&format!("Waiting for {} resources to start again:", stopped.len()));
    stopped.iter().for_each(|name| task.note(&format!(" * {name}")));
    let left = end.saturating_duration_since(Instant::now());
    client.wait_idle(left).map_err(|error| incomplete(error, "restart", id))?;
    Ok(Exit::Ok)
}

/// Waits until what is to stop has stopped; answers what that is.
fn stop(
    task: &mut Task<'_, '_>,
    client: &Client,
    end: Instant,
    id: &str,
) -> Result<Vec<String>, Trouble> {
    let found = task.home.open("Could not connect to the CIB: ")?;
    let stopping = would_stop(&scheduler::resolve(
        &found.document,
        &Input { now: time::now(), sanitized: false },
    ));
    task.note(&format!("Waiting for {} resources to stop:", stopping.len()));
    stopping.iter().for_each(|name| task.note(&format!(" * {name}")));
    let left = end.saturating_duration_since(Instant::now());
    client.wait_idle(left).map_err(|error| incomplete(error, "shutdown", id))?;
    Ok(stopping)
}

fn would_stop(resolved: &Resolved<'_>) -> Vec<String> {
    let planned = scheduler::plan_resolved(resolved);
    let stops = planned.changes.iter().filter_map(|change| match change {
        scheduler::Change::Resource(change) if change.kind == ChangeKind::Stop => {
            Some(change.resource.to_string())
        }
        scheduler::Change::Resource(_) | scheduler::Change::Node(_) => None,
    });
    stops.collect()
}

fn incomplete(error: client::ClientError, what: &str, id: &str) -> Trouble {
    let trouble = tool::trouble(error);
    if trouble.exit == Exit::Timeout {
        return Trouble::new(Exit::Timeout, format!("Could not complete {what} of {id} in time"));
    }
    trouble
}

/// How a resource is stopped for a while.
struct Means {
    stop: Vec<Edit>,
    back: Edit,
}

impl Means {
    /// A copy on one node is kept off that node; all else is told to be stopped.
    fn of(task: &mut Task<'_, '_>, at: ResIx) -> Result<Self, Trouble> {
        let resolved = task.resolved;
        let top = resolved.top_of(at, false);
        let is_set = |at| {
            let variant = &resolved.resource(at).variant;
            matches!(variant, Variant::CloneSet(_) | Variant::Bundle(_))
        };
        let set = [at, top].into_iter().find(|at| is_set(*at));
        match (task.asked.node, set) {
            (Some(node), Some(set)) => {
                let id = resolved.resource(set).config_id.to_string();
                let (edit, name) = placing::ban_quietly(task, &id, node)?;
                let back =
                    Edit::Delete { xpath: format!("//rsc_location[@id='{name}']"), all: false };
                Ok(Self { stop: vec![edit], back })
            }
            (_, _) => Ok(Self::by_role(resolved, at)),
        }
    }

    fn by_role(resolved: &Resolved<'_>, at: ResIx) -> Self {
        let resource = resolved.resource(at);
        let id = &resource.config_id;
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
        let back = match written {
            Some((_, _, value)) => role(value),
            None => Edit::Delete { xpath: format!("//nvpair[@id='{pair}']"), all: false },
        };
        Self { stop: vec![role("Stopped")], back }
    }
}
