//! What a plan changes, for people: one entry for each node and resource that something happens to.
//!
//! **Not here:** words and columns; front ends choose those.
//!
//! Field word: Pacemaker *transition summary*.

use std::sync::Arc;

use model::Role;

use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;
use crate::act::task::{Key, Task};
use crate::{NodeIx, NodeKind, ResIx, Variant};

/// One thing that a plan changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Node(NodeChange),
    Resource(ResourceChange),
}

/// A node is cut off, let back, or leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeChange {
    pub node: Arc<str>,
    /// A guest's container.
    pub container: Option<Arc<str>>,
    /// What is done to it: `reboot`, `off`, `on`; `None` where it leaves by itself.
    pub fencing: Option<String>,
    pub reason: Option<String>,
}

/// A resource's role or place changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    pub kind: ChangeKind,
    pub resource: Arc<str>,
    pub role: Role,
    pub next_role: Role,
    pub from: Option<Arc<str>>,
    pub to: Option<Arc<str>>,
    pub reason: Option<String>,
    /// It should happen, but cannot.
    pub blocked: bool,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Start,
    Stop,
    Restart,
    /// Restart after a failure.
    Recover,
    Reload,
    /// With a stop.
    Move,
    /// Without a stop. Field word: *migrate*.
    LiveMove,
    Promote,
    Demote,
    /// Demoted and promoted again.
    Repromote,
}

/// Everything that changes: nodes, then resources in the order in which they were assigned.
pub(crate) fn summarize(acting: &Acting<'_, '_>) -> Vec<Change> {
    let mut changes: Vec<Change> = acting
        .arena
        .all()
        .rev()
        .filter_map(|act| node_change(acting, act))
        .map(Change::Node)
        .collect();
    for top in &acting.assigned.top {
        resource_changes(acting, *top, &mut changes);
    }
    changes
}

fn node_change(acting: &Acting<'_, '_>, act: ActIx) -> Option<NodeChange> {
    let act = &acting.arena[act];
    if act.resource.is_some() || act.is(ActFlags::OPTIONAL) {
        return None;
    }
    let fencing = if act.task == Task::Fence {
        Some(act.meta.get("stonith_action").map(ToString::to_string)?)
    } else if act.task == Task::Shutdown {
        None
    } else {
        return None;
    };
    let node = acting.node(act.node?);
    let container = match node.kind {
        NodeKind::Guest { container, .. } => Some(Arc::clone(&acting.resource(container).id)),
        NodeKind::Cluster | NodeKind::Remote { .. } => None,
    };
    Some(NodeChange {
        node: Arc::clone(&node.name),
        container,
        fencing,
        reason: act.reason.clone(),
    })
}

fn resource_changes(acting: &Acting<'_, '_>, at: ResIx, changes: &mut Vec<Change>) {
    match &acting.resource(at).variant {
        Variant::Primitive => changes.extend(primitive_changes(acting, at)),
        Variant::Group(_) | Variant::CloneSet(_) => {
            for child in acting.children(at).iter() {
                resource_changes(acting, *child, changes);
            }
        }
        Variant::Bundle(bundle) => {
            for copy in &bundle.replicas {
                let parts = [copy.ip, Some(copy.container), copy.remote, copy.child];
                for part in parts.into_iter().flatten() {
                    resource_changes(acting, part, changes);
                }
            }
        }
    }
}

/// A primitive's state now and then, with the actions that matter for telling what happens.
struct Facts<'f, 'r, 'a> {
    acting: &'f Acting<'r, 'a>,
    at: ResIx,
    role: Role,
    next_role: Role,
    current: Option<NodeIx>,
    next: Option<NodeIx>,
    start: Option<ActIx>,
    stop: Option<ActIx>,
    promote: Option<ActIx>,
    demote: Option<ActIx>,
}

fn primitive_changes(acting: &Acting<'_, '_>, at: ResIx) -> Vec<Change> {
    let now = acting.now(at);
    let next = now.assigned;
    let current = acting.current_node(at);
    let gone = current.is_none() && now.flags.removed;
    if gone || !now.flags.managed || (current.is_none() && next.is_none()) {
        return Vec::new();
    }
    let active = !acting.resource(at).active.is_empty();
    let role = if active && now.role == Role::Stopped { Role::Started } else { now.role };
    let next_role = match (now.next_role, next) {
        (Role::Unknown, Some(_)) => Role::Started,
        (Role::Unknown, None) => Role::Stopped,
        (set, _) => set,
    };
    let find = |task, node| find(acting, at, task, node);
    let start = find(Task::Start, next);
    let startable = start.is_some_and(|start| acting.is(start, ActFlags::RUNNABLE));
    let stop = find(Task::Stop, current.filter(|_| startable));
    let facts = Facts {
        acting,
        at,
        role,
        next_role,
        current,
        next,
        start,
        stop: match stop {
            // It stays where it is wanted and stops where it is not.
            None if now.flags.stop_unexpected => find(Task::Stop, None),
            found => found,
        },
        promote: find(Task::Promote, next),
        demote: find(Task::Demote, next),
    };
    let told = if role == next_role { facts.same_role() } else { facts.other_role() };
    told.into_iter().map(Change::Resource).collect()
}

/// The oldest action of the task; with a node, on that node or on none yet.
fn find(acting: &Acting<'_, '_>, at: ResIx, task: Task, node: Option<NodeIx>) -> Option<ActIx> {
    let key = Key::once(task);
    acting.arena.of(at).iter().copied().find(|act| {
        let act = &acting.arena[*act];
        act.key == key && (node.is_none() || act.node.is_none() || act.node == node)
    })
}

impl Facts<'_, '_, '_> {
    fn same_role(&self) -> Vec<ResourceChange> {
        let live = find(self.acting, self.at, Task::MigrateFrom, self.next);
        let flags = &self.acting.now(self.at).flags;
        let (current, next) = (self.current, self.next);
        let moving = current.is_some() && next.is_some() && current != next;
        if current.is_some() && live.is_some_and(|live| self.is(live, ActFlags::RUNNABLE)) {
            return vec![self.tell(ChangeKind::LiveMove, current, next, self.start, None)];
        }
        if self.acting.now(self.at).reload {
            return vec![self.tell(ChangeKind::Reload, current, next, self.start, None)];
        }
        let Some(start) = self.start.filter(|start| !self.is(*start, ActFlags::OPTIONAL)) else {
            return self.repromotion().into_iter().collect();
        };
        if !self.is(start, ActFlags::RUNNABLE) {
            let reasoned = self.stop.filter(|stop| self.acting.arena[*stop].reason.is_some());
            let source = reasoned.or(Some(start));
            return vec![self.tell(ChangeKind::Stop, current, None, self.stop, source)];
        }
        if moving {
            let kind = if flags.failed { ChangeKind::Recover } else { ChangeKind::Move };
            return vec![self.tell(kind, current, next, self.stop, None)];
        }
        if flags.failed {
            return vec![self.tell(ChangeKind::Recover, current, None, self.stop, None)];
        }
        vec![self.tell(ChangeKind::Restart, current, next, Some(start), None)]
    }

    /// The start is not needed, but the role may have to be left and taken again.
    fn repromotion(&self) -> Option<ResourceChange> {
        let (demote, promote) = (self.demote?, self.promote?);
        if self.is(demote, ActFlags::OPTIONAL) || self.is(promote, ActFlags::OPTIONAL) {
            return None;
        }
        let kind = ChangeKind::Repromote;
        Some(self.tell(kind, self.current, self.next, Some(promote), Some(demote)))
    }

    fn other_role(&self) -> Vec<ResourceChange> {
        let now = self.acting.now(self.at);
        let (current, next) = (self.current, self.next);
        let moving = current.is_some() && next.is_some() && current != next;
        let unstartable = self.start.is_some_and(|start| !self.is(start, ActFlags::RUNNABLE));
        let one = |kind, act, source| vec![self.tell(kind, current, next, act, source)];
        if self.stop.is_some() && (self.next_role == Role::Stopped || unstartable) {
            return self.stops();
        }
        if self.stop.is_some() && now.flags.failed && now.flags.stop_if_failed {
            return one(ChangeKind::Recover, self.stop, self.start);
        }
        if moving {
            return one(ChangeKind::Move, self.stop, None);
        }
        if now.reload {
            return one(ChangeKind::Reload, self.start, None);
        }
        if self.stop.is_some_and(|stop| !self.is(stop, ActFlags::OPTIONAL)) {
            return one(ChangeKind::Restart, self.start, None);
        }
        if self.role == Role::Promoted {
            return one(ChangeKind::Demote, self.demote, None);
        }
        if self.next_role == Role::Promoted {
            return one(ChangeKind::Promote, self.promote, None);
        }
        if self.role == Role::Stopped && self.next_role > Role::Stopped {
            return one(ChangeKind::Start, self.start, None);
        }
        Vec::new()
    }

    /// One stop for each node where it is active.
    fn stops(&self) -> Vec<ResourceChange> {
        let active = self.acting.resource(self.at).active.iter().copied();
        active
            .map(|node| {
                let stop = find(self.acting, self.at, Task::Stop, Some(node));
                let reasoned = stop.filter(|stop| self.acting.arena[*stop].reason.is_some());
                let source = reasoned.or(self.start);
                self.tell(ChangeKind::Stop, Some(node), None, stop, source)
            })
            .collect()
    }

    fn is(&self, act: ActIx, flags: ActFlags) -> bool {
        self.acting.is(act, flags)
    }

    /// `act` says whether it can happen; the reason is `source`'s, or else its own.
    fn tell(
        &self,
        kind: ChangeKind,
        from: Option<NodeIx>,
        to: Option<NodeIx>,
        act: Option<ActIx>,
        source: Option<ActIx>,
    ) -> ResourceChange {
        let name = |node: NodeIx| Arc::clone(&self.acting.node(node).name);
        let reasoned = source.or(act).map(|act| &self.acting.arena[act]);
        ResourceChange {
            kind,
            resource: Arc::clone(&self.acting.resource(self.at).id),
            role: self.role,
            next_role: self.next_role,
            from: from.map(name),
            to: to.map(name),
            reason: reasoned.and_then(|act| act.reason.clone()),
            blocked: act.is_some_and(|act| !self.is(act, ActFlags::RUNNABLE)),
        }
    }
}
