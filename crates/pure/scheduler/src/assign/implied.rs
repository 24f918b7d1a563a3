//! Colocations that nobody configured: groups keep together, what is launched runs where its
//! launcher is.
//!
//! **Not here:** implied orders, which belong to the actions.

use model::Score;

use super::colocation::add_implied;
use super::group;
use super::order;
use super::start::forbid_remote_nodes;
use super::state::State;
use super::terms::ScoreSource;
use crate::resolve::types::{ResIx, Variant};

const MUST: i32 = Score::INFINITY.value();
const NEVER: i32 = Score::MINUS_INFINITY.value();

/// How much the connection of a container that may itself be on a remote node wants to be with it.
const NEAR_CONTAINER: i32 = 10_000;

/// Creates them all.
pub(super) fn create(state: &mut State<'_>) {
    for resource in state.top.clone() {
        create_for(state, resource);
    }
}

fn create_for(state: &mut State<'_>, resource: ResIx) {
    match &state.resource(resource).variant {
        Variant::Primitive => create_for_primitive(state, resource),
        Variant::Group(_) => create_for_group(state, resource),
        Variant::CloneSet(options) => {
            if options.ordered {
                let instances = state[resource].children.clone();
                state[resource].children = order::merge_sort(instances, &mut |one, other| {
                    order::compare_instance_number(state, one, other)
                });
            }
            for instance in state[resource].children.clone() {
                create_for(state, instance);
            }
        }
        Variant::Bundle(bundle) => {
            for replica in &bundle.replicas {
                create_for(state, replica.container);
                if let Some(ip) = replica.ip {
                    create_for(state, ip);
                    add_implied(state, "#ip-with-container", ip, replica.container, MUST, true);
                }
                if let Some(remote) = replica.remote {
                    create_for(state, remote);
                }
            }
            if let Some(child) = bundle.child {
                create_for(state, child);
            }
        }
    }
}

fn create_for_group(state: &mut State<'_>, resource: ResIx) {
    let mut previous = None;
    for member in state[resource].children.clone() {
        create_for(state, member);
        if let Some(previous) = previous
            && group::is_colocated(state, resource)
        {
            let influence = state.resource(member).flags.critical;
            add_implied(state, "#group-members", member, previous, MUST, influence);
        }
        previous = Some(member);
    }
}

fn create_for_primitive(state: &mut State<'_>, resource: ResIx) {
    let flags = &state.resource(resource).flags;
    // What is not managed stays where it is, tied or not.
    if !state[resource].managed {
        return;
    }
    if let Some(launcher) = state.resource(resource).launcher {
        tie_to_launcher(state, resource, launcher);
    }
    if flags.remote_connection || flags.fence_device {
        forbid_remote_nodes(state, resource);
    }
}

fn tie_to_launcher(state: &mut State<'_>, resource: ResIx, launcher: ResIx) {
    let flags = &state.resource(resource).flags;
    let launcher_flags = &state.resource(launcher).flags;
    let connection = if flags.remote_connection {
        // The implied connection to a guest: guests do not run on remote nodes, containers may.
        if !flags.remote_nesting {
            forbid_remote_nodes(state, launcher);
        }
        None
    } else if launcher_flags.remote_connection {
        Some(launcher)
    } else {
        guest_inside(state, launcher)
    };
    match connection {
        Some(connection) => {
            let input = state.input;
            let (resource_state, terms) = state.resource_and_terms(resource);
            for (node, cell) in resource_state.row.listed_mut() {
                if input.node(node).kind.connection() != Some(connection) {
                    cell.set(NEVER, ScoreSource::InsideContainer, terms);
                }
            }
        }
        None => {
            let score = if flags.remote_nesting { NEAR_CONTAINER } else { MUST };
            add_implied(state, "#resource-with-container", resource, launcher, score, true);
        }
    }
}

/// The connection to the guest node that `launcher` starts, if it starts one.
fn guest_inside(state: &State<'_>, launcher: ResIx) -> Option<ResIx> {
    let launched = &state.resource(launcher).launched;
    launched.iter().copied().find(|launched| state.resource(*launched).flags.remote_connection)
}
