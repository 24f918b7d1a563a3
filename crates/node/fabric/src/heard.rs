//! When each node was last heard of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use model::NodeId;

/// Clones share it: the carrying task notes, the node asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastHeard(Arc<Mutex<BTreeMap<NodeId, Instant>>>);

impl LastHeard {
    /// A sign of life of `node` came then.
    pub(crate) fn note(&self, node: NodeId, at: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(node, at);
    }

    /// These are there: what was heard of an earlier stay says nothing of the next silence.
    pub(crate) fn forget(&self, nodes: &[NodeId]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|node, _| !nodes.contains(node));
    }

    pub(crate) fn of(&self, node: NodeId) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&node).copied()
    }
}
