//! Nodes, and what is to be said of each.

use model::Score;
use scheduler::{HealthStrategy, Node, NodeKind, Resolved};

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct NodeShown<'r> {
    pub(crate) node: &'r Node<'r>,
    pub(crate) health: Health,
    /// The agents' interface that its software has, where that is known of a member that is there.
    pub(crate) feature_set: Option<&'r str>,
    /// A guest's container.
    pub(crate) container: Option<&'r str>,
}

/// A node's state in one word (or few): the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeWord {
    Unclean,
    Pending,
    StandbyOnFail,
    Standby,
    Maintenance,
    /// Nothing is to be said but whether it is online.
    Plain,
}

impl NodeShown<'_> {
    pub(crate) fn word(&self) -> NodeWord {
        let node = self.node;
        if node.unclean {
            NodeWord::Unclean
        } else if node.pending {
            NodeWord::Pending
        } else if node.standby_on_fail && node.online {
            NodeWord::StandbyOnFail
        } else if node.standby {
            NodeWord::Standby
        } else if node.maintenance {
            NodeWord::Maintenance
        } else {
            NodeWord::Plain
        }
    }
}

/// A node's health as one colour, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    Green,
    Yellow,
    Red,
}

/// All nodes, by name.
pub(super) fn read<'r>(resolved: &'r Resolved<'_>) -> Vec<NodeShown<'r>> {
    let shown = |node: &'r Node<'_>| NodeShown {
        node,
        health: health(resolved, node),
        feature_set: feature_set(node),
        container: match node.kind {
            NodeKind::Guest { container, .. } => Some(&*resolved.resource(container).id),
            NodeKind::Cluster | NodeKind::Remote { .. } => None,
        },
    };
    resolved.node_indices().map(|node| shown(resolved.node(node))).collect()
}

/// Software that does not say so is older than the first that did.
fn feature_set<'r>(node: &'r Node<'_>) -> Option<&'r str> {
    let joined = node.online && node.expected_up && !node.is_remote_or_guest();
    joined.then(|| node.attribute("#feature-set").unwrap_or("<3.15.1"))
}

/// The worst of the node's health attributes.
fn health(resolved: &Resolved<'_>, node: &Node<'_>) -> Health {
    let never = Score::MINUS_INFINITY;
    let (green, yellow, red) = match resolved.options.health {
        HealthStrategy::None => return Health::Green,
        HealthStrategy::MigrateOnRed => (Score::ZERO, Score::ZERO, never),
        HealthStrategy::OnlyGreen => (Score::ZERO, never, never),
        HealthStrategy::Progressive { green, yellow, red, .. }
        | HealthStrategy::Custom { green, yellow, red } => (green, yellow, red),
    };
    let mut worst = Health::Green;
    for (_, value) in node.attributes.iter().filter(|(name, _)| name.starts_with("#health")) {
        // The words come first: two colours may have the same score.
        let colour = match value.to_ascii_lowercase().as_str() {
            "red" => Health::Red,
            "yellow" => Health::Yellow,
            text => match if text == "green" { Some(green) } else { Score::parse(text) } {
                Some(score) if score <= red => Health::Red,
                Some(score) if score <= yellow && yellow != green => Health::Yellow,
                Some(_) | None => Health::Green,
            },
        };
        worst = worst.max(colour);
    }
    worst
}
