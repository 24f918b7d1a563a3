//! Scores as `crm_simulate -s` prints them, utilization as `-U` does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use model::Score;

use super::types::{AssignStep, Assigned, ScoreEvent};
use crate::resolve::types::Resolved;

/// One line. Its text, without any bullet, is its `Display`.
#[derive(Clone, Debug)]
pub enum ScoreLine {
    /// A resource's score on a node, at the moment when it was assigned.
    Node { step: AssignStep, resource: Arc<str>, node: Arc<str>, score: Score },
    /// An instance's promotion score, and where it is placed.
    Promotion { resource: Arc<str>, node: Option<Arc<str>>, score: Score },
    /// A node's capacity (only for `-U`).
    Capacity { before: bool, node: Arc<str>, capacity: BTreeMap<Arc<str>, i32> },
    /// What a resource takes of its node (only for `-U`).
    Demand { resource: Arc<str>, node: Arc<str>, demand: BTreeMap<Arc<str>, i32> },
}

impl ScoreLine {
    /// Told by `-U`, not by `-s`.
    pub fn is_utilization(&self) -> bool {
        match self {
            Self::Node { .. } | Self::Promotion { .. } => false,
            Self::Capacity { .. } | Self::Demand { .. } => true,
        }
    }
}

impl fmt::Display for ScoreLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node { step, resource, node, score } => {
                write!(f, "{}: {resource} allocation score on {node}: {score}", step.word())
            }
            Self::Promotion { resource, node: None, score } => {
                write!(f, "{resource} promotion score (inactive): {score}")
            }
            Self::Promotion { resource, node: Some(node), score } => {
                write!(f, "{resource} promotion score on {node}: {score}")
            }
            Self::Capacity { before, node, capacity } => {
                let when = if *before { "Original" } else { "Remaining" };
                write!(f, "{when}: {node} capacity:")?;
                write_amounts(f, capacity)
            }
            Self::Demand { resource, node, demand } => {
                write!(f, "pcmk__assign_resource: {resource} utilization on {node}:")?;
                write_amounts(f, demand)
            }
        }
    }
}

fn write_amounts(f: &mut fmt::Formatter<'_>, amounts: &BTreeMap<Arc<str>, i32>) -> fmt::Result {
    amounts.iter().try_for_each(|(name, amount)| write!(f, " {name}={amount}"))
}

impl Assigned {
    /// What `crm_simulate -s` and `-U` print, in the order in which it happened.
    pub fn score_lines(&self, resolved: &Resolved<'_>) -> Vec<ScoreLine> {
        let id = |resource| resolved.resource(resource).id.clone();
        let name = |node| resolved.node(node).name.clone();
        let line = |event: &ScoreEvent| match event {
            ScoreEvent::Node { step, resource, node, score, .. } => ScoreLine::Node {
                step: *step,
                resource: id(*resource),
                node: name(*node),
                score: *score,
            },
            ScoreEvent::Promotion { resource, node, score, .. } => ScoreLine::Promotion {
                resource: id(*resource),
                node: node.map(name),
                score: *score,
            },
            ScoreEvent::Capacity { before, node, capacity } => ScoreLine::Capacity {
                before: *before,
                node: name(*node),
                capacity: capacity.clone(),
            },
            ScoreEvent::Demand { resource, node } => ScoreLine::Demand {
                resource: id(*resource),
                node: name(*node),
                demand: super::state::amounts(&resolved.resource(*resource).demand),
            },
        };
        self.scores.iter().map(line).collect()
    }
}
