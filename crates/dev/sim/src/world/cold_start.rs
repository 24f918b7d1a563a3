//! An operator stops the whole cluster in peace, and starts it again.

use std::collections::BTreeSet;

use controller::Input;
use model::{NodeId, Tick};

use super::World;
use crate::corners::Corner;
use crate::event::Event;
use crate::machine::Machine;

/// How long the operator waits for the last daemon to go.
const PATIENCE: u64 = 60_000_000;
/// Daemons start within so long; who is later than `dc-deadtime` may be fenced as unseen.
const SPREAD: u64 = 4_000_000;
/// Faults are held back for so long, to see what a start by itself does.
const QUIET: u64 = 15_000_000;

/// What becomes of such a stop.
#[derive(Debug, Default)]
pub(crate) struct ColdStart {
    stopping: bool,
    /// No fault is drawn before.
    quiet_until: Tick,
    /// Since all went and came back: whose stops failed, for which they are fenced rightly.
    started: Option<BTreeSet<NodeId>>,
}

impl ColdStart {
    pub(crate) fn holds_faults_back(&mut self, now: Tick) -> bool {
        let holds = now < self.quiet_until;
        if !holds {
            self.started = None;
        }
        holds
    }

    /// Whether a node that is up has no reason to be fenced.
    pub(crate) fn spares(&self, node: NodeId) -> bool {
        self.started.as_ref().is_some_and(|failed| !failed.contains(&node))
    }

    /// What was under way before the stop went on after it: a power switch did what it was asked for (who
    /// is asked now is judged when it is), or a network that falls apart again and again did so. What that
    /// leads to is no start any more.
    pub(crate) fn disturbed(&mut self) {
        self.started = None;
    }

    pub(crate) fn stop_failed(&mut self, node: NodeId) {
        if let Some(failed) = &mut self.started {
            failed.insert(node);
        }
    }
}

impl World {
    pub(super) fn stop_all(&mut self) {
        if !self.machines.values().all(Machine::is_up) || !self.fabric.is_whole() {
            return;
        }
        self.note_all("the operator stops the cluster");
        self.cold_start.stopping = true;
        self.cold_start.quiet_until = Tick(self.clock.now().0 + PATIENCE);
        self.clock.after(PATIENCE, Event::StartAll);
        for node in self.nodes() {
            self.step(node, Input::Shutdown);
        }
    }

    /// A daemon left in peace. Answers whether its start is the operator's business.
    pub(super) fn waits_for_all_to_stop(&mut self) -> bool {
        if !self.cold_start.stopping {
            return false;
        }
        if self.machines.values().all(|machine| machine.shut_down && machine.daemon.is_none()) {
            self.visit(Corner::ColdStart);
            // A fencing from before the stop may have one still boot: that one may come too late. So may one that a
            // network cuts off which fell apart while they stopped.
            let all_powered = self.machines.values().all(|machine| machine.powered);
            let is_calm = all_powered && self.fabric.is_whole();
            self.cold_start.started = is_calm.then(BTreeSet::new);
            self.cold_start.quiet_until = Tick(self.clock.now().0 + SPREAD + QUIET);
            self.start_all();
        }
        true
    }

    pub(super) fn start_all(&mut self) {
        if !std::mem::take(&mut self.cold_start.stopping) {
            return;
        }
        for node in self.nodes() {
            let at = self.chance.between(0, SPREAD);
            self.clock.after(at, Event::StartDaemon { node });
        }
    }
}
