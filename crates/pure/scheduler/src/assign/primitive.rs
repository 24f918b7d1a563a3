//! A primitive's place: its colocations first, then the best node.

use model::{Role, Score};

use super::assign_one;
use super::colocated_scores;
use super::colocation::{self, apply_for_dependent};
use super::order;
use super::row::Cell;
use super::state::{Place, State};
use super::terms::ScoreSource;
use super::types::{AssignStep, ColocationIx, Reason};
use super::utilization;
use crate::resolve::types::{LossPolicy, NodeIx, NodeKind, PlacementStrategy, ResIx, Variant};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Gives the primitive a place, or finds that it has one.
pub(super) fn assign(
    state: &mut State<'_>,
    resource: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) -> Option<Place> {
    // An instance or member is never assigned before its parent.
    if let Some(parent) = state.resource(resource).parent
        && !state[parent].assigning
    {
        assign_one(state, parent, prefer, stop_if_failed);
    }
    if !state[resource].unassigned {
        return state[resource].place;
    }
    if state[resource].assigning {
        return None;
    }
    state[resource].assigning = true;
    apply_colocations(state, resource);
    apply_next_role(state, resource);
    state.tell(resource, AssignStep::Primitive);
    let options = &state.input.options;
    if options.fencing_enabled && !options.fence_device_present {
        // Nothing may be moved where a lost node could not be fenced.
        state[resource].managed = false;
    }
    if !state[resource].managed {
        state[resource].next_role = state[resource].role;
        state[resource].reason = Reason::Unmanaged;
        let place = order::current_node(state, resource)
            .map(|node| Place { node, score: state.input.node(node).score.value() });
        place_primitive(state, resource, place, true, stop_if_failed);
    } else if options.stop_all_resources {
        state[resource].reason = Reason::StopAll;
        place_primitive(state, resource, None, true, stop_if_failed);
    } else {
        assign_best(state, resource, prefer, stop_if_failed);
    }
    state[resource].assigning = false;
    if state.resource(resource).flags.remote_connection {
        settle_remote_node(state, resource);
    }
    state[resource].place
}

/// Mandatory colocations go first, to satisfy as many as possible; of each kind the primaries go
/// before the dependents.
fn apply_colocations(state: &mut State<'_>, resource: ResIx) {
    let this_with = colocation::this_with(state, resource);
    let with_this = colocation::with_this(state, resource);
    for mandatory in [true, false] {
        for colocation in &this_with {
            if is_mandatory(state, *colocation) == mandatory {
                follow_primary(state, resource, *colocation);
            }
        }
        for colocation in &with_this {
            if is_mandatory(state, *colocation) == mandatory {
                colocated_scores::add_dependent(state, *colocation, resource);
            }
        }
    }
}

fn is_mandatory(state: &State<'_>, colocation: ColocationIx) -> bool {
    let score = state.colocation(colocation).score;
    score.demands() || score.forbids()
}

/// Assigns the primary and lets its place count for `resource`. A wish that would leave no node at
/// all is taken back.
fn follow_primary(state: &mut State<'_>, resource: ResIx, colocation: ColocationIx) {
    let terms = state.colocation(colocation);
    let (primary, score) = (terms.primary, terms.score);
    let can_be_undone =
        terms.dependent_role >= Role::Promoted || (score < Score::ZERO && !score.forbids());
    let before = can_be_undone.then(|| state[resource].row.clone());
    if state[primary].unassigned {
        assign_one(state, primary, None, true);
    }
    apply_for_dependent(state, resource, primary, colocation);
    if let Some(before) = before
        && !state.any_usable(&state[resource].row)
    {
        state[resource].row = before;
    }
}

/// A resource that is to be stopped may run nowhere; without quorum, freezing keeps roles from
/// rising.
fn apply_next_role(state: &mut State<'_>, resource: ResIx) {
    let options = &state.input.options;
    let (role, next_role) = (state[resource].role, state[resource].next_role);
    if next_role == Role::Stopped {
        state.wish(resource, None, NEVER, ScoreSource::TargetRole);
    } else if next_role > role && !options.quorate && options.loss_policy == LossPolicy::Freeze {
        state[resource].next_role = role;
    }
}

/// Chooses the node with the best score, unless the preferred one is as good.
fn assign_best(
    state: &mut State<'_>,
    resource: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) {
    let most_room = utilization::forbid_full_nodes(state, resource);
    let current = order::current_node(state, resource);
    let mut nodes = order::best_nodes(state, &state[resource].row, current);
    let best_of_all = nodes.first().copied();
    nodes.retain(|node| !lives_in(state, *node, resource));
    let cell = |state: &State<'_>, node: NodeIx| -> Option<Cell> {
        state[resource].row.get(node).copied()
    };
    let best = nodes.first().copied().and_then(|node| Some((node, cell(state, node)?)));
    let preferred = prefer.or(most_room).and_then(|node| Some((node, cell(state, node)?)));
    let preferred = preferred.filter(|(node, cell)| {
        best.is_some_and(|(_, best)| cell.score >= best.score)
            && cell.score >= 0
            && state.usable(*node)
    });
    let chosen = match (preferred, best) {
        (Some((node, cell)), _) => {
            state[resource].reason = Reason::Preferred;
            Some((node, cell))
        }
        (None, Some(best)) => {
            let chosen = choose(state, resource, &nodes, best, current);
            if best_of_all != nodes.first().copied() {
                state[resource].reason = Reason::NotInItself;
            }
            Some(chosen)
        }
        (None, None) => {
            // No node is known to it: a cluster where resources must opt in, and this one did not.
            state[resource].reason = Reason::NoPlace;
            None
        }
    };
    let place = chosen.map(|(node, cell)| Place { node, score: cell.score });
    place_primitive(state, resource, place, false, stop_if_failed);
}

/// Whether `node` is a guest in `container`, or in what runs in it, as far as that has a place.
///
/// Compatibility: Pacemaker prefers such a node where a constraint does, and ends with a failed
/// assertion. Nothing can run inside itself.
fn lives_in(state: &State<'_>, node: NodeIx, container: ResIx) -> bool {
    let mut node = node;
    // Containers in one another: a chain of what has a place has no circle, but for a broken document.
    for _ in 0..=state.input.nodes.len() {
        let NodeKind::Guest { container: around, .. } = state.input.node(node).kind else {
            return false;
        };
        if around == container {
            return true;
        }
        let Some(place) = state[around].place else { return false };
        node = place.node;
    }
    true
}

/// Of the nodes with the best score, the one where the resource is; the instances of a unique
/// clone are spread instead.
fn choose(
    state: &mut State<'_>,
    resource: ResIx,
    nodes: &[NodeIx],
    best: (NodeIx, Cell),
    current: Option<NodeIx>,
) -> (NodeIx, Cell) {
    let row = &state[resource].row;
    let equals = nodes
        .iter()
        .filter_map(|node| Some((*node, *row.get(*node)?)))
        .take_while(|(_, cell)| cell.score == best.1.score)
        .collect::<Vec<_>>();
    let stay = current.filter(|_| best.1.score > 0 && !in_unique_clone(state, resource));
    let stay = stay.filter(|node| state.usable(best.0) && is_allowed_now(state, *node));
    let stay = stay.and_then(|node| equals.iter().find(|(equal, _)| *equal == node).copied());
    state[resource].reason = reason_for(state, resource, &equals, (stay.is_some(), current));
    stay.unwrap_or(best)
}

/// Usable, by the node's own score too.
fn is_allowed_now(state: &State<'_>, node: NodeIx) -> bool {
    state.usable(node) && state.input.node(node).score >= Score::ZERO
}

fn in_unique_clone(state: &State<'_>, resource: ResIx) -> bool {
    let parent = state.resource(resource).parent;
    parent.is_some_and(|parent| {
        let parent = state.resource(parent);
        matches!(parent.variant, Variant::CloneSet(_)) && parent.flags.unique
    })
}

fn reason_for(
    state: &State<'_>,
    resource: ResIx,
    equals: &[(NodeIx, Cell)],
    (stays, current): (bool, Option<NodeIx>),
) -> Reason {
    let row = &state[resource].row;
    let usable = |(node, cell): &(NodeIx, &Cell)| cell.score >= 0 && state.usable(*node);
    if row.listed().filter(usable).count() == 1 {
        return Reason::OnlyOneAllowed;
    }
    let load = |at: usize| {
        equals.get(at).map(|(node, _)| (state.node(*node).resources, state.usable(*node)))
    };
    // Where nothing else tells two nodes apart, the one where it is comes first.
    let is_there = current.is_some() && equals.first().map(|(node, _)| *node) == current;
    match (load(0), load(1)) {
        _ if stays => Reason::AlreadyThere,
        (Some((first, _)), Some((second, true))) if first < second => Reason::FewestResources,
        (Some(_), Some((_, true))) => match state.input.options.placement {
            PlacementStrategy::Balanced => Reason::MostRoom,
            PlacementStrategy::Default | PlacementStrategy::Utilization if is_there => {
                Reason::AlreadyThere
            }
            PlacementStrategy::Default
            | PlacementStrategy::Utilization
            | PlacementStrategy::Minimal => Reason::FirstName,
        },
        (Some(_) | None, Some(_) | None) => Reason::HighestScore,
    }
}

/// Takes or refuses a place for every primitive of `resource`. A refusal is final where
/// `stop_if_failed`: then the resource is to be stopped.
pub(super) fn place(
    state: &mut State<'_>,
    resource: ResIx,
    place: Option<Place>,
    force: bool,
    stop_if_failed: bool,
) {
    let children = state[resource].children.clone();
    if children.is_empty() {
        place_primitive(state, resource, place, force, stop_if_failed);
    }
    for child in children {
        self::place(state, child, place, force, stop_if_failed);
    }
}

fn place_primitive(
    state: &mut State<'_>,
    resource: ResIx,
    place: Option<Place>,
    force: bool,
    stop_if_failed: bool,
) {
    let mut place = place;
    if let Some(wanted) = place
        && !force
    {
        // The graph may assume that guests come up.
        let takes = state.usable(wanted.node) || state.input.node(wanted.node).is_guest();
        if wanted.score < 0 || !takes {
            place = None;
            let is_to_stop = state[resource].next_role == Role::Stopped;
            state[resource].reason = if is_to_stop { Reason::ToBeStopped } else { Reason::NoPlace };
            if stop_if_failed {
                state[resource].next_role = Role::Stopped;
            }
        }
    }
    take_back(state, resource);
    state[resource].unassigned = false;
    let Some(place) = place else {
        if stop_if_failed {
            state[resource].next_role = Role::Stopped;
            state[resource].rejected = true;
        }
        return;
    };
    state[resource].place = Some(place);
    state.node_mut(place.node).resources += 1;
    utilization::take_room(state, resource, place.node);
}

/// Undoes the assignment of `resource` and all below it.
pub(super) fn take_back(state: &mut State<'_>, resource: ResIx) {
    state[resource].unassigned = true;
    let children = state[resource].children.clone();
    if children.is_empty()
        && let Some(place) = state[resource].place.take()
    {
        let resources = &mut state.node_mut(place.node).resources;
        *resources = resources.saturating_sub(1);
        utilization::give_back(state, resource, place.node);
    }
    for child in children {
        take_back(state, child);
    }
}

/// A remote node is up if its connection will be.
fn settle_remote_node(state: &mut State<'_>, connection: ResIx) {
    let Some(node) = state.input.find_node(&state.resource(connection).id) else { return };
    let comes_up =
        state[connection].place.is_some() && state[connection].next_role != Role::Stopped;
    let unseen = state.input.node(node).unseen;
    let now = state.node_mut(node);
    if comes_up {
        now.online = true;
        if unseen {
            // It is about to be connected: no reason to fence it.
            now.unclean = false;
        }
    } else {
        now.shutdown = true;
    }
}
