//! Groups: members are assigned in turn, each bound to the one before it.

use model::Score;

use super::assign_one;
use super::colocation::{apply_directly, apply_for_dependent, apply_for_primary};
use super::row::add_scores;
use super::state::{Place, State};
use super::types::{AssignStep, ColocationIx};
use crate::resolve::types::{NodeIx, ResIx};

/// Assigns the members; gives the first place that one of them has.
pub(super) fn assign(
    state: &mut State<'_>,
    group: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) -> Option<Place> {
    if !state[group].unassigned || state[group].assigning {
        return None;
    }
    let Some(first) = state[group].children.first().copied() else {
        state[group].unassigned = false;
        return None;
    };
    state[group].assigning = true;
    state[group].role = state[first].role;
    state.tell(group, AssignStep::Group);
    let mut first_place = None;
    for member in state[group].children.clone() {
        let place = assign_one(state, member, prefer, stop_if_failed);
        first_place = first_place.or(place);
    }
    state[group].next_role = state[first].next_role;
    state[group].assigning = false;
    state[group].unassigned = false;
    first_place.filter(|_| is_colocated(state, group))
}

/// Members run together (unless the old option says otherwise).
pub(super) fn is_colocated(state: &State<'_>, group: ResIx) -> bool {
    state.resource(group).group().is_some_and(|group| group.colocated)
}

/// The group is the dependent: its first member takes the others along.
pub(super) fn follow(
    state: &mut State<'_>,
    group: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
) -> i32 {
    let members = state[group].children.clone();
    let Some(first) = members.first().copied() else { return 0 };
    let delta = if is_colocated(state, group) {
        apply_for_dependent(state, first, primary, colocation)
    } else if state.colocation(colocation).score.demands() {
        // Members that may be apart cannot all be where the primary is.
        return 0;
    } else {
        let deltas: Vec<_> = members
            .into_iter()
            .map(|member| apply_directly(state, member, primary, colocation))
            .collect();
        deltas.into_iter().fold(0, add_scores)
    };
    if delta != 0 {
        state[group].priority = add_scores(delta, state[group].priority);
    }
    delta
}

/// The group is the primary: a dependent that must be with it is with its last member, so that it
/// is not where the group is broken off.
pub(super) fn be_followed(
    state: &mut State<'_>,
    dependent: ResIx,
    group: ResIx,
    colocation: ColocationIx,
) -> i32 {
    if state[group].unassigned {
        return 0;
    }
    let members = state[group].children.clone();
    let demands = state.colocation(colocation).score == Score::INFINITY;
    if is_colocated(state, group) {
        let member = if demands { members.last() } else { members.first() };
        return match member {
            Some(member) => apply_for_primary(state, dependent, *member, colocation),
            None => 0,
        };
    }
    if demands {
        return 0;
    }
    let deltas: Vec<_> = members
        .into_iter()
        .map(|member| apply_for_primary(state, dependent, member, colocation))
        .collect();
    deltas.into_iter().fold(0, add_scores)
}
