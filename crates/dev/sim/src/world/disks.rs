//! Disks answer, late or not; what is missing on one is made good when there is room again.

use std::time::Duration;

use controller::{Input, Record, Whole};
use model::{NodeId, Tick};

use super::World;
use crate::corners::Corner;
use crate::event::Event;

/// How often a disk that is behind is offered the configuration; the daemon's own rhythm.
const RETRY: u64 = 5_000_000;

impl World {
    /// When the disk will answer to what it is asked now: in the order in which it was asked.
    pub(super) fn disk_is_asked(&mut self, node: NodeId) -> Tick {
        let takes = self.chance.between(1_000, self.faults.fsync);
        let done = self.clock.now().after(Duration::from_micros(takes));
        let Some(machine) = self.machines.get_mut(&node) else { return done };
        machine.disk.busy_until = machine.disk.busy_until.max(done);
        machine.disk.busy_until
    }

    pub(super) fn disk(&mut self, node: NodeId, life: u64, ticket: u64, record: Record) {
        if !self.lives(node, life) {
            return;
        }
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let was_behind = machine.disk.is_behind();
        let input = match machine.disk.write(record) {
            Ok(()) => Input::Persisted { ticket },
            Err(reason) => {
                self.visit(Corner::DiskFull);
                if !was_behind {
                    self.clock.after(RETRY, Event::DiskRetry { node, life });
                }
                Input::NotPersisted { ticket, reason: reason.to_owned() }
            }
        };
        self.step(node, input);
    }

    /// A disk that is behind is offered what the daemon has.
    pub(super) fn disk_retry(&mut self, node: NodeId, life: u64) {
        if !self.lives(node, life) {
            return;
        }
        let Some(machine) = self.machines.get(&node).filter(|machine| machine.disk.is_behind())
        else {
            return;
        };
        let whole = machine.daemon.as_ref().map(|daemon| daemon.whole());
        // There will be a configuration when the daemon has one.
        let Some(whole) = whole.filter(|whole| !whole.configuration.is_empty()) else {
            self.clock.after(RETRY, Event::DiskRetry { node, life });
            return;
        };
        let at = self.disk_is_asked(node);
        self.clock.schedule(at, Event::DiskFolds { node, life, whole: Box::new(whole) });
    }

    pub(super) fn disk_folds(&mut self, node: NodeId, life: u64, whole: Whole) {
        if !self.lives(node, life) {
            return;
        }
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let was_behind = machine.disk.is_behind();
        if machine.disk.write(Record::Snapshot(whole)).is_err() {
            self.clock.after(RETRY, Event::DiskRetry { node, life });
            return;
        }
        if was_behind {
            self.visit(Corner::DiskMended);
            self.note(node, "its disk is up to date again");
            self.step(node, Input::DiskMended);
        }
    }
}
