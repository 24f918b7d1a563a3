//! One node's brain: `step(now, input) -> effects`.
//!
//! Members agree by hearing the same messages in the same order (the fabric sees to that) and by
//! changing the replicated [`state`](state::State) only when one is delivered. Out of their midst
//! one is the coordinator: it plans, orders actions and has nodes fenced. Everything that it must
//! not forget is in the replicated state, so that another can take over at any moment.
//!
//! **Not here:** clocks, sockets, processes, disks. The daemon and the simulator are the two
//! performers of its [`Effect`]s.
//!
//! **Always:** what a lost node held is released only with a `fencing::Confirmed`; a change is
//! acknowledged only when a majority of the members has it on disk; orders of an earlier
//! membership are void.
//!
//! Field word: Pacemaker *controller*, with what *based*, *fenced* and *attrd* decide.

mod input;

mod access;
mod after;
mod attributes;
mod author;
mod base;
mod by_hand;
mod cause;
mod changes;
mod coordinate;
mod cut_off;
mod deliver;
mod device_users;
mod disks;
mod edits;
mod even_match;
mod fabric_file;
mod forming;
mod journal;
mod keepers;
mod leave;
mod lineage;
mod operations;
mod outstanding;
mod previous;
mod self_fencing;
mod sightings;
mod state;
mod tickets;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use agent::ParameterKinds;
use cib::Document;
use model::{NodeId, NodeName, Quorum, QuorumBy, Tick};
use wire::api::Event;
use wire::peer::Edited;

pub use after::after;
pub use edits::apply as apply_edits;
pub use input::{AgentRun, Effect, ExitReason, Input, Now, Record, RunToken, TimerToken, Whole};

use attributes::Attributes;
use base::Base;
use by_hand::ByHand;
use changes::Clients;
use coordinate::Coordination;
use cut_off::DeviceRuns;
use disks::Disks;
use fabric_file::{FabricFile, FileWrites};
use forming::Phase;
use journal::Journal;
use keepers::Keepers;
use lineage::{Lineage, Pedigree};
use operations::{Act, Operations};
use outstanding::Outstanding;
use self_fencing::SelfFencing;
use sightings::Sightings;
use state::{Named, State};
use timers::{Ring, Timers};

/// Who this node is: fixed for the daemon's life.
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: NodeId,
    pub name: NodeName,
    /// Differs for each life of the daemon (the caller takes it from the clock at start). Not 0.
    pub incarnation: u64,
    /// Every node of the cluster as configured, this one included.
    pub nodes: Vec<(NodeId, NodeName)>,
    /// What resets this machine when it is not fed for so long.
    pub watchdog: Option<Duration>,
    /// What an earlier daemon last said with [`Effect::PromiseReset`] since the machine started.
    pub promised_reset: Option<Duration>,
    /// What may give quorum to fewer than a majority, where no file says; and the least strict of all that
    /// files said in this life.
    pub quorum_by: QuorumBy,
}

/// What was read back from the disk.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// `None` on the first start.
    pub configuration: Option<Document>,
    pub lineage: u64,
    /// Which memberships edited it, oldest first.
    pub pedigree: Vec<Edited>,
    /// Without whom it may not be edited; all nodes if it names none.
    pub keepers: Vec<u32>,
    /// Who had quorum last, where they decide.
    pub base: wire::peer::Base,
    /// The disk has lost something that it held: this copy may be older than what was acknowledged.
    pub doubtful: bool,
    /// The configuration before the last change of it, for undo.
    pub earlier: Option<Document>,
    /// The file that names the nodes, where there is one.
    pub fabric_file: Option<String>,
}

impl Restored {
    /// Rebuilds what the disk kept from its records, oldest first. The second value says in words
    /// what could not be read; everything before it is used.
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> (Self, Vec<String>) {
        let mut restored = Self::default();
        let mut damage = Vec::new();
        for record in records {
            if let Err(reason) = restored.take(record) {
                damage.push(reason);
                break;
            }
        }
        (restored, damage)
    }

    fn take(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Snapshot(whole) => {
                let Whole { configuration, earlier, lineage, pedigree, keepers, base, doubtful } =
                    whole;
                let document = Document::parse(&configuration)
                    .map_err(|error| format!("a stored configuration is damaged: {error}"))?;
                self.configuration = Some(document);
                self.earlier = earlier.and_then(|earlier| Document::parse_owned(earlier).ok());
                self.lineage = lineage;
                self.pedigree = pedigree;
                self.keepers = keepers;
                self.base = base;
                self.doubtful = doubtful;
            }
            Record::Edits { edits, lineage } => {
                let (edits, author) = wire::peer::decode_edits(&edits)
                    .map_err(|error| format!("stored edits are damaged: {error}"))?;
                let before = self.configuration.clone().unwrap_or_else(new_document);
                // They applied when they were stored; what they stand on is not what it was.
                let mut after = edits::apply(&before, &edits)
                    .map_err(|refused| format!("stored edits do not apply: {refused:?}"))?;
                if let Some(author) = author {
                    author::sign(&before, &mut after, &author);
                }
                let mut pedigree = Pedigree::new(std::mem::take(&mut self.pedigree));
                pedigree.edited(Lineage::from_number(lineage), after.version().unwrap_or_default());
                self.pedigree = pedigree.entries().to_vec();
                self.configuration = Some(after);
                self.earlier = Some(before);
                self.lineage = lineage;
            }
        }
        Ok(())
    }
}

fn new_document() -> Document {
    Document::empty_cib(transition::record::FEATURE_SET, SCHEMA)
}

/// The schema that a new cluster's document is written for.
const SCHEMA: &str = "pacemaker-3.9";

/// One node's brain.
#[derive(Debug)]
pub struct Controller {
    identity: Identity,
    state: State,
    fabric: Fabric,
    phase: Phase,
    /// Members of the last formed membership.
    formed_with: BTreeSet<NodeId>,
    /// The newest life of every node's daemon that was a member here.
    lives: BTreeMap<NodeId, u64>,
    /// This life of the daemon has been in a quorate membership.
    seen_quorum: bool,
    /// The last formed membership had quorum, and none since was without.
    still_quorate: bool,
    sightings: Sightings,
    /// This node's copy is not known to be as new as what its disk acknowledged.
    doubtful: bool,
    /// Who may know what the disks of members have lost.
    copies_missed: BTreeSet<NodeId>,
    /// That any member of the last formed membership had heard of.
    newest_promise: Lineage,
    /// Of the last formed membership.
    all_have_watchdogs: bool,
    self_fencing: SelfFencing,
    /// What the lock's voter was told last: who counts, and whether it may take the lock.
    voter_knows: Option<(Vec<BTreeSet<NodeId>>, bool)>,
    /// After a cold start: until when to wait for the nodes that are not here yet.
    settle_until: Option<Tick>,
    coordination: Option<Coordination>,
    operations: Operations,
    devices: DeviceRuns,
    clients: Clients,
    disks: Disks,
    timers: Timers,
    journal: Journal,
    file_writes: FileWrites,
    by_hand: ByHand,
    /// The operator wants this daemon to stop.
    stopping: bool,
    /// The coordinator's leave to go, until this node is sure that it may.
    leave_ordered: Option<wire::peer::Order>,
    /// Outcomes that this node sent and has not received itself yet.
    reports_under_way: u32,
    now: Now,
    effects: Vec<Effect>,
}

/// The membership as the fabric last told it.
#[derive(Clone, Debug, Default)]
struct Fabric {
    id: u64,
    members: BTreeSet<NodeId>,
    /// What they have.
    quorum: Quorum,
    /// What the fabric says that they have.
    said: Quorum,
    /// Before all have said what they remember: there was quorum, and by this node's own memory there is.
    goes_on: bool,
    /// Those whose disks hold all that they ever held.
    sound: BTreeSet<NodeId>,
    /// Those of them whose daemons had quorum since they started.
    steady: BTreeSet<NodeId>,
    /// They seek to be the next base.
    seeks: bool,
    /// The disks have what is sought when they have this edit.
    base_edit: u64,
    /// One of them has left in peace, and was taken out of the base.
    has_leaver: bool,
    /// Who would leave waits so long at most for the base to be settled.
    settles_until: Tick,
}

impl Fabric {
    fn is_quorate(&self) -> bool {
        self.quorum.is_quorate()
    }
}

impl Controller {
    /// A brain that has not been stepped yet; the first input must be [`Input::Started`].
    pub fn new(identity: Identity, restored: Restored) -> Self {
        let Restored {
            configuration,
            lineage,
            pedigree,
            keepers,
            base,
            doubtful,
            earlier,
            fabric_file,
        } = restored;
        let configured = identity.nodes.iter().map(|(id, _)| *id);
        let keepers = Keepers::restored(&keepers, configured);
        let document = configuration
            .unwrap_or_else(|| Document::empty_cib(transition::record::FEATURE_SET, SCHEMA));
        let self_fencing = SelfFencing::new(identity.promised_reset);
        let by_hand = ByHand::new(fabric_file.clone());
        Self {
            identity,
            state: State {
                document,
                lineage: Lineage::from_number(lineage),
                pedigree: Pedigree::new(pedigree),
                keepers,
                base: Base::from_wire(&base),
                fencings: Vec::new(),
                earlier: earlier.into_iter().collect(),
                outstanding: Outstanding::default(),
                fabric_file: fabric_file.map(FabricFile::new),
                attributes: Attributes::default(),
                idle: false,
                applied: 0,
                unsettled_at: 0,
            },
            fabric: Fabric::default(),
            phase: Phase::Apart,
            formed_with: BTreeSet::new(),
            lives: BTreeMap::new(),
            seen_quorum: false,
            still_quorate: false,
            sightings: Sightings::default(),
            doubtful,
            copies_missed: BTreeSet::new(),
            newest_promise: Lineage::default(),
            all_have_watchdogs: false,
            self_fencing,
            voter_knows: None,
            settle_until: None,
            coordination: None,
            operations: Operations::default(),
            devices: DeviceRuns::default(),
            clients: Clients::default(),
            disks: Disks::default(),
            timers: Timers::default(),
            journal: Journal::default(),
            file_writes: FileWrites::default(),
            by_hand,
            stopping: false,
            leave_ordered: None,
            reports_under_way: 0,
            now: Now::default(),
            effects: Vec::new(),
        }
    }

    /// Takes one input at one moment, and answers what to do, in this order.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Effect> {
        self.now = now;
        match input {
            Input::Started => {}
            Input::Membership { id, members, quorum } => self.membership(id, members, quorum),
            Input::Delivered { from, message } => self.delivered(from, *message),
            Input::Asked { client, caller, request } => self.asked(client, caller, request),
            Input::ClientGone { client } => {
                self.clients.gone(client);
                self.disks.gone(client);
            }
            Input::AgentDone { run, outcome, output, kinds } => {
                self.agent_done(run, outcome, output, kinds);
            }
            Input::Suspect { resource } => {
                let acts = self.operations.suspect(now.tick, &resource);
                self.act(acts);
            }
            Input::Timer(token) => self.rang(token),
            Input::Persisted { ticket } => self.persisted(ticket),
            Input::NotPersisted { ticket, reason } => self.not_persisted(ticket, reason),
            Input::DiskMended => self.try_promise_again(),
            Input::FabricFileWritten { edition, refused } => {
                self.fabric_file_written(edition, refused.is_none());
                self.broadcast(wire::Message::FabricFileStored { edition, refused });
            }
            Input::FabricFileRead { text } => self.fabric_file_read(text),
            Input::Shutdown => self.shutdown(),
        }
        self.leave_if_empty();
        self.consider();
        self.tend_watchdog();
        self.tell_voter();
        std::mem::take(&mut self.effects)
    }

    /// The document as this node has it.
    pub fn document(&self) -> &Document {
        &self.state.document
    }

    /// By which copies of the document are compared first; greater wins.
    pub fn lineage(&self) -> u64 {
        self.state.lineage.rank()
    }

    /// All that is to outlive the daemon, as a [`Record::Snapshot`] has it.
    pub fn whole(&self) -> Whole {
        Whole { doubtful: self.doubtful, ..self.state.whole() }
    }

    /// The configuration before the last change of it.
    pub fn earlier(&self) -> Option<String> {
        self.state.earlier_text()
    }

    /// Whether this node plans for the others.
    pub fn is_coordinator(&self) -> bool {
        self.phase.coordinator() == Some(self.identity.id)
    }

    /// Whether the membership agreed on its document.
    pub fn is_formed(&self) -> bool {
        self.phase.coordinator().is_some()
    }

    /// Whether the last plan had nothing in it and nothing happened since.
    pub fn is_idle(&self) -> bool {
        self.is_formed() && self.state.idle
    }

    /// Whether this machine is to be reset, not only emptied, when the others say that it is off.
    /// Source: `fence-reaction` in Pacemaker Explained.
    pub fn panics_when_fenced(&self) -> bool {
        let names = ["fencing-reaction", "fence-reaction"];
        names.into_iter().find_map(|name| self.state.option(name)) == Some("panic")
    }

    // ---- this node's operations -----------------------------------------------------------

    fn agent_done(
        &mut self,
        run: RunToken,
        outcome: model::Outcome,
        output: String,
        kinds: ParameterKinds,
    ) {
        if self.device_done(run, &outcome, &output) {
            return;
        }
        let acts = self.operations.done(self.now, run, outcome, kinds);
        self.act(acts);
    }

    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            let effect = match act {
                Act::Run(run) => Effect::RunAgent(run),
                Act::Kill(run) => Effect::KillAgent { run },
                Act::Watch(resource) => Effect::Watch { resource },
                Act::Unwatch(resource) => Effect::Unwatch { resource },
                Act::Ring { resource, key, at } => {
                    self.set_timer(at, Ring::Due { resource, key });
                    continue;
                }
                Act::Report(ran) => {
                    self.reports_under_way += 1;
                    Effect::Broadcast(wire::Message::Ran(ran))
                }
            };
            self.effects.push(effect);
        }
    }

    // ---- timers, reports, names -----------------------------------------------------------

    fn rang(&mut self, token: TimerToken) {
        match self.timers.rang(token) {
            None => {} // overtaken
            Some(Ring::Due { resource, key }) => {
                let acts = self.operations.due(self.now.tick, &resource, &key);
                self.act(acts);
            }
            Some(Ring::Overdue { key, node }) => self.overdue(&key, &node),
            Some(Ring::FenceOverdue { target, attempt }) => self.fence_overdue(&target, attempt),
            Some(Ring::FenceAgain { target }) => self.fence_again(&target),
            Some(Ring::WriteAttribute { name, changes }) => self.waited(name, changes),
            Some(Ring::Recheck) => self.recheck(),
            Some(Ring::Beat) => self.beat(),
            Some(Ring::ResetDue { target }) => self.reset_due(&target),
            Some(Ring::ShutdownLimit) => {
                self.effects.push(Effect::Exit { reason: ExitReason::ShutDown });
            }
        }
    }

    fn set_timer(&mut self, at: Tick, ring: Ring) -> TimerToken {
        let (token, effect) = self.timers.set(at, ring);
        self.effects.push(effect);
        token
    }

    fn broadcast(&mut self, message: wire::Message) {
        self.effects.push(Effect::Broadcast(message));
    }

    fn report(&mut self, at: i64, event: Event) {
        let entry = self.journal.add(at, event);
        self.effects.push(Effect::Report(entry));
    }

    fn name_of(&self, id: NodeId) -> String {
        let known = self.identity.nodes.iter().find(|(known, _)| *known == id);
        known.map_or_else(|| id.to_string(), |(_, name)| name.as_str().to_owned())
    }

    fn named(&self, id: NodeId) -> Named {
        let member = self.fabric.members.contains(&id);
        Named { id: id.to_string(), name: self.name_of(id), member }
    }

    /// The node of this name, if it is one of the cluster's.
    pub fn id_of(&self, name: &str) -> Option<NodeId> {
        self.identity.nodes.iter().find(|(_, known)| known.as_str() == name).map(|(id, _)| *id)
    }

    fn member_names(&self) -> Vec<String> {
        self.fabric.members.iter().map(|id| self.name_of(*id)).collect()
    }
}
