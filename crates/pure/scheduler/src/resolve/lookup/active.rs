//! Where a resource is active, and whether a node can be fenced.

use super::super::types::{LossPolicy, NodeIx, NodeKind, ResIx, Resolved, Variant};

/// The nodes where a resource is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveNodes {
    /// The one that counts: the source of a live move under way; else, where recovery does not
    /// wait for fencing, the first that is clean; else the first.
    pub node: Option<NodeIx>,
    pub all: u32,
    /// Those of them that are online and clean.
    pub clean: u32,
}

impl Resolved<'_> {
    /// Where `resource` is active at the start. Of a bundle its containers count.
    pub fn active_nodes(&self, resource: ResIx) -> ActiveNodes {
        let Some(bundle) = self.resource(resource).bundle() else {
            return self.count_active(resource, &self.resource(resource).active);
        };
        let containers: Vec<ResIx> = bundle
            .replicas
            .iter()
            .map(|replica| replica.container)
            .filter(|container| !self.resource(*container).active.is_empty())
            .collect();
        if let [only] = containers.as_slice() {
            return self.active_nodes(*only);
        }
        let mut nodes = Vec::new();
        for node in containers.iter().flat_map(|container| &self.resource(*container).active) {
            if !nodes.contains(node) {
                nodes.push(*node);
            }
        }
        self.count_active(resource, &nodes)
    }

    fn count_active(&self, resource: ResIx, nodes: &[NodeIx]) -> ActiveNodes {
        let found = self.resource(resource);
        let is_clean = |node: NodeIx| self.node(node).online && !self.node(node).unclean;
        let mut active = ActiveNodes::default();
        for node in nodes.iter().copied() {
            active.all += 1;
            active.clean += u32::from(is_clean(node));
            if let Some(moving) = found.partial_move {
                if moving.source == node {
                    active.node = Some(node);
                }
            } else if !found.flags.needs_fencing
                && is_clean(node)
                && active.node.is_none_or(|best| !is_clean(best))
            {
                active.node = Some(node);
            }
            active.node = active.node.or(Some(node));
        }
        active
    }

    /// On how many nodes `resource` is active, as far as that matters for its recovery: only
    /// clean ones where recovery does not wait for fencing.
    pub fn active_count(&self, resource: ResIx) -> u32 {
        let active = self.active_nodes(resource);
        if self.resource(resource).flags.needs_fencing { active.all } else { active.clean }
    }

    /// Whether `resource` is a bundle or part of one.
    pub fn is_bundled(&self, resource: ResIx) -> bool {
        let top = self.top_of(resource, true);
        matches!(self.resource(top).variant, Variant::Bundle(_))
    }

    /// Whether `node` can be fenced as things are.
    pub fn can_fence(&self, node: NodeIx) -> bool {
        let options = &self.options;
        let found = self.node(node);
        if let NodeKind::Guest { container, .. } = found.kind {
            // A guest is fenced by stopping its container, where that runs.
            return self
                .resource(container)
                .active
                .iter()
                .all(|host| self.node(*host).online || self.can_fence(*host));
        }
        if !options.fencing_enabled || !options.fence_device_present {
            return false;
        }
        if options.quorate || options.loss_policy == LossPolicy::Ignore {
            return true;
        }
        if !found.online {
            return false;
        }
        // A remote node may well have been taken over by the part of the cluster with quorum, if
        // its connection may run on a node that is not here.
        let Some(connection) = found.kind.connection() else { return true };
        options.fence_remote_without_quorum
            || self
                .resource(connection)
                .allowed
                .iter()
                .zip(self.node_indices())
                .filter(|(allowed, _)| allowed.is_some())
                .all(|(_, node)| self.node(node).online)
    }
}
