//! A bundle and its replicas.

use scheduler::{Bundle, Replica, Resolved, Resource};

use super::resources::read_resource;
use super::{PrimitiveShown, ResourceShown, Shown, current_node, primitive, shown_id};

/// A bundle.
#[derive(Clone, Debug)]
pub(crate) struct BundleShown<'r> {
    pub(crate) resource: &'r Resource<'r>,
    pub(crate) bundle: &'r Bundle,
    pub(crate) replicas: Vec<ReplicaShown<'r>>,
}

/// One copy.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaShown<'r> {
    pub(crate) replica: &'r Replica,
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
    resource: &'r Resource<'_>,
    bundle: &'r Bundle,
    shown: Shown,
) -> BundleShown<'r> {
    let replicas = bundle.replicas.iter().map(|replica| {
        let node = current_node(resolved, replica.container);
        let face = replica.child.unwrap_or(replica.container);
        let parts = [replica.ip, replica.child, Some(replica.container), replica.remote];
        let parts = parts.into_iter().flatten();
        ReplicaShown {
            replica,
            id: shown_id(resolved.resource(replica.remote.unwrap_or(replica.container))),
            face: primitive::read_on(resolved, face, node, shown),
            parts: parts.map(|part| read_resource(resolved, part, shown)).collect(),
        }
    });
    BundleShown { resource, bundle, replicas: replicas.collect() }
}
