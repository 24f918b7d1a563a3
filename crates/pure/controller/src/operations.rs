//! The agents' runs on this node: one at a time for each resource, recurring ones without drift
//! or pile-up.
//!
//! **Always:** two runs of one resource never overlap; an order for what already waits or runs
//! joins it instead of being run twice.
//!
//! Field word: Pacemaker *executor* (its queue and its recurring operations).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use agent::ParameterKinds;
use model::{Action, ExecStatus, OcfCode, Outcome, Tick};
use wire::peer::{Order, Ran};

use crate::input::{AgentRun, Now, RunToken};

/// What the queues ask for.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Run(Box<AgentRun>),
    Kill(RunToken),
    Watch(String),
    Unwatch(String),
    Ring { resource: String, key: String, at: Tick },
    Report(Box<Ran>),
}

/// A process whose death means nothing may have many like it: their deaths lead to no more monitors
/// than one in so long.
const HINTS_APART: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    queues: BTreeMap<String, Queue>,
    recurring: BTreeMap<(String, String), Recurring>,
    /// When something last hinted that the resource is not well.
    hinted: BTreeMap<String, Tick>,
    /// Whose watch has ended with a hint and was not begun again.
    unwatched: BTreeSet<String>,
    calls: u64,
    runs: u64,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    running: Option<Running>,
    waiting: VecDeque<Work>,
}

impl Queue {
    fn changes_state(&self) -> bool {
        self.running.as_ref().is_some_and(|running| changes_state(&running.work.action))
    }
}

#[derive(Clone, Debug)]
struct Running {
    token: RunToken,
    work: Work,
}

#[derive(Clone, Debug)]
struct Work {
    order: Order,
    action: Action,
    /// A later run of a recurring operation: reported only if it says something new.
    again: bool,
}

#[derive(Clone, Debug)]
struct Recurring {
    order: Order,
    action: Action,
    due: Tick,
    reported: (OcfCode, ExecStatus),
}

impl Operations {
    /// The coordinator orders `order` of this node.
    pub(crate) fn order(&mut self, now: Tick, order: Order, wall: i64) -> Vec<Act> {
        let action = Action::from(order.action.clone());
        let Some(resource) = action.agent_resource().map(str::to_owned) else {
            return Vec::new();
        };
        match action.task.as_str() {
            "cancel" => self.cancel(&resource, &order, &action, wall),
            "delete" => {
                self.recurring.retain(|(of, _), _| *of != resource);
                let report = self.report_done(&order, wall);
                vec![Act::Unwatch(resource), report]
            }
            _ => self.enqueue(now, &resource, Work { order, action, again: false }),
        }
    }

    /// A run ended.
    pub(crate) fn done(
        &mut self,
        now: Now,
        token: RunToken,
        outcome: Outcome,
        kinds: ParameterKinds,
    ) -> Vec<Act> {
        let found = self.queues.iter_mut().find_map(|(resource, queue)| {
            let running = queue.running.take_if(|running| running.token == token)?;
            Some((resource.clone(), running.work))
        });
        let Some((resource, work)) = found else { return Vec::new() };
        let mut acts = self.conclude(now, &resource, work, outcome, kinds);
        acts.extend(self.begin_next(now.tick, &resource));
        acts
    }

    /// A recurring operation is due.
    pub(crate) fn due(&mut self, now: Tick, resource: &str, key: &str) -> Vec<Act> {
        let Some(recurring) = self.recurring.get_mut(&(resource.to_owned(), key.to_owned())) else {
            return Vec::new();
        };
        if now < recurring.due {
            return Vec::new();
        }
        let interval = recurring.action.interval();
        // Missed turns are left out; the rhythm stays.
        while recurring.due <= now {
            recurring.due = recurring.due.after(interval.max(Duration::from_millis(1)));
        }
        let ring =
            Act::Ring { resource: resource.to_owned(), key: key.to_owned(), at: recurring.due };
        let work =
            Work { order: recurring.order.clone(), action: recurring.action.clone(), again: true };
        let mut acts = vec![ring];
        if self.is_free(resource) {
            acts.extend(self.enqueue(now, resource, work));
        }
        acts
    }

    /// Something that was watched has died: the watch begins anew, since the agent may say that all
    /// is well, and its most frequent monitor runs.
    pub(crate) fn suspect(&mut self, now: Tick, resource: &str) -> Vec<Act> {
        let last = self.hinted.insert(resource.to_owned(), now);
        let mut acts = Vec::new();
        if last.is_some_and(|last| now < last.after(HINTS_APART)) {
            self.unwatched.insert(resource.to_owned());
        } else {
            acts.push(Act::Watch(resource.to_owned()));
        }
        acts.extend(self.look_now(now, resource));
        acts
    }

    /// If a monitor runs already, once more after it: it may have looked before.
    fn look_now(&mut self, now: Tick, resource: &str) -> Vec<Act> {
        let monitor = self
            .recurring
            .iter()
            .filter(|((of, _), recurring)| of == resource && recurring.action.task == "monitor")
            .min_by_key(|(_, recurring)| recurring.action.interval())
            .map(|(_, recurring)| (recurring.order.clone(), recurring.action.clone()));
        let Some((order, action)) = monitor else { return Vec::new() };
        let work = Work { order, action, again: true };
        match self.queues.get_mut(resource) {
            None => self.enqueue(now, resource, work),
            Some(queue) => {
                if queue.waiting.is_empty() && !queue.changes_state() {
                    queue.waiting.push_back(work);
                }
                Vec::new()
            }
        }
    }

    fn cancel(&mut self, resource: &str, order: &Order, action: &Action, wall: i64) -> Vec<Act> {
        let interval = action.interval().as_millis();
        let task = action.meta("operation").unwrap_or("monitor");
        let key = format!("{resource}_{task}_{interval}");
        self.recurring.remove(&(resource.to_owned(), key));
        vec![self.report_done(order, wall)]
    }

    fn enqueue(&mut self, now: Tick, resource: &str, work: Work) -> Vec<Act> {
        let queue = self.queues.entry(resource.to_owned()).or_default();
        let same = |other: &Work| other.action.work_key() == work.action.work_key();
        if let Some(joined) = queue.waiting.iter_mut().find(|other| same(other)) {
            *joined = work;
            return Vec::new();
        }
        if let Some(running) = &mut queue.running
            && same(&running.work)
        {
            running.work.again &= work.again;
            running.work.order = work.order;
            return Vec::new();
        }
        let mut acts = Vec::new();
        if let Some(running) = &queue.running
            && running.work.again
            && changes_state(&work.action)
        {
            // Whatever the monitor would say is about to be overtaken.
            acts.push(Act::Kill(running.token));
        }
        queue.waiting.push_back(work);
        acts.extend(self.begin_next(now, resource));
        acts
    }

    fn begin_next(&mut self, _now: Tick, resource: &str) -> Vec<Act> {
        let Some(queue) = self.queues.get_mut(resource) else { return Vec::new() };
        if queue.running.is_some() {
            return Vec::new();
        }
        let Some(work) = queue.waiting.pop_front() else {
            self.queues.remove(resource);
            return Vec::new();
        };
        self.runs += 1;
        let token = RunToken(self.runs);
        let run = agent_run(token, &work.action);
        if changes_state(&work.action) {
            // What is monitored is about to be something else; the plan orders monitors anew.
            self.recurring.retain(|(of, _), _| of != resource);
        }
        queue.running = Some(Running { token, work });
        run.map(Act::Run).into_iter().collect()
    }

    fn conclude(
        &mut self,
        now: Now,
        resource: &str,
        work: Work,
        outcome: Outcome,
        kinds: ParameterKinds,
    ) -> Vec<Act> {
        let key = (resource.to_owned(), work.action.work_key());
        let verdict = (outcome.code, outcome.status);
        if work.again {
            let mut acts = self.watch_again(now.tick, resource, &work.action, &outcome);
            let Some(recurring) = self.recurring.get_mut(&key) else { return acts };
            if recurring.reported == verdict || outcome.status == ExecStatus::Cancelled {
                return acts;
            }
            recurring.reported = verdict;
            acts.push(self.report(&work.order, outcome, kinds, now.wall));
            return acts;
        }
        self.unwatched.remove(resource);
        let mut acts = Vec::new();
        let interval = work.action.interval();
        if !interval.is_zero() {
            let due = now.tick.after(interval);
            acts.push(Act::Ring { resource: key.0.clone(), key: key.1.clone(), at: due });
            let Work { order, action, .. } = work.clone();
            self.recurring.insert(key, Recurring { order, action, due, reported: verdict });
        }
        acts.extend(watching(resource, &work.action, &outcome));
        acts.push(self.report(&work.order, outcome, kinds, now.wall));
        acts
    }

    /// What was left unwatched because it died too often is watched again when that is over.
    fn watch_again(
        &mut self,
        now: Tick,
        resource: &str,
        action: &Action,
        outcome: &Outcome,
    ) -> Vec<Act> {
        let rests = self.hinted.get(resource).is_some_and(|last| now < last.after(HINTS_APART));
        if rests || !self.unwatched.remove(resource) {
            return Vec::new();
        }
        watching(resource, action, outcome).into_iter().collect()
    }

    fn report_done(&mut self, order: &Order, wall: i64) -> Act {
        self.report(order, Outcome::done(OcfCode::OK), ParameterKinds::default(), wall)
    }

    fn report(&mut self, order: &Order, outcome: Outcome, kinds: ParameterKinds, wall: i64) -> Act {
        let ParameterKinds { restart, secret } = kinds;
        self.calls += 1;
        Act::Report(Box::new(Ran {
            transition_key: order.transition_key.clone(),
            action: order.action.clone(),
            call: self.calls,
            outcome: (&outcome).into(),
            kinds: wire::peer::ParameterKinds { restart, secret },
            at: wall,
        }))
    }

    /// Orders being carried out or waiting, later runs of recurring operations left out.
    pub(crate) fn orders(&self) -> Vec<Order> {
        let works = self.queues.values().flat_map(|queue| {
            queue.running.iter().map(|running| &running.work).chain(&queue.waiting)
        });
        works.filter(|work| !work.again).map(|work| work.order.clone()).collect()
    }

    /// Nothing runs or waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.queues.is_empty()
    }

    fn is_free(&self, resource: &str) -> bool {
        !self.queues.contains_key(resource)
    }
}

fn agent_run(token: RunToken, action: &Action) -> Option<Box<AgentRun>> {
    /// The CIB's default for an operation without a timeout.
    const TIMEOUT: Duration = Duration::from_secs(20);
    let primitive = action.primitive()?;
    Some(Box::new(AgentRun {
        run: token,
        resource: action.agent_resource().unwrap_or(&primitive.id).to_owned(),
        agent: primitive.agent.clone(),
        task: action.task.clone(),
        interval: action.interval(),
        timeout: action.timeout().filter(|timeout| !timeout.is_zero()).unwrap_or(TIMEOUT),
        parameters: action.attributes.clone(),
        delay: Duration::ZERO,
    }))
}

/// Monitors look and notifications tell; everything else makes the resource something else.
fn changes_state(action: &Action) -> bool {
    !matches!(action.task.as_str(), "monitor" | "notify")
}

fn watching(resource: &str, action: &Action, outcome: &Outcome) -> Option<Act> {
    if outcome.status != ExecStatus::Done {
        return None;
    }
    match (action.task.as_str(), outcome.code) {
        ("start" | "promote" | "demote" | "migrate_from", OcfCode::OK)
        | ("monitor", OcfCode::OK | OcfCode::RUNNING_PROMOTED) => {
            Some(Act::Watch(resource.to_owned()))
        }
        ("stop" | "migrate_to", _) => Some(Act::Unwatch(resource.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
