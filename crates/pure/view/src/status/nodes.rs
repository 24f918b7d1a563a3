//! One line for each node.

use scheduler::{Node, NodeKind, Resolved};
use serde::Serialize;

/// A node as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct NodeLine {
    pub name: String,
    pub state: NodeState,
    /// `cluster`, `remote` or `guest`.
    pub kind: &'static str,
    pub coordinator: bool,
    pub standby: bool,
    pub maintenance: bool,
    /// Wants to leave.
    pub leaving: bool,
    /// How many primitives are active there.
    pub active: usize,
}

/// Whether a node can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    Online,
    /// Is joining.
    Pending,
    Offline,
    /// Lost, may still run things.
    Unclean,
}

impl NodeState {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Pending => "joining",
            Self::Offline => "offline",
            Self::Unclean => "unclean: lost, must be fenced",
        }
    }
}

pub(crate) fn lines(resolved: &Resolved<'_>) -> Vec<NodeLine> {
    resolved.node_indices().map(|node| line(resolved.node(node))).collect()
}

fn line(node: &Node<'_>) -> NodeLine {
    NodeLine {
        name: node.name.as_ref().to_owned(),
        state: state(node),
        kind: match node.kind {
            NodeKind::Cluster => "cluster",
            NodeKind::Remote { .. } => "remote",
            NodeKind::Guest { .. } => "guest",
        },
        coordinator: node.is_coordinator,
        standby: node.standby,
        maintenance: node.maintenance,
        leaving: node.shutdown && node.online,
        active: node.active.len(),
    }
}

fn state(node: &Node<'_>) -> NodeState {
    if node.unclean {
        NodeState::Unclean
    } else if node.pending {
        NodeState::Pending
    } else if node.online {
        NodeState::Online
    } else {
        NodeState::Offline
    }
}
