//! The run itself: events, machines, and the performer of the controllers' effects.

use std::collections::{BTreeMap, BTreeSet};

use controller::{AgentRun, Effect, ExitReason, Input, Now, Record, RunToken, TimerToken, Whole};
use model::{NodeId, OcfCode, Outcome, Role, Tick};
use wire::api::{Change, Request};

use crate::agents::{self, Fate};
use crate::chance::Chance;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::corners::{self, Corner, Corners};
use crate::fabric::Fabric;
use crate::faults::{Fault, Faults};
use crate::invariants::{self, Seen};
use crate::machine::Machine;
use crate::scene::{self, Scene};
use crate::{Options, Plant, Ran, Violation};

/// Wall clock at the start of every run.
const EPOCH: i64 = 1_700_000_000;
/// How long the cluster may take to heal, in virtual seconds.
const HEAL_SECONDS: u64 = 900;
/// A run that takes more goes in circles.
const EVENTS_MAX: u64 = 500_000;
/// Lines of trace kept for a violation.
const TRACE_LINES: usize = 400;
/// How often whole documents are compared.
const COMPARE_EVERY: u64 = 64;

/// What can happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// The oldest unordered message of a node gets its place.
    Order {
        from: NodeId,
        life: u64,
    },
    Deliver {
        to: NodeId,
        ring: u64,
    },
    /// The fabric notices who is there and who is not.
    Reform,
    Timer {
        node: NodeId,
        life: u64,
        token: TimerToken,
    },
    AgentEnds {
        node: NodeId,
        life: u64,
        run: RunToken,
        outcome: Outcome,
        effect: Option<Option<Role>>,
    },
    /// A fence device acts on its target, whatever its user hears.
    Power {
        node: NodeId,
        on: bool,
    },
    Disk {
        node: NodeId,
        life: u64,
        ticket: u64,
        record: Record,
    },
    StartDaemon {
        node: NodeId,
    },
    /// A daemon that stood still goes on.
    Resume {
        node: NodeId,
        life: u64,
    },
    Fault,
    ClientEdits,
    /// The safety phase ends.
    Calm,
    /// The operator of the liveness phase cleans up and looks whether all is well.
    Tend,
}

pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) machines: BTreeMap<NodeId, Machine>,
    pub(crate) fabric: Fabric,
    pub(crate) clients: Clients,
    pub(crate) seen: Seen,
    /// The node that was stepped last.
    pub(crate) touched: Option<NodeId>,
    /// The node that shut down in peace just now.
    pub(crate) just_left: Option<NodeId>,
    /// The start that began just now.
    pub(crate) just_started: Option<(NodeId, String)>,
    clock: Clock,
    chance: Chance,
    faults: Faults,
    options: Options,
    calm: bool,
    events: u64,
    corners: Corners,
    trace: Vec<String>,
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        let mut chance = Chance::new(options.seed);
        let scene = scene::draw(&mut chance);
        let faults = Faults::draw(&mut chance);
        let machines: BTreeMap<NodeId, Machine> =
            (1..=scene.nodes).map(|n| (NodeId(n), Machine::new(n))).collect();
        let mut world = Self {
            scene,
            machines,
            fabric: Fabric::default(),
            clients: Clients::default(),
            seen: Seen::new(),
            touched: None,
            just_left: None,
            just_started: None,
            clock: Clock::default(),
            chance,
            faults,
            options: options.clone(),
            calm: false,
            events: 0,
            corners: Corners::new(),
            trace: Vec::new(),
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
            trace: self.trace,
        }
    }

    pub(crate) fn violation(&self, invariant: &'static str, what: String) -> Violation {
        Violation { invariant, what, at: self.seconds() }
    }

    fn prepare(&mut self) {
        if self.options.trace {
            self.keep(self.scene.xml.clone());
        }
        let configuration = self.scene.xml.clone();
        for machine in self.machines.values_mut() {
            machine.disk.write(Record::Snapshot(Whole {
                configuration: configuration.clone(),
                ..Whole::default()
            }));
        }
        for node in self.nodes() {
            let at = self.chance.between(0, 2_000_000);
            self.clock.after(at, Event::StartDaemon { node });
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
                if !on && let Some(machine) = self.machines.get_mut(&node) {
                    machine.last_known.clear();
                    machine.was_fenced = true;
                }
                self.power(node, on);
            }
            Event::Disk { node, life, ticket, record } => self.disk(node, life, ticket, record),
            Event::StartDaemon { node } => self.start_daemon(node),
            Event::Resume { node, life } => {
                if self.lives(node, life) {
                    self.resume(node);
                }
            }
            Event::Fault => self.fault(),
            Event::ClientEdits => self.client_edits(),
            Event::Calm => self.calm_down(),
            Event::Tend => {}
        }
    }

    // ---- stepping a daemon ----------------------------------------------------------------

    fn step(&mut self, node: NodeId, input: Input) {
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
                let takes = self.chance.between(1_000, self.faults.fsync);
                let done = self.clock.now().after(std::time::Duration::from_micros(takes));
                let Some(machine) = self.machines.get_mut(&node) else { return };
                // One queue: the disk answers in the order of the tickets.
                machine.disk.busy_until = machine.disk.busy_until.max(done);
                let at = machine.disk.busy_until;
                self.clock.schedule(at, Event::Disk { node, life, ticket, record });
            }
            Effect::SetAside { reason, .. } => {
                self.visit(Corner::SetAside);
                self.note(node, &reason);
            }
            Effect::Reply { client, reply } => self.clients.answered(client, &reply),
            Effect::Report(entry) => self.note(node, &format!("{:?}", entry.event)),
            Effect::Exit { reason } => self.exit(node, reason),
        }
    }

    fn exit(&mut self, node: NodeId, reason: ExitReason) {
        self.note(node, &format!("exit: {reason:?}"));
        let Some(machine) = self.machines.get_mut(&node) else { return };
        match reason {
            ExitReason::ShutDown => {
                machine.crash_daemon();
                machine.shut_down = true;
                self.just_left = Some(node);
                self.visit(Corner::ShutDown);
                let later = self.chance.between(2_000_000, 20_000_000);
                self.clock.after(later, Event::StartDaemon { node });
            }
            ExitReason::Fenced => {
                machine.power_off();
                self.clock.after(2_000_000, Event::Power { node, on: true });
            }
        }
        self.daemon_is_gone(node);
    }

    // ---- agents ---------------------------------------------------------------------------

    fn run_agent(&mut self, node: NodeId, life: u64, run: AgentRun) {
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

    fn agent_ends(
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
        }
        let output = String::new();
        let kinds = agent::ParameterKinds::default();
        self.step(node, Input::AgentDone { run: token, outcome, output, kinds });
    }

    // ---- machines -------------------------------------------------------------------------

    fn start_daemon(&mut self, node: NodeId) {
        let nodes = self.scene.nodes;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if !machine.powered || machine.daemon.is_some() {
            return;
        }
        machine.shut_down = false;
        machine.start(nodes);
        corners::at_start(self, node);
        self.note(node, "daemon starts");
        self.step(node, Input::Started);
        self.notice_soon();
    }

    fn power(&mut self, node: NodeId, on: bool) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if on {
            machine.powered = true;
            let boot = self.chance.between(500_000, 3_000_000);
            self.clock.after(boot, Event::StartDaemon { node });
            return;
        }
        let was_up = machine.is_up();
        machine.power_off();
        self.note(node, "power off");
        if was_up {
            self.daemon_is_gone(node);
        }
    }

    /// Agents at work when the daemon dies are ended before it starts again; what they had done
    /// by then is anyone's guess.
    fn crash(&mut self, node: NodeId) {
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

    fn daemon_is_gone(&mut self, node: NodeId) {
        self.fabric.gone(node);
        self.notice_soon();
    }

    fn disk(&mut self, node: NodeId, life: u64, ticket: u64, record: Record) {
        if !self.lives(node, life) {
            return;
        }
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let input = if machine.disk.full {
            Input::NotPersisted { ticket, reason: "no space left".to_owned() }
        } else {
            machine.disk.write(record);
            Input::Persisted { ticket }
        };
        self.step(node, input);
    }

    // ---- the network ----------------------------------------------------------------------

    fn order(&mut self, from: NodeId, life: u64) {
        if !self.lives(from, life) {
            return;
        }
        let Some(ring) = self.fabric.ring_of(from).map(|ring| ring.id) else { return };
        let (now, most) = (self.clock.now(), self.faults.delay);
        let chance = &mut self.chance;
        let mut delay = || Tick(now.0 + chance.between(50, most.max(100)));
        for (to, at) in self.fabric.order(from, &mut delay) {
            self.clock.schedule(at, Event::Deliver { to, ring });
        }
    }

    fn notice_soon(&mut self) {
        let after = self.chance.between(20_000, 1_000_000);
        self.clock.after(after, Event::Reform);
    }

    fn reform(&mut self) {
        let up: BTreeSet<NodeId> = self
            .machines
            .values()
            .filter(|machine| machine.is_up())
            .map(|machine| machine.id)
            .collect();
        let rings = self.fabric.to_be_formed(&up);
        for members in &rings {
            corners::at_change(self, members);
        }
        let chance = &mut self.chance;
        let mut cut =
            |least: usize, most: usize| chance.between(least as u64, most as u64 + 1) as usize;
        let change = self.fabric.form(rings, &mut cut);
        for (to, from, message) in change.flushed {
            self.step(to, Input::Delivered { from, message: Box::new(message) });
        }
        for ring in change.formed {
            let quorate = ring.members.len() * 2 > self.machines.len();
            let members: Vec<NodeId> = ring.members.iter().copied().collect();
            for member in &members {
                // Still in this ring? A step before may have ended a daemon.
                if self.fabric.ring_of(*member).is_none_or(|now| now.id != ring.id) {
                    continue;
                }
                if let Some(machine) = self.machines.get_mut(member) {
                    machine.last_known = machine.active.keys().cloned().collect();
                }
                let waiting = self.fabric.waiting(*member);
                let life = self.machines.get(member).map_or(0, |machine| machine.life);
                for _ in 0..waiting {
                    self.clock.after(100, Event::Order { from: *member, life });
                }
                let input = Input::Membership { id: ring.id, members: members.clone(), quorate };
                self.step(*member, input);
            }
        }
    }

    fn partition(&mut self) {
        self.visit(Corner::Partition);
        let nodes = self.nodes();
        let sides: BTreeMap<NodeId, u32> =
            nodes.iter().map(|node| (*node, u32::from(self.chance.percent(40)))).collect();
        self.note_all(&format!("partition {sides:?}"));
        self.fabric.set_sides(sides);
        self.notice_soon();
    }

    fn heal(&mut self) {
        if self.fabric.is_whole() {
            return;
        }
        self.note_all("the network heals");
        self.fabric.set_sides(BTreeMap::new());
        self.notice_soon();
    }

    // ---- faults and clients ---------------------------------------------------------------

    fn fault(&mut self) {
        if self.calm {
            return;
        }
        let next = self.chance.between(1, 2 * self.faults.every);
        self.clock.after(next, Event::Fault);
        let nodes = self.nodes();
        let Some(node) = self.chance.pick(&nodes).copied() else { return };
        let fault = Fault::draw(&mut self.chance);
        match fault {
            Fault::CrashDaemon => self.crash(node),
            Fault::LosePower => self.lose_power(node),
            Fault::CrashCoordinator => self.crash_coordinator(),
            Fault::Partition => self.partition(),
            Fault::Heal => self.heal(),
            Fault::ProcessDies => self.process_dies(node),
            Fault::ClockJumps => self.clock_jumps(node),
            Fault::DiskFills => self.set_disk(node, true),
            Fault::DiskFreed => self.set_disk(node, false),
            Fault::Shutdown => self.step(node, Input::Shutdown),
            Fault::Pause => self.pause(node),
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
            self.notice_soon();
        }
    }

    fn resume(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(waiting) = machine.paused.take() else { return };
        self.note(node, "goes on");
        self.fabric.goes_on(node);
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

    fn set_disk(&mut self, node: NodeId, full: bool) {
        if let Some(machine) = self.machines.get_mut(&node) {
            machine.disk.full = full;
        }
    }

    fn client_edits(&mut self) {
        if self.calm {
            return;
        }
        let next = self.chance.between(200_000, 4_000_000);
        self.clock.after(next, Event::ClientEdits);
        let nodes = self.nodes();
        let Some(node) = self.chance.pick(&nodes).copied() else { return };
        if self.machines.get(&node).is_some_and(Machine::is_up) {
            let (client, request) = self.clients.edit();
            self.step(node, Input::Asked { client, user: "sim".to_owned(), request });
        }
    }

    // ---- the liveness phase ---------------------------------------------------------------

    fn calm_down(&mut self) {
        self.note_all("everything works again");
        self.calm = true;
        self.faults = Faults::none();
        self.fabric.set_sides(BTreeMap::new());
        for node in self.nodes() {
            self.resume(node);
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
    fn tend(&mut self) -> bool {
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
            self.step(node, Input::Asked { client, user: "sim".to_owned(), request });
        }
        self.clock.after(60_000_000, Event::Tend);
        false
    }

    // ---- small things ---------------------------------------------------------------------

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
            self.trace.remove(0);
        }
        self.trace.push(line);
    }
}
