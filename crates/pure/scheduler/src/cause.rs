//! Why each action of a plan is in it: a chain from the action back to the event, or to the words
//! of the configuration, that began it.
//!
//! What made an action required was noted when it became so ([`Act::wanted_by`]); the end of the
//! chain is what is, and what was assigned, read in the order in which the rules look at them.
//!
//! Each link says itself in words (`Display`): a sentence without its full stop.
//!
//! **Always:** each step of a plan has a chain, and the last link of a chain is a [`Cause::Root`].
//!
//! [`Act::wanted_by`]: crate::act::arena::Act

mod act;
mod facts;
mod failure;
mod node;
mod place;
mod role;
mod term;
mod unmanaged;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ActionId, ExecStatus, OcfCode, Plan, Role, Score};

use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;
use crate::act::task::Task;
use crate::assign::{Assigned, Reason};
use crate::resolve::types::LossPolicy;
use crate::{NodeIx, ResIx, Resolved, graph};

pub use facts::Facts;

/// The chain that leads to one action of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub action: ActionId,
    /// The resource that it is about, also where the action is only a milestone.
    pub resource: Option<Arc<str>>,
    /// The nearest first; the last is a root.
    pub causes: Vec<Cause>,
}

/// One link of a [`Chain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Another action must be done, or cannot be.
    Action(CauseAction),
    /// The resource belongs elsewhere, or nowhere.
    Moves { resource: Arc<str>, from: Option<Arc<str>>, to: Option<Arc<str>> },
    /// The resource's place hangs on another's.
    Follows { resource: Arc<str>, other: Arc<str>, colocation: Option<Arc<str>>, apart: bool },
    /// The promoted role leaves one instance for another.
    RoleMoves { resource: Arc<str>, from: Arc<str> },
    /// The node is what a resource makes it: a remote or guest node.
    NodeOf { node: Arc<str>, resource: Arc<str> },
    /// Where the chain ends.
    Root(Root),
}

/// An action that is a cause of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseAction {
    pub id: ActionId,
    pub task: Arc<str>,
    pub resource: Option<Arc<str>>,
    pub node: Option<Arc<str>>,
    /// Only an ordering point.
    pub milestone: bool,
    /// It should be done, but cannot.
    pub blocked: bool,
    /// The order or colocation that ties the two, where one is configured.
    pub constraint: Option<Arc<str>>,
}

/// An event, or something that the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The node is gone, and it is not known what it still does.
    NodeLost { node: Arc<str> },
    /// The node is to be fenced for another reason.
    NodeUntrusted { node: Arc<str>, reason: Arc<str> },
    /// The node is off, or left in peace.
    NodeOffline { node: Arc<str> },
    /// The node is on its way up.
    NodeJoining { node: Arc<str> },
    /// The node asked to leave.
    NodeLeaving { node: Arc<str> },
    /// On standby.
    Standby { node: Arc<str> },
    /// In maintenance.
    NodeMaintenance { node: Arc<str> },
    /// An operation failed.
    Failed(Failure),
    /// Failed as often as `migration-threshold`.
    TooManyFailures { resource: Arc<str>, node: Arc<str>, count: i32 },
    /// A failure is over, or is about what is no more.
    FailuresForgotten { resource: Arc<str>, node: Arc<str>, reason: Arc<str> },
    /// `target-role`, its own or of what is around it.
    TargetRole { resource: Arc<str>, role: Role },
    /// `stop-all-resources`.
    StopAll,
    /// The resource is in the configuration no more.
    Removed { resource: Arc<str> },
    /// No quorum, and what that means.
    NoQuorum { policy: LossPolicy },
    /// A ticket is not granted, or in standby.
    Ticket { ticket: Arc<str> },
    /// A location constraint.
    Location { constraint: Arc<str>, resource: Arc<str>, node: Arc<str>, score: Score },
    /// A colocation with something that stays as it is.
    Colocation { constraint: Option<Arc<str>>, resource: Arc<str>, other: Arc<str> },
    /// The node's health.
    Health { node: Arc<str> },
    /// The node has no room.
    NoRoom { resource: Arc<str>, node: Arc<str> },
    /// Nothing lets the resource run anywhere: it must opt in.
    NotAllowed { resource: Arc<str> },
    /// No term of the scores settled the place, but this rule did.
    BetterPlace { resource: Arc<str>, node: Arc<str>, rule: Reason },
    /// It may not run on any kind of node that there is.
    WrongKindOfNode { resource: Arc<str>, node: Arc<str> },
    /// As many copies as there should be are elsewhere, or as many as the node may have are there.
    EnoughCopies { resource: Arc<str>, full: Option<Arc<str>> },
    /// It should run, and runs nowhere; what was done last, if anything was.
    NotRunning { resource: Arc<str>, last: Option<Failure> },
    /// Active in more places than it may be.
    MultipleActive { resource: Arc<str> },
    /// Its definition changed since it was started.
    Changed { resource: Arc<str> },
    /// Another agent is configured than the one that runs.
    AgentChanged { resource: Arc<str> },
    /// It is not known what the resource does on the node.
    NotKnown { resource: Arc<str>, node: Arc<str> },
    /// A recurring operation is configured and does not run there.
    OperationMissing { resource: Arc<str>, task: Arc<str>, interval_ms: u64 },
    /// A recurring operation runs and is not wanted there.
    OperationUnwanted { resource: Arc<str>, task: Arc<str>, interval_ms: u64 },
    /// Promotion scores: its own, and that of the instance that it wins or loses against.
    PromotionScore { resource: Arc<str>, score: Score, rival: Option<(Arc<str>, Score)> },
    /// A live move was left half done.
    HalfMoved { resource: Arc<str> },
    /// The node must be unfenced.
    Unfencing { node: Arc<str>, reason: Option<Arc<str>> },
    /// A node's shutdown no longer holds the resource.
    LockOver { resource: Arc<str> },
    /// Remote nodes are told of their maintenance mode.
    MaintenanceRecord,
    /// `placement-strategy`: what leaves a node leaves it before others come.
    PlacementStrategy,
    /// The cluster does not act on the resource any more, for a reason that was not kept.
    Blocked { resource: Arc<str> },
    /// `is-managed=false` or `maintenance=true`, its own or of what is around it.
    Unmanaged { resource: Arc<str> },
    /// `maintenance-mode`.
    MaintenanceMode,
    /// Nodes should be fenced, but no fence device is configured: nothing may be started.
    NoFenceDevice,
    /// An operation of it is under way.
    UnderWay { resource: Arc<str>, task: Arc<str> },
    /// It must be stopped and started for a reason that was not kept. Never seen.
    Unexplained { resource: Arc<str> },
}

/// What was recorded of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub resource: Arc<str>,
    pub node: Arc<str>,
    pub task: Arc<str>,
    pub interval_ms: u64,
    pub code: OcfCode,
    pub status: ExecStatus,
    /// Seconds since 1970.
    pub at: Option<i64>,
}

/// What a decision leads to, with why.
#[derive(Clone, Debug)]
pub struct Explained {
    pub plan: Plan,
    /// One for each step of the plan, in its order.
    pub chains: Vec<Chain>,
    /// What should be done but cannot, with why not.
    pub blocked: Vec<Blocked>,
}

/// A start, promotion or stop that should be done but cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub resource: Arc<str>,
    pub node: Option<Arc<str>>,
    pub task: Arc<str>,
    /// As in a [`Chain`].
    pub causes: Vec<Cause>,
}

/// Derives the plan of what was assigned, and explains it.
pub fn explain(resolved: &Resolved<'_>, assigned: &Assigned) -> Explained {
    let mut acting = crate::act::act(resolved, assigned);
    let mut steps = graph::select(&mut acting);
    graph::untangle(&mut acting, &mut steps);
    let plan = graph::raise(&acting, &steps);
    let chains = steps.iter().map(|act| chain(&acting, *act)).collect();
    let blocked = act::blocked(&acting);
    Explained { plan, chains, blocked }
}

fn chain(acting: &Acting<'_, '_>, act: ActIx) -> Chain {
    let resource = acting.arena[act].resource;
    let resource = resource.map(|resource| Arc::clone(&acting.resource(resource).id));
    let causes = Finder::new(acting).explain(act);
    Chain { action: ActionId(act.number()), resource, causes }
}

/// Each chain may look through all history, and a running cluster has no time for thousands.
const CHANGES_MAX: usize = 32;

/// The chains of the first of the steps that change what runs.
pub(crate) fn of_changes(acting: &Acting<'_, '_>, steps: &[ActIx]) -> Vec<Chain> {
    let changes = |act: &&ActIx| {
        let found = &acting.arena[**act];
        let is_change = matches!(
            found.task,
            Task::Start | Task::Stop | Task::Promote | Task::Demote | Task::MigrateTo | Task::Fence
        );
        is_change && !found.is(ActFlags::PSEUDO)
    };
    steps.iter().filter(changes).take(CHANGES_MAX).map(|act| chain(acting, *act)).collect()
}

/// Each root of the chains once, in words.
pub fn roots(chains: &[Chain]) -> Vec<String> {
    let mut roots: Vec<String> = Vec::new();
    let mut idle: Vec<&str> = Vec::new();
    for root in chains.iter().filter_map(|chain| chain.causes.last()) {
        match root {
            Cause::Root(Root::NotRunning { resource, .. }) if idle.contains(&&**resource) => {}
            Cause::Root(Root::NotRunning { resource, .. }) => idle.push(resource),
            Cause::Root(_)
            | Cause::Action(_)
            | Cause::Moves { .. }
            | Cause::Follows { .. }
            | Cause::RoleMoves { .. }
            | Cause::NodeOf { .. } => {
                let text = root.to_string();
                if !roots.contains(&text) {
                    roots.push(text);
                }
            }
        }
    }
    match idle.as_slice() {
        [] => {}
        [one] => roots.push(format!("{one} should run, and runs nowhere")),
        [one, other] => roots.push(format!("{one} and {other} should run, and run nowhere")),
        [one, rest @ ..] => {
            let rest = rest.len();
            roots.push(format!("{one} and {rest} others should run, and run nowhere"));
        }
    }
    roots
}

impl Cause {
    /// Whether a chain may end here.
    pub fn is_root(&self) -> bool {
        matches!(self, Self::Root(_))
    }
}

/// Walks from an action to its root.
struct Finder<'f, 'r, 'a> {
    acting: &'f Acting<'r, 'a>,
    acts: BTreeSet<ActIx>,
    /// Resources whose place was asked about already: places can hang on each other in a circle.
    resources: BTreeSet<ResIx>,
    causes: Vec<Cause>,
}

impl<'f, 'r, 'a> Finder<'f, 'r, 'a> {
    fn new(acting: &'f Acting<'r, 'a>) -> Self {
        Self { acting, acts: BTreeSet::new(), resources: BTreeSet::new(), causes: Vec::new() }
    }

    fn push(&mut self, cause: Cause) {
        self.causes.push(cause);
    }

    /// Ends the chain.
    fn root(&mut self, root: Root) {
        self.causes.push(Cause::Root(root));
    }

    fn id(&self, resource: ResIx) -> Arc<str> {
        Arc::clone(&self.acting.resource(resource).id)
    }

    fn name(&self, node: NodeIx) -> Arc<str> {
        Arc::clone(&self.acting.node(node).name)
    }
}
