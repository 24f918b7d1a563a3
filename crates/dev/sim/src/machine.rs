//! One simulated machine: power, a daemon with its disk, and the processes that agents left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use controller::{AgentRun, Controller, Identity, Input, Record, Restored, RunToken, Whole};
use model::{NodeId, NodeName, QuorumBy, Role, Tick};

use crate::scene::Scene;

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
    /// What resets it when it is not fed for so long.
    pub(crate) watchdog: Option<Duration>,
    /// When the watchdog was fed last; `None` while it is not armed.
    pub(crate) fed_at: Option<Tick>,
    /// When the watchdog would have reset it, if its power had not gone before.
    pub(crate) doomed_at: Option<Tick>,
    /// Others may count on the watchdog since the machine got its power.
    pub(crate) promised_reset: Option<Duration>,
    quorum_by: QuorumBy,
    /// The operator asked it to shut down, and it should stay so.
    pub(crate) shut_down: bool,
}

/// What survives a loss of power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: Vec<Record>,
    pub(crate) full: bool,
    /// It refused something, and nothing whole was written since.
    behind: bool,
    /// Records that it had held are damaged, and nothing whole was written since.
    lost: bool,
    /// When everything written so far is held.
    pub(crate) busy_until: Tick,
}

impl Disk {
    /// What was written before anything happens.
    pub(crate) fn begin_with(&mut self, whole: Whole) {
        self.records = vec![Record::Snapshot(whole)];
    }

    /// Takes the record, or says why not. As with the store, nothing is written behind a hole: what is
    /// missing is made good by a record that is whole.
    pub(crate) fn write(&mut self, record: Record) -> Result<(), &'static str> {
        if self.full {
            self.behind = true;
            return Err("no space left");
        }
        if matches!(record, Record::Snapshot(_)) {
            self.records.clear();
            self.lost = false;
            self.behind = false;
        } else if self.is_behind() {
            return Err("an earlier record is missing");
        }
        self.records.push(record);
        Ok(())
    }

    /// A daemon that starts takes what is there for all there is, if nothing of it is damaged.
    fn open(&mut self) {
        self.behind = false;
    }

    /// Whether something is missing on it.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind || self.lost
    }

    /// The last `count` records cannot be read any more; the store notices when it is opened.
    pub(crate) fn damage(&mut self, count: usize) {
        self.records.truncate(self.records.len().saturating_sub(count));
        self.lost = true;
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it can answer for all that it ever acknowledged.
    pub(crate) fn is_sound(&self) -> bool {
        let doubts = |record: &Record| matches!(record, Record::Snapshot(whole) if whole.doubtful);
        !self.lost && !self.records.iter().any(doubts)
    }
}

impl Machine {
    pub(crate) fn new(number: u32, scene: &Scene) -> Self {
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
            watchdog: scene.watchdog,
            fed_at: None,
            doomed_at: None,
            promised_reset: None,
            quorum_by: scene.rule.quorum_by(scene.nodes),
            shut_down: false,
        }
    }

    /// Starts the daemon from its disk.
    pub(crate) fn start(&mut self, nodes: u32) {
        self.life += 1;
        self.disk.open();
        let (mut restored, _) = Restored::from_records(self.disk.records.iter().cloned());
        restored.doubtful |= self.disk.lost;
        let identity = Identity {
            id: self.id,
            name: NodeName::new(&self.name),
            incarnation: self.life,
            watchdog: self.watchdog,
            promised_reset: self.promised_reset,
            quorum_by: self.quorum_by,
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

    /// The daemon ends as it should: nothing runs here, so it disarms the watchdog, and nobody counts on
    /// that any more.
    pub(crate) fn leave_in_peace(&mut self) {
        self.crash_daemon();
        self.shut_down = true;
        self.fed_at = None;
        self.promised_reset = None;
    }

    /// Everything on the machine is gone at once.
    pub(crate) fn power_off(&mut self) {
        self.powered = false;
        self.daemon = None;
        self.paused = None;
        self.runs.clear();
        self.active.clear();
        let fed_at = self.fed_at.take().filter(|_| self.promised_reset.is_some());
        let reset = fed_at.zip(self.watchdog).map(|(fed_at, watchdog)| fed_at.after(watchdog));
        self.doomed_at = self.doomed_at.max(reset);
        self.promised_reset = None;
    }

    /// What the daemon's loop does about the watchdog. To open it is to feed it, so a daemon that may
    /// not live does not even open it.
    pub(crate) fn feed(&mut self, now: Tick) {
        let lives = self.daemon.as_ref().is_some_and(|daemon| daemon.may_live(now));
        if lives && self.paused.is_none() {
            self.fed_at = Some(now);
        }
    }

    pub(crate) fn is_starved(&self, now: Tick) -> bool {
        let limit = self.watchdog.unwrap_or(Duration::MAX);
        self.fed_at.is_some_and(|fed_at| now.since(fed_at) > limit)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.powered && self.daemon.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::Rule;

    const WATCHDOG: Duration = Duration::from_secs(4);

    /// Up, fed at zero, and counted on by the others.
    fn machine() -> Machine {
        let scene = Scene {
            nodes: 3,
            rule: Rule::Majority,
            watchdog: Some(WATCHDOG),
            xml: String::new(),
            wanted: Vec::new(),
        };
        let mut machine = Machine::new(1, &scene);
        machine.start(3);
        machine.feed(Tick(0));
        machine.promised_reset = Some(Duration::ZERO);
        machine
    }

    fn late() -> Tick {
        Tick(0).after(WATCHDOG * 2)
    }

    #[test]
    fn who_left_in_peace_is_not_reset_and_may_take_its_time_when_it_starts_again() {
        let mut machine = machine();
        machine.leave_in_peace();
        assert!(!machine.is_starved(late()));
        machine.start(3);
        machine.feed(late());
        assert!(!machine.is_starved(late()), "no quorum yet, and no promise of an earlier life");
    }

    #[test]
    fn a_crashed_daemon_leaves_its_watchdog_armed() {
        let mut machine = machine();
        machine.crash_daemon();
        assert!(machine.is_starved(late()));
        machine.start(3);
        machine.feed(late());
        assert!(machine.is_starved(late()), "its next life may not live before it has quorum");
    }
}
