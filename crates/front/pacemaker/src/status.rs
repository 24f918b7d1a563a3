//! The cluster's status as Pacemaker's tools show it: data for whoever writes it.
//!
//! **Not here:** what the status is; [`scheduler::resolve`] reads it from the document. Words and
//! layout: `lines` writes it for people, `elements` for programs.

mod attributes;
mod bundle;
mod clone_set;
mod failures;
mod nodes;
mod primitive;
mod resources;

use model::Role;
use scheduler::{NodeIx, ResIx, Resolved, Resource, Variant};

pub(crate) use attributes::{AttributeShown, NodeAttributes};
pub(crate) use bundle::BundleShown;
pub(crate) use clone_set::{CloneSetShown, Place};
pub(crate) use failures::{FailCountShown, FailedAction, NodeFailures};
pub(crate) use nodes::{Health, NodeShown, NodeWord};
pub(crate) use primitive::{Limit, PrimitiveShown};
pub(crate) use resources::{GroupShown, ResourceShown};

/// What is shown besides nodes and resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Operations under way, in place of the role they lead to.
    pub(crate) pending: bool,
    pub(crate) attributes: bool,
    /// Fail counts and failed actions.
    pub(crate) failures: bool,
}

/// The status, section by section.
#[derive(Clone, Debug)]
pub(crate) struct Status<'r> {
    pub(crate) nodes: Vec<NodeShown<'r>>,
    pub(crate) resources: Vec<ResourceShown<'r>>,
    /// Nodes that have attributes; none if they are not wanted.
    pub(crate) attributes: Vec<NodeAttributes<'r>>,
    /// Nodes where something failed. `None` if that is not wanted, or no node is online.
    pub(crate) fail_counts: Option<Vec<NodeFailures<'r>>>,
    pub(crate) failed: Vec<FailedAction<'r>>,
}

/// Gathers what is shown.
pub(crate) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown) -> Status<'r> {
    Status {
        nodes: nodes::read(resolved),
        resources: resources::read(resolved, shown),
        attributes: if shown.attributes { attributes::read(resolved) } else { Vec::new() },
        fail_counts: if shown.failures { failures::read_counts(resolved) } else { None },
        failed: if shown.failures { failures::read_failed(resolved) } else { Vec::new() },
    }
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

/// The id that people know: an anonymous instance goes by its set's child.
fn shown_id<'r>(resource: &'r Resource<'_>) -> &'r str {
    if resource.flags.unique { &resource.id } else { &resource.config_id }
}
