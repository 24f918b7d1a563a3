//! What the second stage hands to the others: where everything goes, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Role, Score};

use super::order::NodesNow;
use super::row::Row;
use super::terms::{ScoreTerm, TermIx, Terms};
use crate::report::Finding;
use crate::resolve::types::{NodeIx, ResIx, Resolved, ShutdownLock, TicketIx};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            pub(super) fn new(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            /// The position in its list.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A colocation of [`Assigned::colocations`].
    ColocationIx
}
index! {
    /// A location constraint of [`Resolved::locations`].
    LocationIx
}

/// Every resource's place. Field word: Pacemaker *assignment*, once *allocation*.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// One entry a resource of [`Resolved::resources`].
    pub resources: Vec<AssignedResource>,
    /// One entry a node of [`Resolved::nodes`].
    pub nodes: Vec<AssignedNode>,
    /// Resources without a parent, in the order in which they were assigned.
    pub top: Vec<ResIx>,
    /// Configured colocations first, then those that groups and containers imply.
    pub colocations: Vec<AssignedColocation>,
    /// What `crm_simulate -s` prints, in its order.
    pub scores: Vec<ScoreEvent>,
    /// What tickets demand beyond scores: nodes to fence, in the order of discovery.
    pub ticket_fencing: Vec<(TicketIx, NodeIx)>,
    /// What was odd about the constraints, seen only here.
    pub findings: Vec<Finding>,
    pub(super) terms: Terms,
}

impl Assigned {
    /// The entry of `resource`.
    ///
    /// # Panics
    /// If the handle is another document's.
    pub fn resource(&self, resource: ResIx) -> &AssignedResource {
        match self.resources.get(resource.at()) {
            Some(found) => found,
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }

    /// The entry of `node`.
    ///
    /// # Panics
    /// If the handle is another document's.
    pub fn node(&self, node: NodeIx) -> &AssignedNode {
        match self.nodes.get(node.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// The colocation behind a handle.
    pub fn colocation(&self, colocation: ColocationIx) -> Option<&AssignedColocation> {
        self.colocations.get(colocation.at())
    }

    /// The nodes that `resource` knows, best first: by score and, among equals, as they would be
    /// chosen once everything is assigned.
    pub fn best_nodes(&self, resolved: &Resolved<'_>, resource: ResIx) -> Vec<NodeIx> {
        let nodes = NodesNow { input: resolved, nodes: &self.nodes };
        let row = &self.resource(resource).scores;
        nodes.best(row.listed().map(|(node, cell)| (node, cell.score)), None)
    }

    /// What made the score of `resource` on `node`, oldest first; empty where the resource does
    /// not know the node. The terms make the score: see [`sum_of`](super::sum_of).
    pub fn terms(&self, resource: ResIx, node: NodeIx) -> Vec<ScoreTerm> {
        match self.resource(resource).scores.get(node) {
            Some(cell) => self.terms.up_to(cell.term),
            None => Vec::new(),
        }
    }

    /// What made a score that was told, oldest first.
    pub fn terms_up_to(&self, last: TermIx) -> Vec<ScoreTerm> {
        self.terms.up_to(last)
    }

    /// What made an instance's own claim to be promoted, oldest first; the value of its
    /// [`ScoreSource::Claim`](super::ScoreSource::Claim).
    pub fn claim_terms(&self, resource: ResIx) -> Vec<ScoreTerm> {
        self.terms.up_to(self.resource(resource).claim)
    }

    /// What made an instance's promotion score, oldest first; nothing for what is no instance of a
    /// promotable clone set.
    pub fn promotion_terms(&self, resource: ResIx) -> Vec<ScoreTerm> {
        self.terms.up_to(self.resource(resource).promotion)
    }
}

/// One resource's place.
#[derive(Clone, Debug)]
pub struct AssignedResource {
    /// Where it goes. Only primitives have one.
    pub node: Option<NodeIx>,
    /// The role that it should have there; [`Role::Unknown`] where its place decides (started if
    /// it has one, else stopped).
    pub next_role: Role,
    /// Its role now: as resolved, except that a promotable's started instance is unpromoted, and
    /// a group has its first member's.
    pub role: Role,
    /// Whether the cluster acts on it: as resolved, unless nothing may be acted upon for want of
    /// a fence device, or a lost ticket freezes it.
    pub managed: bool,
    pub blocked: bool,
    /// No node was found for it, and that was final.
    pub rejected: bool,
    /// Probed only where a location constraint says so.
    pub exclusive_probes: bool,
    pub shutdown_lock: Option<ShutdownLock>,
    /// The lock recorded in history is over: its record must be cleared there.
    pub lock_ended_on: Option<NodeIx>,
    /// Members, instances or parts, in the order in which they were assigned.
    pub children: Vec<ResIx>,
    /// As resolved, but members of a promotable group's instances keep what their role's
    /// colocations added.
    pub priority: i32,
    /// Order of promotion; highest first.
    pub promotion_priority: Score,
    /// The scores at the end of the assignment.
    pub scores: Row,
    /// Nodes that it knew before anything was assigned, where capacities or unfencing make that
    /// matter; else empty.
    pub known_at_first: Vec<NodeIx>,
    /// Colocations of this resource alone where it is the dependent, in order of importance.
    pub this_with: Vec<ColocationIx>,
    /// Colocations of this resource alone where it is the primary, in order of importance.
    pub with_this: Vec<ColocationIx>,
    /// All colocations that bear on it as the primary, its parents' and members' included.
    pub all_with_this: Vec<ColocationIx>,
    pub reason: Reason,
    /// Which rule settled whether it is promoted; only instances of promotable clone sets have one.
    pub role_reason: Option<RoleReason>,
    /// See [`Assigned::claim_terms`].
    pub(super) claim: TermIx,
    /// See [`Assigned::promotion_terms`].
    pub(super) promotion: TermIx,
}

/// Which rule settled whether an instance is promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleReason {
    /// Of the instances that may be promoted, few enough have a higher score.
    HighestScores,
    /// Its promotion score is negative: nobody said that it may be promoted, or somebody forbade it.
    NegativeScore,
    /// As many as may be (`promoted-max`) have a higher score.
    EnoughPromoted,
    /// It has no node.
    NotPlaced,
    /// Its node takes no promotion now.
    NodeNotUsable,
    /// Its node has as many promoted instances as it may (`promoted-node-max`).
    NodeHasPromoted,
    /// The cluster does not act on it, and it is not promoted now.
    Unmanaged,
    /// Without quorum, freezing keeps it from rising.
    Frozen,
}

/// Which rule settled a resource's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not decided by itself: its members, instances or parts were.
    Parts,
    /// The cluster does not act on it, so it stays.
    Unmanaged,
    /// `stop-all-resources`.
    StopAll,
    /// Its role is to be stopped.
    ToBeStopped,
    /// No node's score and state allow it.
    NoPlace,
    /// All instances of its clone set are placed.
    CollectiveLimit,
    /// The preferred node (where it is, where a move was under way, or where there is most room)
    /// has as good a score as any.
    Preferred,
    /// It is there already, and no node has a better score.
    AlreadyThere,
    /// Only one node allows it.
    OnlyOneAllowed,
    /// The node has the highest score.
    HighestScore,
    /// Scores are equal; the node has more room.
    MostRoom,
    /// Scores are equal; the node has fewer resources.
    FewestResources,
    /// All is equal; the node's name is first.
    FirstName,
    /// A colocation with an interleaved instance has no match.
    NoInterleaveMatch,
    /// The node with the highest score is a guest that lives in it.
    NotInItself,
}

/// A node's state as the assignment leaves it.
#[derive(Clone, Debug)]
pub struct AssignedNode {
    /// As resolved; a remote or guest node counts as online if its connection has a place.
    pub online: bool,
    pub unclean: bool,
    pub shutdown: bool,
    /// Primitives assigned to it.
    pub resources: u32,
    /// What is left of its capacity.
    pub capacity: BTreeMap<Arc<str>, i32>,
}

/// A colocation, configured or implied.
#[derive(Clone, Debug)]
pub struct AssignedColocation {
    pub id: Arc<str>,
    pub attribute: Arc<str>,
    pub dependent: ResIx,
    pub primary: ResIx,
    /// [`Role::Unknown`] is any.
    pub dependent_role: Role,
    /// [`Role::Unknown`] is any.
    pub primary_role: Role,
    pub score: Score,
    /// Configured, not implied by a group or container.
    pub explicit: bool,
    /// Whether the dependent's wishes move a primary that is active.
    pub influence: bool,
}

/// Something that `crm_simulate -s` or `-U` tells, as it happened.
#[derive(Clone, Debug)]
pub enum ScoreEvent {
    /// A resource's score on a node, at the moment when `step` assigned it.
    Node { step: AssignStep, resource: ResIx, node: NodeIx, score: Score, term: TermIx },
    /// An instance's promotion score.
    Promotion { resource: ResIx, node: Option<NodeIx>, score: Score, term: TermIx },
    /// A node's capacity, before or after everything was assigned.
    Capacity { before: bool, node: NodeIx, capacity: BTreeMap<Arc<str>, i32> },
    /// What a resource takes of its node.
    Demand { resource: ResIx, node: NodeIx },
}

/// Which variant's assignment a score was told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignStep {
    Primitive,
    Group,
    CloneSet,
    Bundle,
}

impl AssignStep {
    /// Pacemaker's word, part of the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primitive => "pcmk__primitive_assign",
            Self::Group => "pcmk__group_assign",
            Self::CloneSet => "pcmk__clone_assign",
            Self::Bundle => "pcmk__bundle_assign",
        }
    }
}
