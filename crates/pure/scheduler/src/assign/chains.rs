//! Long chains of colocations, assigned from their far end without a stack frame for each link.

use std::collections::BTreeSet;

use super::assign_one;
use super::colocation;
use super::state::State;
use crate::resolve::types::{ResIx, Variant};

/// Shorter chains are left to recursion, whose order of steps this keeps to.
const LONG: usize = 200;

/// If `resource` follows another that follows another and so on, assigns the last of them first,
/// then those that follow it, up to `resource`.
pub(super) fn assign_far_end(state: &mut State<'_>, resource: ResIx) {
    let mut chain = vec![resource];
    let mut known = BTreeSet::from([resource]);
    while let Some(next) = chain.last().and_then(|last| first_primary(state, *last)) {
        if !known.insert(next) {
            break;
        }
        chain.push(next);
    }
    if chain.len() < LONG {
        return;
    }
    // Each waits for the next, as in recursion.
    for link in &chain {
        state[*link].assigning = true;
    }
    while let Some(link) = chain.pop() {
        state[link].assigning = false;
        assign_one(state, link, None, true);
    }
}

/// What would be assigned first on behalf of `resource`. Only primitives by themselves make chains
/// that are this simple.
fn first_primary(state: &State<'_>, resource: ResIx) -> Option<ResIx> {
    if !is_simple(state, resource) {
        return None;
    }
    let ties = colocation::this_with(state, resource);
    let mandatory = ties.iter().find(|tie| {
        let score = state.colocation(**tie).score;
        score.demands() || score.forbids()
    });
    let first = mandatory.or(ties.first())?;
    let primary = state.colocation(*first).primary;
    is_simple(state, primary).then_some(primary)
}

fn is_simple(state: &State<'_>, resource: ResIx) -> bool {
    let resolved = state.resource(resource);
    resolved.parent.is_none()
        && matches!(resolved.variant, Variant::Primitive)
        && state[resource].unassigned
        && !state[resource].assigning
}
