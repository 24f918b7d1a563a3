//! Resources as a tree, each with its roles and nodes.

use std::collections::BTreeMap;

use model::{AgentRef, Role};
use scheduler::{NodeIx, ResIx, Resolved, Resource, Variant};
use serde::Serialize;

use crate::survival::leaves;

/// A resource as people see it: an anonymous clone's instances are one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ResourceLine {
    pub id: String,
    pub shape: Shape,
    /// `ocf:heartbeat:IPaddr2`; only primitives have one.
    pub agent: Option<String>,
    /// Where it is active, and in which role.
    pub places: Vec<Place>,
    /// Wanted, managed, and active nowhere.
    pub missing: bool,
    /// Has a failure that counts.
    pub failed: bool,
    /// `disabled`, `unmanaged`, `blocked`, ...
    pub remarks: Vec<String>,
    /// Members of a group, instances that differ, replicas of a bundle.
    pub children: Vec<ResourceLine>,
}

/// A resource's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    Primitive,
    FenceDevice,
    Group,
    Clone,
    PromotableClone,
    Bundle,
}

impl Shape {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Primitive => "primitive",
            Self::FenceDevice => "fence device",
            Self::Group => "group",
            Self::Clone => "clone",
            Self::PromotableClone => "promotable clone",
            Self::Bundle => "bundle",
        }
    }
}

/// Where and how something is active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Place {
    pub node: String,
    pub role: &'static str,
    /// The node is lost, so that this may or may not be.
    pub unclean: bool,
    /// A part of it is active there, and a part is not.
    pub partly: bool,
}

pub(super) fn lines(resolved: &Resolved<'_>) -> Vec<ResourceLine> {
    let shown = resolved.top.iter().filter(|at| is_shown(resolved, **at));
    shown.map(|at| line(resolved, *at)).collect()
}

/// Whether people want to see it: not what is gone, nor what the cluster made for itself.
pub(crate) fn is_shown(resolved: &Resolved<'_>, at: ResIx) -> bool {
    let resource = resolved.resource(at);
    let gone = resource.flags.removed && resource.active.is_empty();
    !gone && resource.meta("internal_rsc") != Some("true")
}

/// Wanted, managed, and active nowhere.
pub(crate) fn is_missing(resolved: &Resolved<'_>, at: ResIx) -> bool {
    let resource = resolved.resource(at);
    let active =
        leaves(resolved, at).iter().any(|leaf| !resolved.resource(*leaf).active.is_empty());
    let wanted = !is_disabled(resource) && resource.flags.managed && wants_copies(resource);
    !active && wanted && !lacks_its_machine(resolved, at)
}

/// Whether it watches a part of its machine, such as network cards or a load: who loses the machine misses nothing of it.
pub(crate) fn is_of_machine(resource: &Resource<'_>) -> bool {
    let is_watch = |agent: &AgentRef| {
        let kinds = ["lan", "polled-resource"];
        agent.provider.as_deref() == Some("quorate") && kinds.contains(&agent.kind.as_ref())
    };
    resource.agent.as_ref().is_some_and(is_watch)
}

fn lacks_its_machine(resolved: &Resolved<'_>, at: ResIx) -> bool {
    let own = || resolved.locations.iter().filter(|location| location.resource == at);
    let is_forbidden = |node: NodeIx| {
        own().flat_map(|own| &own.scores).any(|(of, score)| *of == node && score.forbids())
    };
    let may_run = |node: NodeIx| {
        let machine = resolved.node(node);
        machine.online && !machine.unclean && !machine.standby && !is_forbidden(node)
    };
    is_of_machine(resolved.resource(at)) && !resolved.node_indices().any(may_run)
}

fn line(resolved: &Resolved<'_>, at: ResIx) -> ResourceLine {
    let resource = resolved.resource(at);
    let places = places(resolved, at);
    ResourceLine {
        id: shown_id(resource),
        shape: shape(resource),
        agent: resource.agent.as_ref().map(ToString::to_string),
        missing: is_missing(resolved, at),
        failed: leaves(resolved, at).iter().any(|leaf| resolved.resource(*leaf).flags.failed),
        remarks: remarks(resolved, at),
        children: children(resolved, resource),
        places,
    }
}

/// Whether it would run anywhere at all: a clone set may have room for none.
fn wants_copies(resource: &Resource<'_>) -> bool {
    resource.clone_set().is_none_or(|options| options.max > 0)
}

pub(crate) fn shape(resource: &Resource<'_>) -> Shape {
    match &resource.variant {
        Variant::Primitive if resource.flags.fence_device => Shape::FenceDevice,
        Variant::Primitive => Shape::Primitive,
        Variant::Group(_) => Shape::Group,
        Variant::CloneSet(options) if options.promotable => Shape::PromotableClone,
        Variant::CloneSet(_) => Shape::Clone,
        Variant::Bundle(_) => Shape::Bundle,
    }
}

/// The id that people know: an anonymous instance goes by its configured one.
pub(crate) fn shown_id(resource: &Resource<'_>) -> String {
    let id = if resource.flags.unique { &resource.id } else { &resource.config_id };
    id.as_ref().to_owned()
}

/// What is shown below a resource's own line.
fn children(resolved: &Resolved<'_>, resource: &Resource<'_>) -> Vec<ResourceLine> {
    let each = |list: &[ResIx]| list.iter().map(|child| line(resolved, *child)).collect();
    match &resource.variant {
        Variant::Primitive => Vec::new(),
        Variant::Group(_) | Variant::Bundle(_) => each(&resource.children),
        Variant::CloneSet(options) if options.unique => each(&resource.children),
        // Instances of one primitive say nothing that the set's line does not say; an instance of
        // a group may be half there.
        Variant::CloneSet(_) => Vec::new(),
    }
}

/// Where the parts are active: by node, in node order, with the best role of any part.
fn places(resolved: &Resolved<'_>, at: ResIx) -> Vec<Place> {
    let parts = leaves(resolved, at);
    let resource = resolved.resource(at);
    let promotable = resolved.resource(resolved.top_of(at, false)).flags.promotable;
    // Copies on one node: all members of a group, one instance of a clone.
    let whole = match &resource.variant {
        Variant::Group(_) => parts.len(),
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => 1,
    };
    let mut found: BTreeMap<_, (Role, usize)> = BTreeMap::new();
    for part in parts {
        let part = resolved.resource(part);
        for node in &part.active {
            let entry = found.entry(*node).or_insert((Role::Unknown, 0));
            entry.0 = entry.0.max(part.role);
            entry.1 += 1;
        }
    }
    found
        .into_iter()
        .map(|(node, (role, copies))| {
            let node = resolved.node(node);
            Place {
                node: node.name.as_ref().to_owned(),
                role: role_word(role, promotable),
                unclean: node.unclean,
                partly: copies < whole,
            }
        })
        .collect()
}

/// A promotable instance that is merely started is unpromoted.
pub(crate) fn role_word(role: Role, promotable: bool) -> &'static str {
    match role {
        Role::Promoted => "promoted",
        Role::Unpromoted => "unpromoted",
        Role::Started if promotable => "unpromoted",
        Role::Started => "started",
        Role::Stopped => "stopped",
        Role::Unknown => "unknown",
    }
}

fn is_disabled(resource: &Resource<'_>) -> bool {
    resource.meta("target-role").and_then(Role::parse) == Some(Role::Stopped)
}

fn remarks(resolved: &Resolved<'_>, at: ResIx) -> Vec<String> {
    let resource = resolved.resource(at);
    let flags = &resource.flags;
    let mut remarks = Vec::new();
    let mut add = |holds: bool, words: &str| {
        if holds {
            remarks.push(words.to_owned());
        }
    };
    add(flags.removed, "removed from the configuration");
    add(is_disabled(resource), "disabled");
    add(flags.blocked, "blocked: the cluster does not dare to touch it");
    add(flags.maintenance && !flags.blocked, "in maintenance");
    add(!flags.managed && !flags.maintenance && !flags.blocked, "unmanaged");
    add(flags.ignore_failure, "failure ignored");
    add(resource.shutdown_lock.is_some(), "waits for its node, which was shut down");
    if let Some(pending) = &resource.pending {
        remarks.push(doing(&pending.task).to_owned());
    }
    if resource.is_primitive() && resource.active.len() > 1 && !flags.unique {
        remarks.push("active on more than one node".to_owned());
    }
    remarks
}

/// An operation under way, in words.
fn doing(task: &str) -> &str {
    match task {
        "start" => "starting",
        "stop" => "stopping",
        "promote" => "being promoted",
        "demote" => "being demoted",
        "migrate_to" | "migrate_from" => "moving live",
        "monitor" => "being looked at",
        other => other,
    }
}
