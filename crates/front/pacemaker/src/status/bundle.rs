//! A bundle and its replicas.

use scheduler::{Bundle, Replica, ResIx, Resolved, Resource};

use super::resources::read_resource;
use super::{Look, PrimitiveShown, ResourceShown, Shown, current_node, primitive, shown_id};

/// A bundle.
#[derive(Clone, Debug)]
pub(crate) struct BundleShown<'r> {
    pub(crate) resource: &'r Resource<'r>,
    pub(crate) bundle: &'r Bundle,
    pub(crate) description: Option<String>,
    pub(crate) replicas: Vec<ReplicaShown<'r>>,
}

/// One copy.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaShown<'r> {
    pub(crate) replica: &'r Replica,
    /// Its parts are listed, not what stands for it.
    pub(crate) apart: bool,
    /// The copy goes by its guest node's name, or its container's.
    pub(crate) id: &'r str,
    /// What stands for the whole copy: the bundled primitive, or else the container, where the
    /// container is.
    pub(crate) face: PrimitiveShown<'r>,
    /// Address, bundled primitive, container, connection: those that there are.
    pub(crate) parts: Vec<ResourceShown<'r>>,
}

pub(super) fn read<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    bundle: &'r Bundle,
    shown: Shown<'_>,
) -> BundleShown<'r> {
    let resource: &Resource<'_> = resolved.resource(at);
    let whole = shown.only.names(&resource.id);
    let here =
        bundle.replicas.iter().filter(|copy| !shown.only.elsewhere(resolved, copy.container));
    let replicas = here.filter_map(|replica| {
        let node = current_node(resolved, replica.container);
        let face = replica.child.unwrap_or(replica.container);
        let parts = [replica.ip, replica.child, Some(replica.container), replica.remote];
        let wanted = |part: &ResIx| shown.only.resource(resolved, *part, whole);
        let parts: Vec<ResIx> = parts.into_iter().flatten().filter(wanted).collect();
        if !whole && parts.is_empty() {
            return None;
        }
        let apart = shown.look.has(Look::PARTS) || !whole;
        let looking = if apart { shown.looking(shown.look | Look::PARTS) } else { shown };
        Some(ReplicaShown {
            replica,
            apart,
            id: shown_id(resolved.resource(replica.remote.unwrap_or(replica.container))),
            face: primitive::read_on(resolved, face, node, shown),
            parts: parts
                .into_iter()
                .filter_map(|part| read_resource(resolved, part, looking))
                .collect(),
        })
    });
    let description = shown.describes(resolved, at);
    BundleShown { resource, bundle, description, replicas: replicas.collect() }
}
