//! One node in a membership of its own, its world played by the test.

use std::time::Duration;

use controller::{
    AgentRun, Controller, Effect, ExitReason, Identity, Input, Now, Record, Restored, TimerToken,
};
use model::{NodeId, NodeName, Outcome, Quorum, QuorumBy, Tick};
use wire::Message;
use wire::api::{Change, Edit, Event, Reply, Request};

pub(crate) const ME: NodeId = NodeId(1);

pub(crate) struct Node {
    controller: Controller,
    now: Now,
    /// Broadcast and not delivered yet.
    pub(crate) under_way: Vec<Message>,
    /// Written and not answered yet.
    pub(crate) tickets: Vec<u64>,
    /// Everything that was written so far.
    pub(crate) records: Vec<Record>,
    to_run: Vec<AgentRun>,
    timers: Vec<(Tick, TimerToken)>,
    /// Every agent's run so far.
    pub(crate) runs: Vec<AgentRun>,
    /// What was told so far.
    pub(crate) events: Vec<Event>,
    /// What clients were answered.
    pub(crate) replies: Vec<Reply>,
    /// Configurations that were put in files of their own.
    pub(crate) aside: Vec<String>,
    /// Why the daemon was to end, if it was.
    pub(crate) exit: Option<ExitReason>,
    /// Editions of the nodes' file that were to be written and are not yet.
    pub(crate) files: Vec<(u64, String)>,
    /// What a vote may outlast, as the node last promised.
    pub(crate) promised: Option<Duration>,
    /// What the lock's voter was told last: who counts, and whether it may take the lock.
    pub(crate) voter_knows: Option<(Vec<Vec<u32>>, bool)>,
    /// How many votes the fabric was told to expect, one after the other.
    pub(crate) expects: Vec<u32>,
}

impl Node {
    pub(crate) fn new(nodes: u32) -> Self {
        Self::restored(nodes, Restored::default())
    }

    /// A node whose disk had something.
    pub(crate) fn restored(nodes: u32, restored: Restored) -> Self {
        Self::started(nodes, restored, None)
    }

    /// A node whose machine is reset when it is not fed for so long.
    pub(crate) fn with_watchdog(nodes: u32, watchdog: Duration) -> Self {
        Self::started(nodes, Restored::default(), Some(watchdog))
    }

    /// One of two nodes that have quorum alone.
    pub(crate) fn of_pair(restored: Restored) -> Self {
        Self::with(2, restored, None, false)
    }

    pub(crate) fn started(nodes: u32, restored: Restored, watchdog: Option<Duration>) -> Self {
        Self::with(nodes, restored, watchdog, true)
    }

    fn with(
        nodes: u32,
        restored: Restored,
        watchdog: Option<Duration>,
        majority_only: bool,
    ) -> Self {
        let named = |id: u32| (NodeId(id), NodeName::new(format!("n{id}")));
        let nodes: Vec<_> = (1..=nodes).map(named).collect();
        let identity = Identity {
            id: ME,
            name: NodeName::new("n1"),
            incarnation: 1,
            nodes,
            watchdog,
            promised_reset: None,
            quorum_by: if majority_only { QuorumBy::Majority } else { QuorumBy::Rule },
        };
        let mut node = Self {
            controller: Controller::new(identity, restored),
            now: Now { tick: Tick::default(), wall: 1_700_000_000 },
            under_way: Vec::new(),
            tickets: Vec::new(),
            records: Vec::new(),
            to_run: Vec::new(),
            timers: Vec::new(),
            runs: Vec::new(),
            events: Vec::new(),
            replies: Vec::new(),
            aside: Vec::new(),
            exit: None,
            files: Vec::new(),
            promised: None,
            voter_knows: None,
            expects: Vec::new(),
        };
        node.step(Input::Started);
        node
    }

    /// A node that is alone in its first membership; the fabric says whether that is a quorum.
    pub(crate) fn in_cluster_of(nodes: u32, quorum: Quorum) -> Self {
        let mut node = Self::new(nodes);
        node.step(Input::Membership { id: 1, members: vec![ME], quorum });
        node.settle();
        node
    }

    pub(crate) fn step(&mut self, input: Input) {
        for effect in self.controller.step(self.now, input) {
            if let Effect::Broadcast(message) = effect {
                self.under_way.push(message);
            } else if let Effect::Persist { ticket, record } = effect {
                self.tickets.push(ticket);
                self.records.push(record);
            } else if let Effect::RunAgent(run) = effect {
                self.to_run.push(*run);
            } else if let Effect::SetTimer { token, at } = effect {
                self.timers.push((at, token));
            } else if let Effect::Report(entry) = effect {
                self.events.push(entry.event);
            } else if let Effect::Reply { reply, .. } = effect {
                self.replies.push(reply);
            } else if let Effect::Exit { reason } = effect {
                self.exit = Some(reason);
            } else if let Effect::SetAside { document, .. } = effect {
                self.aside.push(document);
            } else if let Effect::PromiseReset { outlasts } = effect {
                self.promised = Some(outlasts);
            } else if let Effect::CountPrevious { sets, takes_lock } = effect {
                let ids =
                    |set: std::collections::BTreeSet<NodeId>| set.iter().map(|id| id.0).collect();
                self.voter_knows = Some((sets.into_iter().map(ids).collect(), takes_lock));
            } else if let Effect::ExpectVotes { votes } = effect {
                self.expects.push(votes);
            } else if let Effect::WriteFabricFile { edition, text } = effect {
                self.files.push((edition, text));
            }
        }
    }

    pub(crate) fn member_of(&mut self, id: u64, members: &[NodeId], quorum: Quorum) {
        self.step(Input::Membership { id, members: members.to_vec(), quorum });
    }

    /// What is broadcast arrives.
    pub(crate) fn deliver(&mut self) {
        for message in std::mem::take(&mut self.under_way) {
            self.step(Input::Delivered { from: ME, message: Box::new(message) });
        }
    }

    /// The same, with other nodes that have nothing to say but the introduction that this one has.
    pub(crate) fn deliver_echoing(&mut self, echoes: &[NodeId]) {
        for message in std::mem::take(&mut self.under_way) {
            let hello =
                matches!(message, Message::Hello(_)).then(|| Box::new(Self::echo(&message)));
            self.step(Input::Delivered { from: ME, message: Box::new(message) });
            for (echo, message) in echoes.iter().zip(hello.iter().cycle()) {
                self.step(Input::Delivered { from: *echo, message: message.clone() });
            }
        }
    }

    /// A membership with these, whose disks take all that it writes.
    pub(crate) fn joined(&mut self, membership: u64, others: &[NodeId], quorum: Quorum) {
        let members: Vec<NodeId> = std::iter::once(ME).chain(others.iter().copied()).collect();
        self.member_of(membership, &members, quorum);
        self.deliver_echoing(others);
        self.settle();
        self.stored_by_all(membership, others);
    }

    /// So much that a membership does not come to it.
    pub(crate) fn stored_by_all(&mut self, membership: u64, others: &[NodeId]) {
        others.iter().for_each(|other| self.stored_by(*other, membership, 9));
        self.settle();
    }

    /// Whether the last membership that was told of had quorum.
    pub(crate) fn had_quorum(&self) -> Option<bool> {
        self.events.iter().rev().find_map(|event| {
            if let Event::Membership { quorate, .. } = event { Some(*quorate) } else { None }
        })
    }

    /// What the others say: the same, from disks that hold all they ever held.
    fn echo(message: &Message) -> Message {
        let mut echo = message.clone();
        if let Message::Hello(hello) = &mut echo {
            hello.doubtful = false;
        }
        echo
    }

    /// The fabric and the disk do their work until there is none.
    pub(crate) fn settle(&mut self) {
        while !(self.under_way.is_empty() && self.tickets.is_empty()) {
            self.deliver();
            for ticket in std::mem::take(&mut self.tickets) {
                self.step(Input::Persisted { ticket });
            }
        }
    }

    /// The same, and the agents answer.
    pub(crate) fn run(&mut self, mut answer: impl FnMut(&str) -> Outcome) {
        self.settle();
        while !self.to_run.is_empty() {
            for run in std::mem::take(&mut self.to_run) {
                let outcome = answer(&run.task);
                let token = run.run;
                self.runs.push(run);
                let kinds = agent::ParameterKinds::default();
                let output = String::new();
                self.step(Input::AgentDone { run: token, outcome, output, kinds });
            }
            self.settle();
        }
    }

    pub(crate) fn wait_seconds(&mut self, seconds: u64) {
        self.now.tick = self.now.tick.after(Duration::from_secs(seconds));
        self.now.wall += i64::try_from(seconds).expect("not that long");
        let due = |(at, _): &mut (Tick, TimerToken)| *at <= self.now.tick;
        let rang: Vec<_> = self.timers.extract_if(.., due).collect();
        for (_, token) in rang {
            self.step(Input::Timer(token));
        }
    }

    pub(crate) fn configure(&mut self, configuration: &str) {
        self.replace(configuration, false);
    }

    /// The same without quorum.
    pub(crate) fn force(&mut self, configuration: &str) {
        self.replace(configuration, true);
    }

    fn replace(&mut self, configuration: &str, force: bool) {
        let xml = format!(r#"<cib validate-with="pacemaker-4.0">{configuration}<status/></cib>"#);
        let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
        let request = Request::Change { change, force, based_on: None };
        self.step(Input::Asked { client: 1, caller: wire::api::Caller::free("root"), request });
        self.settle();
    }

    pub(crate) fn lineage(&self) -> u64 {
        self.controller.lineage()
    }

    /// Another node's disk has what this membership was edited by so far.
    pub(crate) fn stored_by(&mut self, node: NodeId, membership: u64, up_to: u64) {
        let message = Box::new(Message::Stored { membership, up_to });
        self.step(Input::Delivered { from: node, message });
    }

    pub(crate) fn is_left_alone(&self) -> bool {
        self.controller.is_left_alone()
    }

    pub(crate) fn may_live(&self) -> bool {
        self.controller.may_live(self.now.tick)
    }

    pub(crate) fn suspect(&mut self, resource: &str) {
        self.step(Input::Suspect { resource: resource.to_owned() });
    }

    /// What was run, as `RESOURCE TASK`.
    pub(crate) fn tasks(&self) -> Vec<String> {
        self.runs.iter().map(|run| format!("{} {}", run.resource, run.task)).collect()
    }
}
