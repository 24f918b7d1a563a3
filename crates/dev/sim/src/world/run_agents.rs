//! Agents run, and do to the machine what they were drawn to do.

use controller::{AgentRun, Input, RunToken};
use model::{ExecStatus, NodeId, OcfCode, Outcome, Role};

use super::World;
use crate::Plant;
use crate::agents::{self, Fate};
use crate::event::Event;

impl World {
    pub(super) fn run_agent(&mut self, node: NodeId, life: u64, run: AgentRun) {
        let is_fencing = &*run.agent.standard == "stonith"
            && matches!(run.task.as_str(), "off" | "reboot" | "on");
        let fate = agents::draw(&run, &self.faults, &mut self.chance);
        let timeout = u64::try_from(run.timeout.as_micros()).unwrap_or(u64::MAX);
        let wait = u64::try_from(run.delay.as_micros()).unwrap_or(0);
        let (time, works, outcome) = match fate {
            Fate::Works(time) => (time, true, Outcome::done(OcfCode::OK)),
            Fate::Fails(time, works) => (time, works, agents::failed()),
            Fate::Hangs(works) => (timeout, works, agents::timed_out()),
        };
        if run.task == "stop"
            && !matches!(outcome, Outcome { status: ExecStatus::Done, code: OcfCode::OK, .. })
        {
            self.cold_start.stop_failed(node);
        }
        let time = wait + time.min(timeout);
        let token = run.run;
        if is_fencing {
            if works {
                self.use_power_switch(&run, time);
            }
            let effect = None;
            let end = Event::AgentEnds { node, life, run: token, outcome, effect };
            self.clock.after(time + 1_000, end);
            if let Some(machine) = self.machines.get_mut(&node) {
                machine.runs.insert(token, run);
            }
            return;
        }
        let effect = if works { agents::role_after(&run.task) } else { None };
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if run.task == "start" {
            machine.last_known.insert(run.resource.clone());
            self.just_started = Some((node, run.resource.clone()));
        }
        if let Some(Some(role)) = effect
            && agents::takes_effect_early(&run.task)
        {
            machine.active.insert(run.resource.clone(), role);
        }
        machine.runs.insert(token, run);
        self.clock.after(time, Event::AgentEnds { node, life, run: token, outcome, effect });
    }

    fn use_power_switch(&mut self, run: &AgentRun, time: u64) {
        let target = run.parameters.iter().find(|(name, _)| name == "nodename");
        let target = target.and_then(|(_, name)| {
            self.machines.values().find(|machine| machine.name == *name).map(|machine| machine.id)
        });
        let Some(target) = target else { return };
        if run.task != "on" {
            self.just_fenced = Some(target);
        }
        let back = self.chance.between(1_000_000, 8_000_000);
        match (run.task.as_str(), self.options.plant) {
            (_, Some(Plant::FencingSkipped)) => {}
            ("on", None) => self.clock.after(time, Event::Power { node: target, on: true }),
            (_, None) => {
                self.clock.after(time, Event::Power { node: target, on: false });
                self.clock.after(time + back, Event::Power { node: target, on: true });
            }
        }
    }

    pub(super) fn agent_ends(
        &mut self,
        node: NodeId,
        life: u64,
        token: RunToken,
        mut outcome: Outcome,
        effect: Option<Option<Role>>,
    ) {
        if !self.lives(node, life) {
            return;
        }
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(run) = machine.runs.remove(&token) else { return };
        match effect {
            Some(Some(role)) => {
                machine.active.insert(run.resource.clone(), role);
            }
            Some(None) => {
                machine.active.remove(&run.resource);
                machine.last_known.remove(&run.resource);
            }
            None => {}
        }
        if run.task == "monitor" && outcome == Outcome::done(OcfCode::OK) {
            outcome.code = agents::observed(machine.active.get(&run.resource).copied());
            if outcome.code == OcfCode::NOT_RUNNING {
                // The node says so itself: as after a crash, and a cleanup that had it looked for anew.
                machine.last_known.remove(&run.resource);
            }
        }
        let output = String::new();
        let kinds = agent::ParameterKinds::default();
        self.step(node, Input::AgentDone { run: token, outcome, output, kinds });
    }
}
