//! Instances of clone sets and containers of bundles: who goes where, and which match.

use model::{Role, Score};

use super::assign_one;
use super::colocation;
use super::order;
use super::primitive;
use super::row::Row;
use super::state::{Place, State};
use super::terms::ScoreSource;
use super::types::Reason;
use crate::resolve::types::{NodeIx, ResIx, Variant};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Assigns up to `most` of the instances, at most `most_per_node` on a node: first those that can
/// stay where they are, then the others.
pub(super) fn assign(
    state: &mut State<'_>,
    collective: ResIx,
    instances: &[ResIx],
    most: u32,
    most_per_node: u32,
) {
    let usable_nodes = reset_counts(state, collective);
    let fair_share = most.checked_div(usable_nodes).unwrap_or(0).max(1);
    let mut assigned = 0;
    for instance in instances {
        if assigned >= most {
            break;
        }
        let stays_on = preferred_node(state, *instance, fair_share);
        if let Some(node) = stays_on
            && assign_early(state, *instance, node, most_per_node, most - assigned)
        {
            assigned += 1;
        }
    }
    for instance in instances {
        if !state[*instance].unassigned {
            continue;
        }
        if assigned >= most {
            state.wish(*instance, None, NEVER, ScoreSource::CollectiveLimit);
            state[*instance].reason = Reason::CollectiveLimit;
        } else if assign_instance(state, *instance, None, most_per_node).is_some() {
            assigned += 1;
        }
    }
}

/// Counts start anew. Gives how many nodes can take instances.
fn reset_counts(state: &mut State<'_>, collective: ResIx) -> u32 {
    for (_, cell) in state[collective].row.listed_mut() {
        cell.count = 0;
    }
    let usable = state[collective].row.listed().filter(|(node, _)| state.usable(*node)).count();
    u32::try_from(usable).unwrap_or(u32::MAX)
}

/// The node where the instance is, if it is well there and the node has not its share yet.
fn preferred_node(state: &State<'_>, instance: ResIx, fair_share: u32) -> Option<NodeIx> {
    let resolved = state.resource(instance);
    if resolved.active.is_empty() || !state[instance].unassigned || resolved.flags.failed {
        return None;
    }
    let node = order::current_node(state, instance)?;
    if !state.usable(node) || state.input.node(node).score < Score::ZERO {
        return None;
    }
    let count = parent_row(state, instance).get(node).map(|cell| cell.count);
    (count.is_none_or(|count| count < fair_share)).then_some(node)
}

fn parent_row<'s>(state: &'s State<'_>, instance: ResIx) -> &'s Row {
    let table = state.resource(instance).parent.unwrap_or(instance);
    &state[table].row
}

/// Tries to keep the instance on `current`. Where its scores want it elsewhere more, an instance
/// is reserved for that node and it is tried again, while there are any.
fn assign_early(
    state: &mut State<'_>,
    instance: ResIx,
    current: NodeIx,
    most_per_node: u32,
    available: u32,
) -> bool {
    let allowed = state[instance].row.get(current).is_some_and(|cell| cell.score >= 0);
    let Some(parent) = state.resource(instance).parent else { return false };
    if !allowed || !state.usable(current) {
        return false;
    }
    let rows = rows_below(state, instance);
    let parent_row = state[parent].row.clone();
    let mut chosen = None;
    let mut reserved = 0;
    while reserved < available {
        chosen = assign_instance(state, instance, Some(current), most_per_node);
        if chosen.is_some_and(|place| place.node == current) {
            break;
        }
        for (resource, row) in &rows {
            state[*resource].row.clone_from(row);
        }
        if chosen.is_none() {
            state[instance].unassigned = true;
            break;
        }
        reserved += 1;
        primitive::take_back(state, instance);
        chosen = None;
    }
    state[parent].row = parent_row;
    count_on_parent(state, instance, chosen);
    chosen.is_some()
}

fn rows_below(state: &State<'_>, resource: ResIx) -> Vec<(ResIx, Row)> {
    let mut rows = vec![(resource, state[resource].row.clone())];
    for child in &state[resource].children {
        rows.extend(rows_below(state, *child));
    }
    rows
}

fn assign_instance(
    state: &mut State<'_>,
    instance: ResIx,
    prefer: Option<NodeIx>,
    most_per_node: u32,
) -> Option<Place> {
    if state[instance].assigning {
        return None;
    }
    forbid_full_nodes(state, instance, most_per_node);
    // An early attempt that fails can be undone.
    let chosen = assign_one(state, instance, prefer, prefer.is_none());
    count_on_parent(state, instance, chosen);
    chosen
}

fn forbid_full_nodes(state: &mut State<'_>, instance: ResIx, most_per_node: u32) {
    let full: Vec<_> = state[instance]
        .row
        .listed()
        .map(|(node, _)| node)
        .filter(|node| !can_take(state, instance, *node, most_per_node))
        .collect();
    let children = state[instance].children.clone();
    for resource in std::iter::once(instance).chain(children) {
        let (resource_state, terms) = state.resource_and_terms(resource);
        for node in &full {
            if let Some(cell) = resource_state.row.get_mut(*node) {
                cell.set(NEVER, ScoreSource::InstanceLimit, terms);
            }
        }
    }
}

fn can_take(state: &State<'_>, instance: ResIx, node: NodeIx, most_per_node: u32) -> bool {
    let cell = parent_row(state, instance).get(node);
    !state.resource(instance).flags.removed
        && state.usable(node)
        && cell.is_some_and(|cell| cell.score >= 0 && cell.count < most_per_node)
}

fn count_on_parent(state: &mut State<'_>, instance: ResIx, place: Option<Place>) {
    let table = state.resource(instance).parent.unwrap_or(instance);
    if let Some(place) = place
        && let Some(cell) = state[table].row.get_mut(place.node)
    {
        cell.count += 1;
    }
}

/// The instance of `collective` that will be where `dependent` is (or may be).
pub(super) fn compatible(
    state: &State<'_>,
    dependent: ResIx,
    collective: ResIx,
    role: Role,
    attribute: Option<&str>,
) -> Option<ResIx> {
    let candidates = match state.place(dependent) {
        Some(place) => vec![place.node],
        None => order::best_nodes(state, &state[dependent].row, None),
    };
    let instances = instances_of(state, collective);
    candidates.into_iter().find_map(|node| {
        instances
            .iter()
            .copied()
            .find(|instance| matches_node(state, *instance, node, role, attribute))
    })
}

/// A clone set's instances, a bundle's containers.
fn instances_of(state: &State<'_>, collective: ResIx) -> Vec<ResIx> {
    match &state.resource(collective).variant {
        Variant::Bundle(bundle) => {
            bundle.replicas.iter().map(|replica| replica.container).collect()
        }
        Variant::Primitive | Variant::Group(_) | Variant::CloneSet(_) => {
            state[collective].children.clone()
        }
    }
}

/// Whether the instance will be on the node (or on one with the same attribute) in the role, free
/// to be acted upon.
pub(super) fn matches_node(
    state: &State<'_>,
    instance: ResIx,
    node: NodeIx,
    role: Role,
    attribute: Option<&str>,
) -> bool {
    if role != Role::Unknown && role != state.role_of(instance, false) {
        return false;
    }
    let blocked = |state: &State<'_>, resource: ResIx| state[resource].blocked;
    let place = state.place(instance).filter(|_| !state.any_below(instance, &blocked));
    let Some(place) = place else { return false };
    match attribute {
        None => place.node == node,
        Some(attribute) => colocation::same_value(
            colocation::value(state, attribute, place.node, instance),
            colocation::value(state, attribute, node, instance),
        ),
    }
}
