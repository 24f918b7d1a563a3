//! Location constraints: what the configuration says about nodes.

use model::Role;

use super::criteria;
use super::state::State;
use super::terms::ScoreSource;
use super::types::LocationIx;
use crate::resolve::types::{Location, ProbeMode, ResIx, Variant};

/// Applies every constraint. Compatibility: the last configured is the first applied, which shows
/// only where sums pass infinity.
pub(super) fn apply_all(state: &mut State<'_>) {
    for index in (0..state.input.locations.len()).rev() {
        let Some(location) = state.input.locations.get(index) else { continue };
        apply(state, location.resource, LocationIx::new(index), location, true);
    }
}

/// Applies the constraint to `resource` and what is below it.
fn apply(
    state: &mut State<'_>,
    resource: ResIx,
    index: LocationIx,
    location: &Location<'_>,
    with_score: bool,
) {
    apply_here(state, resource, index, location, with_score);
    match &state.resource(resource).variant {
        Variant::Primitive => {}
        Variant::Group(group) => {
            // Members follow the first, so the score counts once for the group.
            let first_only = group.colocated;
            for (position, member) in state[resource].children.clone().into_iter().enumerate() {
                let with_score = with_score && !(first_only && position > 0);
                apply(state, member, index, location, with_score);
            }
        }
        Variant::CloneSet(_) => {
            for instance in state[resource].children.clone() {
                apply(state, instance, index, location, with_score);
            }
        }
        Variant::Bundle(bundle) => {
            for replica in &bundle.replicas {
                apply(state, replica.container, index, location, with_score);
                if let Some(ip) = replica.ip {
                    apply(state, ip, index, location, with_score);
                }
            }
            // Only a role is about what runs inside.
            let about_role = matches!(location.role, Some(Role::Unpromoted | Role::Promoted));
            if let (Some(child), true) = (bundle.child, about_role) {
                apply(state, child, index, location, with_score);
            }
        }
    }
}

/// Applies the constraint to one resource's row. A node that was not listed becomes so.
fn apply_here(
    state: &mut State<'_>,
    resource: ResIx,
    index: LocationIx,
    location: &Location<'_>,
    with_score: bool,
) {
    if location.role.is_some_and(|role| role != state[resource].next_role) {
        return;
    }
    for (node, score) in &location.scores {
        let value = if with_score { score.value() } else { 0 };
        let usual_probes = state.input.node(*node).probes;
        let (resource_state, terms) = state.resource_and_terms(resource);
        let Some(cell) = resource_state.row.slot(*node) else { continue };
        if cell.listed {
            cell.add(value, ScoreSource::Location(index), terms);
        } else {
            cell.listed = true;
            cell.probe = usual_probes;
            cell.set(value, ScoreSource::Location(index), terms);
        }
        if rank(cell.probe) < rank(location.probes) {
            cell.probe = location.probes;
            if location.probes == ProbeMode::Exclusive {
                resource_state.exclusive_probes = true;
            }
        }
    }
}

fn rank(probes: ProbeMode) -> u8 {
    match probes {
        ProbeMode::Always => 0,
        ProbeMode::Never => 1,
        ProbeMode::Exclusive => 2,
    }
}

/// Applies a group's own constraints to one of its members.
pub(super) fn apply_group_to_member(state: &mut State<'_>, group: ResIx, member: ResIx) {
    if state.top.contains(&group) {
        criteria::apply_health_of(state, group, member);
    }
    for index in (0..state.input.locations.len()).rev() {
        let Some(location) = state.input.locations.get(index) else { continue };
        if location.resource == group {
            apply(state, member, LocationIx::new(index), location, true);
        }
    }
}

/// What constraints for the promoted role say about `resource` itself on a node, oldest first.
pub(super) fn promoted_scores(
    state: &State<'_>,
    resource: ResIx,
    node: crate::resolve::types::NodeIx,
) -> Vec<(LocationIx, i32)> {
    let bundle = bundle_of_child(state, resource);
    let about = |(_, location): &(usize, &Location<'_>)| {
        location.role == Some(Role::Promoted)
            && (location.resource == resource || Some(location.resource) == bundle)
    };
    let on_node = |(index, location): (usize, &Location<'_>)| {
        let found = location.scores.iter().find(|(at, _)| *at == node);
        found.map(|(_, score)| (LocationIx::new(index), score.value()))
    };
    let newest_first = state.input.locations.iter().enumerate().rev();
    newest_first.filter(about).filter_map(on_node).collect()
}

/// The bundle whose clone set this is: its role constraints are about what runs inside.
fn bundle_of_child(state: &State<'_>, resource: ResIx) -> Option<ResIx> {
    let parent = state.resource(resource).parent?;
    let bundle = state.resource(parent).bundle()?;
    (bundle.child == Some(resource)).then_some(parent)
}
