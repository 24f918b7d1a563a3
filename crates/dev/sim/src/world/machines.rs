//! Machines get and lose power, daemons start and crash, watchdogs reset.

use controller::Input;
use model::NodeId;

use super::World;
use crate::agents;
use crate::corners::{self, Corner};
use crate::event::Event;

impl World {
    pub(super) fn start_daemon(&mut self, node: NodeId) {
        let nodes = self.scene.nodes;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if !machine.powered || machine.daemon.is_some() {
            return;
        }
        machine.shut_down = false;
        machine.start(nodes);
        let (life, is_behind) = (machine.life, machine.disk.is_behind());
        corners::at_start(self, node);
        self.note(node, "daemon starts");
        self.step(node, Input::Started);
        if is_behind {
            self.disk_retry(node, life);
        }
        self.notice_soon();
    }

    pub(super) fn power(&mut self, node: NodeId, on: bool) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if on {
            machine.powered = true;
            let boot = self.chance.between(500_000, 3_000_000);
            self.clock.after(boot, Event::StartDaemon { node });
            return;
        }
        machine.power_off();
        let is_writing = machine.disk.busy_until > self.clock.now();
        if is_writing {
            self.visit(Corner::RecordCutOff);
        }
        self.votequorum.power_lost(node);
        self.note(node, "power off");
        self.daemon_is_gone(node);
    }

    pub(super) fn watchdogs(&mut self) {
        /// Often enough for the shortest watchdog that a scene has.
        const EVERY: u64 = 200_000;
        let now = self.clock.now();
        let mut starved = Vec::new();
        for machine in self.machines.values_mut() {
            machine.feed(now);
            if machine.is_starved(now) {
                starved.push(machine.id);
            }
            if machine.doomed_at.is_some_and(|doomed_at| doomed_at <= now) {
                // What it ran when its power went is over now by any account.
                machine.doomed_at = None;
                machine.last_known.clear();
            }
        }
        for node in starved {
            self.visit(Corner::ResetByWatchdog);
            self.note(node, "its watchdog resets it");
            self.power(node, false);
            if let Some(machine) = self.machines.get_mut(&node) {
                machine.last_known.clear();
            }
            self.power(node, true);
        }
        self.clock.after(EVERY, Event::Watchdogs);
    }

    /// Agents at work when the daemon dies are ended before it starts again; what they had done
    /// by then is anyone's guess.
    pub(super) fn crash(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if machine.daemon.is_none() {
            return;
        }
        for run in machine.crash_daemon() {
            let effect = agents::role_after(&run.task);
            if &*run.agent.standard == "stonith" || !self.chance.percent(50) {
                continue;
            }
            match effect {
                Some(Some(role)) => {
                    machine.active.insert(run.resource, role);
                }
                Some(None) => {
                    machine.active.remove(&run.resource);
                }
                None => {}
            }
        }
        self.note(node, "daemon crashes");
        self.daemon_is_gone(node);
        let later = self.chance.between(200_000, 20_000_000);
        self.clock.after(later, Event::StartDaemon { node });
    }

    pub(super) fn daemon_is_gone(&mut self, node: NodeId) {
        self.fabric.gone(node);
        self.notice_soon();
    }
}
