//! The liveness phase: nothing breaks any more, and an operator tends the cluster.

use std::collections::BTreeMap;

use controller::Input;
use wire::api::{Change, Request};

use super::World;
use crate::event::Event;
use crate::faults::Faults;
use crate::invariants;

impl World {
    pub(super) fn calm_down(&mut self) {
        self.note_all("everything works again");
        self.calm = true;
        self.faults = Faults::none();
        self.fabric.set_sides(BTreeMap::new());
        for node in self.nodes() {
            self.resume(node);
            self.mend_lock(node);
            if let Some(machine) = self.machines.get_mut(&node) {
                machine.disk.full = false;
                machine.powered = true;
            }
            self.clock.after(1_000_000, Event::StartDaemon { node });
        }
        self.notice_soon();
        self.clock.after(20_000_000, Event::Tend);
    }

    /// What an operator does after a bad day. Answers whether all is well.
    pub(super) fn tend(&mut self) -> bool {
        match invariants::healed(self) {
            None => return true,
            Some(missing) => self.note_all(&format!("not healed yet: {missing}")),
        }
        for node in self.nodes() {
            self.clock.after(0, Event::StartDaemon { node });
        }
        let up = self.machines.values().find(|machine| machine.is_up()).map(|machine| machine.id);
        if let Some(node) = up {
            let change = Change::Cleanup { resource: None, node: None };
            let request = Request::Change { change, force: false, based_on: None };
            let client = self.clients.number();
            self.step(
                node,
                Input::Asked { client, caller: wire::api::Caller::free("sim"), request },
            );
        }
        self.clock.after(60_000_000, Event::Tend);
        false
    }
}
