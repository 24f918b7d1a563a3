//! From action to action, and what is behind the first of them.

use std::sync::Arc;

use model::{ActionId, Role};

use super::{Blocked, Cause, CauseAction, Finder, Root};
use crate::act::acting::Acting;
use crate::act::arena::{ActIx, Requires};
use crate::act::flags::ActFlags;
use crate::act::task::{Key, Task};
use crate::{EarlyAction, NodeIx, NodeKind, Order, ResIx};

/// What should be done but cannot: of primitives, starts, stops and changes of role.
pub(super) fn blocked(acting: &Acting<'_, '_>) -> Vec<Blocked> {
    let all = acting.arena.all();
    all.filter(|act| is_blocked(acting, *act)).map(|act| explained(acting, act)).collect()
}

fn is_blocked(acting: &Acting<'_, '_>, act: ActIx) -> bool {
    let found = &acting.arena[act];
    let matters = matches!(found.task, Task::Start | Task::Stop | Task::Promote | Task::Demote);
    let primitive = found.resource.is_some_and(|resource| acting.resource(resource).is_primitive());
    if !matters || !primitive || found.is(ActFlags::RUNNABLE) || !found.key.is_once(&found.task) {
        return false;
    }
    let Some(resource) = found.resource else { return false };
    let now = acting.now(resource);
    // What was thought of, but is not wanted any more, is not missed.
    let rises = matches!(found.task, Task::Start | Task::Promote);
    let promoted = found.task != Task::Promote || now.next_role == Role::Promoted;
    let wanted = !rises || (now.assigned.is_some() && promoted);
    // A start that is not required counts where the resource is not up, or goes down for it.
    let missed = || {
        let is_down = acting.resource(resource).active.is_empty() || stops(acting, resource);
        found.task == Task::Start && now.flags.managed && is_down
    };
    wanted && (!found.is(ActFlags::OPTIONAL) || missed())
}

fn stops(acting: &Acting<'_, '_>, resource: ResIx) -> bool {
    let stop = acting.arena.newest(resource, &Task::Stop, None);
    stop.is_some_and(|stop| !acting.is(stop, ActFlags::OPTIONAL))
}

fn explained(acting: &Acting<'_, '_>, act: ActIx) -> Blocked {
    let found = &acting.arena[act];
    let mut finder = Finder::new(acting);
    finder.hindered(act);
    let id = |resource: ResIx| Arc::clone(&acting.resource(resource).id);
    Blocked {
        resource: found.resource.map_or_else(|| Arc::from(""), id),
        node: found.node.map(|node| Arc::clone(&acting.node(node).name)),
        task: Arc::from(found.task.word()),
        causes: finder.causes,
    }
}

impl Finder<'_, '_, '_> {
    /// The chain behind an action.
    pub(super) fn explain(mut self, act: ActIx) -> Vec<Cause> {
        self.wanted(act);
        self.causes
    }

    /// Why the action is required.
    pub(super) fn wanted(&mut self, act: ActIx) {
        let mut at = act;
        while self.acts.insert(at) {
            if self.only_cannot(at) {
                self.acts.remove(&at);
                return self.hindered(at);
            }
            let by = self.acting.arena[at].wanted_by.filter(|by| !self.acts.contains(by));
            let Some(by) = by.or_else(|| self.part_of(at)) else { break };
            self.push_action(at, by);
            at = by;
        }
        self.begun(at);
    }

    /// Why the action cannot run.
    pub(super) fn hindered(&mut self, act: ActIx) {
        let mut at = act;
        while self.acts.insert(at) {
            let by = self.acting.arena[at]
                .blocked_by
                .filter(|by| !self.acts.contains(by) && !self.acting.is(*by, ActFlags::RUNNABLE));
            let Some(by) = by else { break };
            self.push_action(at, by);
            at = by;
        }
        match self.missing_input(at) {
            Some(input) => {
                self.push_action(at, input);
                self.hindered(input);
            }
            None => self.hindrance(at),
        }
    }

    /// Of an ordering point of no resource, what it waits for in vain: it counts how many of its
    /// inputs can be done.
    fn missing_input(&self, act: ActIx) -> Option<ActIx> {
        let found = &self.acting.arena[act];
        if found.resource.is_some() || found.node.is_some() {
            return None;
        }
        let inputs = (0..).map_while(|position| self.acting.arena.input(act, position));
        let mut inputs = inputs.map(|edge| edge.other);
        inputs
            .find(|input| !self.acting.is(*input, ActFlags::RUNNABLE) && !self.acts.contains(input))
    }

    /// It is not in the plan: that it cannot run is what others heed.
    fn only_cannot(&self, act: ActIx) -> bool {
        !self.acting.is(act, ActFlags::RUNNABLE)
    }

    fn push_action(&mut self, of: ActIx, by: ActIx) {
        let found = &self.acting.arena[by];
        let stops_to_start = self.acting.arena[of].task == Task::Stop && found.task == Task::Start;
        if matches!(found.task, Task::Notify | Task::Notified | Task::Shutdown) {
            // A notification says by itself of what it is one, and what follows says who leaves.
            return;
        }
        if stops_to_start && self.acting.arena[of].resource == found.resource {
            // Two halves of one thing: what is behind the start says it all.
            return;
        }
        let between = (self.acting.arena[of].resource, found.resource);
        let action = CauseAction {
            id: ActionId(by.number()),
            task: Arc::from(found.task.word()),
            resource: found.resource.map(|resource| self.id(resource)),
            node: found.node.map(|node| self.name(node)),
            milestone: found.is(ActFlags::PSEUDO)
                && found.resource.is_none_or(|at| !self.acting.resource(at).is_primitive())
                || matches!(found.task, Task::Notify | Task::Notified),
            blocked: !found.is(ActFlags::RUNNABLE),
            constraint: match between {
                (Some(one), Some(other)) => constraint_between(self.acting, one, other),
                (None, _) | (_, None) => None,
            },
        };
        self.push(Cause::Action(action));
    }

    /// What of a collective's milestone is done by its parts.
    fn part_of(&self, act: ActIx) -> Option<ActIx> {
        let found = &self.acting.arena[act];
        let resource = found.resource?;
        if let Key::Notify { of, .. } = &found.key {
            let about = self.newest_below(self.acting.top(resource), &[of.clone(), of.atomic()]);
            return about.filter(|about| !self.acts.contains(about));
        }
        if self.acting.resource(resource).is_primitive() {
            return None;
        }
        let atomic = found.task.atomic();
        let parts = self.acting.instances(resource);
        let parts = parts.iter().chain(&self.acting.resource(resource).children).copied();
        let tasks = [found.task.clone(), atomic];
        let mut found = parts.filter_map(|part| self.required_below(part, &tasks));
        found.find(|part| !self.acts.contains(part))
    }

    fn required_below(&self, resource: ResIx, tasks: &[Task]) -> Option<ActIx> {
        let own = self.acting.arena.of(resource).iter().copied().find(|act| {
            let found = &self.acting.arena[*act];
            tasks.contains(&found.task) && !found.is(ActFlags::OPTIONAL)
        });
        own.or_else(|| {
            let children = self.acting.children(resource);
            children.iter().find_map(|child| self.required_below(*child, tasks))
        })
    }

    fn newest_below(&self, resource: ResIx, tasks: &[Task]) -> Option<ActIx> {
        let own = tasks.iter().find_map(|task| self.acting.arena.newest(resource, task, None));
        own.or_else(|| {
            let children = self.acting.children(resource);
            children.iter().find_map(|child| self.newest_below(*child, tasks))
        })
    }

    /// What is behind an action that no other asked for.
    fn begun(&mut self, act: ActIx) {
        let found = &self.acting.arena[act];
        let (task, node) = (found.task.clone(), found.node);
        match (found.resource, node) {
            (Some(resource), _) => self.resource_begun(act, resource, &task, node),
            (None, Some(node)) if task == Task::Fence => self.fence_begun(act, node),
            (None, Some(node)) if task == Task::Shutdown => {
                let node = self.name(node);
                self.root(Root::NodeLeaving { node });
            }
            (None, _) if task == Task::MaintenanceNodes => self.root(Root::MaintenanceRecord),
            (None, Some(_) | None) => self.root(Root::PlacementStrategy),
        }
    }

    fn fence_begun(&mut self, act: ActIx, node: NodeIx) {
        let found = &self.acting.arena[act];
        let reason = found.reason.as_deref().map(Arc::from);
        if found.meta.get("stonith_action").is_some_and(|action| action == "on") {
            let node = self.name(node);
            return self.root(Root::Unfencing { node, reason });
        }
        if let NodeKind::Guest { container, .. } = self.acting.node(node).kind {
            let (node, resource) = (self.name(node), self.id(container));
            self.push(Cause::NodeOf { node, resource });
            return self.leaves(container);
        }
        self.node_unclean(node, reason);
    }

    fn resource_begun(&mut self, act: ActIx, resource: ResIx, task: &Task, node: Option<NodeIx>) {
        let id = self.id(resource);
        match task {
            Task::Monitor | Task::Other(_) if self.acting.arena[act].key.interval_ms() > 0 => {
                self.recurring_begun(act, resource);
            }
            Task::Monitor | Task::Other(_) | Task::Notify | Task::Notified => match node {
                Some(node) => {
                    let node = self.name(node);
                    self.root(Root::NotKnown { resource: id, node });
                }
                None => self.leaves(resource),
            },
            Task::Cancel => self.cancel_begun(act, resource),
            Task::Delete => {
                let removed = self.acting.now(resource).flags.removed;
                self.root(if removed {
                    Root::Removed { resource: id }
                } else {
                    Root::AgentChanged { resource: id }
                });
            }
            Task::LrmDelete => self.root(Root::LockOver { resource: id }),
            Task::ClearFailcount => self.forgetting_begun(resource, node),
            Task::ReloadAgent => self.root(Root::Changed { resource: id }),
            Task::Promote | Task::Promoted => self.promoted(resource),
            Task::Demote | Task::Demoted => self.demoted(resource, node),
            Task::Stop | Task::Stopped => self.stopped(resource, node),
            Task::Start | Task::Running => self.started(act, resource),
            Task::MigrateTo
            | Task::MigrateFrom
            | Task::Shutdown
            | Task::Fence
            | Task::MaintenanceNodes => self.leaves(resource),
        }
    }

    fn recurring_begun(&mut self, act: ActIx, resource: ResIx) {
        let found = &self.acting.arena[act];
        let (task, interval_ms) = (found.task.clone(), found.key.interval_ms());
        let node = found.node;
        // It follows what the resource does there, where that is something.
        for before in [Task::Start, Task::Promote, Task::Demote, Task::ReloadAgent] {
            let done = self.acting.arena.newest(resource, &before, node);
            if let Some(done) = done.filter(|done| self.is_planned(*done)) {
                self.push_action(act, done);
                return self.wanted(done);
            }
        }
        let failure = node.and_then(|node| self.failure(resource, Some(node)));
        let (resource, task) = (self.id(resource), Arc::from(task.word()));
        match failure.filter(|_| self.acting.is(act, ActFlags::RESCHEDULE)) {
            Some(failure) => {
                let reason = Arc::from("its failure has expired");
                self.root(Root::FailuresForgotten { resource, node: failure.node, reason });
            }
            None => self.root(Root::OperationMissing { resource, task, interval_ms }),
        }
    }

    /// Required, able to run, and not a link of the chain yet.
    fn is_planned(&self, act: ActIx) -> bool {
        let found = &self.acting.arena[act];
        !found.is(ActFlags::OPTIONAL) && found.is(ActFlags::RUNNABLE) && !self.acts.contains(&act)
    }

    fn cancel_begun(&mut self, act: ActIx, resource: ResIx) {
        let found = &self.acting.arena[act];
        let interval_ms = found.key.interval_ms();
        let task: Arc<str> =
            Arc::from(found.cancels.as_ref().map_or("monitor", |task| task.word()));
        for change in [Task::Promote, Task::Demote, Task::Start] {
            let done = self.acting.arena.newest(resource, &change, found.node);
            if let Some(done) = done.filter(|done| self.is_planned(*done)) {
                self.push_action(act, done);
                return self.wanted(done);
            }
        }
        let resource = self.id(resource);
        self.root(Root::OperationUnwanted { resource, task, interval_ms });
    }

    fn forgetting_begun(&mut self, resource: ResIx, node: Option<NodeIx>) {
        let early = self.acting.given.early.iter().find_map(|early| match early {
            EarlyAction::ClearFailCount { resource: of, node: at, reason, .. }
                if *of == resource && Some(*at) == node =>
            {
                Some(*reason)
            }
            EarlyAction::ClearFailCount { .. }
            | EarlyAction::Fence { .. }
            | EarlyAction::Stop { .. }
            | EarlyAction::Demote { .. }
            | EarlyAction::StopIsOptional { .. }
            | EarlyAction::Recurring { .. }
            | EarlyAction::ForgetHistory { .. } => None,
        });
        let id = self.id(resource);
        match (early, node) {
            (Some(reason), Some(node)) => {
                // Pacemaker's word, about one of them.
                let reason = if reason == "it expired" { "they expired" } else { reason };
                let (node, reason) = (self.name(node), Arc::from(reason));
                self.root(Root::FailuresForgotten { resource: id, node, reason });
            }
            _ if self.acting.now(resource).flags.removed => {
                self.root(Root::Removed { resource: id });
            }
            _ => self.root(Root::Changed { resource: id }),
        }
    }

    /// Why an action cannot run, where no other keeps it.
    fn hindrance(&mut self, act: ActIx) {
        let found = &self.acting.arena[act];
        let options = &self.acting.given.options;
        let (resource, node, needs) = (found.resource, found.node, found.needs);
        if let Some(node) = node
            && self.node_out(node)
        {
            return;
        }
        let Some(resource) = resource else { return self.begun(act) };
        let flags = &self.acting.now(resource).flags;
        if needs != Requires::Nothing && !options.quorate {
            let policy = options.loss_policy;
            self.root(Root::NoQuorum { policy });
        } else if flags.blocked {
            self.unmanaged(resource);
        } else {
            self.leaves(resource);
        }
    }
}

/// The configured order that ties two resources, or the colocation.
fn constraint_between(acting: &Acting<'_, '_>, one: ResIx, other: ResIx) -> Option<Arc<str>> {
    let around = |resource: ResIx| -> Vec<ResIx> {
        std::iter::successors(Some(resource), |at| acting.resource(*at).parent).collect()
    };
    let (one, other) = (around(one), around(other));
    if one.last() == other.last() {
        return None;
    }
    let ties = |first: ResIx, then: ResIx| {
        (one.contains(&first) && other.contains(&then))
            || (other.contains(&first) && one.contains(&then))
    };
    let order = acting.given.orders.iter().find_map(|order| match order {
        Order::Pair(pair) => ties(pair.first, pair.then).then_some(pair.id),
        Order::Sets(sets) => {
            let members = || sets.sets.iter().flat_map(|set| &set.resources);
            let has = |list: &[ResIx]| members().any(|member| list.contains(member));
            (has(&one) && has(&other)).then_some(sets.id)
        }
    });
    if let Some(id) = order {
        return Some(Arc::from(id));
    }
    let mut colocations = acting.given.colocations.iter();
    let tied = colocations.find(|found| ties(found.dependent, found.primary));
    tied.map(|found| Arc::clone(&found.id))
}
