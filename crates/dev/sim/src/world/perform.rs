//! One daemon steps; what it wants done is performed.

use controller::{Effect, ExitReason, Input, Now};
use model::NodeId;
use tie_breaker::Counted;

use super::World;
use crate::agents;
use crate::corners::{self, Corner};
use crate::event::Event;

/// Wall clock at the start of every run.
const EPOCH: i64 = 1_700_000_000;

impl World {
    pub(super) fn step(&mut self, node: NodeId, input: Input) {
        let tick = self.clock.now();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let wall = EPOCH + (tick.0 / 1_000_000) as i64 + machine.skew;
        let Some(daemon) = &mut machine.daemon else { return };
        if let Some(waiting) = &mut machine.paused {
            return waiting.push(input);
        }
        let life = machine.life;
        let effects = daemon.step(Now { tick, wall }, input);
        self.touched = Some(node);
        for effect in effects {
            self.perform(node, life, effect);
        }
    }

    fn perform(&mut self, node: NodeId, life: u64, effect: Effect) {
        match effect {
            Effect::Broadcast(message) => {
                corners::at_broadcast(self, node, &message);
                let delay = self.delay();
                let at = self.fabric.send(node, message, self.clock.now().after(delay));
                self.clock.schedule(at, Event::Order { from: node, life });
            }
            Effect::RunAgent(run) => self.run_agent(node, life, *run),
            Effect::KillAgent { run } => {
                let outcome = agents::cancelled();
                self.clock
                    .after(1_000, Event::AgentEnds { node, life, run, outcome, effect: None });
            }
            Effect::Watch { .. } | Effect::Unwatch { .. } => {}
            Effect::SetTimer { token, at } => {
                self.clock.schedule(at, Event::Timer { node, life, token });
            }
            Effect::Persist { ticket, record } => {
                let at = self.disk_is_asked(node);
                self.clock.schedule(at, Event::Disk { node, life, ticket, record });
            }
            Effect::SetAside { reason, .. } => {
                self.visit(Corner::SetAside);
                self.note(node, &reason);
            }
            Effect::WriteFabricFile { edition, .. } => {
                // Nodes of a simulated world are known from its beginning.
                self.note(node, &format!("edition {edition} of a file that is not simulated"));
            }
            Effect::PromiseReset { outlasts } => {
                if let Some(machine) = self.machines.get_mut(&node) {
                    machine.promised_reset = Some(outlasts);
                }
            }
            Effect::WithdrawReset => {
                if let Some(machine) = self.machines.get_mut(&node) {
                    machine.promised_reset = None;
                }
            }
            Effect::CountPrevious { sets, takes_lock } => {
                let counted = Counted { sets, takes_lock };
                self.votequorum.lock.tell(node, counted, self.clock.now());
            }
            Effect::ExpectVotes { votes } => {
                self.votequorum.lock.expect(node, votes, self.clock.now());
            }
            Effect::Reply { client, reply } => {
                corners::at_reply(self, node, &reply);
                self.clients.answered(client, &reply);
            }
            Effect::DescribeAgent { .. } | Effect::ListAgents { .. } => {
                self.note(node, "agents' words, which are not simulated");
            }
            Effect::Report(entry) => {
                corners::at_report(self, &entry.event);
                self.note(node, &format!("{:?}", entry.event));
            }
            Effect::Exit { reason } => self.exit(node, reason),
        }
    }

    fn exit(&mut self, node: NodeId, reason: ExitReason) {
        self.note(node, &format!("exit: {reason:?}"));
        let Some(machine) = self.machines.get_mut(&node) else { return };
        match reason {
            ExitReason::ShutDown => {
                machine.leave_in_peace();
                self.just_left = Some(node);
                self.visit(Corner::ShutDown);
                if !self.waits_for_all_to_stop() {
                    let later = self.chance.between(2_000_000, 20_000_000);
                    self.clock.after(later, Event::StartDaemon { node });
                }
            }
            ExitReason::Fenced => {
                self.just_exited_as_fenced = Some(node);
                machine.power_off();
                self.clock.after(2_000_000, Event::Power { node, on: true });
            }
        }
        self.daemon_is_gone(node);
    }
}
