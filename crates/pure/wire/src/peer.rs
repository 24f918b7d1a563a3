//! Messages between nodes. All travel in one total order and reach their sender, too.

use serde::{Deserialize, Serialize};

use crate::action::{Action, Outcome};
use crate::api::Change;

/// First byte of every message: the version of everything behind it.
const VERSION: u8 = 1;

/// One message of the total order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Each member's introduction, after every membership change.
    Hello(Box<Hello>),
    /// The coordinator's copy of the replicated state, for those whose copy differs.
    Snapshot(Box<Snapshot>),
    /// A client's wish. Applied, or refused, by every member alike.
    Change(Submitted),
    /// The sender's disk holds every change up to this one of the current membership's count.
    Stored { membership: u64, up_to: u64 },
    /// The sender's disk did not take this change of the current membership's count.
    NotStored { membership: u64, number: u64, reason: String },
    /// The coordinator orders an action.
    Run(Box<Order>),
    /// An action's outcome.
    Ran(Box<Ran>),
    /// The coordinator asks `by` to use a fence device.
    FenceRun(Box<FenceRun>),
    /// What the device answered.
    FenceRan(Box<FenceRan>),
    /// A node is proven to be off (or on again): recorded by all.
    Fenced(Box<Fenced>),
    /// The coordinator made a plan; for the record.
    Planned(Box<Planned>),
    /// The sender wants to stop: move its resources away first.
    ShutdownWanted,
    /// The sender runs nothing any more and goes. Its absence is no failure.
    Leaving,
    /// The sender's disk has this edition of the fabric's file, or not, and why.
    FabricFileStored { edition: u64, refused: Option<String> },
    /// The sender lives, and resets itself this long after it was fed last; with 0 it promises nothing.
    /// For up to `outlasts_ms` it may believe in a quorum device's vote that was taken from it.
    /// It has the file with this digest, and said this when its own clock had `sent_us`.
    Beat { watchdog_ms: u64, outlasts_ms: u64, file: u64, sent_us: u64 },
    /// The sender's fabric has read a file that somebody has edited by hand. It is to replace the
    /// one with this digest, and no other.
    FabricFileEdited { replaces: u64, text: String, at: i64 },
    /// A passing attribute's values have waited long enough, if none came after this one.
    WriteAttribute { name: String, changes: u64 },
}

/// Who a member is and what it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Which membership this answers; answers to an older one are ignored.
    pub membership: u64,
    /// Differs for each life of the daemon.
    pub incarnation: u64,
    pub name: String,
    /// How many quorate memberships this copy of the document has been through.
    pub lineage: u64,
    /// `admin_epoch.epoch.num_updates`.
    pub version: (u64, u64, u64),
    /// Of the whole replicated state, to tell equal copies from different ones.
    pub digest: u64,
    /// Was it the coordinator of its last formed membership?
    pub coordinating: bool,
    /// Has this life of its daemon been in a quorate membership?
    pub seen_quorum: bool,
    /// Has it been in quorate memberships only, since its last formed one?
    pub still_quorate: bool,
    /// Has this life of its daemon been in a membership whose promise a majority of disks holds, so
    /// that every later quorum knows of it?
    pub known_to_quorum: bool,
    /// Nodes that were with it when there was quorum, and of whose end it knows nothing.
    pub sightings: Vec<Sighting>,
    /// Does a watchdog reset its machine?
    pub watchdog: bool,
    /// Members of its last formed membership; empty after a start.
    pub formed_with: Vec<u32>,
    /// Without whom its copy may not be edited.
    pub keepers: Vec<u32>,
    /// Nodes whose disks are known to name these.
    pub bound: Vec<u32>,
    /// Of whom more than half are needed, where those who had quorum last decide.
    pub base: Base,
    /// Has its disk lost something that it held?
    pub doubtful: bool,
    /// After a start of the whole cluster: for how long it still waits for others.
    pub settling_ms: Option<u64>,
    /// Its own `node_state` element: what it ran and found out itself.
    pub node_state: String,
    /// Orders that it is carrying out.
    pub orders: Vec<Order>,
}

/// A node's daemon, seen alive with quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    pub node: u32,
    /// Which life of its daemon.
    pub incarnation: u64,
    /// The membership's promise; `None` where there were too few daemons to make one.
    pub promised: Option<u32>,
}

/// What a node remembers of who had quorum last. Nothing at all: all nodes count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// How often a membership with quorum has sought to be the next base; greater is newer.
    pub sought: u64,
    /// The number of the last one that all who were in it have on their disks; 0: of none.
    pub settled: u64,
    /// More than half of each set are needed.
    pub sets: Vec<Vec<u32>>,
}

/// A membership that edited the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Its promise, which no other membership shares.
    pub membership: u32,
    /// The version that its last edit left.
    pub admin_epoch: u32,
    pub epoch: u32,
}

/// The replicated state whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub membership: u64,
    pub document: String,
    pub lineage: u64,
    /// Which memberships edited it, oldest first.
    pub pedigree: Vec<Edited>,
    /// What undo goes back to.
    pub earlier: Option<String>,
    pub fencings: Vec<Fenced>,
    /// Orders that were not answered yet.
    pub orders: Vec<Order>,
    /// The file that names the nodes, where there is one.
    pub fabric_file: Option<String>,
    /// Passing attributes that are kept otherwise than in the document alone.
    pub attributes: Vec<KeptAttribute>,
}

/// A passing attribute with a manner of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAttribute {
    pub name: String,
    pub delay_ms: u64,
    pub private: bool,
    pub capacity: bool,
    /// By node: those of a private one, or what is not written yet.
    pub values: Vec<(String, Option<String>)>,
    /// How often it was changed, to tell a wait that is over from one that was begun anew.
    pub changes: u64,
}

/// A change on its way through the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// The submitting node's number for it.
    pub request: u64,
    pub change: Change,
    /// `admin_epoch` and `epoch` of the only configuration that it may be applied to.
    pub based_on: Option<(u64, u64)>,
    /// Apply even without quorum.
    pub force: bool,
    /// Who asked.
    pub user: String,
    /// Their groups, if the document's access control counts for them.
    pub groups: Option<Vec<String>>,
    /// What the program that asked calls itself.
    pub client: String,
    /// The submitter's wall clock, seconds since 1970.
    pub at: i64,
}

/// Who changed the configuration, where, with what and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub user: String,
    pub client: String,
    /// The node that was asked.
    pub origin: String,
    /// Its wall clock, seconds since 1970.
    pub at: i64,
}

/// An action to run on `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// In which the plan was made. An order that arrives in a later one is void: the coordinator
    /// plans again after every change of the membership.
    pub membership: u64,
    pub to: u32,
    /// `action:transition:expected-code:uuid`, as recorded in the history.
    pub transition_key: String,
    pub action: Action,
    pub at: i64,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    pub transition_key: String,
    pub action: Action,
    /// The running node's number for this run.
    pub call: u64,
    pub outcome: Outcome,
    pub kinds: ParameterKinds,
    pub at: i64,
}

/// Parameters whose change needs a restart, and secret ones, as the agent describes itself: words
/// between blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterKinds {
    pub restart: Option<String>,
    pub secret: Option<String>,
}

/// One attempt with one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceRun {
    pub request: u64,
    pub attempt: u32,
    pub by: u32,
    pub target: String,
    /// `off`, `reboot` or `on`.
    pub action: String,
    pub device: String,
    /// Agent's name, such as `fence_ipmilan`.
    pub agent: String,
    pub parameters: Vec<(String, String)>,
    pub delay_ms: u64,
    pub timeout_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceRan {
    pub request: u64,
    pub attempt: u32,
    pub outcome: Outcome,
    /// The agent's standard output, for `list`.
    pub output: String,
}

/// The outcome of a whole fencing, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fenced {
    pub request: u64,
    /// The target's name and its id in the document.
    pub target: String,
    pub target_id: String,
    /// The life of the target's daemon that ended; 0 if it was never a member. A daemon that reads
    /// its own here was declared off and must not go on.
    pub incarnation: u64,
    pub action: String,
    /// What proves it; `None` if the fencing failed.
    pub evidence: Option<Evidence>,
    pub reason: String,
    /// Of a node that was let back to shared storage: the devices' parameters, as the plan had
    /// them. Field words: `#digests-all`, `#digests-secure`.
    pub digests_all: Option<String>,
    pub digests_secure: Option<String>,
    pub at: i64,
    /// Operators want to hear no more of it. It still counts for a daemon whose life it ended.
    pub forgotten: bool,
}

/// What shows that a node is off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// These devices (all of one level) reported success to this node.
    Devices { devices: Vec<String>, by: String },
    /// An operator's word.
    Operator { user: String },
    /// Its own watchdog has reset it: it was lost so long ago, as this node counted.
    Watchdog { waited_ms: u64, by: String },
}

/// A plan, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// In which it was made, and after how many of its messages.
    pub membership: u64,
    pub applied: u64,
    pub transition: u64,
    /// Why it was made, in words.
    pub cause: String,
    /// One line an action that will run, in words.
    pub actions: Vec<String>,
    /// What began it: the events, and what the configuration says, a sentence each.
    pub because: Vec<String>,
    pub findings: Vec<String>,
    pub at: i64,
}

/// A message that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("the message is empty")]
    Empty,
    #[error("the message is of version {0}; this node speaks version 1")]
    Version(u8),
    #[error("the message is damaged: {0}")]
    Damaged(postcard::Error),
}

/// The message's bytes.
///
/// # Panics
/// Never for these types: they hold nothing that cannot be encoded.
pub fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    if let Ok(body) = postcard::to_stdvec(message) {
        bytes.extend(body);
    }
    bytes
}

/// Reads a message.
///
/// # Errors
/// When the bytes are of another version or damaged.
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&VERSION, body)) => postcard::from_bytes(body).map_err(DecodeError::Damaged),
        Some((version, _)) => Err(DecodeError::Version(*version)),
    }
}

/// Edits as the disk keeps them, and whose they are.
pub fn encode_edits(edits: &[crate::api::Edit], author: Option<&Author>) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    if let Ok(body) = postcard::to_stdvec(edits) {
        bytes.extend(body);
    }
    if let Some(Ok(body)) = author.map(postcard::to_stdvec) {
        bytes.extend(body);
    }
    bytes
}

/// Reads edits that the disk kept; those of former editions of this program have no author.
///
/// # Errors
/// When the bytes are of another version or damaged.
pub fn decode_edits(bytes: &[u8]) -> Result<(Vec<crate::api::Edit>, Option<Author>), DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&VERSION, body)) => {
            let (edits, rest) = postcard::take_from_bytes(body).map_err(DecodeError::Damaged)?;
            let author = match rest {
                [] => None,
                rest => Some(postcard::from_bytes(rest).map_err(DecodeError::Damaged)?),
            };
            Ok((edits, author))
        }
        Some((version, _)) => Err(DecodeError::Version(*version)),
    }
}
