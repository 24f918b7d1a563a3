//! Which changes could matter: read from the terms of the scores, the nodes' states and the
//! cluster's options.

use std::collections::BTreeSet;

use cib::Element;
use model::{Role, Score};
use scheduler::assign::{ColocationIx, LocationIx, Reason, ScoreSource, ScoreTerm};
use scheduler::{NodeIx, NodeKind, ResIx, WishSource};

use super::Decided;
use super::apply::{resource_element, where_scored};
use super::change::{Change, Number};
use crate::because::Explained;

/// How far colocations are followed: what a resource hangs on can hang on others.
const DEPTH: u32 = 3;

/// Whether an element is a resource.
pub(super) fn is_resource(element: Element<'_>) -> bool {
    ["primitive", "group", "clone", "master", "bundle"].iter().any(|tag| element.is(tag))
}

/// The changes that were found, each once, in the order in which they were thought of.
pub(super) struct Gathering<'d, 'a> {
    decided: Decided<'d, 'a>,
    /// Where it is, or would be without any change.
    place: Option<NodeIx>,
    seen: BTreeSet<(ResIx, NodeIx)>,
    pub(super) found: Vec<Change>,
}

impl<'d, 'a> Gathering<'d, 'a> {
    pub(super) fn new(decided: Decided<'d, 'a>, place: Option<NodeIx>) -> Self {
        Self { decided, place, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// What could bring `part` to `node`, or have it promoted there.
    pub(super) fn of_part(&mut self, part: ResIx, node: NodeIx, promoted: bool) {
        self.options();
        self.on_node(part, node, DEPTH);
        if promoted {
            self.promotion(part, node);
        } else {
            self.location(part, node, false);
            self.away_from_place(part);
            if self.place.is_none() && super::is_copy(self.decided.resolved, part) {
                self.limits(part);
            }
        }
    }

    /// What keeps a start from being done that should be: other resources, or their constraints.
    pub(super) fn of_blockers(&mut self, comes: &[Explained]) {
        let blocked = comes.iter().filter(|coming| coming.is_start_that_cannot_be());
        for link in blocked.flat_map(|coming| &coming.because) {
            if let Some(id) = link.id.as_ref().filter(|_| link.kind == "blocked-action") {
                self.add(Change::Without { constraint: id.clone(), kind: "constraint" });
            }
            let named = [&link.resource, &link.other].into_iter().flatten();
            for at in named.filter_map(|id| self.decided.resolved.find_resource(id)) {
                for leaf in crate::survival::leaves(self.decided.resolved, at).into_iter().take(4) {
                    self.anywhere(leaf, DEPTH - 1);
                }
            }
        }
    }

    fn add(&mut self, change: Change) {
        if !self.found.contains(&change) {
            self.found.push(change);
        }
    }

    fn number(&mut self, what: Number, was: i32) {
        self.add(Change::Number { what, was });
    }

    fn name(&self, node: NodeIx) -> String {
        self.decided.resolved.node(node).name.as_ref().to_owned()
    }

    fn config_id(&self, resource: ResIx) -> String {
        self.decided.resolved.resource(resource).config_id.as_ref().to_owned()
    }

    /// The outermost of what is around it: constraints are about that.
    fn top(&self, resource: ResIx) -> ResIx {
        self.decided.resolved.top_of(resource, true)
    }

    fn options(&mut self) {
        let options = &self.decided.resolved.options;
        if !options.quorate {
            self.add(Change::Quorum);
        }
        if options.stop_all_resources {
            self.add(Change::UnsetOption { name: "stop-all-resources" });
        }
        if options.maintenance_mode {
            self.add(Change::UnsetOption { name: "maintenance-mode" });
        }
        if options.fencing_enabled && !options.fence_device_present {
            self.add(Change::FenceDevice);
        }
    }

    /// What keeps the resource off the node.
    fn on_node(&mut self, resource: ResIx, node: NodeIx, depth: u32) {
        if !self.seen.insert((resource, node)) {
            return;
        }
        self.node_state(node, depth);
        self.resource_state(resource);
        for term in self.decided.assigned.terms(resource, node) {
            if term.value < Score::ZERO {
                self.against(resource, node, &term, depth);
            }
        }
    }

    fn node_state(&mut self, node: NodeIx, depth: u32) {
        let state = self.decided.resolved.node(node);
        if state.maintenance {
            self.add(Change::EndMaintenance { node: self.name(node) });
        }
        if state.standby && !state.pending {
            self.standby(node);
        }
        let away = !state.online || state.unclean || state.pending || state.shutdown;
        match state.kind {
            NodeKind::Cluster if away => self.add(Change::NodeBack { node: self.name(node) }),
            NodeKind::Remote { connection: Some(behind) }
            | NodeKind::Guest { container: behind, .. }
                if away && depth > 0 =>
            {
                self.anywhere(behind, depth - 1);
            }
            NodeKind::Cluster | NodeKind::Remote { .. } | NodeKind::Guest { .. } => {}
        }
    }

    fn standby(&mut self, node: NodeIx) {
        let resolved = self.decided.resolved;
        if resolved.node(node).standby_on_fail {
            let failed: Vec<ResIx> = resolved
                .failed
                .iter()
                .filter(|failed| failed.node == node)
                .filter_map(|failed| failed.resource)
                .collect();
            for resource in failed {
                self.cleanup(resource, node);
            }
        }
        self.add(Change::EndStandby { node: self.name(node) });
    }

    /// A resource that runs nowhere is looked at on the nodes that could take it.
    fn anywhere(&mut self, resource: ResIx, depth: u32) {
        for node in super::nodes_to_try(self.decided, resource).into_iter().take(2) {
            self.on_node(resource, node, depth);
        }
    }

    fn resource_state(&mut self, resource: ResIx) {
        let found = self.decided.resolved.resource(resource);
        if found.next_role == Role::Stopped || found.next_role == Role::Unpromoted {
            self.enable(resource);
        }
        let reason = self.decided.assigned.resource(resource).reason;
        if reason == Reason::Unmanaged || !found.flags.managed {
            let top = self.top(resource);
            self.add(Change::Manage { resource: self.config_id(top) });
            for node in found.active.clone() {
                if self.decided.resolved.node(node).maintenance {
                    self.add(Change::EndMaintenance { node: self.name(node) });
                }
                self.cleanup(resource, node);
            }
        }
    }

    /// The resource that has the role written at it, itself or around it.
    fn enable(&mut self, resource: ResIx) {
        let document = self.decided.document;
        let id = self.config_id(resource);
        let found = resource_element(document, &id);
        let around = std::iter::successors(found, |at| at.parent());
        let has_role = |at: &Element<'_>| {
            let pairs = at.children_named("meta_attributes").flat_map(Element::children);
            pairs.into_iter().any(|pair| pair.attr("name") == Some("target-role"))
        };
        let mut around = around.take_while(|at| is_resource(*at));
        let holder = around.find(has_role).and_then(|at| at.attr("id"));
        let resource = holder.map_or(id, str::to_owned);
        self.add(Change::Enable { resource });
    }

    fn cleanup(&mut self, resource: ResIx, node: NodeIx) {
        let found = self.decided.resolved.resource(resource);
        let history_name = found.history_name().to_owned();
        let resource = found.config_id.as_ref().to_owned();
        self.add(Change::Cleanup { resource, history_name, node: self.name(node) });
    }

    /// What would take the term away that speaks against the node.
    fn against(&mut self, resource: ResIx, node: NodeIx, term: &ScoreTerm, depth: u32) {
        match term.source {
            ScoreSource::Found(wish) => self.against_found(resource, node, wish),
            ScoreSource::FailLimit => self.forget_failures(resource, node),
            ScoreSource::Location(at) => self.move_location(at, true),
            ScoreSource::Health => self.add(Change::Healthy { node: self.name(node) }),
            ScoreSource::Ticket(at) => {
                if let Some(ticket) = self.decided.resolved.tickets.get(at.at()) {
                    self.add(Change::Grant { ticket: ticket.id.to_owned() });
                }
            }
            ScoreSource::TargetRole => self.enable(resource),
            ScoreSource::Capacity => self.room(resource, node),
            ScoreSource::InstanceLimit | ScoreSource::CollectiveLimit => self.limits(resource),
            ScoreSource::WithPrimary(at) => self.colocated(at, node, true, depth),
            ScoreSource::OfDependent(at) => self.colocated(at, node, false, depth),
            ScoreSource::ExclusiveDiscovery => self.exclusive(resource),
            ScoreSource::ShutdownLock => self.wait_over(resource),
            ScoreSource::InsideContainer => self.container(resource, depth),
            ScoreSource::Node
            | ScoreSource::Stickiness
            | ScoreSource::Promotion
            | ScoreSource::NoPromotionScore
            | ScoreSource::Claim(_)
            | ScoreSource::NotPlaced
            | ScoreSource::NotOnRemoteNode => {}
        }
    }

    fn against_found(&mut self, resource: ResIx, node: NodeIx, wish: WishSource) {
        match wish {
            WishSource::StopFailure
            | WishSource::HardError
            | WishSource::MaskedProbe
            | WishSource::Ban => self.forget_failures(resource, node),
            WishSource::FatalError | WishSource::FailureStops => {
                let nodes: Vec<NodeIx> = self.decided.resolved.node_indices().collect();
                let failed = &self.decided.resolved.failed;
                let is_there = |node: &NodeIx| failed.iter().any(|failed| failed.node == *node);
                for node in nodes.iter().filter(|node| is_there(node)) {
                    self.cleanup(resource, *node);
                }
            }
            WishSource::Unmanaged
            | WishSource::MultipleActive
            | WishSource::Bundle
            | WishSource::Removed => {}
        }
    }

    /// Failures of the resource there, and of what keeps it company in its instance.
    fn forget_failures(&mut self, resource: ResIx, node: NodeIx) {
        self.cleanup(resource, node);
        let parent = self.decided.resolved.resource(resource).parent;
        let siblings = parent.map(|at| self.decided.resolved.resource(at).children.clone());
        for sibling in siblings.unwrap_or_default().into_iter().take(8) {
            if self.decided.resolved.resource(sibling).is_primitive() {
                self.cleanup(sibling, node);
            }
        }
    }

    /// A location constraint says something else: rather another score than nothing.
    fn move_location(&mut self, at: LocationIx, rises: bool) {
        let Some(location) = self.decided.resolved.locations.get(at.at()) else { return };
        let found = self.decided.document.find_id(location.id);
        let constraint = location.id.to_owned();
        if let Some(score) = found
            .and_then(where_scored)
            .and_then(|scored| scored.attr("score"))
            .and_then(Score::parse)
        {
            let constraint = constraint.clone();
            self.number(Number::Location { constraint, rises }, score.value());
        }
        self.add(Change::Without { constraint, kind: "location" });
    }

    fn room(&mut self, resource: ResIx, node: NodeIx) {
        let (resolved, assigned) = (self.decided.resolved, self.decided.assigned);
        let left = &assigned.node(node).capacity;
        let integer = |text: &str| text.trim().parse::<i32>().unwrap_or(0);
        let demands = resolved.resource(resource).demand.iter();
        let short: Vec<(String, i32)> = demands
            .map(|(name, value)| (name.as_ref().to_owned(), integer(value)))
            .filter(|(name, demand)| left.get(name.as_str()).copied().unwrap_or(0) < *demand)
            .collect();
        for (name, demand) in short {
            let has = resolved.node(node).capacity.get(name.as_str()).map_or(0, |v| integer(v));
            self.number(Number::Capacity { node: self.name(node), name: name.clone() }, has);
            let resource = self.config_id(resource);
            self.number(Number::Demand { resource, name }, demand);
        }
    }

    fn limits(&mut self, resource: ResIx) {
        let resolved = self.decided.resolved;
        let top = self.top(resource);
        let found = resolved.resource(top);
        let id = found.id.as_ref().to_owned();
        if let Some(set) = found.clone_set() {
            for (name, was) in [("clone-max", set.max), ("clone-node-max", set.node_max)] {
                let resource = id.clone();
                let was = i32::try_from(was).unwrap_or(i32::MAX);
                self.number(Number::Limit { resource, name }, was);
            }
        }
        if let Some(bundle) = found.bundle() {
            let limits = [
                ("replicas", bundle.replicas_max),
                ("replicas-per-host", bundle.replicas_per_host),
            ];
            for (name, was) in limits {
                let resource = id.clone();
                let was = i32::try_from(was).unwrap_or(i32::MAX);
                self.number(Number::Limit { resource, name }, was);
            }
        }
        // A node that has none because it is away would take one.
        for node in resolved.node_indices().take(64) {
            let state = resolved.node(node);
            if matches!(state.kind, NodeKind::Cluster) && (!state.online || state.standby) {
                self.node_state(node, 0);
            }
        }
    }

    /// The other resource's place is what counts.
    fn colocated(&mut self, at: ColocationIx, node: NodeIx, as_dependent: bool, depth: u32) {
        let Some(found) = self.decided.assigned.colocation(at) else { return };
        if found.explicit {
            let constraint = found.id.as_ref().to_owned();
            self.add(Change::Without { constraint, kind: "colocation" });
        }
        let other = if as_dependent { found.primary } else { found.dependent };
        let apart = found.score < Score::ZERO;
        if depth == 0 || apart {
            return;
        }
        for leaf in crate::survival::leaves(self.decided.resolved, other).into_iter().take(4) {
            self.on_node(leaf, node, depth - 1);
            if as_dependent && found.primary_role == Role::Promoted {
                self.promotion(leaf, node);
            }
            let runs = self.decided.assigned.resource(leaf).node.is_some();
            if runs && as_dependent {
                self.location(leaf, node, false);
            }
        }
    }

    /// Constraints that say that only their nodes count.
    fn exclusive(&mut self, resource: ResIx) {
        let resolved = self.decided.resolved;
        let around: Vec<ResIx> =
            std::iter::successors(Some(resource), |at| resolved.resource(*at).parent).collect();
        let about = resolved.locations.iter().filter(|location| {
            location.probes == scheduler::ProbeMode::Exclusive
                && around.contains(&location.resource)
        });
        let ids: Vec<String> = about.map(|location| location.id.to_owned()).collect();
        for constraint in ids.into_iter().take(4) {
            self.add(Change::Without { constraint, kind: "location" });
        }
    }

    fn wait_over(&mut self, resource: ResIx) {
        let lock = self.decided.assigned.resource(resource).shutdown_lock;
        if let Some(lock) = lock {
            self.add(Change::NodeBack { node: self.name(lock.node) });
        }
        self.add(Change::UnsetOption { name: "shutdown-lock" });
    }

    fn container(&mut self, resource: ResIx, depth: u32) {
        let resolved = self.decided.resolved;
        let top = resolved.resource(self.top(resource));
        let containers: Vec<ResIx> = match top.bundle() {
            Some(bundle) => bundle.replicas.iter().map(|replica| replica.container).collect(),
            None => resolved.resource(resource).launcher.into_iter().collect(),
        };
        let assigned = self.decided.assigned;
        let idle = containers.into_iter().find(|at| assigned.resource(*at).node.is_none());
        if let Some(container) = idle.filter(|_| depth > 0) {
            self.anywhere(container, depth - 1);
        }
    }

    /// A location constraint of the whole, an existing one or a new one, speaks for the node.
    fn location(&mut self, resource: ResIx, node: NodeIx, promoted: bool) {
        let (resolved, document) = (self.decided.resolved, self.decided.document);
        let top = self.top(resource);
        let about = resolved.locations.iter().filter(|location| {
            let role = location.role == Some(Role::Promoted);
            location.resource == top && (role == promoted || location.role.is_none())
        });
        let name = self.name(node);
        let existing = about
            .filter_map(|location| {
                let scored = document.find_id(location.id).filter(|at| where_scored(*at).is_some());
                let scored = scored.filter(|at| at.attr("node") == Some(name.as_str()))?;
                let score = Score::parse(scored.attr("score")?)?;
                Some((location.id.to_owned(), score.value()))
            })
            .next();
        match existing {
            Some((constraint, was)) => {
                self.number(Number::Location { constraint, rises: true }, was);
            }
            None => {
                let resource = self.config_id(top);
                self.number(Number::NewLocation { resource, node: name, promoted }, 0);
            }
        }
    }

    /// What holds it where it is.
    fn away_from_place(&mut self, part: ResIx) {
        let Some(place) = self.place else { return };
        let mut sticks = false;
        for term in self.decided.assigned.terms(part, place) {
            if term.value <= Score::ZERO {
                continue;
            }
            match term.source {
                ScoreSource::Location(at) => self.move_location(at, false),
                ScoreSource::Stickiness => sticks = true,
                ScoreSource::WithPrimary(at) | ScoreSource::OfDependent(at) => {
                    // Members of a group that stick hold the others.
                    sticks = true;
                    if let Some(found) = self.decided.assigned.colocation(at)
                        && found.explicit
                    {
                        let constraint = found.id.as_ref().to_owned();
                        self.add(Change::Without { constraint, kind: "colocation" });
                    }
                }
                ScoreSource::Found(_)
                | ScoreSource::Health
                | ScoreSource::FailLimit
                | ScoreSource::ExclusiveDiscovery
                | ScoreSource::ShutdownLock
                | ScoreSource::Ticket(_)
                | ScoreSource::Node
                | ScoreSource::TargetRole
                | ScoreSource::Capacity
                | ScoreSource::InstanceLimit
                | ScoreSource::CollectiveLimit
                | ScoreSource::Promotion
                | ScoreSource::NoPromotionScore
                | ScoreSource::Claim(_)
                | ScoreSource::NotPlaced
                | ScoreSource::NotOnRemoteNode
                | ScoreSource::InsideContainer => {}
            }
        }
        let was = self.decided.resolved.resource(part).stickiness.value();
        if sticks && was > 0 {
            let top = self.top(part);
            self.number(Number::Stickiness { resource: self.config_id(top) }, was);
        }
    }

    /// What could have the instance promoted on its node.
    fn promotion(&mut self, part: ResIx, node: NodeIx) {
        let (resolved, assigned) = (self.decided.resolved, self.decided.assigned);
        let around = std::iter::successors(Some(part), |at| resolved.resource(*at).parent);
        let instance = around.into_iter().find(|at| assigned.resource(*at).role_reason.is_some());
        let instance = instance.unwrap_or(part);
        for term in assigned.promotion_terms(instance) {
            let claims = if let ScoreSource::Claim(of) = term.source {
                assigned.claim_terms(of)
            } else {
                vec![term]
            };
            for term in claims.iter().filter(|term| term.value < Score::ZERO) {
                self.against(part, node, term, 1);
            }
        }
        let top = self.top(part);
        let found = resolved.resource(top);
        let promoted_max = match (found.clone_set(), found.bundle()) {
            (Some(set), _) => Some(set.promoted_max),
            (None, Some(bundle)) => Some(bundle.promoted_max),
            (None, None) => None,
        };
        if let Some(was) = promoted_max.and_then(|was| i32::try_from(was).ok()) {
            let resource = found.id.as_ref().to_owned();
            self.number(Number::Limit { resource, name: "promoted-max" }, was);
        }
        self.location(part, node, true);
        let primitive = resolved.resource(part);
        let history_name = primitive.history_name().to_owned();
        let attribute = resolved.node(node).attribute(&format!("master-{history_name}"));
        let was = attribute.and_then(Score::parse).map_or(0, Score::value);
        let resource = primitive.config_id.as_ref().to_owned();
        let node = self.name(node);
        self.number(Number::PromotionScore { resource, history_name, node }, was);
    }
}
