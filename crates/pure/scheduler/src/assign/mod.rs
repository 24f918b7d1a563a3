//! The second stage: where everything goes.
//!
//! Every resource has a row of scores, one cell a node. Constraints, stickiness, failures, health
//! and colocations add to the cells; then resources are assigned one by one, each to the node with
//! the highest score, and each assignment moves the scores of those that follow it. The order of
//! the steps decides, so it is Pacemaker's: what runs first, which ties go where
//! ([`order`]), when a colocation is looked at.
//!
//! **Not here:** actions. A resource that must be stopped and started elsewhere is only *placed*
//! elsewhere.
//!
//! **Always:** total: loops of colocations end where they began; each score is the sum of its
//! [terms](Assigned::terms).
//!
//! Field word: Pacemaker *assignment*, once *allocation*.

mod bundle;
mod chains;
mod clone_set;
mod colocated_scores;
mod colocation;
mod criteria;
mod group;
mod implied;
mod instances;
mod lines;
mod location;
mod order;
mod primitive;
mod promotable;
mod row;
mod start;
mod state;
pub(crate) mod table_order;
mod terms;
mod tickets;
mod types;
mod utilization;
mod words;

use crate::report::{Finding, FindingKind, Severity};
use crate::resolve::types::{NodeIx, PlacementStrategy, ResIx, Resolved, Variant};
use model::Score;
use state::{Place, ResourceState, State};

pub use lines::ScoreLine;
pub use row::{Cell, Row};
pub use terms::{ScoreChange, ScoreSource, ScoreTerm, TermIx, sum_of};
pub use types::*;

/// Gives every resource its place.
pub fn assign(input: &Resolved<'_>) -> Assigned {
    let mut state = State::new(input);
    start::fill(&mut state);
    colocation::lower(&mut state);
    tickets::apply(&mut state);
    criteria::apply(&mut state);
    remember_known(&mut state);
    implied::create(&mut state);
    assign_all(&mut state);
    finish(state)
}

/// Assignment lets resources know nodes that they may not run on; what is ordered around capacities
/// and unfencing is about those that they knew before.
fn remember_known(state: &mut State<'_>) {
    let options = &state.input.options;
    if options.placement == PlacementStrategy::Default && !options.unfencing_enabled {
        return;
    }
    for resource in state.input.resource_indices() {
        let known = state[resource].row.listed().map(|(node, _)| node).collect();
        state[resource].known_at_first = known;
    }
}

/// Connections to remote nodes go first, since what may run on those depends on them.
fn assign_all(state: &mut State<'_>) {
    if state.input.options.placement != PlacementStrategy::Default {
        order::sort_top(state);
    }
    tell_capacities(state, true);
    let (connections, rest): (Vec<_>, Vec<_>) = state
        .top
        .clone()
        .into_iter()
        .partition(|resource| state.resource(*resource).flags.remote_connection);
    for connection in connections {
        let target = state.resource(connection).partial_move.map(|moving| moving.target);
        assign_one(state, connection, target, true);
    }
    for resource in rest {
        chains::assign_far_end(state, resource);
        assign_one(state, resource, None, true);
    }
    tell_capacities(state, false);
}

/// Assigns a resource and all that belongs to it, by its variant. `prefer` is chosen if it is
/// among the best. Where `stop_if_failed` is false, finding no place can still be undone.
fn assign_one(
    state: &mut State<'_>,
    resource: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) -> Option<Place> {
    match state.resource(resource).variant {
        Variant::Primitive => primitive::assign(state, resource, prefer, stop_if_failed),
        Variant::Group(_) => group::assign(state, resource, prefer, stop_if_failed),
        Variant::CloneSet(_) => {
            clone_set::assign(state, resource, prefer, stop_if_failed);
            None
        }
        Variant::Bundle(_) => {
            bundle::assign(state, resource, prefer, stop_if_failed);
            None
        }
    }
}

fn tell_capacities(state: &mut State<'_>, before: bool) {
    for node in state.input.node_indices() {
        if !start::is_bundle_node(state, node) {
            let capacity = state.node(node).capacity.clone();
            state.scores.push(ScoreEvent::Capacity { before, node, capacity });
        }
    }
}

fn finish(mut state: State<'_>) -> Assigned {
    let all_with_this: Vec<_> = state
        .input
        .resource_indices()
        .map(|resource| colocation::with_this(&state, resource))
        .collect();
    // Roles were chosen by lending instances a priority of their own; nothing later sees it.
    let (resources, rest) = state.into_resources();
    let resources = resources
        .into_iter()
        .zip(all_with_this)
        .map(|(resource, all_with_this)| finished(resource, all_with_this))
        .collect();
    state = rest;
    let findings = too_densely_tied(&state).into_iter().collect();
    Assigned {
        findings,
        resources,
        nodes: state.nodes,
        top: state.top,
        colocations: state.colocations,
        scores: state.scores,
        ticket_fencing: state.ticket_fencing,
        terms: state.terms,
    }
}

/// Colocations that tie resources in more ways than could be followed.
fn too_densely_tied(state: &State<'_>) -> Option<Finding> {
    (state.steps_left == 0).then(|| Finding {
        severity: Severity::Warning,
        line: 0,
        kind: FindingKind::Contradiction,
        message: "colocations tie resources together in too many ways: what resources wish that \
                  are tied only through others was partly left out of their scores"
            .to_owned(),
    })
}

fn finished(state: ResourceState, all_with_this: Vec<ColocationIx>) -> AssignedResource {
    AssignedResource {
        node: state.place.map(|place| place.node),
        next_role: state.next_role,
        role: state.role,
        managed: state.managed,
        blocked: state.blocked,
        rejected: state.rejected,
        exclusive_probes: state.exclusive_probes,
        shutdown_lock: state.shutdown_lock,
        lock_ended_on: state.lock_ended_on,
        children: state.children,
        priority: state.priority,
        promotion_priority: Score::new(i64::from(state.promotion_priority)),
        scores: state.row,
        known_at_first: state.known_at_first,
        this_with: state.this_with,
        with_this: state.with_this,
        all_with_this,
        reason: state.reason,
        role_reason: state.role_reason,
        claim: state.claim,
        promotion: state.promotion,
    }
}
