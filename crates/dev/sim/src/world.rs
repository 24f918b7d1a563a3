//! The run itself: what there is, and each event as it comes. What an event does is told by kind
//! in the files beside.

mod breaking;
mod cold_start;
mod disks;
mod healing;
mod machines;
mod network;
mod perform;
mod run_agents;

use std::collections::{BTreeMap, VecDeque};

use controller::{Input, Whole};
use model::{NodeId, Tick};

use cold_start::ColdStart;

use crate::chance::Chance;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::corners::{Corner, Corners};
use crate::event::Event;
use crate::fabric::Fabric;
use crate::faults::Faults;
use crate::invariants::{self, Seen};
use crate::machine::Machine;
use crate::quorum::{Rule, Votequorum};
use crate::scene::{self, Scene};
use crate::{Options, Plant, Ran, Violation};

/// How long the cluster may take to heal, in virtual seconds.
const HEAL_SECONDS: u64 = 900;
/// A run that takes more goes in circles.
const EVENTS_MAX: u64 = 500_000;
/// Lines of trace kept for a violation.
const TRACE_LINES: usize = 400;
/// How often whole documents are compared.
const COMPARE_EVERY: u64 = 64;

pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) machines: BTreeMap<NodeId, Machine>,
    pub(crate) fabric: Fabric,
    pub(crate) votequorum: Votequorum,
    pub(crate) clients: Clients,
    pub(crate) seen: Seen,
    /// The node that was stepped last.
    pub(crate) touched: Option<NodeId>,
    /// The node that shut down in peace just now.
    pub(crate) just_left: Option<NodeId>,
    /// The node whose daemon ended itself just now, as declared off.
    pub(crate) just_exited_as_fenced: Option<NodeId>,
    /// Whom a fence device was used against just now.
    pub(crate) just_fenced: Option<NodeId>,
    /// The start that began just now.
    pub(crate) just_started: Option<(NodeId, String)>,
    clock: Clock,
    chance: Chance,
    faults: Faults,
    options: Options,
    pub(crate) cold_start: ColdStart,
    calm: bool,
    events: u64,
    corners: Corners,
    trace: VecDeque<String>,
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        let mut chance = Chance::new(options.seed);
        let scene = scene::draw(&mut chance, options.nodes);
        let faults = Faults::draw(&mut chance);
        let machines: BTreeMap<NodeId, Machine> =
            (1..=scene.nodes).map(|n| (NodeId(n), Machine::new(n, &scene))).collect();
        let votequorum = Votequorum::new(scene.rule, machines.len());
        let mut world = Self {
            scene,
            machines,
            fabric: Fabric::default(),
            votequorum,
            clients: Clients::default(),
            seen: Seen::new(),
            touched: None,
            just_left: None,
            just_exited_as_fenced: None,
            just_fenced: None,
            just_started: None,
            clock: Clock::default(),
            chance,
            faults,
            options: options.clone(),
            cold_start: ColdStart::default(),
            calm: false,
            events: 0,
            corners: Corners::new(),
            trace: VecDeque::new(),
        };
        world.prepare();
        world
    }

    pub(crate) fn run(mut self) -> Ran {
        let violation = self.go();
        Ran {
            seed: self.options.seed,
            violation,
            events: self.events,
            corners: self.corners,
            trace: self.trace.into(),
        }
    }

    pub(crate) fn violation(&self, invariant: &'static str, what: String) -> Violation {
        Violation { invariant, what, at: self.seconds() }
    }

    fn prepare(&mut self) {
        if self.options.trace {
            self.keep(format!("{:?} decides on quorum", self.scene.rule));
            self.keep(self.scene.xml.clone());
        }
        let configuration = self.scene.xml.clone();
        for machine in self.machines.values_mut() {
            let whole = Whole { configuration: configuration.clone(), ..Whole::default() };
            machine.disk.begin_with(whole);
        }
        for node in self.nodes() {
            let at = self.chance.between(0, 2_000_000);
            self.clock.after(at, Event::StartDaemon { node });
        }
        if self.scene.watchdog.is_some() {
            self.clock.after(0, Event::Watchdogs);
        }
        if matches!(self.scene.rule, Rule::Lock | Rule::Device) {
            self.clock.after(0, Event::Voters);
        }
        let first = self.faults.every + 10_000_000;
        self.clock.after(first, Event::Fault);
        self.clock.after(5_000_000, Event::ClientEdits);
        self.clock.after(self.options.seconds * 1_000_000, Event::Calm);
    }

    fn go(&mut self) -> Option<Violation> {
        let end = Tick((self.options.seconds + HEAL_SECONDS) * 1_000_000);
        while let Some(event) = self.clock.next() {
            if self.events > EVENTS_MAX {
                return Some(self.violation("liveness", "the cluster goes in circles".to_owned()));
            }
            if self.clock.now() > end {
                let missing = invariants::healed(self).unwrap_or_default();
                return Some(self.violation("liveness", missing));
            }
            self.events += 1;
            if matches!(event, Event::Tend) && self.tend() {
                return invariants::finally(self);
            }
            self.happen(event);
            let mut broken = invariants::always(self);
            if broken.is_none() && self.events.is_multiple_of(COMPARE_EVERY) {
                broken = invariants::sometimes(self);
            }
            if broken.is_some() {
                return broken;
            }
        }
        Some(self.violation("liveness", "nothing happens any more".to_owned()))
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Order { from, life } => self.order(from, life),
            Event::Deliver { to, ring } => {
                if let Some((from, message)) = self.fabric.deliver(to, ring) {
                    self.step(to, Input::Delivered { from, message: Box::new(message) });
                }
            }
            Event::Reform => self.reform(),
            Event::Timer { node, life, token } => {
                if self.lives(node, life) {
                    self.step(node, Input::Timer(token));
                }
            }
            Event::AgentEnds { node, life, run, outcome, effect } => {
                self.agent_ends(node, life, run, outcome, effect);
            }
            Event::Power { node, on } => {
                if !on {
                    self.cold_start.disturbed();
                    if let Some(machine) = self.machines.get_mut(&node) {
                        machine.last_known.clear();
                        machine.was_fenced = true;
                    }
                }
                self.power(node, on);
            }
            Event::Disk { node, life, ticket, record } => self.disk(node, life, ticket, record),
            Event::DiskRetry { node, life } => self.disk_retry(node, life),
            Event::DiskFolds { node, life, whole } => self.disk_folds(node, life, *whole),
            Event::StartDaemon { node } => self.start_daemon(node),
            Event::Resume { node, life } => {
                if self.lives(node, life) {
                    self.resume(node);
                }
            }
            Event::Watchdogs => self.watchdogs(),
            Event::Voters => self.voters(),
            Event::DeciderLost { .. } if self.calm => {}
            Event::DeciderLost { node } => self.lose_decider(node),
            Event::LockMended { node } => self.mend_lock(node),
            Event::Part if !self.calm => self.partition(),
            Event::Part => {}
            Event::Heal => self.heal(),
            Event::Fault => self.fault(),
            Event::ClientEdits => self.client_edits(),
            Event::StartAll => self.start_all(),
            Event::Calm => self.calm_down(),
            Event::Tend => {}
        }
    }

    pub(crate) fn devices_lie(&self) -> bool {
        self.options.plant == Some(Plant::FencingSkipped)
    }

    fn nodes(&self) -> Vec<NodeId> {
        self.machines.keys().copied().collect()
    }

    fn lives(&self, node: NodeId, life: u64) -> bool {
        self.machines
            .get(&node)
            .is_some_and(|machine| machine.daemon.is_some() && machine.life == life)
    }

    fn delay(&mut self) -> std::time::Duration {
        let most = self.faults.delay.max(100);
        std::time::Duration::from_micros(self.chance.between(50, most))
    }

    fn seconds(&self) -> f64 {
        self.clock.now().0 as f64 / 1e6
    }

    pub(crate) fn visit(&mut self, corner: Corner) {
        *self.corners.entry(corner).or_default() += 1;
    }

    fn note(&mut self, node: NodeId, what: &str) {
        let line = format!("{:10.3} n{node} {what}", self.seconds());
        self.keep(line);
    }

    fn note_all(&mut self, what: &str) {
        let line = format!("{:10.3} -- {what}", self.seconds());
        self.keep(line);
    }

    fn keep(&mut self, line: String) {
        if !self.options.trace && self.trace.len() >= TRACE_LINES {
            self.trace.pop_front();
        }
        self.trace.push_back(line);
    }
}
