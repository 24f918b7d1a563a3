//! A plan on its way: what may run now, and what a result changes.
//!
//! The caller asks [`Transition::take_ready`] after every change and orders what it names. A failed
//! action stops what depends on it; the rest goes on until the caller plans again.
//!
//! **Always:** an action is named once, after all its inputs; no action is invented.
//!
//! Field word: Pacemaker *transition*, *graph*.

use std::collections::BTreeMap;

use model::{Action, ActionId, ActionKind, Plan};

/// A [`Plan`] being carried out.
#[derive(Clone, Debug)]
pub struct Transition {
    number: u64,
    plan: Plan,
    states: Vec<State>,
    /// For each step, how many of its inputs are not done yet.
    missing: Vec<u32>,
    /// For each step, the steps that wait for it.
    dependents: Vec<Vec<usize>>,
    by_id: BTreeMap<ActionId, usize>,
    running: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    /// Something else is under way there.
    Held,
    Running,
    Done,
    Failed,
}

/// Where a transition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Actions run, or may.
    Underway,
    /// Every action is done.
    Complete,
    /// Nothing runs and nothing more can: a failure stands in the way.
    Stuck,
}

impl Transition {
    /// Takes a plan to carry out. Actions for which `under_way` answers true were ordered by an
    /// earlier transition and still run: they are waited for, not ordered again. Those for which
    /// `held` answers true, and what depends on them, do not run in this transition.
    pub fn new(
        number: u64,
        plan: Plan,
        under_way: impl Fn(&Action) -> bool,
        held: impl Fn(&Action) -> bool,
    ) -> Self {
        let by_id: BTreeMap<_, _> =
            plan.steps.iter().enumerate().map(|(at, step)| (step.action.id, at)).collect();
        let mut dependents = vec![Vec::new(); plan.steps.len()];
        let mut missing = vec![0; plan.steps.len()];
        for (at, (step, missing)) in plan.steps.iter().zip(&mut missing).enumerate() {
            for input in step.inputs.iter().filter_map(|id| by_id.get(id)) {
                if let Some(waiting) = dependents.get_mut(*input) {
                    waiting.push(at);
                    *missing += 1;
                }
            }
        }
        wait_for_probes(&plan, &mut missing, &mut dependents);
        let states: Vec<_> = plan
            .steps
            .iter()
            .map(|step| match (under_way(&step.action), held(&step.action)) {
                (true, _) => State::Running,
                (false, true) => State::Held,
                (false, false) => State::Waiting,
            })
            .collect();
        let running = states.iter().filter(|state| **state == State::Running).count() as u32;
        Self { number, plan, states, missing, dependents, by_id, running }
    }

    /// Counts a coordinator's transitions; part of every action's key in the history.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The actions to order now, most urgent first. Milestones are passed on the way and never
    /// named. They count as running from here on.
    pub fn take_ready(&mut self) -> Vec<Action> {
        self.pass_milestones();
        let mut ready: Vec<usize> = self.ready().collect();
        ready.sort_by_key(|at| {
            std::cmp::Reverse(self.plan.steps.get(*at).map_or(0, |step| step.priority))
        });
        let limit = match self.plan.settings.batch_limit.parse::<u32>() {
            Ok(limit) if limit > 0 => limit.saturating_sub(self.running) as usize,
            // Nothing, less than nothing and infinity are no limit.
            Ok(_) | Err(_) => usize::MAX,
        };
        ready.truncate(limit);
        for at in &ready {
            self.set(*at, State::Running);
            self.running += 1;
        }
        ready.iter().filter_map(|at| Some(self.plan.steps.get(*at)?.action.clone())).collect()
    }

    /// An action ended. Results for actions that do not run are ignored, so a result that comes
    /// twice does no harm.
    pub fn finish(&mut self, id: ActionId, succeeded: bool) {
        let Some(at) = self.by_id.get(&id).copied() else { return };
        if self.states.get(at) != Some(&State::Running) {
            return;
        }
        self.running -= 1;
        let may_fail = self.plan.steps.get(at).is_some_and(|step| step.action.can_fail());
        if succeeded || may_fail {
            self.complete(at);
        } else {
            self.set(at, State::Failed);
        }
    }

    /// The running action with this [`Action::work_key`] on this node, if there is one.
    pub fn running(&self, key: &str, node: &str) -> Option<&Action> {
        self.in_state(State::Running).find(|action| {
            action.work_key() == key
                && action.node.as_ref().is_some_and(|on| on.name.as_str() == node)
        })
    }

    /// All running actions.
    pub fn all_running(&self) -> impl Iterator<Item = &Action> {
        self.in_state(State::Running)
    }

    /// Where it stands.
    pub fn progress(&self) -> Progress {
        if self.states.iter().all(|state| *state == State::Done) {
            Progress::Complete
        } else if self.running > 0 || self.ready().next().is_some() {
            Progress::Underway
        } else {
            Progress::Stuck
        }
    }

    fn pass_milestones(&mut self) {
        loop {
            let passed: Vec<usize> = self
                .ready()
                .filter(|at| {
                    self.plan
                        .steps
                        .get(*at)
                        .is_some_and(|step| step.action.kind == ActionKind::Milestone)
                })
                .collect();
            if passed.is_empty() {
                return;
            }
            for at in passed {
                self.complete(at);
            }
        }
    }

    fn ready(&self) -> impl Iterator<Item = usize> + '_ {
        self.states
            .iter()
            .zip(&self.missing)
            .enumerate()
            .filter(|(_, (state, missing))| **state == State::Waiting && **missing == 0)
            .map(|(at, _)| at)
    }

    fn in_state(&self, wanted: State) -> impl Iterator<Item = &Action> {
        self.plan
            .steps
            .iter()
            .zip(&self.states)
            .filter(move |(_, state)| **state == wanted)
            .map(|(step, _)| &step.action)
    }

    fn complete(&mut self, at: usize) {
        self.set(at, State::Done);
        for waiting in self.dependents.get(at).cloned().unwrap_or_default() {
            if let Some(missing) = self.missing.get_mut(waiting) {
                *missing = missing.saturating_sub(1);
            }
        }
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }
}

/// Nothing is started or promoted while a probe that can run may still find it active elsewhere.
///
/// The scheduler orders most probes itself, but not those of other instances before a promotion:
/// where it comes from, a node never joins with something running. Ours may: a daemon that was
/// killed is started again beside what it had started.
fn wait_for_probes(plan: &Plan, missing: &mut [u32], dependents: &mut [Vec<usize>]) {
    let mut probes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (step, missing)) in plan.steps.iter().zip(missing.iter()).enumerate() {
        // A probe that itself waits (for a guest node, say) might wait for what would wait for it.
        if let Some(resource) = step.action.agent_resource()
            && step.action.is_probe()
            && *missing == 0
        {
            probes.entry(resource).or_default().push(at);
        }
    }
    for (at, (step, missing)) in plan.steps.iter().zip(missing).enumerate() {
        let begins = matches!(step.action.task.as_str(), "start" | "promote" | "migrate_to");
        let Some(resource) = step.action.agent_resource().filter(|_| begins) else { continue };
        for probe in probes.get(resource).into_iter().flatten() {
            if let Some(waiting) = dependents.get_mut(*probe) {
                waiting.push(at);
                *missing += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ActionNode, NodeName, PlanStep};

    fn step(id: u32, kind: ActionKind, inputs: &[u32]) -> PlanStep {
        PlanStep {
            priority: 0,
            action: Action {
                id: ActionId(id),
                kind,
                task: "start".to_owned(),
                key: format!("r{id}_start_0"),
                internal_key: None,
                shutdown_lock: None,
                node: Some(ActionNode {
                    name: NodeName::new("n1"),
                    id: "1".to_owned(),
                    router: None,
                }),
                attributes: Vec::new(),
                downed: Vec::new(),
                maintenance: Vec::new(),
            },
            inputs: inputs.iter().copied().map(ActionId).collect(),
        }
    }

    fn ids(actions: &[Action]) -> Vec<u32> {
        actions.iter().map(|action| action.id.0).collect()
    }

    fn chain() -> Plan {
        let steps = vec![
            step(1, ActionKind::Bookkeeping(None), &[]),
            step(2, ActionKind::Milestone, &[1]),
            step(3, ActionKind::Bookkeeping(None), &[2]),
            step(4, ActionKind::Bookkeeping(None), &[]),
        ];
        Plan { steps, ..Plan::default() }
    }

    #[test]
    fn inputs_come_first_and_milestones_are_passed() {
        let mut transition = Transition::new(1, chain(), |_| false, |_| false);
        assert_eq!(ids(&transition.take_ready()), [1, 4]);
        assert_eq!(ids(&transition.take_ready()), [0; 0]);
        transition.finish(ActionId(1), true);
        assert_eq!(ids(&transition.take_ready()), [3]);
        transition.finish(ActionId(3), true);
        transition.finish(ActionId(4), true);
        assert_eq!(transition.progress(), Progress::Complete);
    }

    #[test]
    fn a_failure_stops_what_depends_on_it() {
        let mut transition = Transition::new(1, chain(), |_| false, |_| false);
        transition.take_ready();
        transition.finish(ActionId(1), false);
        assert_eq!(transition.progress(), Progress::Underway);
        transition.finish(ActionId(4), true);
        assert_eq!(ids(&transition.take_ready()), [0; 0]);
        assert_eq!(transition.progress(), Progress::Stuck);
    }

    #[test]
    fn what_is_under_way_is_not_ordered_again() {
        let mut transition =
            Transition::new(2, chain(), |action| action.id == ActionId(1), |_| false);
        assert_eq!(ids(&transition.take_ready()), [4]);
        transition.finish(ActionId(1), true);
        assert_eq!(ids(&transition.take_ready()), [3]);
    }

    #[test]
    fn the_batch_limit_holds() {
        let mut plan = chain();
        plan.settings.batch_limit = "1".to_owned();
        let mut transition = Transition::new(1, plan, |_| false, |_| false);
        assert_eq!(ids(&transition.take_ready()), [1]);
        assert_eq!(ids(&transition.take_ready()), [0; 0]);
        transition.finish(ActionId(1), true);
        assert_eq!(transition.take_ready().len(), 1);
    }
}
