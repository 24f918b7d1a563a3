//! Nodes, and what is to be said of each.

use model::Score;
use scheduler::{HealthStrategy, Node, NodeKind, Resolved};

use super::resources::read_resource;
use super::{Brief, Look, ResourceShown, Shown, brief, current_node};

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct NodeShown<'r> {
    pub(crate) node: &'r Node<'r>,
    pub(crate) health: Health,
    /// The agents' interface that its software has, where that is known of a member that is there.
    pub(crate) feature_set: Option<&'r str>,
    /// A guest's container.
    pub(crate) container: Option<&'r str>,
    /// Its name as it is shown.
    pub(crate) display: String,
    /// What runs there, if that is listed by node.
    pub(crate) running: Vec<ResourceShown<'r>>,
    /// The same, by agent, if it is to be brief.
    pub(crate) brief: Option<Vec<Brief<'r>>>,
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
pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> Vec<NodeShown<'r>> {
    let nodes = resolved.node_indices().map(|node| resolved.node(node));
    let wanted = nodes.filter(|node| shown.only.node(&node.name));
    wanted.map(|node| read_node(resolved, node, shown)).collect()
}

fn read_node<'r>(
    resolved: &'r Resolved<'_>,
    node: &'r Node<'_>,
    shown: Shown<'_>,
) -> NodeShown<'r> {
    let by_node = shown.look.has(Look::BY_NODE);
    let there = shown.looking(shown.look | Look::ON_NODE);
    let running = node.active.iter().filter(|_| by_node);
    NodeShown {
        node,
        health: health(resolved, node),
        feature_set: feature_set(node),
        container: match node.kind {
            NodeKind::Guest { container, .. } => Some(&*resolved.resource(container).id),
            NodeKind::Cluster | NodeKind::Remote { .. } => None,
        },
        display: display_name(resolved, node, shown.look),
        running: running.filter_map(|at| read_resource(resolved, *at, there)).collect(),
        brief: if by_node && shown.look.has(Look::BRIEF) {
            brief::read(resolved, &node.active, shown)
        } else {
            None
        },
    }
}

/// A node's name; in detail with its number, and a guest's with its host.
pub(crate) fn display_name(resolved: &Resolved<'_>, node: &Node<'_>, look: Look) -> String {
    let mut name = node.name.to_string();
    if !look.has(Look::PARTS) {
        return name;
    }
    if let NodeKind::Guest { container, .. } = node.kind {
        name.push('@');
        let host = current_node(resolved, container);
        name.push_str(host.map_or("", |host| &*resolved.node(host).name));
    }
    if !node.name.eq_ignore_ascii_case(&node.id) {
        name.push_str(&format!(" ({})", node.id));
    }
    name
}

/// Software that does not say so is older than the first that did.
pub(crate) fn feature_set<'r>(node: &'r Node<'_>) -> Option<&'r str> {
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
