//! What clients ask and are told, as JSON.
//!
//! Reading is one request: the document and the cluster's state around it. Status, plans and
//! explanations are computed from that where they are shown, by the same code as the cluster's.

use serde::{Deserialize, Serialize};

/// The header of a request that names whom the caller acts for: what they may counts then.
pub const ACTING_FOR: &str = "quorate-acting-for";

/// The header of a request that names the program that asks, for the record. Nothing depends on it.
pub const CLIENT: &str = "quorate-client";

/// Who asks, as the node that is asked knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub name: String,
    /// The groups of one for whom the document's access control counts. `None` for root and the
    /// daemon's own user: they may everything.
    pub groups: Option<Vec<String>>,
    /// What the program that asks calls itself; empty if it does not say.
    pub client: String,
}

impl Caller {
    /// One who may everything.
    pub fn free(name: impl Into<String>) -> Self {
        Self { name: name.into(), groups: None, client: String::new() }
    }

    /// The same, who asks by a program of this name.
    #[must_use]
    pub fn by(self, client: impl Into<String>) -> Self {
        Self { client: client.into(), ..self }
    }

    /// One for whom the document says what they may.
    pub fn limited(name: impl Into<String>, groups: Vec<String>) -> Self {
        Self { name: name.into(), groups: Some(groups), client: String::new() }
    }
}

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// The document and the state around it.
    Document,
    /// What happened, from entry number `since` on.
    History { since: u64 },
    /// Change something.
    Change {
        change: Change,
        /// Apply even without quorum.
        #[serde(default)]
        force: bool,
        /// Only if the configuration is still the one of this version of the document. For edits
        /// that replace it whole, which would take back what somebody else changed meanwhile.
        #[serde(default)]
        based_on: Option<String>,
    },
    /// The configuration before the last change of it.
    Earlier,
    /// Go back to the configuration before the last change of it.
    Undo {
        #[serde(default)]
        force: bool,
        /// As with `Change`.
        #[serde(default)]
        based_on: Option<String>,
    },
    /// Answer when the cluster has nothing left to do.
    WaitIdle,
    /// What an agent says about itself on the node that answers.
    Describe { agent: Agent },
    /// Which agents there are on the node that answers.
    Agents,
}

/// An agent's name, as the document has it.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// `ocf`, `stonith`, `systemd`, ...
    pub standard: String,
    #[serde(default)]
    pub provider: Option<String>,
    pub kind: String,
}

/// The answer to [`Request::Describe`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Description {
    /// Its own words, as XML.
    Metadata { xml: String },
    /// It is there; what is of its standard says nothing of itself and takes no parameters.
    Plain,
    /// It is not there. Others of its standard are, as far as they can be listed.
    NotInstalled { others: Vec<Agent> },
    /// It is there and does not describe itself.
    Speechless { reason: String },
}

/// A change that every member applies alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Edits of the document's configuration, applied together or not at all.
    Edit { edits: Vec<Edit> },
    /// A node attribute that passes with the node's life. `None` removes it.
    Attribute {
        node: String,
        name: String,
        value: Option<String>,
        #[serde(default)]
        manner: Manner,
    },
    /// How long a passing attribute's values wait from now on. What waits is written at once.
    AttributeDelay { name: String, delay_ms: u64 },
    /// Write the values that wait, of all passing attributes.
    WriteAttributes,
    /// Forget the failures and the history of a resource, so that it is probed afresh.
    Cleanup { resource: Option<String>, node: Option<String> },
    /// An operator's word that a resource has failed on a node.
    Fail { resource: String, node: String },
    /// Cut a node off: `off`, `reboot` or `on`.
    Fence { node: String, action: String },
    /// An operator's word that a node is off.
    ConfirmOff { node: String },
    /// Stop the daemon on a node after its resources moved away.
    Shutdown { node: String },
    /// Every member's file that names the nodes and how they reach each other (`corosync.conf`)
    /// becomes this one, a later edition of it.
    FabricFile { text: String },
    /// Tell no more of past fencings, of a node or of all. What they prove stays known.
    ForgetFencings { node: Option<String> },
    /// What a ticket lets this site run. It is kept as an edit of the configuration is.
    Ticket { ticket: String, deed: TicketDeed },
    /// Since the cluster's start, nodes are waited for that have not come (`dc-deadtime`): no longer. They count as lost,
    /// and what they may run starts elsewhere when they are proven off. Where those who had quorum last decide, they
    /// are those who are here from now on.
    WaitNoMore,
}

/// What is done with a ticket. Field words: those of Pacemaker's `crm_ticket`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketDeed {
    /// This site has it. That no other has, who asks must know.
    Grant,
    /// This site has it no more: its loss policy holds for what depends on it.
    Revoke,
    /// What depends on it stops in order, while the site still has it.
    Standby,
    /// The end of standby.
    Activate,
}

impl TicketDeed {
    /// In words, of a ticket.
    pub fn words(self) -> &'static str {
        match self {
            Self::Grant => "granted",
            Self::Revoke => "revoked",
            Self::Standby => "in standby",
            Self::Activate => "activated",
        }
    }
}

/// How a passing attribute is kept. It counts for one that the cluster does not know yet.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Manner {
    /// Values wait so long for others before they are written, and as long again after each other
    /// one. Field word: Pacemaker *dampening*.
    pub delay_ms: Option<u64>,
    /// That is to be so for one that is known, too.
    pub sets_delay: bool,
    /// Never in the document; who asks for it is told.
    pub private: bool,
    /// A capacity of the node. Field word: *utilization*.
    pub capacity: bool,
}

/// Values of a passing attribute that are not in the document, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unwritten {
    pub name: String,
    pub node: String,
    /// `None` where it is to be removed.
    pub value: Option<String>,
}

/// One edit of the configuration. The texts are XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Edit {
    /// The whole document's configuration becomes this. `xml` is a `cib` or `configuration`.
    Replace { xml: String },
    /// A patchset (format 2).
    Patch { xml: String },
    /// Adds `xml` below the element that `parent` (XPath) selects.
    Create { parent: String, xml: String },
    /// Merges `xml` into the element with its name and id.
    Modify { xml: String },
    /// Removes what `xpath` selects.
    Delete { xpath: String },
}

/// The answer to a [`Request`].
#[expect(clippy::large_enum_variant, reason = "an answer is made once, and goes out as text")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Document`].
    Document { xml: String, cluster: Cluster },
    /// To [`Request::Earlier`]: a document without status.
    Earlier { xml: String },
    /// To [`Request::History`].
    History { entries: Vec<Entry> },
    /// The change was applied, and is on disk at a majority where it must be.
    Done { version: String },
    /// Nothing is left to do.
    Idle,
    /// To [`Request::Describe`].
    Description(Description),
    /// To [`Request::Agents`], sorted.
    Agents { agents: Vec<Agent> },
    /// The cluster understood and said no.
    Refused(Refused),
}

/// Why a request was refused. Not an error: the request was well formed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// Too few of those who count are here.
    NoQuorum,
    /// The membership is being formed, or the node is stopping.
    NotReady,
    /// The change was made for an older document.
    Stale { yours: String, current: String },
    /// The document would not be valid, or what was named does not exist.
    Invalid { violations: Vec<Violation> },
    /// No such node.
    UnknownNode { node: String, nearest: Option<String> },
    /// There is no earlier configuration.
    NothingToUndo,
    /// A node that is in the membership cannot be declared off.
    StillMember { node: String },
    /// These nodes are not here, and may have a newer configuration.
    MayBeOlder { nodes: Vec<String> },
    /// The disk does not take it.
    NotStored { reason: String },
    /// The caller may not.
    NotPermitted,
}

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct Violation {
    /// In the text given; 0 if it has none.
    pub line: u32,
    pub what: String,
    pub hint: Option<String>,
}

/// The cluster around the document, as one node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct Cluster {
    /// Who answers.
    pub node: String,
    pub coordinator: Option<String>,
    pub quorate: bool,
    /// Names of the nodes in the membership.
    pub members: Vec<String>,
    /// Names of nodes that are not here and had quorum last: without more of them the members have none, whatever
    /// Corosync says.
    #[serde(default)]
    pub others_had_quorum: Vec<String>,
    /// Names of nodes that are not here and may have a newer configuration: without them nothing is
    /// edited.
    #[serde(default)]
    pub awaited: Vec<String>,
    /// Names of members whose disks must take what the membership starts from before anything is
    /// edited, and do not.
    #[serde(default)]
    pub unwritten: Vec<String>,
    /// Names of members whose disks took nothing when they were last asked, each with why.
    #[serde(default)]
    pub unwilling: Vec<(String, String)>,
    /// What people should have been told by alerts and were not, as this node knows.
    #[serde(default)]
    pub unsent: Vec<String>,
    /// How many disks must take an edit.
    #[serde(default)]
    pub disks_needed: usize,
    /// Whether the membership agreed on its document; the document may be old until then.
    pub formed: bool,
    /// Nothing is left to do, as far as this node knows.
    pub idle: bool,
    /// Actions under way, as `key on node`.
    pub running: Vec<String>,
    /// Names of nodes being fenced now; only the coordinator knows them.
    pub fencing: Vec<String>,
    /// Past fencings, oldest first.
    pub fencings: Vec<Fencing>,
    /// Values of passing attributes that the document has not.
    #[serde(default)]
    pub attributes: Vec<Unwritten>,
    /// What carries the messages says of itself; nothing while it is not known.
    #[serde(default)]
    pub carrier: Option<Box<Carrier>>,
}

/// What carries the messages, as the node that answers sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Carrier {
    /// Of each node by name.
    pub votes: Vec<(String, u32)>,
    /// How many there are, where all are here; with those of the tie-breaker.
    pub expected_votes: u32,
    /// How many are quorum now.
    pub needed_votes: u32,
    pub tie_breaker: Option<TieBreaker>,
    /// Of the node that answers, by the links' numbers.
    pub addresses: Vec<String>,
    /// From the node that answers to each other one; none where the carrier has no links.
    pub links: Vec<LinkHealth>,
}

/// An outside voice on an even split. Field words: Corosync *quorum device*, *qdevice*, *qnetd*.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TieBreaker {
    /// `net`, say.
    pub model: String,
    pub host: Option<String>,
    pub algorithm: Option<String>,
    pub votes: u32,
    /// What speaks for it on the node that answers shows life.
    pub alive: bool,
    /// Its votes are with the node that answers.
    pub ours: bool,
}

/// One path to a node. Field word: Corosync *knet link*, *ring*.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkHealth {
    /// The node at its other end.
    pub to: String,
    pub to_id: u32,
    /// From 0 on.
    pub number: u32,
    /// Of the other end, as the configuration has it.
    pub address: Option<String>,
    pub connected: bool,
    /// There and back, on average; nothing before it was measured.
    pub latency_us: Option<u64>,
    /// Packets in a million that did not come back in the last minute; nothing before there were enough.
    pub loss_ppm: Option<u32>,
    /// How often it went down.
    pub times_down: u64,
}

/// One entry of the fencing history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct Fencing {
    pub target: String,
    pub action: String,
    pub succeeded: bool,
    /// Devices and node, or the operator.
    pub by: String,
    pub reason: String,
    pub at: i64,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct Entry {
    /// Counts up on this node.
    pub number: u64,
    /// Wall clock of who reported it, seconds since 1970.
    pub at: i64,
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Event {
    Membership {
        members: Vec<String>,
        lost: Vec<String>,
        quorate: bool,
    },
    Coordinator {
        node: String,
    },
    Changed {
        user: String,
        change: String,
        version: String,
    },
    Refused {
        user: String,
        change: String,
        reason: String,
    },
    Planned {
        transition: u64,
        /// What made the cluster plan.
        cause: String,
        actions: Vec<String>,
        /// Why these actions: the events, and what the configuration says, a sentence each.
        #[serde(default)]
        because: Vec<String>,
        findings: Vec<String>,
    },
    Started {
        action: String,
        node: String,
    },
    Finished {
        action: String,
        node: String,
        code: i32,
        status: String,
        reason: String,
        ms: u64,
        expected: bool,
    },
    Fencing {
        target: String,
        action: String,
        device: String,
        by: String,
    },
    Fenced {
        target: String,
        action: String,
        succeeded: bool,
        by: String,
        reason: String,
    },
    /// These nodes are not here, and may have a newer configuration: nothing is edited.
    MayBeOlder {
        nodes: Vec<String>,
    },
    /// Corosync gives these members quorum, and too few of those who had it last are here: these are not.
    QuorumIsOthers {
        nodes: Vec<String>,
    },
    /// What a losing side had written; kept in a file.
    SetAside {
        reason: String,
    },
    Idle,
}
