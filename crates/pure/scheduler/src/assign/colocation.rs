//! Who follows whom: which colocations bear on a resource, in which order, and what one does to
//! the scores or the promotion of its dependent.
//!
//! **Not here:** what a dependent's wishes do to its primary, see [`super::colocated_scores`].

use std::sync::Arc;

use model::{Role, Score};

use super::order;
use super::row::add_scores;
use super::state::{Place, State};
use super::terms::ScoreSource;
use super::types::{AssignedColocation, ColocationIx};
use super::{bundle, clone_set, group};
use crate::resolve::types::{NodeIx, ResIx, Variant};

const MUST: i32 = Score::INFINITY.value();
const NEVER: i32 = Score::MINUS_INFINITY.value();

/// The attribute that each node has for itself.
pub(super) const NODE_ITSELF: &str = "#uname";

/// What a colocation bears upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearing {
    Nothing,
    /// Where the dependent goes.
    Place,
    /// Whether the dependent is promoted.
    Promotion,
}

/// Takes over the configured colocations.
pub(super) fn lower(state: &mut State<'_>) {
    let input = state.input;
    for configured in &input.colocations {
        let critical = state.resource(configured.dependent).flags.critical;
        add(
            state,
            AssignedColocation {
                id: configured.id.clone(),
                attribute: configured.attribute.clone(),
                dependent: configured.dependent,
                primary: configured.primary,
                dependent_role: any_if_started(configured.dependent_role),
                primary_role: any_if_started(configured.primary_role),
                score: configured.score,
                explicit: true,
                influence: configured.influence.unwrap_or(critical),
            },
        );
    }
}

/// A colocation that a group or container implies.
pub(super) fn add_implied(
    state: &mut State<'_>,
    id: &str,
    dependent: ResIx,
    primary: ResIx,
    score: i32,
    influence: bool,
) {
    let colocation = AssignedColocation {
        id: Arc::from(id),
        attribute: Arc::from(NODE_ITSELF),
        dependent,
        primary,
        dependent_role: Role::Unknown,
        primary_role: Role::Unknown,
        score: Score::new(i64::from(score)),
        explicit: false,
        influence,
    };
    add(state, colocation);
}

fn add(state: &mut State<'_>, colocation: AssignedColocation) {
    if colocation.score == Score::ZERO {
        return;
    }
    let index = ColocationIx::new(state.colocations.len());
    let (dependent, primary) = (colocation.dependent, colocation.primary);
    state.colocations.push(colocation);
    let mut list = std::mem::take(&mut state[dependent].this_with);
    order::enter_by_primary(state, &mut list, index);
    state[dependent].this_with = list;
    let mut list = std::mem::take(&mut state[primary].with_this);
    order::enter_by_dependent(state, &mut list, index);
    state[primary].with_this = list;
}

/// "Started" names no role of its own: whatever runs is started.
fn any_if_started(role: Option<Role>) -> Role {
    match role {
        None | Some(Role::Unknown | Role::Started) => Role::Unknown,
        Some(role @ (Role::Stopped | Role::Unpromoted | Role::Promoted)) => role,
    }
}

/// All colocations where `resource` or what it is part of is the dependent.
pub(super) fn this_with(state: &State<'_>, resource: ResIx) -> Vec<ColocationIx> {
    let mut list = Vec::new();
    collect(state, Side::Dependent, resource, resource, &mut list);
    list
}

/// All colocations where `resource` or what it is part of is the primary.
pub(super) fn with_this(state: &State<'_>, resource: ResIx) -> Vec<ColocationIx> {
    let mut list = Vec::new();
    collect(state, Side::Primary, resource, resource, &mut list);
    list
}

/// The side of a colocation that a resource is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Dependent,
    Primary,
}

/// Adds what `at` contributes to the list of `asker`.
fn collect(state: &State<'_>, side: Side, at: ResIx, asker: ResIx, list: &mut Vec<ColocationIx>) {
    match state.resource(at).variant {
        Variant::Primitive => collect_primitive(state, side, at, asker, list),
        Variant::Group(_) if side == Side::Dependent => {
            collect_group_dependent(state, at, asker, list);
        }
        Variant::Group(_) => collect_group_primary(state, at, asker, list),
        Variant::CloneSet(_) => {
            extend(state, side, own(state, side, at), list);
            if let Some(parent) = state.resource(at).parent {
                collect(state, side, parent, asker, list);
            }
        }
        Variant::Bundle(_) => {
            if bundle::shares_colocations(state, at, asker) {
                extend(state, side, own(state, side, at), list);
            }
        }
    }
}

fn own<'s>(state: &'s State<'_>, side: Side, resource: ResIx) -> &'s [ColocationIx] {
    match side {
        Side::Dependent => &state[resource].this_with,
        Side::Primary => &state[resource].with_this,
    }
}

fn collect_primitive(
    state: &State<'_>,
    side: Side,
    at: ResIx,
    asker: ResIx,
    list: &mut Vec<ColocationIx>,
) {
    if at == asker {
        extend(state, side, own(state, side, at), list);
        if let Some(parent) = state.resource(at).parent {
            collect(state, side, parent, asker, list);
        }
        return;
    }
    // For its group a member contributes only what was configured.
    for colocation in own(state, side, at) {
        if state.colocation(*colocation).explicit {
            insert(state, side, list, *colocation);
        }
    }
}

/// A group follows others through its first member.
fn collect_group_dependent(
    state: &State<'_>,
    group: ResIx,
    asker: ResIx,
    list: &mut Vec<ColocationIx>,
) {
    let members = &state[group].children;
    if asker == group || members.first() == Some(&asker) {
        extend(state, Side::Dependent, own(state, Side::Dependent, group), list);
        if let Some(parent) = state.resource(group).parent {
            collect(state, Side::Dependent, parent, asker, list);
        }
        if group::is_colocated(state, group) {
            for member in members.iter().filter(|member| **member != asker) {
                collect(state, Side::Dependent, *member, asker, list);
            }
        }
        return;
    }
    // A later member is bound through the members before it, unless one of those is unmanaged and
    // so may be anywhere.
    let earlier = members.iter().take_while(|member| **member != asker);
    if earlier.into_iter().any(|member| !state[*member].managed) {
        for colocation in own(state, Side::Dependent, group) {
            if state.colocation(*colocation).score.demands() {
                insert(state, Side::Dependent, list, *colocation);
            }
        }
    }
}

/// Others follow a group through its last member.
fn collect_group_primary(
    state: &State<'_>,
    group: ResIx,
    asker: ResIx,
    list: &mut Vec<ColocationIx>,
) {
    let members = &state[group].children;
    if members.is_empty() || (asker != group && members.last() != Some(&asker)) {
        return;
    }
    extend(state, Side::Primary, own(state, Side::Primary, group), list);
    if let Some(parent) = state.resource(group).parent {
        collect(state, Side::Primary, parent, asker, list);
    }
    if group::is_colocated(state, group) {
        for member in members.iter().filter(|member| **member != asker) {
            collect(state, Side::Primary, *member, asker, list);
        }
    }
}

fn insert(state: &State<'_>, side: Side, list: &mut Vec<ColocationIx>, colocation: ColocationIx) {
    match side {
        Side::Dependent => order::insert_by_primary(state, list, colocation),
        Side::Primary => order::insert_by_dependent(state, list, colocation),
    }
}

/// Adds a sorted list to another. Compatibility: where the list has entries already, Pacemaker
/// 3.0.2 inserts the addition's first entry as often as the addition is long, and the others not
/// at all; its scores show it.
fn extend(state: &State<'_>, side: Side, addition: &[ColocationIx], list: &mut Vec<ColocationIx>) {
    if list.is_empty() {
        list.extend_from_slice(addition);
        return;
    }
    if let Some(first) = addition.first() {
        for _ in addition {
            insert(state, side, list, *first);
        }
    }
}

/// Whether the dependent's wishes count for the primary (or for `instead`, its instance). They do
/// not move what is active, unless the constraint says so.
pub(super) fn has_influence(
    state: &State<'_>,
    colocation: ColocationIx,
    instead: Option<ResIx>,
) -> bool {
    let colocation = state.colocation(colocation);
    let primary = state.resource(instead.unwrap_or(colocation.primary));
    // A connection that may be inside another remote node must not move a healthy container.
    if state.resource(colocation.dependent).flags.remote_nesting
        && !primary.flags.failed
        && primary.active.len() == 1
    {
        return false;
    }
    colocation.influence || primary.active.is_empty()
}

/// What the colocation bears upon, as things stand; `preview` looks ahead of the assignment.
pub(super) fn bearing(
    state: &State<'_>,
    dependent: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
    preview: bool,
) -> Bearing {
    if !preview && state[primary].unassigned {
        return Bearing::Nothing;
    }
    let terms = state.colocation(colocation);
    let dependent_actor = actor(state, dependent);
    let primary_actor = actor(state, primary);
    let in_promotable = state
        .resource(dependent_actor)
        .parent
        .is_some_and(|parent| state.resource(parent).flags.promotable);
    if terms.dependent_role >= Role::Unpromoted
        && in_promotable
        && !state[dependent_actor].unassigned
    {
        return Bearing::Promotion;
    }
    if !preview && !state[dependent].unassigned {
        return Bearing::Nothing;
    }
    let role_differs = |wanted: Role, resource: ResIx| {
        wanted != Role::Unknown && wanted != state[resource].next_role
    };
    if role_differs(terms.dependent_role, dependent_actor)
        || role_differs(terms.primary_role, primary_actor)
    {
        return Bearing::Nothing;
    }
    Bearing::Place
}

/// Who has the role: for a bundle's container, what runs inside.
fn actor(state: &State<'_>, resource: ResIx) -> ResIx {
    if !state.resource(resource).flags.replica_container {
        return resource;
    }
    bundle::inside_container(state, resource).unwrap_or(resource)
}

/// Lets the colocation act on `dependent`, which may be an instance or member of the configured
/// one, on behalf of the dependent's own variant.
pub(super) fn apply_for_dependent(
    state: &mut State<'_>,
    dependent: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
) -> i32 {
    match state.resource(dependent).variant {
        Variant::Group(_) => group::follow(state, dependent, primary, colocation),
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => {
            apply_for_primary(state, dependent, primary, colocation)
        }
    }
}

/// Lets the colocation act on `dependent`, on behalf of the primary's variant. Gives what was
/// added to the dependent's promotion priority.
pub(super) fn apply_for_primary(
    state: &mut State<'_>,
    dependent: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
) -> i32 {
    match state.resource(primary).variant {
        Variant::Primitive => apply_directly(state, dependent, primary, colocation),
        Variant::Group(_) => group::be_followed(state, dependent, primary, colocation),
        Variant::CloneSet(_) => clone_set::be_followed(state, dependent, primary, colocation),
        Variant::Bundle(_) => bundle::be_followed(state, dependent, primary, colocation),
    }
}

/// Lets the colocation act on `dependent` as if the primary were a primitive.
pub(super) fn apply_directly(
    state: &mut State<'_>,
    dependent: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
) -> i32 {
    match bearing(state, dependent, primary, colocation, false) {
        Bearing::Nothing => 0,
        Bearing::Promotion => move_priority(state, dependent, primary, colocation),
        Bearing::Place => {
            move_scores(state, dependent, primary, colocation);
            0
        }
    }
}

/// The primary has (or has not) a place: the dependent's scores follow.
fn move_scores(state: &mut State<'_>, dependent: ResIx, primary: ResIx, colocation: ColocationIx) {
    let index = colocation;
    let colocation = state.colocation(index).clone();
    let score = colocation.score.value();
    let place = state[primary].place;
    if place.is_none() && score < 0 {
        return;
    }
    let wanted = place.and_then(|place| value_on(state, &colocation.attribute, place, primary));
    let source = ScoreSource::WithPrimary(index);
    let mut work = state[dependent].row.clone();
    for (node, cell) in work.listed_mut() {
        if place.is_none() {
            cell.add(-score, source, &mut state.terms);
            continue;
        }
        if same_value(value(state, &colocation.attribute, node, dependent), wanted) {
            if score < MUST {
                cell.add(score, source, &mut state.terms);
            }
        } else if score >= MUST {
            cell.set(NEVER, source, &mut state.terms);
        }
    }
    // A mere wish must not leave the dependent without any place.
    if score <= NEVER || score >= MUST || state.any_usable(&work) {
        state[dependent].row = work;
    }
}

/// Both have a place: the dependent is likelier (or less likely) to be promoted.
fn move_priority(
    state: &mut State<'_>,
    dependent: ResIx,
    primary: ResIx,
    colocation: ColocationIx,
) -> i32 {
    let colocation = state.colocation(colocation).clone();
    let Some(dependent_place) = state[dependent].place else { return 0 };
    let primary_place = state[primary].place;
    if primary_place.is_some()
        && colocation.primary_role != Role::Unknown
        && colocation.primary_role != state[actor(state, primary)].next_role
    {
        return 0;
    }
    let theirs =
        primary_place.and_then(|place| value_on(state, &colocation.attribute, place, primary));
    let ours = value_on(state, &colocation.attribute, dependent_place, dependent);
    let together = same_value(ours, theirs);
    let promotes = colocation.dependent_role == Role::Promoted;
    let sign = match (together, colocation.dependent_role) {
        (false, _) if colocation.score.demands() && promotes => -1,
        (false, _) => return 0,
        (true, Role::Unpromoted) => -1,
        (true, Role::Unknown | Role::Stopped | Role::Started | Role::Promoted) => 1,
    };
    let delta = sign * colocation.score.value();
    state[dependent].priority = add_scores(delta, state[dependent].priority);
    delta
}

/// Forbids every node but those of the primary; adds the primary's own scores if asked.
pub(super) fn keep_to(
    state: &mut State<'_>,
    dependent: ResIx,
    colocation: ColocationIx,
    places: &[Place],
    merge: bool,
) {
    let source = ScoreSource::WithPrimary(colocation);
    let (resource, terms) = state.resource_and_terms(dependent);
    for (node, cell) in resource.row.listed_mut() {
        match places.iter().find(|place| place.node == node) {
            None => cell.set(NEVER, source, terms),
            Some(place) if merge => cell.add(place.score, source, terms),
            Some(_) => {}
        }
    }
}

/// The node's value of a colocation's attribute, as `resource` sees it: what runs in a container
/// may look at the container's host.
pub(super) fn value<'s>(
    state: &State<'s>,
    attribute: &str,
    node: NodeIx,
    resource: ResIx,
) -> Option<&'s str> {
    let from_host = bundle::looks_at_host(state, node, resource);
    attribute_of(state, node, attribute, from_host, HostNow::Assigned)
}

fn value_on<'s>(
    state: &State<'s>,
    attribute: &str,
    place: Place,
    resource: ResIx,
) -> Option<&'s str> {
    value(state, attribute, place.node, resource)
}

/// Which host of a container is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostNow {
    Assigned,
    Current,
}

/// An attribute of the node, or of the host of the container that the node is.
pub(super) fn attribute_of<'s>(
    state: &State<'s>,
    node: NodeIx,
    name: &str,
    from_host: bool,
    which: HostNow,
) -> Option<&'s str> {
    let input = state.input;
    let crate::resolve::types::NodeKind::Guest { container, .. } = input.node(node).kind else {
        return input.node(node).attribute(name);
    };
    if !from_host {
        return input.node(node).attribute(name);
    }
    let host = match which {
        HostNow::Assigned => state[container].place.map(|place| place.node),
        HostNow::Current => state.resource(container).active.first().copied(),
    }?;
    input.node(host).attribute(name)
}

/// Attribute values are compared without regard to case; two that are not set are the same.
pub(super) fn same_value(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
