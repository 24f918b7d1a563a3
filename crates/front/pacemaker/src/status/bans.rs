//! Constraints that keep resources off nodes.

use scheduler::{Location, Node, Resolved};

use super::{Shown, display_name, shown_id};

/// One constraint, as far as it concerns one node.
#[derive(Clone, Debug)]
pub(crate) struct Ban<'r> {
    pub(crate) location: &'r Location<'r>,
    pub(crate) resource: &'r str,
    pub(crate) node: &'r Node<'r>,
    /// The node's name as it is shown.
    pub(crate) display: String,
    pub(crate) score: i32,
}

pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> Vec<Ban<'r>> {
    let named = |location: &&Location<'_>| {
        let top = resolved.top_of(location.resource, false);
        [location.resource, top].iter().any(|at| shown.only.names(shown_id(resolved.resource(*at))))
    };
    // Compatibility: the constraint that was read last comes first.
    let locations = resolved.locations.iter().rev().filter(|at| at.id.starts_with(shown.bans));
    locations
        .filter(named)
        .flat_map(|location| {
            let negative = location.scores.iter().rev().filter(|(_, score)| score.value() < 0);
            negative.map(move |(node, score)| {
                let node = resolved.node(*node);
                Ban {
                    location,
                    resource: &resolved.resource(location.resource).id,
                    node,
                    display: display_name(resolved, node, shown.look),
                    score: score.value(),
                }
            })
        })
        .collect()
}
