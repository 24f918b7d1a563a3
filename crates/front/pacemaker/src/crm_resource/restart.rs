//! Stopping and starting again, and waiting.

use std::time::{Duration, Instant};

use cib::edit::{self, Edit, Place};
use cib::{Document, Section};
use client::{Client, ClientError};
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

/// How long all of it may take.
pub(super) fn patience(call: &Call) -> Duration {
    let given = last(&call.given, &["timeout", "wait-timeout"]);
    let given = given.and_then(|given| parse_timeout(&given.value));
    given.filter(|patience| !patience.is_zero()).unwrap_or(PATIENCE)
}

/// Waits until nothing is left to do.
pub(super) fn wait(home: &Home, call: &Call) -> Result<Exit, Trouble> {
    match home {
        Home::Cluster(client) => client.wait_idle(patience(call)).map_err(|error| {
            let pending = matches!(error, ClientError::Deadline { .. }).then(|| pending(home));
            match pending.flatten() {
                Some(words) => Trouble::new(Exit::Timeout, words),
                None => tool::trouble(error),
            }
        })?,
        // Nothing is carried out in a file: what is left to do there stays.
        Home::File(_) | Home::Elsewhere(_) => {
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

/// Time over, a daemon that answers at all does so at once.
const QUICK: Duration = Duration::from_millis(200);

/// What is under way, if the daemon tells.
fn pending(home: &Home) -> Option<String> {
    let cluster = home.clone().within(QUICK).read().ok()?.cluster?;
    let running = cluster.running.iter().map(|action| format!("\n\t{action}"));
    Some(format!("Pending actions:{}", running.collect::<String>()))
}

/// Stops a resource, waits, and lets it start again.
pub(super) fn restart(task: &mut Task<'_, '_>, at: ResIx) -> Result<Exit, Trouble> {
    let Home::Cluster(client) = task.home else {
        return Err(Trouble::new(Exit::NotApplicable, "Nothing runs in a file"));
    };
    let (resolved, node) = (task.resolved, task.asked.node);
    let name = node.map(|node| &*resolved.node(node).name);
    // What a bundle implies is restarted with it.
    let at = if resolved.is_bundled(at) { resolved.top_of(at, true) } else { at };
    let at = copy_that_runs(resolved, at, name);
    let resource = resolved.resource(at);
    let id = resource.history_name();
    if !why::runs(resolved, at, name) {
        task.said.error(match name {
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
    let Means { stop, back } = Means::of(task, at)?;
    let stopping = would_stop(resolved.document, &stop)?;
    let end = Instant::now() + patience(task.asked.call);
    change(task.home, &[stop])?;
    list(task, "stop", &stopping);
    let stopped = wait_until(client, end).map_err(|error| incomplete(error, "shutdown", id));
    // Whatever came of stopping, it may run again.
    change(task.home, &[vec![back]])?;
    stopped?;
    list(task, "start again", &stopping);
    wait_until(client, end).map_err(|error| incomplete(error, "restart", id))?;
    Ok(Exit::Ok)
}

fn wait_until(client: &Client, end: Instant) -> Result<(), ClientError> {
    client.wait_idle(end.saturating_duration_since(Instant::now()))
}

fn list(task: &mut Task<'_, '_>, what: &str, names: &[String]) {
    task.note(&format!("Waiting for {} resources to {what}:", names.len()));
    names.iter().for_each(|name| task.note(&format!(" * {name}")));
}

/// Of a set whose first copy was found by the name that they share, the copy that runs; on the node, if
/// one is named.
fn copy_that_runs(resolved: &Resolved<'_>, at: ResIx, node: Option<&str>) -> ResIx {
    let Some(set) = resolved.resource(at).parent.map(|parent| resolved.resource(parent)) else {
        return at;
    };
    if set.clone_set().is_none() || why::runs(resolved, at, node) {
        return at;
    }
    let running = set.children.iter().find(|copy| why::runs(resolved, **copy, node));
    running.copied().unwrap_or(at)
}

/// What stops if this is changed.
fn would_stop(document: &Document, edits: &[Edit]) -> Result<Vec<String>, Trouble> {
    let changed = edit::apply(document, edits);
    let changed = changed.map_err(|refused| Trouble::new(Exit::Config, refused.to_string()))?;
    let planned = scheduler::plan(&changed.document, &Input { now: time::now(), sanitized: false });
    let stops = planned.changes.iter().filter_map(|change| match change {
        scheduler::Change::Resource(change) if change.kind == ChangeKind::Stop => {
            Some(change.resource.to_string())
        }
        scheduler::Change::Resource(_) | scheduler::Change::Node(_) => None,
    });
    Ok(stops.collect())
}

fn incomplete(error: ClientError, what: &str, id: &str) -> Trouble {
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
