//! Constraints, with tags, templates and sets expanded and every name a handle.

use std::sync::Arc;

use model::{Role, Score};

use super::index::{NodeIx, ResIx, TicketIx};

/// Where a resource should or must not run.
#[derive(Clone, Debug)]
pub struct Location<'a> {
    pub id: &'a str,
    pub resource: ResIx,
    /// Only copies in this role.
    pub role: Option<Role>,
    pub probes: ProbeMode,
    /// In node order.
    pub scores: Vec<(NodeIx, Score)>,
}

/// Whether a location constraint lets a resource be probed. Option `resource-discovery`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProbeMode {
    #[default]
    Always,
    Never,
    /// Here and nowhere else.
    Exclusive,
}

/// A score given outside the constraints section, in the order of discovery. Already part of
/// [`Resource::allowed`](super::Resource::allowed); kept to explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub resource: ResIx,
    /// Every node if `None`.
    pub node: Option<NodeIx>,
    pub score: Score,
    pub source: WishSource,
}

/// Why a [`Wish`] exists. Field words in quotes: Pacemaker's tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WishSource {
    /// Unmanaged, so it stays: "not_managed_default".
    Unmanaged,
    /// A failed stop: "__stop_fail__".
    StopFailure,
    /// An operation failed in a way that cannot work on this node: "hard-error".
    HardError,
    /// An operation failed in a way that cannot work anywhere: "fatal-error".
    FatalError,
    /// A probe failed, but the resource is not to run there: "masked-probe-failure".
    MaskedProbe,
    /// `on-fail=ban`: "__action_migration_auto__".
    Ban,
    /// `on-fail=stop`.
    FailureStops,
    /// Active too often, and `multiple-active=stop_only`.
    MultipleActive,
    /// A part of a bundle, kept on or off a node by the bundle.
    Bundle,
    /// A removed resource runs nowhere: "__removed_do_not_run__".
    Removed,
}

/// Who follows whom.
#[derive(Clone, Debug)]
pub struct Colocation {
    /// A set's colocations share its id.
    pub id: Arc<str>,
    /// Node attribute that must be equal; `#uname` is the node itself.
    pub attribute: Arc<str>,
    /// The one that follows.
    pub dependent: ResIx,
    /// The one that is followed.
    pub primary: ResIx,
    pub dependent_role: Option<Role>,
    pub primary_role: Option<Role>,
    pub score: Score,
    /// Whether the dependent's wishes move a primary that is active. `None` where the
    /// dependent's `critical` decides.
    pub influence: Option<bool>,
}

/// What happens in which order.
#[derive(Clone, Debug)]
pub enum Order<'a> {
    Pair(OrderPair<'a>),
    Sets(OrderSets<'a>),
}

/// One resource's action before another's.
#[derive(Clone, Debug)]
pub struct OrderPair<'a> {
    pub id: &'a str,
    pub first: ResIx,
    /// `start`, `stop`, `promote`, `demote`.
    pub first_task: &'a str,
    pub then: ResIx,
    pub then_task: &'a str,
    pub kind: OrderKind,
    pub symmetry: Symmetry,
    /// `clone-min` of a `first` clone set; 0 is none.
    pub min_runnable: u32,
}

/// Sets of resources, each ordered inside and after the one before.
#[derive(Clone, Debug)]
pub struct OrderSets<'a> {
    pub id: &'a str,
    pub kind: OrderKind,
    pub symmetry: Symmetry,
    pub sets: Vec<OrderSet<'a>>,
}

/// One set of an order constraint.
#[derive(Clone, Debug)]
pub struct OrderSet<'a> {
    pub id: &'a str,
    pub resources: Vec<ResIx>,
    /// The task that is ordered; `start` by default.
    pub action: &'a str,
    /// As written. Inside a set, unset means that members follow one another; between sets, only
    /// what is written counts: unset means that every member is ordered.
    pub sequential: Option<bool>,
    pub require_all: bool,
    /// Set's own `kind` or the constraint's.
    pub kind: OrderKind,
    pub symmetry: Symmetry,
}

/// How strict an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Only if both happen.
    Optional,
    /// `then` needs `first`.
    Mandatory,
    /// Never both at once.
    Serialize,
}

/// Whether the reverse order holds for the reverse actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    Asymmetric,
    Symmetric,
    /// The inverse half of a symmetric constraint.
    Inverse,
}

/// What depends on a ticket.
#[derive(Clone, Debug)]
pub struct TicketConstraint<'a> {
    pub id: &'a str,
    pub ticket: TicketIx,
    pub resource: ResIx,
    pub role: Option<Role>,
    pub loss_policy: TicketLossPolicy,
}

/// What happens when a ticket is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketLossPolicy {
    Stop,
    Demote,
    Fence,
    Freeze,
}

/// Permission from another site.
#[derive(Clone, Debug)]
pub struct Ticket<'a> {
    pub id: &'a str,
    pub granted: bool,
    pub standby: bool,
    /// Seconds since 1970.
    pub last_granted: Option<i64>,
    /// All attributes of the ticket's state.
    pub state: Vec<(&'a str, &'a str)>,
}
