//! Members and what is known of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cib::Element;
use model::Score;

use super::constraint::ProbeMode;
use super::index::ResIx;

/// A member machine, or something that behaves as one.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// The `id` in the document: Corosync's number as text, an old uuid, or the name for remote
    /// and guest nodes.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub kind: NodeKind,
    /// `node_state` of this node, if there is one.
    pub state: Option<Element<'a>>,
    /// Runs things now.
    pub online: bool,
    /// Lost, may still run things; must be fenced before its resources are recovered.
    pub unclean: bool,
    /// Is joining: online to the membership, not yet ready.
    pub pending: bool,
    /// Runs nothing.
    pub standby: bool,
    /// In standby because a failed operation's `on-fail` said so.
    pub standby_on_fail: bool,
    /// Nothing here is touched.
    pub maintenance: bool,
    /// Wants to leave.
    pub shutdown: bool,
    /// Is the coordinator.
    pub is_coordinator: bool,
    /// Has no `node_state`: never joined.
    pub unseen: bool,
    /// Expected to be a member.
    pub expected_up: bool,
    /// Whether resources may be probed here (`resource-discovery-enabled`).
    pub probes_allowed: bool,
    /// A guest node whose guest must be recovered, or a remote node that must be fenced.
    pub remote_reset: bool,
    /// A remote node fenced since it was last connected.
    pub remote_fenced: bool,
    /// A remote node last recorded as being in maintenance mode.
    pub remote_maintenance: bool,
    /// Its history has been read.
    pub history_read: bool,
    /// Where in all history its records are; see [`Resolved::history_of`](super::Resolved).
    pub(crate) records: Range<usize>,
    /// The node's own score (`score` in the `nodes` section; minus infinity once it is known to be
    /// away), the start of every score row.
    pub score: Score,
    /// Whether resources are probed here unless a constraint says otherwise.
    pub probes: ProbeMode,
    /// Permanent and transient attributes; the transient win. Includes `#uname` and its like.
    pub attributes: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// Capacity (`utilization`).
    pub capacity: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// Sum of the priorities of active resources, promoted ones counting one more; compared for
    /// `priority-fencing-delay`.
    pub priority: i32,
    /// Primitives that are active here at the start, in the order of discovery.
    pub active: Vec<ResIx>,
    /// Sum of health attributes as the strategy weighs them.
    pub health: Score,
}

/// How a node takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A full member.
    Cluster,
    /// Runs resources through a connection resource. `connection` is `None` while none is
    /// configured for it (an old `node_state`, say).
    Remote { connection: Option<ResIx> },
    /// A remote node inside `container`, a resource that the cluster itself starts (a virtual
    /// machine, or a bundle's container).
    Guest { connection: ResIx, container: ResIx },
}

impl NodeKind {
    /// The connection resource, if this is a remote or guest node.
    pub fn connection(self) -> Option<ResIx> {
        match self {
            Self::Cluster => None,
            Self::Remote { connection } => connection,
            Self::Guest { connection, .. } => Some(connection),
        }
    }
}

impl Node<'_> {
    /// Not a full member: runs resources through a connection.
    pub fn is_remote_or_guest(&self) -> bool {
        !matches!(self.kind, NodeKind::Cluster)
    }

    /// A remote node inside a resource of the cluster.
    pub fn is_guest(&self) -> bool {
        matches!(self.kind, NodeKind::Guest { .. })
    }

    /// A remote node that is not a guest.
    pub fn is_remote(&self) -> bool {
        matches!(self.kind, NodeKind::Remote { .. })
    }

    /// The attribute called `name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(AsRef::as_ref)
    }
}
