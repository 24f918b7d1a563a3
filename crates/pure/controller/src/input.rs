//! The whole border between a node's brain and the world: what it is told, what it asks for.

use std::collections::BTreeSet;
use std::time::Duration;

use agent::ParameterKinds;
use model::{AgentRef, NodeId, Outcome, Quorum, Tick};
use wire::Message;
use wire::api::{Agent, Caller, Entry, Reply, Request};
use wire::peer::{Base, Edited};

/// The two clocks, read by the caller once for each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Never goes back.
    pub tick: Tick,
    /// Seconds since 1970; may jump.
    pub wall: i64,
}

/// What a node's brain can be told.
#[derive(Clone, Debug)]
pub enum Input {
    /// Call once, first.
    Started,
    /// The fabric formed a membership. All deliveries that follow belong to it.
    Membership {
        /// Never goes back on one node.
        id: u64,
        members: Vec<NodeId>,
        quorum: Quorum,
    },
    /// The next message of the total order; the sender receives its own, too.
    Delivered { from: NodeId, message: Box<Message> },
    /// A client of this node asks. The answer is an [`Effect::Reply`] with the same number.
    Asked { client: u64, caller: Caller, request: Request },
    /// A client went away; its answer is not wanted.
    ClientGone { client: u64 },
    /// An agent started by [`Effect::RunAgent`] ended, was killed, or could not be started.
    AgentDone {
        run: RunToken,
        outcome: Outcome,
        /// What it wrote to its standard output, cut to a bounded length: fence agents list the
        /// nodes they know there.
        output: String,
        /// What its description says of its parameters, where the history wants to know.
        kinds: ParameterKinds,
    },
    /// Something that a resource's agent started died or vanished: look at it now.
    Suspect { resource: String },
    /// A timer rang.
    Timer(TimerToken),
    /// The disk holds everything up to this [`Effect::Persist`].
    Persisted { ticket: u64 },
    /// The disk did not take this [`Effect::Persist`].
    NotPersisted { ticket: u64, reason: String },
    /// The disk takes records again, after it had refused one.
    DiskMended,
    /// What became of an [`Effect::WriteFabricFile`]: the reason if the disk does not take it.
    FabricFileWritten { edition: u64, refused: Option<String> },
    /// The fabric was told to read its file again, and this is what it found.
    FabricFileRead { text: String },
    /// The operator wants this daemon to stop, its resources elsewhere first.
    Shutdown,
}

/// Names one run of an agent on this node; never reused in a daemon's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunToken(pub u64);

/// Names one timer; never reused. A timer that rings late is compared and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerToken(pub u64);

/// Everything a node's brain can ask for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send to all members, the sender included, in one order.
    Broadcast(Message),
    /// Run an agent once. Answered by one [`Input::AgentDone`].
    RunAgent(Box<AgentRun>),
    /// End a run early. It still answers with [`Input::AgentDone`].
    KillAgent { run: RunToken },
    /// Watch what this resource's agent left running; report its end as [`Input::Suspect`].
    Watch { resource: String },
    /// Stop watching.
    Unwatch { resource: String },
    /// Ring at this moment.
    SetTimer { token: TimerToken, at: Tick },
    /// Put on disk and say so. Tickets count up by one.
    Persist { ticket: u64, record: Record },
    /// Keep this document in a file of its own, and tell the operator where.
    SetAside { document: String, reason: String },
    /// Put this in the place of the file that names the nodes, and say so.
    WriteFabricFile { edition: u64, text: String },
    /// Answer a client.
    Reply { client: u64, reply: Reply },
    /// Ask this node's agent what it says about itself, and answer the client with it.
    DescribeAgent { client: u64, agent: Agent },
    /// Look which agents this node has, and answer the client with them.
    ListAgents { client: u64 },
    /// From now on others may count on the watchdog: remember that until the machine is off, before
    /// anything that follows; and for how long this node may believe in a quorum device's vote that was taken
    /// from it.
    PromiseReset { outlasts: Duration },
    /// Nobody counts on it any more, neither in this life nor in the next.
    WithdrawReset,
    /// Tell the voter of the lock on a disk who counts: more than half of each of these sets, or half of them and the
    /// lock, which it takes for this node only if so said.
    CountPrevious { sets: Vec<BTreeSet<NodeId>>, takes_lock: bool },
    /// Have the fabric expect so many votes, the lock's one included: those who had quorum before decide, and so many
    /// nodes are gone for certain, or are known not to have quorum.
    ExpectVotes { votes: u32 },
    /// For logs, alert agents and those who follow events.
    Report(Entry),
    /// Leave now: everything here is stopped, or this node was declared off.
    Exit { reason: ExitReason },
}

/// Why a daemon ends itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// As asked; nothing runs here any more.
    ShutDown,
    /// The others recorded this node as fenced: what still runs here must die at once.
    Fenced,
}

/// What is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Everything; what came before it may be forgotten.
    Snapshot(Whole),
    /// The edits that were applied, encoded; and the lineage they belong to.
    Edits { edits: Vec<u8>, lineage: u64 },
}

/// All that outlives the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub configuration: String,
    /// The configuration before the last change of it, for undo.
    pub earlier: Option<String>,
    /// By which copies are compared; greater wins.
    pub lineage: u64,
    /// Which memberships edited it, oldest first.
    pub pedigree: Vec<Edited>,
    /// Without whom it may not be edited; all nodes if it names none.
    pub keepers: Vec<u32>,
    /// Who had quorum last, where they decide.
    pub base: Base,
    /// Something that the disk had held before is lost.
    pub doubtful: bool,
}

/// One run of an agent on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRun {
    pub run: RunToken,
    /// The instance's id for a resource, the device's id for fencing.
    pub resource: String,
    pub agent: AgentRef,
    /// `start`, `monitor`, ... or, for a fence agent, `off`, `reboot`, `on`, `status`.
    pub task: String,
    /// Zero for a probe or a single run; told to the agent.
    pub interval: Duration,
    pub timeout: Duration,
    /// What the agent gets: for resources `CRM_meta_*` and instance parameters as the plan has
    /// them; for fence agents the `key=value` pairs of its standard input.
    pub parameters: Vec<(String, String)>,
    /// Wait this long before starting (fencing delays).
    pub delay: Duration,
}
