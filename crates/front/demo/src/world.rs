//! The demo's one place that waits: everything that happens comes here as a message.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use cib::Document;
use client::Client;
use view::Status;
use view::status::{NodeState, ResourceLine};
use wire::api::{Change, Cluster, Edit, Entry, Event, Request};

use crate::directory::Directory;
use crate::files;
use crate::heard::Heard;
use crate::network::Network;
use crate::service::Server;
use crate::supervise::{Machine, Plant, watch_switches};
use crate::trouble::Trouble;
use crate::{NODES, leftovers, say, service};

/// How long anything may take before it is taken to have failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Without a message the cluster is looked at again after this long: an event that a dying daemon
/// could not tell must not hold the demo up.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What can happen.
#[derive(Debug)]
pub(crate) enum Message {
    /// A process of ours ended.
    Ended { machine: Option<usize>, process: u32, code: Option<i32> },
    /// Somebody touched a node's power switch.
    Switched { machine: usize },
    /// A node's daemon told something.
    Event { machine: usize, entry: Box<Entry> },
    /// Another server, or none, answers for the service; so long there had been no answer. No outage if
    /// it is the one that answered last.
    Service { by: Option<Server>, outage: Option<Duration> },
    /// The person typed a line.
    Line(String),
    /// Ctrl-C.
    Stop,
}

/// The cluster as it is.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) cluster: Cluster,
    pub(crate) status: Status,
}

/// Everything that the demo started, and what it heard.
#[derive(Debug)]
pub(crate) struct World<'d> {
    plant: Plant<'d>,
    inbox: Receiver<Message>,
    machines: Vec<Machine>,
    /// Which node answers for the service now.
    pub(crate) served_by: Option<&'static str>,
    /// Outages of the service since they were last asked for.
    outages: Vec<Duration>,
    /// Events, as each is told the first time.
    pub(crate) told: VecDeque<Entry>,
    heard: Heard,
    lines: VecDeque<String>,
    /// Dropping it ends the service's watcher.
    _watcher: Sender<()>,
}

impl<'d> World<'d> {
    /// Starts watching; nothing runs yet.
    pub(crate) fn begin(
        directory: &'d Directory,
        network: &'d Network,
        (outbox, inbox): (Sender<Message>, Receiver<Message>),
    ) -> Result<Self, Trouble> {
        files::fill(directory, network)?;
        let plant = Plant { directory, network, world: outbox.clone() };
        let machines: Vec<Machine> =
            (0..).zip(NODES).map(|(number, name)| Machine::new(number, name)).collect();
        watch_switches(&plant, &machines)?;
        let (watcher, stop) = channel();
        service::watch(network.service(), outbox, stop);
        Ok(Self {
            plant,
            inbox,
            machines,
            served_by: None,
            outages: Vec::new(),
            told: VecDeque::new(),
            heard: Heard::default(),
            lines: VecDeque::new(),
            _watcher: watcher,
        })
    }

    /// Starts the fabric and all nodes, and loads the configuration.
    pub(crate) fn start_everything(&mut self) -> Result<(), Trouble> {
        let directory = self.plant.directory;
        let words = ["fabric".into(), "--socket".into(), directory.path().join("fabric.sock")];
        self.plant.spawn(None, &words, &directory.path().join("fabric.log"), None)?;
        for machine in &mut self.machines {
            machine.switch_on(&self.plant)?;
        }
        self.wait_for("all nodes are members", |_, view| {
            view.cluster.formed && view.cluster.quorate && view.cluster.members.len() == NODES.len()
        })?;
        let xml = files::document(directory, self.plant.network)?;
        let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
        self.change(change)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.plant.directory.path()
    }

    pub(crate) fn network(&self) -> &Network {
        self.plant.network
    }

    // ---- acting -----------------------------------------------------------------------------

    /// Has a change made by whichever node answers.
    pub(crate) fn change(&mut self, change: Change) -> Result<(), Trouble> {
        let client = self.anyone()?;
        client.change(&Request::Change { change, force: false, based_on: None })?;
        Ok(())
    }

    /// Kills a node's daemon as a crash would: no good-bye.
    pub(crate) fn crash(&self, node: &str) {
        let process = self.machine(node).and_then(Machine::process);
        let process = process.and_then(|process| i32::try_from(process).ok());
        if let Some(process) = process.and_then(rustix::process::Pid::from_raw) {
            leftovers::kill(process);
        }
    }

    /// Keeps a node's machine from booting until it is released.
    pub(crate) fn hold(&mut self, node: &str) {
        let found = self.machines.iter_mut().find(|machine| machine.name == node);
        found.into_iter().for_each(Machine::hold);
    }

    /// Lets a node's machine boot.
    pub(crate) fn release(&mut self, node: &str) -> Result<(), Trouble> {
        match self.machines.iter_mut().find(|machine| machine.name == node) {
            Some(machine) => machine.release(&self.plant),
            None => Ok(()),
        }
    }

    /// Kills the web server's process on a node.
    pub(crate) fn kill_server(&self, node: &str) -> bool {
        let found =
            leftovers::find(self.directory(), node, &["agent-helper", "webserver", "serve"]);
        found.iter().for_each(|process| leftovers::kill(*process));
        !found.is_empty()
    }

    /// Presses the power button of a node that went down.
    pub(crate) fn switch_on(&mut self, node: &str) -> Result<(), Trouble> {
        let found = self.machines.iter_mut().find(|machine| machine.name == node);
        match found {
            Some(machine) if machine.process().is_none() => machine.switch_on(&self.plant),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a node's daemon runs.
    pub(crate) fn is_up(&self, node: &str) -> bool {
        self.machine(node).and_then(Machine::process).is_some()
    }

    fn machine(&self, node: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == node)
    }

    // ---- looking ----------------------------------------------------------------------------

    /// The cluster as the first node that answers sees it; one with quorum is asked first.
    pub(crate) fn look(&self) -> Option<View> {
        let mut views =
            self.machines.iter().filter(|machine| machine.process().is_some()).filter_map(
                |machine| {
                    let socket = self.plant.directory.socket(machine.name);
                    Client::new(socket, Duration::from_secs(2)).document().ok()
                },
            );
        let best = views.find(|seen| seen.cluster.formed && seen.cluster.quorate)?;
        let document = Document::parse_owned(best.xml).ok()?;
        let seen =
            view::Seen { document: &document, cluster: Some(&best.cluster), now: say::now() };
        Some(View { status: view::status(seen), cluster: best.cluster })
    }

    fn anyone(&self) -> Result<Client, Trouble> {
        let view = self.look();
        let name = view.map(|view| view.cluster.node);
        let name = name.ok_or_else(|| Trouble::NotSo {
            what: "a node with quorum answers".to_owned(),
            seconds: 0,
        })?;
        Ok(Client::new(self.plant.directory.socket(&name), Duration::from_secs(30)))
    }

    /// Outages since they were last asked for, the longest first.
    pub(crate) fn take_outages(&mut self) -> Vec<Duration> {
        let mut outages = std::mem::take(&mut self.outages);
        outages.sort_by(|a, b| b.cmp(a));
        outages
    }

    /// Whether the service was away and is back since outages were last taken.
    pub(crate) fn has_outage(&self) -> bool {
        !self.outages.is_empty()
    }

    // ---- waiting ----------------------------------------------------------------------------

    /// Waits until `so` holds; answers how long that took.
    pub(crate) fn wait_for(
        &mut self,
        what: &str,
        so: impl Fn(&Self, &View) -> bool,
    ) -> Result<Duration, Trouble> {
        let begun = Instant::now();
        loop {
            if let Some(view) = self.look()
                && so(self, &view)
            {
                return Ok(begun.elapsed());
            }
            let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else {
                return Err(Trouble::NotSo { what: what.to_owned(), seconds: PATIENCE.as_secs() });
            };
            self.take_in(left.min(LOOK_AGAIN))?;
        }
    }

    /// Takes the next message, and all that have come with it; waits at most `patience`.
    pub(crate) fn take_in(&mut self, patience: Duration) -> Result<(), Trouble> {
        match self.inbox.recv_timeout(patience) {
            Ok(message) => self.handle(message)?,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            // The plant holds a sender, so there is always one.
            Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Interrupted),
        }
        while let Ok(message) = self.inbox.try_recv() {
            self.handle(message)?;
        }
        Ok(())
    }

    fn handle(&mut self, message: Message) -> Result<(), Trouble> {
        match message {
            Message::Stop => return Err(Trouble::Interrupted),
            Message::Ended { machine: Some(machine), process, code } => {
                if let Some(machine) = self.machines.get_mut(machine) {
                    machine.ended(process, code, &self.plant)?;
                }
            }
            Message::Ended { machine: None, .. } => {
                return Err(Trouble::NotSo {
                    what: "the fabric runs (see fabric.log)".to_owned(),
                    seconds: 0,
                });
            }
            Message::Switched { machine } => {
                if let Some(machine) = self.machines.get_mut(machine) {
                    machine.touched(&self.plant)?;
                }
            }
            Message::Event { machine, entry } => {
                if self.heard.is_news(machine, &entry) {
                    self.told.push_back(*entry);
                }
            }
            Message::Service { by, outage } => {
                self.served_by = by.map(|server| server.node);
                if by.is_some() {
                    self.outages.extend(outage);
                }
            }
            Message::Line(line) => self.lines.push_back(line),
        }
        Ok(())
    }

    /// The next line that the person typed.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.lines.pop_front()
    }

    /// Where lines of the person go.
    pub(crate) fn outbox(&self) -> Sender<Message> {
        self.plant.world.clone()
    }

    /// Whether a node was proven off since the events were last taken.
    pub(crate) fn was_fenced(&self, node: &str) -> bool {
        self.told.iter().any(|entry| {
            matches!(&entry.event, Event::Fenced { target, succeeded: true, .. } if target == node)
        })
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        leftovers::kill_all(self.plant.directory.path());
    }
}

impl View {
    /// The line of a resource.
    pub(crate) fn resource(&self, id: &str) -> Option<&ResourceLine> {
        fn find<'l>(lines: &'l [ResourceLine], id: &str) -> Option<&'l ResourceLine> {
            lines.iter().find_map(
                |line| {
                    if line.id == id { Some(line) } else { find(&line.children, id) }
                },
            )
        }
        find(&self.status.resources, id)
    }

    /// The one node where a resource is whole; `None` if it is nowhere or in several places.
    pub(crate) fn home(&self, id: &str) -> Option<&str> {
        match self.resource(id)?.places.as_slice() {
            [place] if !place.unclean && !place.partly => Some(&place.node),
            _ => None,
        }
    }

    /// Nodes where a resource has a role.
    pub(crate) fn count(&self, id: &str, role: &str) -> usize {
        let places = self.resource(id).map(|line| line.places.as_slice()).unwrap_or_default();
        places.iter().filter(|place| place.role == role && !place.unclean).count()
    }

    /// All nodes are there, everything is started everywhere, and nothing is left to do.
    pub(crate) fn is_complete(&self) -> bool {
        let nodes = self.status.nodes.iter();
        let online = nodes.filter(|node| node.state == NodeState::Online).count();
        online == NODES.len()
            && self.cluster.idle
            && self.status.planned == 0
            && self.home("web").is_some()
            && self.home("power").is_some()
            && self.count("ping-everywhere", "started") == NODES.len()
            && self.count("counters", "promoted") == 1
            && self.count("counters", "unpromoted") == NODES.len() - 1
    }
}
