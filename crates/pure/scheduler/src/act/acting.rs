//! The state that the stage works on: what earlier stages say, and what of it ordering still
//! changes.
//!
//! Planning actions shows more than assigning did: a stop that cannot run makes its node unclean,
//! a restart that cannot end drops its live move. Such changes are here; `Resolved` and `Assigned`
//! stay as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Role;

use super::arena::{ActIx, Arena};
use super::flags::ActFlags;
use super::notify::Notices;
use super::orders::Ordering;
use super::task::{Key, Task};
use super::update::Work;
use crate::assign::Assigned;
use crate::resolve::DigestBases;
use crate::{
    Flags, LossPolicy, Node, NodeIx, NodeKind, PartialMove, ResIx, Resolved, Resource, Variant,
};

/// Everything that the functions of this stage share.
#[derive(Debug)]
pub struct Acting<'r, 'a> {
    pub(crate) given: &'r Resolved<'a>,
    pub(crate) assigned: &'r Assigned,
    pub(crate) arena: Arena<'a>,
    /// Orderings by task, in order of creation, until they are applied to actions.
    pub(crate) orders: Vec<Ordering>,
    /// Records that were compared with the configuration already.
    pub(crate) digest_bases: DigestBases<'a>,
    /// Records of which nothing but secrets differs from the configuration.
    pub(crate) private_changes: Vec<PrivateChanged>,
    /// What actions of groups and clone sets were found to be, and at which count of [`Arena::edits`].
    pub(crate) flags_of_parts: BTreeMap<(ActIx, Option<NodeIx>), (u64, ActFlags)>,
    /// How many updates are under way, one within the other.
    pub(crate) updates_within: u32,
    /// Updates that wait for the outermost one to end.
    pub(crate) postponed: Vec<Work>,
    resources: Vec<ResourceNow>,
    nodes: Vec<NodeNow>,
}

/// A recorded operation of which nothing but secret parameters has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateChanged {
    pub resource: String,
    pub node: String,
    pub task: String,
    pub interval_ms: u64,
    /// What the record calls its outcome.
    pub magic: String,
}

/// What can still change for a resource.
#[derive(Clone, Debug)]
pub(crate) struct ResourceNow {
    pub(crate) flags: Flags,
    /// Role at the start.
    pub(crate) role: Role,
    pub(crate) next_role: Role,
    pub(crate) assigned: Option<NodeIx>,
    /// In the order in which actions are made.
    pub(crate) children: Arc<[ResIx]>,
    pub(crate) partial_move: Option<PartialMove>,
    pub(crate) priority: i32,
    /// Being taken down and up again.
    pub(crate) restarting: bool,
    /// A reload of its parameters is planned.
    pub(crate) reload: bool,
    /// Nodes that its table of allowed nodes has lost since it was assigned.
    pub(crate) not_probed_on: Vec<NodeIx>,
    pub(crate) notices: Notices,
}

/// What can still change for a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeNow {
    pub(crate) online: bool,
    pub(crate) unclean: bool,
    pub(crate) shutdown: bool,
    pub(crate) remote_reset: bool,
}

impl<'r, 'a> Acting<'r, 'a> {
    /// Before the first action.
    pub(crate) fn new(given: &'r Resolved<'a>, assigned: &'r Assigned) -> Self {
        let resources = given.resources.iter().map(resource_now);
        let nodes = given.nodes.iter().map(|node| NodeNow {
            online: node.online,
            unclean: node.unclean,
            shutdown: node.shutdown,
            remote_reset: node.remote_reset,
        });
        Self {
            given,
            assigned,
            arena: Arena::new(given.resources.len()),
            orders: Vec::new(),
            digest_bases: given.digest_bases.clone(),
            private_changes: Vec::new(),
            flags_of_parts: BTreeMap::new(),
            updates_within: 0,
            postponed: Vec::new(),
            resources: resources.collect(),
            nodes: nodes.collect(),
        }
    }

    /// From here on, what was assigned counts. Actions that history or a changed configuration
    /// asks for are made before, and so see the nodes as they are.
    pub(crate) fn adopt_assignment(&mut self) {
        for ix in self.given.resource_indices() {
            let choice = self.assigned.resource(ix);
            let now = self.now_mut(ix);
            now.flags.managed = choice.managed;
            now.flags.blocked = choice.blocked;
            now.role = choice.role;
            now.next_role = choice.next_role;
            now.assigned = choice.node;
            now.priority = choice.priority;
            now.children = Arc::from(choice.children.as_slice());
        }
        for ix in self.given.node_indices() {
            let (before, after) = (self.given.node(ix), self.assigned.node(ix));
            let now = self.node_now_mut(ix);
            if before.online != after.online {
                now.online = after.online;
            }
            if before.unclean != after.unclean {
                now.unclean = after.unclean;
            }
            if before.shutdown != after.shutdown {
                now.shutdown = after.shutdown;
            }
        }
    }

    /// The resource as configured.
    pub(crate) fn resource(&self, ix: ResIx) -> &'r Resource<'a> {
        self.given.resource(ix)
    }

    /// The resource as it is thought to be now.
    pub(crate) fn now(&self, ix: ResIx) -> &ResourceNow {
        match self.resources.get(ix.at()) {
            Some(found) => found,
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }

    /// The same, to change it.
    pub(crate) fn now_mut(&mut self, ix: ResIx) -> &mut ResourceNow {
        match self.resources.get_mut(ix.at()) {
            Some(found) => found,
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }

    /// The node as configured and recorded.
    pub(crate) fn node(&self, ix: NodeIx) -> &'r Node<'a> {
        self.given.node(ix)
    }

    /// The node as it is thought to be now.
    pub(crate) fn node_now(&self, ix: NodeIx) -> NodeNow {
        match self.nodes.get(ix.at()) {
            Some(found) => *found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// The same, to change it.
    pub(crate) fn node_now_mut(&mut self, ix: NodeIx) -> &mut NodeNow {
        match self.nodes.get_mut(ix.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// Children, in the order in which actions are made.
    pub(crate) fn children(&self, ix: ResIx) -> Arc<[ResIx]> {
        Arc::clone(&self.now(ix).children)
    }

    /// The shared children of clone sets and bundles: instances, or containers.
    pub(crate) fn instances(&self, ix: ResIx) -> Arc<[ResIx]> {
        match self.resource(ix).bundle() {
            Some(bundle) => bundle.replicas.iter().map(|replica| replica.container).collect(),
            None => self.children(ix),
        }
    }

    /// Whether this is a clone set.
    pub(crate) fn is_clone(&self, ix: ResIx) -> bool {
        self.resource(ix).clone_set().is_some()
    }

    /// Whether this is a clone set whose instances do not differ.
    pub(crate) fn is_anonymous_clone(&self, ix: ResIx) -> bool {
        self.is_clone(ix) && !self.now(ix).flags.unique
    }

    /// Whether this is a clone set or a bundle.
    pub(crate) fn is_collective(&self, ix: ResIx) -> bool {
        matches!(self.resource(ix).variant, Variant::CloneSet(_) | Variant::Bundle(_))
    }

    /// Whether this is a bundle, or in one.
    pub(crate) fn is_bundled(&self, ix: ResIx) -> bool {
        self.given.is_bundled(ix)
    }

    /// The outermost ancestor below a bundle.
    pub(crate) fn top(&self, ix: ResIx) -> ResIx {
        self.given.top_of(ix, false)
    }

    /// Whether `ancestor` is above `child`.
    pub(crate) fn is_ancestor(&self, ancestor: ResIx, child: ResIx) -> bool {
        let mut at = child;
        while let Some(parent) = self.resource(at).parent {
            if parent == ancestor {
                return true;
            }
            at = parent;
        }
        false
    }

    /// The present or coming role; of a collective, the highest of its children's.
    pub(crate) fn role(&self, ix: ResIx, current: bool) -> Role {
        if self.resource(ix).is_primitive() {
            let now = self.now(ix);
            return if current { now.role } else { now.next_role };
        }
        let instances = self.instances(ix);
        instances.iter().map(|child| self.role(*child, current)).max().unwrap_or(Role::Unknown)
    }

    /// The one node where the resource is (`current`) or will be; `None` if there is none or more
    /// than one.
    pub(crate) fn location(&self, ix: ResIx, current: bool) -> Option<NodeIx> {
        if self.now(ix).children.is_empty() {
            return match self.own_locations(ix, current) {
                [one] => Some(*one),
                _ => None,
            };
        }
        let mut found = Vec::new();
        self.gather_locations(ix, current, &mut found);
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    fn gather_locations(&self, ix: ResIx, current: bool, found: &mut Vec<NodeIx>) {
        let children = &self.now(ix).children;
        if !children.is_empty() {
            for child in children.iter() {
                self.gather_locations(*child, current, found);
            }
            return;
        }
        for node in self.own_locations(ix, current) {
            if !found.contains(node) {
                found.push(*node);
            }
        }
    }

    /// Where what has no children is or will be.
    fn own_locations(&self, ix: ResIx, current: bool) -> &[NodeIx] {
        if current { &self.resource(ix).active } else { self.now(ix).assigned.as_slice() }
    }

    /// Where the resource is active: a move's source, or a clean node if that suffices, or the
    /// first. With how many nodes there are, and how many of them are clean.
    pub(crate) fn active_node(&self, ix: ResIx) -> (Option<NodeIx>, usize, usize) {
        let nodes = &self.resource(ix).active;
        let clean = nodes.iter().filter(|node| self.is_clean(**node)).count();
        (self.current_node(ix), nodes.len(), clean)
    }

    /// Where the resource is active; see [`Self::active_node`].
    pub(crate) fn current_node(&self, ix: ResIx) -> Option<NodeIx> {
        let resource = self.resource(ix);
        let now = self.now(ix);
        let first = resource.active.first().copied();
        if let Some(partial) = now.partial_move {
            let source = resource.active.iter().copied().find(|node| *node == partial.source);
            return source.or(first);
        }
        if now.flags.needs_fencing {
            return first;
        }
        resource.active.iter().copied().find(|node| self.is_clean(*node)).or(first)
    }

    fn is_clean(&self, node: NodeIx) -> bool {
        let now = self.node_now(node);
        now.online && !now.unclean
    }

    /// Whether the resource is active somewhere that counts.
    pub(crate) fn is_active(&self, ix: ResIx) -> bool {
        self.resource(ix).active.iter().any(|node| {
            let now = self.node_now(*node);
            now.unclean || now.online || !self.now(ix).flags.managed
        })
    }

    /// Whether a flag holds for a resource or any of its children.
    pub(crate) fn any_below(&self, ix: ResIx, holds: &dyn Fn(&Flags) -> bool) -> bool {
        holds(&self.now(ix).flags)
            || self.now(ix).children.iter().any(|child| self.any_below(*child, holds))
    }

    /// Whether a node may be fenced. A guest is, by stopping it where it may be, or by cutting off
    /// what it may be on.
    pub(crate) fn can_fence(&self, node: NodeIx) -> bool {
        let mut seen = vec![node];
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let NodeKind::Guest { container, .. } = self.node(node).kind else {
                if self.can_fence_itself(node) {
                    continue;
                }
                return false;
            };
            let hosts = self.resource(container).active.iter().copied();
            for host in hosts.filter(|host| !self.node_now(*host).online) {
                // A guest that is recorded inside itself is nowhere that could be cut off.
                if seen.contains(&host) {
                    return false;
                }
                seen.push(host);
                open.push(host);
            }
        }
        true
    }

    /// The same for a node that is no guest.
    fn can_fence_itself(&self, node: NodeIx) -> bool {
        let options = &self.given.options;
        if !options.fencing_enabled || !options.fence_device_present {
            return false;
        }
        if options.quorate || options.loss_policy == LossPolicy::Ignore {
            return true;
        }
        if !self.node_now(node).online {
            return false;
        }
        match self.node(node).kind.connection() {
            // A connection that could run on the other side of a split may be there already.
            Some(connection) if !options.fence_remote_without_quorum => self
                .given
                .node_indices()
                .filter(|host| self.assigned.resource(connection).scores.get(*host).is_some())
                .all(|host| self.node_now(host).online),
            _ => true,
        }
    }

    /// Whether `resource` will be or is on `node` in its table of allowed nodes.
    pub(crate) fn has_allowed(&self, resource: ResIx, node: NodeIx) -> bool {
        self.assigned.resource(resource).scores.get(node).is_some()
            && !self.now(resource).not_probed_on.contains(&node)
    }

    /// Whether an action's flags have all of `flags`.
    pub(crate) fn is(&self, act: ActIx, flags: ActFlags) -> bool {
        self.arena[act].flags.has(flags)
    }

    /// The actions of `resource` that do `task` once, on `node` if given; oldest first.
    pub(crate) fn once(&mut self, resource: ResIx, task: Task, node: Option<NodeIx>) -> Vec<ActIx> {
        self.arena.matching(resource, &Key::once(task), node)
    }
}

/// As resolved: what was assigned comes with [`Acting::adopt_assignment`].
fn resource_now(resource: &Resource<'_>) -> ResourceNow {
    ResourceNow {
        flags: resource.flags,
        role: resource.role,
        next_role: resource.next_role,
        assigned: None,
        children: Arc::from(resource.children.as_slice()),
        partial_move: resource.partial_move,
        priority: resource.priority,
        restarting: false,
        reload: false,
        not_probed_on: Vec::new(),
        notices: Notices::default(),
    }
}
