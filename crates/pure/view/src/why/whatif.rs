//! What would have to be different for a resource to be somewhere else, or to run at all.
//!
//! What could matter is read from the terms of the scores and from the nodes' states; each such
//! change is then made to a copy of the document, and the copy is planned. Only what was seen to
//! work is told, and of a number the nearest that works.
//!
//! **Not here:** guesses. What no single change brings about is told as the fewest that do
//! together, or not at all.

mod apply;
mod candidates;
mod change;
mod search;

use cib::Document;
use model::Role;
use scheduler::{Assigned, NodeIx, NodeKind, ResIx, Resolved};
use serde::Serialize;

use crate::because::Explained;
use candidates::Gathering;
use search::{Goal, Search};

/// Changes that would bring it about together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counterfactual {
    /// Where the resource would run then; nothing if anywhere would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// It would be promoted there.
    pub promoted: bool,
    /// All of them are needed.
    pub changes: Vec<WhatIf>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WhatIf {
    /// A word for programs; it stays.
    pub kind: &'static str,
    /// What would have to be so: a clause that goes after "if".
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The constraint, ticket, option or attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The nearest number that is enough; 1000000 is INFINITY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i32>,
    /// The number as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<i32>,
    /// What an operator would type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The decision that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided<'d, 'a> {
    pub(super) document: &'d Document,
    pub(super) now: i64,
    pub(super) resolved: &'d Resolved<'a>,
    pub(super) assigned: &'d Assigned,
}

/// Alternatives that are told where no node was asked about, and where one was.
const TOLD: usize = 3;
const TOLD_OF_NODE: usize = 6;

/// Nodes that are looked at for a resource that runs nowhere.
const NODES_TRIED: usize = 6;

/// The nearest changes that would have `part` on another node, on the node `only`, running at all,
/// or promoted; and what that would be. Empty where the question makes no sense, or nothing helps.
pub(super) fn counterfactuals(
    decided: Decided<'_, '_>,
    part: ResIx,
    only: Option<NodeIx>,
    comes: &[Explained],
    runs: bool,
) -> Vec<Counterfactual> {
    if only.is_none() && runs && follows_its_group(decided.resolved, part) {
        return Vec::new();
    }
    let settled = decided.assigned.resource(part);
    let place = settled.node.filter(|_| runs);
    let promotable = is_promotable(decided.resolved, part);
    let promoted = settled.next_role == Role::Promoted;
    let told = if only.is_some() { TOLD_OF_NODE } else { TOLD };
    let (nodes, to_be_promoted) = match (place, only) {
        (Some(place), Some(only)) if place == only => (vec![place], true),
        (_, Some(only)) => (vec![only], false),
        (Some(place), None) if is_copy(decided.resolved, part) => (vec![place], true),
        (Some(place), None) => (runner_up(decided, part, place).into_iter().collect(), false),
        (None, None) => (nodes_to_try(decided, part), false),
    };
    if to_be_promoted && (!promotable || promoted) || nodes.is_empty() {
        return Vec::new();
    }
    let anywhere = place.is_none() && only.is_none();
    let goal = Goal {
        config_id: decided.resolved.resource(part).config_id.as_ref(),
        unique_id: goes_by_id(decided.resolved, part),
        node: nodes.first().copied().filter(|_| !anywhere),
        promoted: to_be_promoted,
    };
    let gathered = nodes.iter().map(|node| {
        let mut gathering = Gathering::new(decided, place);
        gathering.of_blockers(comes);
        gathering.of_part(part, *node, to_be_promoted);
        gathering.found
    });
    Search::new(decided, &goal).run(gathered.collect(), told)
}

fn is_promotable(resolved: &Resolved<'_>, part: ResIx) -> bool {
    resolved.resource(resolved.top_of(part, false)).flags.promotable
}

/// One of several of its kind: where it is matters less than that it is.
fn is_copy(resolved: &Resolved<'_>, part: ResIx) -> bool {
    let top = resolved.resource(resolved.top_of(part, true));
    top.clone_set().is_some() || top.bundle().is_some()
}

/// The first member's place is the group's.
fn follows_its_group(resolved: &Resolved<'_>, part: ResIx) -> bool {
    let parent = resolved.resource(part).parent.map(|parent| resolved.resource(parent));
    parent.is_some_and(|parent| {
        parent.group().is_some_and(|group| group.colocated)
            && parent.children.first() != Some(&part)
    })
}

/// Its own id, if others that share its configuration will not do.
fn goes_by_id<'r>(resolved: &'r Resolved<'_>, part: ResIx) -> Option<&'r str> {
    let found = resolved.resource(part);
    let bundled = resolved.resource(resolved.top_of(part, true)).bundle().is_some();
    (found.flags.unique || bundled).then_some(found.id.as_ref())
}

/// The node that it leaves; or that it would be on if the one where it is were not there; or else
/// the one that lacks least.
fn runner_up(decided: Decided<'_, '_>, part: ResIx, place: NodeIx) -> Option<NodeIx> {
    // Who was lost forgets what it ran when it comes back: nothing would stay there.
    let is_there = |node: NodeIx| {
        let state = decided.resolved.node(node);
        state.online && !state.unclean
    };
    if let [here] = decided.resolved.resource(part).active.as_slice()
        && *here != place
        && is_there(*here)
    {
        return Some(*here);
    }
    let best = decided.assigned.best_nodes(decided.resolved, part);
    let able = |node: &NodeIx| {
        let state = decided.resolved.node(*node);
        let cell = decided.assigned.resource(part).scores.get(*node);
        let open = state.online && !state.unclean && !state.standby && !state.shutdown;
        open && !state.maintenance && cell.is_some_and(|cell| cell.score() >= model::Score::ZERO)
    };
    let next = best.into_iter().find(|node| *node != place && able(node));
    next.or_else(|| nodes_to_try(decided, part).into_iter().find(|node| *node != place))
}

/// The nodes that lack least: those that it knows and that are up go first.
fn nodes_to_try(decided: Decided<'_, '_>, part: ResIx) -> Vec<NodeIx> {
    let is_open = |node: &NodeIx| {
        // Nobody puts on a guest what was never meant for guests.
        let made = !matches!(decided.resolved.node(*node).kind, NodeKind::Cluster);
        !made || decided.assigned.resource(part).scores.get(*node).is_some()
    };
    let mut nodes: Vec<NodeIx> = decided.resolved.node_indices().filter(is_open).collect();
    let hindrances = |node: &NodeIx| {
        let state = decided.resolved.node(*node);
        let cell = decided.assigned.resource(part).scores.get(*node);
        let out = !state.online || state.standby || state.maintenance || state.shutdown;
        let terms = decided.assigned.terms(part, *node);
        let forbidding =
            terms.iter().filter(|term| term.value == model::Score::MINUS_INFINITY).count();
        (cell.is_none(), usize::from(out) + forbidding)
    };
    nodes.sort_by_key(hindrances);
    nodes.truncate(NODES_TRIED);
    nodes
}
