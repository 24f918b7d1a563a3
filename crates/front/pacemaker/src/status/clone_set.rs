//! A clone set: nodes by what its instances do there, and the instances that need a line.

use std::collections::BTreeMap;

use model::Role;
use scheduler::{CloneSet, NodeIx, ResIx, Resolved, Resource};

use super::primitive::failed_probe;
use super::resources::read_resource;
use super::{Look, ResourceShown, Shown, is_active, is_disabled, role, target_role};
use crate::exit;

/// A clone set.
#[derive(Clone, Debug)]
pub(crate) struct CloneSetShown<'r> {
    pub(crate) resource: &'r Resource<'r>,
    /// The id of what is copied.
    pub(crate) child: &'r str,
    pub(crate) disabled: bool,
    /// The operator's role for the set, or for its instances, as written.
    pub(crate) target_role: Option<&'r str>,
    pub(crate) description: Option<String>,
    /// It is said even if nothing of it is.
    pub(crate) named: bool,
    pub(crate) instances: Vec<InstanceShown<'r>>,
    /// Nodes of the instances that need no line of their own, by name.
    pub(crate) promoted: Vec<&'r str>,
    pub(crate) started: Vec<&'r str>,
    /// What is said of nodes, or instances, where nothing runs.
    pub(crate) stopped: BTreeMap<String, String>,
}

impl CloneSetShown<'_> {
    /// The operator's role, if it is one.
    pub(crate) fn configured_role(&self) -> Option<Role> {
        self.target_role.and_then(Role::parse)
    }
}

/// One copy.
#[derive(Clone, Debug)]
pub(crate) struct InstanceShown<'r> {
    pub(crate) place: Place,
    pub(crate) resource: ResourceShown<'r>,
}

/// Where an instance is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a line of its own.
    Line,
    Stopped,
    On(NodeIx, Role),
    Nowhere,
}

pub(super) fn read<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    set: &CloneSet,
    shown: Shown<'_>,
) -> CloneSetShown<'r> {
    let resource = resolved.resource(at);
    let whole = shown.only.names_whole(resolved, at);
    let mut instances = Vec::new();
    let (mut promoted, mut started) = (Vec::new(), Vec::new());
    let mut stopped = BTreeMap::new();
    let wanted = |instance: &&ResIx| {
        !shown.only.elsewhere(resolved, **instance)
            && shown.only.resource(resolved, **instance, whole)
    };
    for instance in resource.children.iter().filter(wanted) {
        let place = place(resolved, at, *instance, shown);
        match place {
            Place::Stopped => {
                let id = resolved.resource(*instance).id.to_string();
                stopped.insert(id, "Stopped".to_owned());
            }
            Place::On(node, Role::Promoted) => promoted.push(node),
            Place::On(node, _) => started.push(node),
            Place::Line | Place::Nowhere => {}
        }
        let read = read_resource(resolved, *instance, shown.of_all());
        instances.extend(read.map(|resource| InstanceShown { place, resource }));
    }
    let (promoted, started) = (names(resolved, promoted, shown), names(resolved, started, shown));
    let all_stopped = shown.look.has(Look::INACTIVE) && !shown.look.has(Look::PARTS);
    let active = promoted.len() + started.len();
    if !all_stopped {
        stopped.clear();
    } else if !resource.flags.unique && set.max as usize > active {
        stopped = stopped_nodes(resolved, at, shown);
    }
    let child = resource.children.first().map(|child| resolved.resource(*child));
    CloneSetShown {
        resource,
        child: child.map_or("", |child| &*child.config_id),
        disabled: is_disabled(resolved, at),
        target_role: resource
            .meta("target-role")
            .or_else(|| child.and_then(|child| child.meta("target-role"))),
        description: shown.describes(resolved, at),
        named: all_stopped,
        instances,
        promoted,
        started,
        stopped,
    }
}

fn names<'r>(resolved: &'r Resolved<'_>, mut nodes: Vec<NodeIx>, shown: Shown<'_>) -> Vec<&'r str> {
    nodes.sort();
    let names = nodes.into_iter().map(|node| &*resolved.node(node).name);
    names.filter(|name| shown.only.node(name)).collect()
}

fn place(resolved: &Resolved<'_>, set: ResIx, at: ResIx, shown: Shown<'_>) -> Place {
    let instance = resolved.resource(at);
    if shown.look.has(Look::PARTS) {
        return Place::Line;
    }
    let partly = is_active(resolved, at, false);
    if resolved.resource(set).flags.unique {
        let gone = !partly && resolved.resource(set).flags.removed;
        return if gone { Place::Nowhere } else { Place::Line };
    }
    let busy = instance.pending.as_ref().is_some_and(|pending| &*pending.task != "probe");
    if shown.look.has(Look::PENDING) && busy {
        return Place::Line;
    }
    if !partly {
        return if instance.flags.removed { Place::Nowhere } else { Place::Stopped };
    }
    let odd = any_part(resolved, at, &|part| {
        part.flags.removed || part.flags.failed || !part.flags.managed
    });
    if odd || !is_active(resolved, at, true) {
        return Place::Line;
    }
    let mut nodes = Vec::new();
    locations(resolved, at, &mut nodes);
    match nodes.as_slice() {
        [node] if resolved.node(*node).online || !resolved.node(*node).unclean => {
            Place::On(*node, role(resolved, at))
        }
        _ => Place::Line,
    }
}

fn any_part(resolved: &Resolved<'_>, at: ResIx, test: &dyn Fn(&Resource<'_>) -> bool) -> bool {
    let resource = resolved.resource(at);
    test(resource) || resource.children.iter().any(|child| any_part(resolved, *child, test))
}

/// Every node where a part is.
fn locations(resolved: &Resolved<'_>, at: ResIx, nodes: &mut Vec<NodeIx>) {
    let resource = resolved.resource(at);
    if resource.children.is_empty() {
        for node in &resource.active {
            if !nodes.contains(node) {
                nodes.push(*node);
            }
        }
    }
    for child in &resource.children {
        locations(resolved, *child, nodes);
    }
}

/// The operator's role for the set, or for its instances.
fn configured_role(resolved: &Resolved<'_>, at: ResIx) -> Option<Role> {
    let set = resolved.resource(at);
    if set.meta("target-role").is_some() {
        return target_role(set);
    }
    set.children.first().and_then(|child| target_role(resolved.resource(*child)))
}

/// What is said of nodes that could run an instance and run none.
fn stopped_nodes(resolved: &Resolved<'_>, at: ResIx, shown: Shown<'_>) -> BTreeMap<String, String> {
    let set = resolved.resource(at);
    let allowed = || {
        let rows = set.allowed.iter().enumerate();
        rows.filter(|(_, row)| row.is_some()).map(|(at, _)| NodeIx::new(at))
    };
    // In an opt-in cluster nothing is allowed before assignment; then what was probed counts.
    let nodes: Vec<NodeIx> =
        if allowed().next().is_some() { allowed().collect() } else { set.known_on.clone() };
    let disabled = configured_role(resolved, at) == Some(Role::Stopped);
    nodes
        .into_iter()
        .filter(|node| !set.active.contains(node) && shown.only.node(&resolved.node(*node).name))
        .map(|node| {
            let words = match failed_probe(resolved, at, Some(node)) {
                Some(code) => format!("Stopped ({})", exit::words(code)),
                None if disabled => "Stopped (disabled)".to_owned(),
                None => "Stopped".to_owned(),
            };
            (resolved.node(node).name.to_string(), words)
        })
        .collect()
}
