//! The second stage's working memory: what is decided so far.
//!
//! **Not here:** rules. Each rule has a module; this one keeps what they share.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use model::{Role, Score};

use super::row::Row;
use super::terms::{ScoreSource, TermIx, Terms};
use super::types::{
    AssignStep, AssignedColocation, AssignedNode, ColocationIx, Reason, RoleReason, ScoreEvent,
};
use crate::resolve::types::{NodeIx, ResIx, Resolved, Resource, ShutdownLock, TicketIx, Variant};
use crate::resolve::values::parse_integer;

/// Everything decided so far.
pub(super) struct State<'a> {
    pub(super) input: &'a Resolved<'a>,
    pub(super) nodes: Vec<AssignedNode>,
    resources: Vec<ResourceState>,
    pub(super) colocations: Vec<AssignedColocation>,
    pub(super) top: Vec<ResIx>,
    pub(super) terms: Terms,
    pub(super) scores: Vec<ScoreEvent>,
    pub(super) ticket_fencing: Vec<(TicketIx, NodeIx)>,
    /// How many more ties between resources may be followed.
    pub(super) steps_left: u32,
    /// Some node is inside a resource.
    pub(super) has_guests: bool,
    /// Every node's `#uname` is its own name.
    pub(super) named_as_themselves: bool,
}

/// What is decided so far about one resource.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub(super) struct ResourceState {
    pub(super) row: Row,
    pub(super) unassigned: bool,
    /// Its assignment is under way: reaching it again is a loop of colocations.
    pub(super) assigning: bool,
    /// How many assignments of it are under way, one within the other.
    pub(super) begun: u32,
    /// Its colocated scores are being summed up: as above.
    pub(super) summing: bool,
    pub(super) managed: bool,
    pub(super) blocked: bool,
    pub(super) exclusive_probes: bool,
    pub(super) rejected: bool,
    pub(super) role: Role,
    pub(super) next_role: Role,
    pub(super) priority: i32,
    pub(super) promotion_priority: i32,
    pub(super) place: Option<Place>,
    pub(super) children: Vec<ResIx>,
    pub(super) known_at_first: Vec<NodeIx>,
    pub(super) this_with: Vec<ColocationIx>,
    pub(super) with_this: Vec<ColocationIx>,
    /// Promotion scores have been added (they are, once).
    pub(super) promotion_added: bool,
    /// Instances have been sorted for promotion (they are, once).
    pub(super) promotion_sorted: bool,
    pub(super) shutdown_lock: Option<ShutdownLock>,
    pub(super) lock_ended_on: Option<NodeIx>,
    pub(super) reason: Reason,
    pub(super) role_reason: Option<RoleReason>,
    /// What made `priority` while roles are chosen.
    pub(super) claim: TermIx,
    /// What made `promotion_priority`.
    pub(super) promotion: TermIx,
}

/// A node with the score that it was chosen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: NodeIx,
    pub(super) score: i32,
}

impl<'a> State<'a> {
    /// Before the first decision.
    pub(super) fn new(input: &'a Resolved<'a>) -> Self {
        let resources =
            input.resources.iter().map(|resource| start_of(resource, input.nodes.len())).collect();
        let nodes = input
            .nodes
            .iter()
            .map(|node| AssignedNode {
                online: node.online,
                unclean: node.unclean,
                shutdown: node.shutdown,
                resources: 0,
                capacity: amounts(&node.capacity),
            })
            .collect();
        Self {
            input,
            nodes,
            resources,
            colocations: Vec::new(),
            top: input.top.clone(),
            terms: Terms::default(),
            scores: Vec::new(),
            ticket_fencing: Vec::new(),
            steps_left: super::colocated_scores::STEPS_MAX,
            has_guests: input.nodes.iter().any(|node| node.is_guest()),
            named_as_themselves: input
                .nodes
                .iter()
                .all(|node| node.attribute("#uname") == Some(&*node.name)),
        }
    }

    /// The resource as resolved.
    pub(super) fn resource(&self, resource: ResIx) -> &'a Resource<'a> {
        self.input.resource(resource)
    }

    /// The node's state as it stands.
    pub(super) fn node(&self, node: NodeIx) -> &AssignedNode {
        match self.nodes.get(node.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// The node's state as it stands.
    pub(super) fn node_mut(&mut self, node: NodeIx) -> &mut AssignedNode {
        match self.nodes.get_mut(node.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// The colocation behind a handle.
    pub(super) fn colocation(&self, colocation: ColocationIx) -> &AssignedColocation {
        match self.colocations.get(colocation.at()) {
            Some(found) => found,
            None => unreachable!("colocation handles are made by the list that they index"),
        }
    }

    /// All resources, mutably, with the terms of their scores.
    pub(super) fn resource_and_terms(
        &mut self,
        resource: ResIx,
    ) -> (&mut ResourceState, &mut Terms) {
        match self.resources.get_mut(resource.at()) {
            Some(found) => (found, &mut self.terms),
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }

    /// What is decided, for the stages that follow.
    pub(super) fn into_resources(self) -> (Vec<ResourceState>, Self) {
        let mut rest = self;
        (std::mem::take(&mut rest.resources), rest)
    }

    /// Whether the node can take resources now. Score and guest's place are apart.
    pub(super) fn usable(&self, node: NodeIx) -> bool {
        let (fixed, now) = (self.input.node(node), self.node(node));
        now.online && !now.shutdown && !now.unclean && !fixed.standby && !fixed.maintenance
    }

    /// Whether any listed node is usable and not forbidden by a negative score.
    pub(super) fn any_usable(&self, row: &Row) -> bool {
        row.listed().any(|(node, cell)| cell.score >= 0 && self.usable(node))
    }

    /// Adds `value` to the score of `resource` and all below it, on one node or on all. A node
    /// that was not listed becomes so.
    pub(super) fn wish(
        &mut self,
        resource: ResIx,
        node: Option<NodeIx>,
        value: i32,
        source: ScoreSource,
    ) {
        match node {
            Some(node) => self.wish_below(resource, node, value, source),
            None => {
                for node in self.input.node_indices() {
                    self.wish_below(resource, node, value, source);
                }
                if value <= Score::MINUS_INFINITY.value() {
                    self[resource].place = None;
                }
            }
        }
    }

    fn wish_below(&mut self, resource: ResIx, node: NodeIx, value: i32, source: ScoreSource) {
        for index in 0..self[resource].children.len() {
            if let Some(child) = self[resource].children.get(index).copied() {
                self.wish_below(child, node, value, source);
            }
        }
        self.list(resource, node);
        let (state, terms) = self.resource_and_terms(resource);
        if let Some(cell) = state.row.get_mut(node) {
            cell.add(value, source, terms);
        }
    }

    /// Makes the node known to the resource, with the node's own score.
    pub(super) fn list(&mut self, resource: ResIx, node: NodeIx) {
        let (base, probe) = (self.input.node(node).score.value(), self.input.node(node).probes);
        let (state, terms) = self.resource_and_terms(resource);
        let Some(cell) = state.row.slot(node) else { return };
        if cell.listed {
            return;
        }
        cell.listed = true;
        cell.probe = probe;
        if base != 0 {
            cell.add(base, ScoreSource::Node, terms);
        }
    }

    /// Tells the scores of `resource` and all below it, as `crm_simulate -s` does. Removed
    /// resources are not told.
    pub(super) fn tell(&mut self, resource: ResIx, step: AssignStep) {
        if self.resource(resource).flags.removed {
            return;
        }
        let told: Vec<_> = self[resource]
            .row
            .listed()
            .map(|(node, cell)| {
                let (score, term) = (cell.score(), cell.term);
                ScoreEvent::Node { step, resource, node, score, term }
            })
            .collect();
        self.scores.extend(told);
        for child in self[resource].children.clone() {
            self.tell(child, step);
        }
    }

    /// Pacemaker's `location` of assigned nodes: each place once, in order.
    pub(super) fn places(&self, resource: ResIx) -> Vec<Place> {
        let mut places = Vec::new();
        self.collect_places(resource, &mut places);
        places
    }

    /// The one place of a resource; none where it or its parts have none or several.
    pub(super) fn place(&self, resource: ResIx) -> Option<Place> {
        if self[resource].children.is_empty() {
            return self[resource].place;
        }
        match self.places(resource).as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    fn collect_places(&self, resource: ResIx, places: &mut Vec<Place>) {
        let state = &self[resource];
        if let (true, Some(place)) = (state.children.is_empty(), state.place)
            && !places.iter().any(|known| known.node == place.node)
        {
            places.push(place);
        }
        for child in &state.children {
            self.collect_places(*child, places);
        }
    }

    /// The highest role among the resource's primitives: now, or next. A bundle has none.
    pub(super) fn role_of(&self, resource: ResIx, now: bool) -> Role {
        let state = &self[resource];
        match self.resource(resource).variant {
            Variant::Primitive if now => state.role,
            Variant::Primitive => state.next_role,
            Variant::Bundle(_) => Role::Unknown,
            Variant::Group(_) | Variant::CloneSet(_) => state
                .children
                .iter()
                .map(|child| self.role_of(*child, now))
                .max()
                .unwrap_or(Role::Unknown),
        }
    }

    /// Whether the flag holds for the resource or anything below it.
    pub(super) fn any_below(&self, resource: ResIx, holds: &impl Fn(&Self, ResIx) -> bool) -> bool {
        holds(self, resource)
            || self[resource].children.iter().any(|child| self.any_below(*child, holds))
    }
}

impl Index<ResIx> for State<'_> {
    type Output = ResourceState;

    fn index(&self, resource: ResIx) -> &ResourceState {
        match self.resources.get(resource.at()) {
            Some(found) => found,
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }
}

impl IndexMut<ResIx> for State<'_> {
    fn index_mut(&mut self, resource: ResIx) -> &mut ResourceState {
        self.resource_and_terms(resource).0
    }
}

/// Capacity or demand as numbers; what is not a number counts as 0.
pub(super) fn amounts<K: AsRef<str>, V: AsRef<str>>(
    values: &BTreeMap<K, V>,
) -> BTreeMap<Arc<str>, i32> {
    values.iter().map(|(name, value)| (Arc::from(name.as_ref()), amount(value.as_ref()))).collect()
}

/// Reads as C's `strtol` does, so "4GB" is 4.
///
/// Compatibility: what is no number at all is less than any, as Pacemaker has it.
fn amount(text: &str) -> i32 {
    let number = parse_integer(text).unwrap_or(i64::MIN);
    i32::try_from(number.clamp(i64::from(i32::MIN), i64::from(i32::MAX))).unwrap_or(0)
}

fn start_of(resource: &Resource<'_>, nodes: usize) -> ResourceState {
    ResourceState {
        row: Row::unlisted(nodes),
        unassigned: true,
        assigning: false,
        begun: 0,
        summing: false,
        managed: resource.flags.managed,
        blocked: resource.flags.blocked,
        exclusive_probes: resource.flags.exclusive_probes,
        rejected: false,
        role: resource.role,
        next_role: resource.next_role,
        priority: resource.priority,
        promotion_priority: 0,
        place: None,
        children: resource.children.clone(),
        known_at_first: Vec::new(),
        this_with: Vec::new(),
        with_this: Vec::new(),
        promotion_added: false,
        promotion_sorted: false,
        shutdown_lock: resource.shutdown_lock,
        lock_ended_on: None,
        reason: Reason::Parts,
        role_reason: None,
        claim: TermIx::NONE,
        promotion: TermIx::NONE,
    }
}
