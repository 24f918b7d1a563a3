//! The one who keeps the order: which operation runs, which waits, which is to be ended.
//!
//! A task of its own owns all of that; [`Executor`] only sends it words, and never waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::{AgentRef, ExecStatus, OcfCode, Outcome, ResourceId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::carry::{self, Carried, Shared};
use crate::config::{DEVICE_LANES_MAX, ExecConfig};
use crate::describe::{self, Described};
use crate::kill::ended;
use crate::orphans;
use crate::record;
use crate::request::{Cancelled, Finished, OperationToken, Report, RunRequest};
use crate::units;
use crate::watch::{self, Traces};

/// A handle to the task that runs agents. Clones are the same executor.
///
/// Dropping all of them does not end running agents: that is how the next life of a daemon finds
/// them. [`Executor::shut_down`] does.
#[derive(Clone, Debug)]
pub struct Executor {
    words: mpsc::UnboundedSender<Word>,
    shared: Arc<Shared>,
}

impl Executor {
    /// Starts the task on the current runtime. Everything is reported to `reports`. From now on
    /// orphans become children of this process, which buries them when they die.
    ///
    /// Call [`crate::reap_previous_life`] before.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(config: ExecConfig, reports: mpsc::UnboundedSender<Report>) -> Self {
        let (words, heard) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(config));
        let keeper = Keeper {
            shared: Arc::clone(&shared),
            // Weak, so that the task ends with the last handle.
            words: words.downgrade(),
            reports,
            lanes: BTreeMap::new(),
            devices: BTreeSet::new(),
            traces: BTreeMap::new(),
            watches: BTreeMap::new(),
            is_closed: false,
            waiting_for_end: Vec::new(),
        };
        orphans::adopt();
        tokio::spawn(keeper.keep(heard));
        Self { words, shared }
    }

    /// What an agent says about itself, asked anew. It waits for nothing that runs.
    pub fn describe(&self, agent: AgentRef) -> impl Future<Output = Described> + use<> {
        let shared = Arc::clone(&self.shared);
        async move { describe::for_people(&shared, agent).await }
    }

    /// Which agents are installed, sorted.
    pub fn agents(&self) -> impl Future<Output = Vec<AgentRef>> + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let list = move || describe::installed(&shared);
            // It panicked, which was logged; or all is ending.
            tokio::task::spawn_blocking(list).await.unwrap_or_default()
        }
    }

    /// Runs an agent, when what runs already for the same resource is done.
    pub fn run(&self, request: RunRequest) {
        self.say(Word::Run(Box::new(request)));
    }

    /// Ends a run early. It is reported all the same: as cancelled, unless it was done already.
    pub fn cancel(&self, token: OperationToken) {
        self.say(Word::Cancel(token));
    }

    /// Reports the death of what the resource's agent left running, once. A watch that has found
    /// its processes goes on; one that has not is replaced.
    pub fn watch(&self, resource: ResourceId) {
        self.say(Word::Watch(resource));
    }

    /// Watches no more.
    pub fn unwatch(&self, resource: &ResourceId) {
        self.say(Word::Unwatch(resource.clone()));
    }

    /// Kills every unit that this node's agents may have started since the machine did, also in an
    /// earlier life of the daemon, and keeps systemd from starting it again.
    ///
    /// # Errors
    /// With the names of those that may still run after `patience`.
    pub async fn end_units(&self, patience: Duration) -> io::Result<()> {
        units::end_all(&self.shared.config, patience).await
    }

    /// Cancels everything, refuses what comes later, and returns when nothing runs any more.
    pub async fn shut_down(&self) {
        let (done, is_done) = oneshot::channel();
        self.say(Word::ShutDown(done));
        let _ = is_done.await;
    }

    /// The task ends only with the last handle, so somebody listens.
    fn say(&self, word: Word) {
        let _ = self.words.send(word);
    }
}

#[derive(Debug)]
enum Word {
    Run(Box<RunRequest>),
    Cancel(OperationToken),
    Watch(ResourceId),
    Unwatch(ResourceId),
    ShutDown(oneshot::Sender<()>),
    /// From an operation's own task.
    Done(Lane, Box<Carried>),
    /// A process that could not be killed is gone after all.
    Freed(Lane),
    Died(ResourceId, u64),
}

/// Operations in one lane wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Resource(ResourceId),
    /// Fencing through a device does not wait for the device's own monitor, which may hang. A
    /// device that takes several at once (`pcmk_action_limit`) has so many lanes.
    Fencing(ResourceId, u32),
}

#[derive(Debug, Default)]
struct Queue {
    running: Option<Running>,
    waiting: VecDeque<(Box<RunRequest>, Instant)>,
    /// How many processes of earlier operations cannot be killed.
    hanging: u32,
}

#[derive(Debug)]
struct Running {
    token: OperationToken,
    /// `None` once it was told to end.
    cancel: Option<oneshot::Sender<()>>,
    /// What its success changes.
    change: Change,
}

/// What the success of an operation changes about a fence device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    InUse,
    NotInUse,
}

#[derive(Debug)]
struct Keeper {
    shared: Arc<Shared>,
    words: mpsc::WeakUnboundedSender<Word>,
    reports: mpsc::UnboundedSender<Report>,
    lanes: BTreeMap<Lane, Queue>,
    /// Fence devices in use: started, and not stopped since.
    devices: BTreeSet<ResourceId>,
    traces: BTreeMap<ResourceId, Traces>,
    watches: BTreeMap<ResourceId, Watch>,
    /// Nothing is taken on any more.
    is_closed: bool,
    waiting_for_end: Vec<oneshot::Sender<()>>,
}

#[derive(Debug)]
struct Watch {
    number: u64,
    task: tokio::task::AbortHandle,
    /// It has found processes and waits for their end.
    sees: Arc<AtomicBool>,
}

impl Keeper {
    async fn keep(mut self, mut heard: mpsc::UnboundedReceiver<Word>) {
        for (resource, process) in record::unkillable(&self.shared.config) {
            let lane = Lane::Resource(resource);
            self.lanes.entry(lane.clone()).or_default().hanging += 1;
            self.when_gone(lane, ended(process));
        }
        let mut watch_number = 0;
        while let Some(word) = heard.recv().await {
            match word {
                Word::Run(request) => self.run(request),
                Word::Cancel(token) => self.cancel(token),
                Word::Watch(resource) => {
                    watch_number += 1;
                    self.watch(resource, watch_number);
                }
                Word::Unwatch(resource) => self.unwatch(&resource),
                Word::ShutDown(done) => self.shut_down(done),
                Word::Done(lane, carried) => self.done(lane, *carried),
                Word::Freed(lane) => self.freed(lane),
                Word::Died(resource, number) => self.died(resource, number),
            }
            self.end_if_idle();
        }
    }

    fn run(&mut self, request: Box<RunRequest>) {
        if self.is_closed {
            return self.refuse(&request, ExecStatus::Cancelled, "the node is shutting down");
        }
        let lane = self.lane_of(&request);
        let queue = self.lanes.entry(lane.clone()).or_default();
        queue.waiting.push_back((request, Instant::now()));
        self.next(lane);
    }

    fn lane_of(&self, request: &RunRequest) -> Lane {
        match request.action.as_str() {
            "on" | "off" | "reboot" | "status" | "list" if is_fencing(request) => {
                let limit = request.parameter("pcmk_action_limit").and_then(|n| n.parse().ok());
                let lanes = match limit.unwrap_or(1_i64) {
                    0.. => u32::try_from(limit.unwrap_or(1)).unwrap_or(DEVICE_LANES_MAX).max(1),
                    ..0 => DEVICE_LANES_MAX,
                };
                let lane = |number| Lane::Fencing(request.resource.clone(), number);
                let length = |lane: &Lane| self.lanes.get(lane).map_or(0, Queue::length);
                let lanes = (0..lanes.min(DEVICE_LANES_MAX)).map(lane);
                lanes.min_by_key(length).unwrap_or_else(|| lane(0))
            }
            _ => Lane::Resource(request.resource.clone()),
        }
    }

    /// Starts what is first in the lane, if nothing runs there.
    fn next(&mut self, lane: Lane) {
        let Some(queue) = self.lanes.get_mut(&lane) else { return };
        if queue.running.is_some() {
            return;
        }
        let Some((request, asked)) = queue.waiting.pop_front() else {
            if queue.hanging == 0 {
                self.lanes.remove(&lane);
            }
            return;
        };
        if queue.hanging > 0 {
            // Two agents at once for one resource is what must never be; a failed operation, which
            // gets the node fenced if it was a stop, is the right end of this.
            let reason = "a process of an earlier operation hangs and cannot be killed";
            self.refuse(&request, ExecStatus::Error, reason);
            return self.next(lane);
        }
        let (cancel, cancelled) = Cancelled::new();
        let running =
            Running { token: request.token, cancel: Some(cancel), change: change_by(&request) };
        queue.running = Some(running);
        if request.action == "stop" {
            // Its processes are about to die as they should.
            self.unwatch(&request.resource);
        }
        let in_use = self.devices.contains(&request.resource);
        let (shared, words) = (Arc::clone(&self.shared), self.words.clone());
        tokio::spawn(async move {
            let carried = carry::out(&shared, &request, asked, in_use, cancelled).await;
            if let Some(words) = words.upgrade() {
                let _ = words.send(Word::Done(lane, Box::new(carried)));
            }
        });
    }

    fn cancel(&mut self, token: OperationToken) {
        let mut withdrawn = None;
        for queue in self.lanes.values_mut() {
            if let Some(running) = queue.running.as_mut().filter(|running| running.token == token) {
                running.end();
                return;
            }
            if let Some(at) = queue.waiting.iter().position(|(one, _)| one.token == token) {
                withdrawn = queue.waiting.remove(at);
                break;
            }
        }
        if let Some((request, _)) = withdrawn {
            self.refuse(&request, ExecStatus::Cancelled, "");
        }
    }

    fn done(&mut self, lane: Lane, carried: Carried) {
        let Carried { finished, traces, hanging } = carried;
        if let Some(queue) = self.lanes.get_mut(&lane) {
            let change = queue.running.take().map_or(Change::None, |running| running.change);
            queue.hanging += u32::from(hanging.is_some());
            if finished.outcome.status == ExecStatus::Done && finished.outcome.code == OcfCode::OK {
                self.apply(change, &finished.resource);
            }
        }
        if let Some(traces) = traces {
            self.traces.insert(finished.resource.clone(), traces);
        }
        self.report(Report::Finished(finished));
        if let Some(hanging) = hanging {
            self.when_gone(lane.clone(), hanging.gone());
        }
        self.next(lane);
    }

    fn apply(&mut self, change: Change, device: &ResourceId) {
        match change {
            Change::None => {}
            Change::InUse => {
                self.devices.insert(device.clone());
            }
            Change::NotInUse => {
                self.devices.remove(device);
            }
        }
    }

    fn when_gone(&self, lane: Lane, gone: impl Future<Output = ()> + Send + 'static) {
        let words = self.words.clone();
        tokio::spawn(async move {
            gone.await;
            if let Some(words) = words.upgrade() {
                let _ = words.send(Word::Freed(lane));
            }
        });
    }

    fn freed(&mut self, lane: Lane) {
        if let Some(queue) = self.lanes.get_mut(&lane) {
            queue.hanging = queue.hanging.saturating_sub(1);
        }
        self.next(lane);
    }

    fn watch(&mut self, resource: ResourceId, number: u64) {
        // A death between the end of this watch and the first look of the next would be missed.
        if self.watches.get(&resource).is_some_and(|watch| watch.sees.load(Ordering::Relaxed)) {
            return;
        }
        self.unwatch(&resource);
        let sees = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&sees);
        let traces = self.traces.get(&resource).cloned().unwrap_or_default();
        let (shared, words) = (Arc::clone(&self.shared), self.words.clone());
        let watched = resource.clone();
        let task = tokio::spawn(async move {
            watch::died(&shared.config, &shared.bus, &watched, &traces, &seen).await;
            if let Some(words) = words.upgrade() {
                let _ = words.send(Word::Died(watched, number));
            }
        });
        let task = task.abort_handle();
        self.watches.insert(resource, Watch { number, task, sees });
    }

    fn unwatch(&mut self, resource: &ResourceId) {
        if let Some(watch) = self.watches.remove(resource) {
            watch.task.abort();
        }
    }

    /// A watch that was replaced or withdrawn in the meantime has nothing to say.
    fn died(&mut self, resource: ResourceId, number: u64) {
        if self.watches.get(&resource).is_some_and(|watch| watch.number == number) {
            self.watches.remove(&resource);
            self.report(Report::WatchedDied { resource });
        }
    }

    fn shut_down(&mut self, done: oneshot::Sender<()>) {
        self.is_closed = true;
        self.waiting_for_end.push(done);
        let mut withdrawn = Vec::new();
        for queue in self.lanes.values_mut() {
            withdrawn.extend(queue.waiting.drain(..));
            if let Some(running) = &mut queue.running {
                running.end();
            }
        }
        for (request, _) in withdrawn {
            self.refuse(&request, ExecStatus::Cancelled, "the node is shutting down");
        }
        for watch in std::mem::take(&mut self.watches).into_values() {
            watch.task.abort();
        }
    }

    fn end_if_idle(&mut self) {
        if self.lanes.values().all(|queue| queue.running.is_none()) {
            for done in self.waiting_for_end.drain(..) {
                let _ = done.send(());
            }
        }
    }

    fn refuse(&self, request: &RunRequest, status: ExecStatus, reason: &str) {
        let code = if status == ExecStatus::Error { OcfCode::GENERIC } else { OcfCode::UNKNOWN };
        let outcome = Outcome::failed(status, code, reason);
        self.report(Report::Finished(Finished::without_run(request, outcome)));
    }

    /// If nobody listens, the daemon is on its way out.
    fn report(&self, report: Report) {
        let _ = self.reports.send(report);
    }
}

impl Queue {
    fn length(&self) -> usize {
        self.waiting.len() + usize::from(self.running.is_some())
    }
}

impl Running {
    fn end(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            let _ = cancel.send(());
        }
    }
}

fn change_by(request: &RunRequest) -> Change {
    match request.action.as_str() {
        "start" if is_fencing(request) => Change::InUse,
        "stop" if is_fencing(request) => Change::NotInUse,
        _ => Change::None,
    }
}

fn is_fencing(request: &RunRequest) -> bool {
    agent::Standard::parse(&request.agent.standard) == Some(agent::Standard::Fence)
}
