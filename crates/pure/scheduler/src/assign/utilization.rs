//! Capacity of nodes and demand of resources.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::Score;

use super::colocation::{self, Bearing, bearing};
use super::group;
use super::state::{State, amounts};
use super::table_order;
use super::terms::ScoreSource;
use super::types::{AssignedNode, ScoreEvent};
use crate::resolve::types::{NodeIx, PlacementStrategy, ResIx, Variant};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Colocations are followed no further than this, to spare the stack.
const DEPTH_MAX: u32 = 1_000;

type Amounts = BTreeMap<Arc<str>, i32>;

/// More free capacity first: each attribute counts one for the node that has more of it.
pub(super) fn compare_capacity(one: &AssignedNode, other: &AssignedNode) -> Ordering {
    let (one, other) = (&one.capacity, &other.capacity);
    let amount = |amounts: &Amounts, name: &Arc<str>| amounts.get(name).copied().unwrap_or(0);
    let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    let balance: i32 = names
        .map(|name| match amount(one, name).cmp(&amount(other, name)) {
            Ordering::Greater => -1,
            Ordering::Equal => 0,
            Ordering::Less => 1,
        })
        .sum();
    balance.cmp(&0)
}

/// The resource takes its demand from the node.
pub(super) fn take_room(state: &mut State<'_>, resource: ResIx, node: NodeIx) {
    for (name, demand) in amounts(&state.resource(resource).demand) {
        let left = state.node_mut(node).capacity.entry(name).or_insert(0);
        *left = left.saturating_sub(demand);
    }
    state.scores.push(ScoreEvent::Demand { resource, node });
}

/// The resource's demand on the node ends.
pub(super) fn give_back(state: &mut State<'_>, resource: ResIx, node: NodeIx) {
    let demand = amounts(&state.resource(resource).demand);
    give(&mut state.node_mut(node).capacity, demand);
}

fn give(amounts: &mut Amounts, more: Amounts) {
    for (name, demand) in more {
        let left = amounts.entry(name).or_insert(0);
        *left = left.saturating_add(demand);
    }
}

/// Forbids nodes without room for the resource and all that must be with it; where no node has
/// so much, nodes without room for the resource alone. Then gives the one with the most room.
pub(super) fn forbid_full_nodes(state: &mut State<'_>, resource: ResIx) -> Option<NodeIx> {
    if state.input.options.placement == PlacementStrategy::Default {
        return None;
    }
    let mut together = Vec::new();
    collect_colocated(state, (resource, resource), 0, &mut together);
    if together.is_empty() {
        return None;
    }
    // The list is made newest first, and the resource itself counts in any case.
    together.reverse();
    if !together.contains(&resource) {
        together.push(resource);
    }
    let mut demand = Amounts::new();
    for one in &together {
        add_demand(state, *one, &together, &mut demand);
    }
    let open: Vec<_> = state[resource]
        .row
        .listed()
        .filter(|(node, cell)| cell.score >= 0 && state.usable(*node))
        .map(|(node, _)| node)
        .collect();
    let any_has_room = open.iter().any(|node| has_room(state, *node, &demand));
    let most_room = most_room(state, resource, &open);
    let needed = if any_has_room { demand } else { amounts(&state.resource(resource).demand) };
    for node in open {
        if !has_room(state, node, &needed) {
            state.wish(resource, Some(node), NEVER, ScoreSource::Capacity);
        }
    }
    most_room.filter(|_| !any_has_room)
}

/// Of several with equal room, the one that Pacemaker's table of nodes gives first.
fn most_room(state: &State<'_>, resource: ResIx, open: &[NodeIx]) -> Option<NodeIx> {
    let listed = state[resource].row.listed().map(|(node, _)| node);
    let nodes = listed.map(|node| (node, &*state.input.node(node).id));
    let mut most: Option<NodeIx> = None;
    for node in table_order::sort(nodes) {
        if open.contains(&node)
            && most.is_none_or(|most| compare_capacity(state.node(node), state.node(most)).is_lt())
        {
            most = Some(node);
        }
    }
    most
}

fn has_room(state: &State<'_>, node: NodeIx, demand: &Amounts) -> bool {
    let capacity = &state.node(node).capacity;
    demand.iter().all(|(name, needed)| *needed <= capacity.get(name).copied().unwrap_or(0))
}

/// Everything that must be on the same node, through any number of colocations.
fn collect_colocated(
    state: &State<'_>,
    (resource, asker): (ResIx, ResIx),
    depth: u32,
    together: &mut Vec<ResIx>,
) {
    if depth > DEPTH_MAX {
        return;
    }
    if let Variant::Group(_) = state.resource(resource).variant
        && collect_group(state, (resource, asker), depth, together)
    {
        return;
    }
    if together.contains(&resource) {
        return;
    }
    together.push(resource);
    for colocation in colocation::this_with(state, resource) {
        let terms = state.colocation(colocation);
        let primary = terms.primary;
        if primary != asker
            && terms.score.demands()
            && bearing(state, resource, primary, colocation, true) == Bearing::Place
        {
            collect_colocated(state, (primary, asker), depth + 1, together);
        }
    }
    let is_clone =
        |resource: ResIx| matches!(state.resource(resource).variant, Variant::CloneSet(_));
    for colocation in colocation::with_this(state, resource) {
        let terms = state.colocation(colocation);
        let dependent = terms.dependent;
        // Which of a clone's nodes a dependent will choose is not known.
        let unsure = is_clone(resource) && !is_clone(dependent);
        if dependent != asker
            && !unsure
            && terms.score.demands()
            && bearing(state, dependent, resource, colocation, true) == Bearing::Place
        {
            collect_colocated(state, (dependent, asker), depth + 1, together);
        }
    }
}

/// A group that keeps together brings all members. Whether that was all there is to do.
fn collect_group(
    state: &State<'_>,
    (group, asker): (ResIx, ResIx),
    depth: u32,
    together: &mut Vec<ResIx>,
) -> bool {
    let members = &state[group].children;
    if group::is_colocated(state, group) || in_clone(state, group) {
        together.push(group);
        for member in members {
            collect_colocated(state, (*member, asker), depth + 1, together);
        }
        return true;
    }
    members.is_empty()
}

fn in_clone(state: &State<'_>, resource: ResIx) -> bool {
    let parent = state.resource(resource).parent;
    parent.is_some_and(|parent| matches!(state.resource(parent).variant, Variant::CloneSet(_)))
}

/// Adds what `resource` still needs, once for what must be together.
fn add_demand(state: &State<'_>, resource: ResIx, together: &[ResIx], demand: &mut Amounts) {
    if !state[resource].unassigned {
        return;
    }
    match &state.resource(resource).variant {
        Variant::Primitive => give(demand, amounts(&state.resource(resource).demand)),
        Variant::Group(_) => {
            let all = group::is_colocated(state, resource) || in_clone(state, resource);
            let members = &state[resource].children;
            let counted = if all { members.len() } else { 1 };
            for member in members.iter().take(counted) {
                if state[*member].unassigned && !together.contains(member) {
                    add_demand(state, *member, together, demand);
                }
            }
        }
        Variant::CloneSet(_) => add_demand_of_clone(state, resource, together, demand),
        Variant::Bundle(bundle) => {
            if let Some(first) = bundle.replicas.first() {
                add_demand(state, first.container, together, demand);
            }
        }
    }
}

/// One instance counts, unless one is counted by itself.
fn add_demand_of_clone(
    state: &State<'_>,
    clone_set: ResIx,
    together: &[ResIx],
    demand: &mut Amounts,
) {
    let mut counted = false;
    for instance in &state[clone_set].children {
        if together.contains(instance) {
            counted = true;
        } else if state[*instance].children.iter().any(|member| together.contains(member)) {
            add_demand(state, *instance, together, demand);
            counted = true;
        }
    }
    if let (false, Some(first)) = (counted, state[clone_set].children.first()) {
        add_demand(state, *first, together, demand);
    }
}
