//! One simulated machine: power, a daemon with its disk, and the processes that agents left.

use std::collections::{BTreeMap, BTreeSet};

use controller::{AgentRun, Controller, Identity, Input, Record, Restored, RunToken};
use model::{NodeId, NodeName, Role, Tick};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) id: NodeId,
    pub(crate) name: String,
    pub(crate) powered: bool,
    /// `None` while the daemon does not run.
    pub(crate) daemon: Option<Controller>,
    /// What waits for the daemon while it stands still.
    pub(crate) paused: Option<Vec<Input>>,
    /// Counts the daemon's lives.
    pub(crate) life: u64,
    pub(crate) disk: Disk,
    /// What runs here, whoever believes what.
    pub(crate) active: BTreeMap<String, Role>,
    /// What it ran when the others last knew for certain, or may have begun to run since: from its
    /// last membership or fencing on.
    pub(crate) last_known: BTreeSet<String>,
    /// A fence device turned it off, and its daemon did not start since.
    pub(crate) was_fenced: bool,
    /// Agents at work for the daemon's present life.
    pub(crate) runs: BTreeMap<RunToken, AgentRun>,
    /// The wall clock is off by so many seconds.
    pub(crate) skew: i64,
    /// The operator asked it to shut down, and it should stay so.
    pub(crate) shut_down: bool,
}

/// What survives a loss of power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: Vec<Record>,
    pub(crate) full: bool,
    /// When everything written so far is held.
    pub(crate) busy_until: Tick,
}

impl Disk {
    pub(crate) fn write(&mut self, record: Record) {
        if matches!(record, Record::Snapshot(_)) {
            self.records.clear();
        }
        self.records.push(record);
    }
}

impl Machine {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            id: NodeId(number),
            name: format!("n{number}"),
            powered: true,
            daemon: None,
            paused: None,
            life: 0,
            disk: Disk::default(),
            active: BTreeMap::new(),
            last_known: BTreeSet::new(),
            was_fenced: false,
            runs: BTreeMap::new(),
            skew: 0,
            shut_down: false,
        }
    }

    /// Starts the daemon from its disk.
    pub(crate) fn start(&mut self, nodes: u32) {
        self.life += 1;
        let (restored, _) = Restored::from_records(self.disk.records.iter().cloned());
        let identity = Identity {
            id: self.id,
            name: NodeName::new(&self.name),
            incarnation: self.life,
            nodes: (1..=nodes).map(|n| (NodeId(n), NodeName::new(format!("n{n}")))).collect(),
        };
        self.daemon = Some(Controller::new(identity, restored));
    }

    /// The daemon dies; what agents left goes on. Agents at work are ended when it starts again.
    pub(crate) fn crash_daemon(&mut self) -> Vec<AgentRun> {
        self.daemon = None;
        self.paused = None;
        std::mem::take(&mut self.runs).into_values().collect()
    }

    /// Everything on the machine is gone at once.
    pub(crate) fn power_off(&mut self) {
        self.powered = false;
        self.daemon = None;
        self.paused = None;
        self.runs.clear();
        self.active.clear();
    }

    pub(crate) fn is_up(&self) -> bool {
        self.powered && self.daemon.is_some()
    }
}
