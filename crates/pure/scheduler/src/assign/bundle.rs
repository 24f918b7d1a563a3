//! Bundles: containers are assigned as instances are, then what belongs to each, then what runs
//! inside.

use model::{Role, Score};

use super::assign_one;
use super::colocation::{add_implied, apply_for_dependent, apply_for_primary, keep_to};
use super::criteria;
use super::instances;
use super::order;
use super::primitive;
use super::row::add_scores;
use super::start::is_bundle_node;
use super::state::State;
use super::terms::ScoreSource;
use super::types::{AssignStep, ColocationIx, Reason};
use crate::resolve::types::{NodeIx, NodeKind, Replica, ResIx, Variant};

const MUST: i32 = Score::INFINITY.value();
const NEVER: i32 = Score::MINUS_INFINITY.value();

/// How often a bundle is begun within itself. Pacemaker goes on until its stack is full.
const BEGUN_MAX: u32 = 4;

/// Assigns all parts of the bundle.
///
/// Unlike the other variants it begins anew when it is asked while it is at it, or after: where its
/// containers follow the bundle itself, or a clone set does. (Behaviour of Pacemaker 3.0, seen in the
/// scores that it prints.) That ends because each primitive is assigned once, unless what runs inside
/// follows the bundle: hence [`BEGUN_MAX`].
pub(super) fn assign(
    state: &mut State<'_>,
    bundle: ResIx,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) {
    let Some(options) = state.resource(bundle).bundle() else { return };
    if state[bundle].begun >= BEGUN_MAX {
        return;
    }
    state[bundle].begun += 1;
    state[bundle].assigning = true;
    state.tell(bundle, AssignStep::Bundle);
    let containers = options.replicas.iter().map(|replica| replica.container).collect();
    let containers = order::merge_sort(containers, &mut |one, other| {
        order::compare_instances(state, one, other)
    });
    let (most, per_host) = (options.replicas_max, options.replicas_per_host);
    instances::assign(state, bundle, &containers, most, per_host);
    for replica in &options.replicas {
        assign_replica(state, replica, prefer, stop_if_failed);
    }
    if let Some(child) = options.child {
        let own: Vec<_> = options.replicas.iter().filter_map(|replica| replica.node).collect();
        let (child_state, terms) = state.resource_and_terms(child);
        for (node, cell) in child_state.row.listed_mut() {
            let score = if own.contains(&node) { 0 } else { NEVER };
            cell.set(score, ScoreSource::InsideContainer, terms);
        }
        assign_one(state, child, prefer, stop_if_failed);
    }
    state[bundle].begun -= 1;
    state[bundle].assigning = false;
    state[bundle].unassigned = false;
}

fn assign_replica(
    state: &mut State<'_>,
    replica: &Replica,
    prefer: Option<NodeIx>,
    stop_if_failed: bool,
) {
    if let Some(ip) = replica.ip {
        assign_one(state, ip, prefer, stop_if_failed);
    }
    if let Some(remote) = replica.remote {
        // A container on a remote node: the connection goes through that node's connection.
        let host = state[replica.container].place.map(|place| place.node);
        let host_connection = host.and_then(|host| state.input.node(host).kind.connection());
        if let Some(connection) = host_connection {
            let id = "#replica-remote-with-host-remote";
            add_implied(state, id, remote, connection, MUST, true);
        }
        assign_one(state, remote, prefer, stop_if_failed);
    }
    let (Some(child), Some(own)) = (replica.child, replica.node) else { return };
    let failed_too_often = criteria::threshold_reached(state, child, own).is_some();
    let (child_state, terms) = state.resource_and_terms(child);
    for (node, cell) in child_state.row.listed_mut() {
        if node != own {
            cell.set(NEVER, ScoreSource::InsideContainer, terms);
        } else if !failed_too_often {
            cell.set(MUST, ScoreSource::InsideContainer, terms);
        }
    }
    if let Some(parent) = state.resource(child).parent {
        state[parent].assigning = true;
        assign_one(state, child, Some(own), stop_if_failed);
        state[parent].assigning = false;
    }
}

/// Whether the bundle's colocations are also those of `asker`, a part of it: its containers', and
/// while roles are chosen, those of what runs inside.
pub(super) fn shares_colocations(state: &State<'_>, bundle: ResIx, asker: ResIx) -> bool {
    if asker == bundle || state.resource(asker).flags.replica_container {
        return true;
    }
    let child = state.resource(bundle).bundle().and_then(|options| options.child);
    let Some(child) = child.filter(|child| state.resource(*child).flags.promotable) else {
        return false;
    };
    if state.input.top_of(asker, false) != child {
        return false;
    }
    if asker == child { state[child].promotion_sorted } else { !state[asker].unassigned }
}

/// The instance that runs inside a container.
pub(super) fn inside_container(state: &State<'_>, container: ResIx) -> Option<ResIx> {
    let bundle = state.resource(state.input.top_of(container, true)).bundle()?;
    bundle.replicas.iter().find(|replica| replica.container == container)?.child
}

/// Whether attributes of a guest node are read from its host for this resource.
pub(super) fn looks_at_host(state: &State<'_>, node: NodeIx, resource: ResIx) -> bool {
    if !state.input.node(node).is_guest() {
        return false;
    }
    if runs_inside(state, resource) && is_bundle_node(state, node) {
        return true;
    }
    asks_for_host(state, resource)
}

/// Whether there may be a node of which the above holds.
pub(super) fn may_look_at_host(state: &State<'_>, resource: ResIx) -> bool {
    runs_inside(state, resource) || asks_for_host(state, resource)
}

/// Whether the resource runs in the containers of a bundle.
fn runs_inside(state: &State<'_>, resource: ResIx) -> bool {
    let top = state.input.top_of(resource, true);
    let bundled = state.resource(top).bundle().and_then(|bundle| bundle.child);
    bundled.is_some() && bundled == Some(state.input.top_of(resource, false))
}

fn asks_for_host(state: &State<'_>, resource: ResIx) -> bool {
    let target = state.resource(resource).meta("container-attribute-target");
    target.is_some_and(|target| target.eq_ignore_ascii_case("host"))
}

/// The bundle is the primary.
pub(super) fn be_followed(
    state: &mut State<'_>,
    dependent: ResIx,
    bundle: ResIx,
    colocation: ColocationIx,
) -> i32 {
    if state[bundle].unassigned {
        return 0;
    }
    let Some(options) = state.resource(bundle).bundle() else { return 0 };
    let terms = state.colocation(colocation).clone();
    let by_instance = matches!(
        state.resource(terms.dependent).variant,
        Variant::CloneSet(_) | Variant::Bundle(_)
    );
    if by_instance {
        if let Some(container) = compatible_container(state, dependent, bundle) {
            return apply_for_dependent(state, dependent, container, colocation);
        }
        if terms.score.demands() {
            state[dependent].reason = Reason::NoInterleaveMatch;
            primitive::place(state, dependent, None, true, true);
        }
        return 0;
    }
    if terms.score.demands() {
        let blocked = |state: &State<'_>, resource: ResIx| state[resource].blocked;
        let has_role = |replica: &&Replica| {
            terms.primary_role < Role::Promoted
                || replica.child.is_some_and(|child| state[child].next_role >= Role::Promoted)
        };
        let places: Vec<_> = options
            .replicas
            .iter()
            .filter(has_role)
            .filter(|replica| !state.any_below(replica.container, &blocked))
            .filter_map(|replica| state.place(replica.container))
            .collect();
        keep_to(state, dependent, colocation, &places, false);
        return 0;
    }
    let mut delta = 0;
    for replica in &options.replicas {
        let added = apply_for_primary(state, dependent, replica.container, colocation);
        delta = add_scores(delta, added);
    }
    delta
}

/// The container that will be on the dependent's node, or on one where the dependent may be.
fn compatible_container(state: &State<'_>, dependent: ResIx, bundle: ResIx) -> Option<ResIx> {
    let options = state.resource(bundle).bundle()?;
    let assigned = state.place(dependent).and_then(|place| host_of(state, place.node));
    let candidates = match assigned {
        Some(node) => vec![node],
        None => order::best_nodes(state, &state[dependent].row, None)
            .into_iter()
            .filter_map(|node| host_of(state, node))
            .collect(),
    };
    candidates.into_iter().find_map(|node| {
        options
            .replicas
            .iter()
            .map(|replica| replica.container)
            .find(|container| instances::matches_node(state, *container, node, Role::Unknown, None))
    })
}

/// The node itself, or the host of the container that it is.
fn host_of(state: &State<'_>, node: NodeIx) -> Option<NodeIx> {
    match state.input.node(node).kind {
        NodeKind::Guest { container, .. } if is_bundle_node(state, node) => {
            state.place(container).map(|place| place.node)
        }
        NodeKind::Guest { .. } | NodeKind::Cluster | NodeKind::Remote { .. } => Some(node),
    }
}
