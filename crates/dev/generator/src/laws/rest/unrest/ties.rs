//! Constraints that tie a resource to itself: what one of them asks for another undoes.

use std::collections::BTreeSet;

use scheduler::{Order, ResIx, Resolved};

use super::{below, top};

/// Whether a constraint ties `whole`, or what is in it, to another part of it; or colocations do that
/// by way of others; or an order ties it to the connection of a node that it runs on.
pub(super) fn to_itself(resolved: &Resolved<'_>, whole: ResIx) -> bool {
    let inside = |found: &&ResIx| top(resolved, **found) == whole;
    let in_orders = resolved.orders.iter().any(|order| match order {
        Order::Pair(pair) => [pair.first, pair.then].iter().filter(inside).count() > 1,
        Order::Sets(sets) => {
            let members = sets.sets.iter().flat_map(|set| &set.resources);
            members.filter(inside).count() > 1
        }
    });
    in_orders || follows_itself(resolved, whole) || waits_for_its_node(resolved, whole)
}

/// Whether colocations lead from `whole` back to it.
fn follows_itself(resolved: &Resolved<'_>, whole: ResIx) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![whole]);
    while let Some(dependent) = open.pop() {
        let found = resolved.colocations.iter();
        for found in found.filter(|found| top(resolved, found.dependent) == dependent) {
            let primary = top(resolved, found.primary);
            if primary == whole {
                return true;
            }
            if seen.insert(primary) {
                open.push(primary);
            }
        }
    }
    false
}

/// Whether an order is about it and about what brings up a node that it is active on.
fn waits_for_its_node(resolved: &Resolved<'_>, whole: ResIx) -> bool {
    let inside = below(resolved, whole);
    let nodes = inside.iter().flat_map(|ix| &resolved.resource(*ix).active);
    let makers: BTreeSet<ResIx> = nodes
        .filter_map(|node| resolved.node(*node).kind.connection())
        .flat_map(|connection| [Some(connection), resolved.resource(connection).launcher])
        .flatten()
        .map(|maker| top(resolved, maker))
        .collect();
    let both = |members: &[ResIx]| {
        let tops: BTreeSet<ResIx> = members.iter().map(|ix| top(resolved, *ix)).collect();
        tops.contains(&whole) && !tops.is_disjoint(&makers)
    };
    !makers.is_empty()
        && resolved.orders.iter().any(|order| match order {
            Order::Pair(pair) => both(&[pair.first, pair.then]),
            Order::Sets(sets) => {
                let members = sets.sets.iter().flat_map(|set| set.resources.iter().copied());
                both(&members.collect::<Vec<_>>())
            }
        })
}
