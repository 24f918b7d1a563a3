//! What the first stage hands to the others.
//!
//! Nothing later reads the configuration's raw text for a decision: references are checked,
//! rules evaluated at `now`, defaults filled in. Elements are kept for what is printed or hashed
//! as a whole (parameters of an operation, a history record).

pub(crate) mod constraint;
pub(crate) mod history;
pub(crate) mod index;
pub(crate) mod node;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod resource;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cib::Document;

use super::digest::DigestBases;

use crate::by_name::ByName;
use crate::report::Finding;
use crate::rules::NextChange;

pub use constraint::*;
pub use history::*;
pub use index::*;
pub use node::*;
pub use operation::*;
pub use options::*;
pub use resource::*;

/// The document, understood. Field word: Pacemaker *scheduler data, unpacked*.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    pub document: &'a Document,
    /// Seconds since 1970: what rules and failure timeouts were measured against.
    pub now: i64,
    /// Secret parameters may have been masked.
    pub sanitized: bool,
    pub options: Options,
    /// All nodes, by name.
    pub nodes: Vec<Node<'a>>,
    /// All resources, each parent before its children.
    pub resources: Vec<Resource<'a>>,
    /// Those that are nobody's children, in document order, removed ones last.
    pub top: Vec<ResIx>,
    /// The coordinator, where the document names one.
    pub coordinator: Option<NodeIx>,
    /// All records, in document order.
    pub history: Vec<History<'a>>,
    /// Failures that count or are shown, in order of discovery.
    pub failed: Vec<FailedEntry<'a>>,
    /// Those after which a resource cannot work, in order of discovery.
    pub hard_failures: Vec<HardFailure<'a>>,
    pub parameter_checks: Vec<ParameterCheck<'a>>,
    /// What history asks for, in the order of discovery.
    pub early: Vec<EarlyAction>,
    /// Scores that defaults and history give, in the order of discovery.
    pub wishes: Vec<Wish>,
    pub locations: Vec<Location<'a>>,
    pub colocations: Vec<Colocation>,
    pub orders: Vec<Order<'a>>,
    pub tickets: Vec<Ticket<'a>>,
    pub ticket_constraints: Vec<TicketConstraint<'a>>,
    /// Ids of each tag's references.
    pub tags: BTreeMap<&'a str, Vec<&'a str>>,
    pub findings: Vec<Finding>,
    /// When some answer given so far will be another one.
    pub(crate) next: Cell<NextChange>,
    /// Records that were compared with the configuration already.
    pub(crate) digest_bases: DigestBases<'a>,
    pub(crate) by_id: ByName<Arc<str>, ResIx>,
    pub(crate) by_history_id: ByName<Arc<str>, ResIx>,
    pub(crate) nodes_by_name: BTreeMap<Arc<str>, NodeIx>,
    pub(crate) nodes_by_id: BTreeMap<Arc<str>, NodeIx>,
    /// Places in `nodes` for which history might have named a node, and did not (yet).
    pub(crate) vacant: Arc<[NodeIx]>,
}

impl<'a> Resolved<'a> {
    /// The node behind a handle.
    ///
    /// # Panics
    /// If the handle is another document's.
    pub fn node(&self, node: NodeIx) -> &Node<'a> {
        match self.nodes.get(node.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    /// The resource behind a handle.
    ///
    /// # Panics
    /// If the handle is another document's.
    pub fn resource(&self, resource: ResIx) -> &Resource<'a> {
        match self.resources.get(resource.at()) {
            Some(found) => found,
            None => unreachable!("resource handles are made by the arena that they index"),
        }
    }

    /// Plan again at this time (seconds since 1970) at the latest: then some answer given so far
    /// will be another one. Asking for parameters or an action's options may bring it forward.
    pub fn recheck_at(&self) -> Option<i64> {
        self.next.get().0.filter(|at| *at > self.now)
    }

    /// Remembers when an answer that is given now will be another one.
    pub(crate) fn note(&self, change: NextChange) {
        if let Some(at) = change.0 {
            let mut next = self.next.get();
            next.consider(at);
            self.next.set(next);
        }
    }

    /// Handles of all nodes, by name.
    pub fn node_indices(&self) -> impl DoubleEndedIterator<Item = NodeIx> + use<> {
        let vacant = Arc::clone(&self.vacant);
        (0..self.nodes.len()).map(NodeIx::new).filter(move |node| !vacant.contains(node))
    }

    /// The records of one node, in the order of the document.
    pub fn history_of(&self, node: NodeIx) -> &[History<'a>] {
        self.history.get(self.node(node).records.clone()).unwrap_or_default()
    }

    /// Handles of all resources, each parent before its children.
    pub fn resource_indices(&self) -> impl DoubleEndedIterator<Item = ResIx> + use<> {
        (0..self.resources.len()).map(ResIx::new)
    }

    /// The resource whose full id is `id`.
    pub fn find_resource(&self, id: &str) -> Option<ResIx> {
        self.by_id.get(id).copied()
    }

    /// The node called `name`.
    pub fn find_node(&self, name: &str) -> Option<NodeIx> {
        self.nodes_by_name.get(name).copied().filter(|node| !self.vacant.contains(node))
    }

    /// The node whose id is `id`.
    pub fn find_node_by_id(&self, id: &str) -> Option<NodeIx> {
        self.nodes_by_id.get(id).copied().filter(|node| !self.vacant.contains(node))
    }

    /// The outermost ancestor (itself, if nobody's child); stops below a bundle where
    /// `through_bundles` is false.
    pub fn top_of(&self, resource: ResIx, through_bundles: bool) -> ResIx {
        let mut at = resource;
        while let Some(parent) = self.resource(at).parent {
            if !through_bundles && matches!(self.resource(parent).variant, Variant::Bundle(_)) {
                break;
            }
            at = parent;
        }
        at
    }
}
