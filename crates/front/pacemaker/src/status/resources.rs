//! The list of resources, and groups.

use scheduler::{ResIx, Resolved, Resource, Variant};

use super::{
    BundleShown, CloneSetShown, PrimitiveShown, Shown, bundle, clone_set, is_active, is_disabled,
    primitive,
};

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
    pub(crate) members: Vec<ResourceShown<'r>>,
}

/// All resources but those that are gone.
pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown) -> Vec<ResourceShown<'r>> {
    let listed = |at: &ResIx| {
        let removed = resolved.resource(*at).flags.removed;
        !removed || is_active(resolved, *at, true)
    };
    let listed = resolved.top.iter().copied().filter(listed);
    listed.map(|at| read_resource(resolved, at, shown)).collect()
}

/// One resource of any shape.
pub(super) fn read_resource<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    shown: Shown,
) -> ResourceShown<'r> {
    let resource = resolved.resource(at);
    match &resource.variant {
        Variant::Primitive => {
            ResourceShown::Primitive(Box::new(primitive::read(resolved, at, shown)))
        }
        Variant::Group(_) => ResourceShown::Group(GroupShown {
            resource,
            disabled: is_disabled(resolved, at),
            members: resource
                .children
                .iter()
                .map(|member| read_resource(resolved, *member, shown))
                .collect(),
        }),
        Variant::CloneSet(set) => {
            ResourceShown::CloneSet(Box::new(clone_set::read(resolved, at, set, shown)))
        }
        Variant::Bundle(bundle) => {
            ResourceShown::Bundle(bundle::read(resolved, resource, bundle, shown))
        }
    }
}
