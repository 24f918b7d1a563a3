//! The list of resources, and groups.

use scheduler::{ResIx, Resolved, Resource, Variant};

use super::{
    Brief, BundleShown, CloneSetShown, Look, PrimitiveShown, Shown, brief, bundle, clone_set,
    is_active, is_disabled, primitive,
};

/// The list of resources.
#[derive(Clone, Debug)]
pub(crate) struct ResourceList<'r> {
    /// By agent, if it is to be brief.
    pub(crate) brief: Option<Vec<Brief<'r>>>,
    /// There is something to be listed, whatever comes of it.
    pub(crate) begun: bool,
    /// Nothing is to be said of resources here.
    pub(crate) said_with_nodes: bool,
    pub(crate) resources: Vec<ResourceShown<'r>>,
}

/// A resource of any shape.
#[derive(Clone, Debug)]
pub(crate) enum ResourceShown<'r> {
    Primitive(Box<PrimitiveShown<'r>>),
    Group(GroupShown<'r>),
    CloneSet(Box<CloneSetShown<'r>>),
    Bundle(BundleShown<'r>),
}

/// A group, on its own or as an instance.
#[derive(Clone, Debug)]
pub(crate) struct GroupShown<'r> {
    pub(crate) resource: &'r Resource<'r>,
    pub(crate) disabled: bool,
    pub(crate) description: Option<String>,
    /// Members that do not run while others do, if those are not shown.
    pub(crate) missing: usize,
    /// How many members there are from the first that is shown.
    pub(crate) count: usize,
    pub(crate) members: Vec<ResourceShown<'r>>,
    /// By agent, if it is to be brief.
    pub(crate) brief: Option<Vec<Brief<'r>>>,
}

/// All resources that are wanted, but those that are gone.
pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> ResourceList<'r> {
    let look = shown.look;
    let by_node = look.has(Look::BY_NODE);
    let said_with_nodes = by_node && !look.has(Look::INACTIVE);
    let is_brief = look.has(Look::BRIEF) && !by_node;
    let is_listed = |at: &ResIx| {
        let resource = resolved.resource(*at);
        let (all, some) = (is_active(resolved, *at, true), is_active(resolved, *at, false));
        if resource.flags.removed && !all {
            false
        } else if by_node {
            !all
        } else if is_brief && matches!(resource.variant, Variant::Primitive) {
            false
        } else if some {
            shown.only.runs_here(resolved, *at)
        } else {
            look.has(Look::INACTIVE)
        }
    };
    let top = resolved.top.iter().copied().filter(|_| !said_with_nodes);
    let listed: Vec<ResIx> = top.filter(is_listed).collect();
    ResourceList {
        brief: is_brief.then(|| brief::read(resolved, &resolved.top, shown).unwrap_or_default()),
        begun: !listed.is_empty(),
        said_with_nodes,
        resources: listed.into_iter().filter_map(|at| read_resource(resolved, at, shown)).collect(),
    }
}

/// One resource of any shape; nothing if it is not wanted.
pub(super) fn read_resource<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    shown: Shown<'_>,
) -> Option<ResourceShown<'r>> {
    if !shown.only.resource(resolved, at, true) {
        return None;
    }
    Some(match &resolved.resource(at).variant {
        Variant::Primitive => {
            ResourceShown::Primitive(Box::new(primitive::read(resolved, at, shown)))
        }
        Variant::Group(_) => ResourceShown::Group(read_group(resolved, at, shown)),
        Variant::CloneSet(set) => {
            ResourceShown::CloneSet(Box::new(clone_set::read(resolved, at, set, shown)))
        }
        Variant::Bundle(bundle) => ResourceShown::Bundle(bundle::read(resolved, at, bundle, shown)),
    })
}

fn read_group<'r>(resolved: &'r Resolved<'_>, at: ResIx, shown: Shown<'_>) -> GroupShown<'r> {
    let resource = resolved.resource(at);
    let whole = shown.only.names_whole(resolved, at);
    let shows_inactive = shown.look.has(Look::INACTIVE);
    let wanted = |member: &ResIx| {
        let named = shown.only.resource(resolved, *member, false);
        let may_be = shows_inactive || is_active(resolved, *member, false);
        named && (may_be || shown.only.resources.is_some()) || whole && may_be
    };
    let members: Vec<ResIx> = resource.children.iter().copied().filter(wanted).collect();
    let first =
        members.first().and_then(|first| resource.children.iter().position(|at| at == first));
    let inactive = resource.children.iter().filter(|at| !is_active(resolved, **at, true)).count();
    let partly = inactive < resource.children.len() || is_active(resolved, at, false);
    GroupShown {
        resource,
        disabled: is_disabled(resolved, at),
        description: shown.describes(resolved, at),
        missing: if partly && !shows_inactive { inactive } else { 0 },
        count: resource.children.len() - first.unwrap_or(0),
        members: members.into_iter().filter_map(|at| read_resource(resolved, at, shown)).collect(),
        brief: if shown.look.has(Look::BRIEF) {
            brief::read(resolved, &resource.children, shown)
        } else {
            None
        },
    }
}
