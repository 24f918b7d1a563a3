//! What is counted as it happens: how long things take, and how often they happen.
//!
//! **Always:** a family has a bounded number of series, whatever happens: actions are counted by
//! task, not by resource.

use std::collections::BTreeMap;

use model::ActionName;
use wire::api::Event;

use super::storage::SbdDisk;

/// Upper bounds in seconds: from a write to a fast disk to a fencing that has to be repeated.
const BOUNDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

/// What is done about a node's loss. Each is told from the beginning, as 0: who reads histograms compares
/// them with what they were, and would not see the first loss otherwise.
pub(super) const PHASES: [&str; 4] = ["planned", "fenced", "starting", "done"];

/// Processes that end are looked at within moments; where more wait, something else is wrong.
const ENDED_MAX: usize = 1000;

/// What was found to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detected {
    Node,
    Resource,
}

impl Detected {
    pub(super) const ALL: [Self; 2] = [Self::Node, Self::Resource];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Resource => "resource",
        }
    }
}

/// Tasks are words of agents; more than these are counted as `other`.
const TASKS_MAX: usize = 32;

/// How often a length of time was how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// One a bound; what is longer than all is only in `count`.
    below: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&mut self, seconds: f64) {
        let at = BOUNDS.iter().position(|bound| seconds <= *bound);
        if let Some(below) = at.and_then(|at| self.below.get_mut(at)) {
            *below += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How long all of them together.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// How many were at most as long as each bound, and as no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let mut so_far = 0;
        let bounded = BOUNDS.iter().zip(self.below).map(move |(bound, below)| {
            so_far += below;
            (Some(*bound), so_far)
        });
        bounded.chain([(None, self.count)])
    }
}

/// What an event meant for a failover.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noted {
    /// A node was lost, or something failed: a failover begins, unless one is under way.
    pub trouble: bool,
    /// So many seconds before it failed, what the resource had running had ended by itself. Only if that was seen.
    pub unseen_for: Option<f64>,
    /// There was trouble, and now nothing is left to do.
    pub over: bool,
}

/// All that is counted.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// From the last sign of life to the finding that it is over.
    pub(super) detection: BTreeMap<Detected, Histogram>,
    /// Resources whose processes ended, and when: until a monitor says what became of them.
    ended: BTreeMap<String, f64>,
    /// Runs of agents: by task, and whether they ended as they should.
    pub(super) actions: BTreeMap<(String, bool), Histogram>,
    /// From the moment at which a node's loss was known to each phase of what is done about it.
    pub(super) failover: BTreeMap<&'static str, Histogram>,
    /// From a failure's result to nothing left to do.
    pub(super) recovery: Histogram,
    /// Steps of the brain, by whether they made a plan.
    pub(super) steps: BTreeMap<bool, Histogram>,
    /// From a record's handing over to its being on the disk.
    pub(super) stored: Histogram,
    pub(super) queues: BTreeMap<&'static str, usize>,
    pub(super) fencings: BTreeMap<bool, u64>,
    /// By whether they were made.
    pub(super) changes: BTreeMap<bool, u64>,
    pub(super) memberships: u64,
    /// As they were lately.
    pub(super) sbd: Vec<SbdDisk>,
    lost_at: Option<f64>,
    failed_at: Option<f64>,
}

impl Counted {
    /// The brain took so long for one step.
    pub fn stepped(&mut self, seconds: f64, made_plan: bool) {
        self.steps.entry(made_plan).or_default().observe(seconds);
    }

    /// A record took so long to be on the disk.
    pub fn stored(&mut self, seconds: f64) {
        self.stored.observe(seconds);
    }

    /// A node was said to be lost so long after it was last heard of.
    pub fn lost_after(&mut self, seconds: f64) {
        self.detection.entry(Detected::Node).or_default().observe(seconds);
    }

    /// What a resource had running has ended by itself, `now` as in [`note`](Self::note).
    pub fn ended(&mut self, now: f64, resource: &str) {
        if self.ended.len() < ENDED_MAX {
            self.ended.entry(resource.to_owned()).or_insert(now);
        }
    }

    /// So many wait there now.
    pub fn queue(&mut self, name: &'static str, length: usize) {
        self.queues.insert(name, length);
    }

    /// How sbd's disks are now.
    pub fn sbd(&mut self, disks: Vec<SbdDisk>) {
        self.sbd = disks;
    }

    /// Something happened, `now` in seconds of a clock that never goes back.
    pub fn note(&mut self, now: f64, event: &Event) -> Noted {
        let mut noted = Noted::default();
        match event {
            Event::Membership { lost, .. } => {
                self.memberships += 1;
                if !lost.is_empty() {
                    self.lost_at.get_or_insert(now);
                    noted.trouble = true;
                }
            }
            Event::Changed { .. } => *self.changes.entry(true).or_default() += 1,
            Event::Refused { .. } => *self.changes.entry(false).or_default() += 1,
            Event::Planned { actions, .. } if !actions.is_empty() => self.phase("planned", now),
            Event::Started { action, .. } if task_of(action) == "start" => {
                self.phase("starting", now);
            }
            Event::Finished { action, ms, expected, .. } => {
                noted.trouble = !expected;
                noted.unseen_for = self.finished(now, action, *ms, *expected);
            }
            Event::Fenced { succeeded, .. } => {
                *self.fencings.entry(*succeeded).or_default() += 1;
                if *succeeded {
                    self.phase("fenced", now);
                }
            }
            Event::Idle => noted.over = self.idle(now),
            Event::Coordinator { .. }
            | Event::Planned { .. }
            | Event::Started { .. }
            | Event::Fencing { .. }
            | Event::QuorumIsOthers { .. }
            | Event::MayBeOlder { .. }
            | Event::SetAside { .. } => {}
        }
        noted
    }

    /// How long ago it was that what failed had ended, if that was seen.
    fn finished(&mut self, now: f64, action: &str, ms: u64, expected: bool) -> Option<f64> {
        let task = task_of(action);
        let is_new = !self.actions.keys().any(|(known, _)| known == task);
        let tasks = self.actions.len();
        let task = if is_new && tasks >= TASKS_MAX { "other" } else { task };
        let seconds = super::write::as_float(ms) / 1000.0;
        self.actions.entry((task.to_owned(), expected)).or_default().observe(seconds);
        let resource = ActionName::parse(action).map_or(action, |name| name.resource);
        let ended = self.ended.remove(resource);
        if expected {
            return None;
        }
        self.failed_at.get_or_insert(now);
        let unseen_for = (now - ended?).max(0.0);
        self.detection.entry(Detected::Resource).or_default().observe(unseen_for);
        Some(unseen_for)
    }

    /// The first time since the loss that this is reached.
    fn phase(&mut self, name: &'static str, now: f64) {
        if let Some(lost) = self.lost_at {
            self.failover.entry(name).or_default().observe((now - lost).max(0.0));
        }
    }

    /// Whether there was trouble that is over now.
    fn idle(&mut self, now: f64) -> bool {
        self.phase("done", now);
        let (lost, failed) = (self.lost_at.take(), self.failed_at.take());
        if let Some(failed) = failed.filter(|_| lost.is_none()) {
            self.recovery.observe((now - failed).max(0.0));
        }
        lost.is_some() || failed.is_some()
    }
}

/// Of an action; words that are none are taken whole.
fn task_of(action: &str) -> &str {
    ActionName::parse(action).map_or(action, |name| name.task)
}
