//! What is said about nodes for one resource at a time: shutdown locks, location constraints,
//! health, stickiness, failures, exclusive discovery.

use model::Score;

use super::location;
use super::state::State;
use super::terms::ScoreSource;
use crate::resolve::FailCountScope;
use crate::resolve::types::{
    EarlyAction, HealthStrategy, NodeIx, ProbeMode, ResIx, ShutdownLock, Variant,
};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Applies them all, in Pacemaker's order.
pub(super) fn apply(state: &mut State<'_>) {
    mark_exclusive(state);
    if state.input.options.shutdown_lock {
        for resource in state.top.clone() {
            lock(state, resource);
        }
    }
    location::apply_all(state);
    apply_health(state);
    for resource in state.top.clone() {
        stay(state, resource);
    }
    for node in state.input.node_indices() {
        for resource in state.top.clone() {
            ban_after_failures(state, resource, node);
            discover_exclusively(state, resource, node);
        }
    }
}

/// A constraint with exclusive discovery makes its resource exclusive wherever it applies.
fn mark_exclusive(state: &mut State<'_>) {
    for location in &state.input.locations {
        if location.probes == ProbeMode::Exclusive {
            state[location.resource].exclusive_probes = true;
        }
    }
}

/// Keeps what was active on a node that is cleanly shut down from starting elsewhere.
fn lock(state: &mut State<'_>, resource: ResIx) {
    match state.resource(resource).variant {
        Variant::Group(_) => {
            for member in state[resource].children.clone() {
                lock(state, member);
            }
        }
        Variant::Primitive => lock_primitive(state, resource),
        Variant::CloneSet(_) | Variant::Bundle(_) => {}
    }
}

fn lock_primitive(state: &mut State<'_>, resource: ResIx) {
    let resolved = state.resource(resource);
    if resolved.flags.fence_device || resolved.flags.remote_connection {
        return;
    }
    if let Some(lock) = state[resource].shutdown_lock {
        if !resolved.active.is_empty() {
            state[resource].lock_ended_on = Some(lock.node);
            state[resource].shutdown_lock = None;
        }
    } else if let [node] = resolved.active.as_slice() {
        let now = state.node(*node);
        if now.shutdown && !now.unclean {
            let since = shutdown_time(state, *node);
            state[resource].shutdown_lock = Some(ShutdownLock { node: *node, since });
        }
    }
    let Some(lock) = state[resource].shutdown_lock else { return };
    for node in state.input.node_indices() {
        if node != lock.node {
            state.wish(resource, Some(node), NEVER, ScoreSource::ShutdownLock);
        }
    }
}

fn shutdown_time(state: &State<'_>, node: NodeIx) -> i64 {
    let recorded = state.input.node(node).attribute("shutdown");
    match recorded.and_then(|text| text.parse().ok()) {
        None | Some(0) => state.input.now,
        Some(time) => time,
    }
}

/// A node's health is a location score of every resource that does not waive it.
fn apply_health(state: &mut State<'_>) {
    if state.input.options.health == HealthStrategy::None {
        return;
    }
    for resource in state.top.clone() {
        apply_health_of(state, resource, resource);
    }
}

/// Applies the health of nodes, as far as it concerns `top`, to it or to a part of it.
pub(super) fn apply_health_of(state: &mut State<'_>, top: ResIx, part: ResIx) {
    if state.input.options.health == HealthStrategy::None {
        return;
    }
    let waived = state.resource(top).meta("allow-unhealthy-nodes").is_some_and(is_true);
    for node in state.input.node_indices() {
        let health = state.input.node(node).health.value();
        if health > 0 || (health < 0 && !waived) {
            apply_health_to(state, part, node, health);
        }
    }
}

/// As a location constraint without a role: a colocated group's later members follow the first, and
/// only get to know the node.
fn apply_health_to(state: &mut State<'_>, resource: ResIx, node: NodeIx, health: i32) {
    apply_health_here(state, resource, node, health);
    let below = match &state.resource(resource).variant {
        Variant::Primitive => Vec::new(),
        Variant::Group(group) => {
            let members = state[resource].children.clone();
            let moved = if group.colocated { 1 } else { members.len() };
            for follower in members.iter().skip(moved) {
                apply_health_here(state, *follower, node, 0);
            }
            members.into_iter().take(moved).collect()
        }
        Variant::CloneSet(_) => state[resource].children.clone(),
        Variant::Bundle(bundle) => bundle
            .replicas
            .iter()
            .flat_map(|replica| [Some(replica.container), replica.ip])
            .flatten()
            .collect(),
    };
    for part in below {
        apply_health_to(state, part, node, health);
    }
}

/// A node that the resource did not know has this score only.
fn apply_health_here(state: &mut State<'_>, resource: ResIx, node: NodeIx, health: i32) {
    let probes = state.input.node(node).probes;
    let (resource_state, terms) = state.resource_and_terms(resource);
    let Some(cell) = resource_state.row.slot(node) else { return };
    if cell.listed {
        cell.add(health, ScoreSource::Health, terms);
    } else {
        cell.listed = true;
        cell.probe = probes;
        cell.set(health, ScoreSource::Health, terms);
    }
}

/// `true` as Pacemaker reads options.
fn is_true(text: &str) -> bool {
    ["true", "on", "yes", "y", "1"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What runs on one node likes to stay there.
fn stay(state: &mut State<'_>, resource: ResIx) {
    let children = state[resource].children.clone();
    if !children.is_empty() {
        for child in children {
            stay(state, child);
        }
        return;
    }
    let resolved = state.resource(resource);
    let stickiness = resolved.stickiness.value();
    let [node] = resolved.active.as_slice() else { return };
    if !state[resource].managed || stickiness < 1 {
        return;
    }
    // Where resources must opt in, being somewhere does not make a node allowed.
    if !state.input.options.symmetric && state[resource].row.get(*node).is_none() {
        return;
    }
    state.wish(resource, Some(*node), stickiness, ScoreSource::Stickiness);
}

fn ban_after_failures(state: &mut State<'_>, resource: ResIx, node: NodeIx) {
    let children = state[resource].children.clone();
    if !children.is_empty() {
        for child in children {
            ban_after_failures(state, child, node);
        }
        return;
    }
    let Some(banned) = threshold_reached(state, resource, node) else { return };
    // Failures that are about to be forgotten no longer count.
    let being_cleared = state.input.early.iter().any(|early| {
        matches!(early, EarlyAction::ClearFailCount { resource: cleared, node: at, .. }
            if *cleared == resource && *at == node)
    });
    if !being_cleared {
        state.wish(banned, Some(node), NEVER, ScoreSource::FailLimit);
    }
}

/// What is to be kept off the node because `resource` failed there too often: of an anonymous
/// clone the whole.
pub(super) fn threshold_reached(state: &State<'_>, resource: ResIx, node: NodeIx) -> Option<ResIx> {
    let resolved = state.resource(resource);
    if resolved.migration_threshold == 0 || resolved.flags.ignore_failure {
        return None;
    }
    let scope = FailCountScope { effective: true, launched: true };
    let failures = state.input.fail_count(node, resource, scope, None).count;
    if failures <= 0 || failures < resolved.migration_threshold {
        return None;
    }
    Some(if resolved.flags.unique { resource } else { state.input.top_of(resource, false) })
}

/// A resource that is looked for in some places only runs nowhere else.
fn discover_exclusively(state: &mut State<'_>, resource: ResIx, node: NodeIx) {
    let top = state.input.top_of(resource, false);
    if !state[resource].exclusive_probes && !state[top].exclusive_probes {
        return;
    }
    for child in state[resource].children.clone() {
        discover_exclusively(state, child, node);
    }
    let (resource_state, terms) = state.resource_and_terms(resource);
    if let Some(cell) = resource_state.row.get_mut(node)
        && cell.probe != ProbeMode::Exclusive
    {
        cell.set(NEVER, ScoreSource::ExclusiveDiscovery, terms);
    }
}
