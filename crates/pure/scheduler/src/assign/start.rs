//! The scores before any constraint: which nodes a resource knows, and what defaults, bundles and
//! history say about them.

use model::Score;

use super::row::add_scores;
use super::state::State;
use super::terms::ScoreSource;
use crate::resolve::types::{NodeIx, NodeKind, ResIx, Variant, Wish, WishSource};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Fills all rows.
pub(super) fn fill(state: &mut State<'_>) {
    let mut wishes = vec![Vec::new(); state.input.resources.len()];
    for wish in &state.input.wishes {
        spread(state, wish.resource, wish, &mut wishes);
    }
    for (resource, wishes) in state.input.resource_indices().zip(wishes) {
        for node in state.input.node_indices() {
            fill_cell(state, resource, node, &wishes);
        }
    }
}

/// A wish is about everything below its resource too, except where the resource alone is held.
fn spread<'w>(state: &State<'_>, resource: ResIx, wish: &'w Wish, wishes: &mut [Vec<&'w Wish>]) {
    if let Some(list) = wishes.get_mut(resource.at()) {
        list.push(wish);
    }
    if matches!(wish.source, WishSource::MultipleActive | WishSource::FailureStops) {
        return;
    }
    for child in &state.resource(resource).children {
        spread(state, *child, wish, wishes);
    }
}

/// The score is the first stage's; the wishes are its terms where they explain it.
fn fill_cell(state: &mut State<'_>, resource: ResIx, node: NodeIx, wishes: &[&Wish]) {
    let Some(Some(allowed)) = state.resource(resource).allowed.get(node.at()).copied() else {
        return;
    };
    let score = allowed.score.value();
    let wishes = wishes.iter().filter(|wish| wish.node.is_none_or(|at| at == node));
    let sum =
        |from: i32| wishes.clone().fold(from, |sum, wish| add_scores(sum, wish.score.value()));
    let own = state.input.node(node).score.value();
    // Which of the two it began with depends on when the node was found to be away.
    let base = [0, own].into_iter().find(|base| sum(*base) == score);
    let implied = state.resource(resource).implied.is_some();
    let (resource_state, terms) = state.resource_and_terms(resource);
    let Some(cell) = resource_state.row.slot(node) else { return };
    cell.listed = true;
    cell.probe = allowed.probes;
    match base {
        Some(base) => {
            cell.add(base, ScoreSource::Node, terms);
            for wish in wishes {
                cell.add(wish.score.value(), ScoreSource::Found(wish.source), terms);
            }
        }
        // What a bundle implies is kept off nodes by the bundle.
        None if implied => cell.set(score, ScoreSource::Found(WishSource::Bundle), terms),
        None => cell.set(score, ScoreSource::Node, terms),
    }
}

/// Whether the node is a bundle's replica.
pub(super) fn is_bundle_node(state: &State<'_>, node: NodeIx) -> bool {
    match state.input.node(node).kind {
        NodeKind::Guest { container, .. } => {
            let top = state.input.top_of(container, true);
            matches!(state.resource(top).variant, Variant::Bundle(_))
        }
        NodeKind::Cluster | NodeKind::Remote { .. } => false,
    }
}

/// What needs a full member's operating system does not run on remote or guest nodes.
pub(super) fn forbid_remote_nodes(state: &mut State<'_>, resource: ResIx) {
    let input = state.input;
    let (resource_state, terms) = state.resource_and_terms(resource);
    for (node, cell) in resource_state.row.listed_mut() {
        // Field word: nodes with a *remote resource*; one without a connection has none.
        if input.node(node).kind.connection().is_some() {
            cell.set(NEVER, ScoreSource::NotOnRemoteNode, terms);
        }
    }
}
