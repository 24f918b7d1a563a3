//! Why a resource goes where it goes, or nowhere.

use std::sync::Arc;

use model::{Role, Score};

use super::{Cause, Finder, Root};
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;
use crate::act::task::Task;
use crate::assign::{Reason, ScoreChange, ScoreSource, ScoreTerm};
use crate::{EarlyAction, MultipleActive, NodeIx, ResIx, WishSource};

impl Finder<'_, '_, '_> {
    /// A stop that nothing but the resource's own state asks for.
    pub(super) fn stopped(&mut self, resource: ResIx, node: Option<NodeIx>) {
        let found = self.acting.resource(resource);
        if self.agent_changed(resource, node) {
            let resource = self.id(resource);
            return self.root(Root::AgentChanged { resource });
        }
        if node.is_some_and(|node| found.dangling_sources.contains(&node)) {
            let resource = self.id(resource);
            return self.root(Root::HalfMoved { resource });
        }
        let now = self.acting.now(resource);
        let stays = node.is_some() && now.assigned == node;
        if !stays && now.assigned.is_some() && self.is_multiple(resource) {
            let resource = self.id(resource);
            return self.root(Root::MultipleActive { resource });
        }
        self.leaves(resource);
    }

    /// A start that nothing but the resource's own state asks for.
    pub(super) fn started(&mut self, act: ActIx, resource: ResIx) {
        if self.acting.is(act, ActFlags::DEFINITION_CHANGED) {
            let resource = self.id(resource);
            return self.root(Root::Changed { resource });
        }
        // Up again after a stop that has a reason of its own.
        let stop =
            self.acting.arena.newest(resource, &Task::Stop, None).filter(|stop| {
                !self.acting.is(*stop, ActFlags::OPTIONAL) && !self.acts.contains(stop)
            });
        if let Some(stop) = stop
            && self.acting.arena[stop].wanted_by.is_some()
        {
            return self.wanted(stop);
        }
        self.leaves(resource);
    }

    /// Why the resource is not, or does not stay, what and where it is.
    pub(super) fn leaves(&mut self, resource: ResIx) {
        let resource = self.telling_part(resource);
        let id = self.id(resource);
        if !self.resources.insert(resource) {
            return self.better_place(resource, self.some_place(resource));
        }
        let found = self.acting.resource(resource);
        let now = self.acting.now(resource);
        let from = found.active.iter().copied().find(|node| Some(*node) != now.assigned);
        let from = from.or_else(|| found.active.first().copied());
        let goes = now.assigned.is_some() && now.next_role != Role::Stopped;
        if goes && self.is_multiple(resource) {
            return self.root(Root::MultipleActive { resource: id });
        }
        match (from, now.assigned.filter(|_| goes)) {
            (None, Some(_)) => self.comes_up(resource),
            (None, None) => self.has_no_place(resource, None),
            (Some(from), Some(to)) if from != to => {
                let (from_name, to_name) = (self.name(from), self.name(to));
                let moves = Cause::Moves { resource: id, from: Some(from_name), to: Some(to_name) };
                self.push(moves);
                self.moves(resource, from, to);
            }
            (Some(from), Some(_)) => self.recovers(resource, from),
            (Some(from), None) => {
                let from_name = self.name(from);
                self.push(Cause::Moves { resource: id, from: Some(from_name), to: None });
                self.has_no_place(resource, Some(from));
            }
        }
    }

    /// A collective is explained by the first of its parts that changes.
    pub(super) fn telling_part(&self, resource: ResIx) -> ResIx {
        let parts = self.acting.instances(resource);
        let parts = parts.iter().chain(&self.acting.resource(resource).children);
        let mut parts = parts.map(|part| self.telling_part(*part)).peekable();
        let Some(first) = parts.peek().copied() else { return resource };
        parts.find(|part| self.changes(*part)).unwrap_or(first)
    }

    /// Whether the resource will be elsewhere, or is to recover.
    pub(super) fn changes(&self, resource: ResIx) -> bool {
        let (found, now) = (self.acting.resource(resource), self.acting.now(resource));
        now.flags.failed || found.active.as_slice() != now.assigned.as_slice()
    }

    fn some_place(&self, resource: ResIx) -> Arc<str> {
        let now = self.acting.now(resource);
        let node = now.assigned.or_else(|| self.acting.current_node(resource));
        node.map_or_else(|| Arc::from("nowhere"), |node| self.name(node))
    }

    fn is_multiple(&self, resource: ResIx) -> bool {
        let found = self.acting.resource(resource);
        let live = found.partial_move.is_some() || self.acting.now(resource).flags.failed;
        found.active.len() > 1 && !live && found.multiple_active != MultipleActive::Block
    }

    fn agent_changed(&self, resource: ResIx, node: Option<NodeIx>) -> bool {
        let found = self.acting.resource(resource);
        let Some(agent) = &found.agent else { return false };
        let mut records = self.acting.given.history.iter().filter(|history| {
            history.resource == Some(resource) && node.is_none_or(|node| history.node == node)
        });
        records.any(|history| {
            let differs = |name: &str, value: Option<&str>| history.element.attr(name) != value;
            differs("type", Some(&agent.kind))
                || differs("class", Some(&agent.standard))
                || differs("provider", agent.provider.as_deref())
        })
    }

    /// It runs nowhere now.
    fn comes_up(&mut self, resource: ResIx) {
        let id = self.id(resource);
        if self.acting.now(resource).flags.failed
            && let Some(failure) = self.failure(resource, None)
        {
            return self.root(Root::Failed(failure));
        }
        let last = self.last_done(resource);
        self.root(Root::NotRunning { resource: id, last });
    }

    /// It stays on its node, and is stopped and started there all the same.
    fn recovers(&mut self, resource: ResIx, node: NodeIx) {
        let id = self.id(resource);
        let flags = self.acting.now(resource).flags;
        if flags.failed || self.asked_to_stop(resource, node) {
            if let Some(failure) =
                self.failure(resource, Some(node)).or_else(|| self.failure(resource, None))
            {
                return self.root(Root::Failed(failure));
            }
            if self.acting.resource(resource).partial_move.is_some() {
                return self.root(Root::HalfMoved { resource: id });
            }
            if self.node_behind_is_out(resource) || self.node_out(node) {
                return;
            }
        }
        if self.agent_changed(resource, Some(node)) {
            return self.root(Root::AgentChanged { resource: id });
        }
        if self.node_out(node) {
            return;
        }
        if flags.blocked {
            return self.unmanaged(resource);
        }
        if let Some(pending) = &self.acting.resource(resource).pending {
            let task = Arc::clone(&pending.task);
            return self.root(Root::UnderWay { resource: id, task });
        }
        if self.acting.resource(resource).partial_move.is_some() {
            return self.root(Root::HalfMoved { resource: id });
        }
        if let Some(failure) = self.launched_failure(resource) {
            return self.root(Root::Failed(failure));
        }
        let acts = self.acting.arena.of(resource);
        if acts.iter().any(|act| self.acting.is(*act, ActFlags::DEFINITION_CHANGED)) {
            return self.root(Root::Changed { resource: id });
        }
        self.root(Root::Unexplained { resource: id });
    }

    /// What a container launches can fail in a way that restarts the container.
    fn launched_failure(&self, resource: ResIx) -> Option<super::Failure> {
        let launched = &self.acting.resource(resource).launched;
        launched.iter().find_map(|launched| {
            let failed = self.acting.now(*launched).flags.failed || self.is_ignored(*launched);
            if failed { self.failure(*launched, None) } else { None }
        })
    }

    fn is_ignored(&self, resource: ResIx) -> bool {
        self.acting.resource(resource).flags.ignore_failure
    }

    /// A connection or container fails with the node that it makes.
    fn node_behind_is_out(&mut self, resource: ResIx) -> bool {
        let made = self.acting.given.node_indices().find(|node| {
            let kind = self.acting.node(*node).kind;
            let container = match kind {
                crate::NodeKind::Guest { container, .. } => Some(container),
                crate::NodeKind::Cluster | crate::NodeKind::Remote { .. } => None,
            };
            kind.connection() == Some(resource) || container == Some(resource)
        });
        let Some(node) = made else { return false };
        let reason = self.fencing_in_history(node).unwrap_or("it does not answer");
        let node = self.name(node);
        self.root(Root::NodeUntrusted { node, reason: Arc::from(reason) });
        true
    }

    fn asked_to_stop(&self, resource: ResIx, node: NodeIx) -> bool {
        let wanted = EarlyAction::Stop { resource, node };
        self.acting.given.early.contains(&wanted)
    }

    /// It has a better place than the one where it is.
    fn moves(&mut self, resource: ResIx, from: NodeIx, to: NodeIx) {
        if self.acting.resource(resource).partial_move.is_some() && !self.usable_for(resource, from)
        {
            let resource = self.id(resource);
            return self.root(Root::HalfMoved { resource });
        }
        if self.node_out(from) {
            return;
        }
        let terms = |node: NodeIx| self.acting.assigned.terms(resource, node);
        let (there, here) = (terms(to), terms(from));
        if !self.usable_for(resource, from)
            && let Some(term) = forbidding(&here)
        {
            return self.term(resource, from, term);
        }
        match favouring(&there, &here) {
            Some((term, true)) => self.term(resource, to, term),
            Some((term, false)) => self.term(resource, from, term),
            None => {
                let name = self.name(to);
                self.better_place(resource, name);
            }
        }
    }

    pub(super) fn better_place(&mut self, resource: ResIx, node: Arc<str>) {
        let assigned = self.acting.assigned.resource(resource);
        let rule = assigned.reason;
        let is_placed = assigned.node.is_some();
        let resource = self.id(resource);
        if !is_placed {
            return self.root(Root::NotAllowed { resource });
        }
        self.root(Root::BetterPlace { resource, node, rule });
    }

    fn usable_for(&self, resource: ResIx, node: NodeIx) -> bool {
        let cell = self.acting.assigned.resource(resource).scores.get(node);
        cell.is_some_and(|cell| cell.score() >= Score::ZERO)
    }

    /// It may be nowhere.
    fn has_no_place(&mut self, resource: ResIx, from: Option<NodeIx>) {
        let id = self.id(resource);
        let assigned = self.acting.assigned.resource(resource);
        let found = self.acting.resource(resource);
        let now = self.acting.now(resource);
        if now.flags.removed || found.flags.removed {
            return self.root(Root::Removed { resource: id });
        }
        match assigned.reason {
            Reason::StopAll => return self.root(Root::StopAll),
            Reason::CollectiveLimit => {
                let resource = Arc::clone(&found.config_id);
                return self.root(Root::EnoughCopies { resource, full: None });
            }
            Reason::Unmanaged => return self.unmanaged(resource),
            Reason::Parts
            | Reason::ToBeStopped
            | Reason::NoPlace
            | Reason::Preferred
            | Reason::AlreadyThere
            | Reason::OnlyOneAllowed
            | Reason::HighestScore
            | Reason::MostRoom
            | Reason::FewestResources
            | Reason::FirstName
            | Reason::NoInterleaveMatch
            | Reason::NotInItself => {}
        }
        if found.next_role == Role::Stopped {
            if let Some(root) = self.stopped_by_failure(resource) {
                return self.root(root);
            }
            return self.target_role(resource, Role::Stopped);
        }
        if let Some(from) = from
            && self.node_out(from)
        {
            return;
        }
        let nodes: Vec<NodeIx> = from.into_iter().chain(self.acting.given.node_indices()).collect();
        if let Some((node, term)) = self.main_obstacle(resource, &nodes) {
            return self.term(resource, node, term);
        }
        if assigned.node.is_some() {
            // It had a place until what it needs turned out not to come up.
            return self.lost_its_place(resource);
        }
        for node in nodes {
            if assigned.scores.get(node).is_some() && self.node_out(node) {
                return;
            }
        }
        match self.quorum_root() {
            Some(root) if found.active.is_empty() => self.root(root),
            Some(_) | None => self.root(Root::NotAllowed { resource: id }),
        }
    }

    /// The term that keeps the resource off: of one of the nodes that could take it otherwise, and
    /// rather one that says something of this resource than of its siblings or of its rivals.
    fn main_obstacle(&self, resource: ResIx, nodes: &[NodeIx]) -> Option<(NodeIx, ScoreTerm)> {
        let obstacle = |node: &NodeIx| {
            let terms = self.acting.assigned.terms(resource, *node);
            let open = self.acting.node_now(*node).online && !self.acting.node(*node).standby;
            let term = forbidding(&terms)?;
            let limit =
                matches!(term.source, ScoreSource::InstanceLimit | ScoreSource::CollectiveLimit);
            let rank = match (open, limit) {
                // Where its copy would be if the node were there.
                (false, true) => 1,
                (false, false) => return None,
                (true, _) if term.source == ScoreSource::ExclusiveDiscovery => 3,
                (true, true) => 2,
                (true, false) => 0,
            };
            Some((rank, *node, term))
        };
        let all = nodes.iter().filter_map(obstacle);
        all.min_by_key(|(rank, _, _)| *rank).map(|(_, node, term)| (node, term))
    }

    fn quorum_root(&self) -> Option<Root> {
        let options = &self.acting.given.options;
        (!options.quorate).then_some(Root::NoQuorum { policy: options.loss_policy })
    }

    /// An instance without the instance that it needs.
    fn lost_its_place(&mut self, resource: ResIx) {
        let acts = self.acting.arena.of(resource).iter().rev().copied();
        let blocked = acts.into_iter().find(|act| {
            self.acting.arena[*act].blocked_by.is_some_and(|by| !self.acts.contains(&by))
                && !self.acts.contains(act)
        });
        if let Some(act) = blocked {
            return self.hindered(act);
        }
        if let Some(root) = self.quorum_root() {
            return self.root(root);
        }
        let top = self.acting.given.top_of(resource, true);
        let order = self.acting.given.orders.iter().find_map(|order| match order {
            crate::Order::Pair(pair) if pair.then == top || pair.first == top => {
                let other = if pair.then == top { pair.first } else { pair.then };
                Some((Arc::from(pair.id), other))
            }
            crate::Order::Pair(_) | crate::Order::Sets(_) => None,
        });
        let resource = self.id(resource);
        match order {
            Some((constraint, other)) => {
                let other = self.id(other);
                self.root(Root::Colocation { constraint: Some(constraint), resource, other });
            }
            None => self.root(Root::NotAllowed { resource }),
        }
    }

    /// `target-role`, of the outermost of what is around the resource that has it.
    pub(super) fn target_role(&mut self, resource: ResIx, role: Role) {
        let around = std::iter::successors(Some(resource), |at| self.acting.resource(*at).parent);
        let has_it = |at: &ResIx| self.acting.resource(*at).next_role == role;
        let holder = around.take_while(has_it).last().unwrap_or(resource);
        let resource = Arc::clone(&self.acting.resource(holder).config_id);
        self.root(Root::TargetRole { resource, role });
    }

    /// `on-fail=stop`, and failures that nothing can repair.
    pub(super) fn stopped_by_failure(&self, resource: ResIx) -> Option<Root> {
        let wishes = self.acting.given.wishes.iter();
        let mut own = wishes.filter(|wish| {
            wish.resource == resource || self.acting.is_ancestor(wish.resource, resource)
        });
        let failed = own
            .any(|wish| matches!(wish.source, WishSource::FailureStops | WishSource::FatalError));
        failed.then(|| self.failure(resource, None)).flatten().map(Root::Failed)
    }
}

/// The term that made the score negative for good: the last that did.
pub(super) fn forbidding(terms: &[ScoreTerm]) -> Option<ScoreTerm> {
    let never = terms.iter().find(|term| term.value == Score::MINUS_INFINITY);
    never
        .or_else(|| terms.iter().min_by_key(|term| term.value))
        .copied()
        .filter(|term| term.value < Score::ZERO)
}

/// The term that speaks most for `there` against `here`; and whether it is one of `there`.
pub(super) fn favouring(there: &[ScoreTerm], here: &[ScoreTerm]) -> Option<(ScoreTerm, bool)> {
    let (there, here) = (by_source(there), by_source(here));
    let sum_in = |list: &[(ScoreTerm, i64)], source: ScoreSource| {
        list.iter().find(|(term, _)| term.source == source).map(|(_, sum)| *sum)
    };
    let for_there = there
        .iter()
        .map(|(term, sum)| (sum - sum_in(&here, term.source).unwrap_or(0), *term, true));
    let only_here = here.iter().filter(|(term, _)| sum_in(&there, term.source).is_none());
    let against_here = only_here.map(|(term, sum)| (-sum, *term, false));
    let most = for_there.chain(against_here).max_by_key(|(difference, _, _)| *difference)?;
    (most.0 > 0).then_some((most.1, most.2))
}

/// What each source came to, with its first term.
fn by_source(terms: &[ScoreTerm]) -> Vec<(ScoreTerm, i64)> {
    let mut sums: Vec<(ScoreTerm, i64)> = Vec::new();
    for term in terms {
        let value = i64::from(term.value.value());
        match (sums.iter_mut().find(|(known, _)| known.source == term.source), term.change) {
            (Some((_, sum)), ScoreChange::Add) => *sum += value,
            (Some((_, sum)), ScoreChange::Set) => *sum = value,
            (None, _) => sums.push((*term, value)),
        }
    }
    sums
}
