//! Tickets: what may not run because another site has the permission.

use model::{Role, Score};

use super::state::State;
use super::terms::ScoreSource;
use crate::resolve::types::{ResIx, TicketConstraint, TicketLossPolicy};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Applies every constraint whose ticket is not granted or in standby.
pub(super) fn apply(state: &mut State<'_>) {
    for constraint in &state.input.ticket_constraints {
        let (granted, standby) = ticket_state(state, constraint);
        if !granted || standby {
            restrict(state, constraint.resource, constraint, granted);
        }
    }
}

fn ticket_state(state: &State<'_>, constraint: &TicketConstraint<'_>) -> (bool, bool) {
    match state.input.tickets.get(constraint.ticket.at()) {
        Some(ticket) => (ticket.granted, ticket.standby),
        None => (false, false),
    }
}

fn restrict(
    state: &mut State<'_>,
    resource: ResIx,
    constraint: &TicketConstraint<'_>,
    granted: bool,
) {
    let children = state[resource].children.clone();
    if !children.is_empty() {
        for child in children {
            restrict(state, child, constraint, granted);
        }
        return;
    }
    let source = ScoreSource::Ticket(constraint.ticket);
    let promotes = constraint.role == Some(Role::Promoted);
    let active = !state.resource(resource).active.is_empty();
    if granted || !active {
        // Nothing was lost: only keep it from starting (or leave it unpromoted).
        if !promotes || constraint.loss_policy == TicketLossPolicy::Stop {
            state.wish(resource, None, NEVER, source);
        }
        return;
    }
    let concerned =
        constraint.role.is_none_or(|role| role == Role::Unknown || role == state[resource].role);
    match constraint.loss_policy {
        TicketLossPolicy::Stop => state.wish(resource, None, NEVER, source),
        // The promoted one is demoted: see `keep_unpromoted`.
        TicketLossPolicy::Demote if promotes => {}
        TicketLossPolicy::Demote => state.wish(resource, None, NEVER, source),
        TicketLossPolicy::Fence if concerned => {
            state.wish(resource, None, NEVER, source);
            for node in &state.resource(resource).active {
                // A guest is recovered with what it runs in, so it stays usable.
                if !state.input.node(*node).is_guest() {
                    state.node_mut(*node).unclean = true;
                }
                state.ticket_fencing.push((constraint.ticket, *node));
            }
        }
        TicketLossPolicy::Freeze if concerned => {
            state[resource].managed = false;
            state[resource].blocked = true;
        }
        TicketLossPolicy::Fence | TicketLossPolicy::Freeze => {}
    }
}

/// Without its ticket for the promoted role, no instance of the clone set is promoted.
pub(super) fn keep_unpromoted(state: &mut State<'_>, clone_set: ResIx) {
    for constraint in &state.input.ticket_constraints {
        let (granted, standby) = ticket_state(state, constraint);
        if constraint.resource == clone_set
            && constraint.role == Some(Role::Promoted)
            && (!granted || standby)
        {
            state.wish(clone_set, None, NEVER, ScoreSource::Ticket(constraint.ticket));
        }
    }
}
