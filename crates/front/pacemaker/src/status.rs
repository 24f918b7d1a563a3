//! The cluster's status as Pacemaker's tools show it: data for whoever writes it.
//!
//! **Not here:** what the status is; [`scheduler::resolve`] reads it from the document. Words and
//! layout: `lines` writes it for people, `elements` for programs.

mod attributes;
mod bans;
mod brief;
mod bundle;
mod clone_set;
mod failures;
mod fencing;
mod history;
mod nodes;
mod primitive;
mod resources;
mod wanted;

use model::Role;
use scheduler::{NodeIx, ResIx, Resolved, Resource, Ticket, Variant};

pub(crate) use attributes::{AttributeShown, NodeAttributes};
pub(crate) use bans::Ban;
pub(crate) use brief::Brief;
pub(crate) use bundle::BundleShown;
pub(crate) use clone_set::{CloneSetShown, Place};
pub(crate) use failures::FailedAction;
pub(crate) use fencing::{FencingList, FencingShown, FencingState};
pub(crate) use history::{NodeHistory, OperationShown, ResourceHistory};
pub(crate) use nodes::{Health, NodeShown, NodeWord, display_name, feature_set};
pub(crate) use primitive::{Limit, PrimitiveShown};
pub(crate) use resources::{GroupShown, ResourceList, ResourceShown};
pub(crate) use wanted::{Look, Only, Sections, Shown};

/// The status, section by section: none or nothing in it where it is not wanted.
#[derive(Clone, Debug)]
pub(crate) struct Status<'r> {
    pub(crate) look: Look,
    pub(crate) nodes: Option<Vec<NodeShown<'r>>>,
    pub(crate) resources: Option<ResourceList<'r>>,
    /// Nodes that have attributes.
    pub(crate) attributes: Vec<NodeAttributes<'r>>,
    /// Nodes where something happened. `None` also if no node is online.
    pub(crate) history: Option<Vec<NodeHistory<'r>>>,
    /// History has all operations, not failures alone.
    pub(crate) operations: bool,
    pub(crate) failed: Vec<FailedAction<'r>>,
    pub(crate) tickets: Vec<&'r Ticket<'r>>,
    pub(crate) bans: Vec<Ban<'r>>,
    /// Of a running cluster, where it is wanted.
    pub(crate) fencing: FencingList<'r>,
}

/// Gathers what is shown.
pub(crate) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> Status<'r> {
    let wants = |section| shown.sections.has(section);
    let operations = wants(Sections::OPERATIONS);
    let history = operations || wants(Sections::FAIL_COUNTS);
    let attributes = wants(Sections::ATTRIBUTES).then(|| attributes::read(resolved, shown));
    let failed = wants(Sections::FAILURES).then(|| failures::read(resolved, shown));
    let bans = wants(Sections::BANS).then(|| bans::read(resolved, shown));
    let tickets = resolved.tickets.iter().filter(|_| wants(Sections::TICKETS));
    Status {
        look: shown.look,
        nodes: wants(Sections::NODES).then(|| nodes::read(resolved, shown)),
        resources: wants(Sections::RESOURCES).then(|| resources::read(resolved, shown)),
        attributes: attributes.unwrap_or_default(),
        history: if history { history::read(resolved, shown) } else { None },
        operations,
        failed: failed.unwrap_or_default(),
        tickets: tickets.collect(),
        bans: bans.unwrap_or_default(),
        fencing: FencingList::default(),
    }
}

/// One resource; nothing if it is not among those that are shown.
pub(crate) fn one<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    shown: Shown<'_>,
) -> Option<ResourceShown<'r>> {
    resources::read_resource(resolved, at, shown)
}

/// How many instances there are, and what holds some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) instances: usize,
    pub(crate) disabled: usize,
    pub(crate) blocked: usize,
}

pub(crate) fn count(resolved: &Resolved<'_>) -> Counts {
    let mut counts = Counts::default();
    for top in &resolved.top {
        count_in(resolved, *top, &mut counts);
    }
    counts
}

fn count_in(resolved: &Resolved<'_>, at: ResIx, counts: &mut Counts) {
    let resource = resolved.resource(at);
    let parts = parts(resource);
    if !parts.is_empty() {
        for part in parts {
            count_in(resolved, part, counts);
        }
        return;
    }
    if resource.flags.removed && resource.role <= Role::Stopped {
        return;
    }
    counts.instances += 1;
    counts.disabled += usize::from(is_disabled(resolved, at));
    counts.blocked += usize::from(resource.flags.blocked);
}

/// Members, instances, or the parts of a bundle's replicas.
fn parts(resource: &Resource<'_>) -> Vec<ResIx> {
    match &resource.variant {
        Variant::Primitive | Variant::Group(_) | Variant::CloneSet(_) => resource.children.clone(),
        Variant::Bundle(bundle) => bundle
            .replicas
            .iter()
            .flat_map(|copy| [copy.ip, copy.child, Some(copy.container), copy.remote])
            .flatten()
            .collect(),
    }
}

/// The role that the operator set, if it is a role.
fn target_role(resource: &Resource<'_>) -> Option<Role> {
    resource.meta("target-role").and_then(Role::parse)
}

/// The operator keeps it from running, or from being promoted.
fn is_disabled(resolved: &Resolved<'_>, at: ResIx) -> bool {
    match target_role(resolved.resource(at)) {
        Some(Role::Stopped) => true,
        Some(Role::Unpromoted) => resolved.resource(resolved.top_of(at, false)).flags.promotable,
        Some(Role::Unknown | Role::Started | Role::Promoted) | None => false,
    }
}

/// Active somewhere: all of it, or any part.
fn is_active(resolved: &Resolved<'_>, at: ResIx, all: bool) -> bool {
    let resource = resolved.resource(at);
    match resource.variant {
        Variant::Primitive => resource.active.iter().any(|node| {
            let node = resolved.node(*node);
            node.unclean || node.online || !resource.flags.managed
        }),
        Variant::Group(_) | Variant::CloneSet(_) | Variant::Bundle(_) => {
            let mut parts = parts(resource).into_iter();
            if all {
                parts.all(|part| is_active(resolved, part, all))
            } else {
                parts.any(|part| is_active(resolved, part, all))
            }
        }
    }
}

/// The highest role of a resource's parts.
fn role(resolved: &Resolved<'_>, at: ResIx) -> Role {
    let resource = resolved.resource(at);
    if resource.children.is_empty() {
        return resource.role;
    }
    let roles = resource.children.iter().map(|child| role(resolved, *child));
    roles.max().unwrap_or_default()
}

/// The node where the resource is taken to be: of several, a clean one if it need not be fenced.
fn current_node(resolved: &Resolved<'_>, at: ResIx) -> Option<NodeIx> {
    let resource = resolved.resource(at);
    let clean = |node: &NodeIx| {
        let node = resolved.node(*node);
        node.online && !node.unclean
    };
    let first = resource.active.first().copied();
    if let Some(partial) = resource.partial_move {
        return if resource.active.contains(&partial.source) {
            Some(partial.source)
        } else {
            first
        };
    }
    if resource.flags.needs_fencing {
        return first;
    }
    resource.active.iter().copied().find(clean).or(first)
}

/// The resource that goes by `id`: its own, the one that its history uses, or that of what it is a
/// copy of; the first if several do.
pub(crate) fn find(resolved: &Resolved<'_>, id: &str) -> Option<ResIx> {
    let is_copy = |at: &ResIx| &*resolved.resource(*at).config_id == id;
    let found = resolved.find_resource(id).or_else(|| resolved.find_recorded(id));
    found.or_else(|| resolved.resource_indices().find(is_copy))
}

/// The id that people know: an anonymous instance goes by its set's child.
pub(crate) fn shown_id<'r>(resource: &'r Resource<'_>) -> &'r str {
    if resource.flags.unique { &resource.id } else { &resource.config_id }
}
