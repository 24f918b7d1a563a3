//! Clone sets: as many instances as wanted, on as many nodes as possible.

use model::Role;

use super::assign_one;
use super::colocated_scores;
use super::colocation::{self, apply_for_dependent, apply_for_primary, keep_to};
use super::instances;
use super::order;
use super::primitive;
use super::promotable;
use super::row::add_scores;
use super::state::{Place, State};
use super::types::{AssignStep, ColocationIx, Reason};
use crate::resolve::types::{NodeIx, ResIx, Variant};

/// Assigns all instances, and chooses which are promoted.
pub(super) fn assign(
    state: &mut State<'_>,
    clone_set: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) {
    if !state[clone_set].unassigned || state[clone_set].assigning {
        return;
    }
    let Some(options) = state.resource(clone_set).clone_set() else { return };
    state[clone_set].assigning = true;
    let is_promotable = state.resource(clone_set).flags.promotable;
    if is_promotable {
        promotable::add_scores_of_agents(state, clone_set);
    }
    for colocation in colocation::this_with(state, clone_set) {
        let primary = state.colocation(colocation).primary;
        assign_one(state, primary, prefer, stop_if_failed);
    }
    for colocation in colocation::with_this(state, clone_set) {
        colocated_scores::add_dependent(state, colocation, clone_set);
    }
    state.tell(clone_set, AssignStep::CloneSet);
    let instances = state[clone_set].children.clone();
    let instances =
        order::merge_sort(instances, &mut |one, other| order::compare_instances(state, one, other));
    state[clone_set].children.clone_from(&instances);
    instances::assign(state, clone_set, &instances, options.max, options.node_max);
    if is_promotable {
        promotable::choose_roles(state, clone_set);
    }
    state[clone_set].unassigned = false;
    state[clone_set].assigning = false;
}

/// The clone set is the primary.
pub(super) fn be_followed(
    state: &mut State<'_>,
    dependent: ResIx,
    clone_set: ResIx,
    colocation: ColocationIx,
) -> i32 {
    if state[clone_set].unassigned {
        return 0;
    }
    let terms = state.colocation(colocation);
    let demands = terms.score.demands();
    let dependent_role = terms.dependent_role;
    if state.resource(clone_set).flags.promotable && terms.primary_role != Role::Unknown {
        if state[dependent].unassigned {
            promotable::attract(state, dependent, clone_set, colocation);
            return 0;
        }
        if dependent_role == Role::Promoted {
            return promotable::attract_promotion(state, dependent, clone_set, colocation);
        }
    }
    if can_interleave(state, colocation) {
        let found = instances::compatible(state, dependent, clone_set, Role::Unknown, None);
        if let Some(instance) = found {
            return apply_for_dependent(state, dependent, instance, colocation);
        }
        if demands {
            state[dependent].reason = Reason::NoInterleaveMatch;
            primitive::place(state, dependent, None, true, true);
        }
        return 0;
    }
    if demands {
        let places = unblocked_places(state, clone_set);
        keep_to(state, dependent, colocation, &places, false);
        return 0;
    }
    let mut delta = 0;
    for instance in state[clone_set].children.clone() {
        delta = add_scores(delta, apply_for_primary(state, dependent, instance, colocation));
    }
    delta
}

/// Where the clone set will have instances that the cluster may act on.
fn unblocked_places(state: &State<'_>, clone_set: ResIx) -> Vec<Place> {
    let blocked = |state: &State<'_>, resource: ResIx| state[resource].blocked;
    state[clone_set]
        .children
        .iter()
        .filter(|instance| !state.any_below(**instance, &blocked))
        .filter_map(|instance| state.place(*instance))
        .collect()
}

/// Instances of two collectives are paired node by node if the dependent asks for it and both
/// have as many on a node.
fn can_interleave(state: &State<'_>, colocation: ColocationIx) -> bool {
    let terms = state.colocation(colocation);
    let asks = match &state.resource(terms.dependent).variant {
        Variant::Primitive | Variant::Group(_) => false,
        Variant::CloneSet(_) | Variant::Bundle(_) => {
            state.resource(terms.dependent).meta("interleave").is_some_and(is_true)
        }
    };
    asks && max_per_node(state, terms.dependent) == max_per_node(state, terms.primary)
}

/// `true` as Pacemaker reads options.
fn is_true(text: &str) -> bool {
    ["true", "on", "yes", "y", "1"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn max_per_node(state: &State<'_>, resource: ResIx) -> u32 {
    match &state.resource(resource).variant {
        Variant::Primitive | Variant::Group(_) => 1,
        Variant::CloneSet(options) => options.node_max,
        Variant::Bundle(options) => options.replicas_per_host,
    }
}
