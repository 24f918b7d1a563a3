//! The coordinator's work: plan when something happened, order what may run, wait for answers.
//!
//! A new plan does not wait for the old one's actions: those that still run are carried over if
//! the new plan wants them, too, and otherwise end by themselves and are recorded. It waits only
//! for its own orders to come back through the order, so that the history it plans from knows
//! every action that was begun.
//!
//! Field words: Pacemaker *DC*, *transition engine*.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use model::{Action, ActionKind, Plan, parse_interval};
use scheduler::{AtStake, Planned};
use transition::{Progress, Transition};
use wire::Message;
use wire::peer::Order;

use crate::cut_off::Fencings;
use crate::input::TimerToken;
use crate::outstanding::Outstanding;
use crate::timers::Ring;
use crate::{Controller, Identity};

/// What only the coordinator knows. Losing it costs a new plan, nothing else.
#[derive(Debug, Default)]
pub(crate) struct Coordination {
    /// Why a plan is due; `None` if none is.
    due: Option<String>,
    /// Counts this coordinator's plans.
    number: u64,
    transition: Option<Transition>,
    /// Orders sent that did not come back yet, by what they do ([`Action::work_key`]) and node.
    /// The history does not know of them: no plan is made until it does.
    sent: BTreeSet<(String, String)>,
    /// When to give up waiting for an answer.
    overdue: BTreeMap<(String, String), TimerToken>,
    /// Places where the plan's actions wait for something older to end.
    waiting_for: BTreeSet<(String, String)>,
    /// Nodes that were given leave to go: the bookkeeping actions' keys by node.
    leaves: BTreeMap<String, String>,
    pub(crate) fencings: Fencings,
    /// What each node had to lose when the last plan was made.
    pub(crate) at_stake: Vec<AtStake>,
    recheck: Option<TimerToken>,
    /// What the last completed plan did, and how often the same came again at once.
    repeated: (Vec<(String, String)>, u32),
}

/// The same plan completed this often in a row without leading anywhere is not tried again until
/// something else happens.
const REPEATS_MAX: u32 = 3;

impl Coordination {
    /// Orders that did not come back are void; nodes forget their leave to go.
    pub(crate) fn membership_changed(&mut self) {
        self.sent.clear();
        self.leaves.clear();
        self.transition = None;
        self.fencings.try_all_again();
        self.due = Some("the membership changed".to_owned());
    }

    pub(crate) fn order_delivered(&mut self, key: &str, node: &str) {
        self.sent.remove(&(key.to_owned(), node.to_owned()));
    }

    /// Names of nodes being fenced.
    pub(crate) fn fencing(&self) -> Vec<String> {
        self.fencings.targets().map(str::to_owned).collect()
    }

    /// Finishes the running fence action against `target`.
    pub(crate) fn finish_fencing(&mut self, target: &str, succeeded: bool) {
        let Some(transition) = &mut self.transition else { return };
        let found = transition.all_running().find(|action| {
            action.kind == ActionKind::Fence
                && action.node.as_ref().is_some_and(|node| node.name.as_str() == target)
        });
        if let Some(id) = found.map(|action| action.id) {
            transition.finish(id, succeeded);
        }
    }

    /// Whether this plan is the one just completed, once too often.
    fn goes_in_circles(&mut self, plan: &Plan) -> bool {
        let work = work_of(plan);
        if work != self.repeated.0 {
            self.repeated = (work, 0);
            return false;
        }
        self.repeated.1 += 1;
        self.repeated.1 >= REPEATS_MAX
    }
}

impl Controller {
    /// Something happened that a plan has to take into account.
    pub(crate) fn think_again(&mut self, cause: String) {
        if let Some(coordination) = &mut self.coordination {
            coordination.repeated = (Vec::new(), 0);
            coordination.due.get_or_insert(cause);
        }
    }

    /// A timer that only says: look again.
    pub(crate) fn recheck(&mut self) {
        if self.settle_until.is_some_and(|until| until <= self.now.tick) {
            self.settle_until = None;
        }
        self.think_again("time passed".to_owned());
    }

    /// Plans if it is time to, and orders what may run. Called at the end of every step.
    pub(crate) fn consider(&mut self) {
        if !self.is_coordinator() {
            return;
        }
        loop {
            self.plan_if_due();
            self.order_ready();
            let Some(coordination) = &mut self.coordination else { return };
            let Some(transition) = &coordination.transition else { return };
            match transition.progress() {
                Progress::Underway | Progress::Stuck => return,
                Progress::Complete => {
                    let number = transition.number();
                    coordination.transition = None;
                    coordination.due.get_or_insert(format!("plan {number} was carried out"));
                }
            }
        }
    }

    fn plan_if_due(&mut self) {
        let now = self.now.tick;
        let Some(coordination) = &mut self.coordination else { return };
        let waits =
            !coordination.sent.is_empty() || self.settle_until.is_some_and(|until| now < until);
        if waits {
            return;
        }
        let Some(cause) = coordination.due.take() else { return };
        let input = scheduler::Input { now: self.now.wall, sanitized: false };
        let document = &self.state.document;
        match catch_unwind(AssertUnwindSafe(|| scheduler::plan_with_causes(document, &input))) {
            Ok((planned, chains)) => {
                let why = Why { cause, because: scheduler::cause::roots(&chains) };
                self.take_up(planned, why);
            }
            Err(_) => {
                let finding = "the scheduler failed on this document: holding everything";
                let why = Why { cause, because: Vec::new() };
                self.announce(why, vec!["(held)".to_owned()], vec![finding.to_owned()]);
            }
        }
    }

    fn take_up(&mut self, planned: Planned, why: Why) {
        self.arm_recheck(planned.plan.settings.recheck_at);
        let to_strangers = to_strangers(&planned.plan, &self.strangers());
        // By other policies something may have to end that waits for this.
        let goes_on = self.state.option("no-quorum-policy") == Some("freeze");
        let nobody_counts = self.why_nobody_counts();
        let Some(coordination) = &mut self.coordination else { return };
        coordination.at_stake = planned.at_stake;
        let mut lines = plan_lines(&planned.plan);
        // What the operator asked for is work, too, though no plan of the scheduler has it.
        let fencings = coordination.fencings.targets().map(|target| format!("fence {target}"));
        let asked: Vec<String> = fencings.filter(|line| !lines.contains(line)).collect();
        lines.extend(asked);
        let mut findings: Vec<String> = planned.findings.iter().map(ToString::to_string).collect();
        findings.extend(nobody_counts);
        if !planned.plan.steps.is_empty() && coordination.goes_in_circles(&planned.plan) {
            findings.push("the same plan again and again: waiting for something to change".into());
            coordination.transition = None;
            return self.announce(why, lines, findings);
        }
        coordination.number += 1;
        let Coordination { number, leaves, fencings, .. } = coordination;
        let outstanding = &self.state.outstanding;
        let under_way = |action: &Action| match (&action.kind, &action.node) {
            (ActionKind::Fence, Some(node)) => fencings.is_under_way(node.name.as_str()),
            (ActionKind::Bookkeeping(_), Some(node)) => leaves.contains_key(node.name.as_str()),
            (_, Some(node)) => outstanding.has(&action.work_key(), node.name.as_str()),
            (_, None) => false,
        };
        let at_work = places_at_work(outstanding, &planned.plan);
        let now = self.now.tick;
        let held = |action: &Action| {
            let place = place_of(action);
            let rests = action.kind == ActionKind::Fence && fencings.rests(&place.1, now);
            let waits = begins(action) || (goes_on && action.task != "monitor");
            rests || at_work.contains(&place) || (waits && to_strangers.contains(&place))
        };
        let planned_places = planned
            .plan
            .steps
            .iter()
            .filter(|step| !under_way(&step.action))
            .map(|s| place_of(&s.action));
        let waiting_for = planned_places.filter(|place| at_work.contains(place)).collect();
        let is_empty = planned.plan.steps.is_empty();
        let transition = Transition::new(*number, planned.plan, under_way, held);
        coordination.transition = (!is_empty).then_some(transition);
        coordination.waiting_for = waiting_for;
        self.announce(why, lines, findings);
    }

    fn announce(&mut self, why: Why, actions: Vec<String>, findings: Vec<String>) {
        let transition = self.coordination.as_ref().map_or(0, |coordination| coordination.number);
        let at = self.now.wall;
        let Why { cause, because } = why;
        let (membership, applied) = (self.fabric.id, self.state.applied);
        let planned = wire::peer::Planned {
            membership,
            applied,
            transition,
            cause,
            actions,
            because,
            findings,
            at,
        };
        self.broadcast(Message::Planned(Box::new(planned)));
    }

    /// Plans again when the scheduler said that time alone changes something, and at least every
    /// `cluster-recheck-interval`.
    fn arm_recheck(&mut self, at: Option<i64>) {
        /// Source: the option's default in Pacemaker Explained.
        const INTERVAL: Duration = Duration::from_secs(15 * 60);
        let interval = self.state.option("cluster-recheck-interval").and_then(parse_interval);
        let mut wait = interval.filter(|wait| !wait.is_zero()).unwrap_or(INTERVAL);
        if let Some(seconds) = at.and_then(|at| u64::try_from(at - self.now.wall).ok()) {
            wait = wait.min(Duration::from_secs(seconds.max(1)));
        }
        let token = self.set_timer(self.now.tick.after(wait), Ring::Recheck);
        if let Some(coordination) = &mut self.coordination
            && let Some(old) = coordination.recheck.replace(token)
        {
            self.timers.forget(old);
        }
    }

    fn order_ready(&mut self) {
        loop {
            let ready = self
                .coordination
                .as_mut()
                .and_then(|coordination| coordination.transition.as_mut())
                .map(Transition::take_ready)
                .unwrap_or_default();
            if ready.is_empty() {
                return;
            }
            for action in ready {
                match &action.kind {
                    ActionKind::Fence => self.order_fencing(&action),
                    ActionKind::Resource(_) | ActionKind::Bookkeeping(_) => self.order(action),
                    ActionKind::Milestone => {}
                }
            }
        }
    }

    fn order(&mut self, action: Action) {
        let Some(node) = action.node.clone() else { return };
        let name = node.name.as_str().to_owned();
        let runs_on = node.router.as_ref().unwrap_or(&node.name).as_str();
        let to = self.id_of(runs_on).filter(|id| self.fabric.members.contains(id));
        let is_bookkeeping = matches!(action.kind, ActionKind::Bookkeeping(_));
        let Some(to) = to.or_else(|| is_bookkeeping.then_some(self.identity.id)) else {
            self.finish_action(&action.work_key(), &name, false);
            return self.think_again(format!("{runs_on} is not here to run {}", action.key));
        };
        if !is_bookkeeping {
            self.await_answer(&action, &name);
        }
        let Some(coordination) = &mut self.coordination else { return };
        let Some(transition) = &coordination.transition else { return };
        let order = Order {
            membership: self.fabric.id,
            to: to.0,
            transition_key: format!(
                "{}:{}:{}:{}",
                action.id.0,
                transition.number(),
                action.expected_code(),
                life(&self.identity)
            ),
            action: wire::action::Action::from(&action),
            at: self.now.wall,
        };
        if action.task == "do_shutdown" {
            coordination.leaves.insert(name.clone(), action.work_key());
        }
        coordination.sent.insert((action.work_key(), name));
        self.broadcast(Message::Run(Box::new(order)));
    }

    /// After taking over: what the one before had ordered is awaited, too.
    pub(crate) fn await_answers(&mut self) {
        let orders: Vec<(Action, String)> = self
            .state
            .outstanding
            .iter()
            .map(|entry| (entry.action.clone(), entry.node().to_owned()))
            .collect();
        for (action, node) in orders {
            self.await_answer(&action, &node);
        }
    }

    fn await_answer(&mut self, action: &Action, node: &str) {
        let limit = action.timeout().unwrap_or_default() + self.answer_time();
        let key = action.work_key();
        let ring = Ring::Overdue { key: key.clone(), node: node.to_owned() };
        let token = self.set_timer(self.now.tick.after(limit), ring);
        let Some(coordination) = &mut self.coordination else { return };
        if let Some(old) = coordination.overdue.insert((key, node.to_owned()), token) {
            self.timers.forget(old);
        }
    }

    /// How long an answer may take beyond the action itself (`cluster-delay`).
    fn answer_time(&self) -> Duration {
        const CLUSTER_DELAY: Duration = Duration::from_secs(60);
        self.state.option("cluster-delay").and_then(parse_interval).unwrap_or(CLUSTER_DELAY)
    }

    /// An ordered action was answered; `false` if the present plan did not wait for it.
    pub(crate) fn finish_action(&mut self, key: &str, node: &str, succeeded: bool) -> bool {
        let Some(coordination) = &mut self.coordination else { return true };
        if let Some(token) = coordination.overdue.remove(&(key.to_owned(), node.to_owned())) {
            self.timers.forget(token);
        }
        let Some(transition) = &mut coordination.transition else { return false };
        let Some(id) = transition.running(key, node).map(|action| action.id) else { return false };
        transition.finish(id, succeeded);
        true
    }

    /// Whether the present plan waits for this to end before it goes on there.
    pub(crate) fn is_waited_for(&self, action: &Action) -> bool {
        let place = place_of(action);
        action.task != "notify"
            && self.coordination.as_ref().is_some_and(|all| all.waiting_for.contains(&place))
    }

    /// A node went, or declined to: its leave is used up.
    pub(crate) fn finish_leave(&mut self, node: &str, went: bool) {
        let leave = self.coordination.as_mut().and_then(|all| all.leaves.remove(node));
        if let Some(key) = leave {
            self.finish_action(&key, node, went);
        }
    }

    /// A node does not answer although it is a member: the action is recorded as timed out, and
    /// the scheduler decides what that means.
    pub(crate) fn overdue(&mut self, key: &str, node: &str) {
        let found = self.state.outstanding.find(key, node).filter(|_| self.coordination.is_some());
        let Some(order) = found else { return };
        let outcome = model::Outcome::failed(
            model::ExecStatus::TimedOut,
            model::OcfCode::GENERIC,
            "the node did not answer",
        );
        let ran = wire::peer::Ran {
            transition_key: order.transition_key,
            action: order.action,
            call: 0,
            outcome: (&outcome).into(),
            kinds: wire::peer::ParameterKinds::default(),
            at: self.now.wall,
        };
        self.broadcast(Message::Ran(Box::new(ran)));
    }
}

fn begins(action: &Action) -> bool {
    matches!(action.task.as_str(), "start" | "promote" | "migrate_to" | "migrate_from")
}

/// Places of the plan where nothing may change since something would begin on a stranger: there, and
/// where it would have to end for that. It goes on where it is.
fn to_strangers(plan: &Plan, strangers: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    if strangers.is_empty() {
        return BTreeSet::new();
    }
    let actions = || plan.steps.iter().map(|step| &step.action);
    let (there, here): (BTreeSet<_>, BTreeSet<_>) = actions()
        .filter(|action| begins(action))
        .map(place_of)
        .partition(|(_, node)| strangers.contains(node));
    let moves = |(resource, _): &(String, String)| there.iter().any(|(begun, _)| begun == resource);
    let left = actions().map(place_of).filter(|place| moves(place) && !here.contains(place));
    left.chain(there.iter().cloned()).collect()
}

/// Where an action of a resource works.
fn place_of(action: &Action) -> (String, String) {
    let node = action.node.as_ref().map_or("", |node| node.name.as_str());
    (action.agent_resource().unwrap_or("").to_owned(), node.to_owned())
}

/// Places where something is under way that the plan must not overtake. Whatever else it wants
/// there waits, even where it wants that, too: a change of state may come in the wrong order (a
/// stop that runs already, and a demotion before it). When it ends, there is a new plan.
///
/// Notifications are not waited for: every plan gives its own, and would wait for the last one's.
fn places_at_work(outstanding: &Outstanding, plan: &Plan) -> BTreeSet<(String, String)> {
    let planned: BTreeSet<(String, String)> = work_of(plan).into_iter().collect();
    outstanding
        .iter()
        .filter(|entry| match entry.action.task.as_str() {
            "notify" => false,
            "monitor" => !planned.contains(&(entry.action.work_key(), entry.node().to_owned())),
            _ => true,
        })
        .map(|entry| place_of(&entry.action))
        .collect()
}

/// Why there is a plan, and why it is this one.
struct Why {
    /// What made the coordinator plan.
    cause: String,
    /// What began the plan's actions.
    because: Vec<String>,
}

/// One word for each action that does something, for people.
fn plan_lines(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .filter(|step| step.action.kind != ActionKind::Milestone)
        .map(|step| {
            let Action { kind, task, key, node, .. } = &step.action;
            let node = node.as_ref().map_or("", |node| node.name.as_str());
            match kind {
                ActionKind::Fence => format!("fence {node}"),
                ActionKind::Resource(_) | ActionKind::Milestone => match step.action.resource() {
                    Some(resource) => format!("{task} {resource} on {node}"),
                    None => format!("{key} on {node}"),
                },
                ActionKind::Bookkeeping(_) => format!("{task} on {node}"),
            }
        })
        .collect()
}

fn work_of(plan: &Plan) -> Vec<(String, String)> {
    plan.steps
        .iter()
        .map(|step| {
            let node = step.action.node.as_ref().map_or("", |node| node.name.as_str());
            (step.action.work_key(), node.to_owned())
        })
        .collect()
}

/// Names this life of the coordinator in the form that the history's keys want: 36 characters.
fn life(identity: &Identity) -> String {
    let n = identity.incarnation;
    let node = identity.id.0;
    format!(
        "{node:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        (n >> 48) & 0xffff,
        (n >> 32) & 0xffff,
        (n >> 16) & 0xffff,
        n & 0xffff
    )
}
