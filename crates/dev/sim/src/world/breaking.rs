//! What breaks, and what clients ask for meanwhile.

use controller::Input;
use model::NodeId;

use super::World;
use crate::corners::{self, Corner};
use crate::event::Event;
use crate::faults::Fault;
use crate::machine::Machine;
use crate::quorum::Rule;

impl World {
    pub(super) fn fault(&mut self) {
        if self.calm {
            return;
        }
        let next = self.chance.between(1, 2 * self.faults.every);
        self.clock.after(next, Event::Fault);
        if self.cold_start.holds_faults_back(self.clock.now()) {
            return;
        }
        let nodes = self.nodes();
        let Some(node) = self.chance.pick(&nodes).copied() else { return };
        let fault = Fault::draw(&mut self.chance);
        if matches!(self.scene.rule, Rule::Lock | Rule::Device) && self.chance.percent(15) {
            self.lose_decider(node);
        }
        match fault {
            Fault::CrashDaemon => self.crash(node),
            Fault::LosePower => self.lose_power(node),
            Fault::CrashCoordinator => self.crash_coordinator(),
            Fault::Partition => self.partition(),
            Fault::Heal => self.heal(),
            Fault::Shake => self.shake(node),
            Fault::Flap => self.flap(),
            Fault::ProcessDies => self.process_dies(node),
            Fault::ClockJumps => self.clock_jumps(node),
            Fault::DiskFills => self.set_disk(node, true),
            Fault::DiskFreed => self.set_disk(node, false),
            Fault::DiskDamaged => self.damage_disk(node),
            Fault::StopAll => self.stop_all(),
            Fault::Shutdown => self.step(node, Input::Shutdown),
            Fault::Pause => self.pause(node),
            Fault::LockOutOfReach => self.lose_decider(node),
            Fault::VoterStalls => self.stall_voter(node),
            Fault::Blackout => {
                self.visit(Corner::Blackout);
                for node in nodes {
                    self.lose_power(node);
                }
            }
        }
    }

    fn lose_power(&mut self, node: NodeId) {
        self.power(node, false);
        let back = self.chance.between(1_000_000, 30_000_000);
        self.clock.after(back, Event::Power { node, on: true });
    }

    fn pause(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if machine.daemon.is_none() || machine.paused.is_some() {
            return;
        }
        machine.paused = Some(Vec::new());
        let life = machine.life;
        self.visit(Corner::StoodStill);
        self.note(node, "stands still");
        let later = self.chance.between(500_000, 15_000_000);
        self.clock.after(later, Event::Resume { node, life });
        if self.chance.percent(50) {
            // The whole machine stands still: the others lose it.
            self.fabric.stands_still(node);
            self.votequorum.device.lose(node, &mut self.chance, self.clock.now());
            self.notice_soon();
        }
    }

    pub(super) fn resume(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(waiting) = machine.paused.take() else { return };
        self.note(node, "goes on");
        self.fabric.goes_on(node);
        self.votequorum.device.mend(node);
        self.notice_soon();
        for input in waiting {
            self.step(node, input);
        }
    }

    fn crash_coordinator(&mut self) {
        let found = self
            .machines
            .values()
            .find(|machine| machine.daemon.as_ref().is_some_and(|daemon| daemon.is_coordinator()));
        let Some(machine) = found else { return };
        let id = machine.id;
        corners::at_coordinators_crash(self, id);
        self.crash(id);
    }

    fn process_dies(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let active: Vec<String> = machine.active.keys().cloned().collect();
        let Some(resource) = self.chance.pick(&active).cloned() else { return };
        machine.active.remove(&resource);
        self.note(node, &format!("{resource} dies"));
        self.visit(Corner::ProcessDied);
        self.step(node, Input::Suspect { resource });
    }

    fn clock_jumps(&mut self, node: NodeId) {
        let jump = self.chance.between(0, 7200) as i64 - 3600;
        if let Some(machine) = self.machines.get_mut(&node) {
            machine.skew += jump;
        }
        self.visit(Corner::ClockJumped);
    }

    /// One disk at a time, and only where others have what it had: what the last disk loses nobody has.
    fn damage_disk(&mut self, node: NodeId) {
        let all_sound = self.machines.values().all(|machine| machine.disk.is_sound());
        if self.scene.rule != Rule::Majority || self.machines.len() < 3 || !all_sound {
            return;
        }
        self.crash(node);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let count = self.chance.between(1, machine.disk.len() as u64 + 1);
        machine.disk.damage(usize::try_from(count).unwrap_or(1));
        self.note(node, "its disk is damaged");
        self.visit(Corner::DiskDamaged);
    }

    fn set_disk(&mut self, node: NodeId, full: bool) {
        if let Some(machine) = self.machines.get_mut(&node) {
            machine.disk.full = full;
        }
    }

    pub(super) fn client_edits(&mut self) {
        if self.calm {
            return;
        }
        let next = self.chance.between(200_000, 4_000_000);
        self.clock.after(next, Event::ClientEdits);
        let nodes = self.nodes();
        let Some(node) = self.chance.pick(&nodes).copied() else { return };
        if self.machines.get(&node).is_some_and(Machine::is_up) {
            corners::at_edit(self);
            let (client, request) = self.clients.edit();
            self.step(
                node,
                Input::Asked { client, caller: wire::api::Caller::free("sim"), request },
            );
        }
    }
}
