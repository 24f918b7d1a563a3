//! Promotable clone sets: which instances are promoted, and what that means for others.

use model::{Role, Score};

use super::colocated_scores::{self, Directions};
use super::colocation::{self, HostNow, apply_for_dependent, keep_to, same_value};
use super::instances;
use super::location;
use super::order;
use super::row::add_scores;
use super::state::{Place, State};
use super::terms::{ScoreSource, TermIx};
use super::tickets;
use super::types::{ColocationIx, RoleReason, ScoreEvent};
use crate::resolve::types::{LossPolicy, NodeIx, ResIx, WishSource};
use crate::resolve::values::parse_score;

const MUST: i32 = Score::INFINITY.value();
const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Adds the promotion scores that agents set to the instances' scores, so that instances go where
/// they would be promoted.
pub(super) fn add_scores_of_agents(state: &mut State<'_>, clone_set: ResIx) {
    if std::mem::replace(&mut state[clone_set].promotion_added, true) {
        return;
    }
    for instance in state[clone_set].children.clone() {
        let nodes: Vec<_> = state[instance].row.listed().map(|(node, _)| node).collect();
        for node in nodes {
            if !state.usable(node) {
                continue;
            }
            let score = promotion_score(state, instance, node).unwrap_or(0);
            let (resource_state, terms) = state.resource_and_terms(instance);
            if score > 0
                && let Some(cell) = resource_state.row.get_mut(node)
            {
                cell.add(score, ScoreSource::Promotion, terms);
            }
            resource_state.priority = resource_state.priority.max(score);
        }
    }
}

/// What agents said about promotion on the node; of a group the sum; `None` if nothing.
fn promotion_score(state: &State<'_>, resource: ResIx, node: NodeIx) -> Option<i32> {
    let children = &state[resource].children;
    if !children.is_empty() {
        let scores: Vec<_> =
            children.iter().filter_map(|child| promotion_score(state, *child, node)).collect();
        return (!scores.is_empty()).then(|| scores.iter().sum());
    }
    if !promotion_score_applies(state, resource, node) {
        return None;
    }
    let resolved = state.resource(resource);
    let text =
        promotion_attribute(state, resource, node, resolved.history_name()).or_else(|| {
            let base = base_name(&resolved.id);
            let has_own_name = !resolved.flags.unique && base != &*resolved.id;
            has_own_name.then(|| promotion_attribute(state, resource, node, base)).flatten()
        })?;
    Some(parse_score(text).map_or(0, Score::value))
}

fn promotion_attribute<'s>(
    state: &State<'s>,
    resource: ResIx,
    node: NodeIx,
    name: &str,
) -> Option<&'s str> {
    let from_host = looks_at_host_by_meta(state, resource);
    let which = if state[resource].unassigned { HostNow::Current } else { HostNow::Assigned };
    colocation::attribute_of(state, node, &format!("master-{name}"), from_host, which)
}

fn looks_at_host_by_meta(state: &State<'_>, resource: ResIx) -> bool {
    let target = state.resource(resource).meta("container-attribute-target");
    target.is_some_and(|target| target.eq_ignore_ascii_case("host"))
}

/// An id without its instance number.
fn base_name(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((base, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => base,
        Some(_) | None => id,
    }
}

/// A promotion score is an attribute of the node, and may be left over or about another instance.
fn promotion_score_applies(state: &State<'_>, resource: ResIx, node: NodeIx) -> bool {
    let resolved = state.resource(resource);
    let may_run = state[resource].row.get(node).is_some_and(|cell| cell.score >= 0);
    if !resolved.flags.unique {
        let top = state.input.top_of(resource, false);
        let id = base_name(&resolved.id);
        let active = twins(state, top, id)
            .into_iter()
            .find(|twin| state.resource(*twin).active.contains(&node));
        let known = || {
            let mut twins = twins(state, top, id).into_iter();
            twins.any(|twin| state.resource(twin).known_on.contains(&node))
        };
        if active == Some(resource) || (active.is_none() && known()) {
            return may_run;
        }
    }
    let never_seen = resolved.active.is_empty() && resolved.known_on.is_empty();
    let seen_here = resolved.known_on.contains(&node) || resolved.active.contains(&node);
    (never_seen || seen_here) && may_run
}

/// The same primitive in each instance of the clone set.
fn twins(state: &State<'_>, clone_set: ResIx, id: &str) -> Vec<ResIx> {
    let mut found = Vec::new();
    for instance in &state[clone_set].children {
        let is_twin = |resource: ResIx| {
            let resolved = state.resource(resource);
            &*resolved.id == id || &*resolved.config_id == id
        };
        if is_twin(*instance) {
            found.push(*instance);
        } else {
            found.extend(
                state[*instance].children.iter().copied().filter(|member| is_twin(*member)),
            );
        }
    }
    found
}

/// Chooses the instances that are promoted, once all have places.
pub(super) fn choose_roles(state: &mut State<'_>, clone_set: ResIx) {
    for (_, cell) in state[clone_set].row.listed_mut() {
        cell.count = 0;
    }
    for instance in state[clone_set].children.clone() {
        set_priority(state, clone_set, instance);
    }
    sort(state, clone_set);
    let mut promoted = 0;
    for instance in state[clone_set].children.clone() {
        set_role(state, clone_set, instance, &mut promoted);
    }
}

/// An instance's first claim to promotion: its agent's score, role constraints, colocations.
fn set_priority(state: &mut State<'_>, clone_set: ResIx, instance: ResIx) {
    if state.role_of(instance, true) == Role::Started {
        start_as_unpromoted(state, instance);
    }
    let Some(place) = state.place(instance) else { return };
    let next_role = state.role_of(instance, false);
    match next_role {
        Role::Started | Role::Unknown => match promotion_score(state, instance, place.node) {
            Some(score) => set_claim(state, instance, score, ScoreSource::Promotion),
            None => set_claim(state, instance, -1, ScoreSource::NoPromotionScore),
        },
        Role::Unpromoted | Role::Stopped => {
            set_claim(state, instance, NEVER, ScoreSource::TargetRole);
        }
        Role::Promoted => {}
    }
    let mut wishes = location::promoted_scores(state, instance, place.node);
    wishes.extend(location::promoted_scores(state, clone_set, place.node));
    for (location, wish) in wishes {
        let before = state[instance].priority;
        state[instance].priority = add_scores(before, wish);
        explain_claim(state, instance, before, ScoreSource::Location(location));
    }
    for colocation in colocation::this_with(state, instance) {
        let primary = state.colocation(colocation).primary;
        let before = state[instance].priority;
        apply_for_dependent(state, instance, primary, colocation);
        explain_claim(state, instance, before, ScoreSource::WithPrimary(colocation));
    }
    if next_role == Role::Promoted {
        let (now, terms) = state.resource_and_terms(instance);
        now.promotion_priority = MUST;
        now.claim = terms.replaced(now.claim, ScoreSource::TargetRole, MUST);
    } else {
        state[instance].promotion_priority = state[instance].priority;
    }
}

/// The beginning of an instance's claim.
fn set_claim(state: &mut State<'_>, instance: ResIx, value: i32, source: ScoreSource) {
    let (now, terms) = state.resource_and_terms(instance);
    now.priority = value;
    now.claim = terms.replaced(TermIx::NONE, source, value);
}

/// Keeps what has changed an instance's claim, which was `before`.
fn explain_claim(state: &mut State<'_>, instance: ResIx, before: i32, source: ScoreSource) {
    let (now, terms) = state.resource_and_terms(instance);
    let change = now.priority - before;
    if change != 0 && add_scores(before, change) == now.priority {
        now.claim = terms.added(now.claim, source, change);
    } else if change != 0 {
        now.claim = terms.replaced(now.claim, source, now.priority);
    }
}

/// What runs in a promotable clone set runs unpromoted at least.
fn start_as_unpromoted(state: &mut State<'_>, resource: ResIx) {
    if state[resource].role == Role::Started {
        state[resource].role = Role::Unpromoted;
    }
    for child in state[resource].children.clone() {
        start_as_unpromoted(state, child);
    }
}

/// Adds what the nodes and the dependents of the promoted role wish, and sorts.
fn sort(state: &mut State<'_>, clone_set: ResIx) {
    if std::mem::replace(&mut state[clone_set].promotion_sorted, true) {
        return;
    }
    state[clone_set].summing = true;
    for instance in state[clone_set].children.clone() {
        add_claim_to_node(state, clone_set, instance);
    }
    for colocation in colocation::with_this(state, clone_set) {
        if state.colocation(colocation).primary_role == Role::Promoted {
            let directions = Directions { this_with: false, nonnegative: true, keep_active: true };
            colocated_scores::add_dependent_as(state, colocation, clone_set, directions);
        }
    }
    tickets::keep_unpromoted(state, clone_set);
    for instance in state[clone_set].children.clone() {
        take_claim_from_node(state, clone_set, instance);
    }
    let instances = state[clone_set].children.clone();
    state[clone_set].children = order::merge_sort(instances, &mut |one, other| {
        order::compare_promotable(state, one, other)
    });
    state[clone_set].summing = false;
}

fn add_claim_to_node(state: &mut State<'_>, clone_set: ResIx, instance: ResIx) {
    let claim = state[instance].promotion_priority;
    let Some(place) = state.place(instance).filter(|_| claim >= 0) else { return };
    let (clone_state, terms) = state.resource_and_terms(clone_set);
    if let Some(cell) = clone_state.row.get_mut(place.node) {
        cell.add(claim, ScoreSource::Claim(instance), terms);
    }
}

fn take_claim_from_node(state: &mut State<'_>, clone_set: ResIx, instance: ResIx) {
    let place = state.place(instance);
    let at_node = place.and_then(|place| state[clone_set].row.get(place.node).copied());
    let (now, terms) = state.resource_and_terms(instance);
    let (claim, term) = if !now.managed && now.next_role == Role::Promoted {
        let source = ScoreSource::Found(WishSource::Unmanaged);
        (MUST, terms.replaced(TermIx::NONE, source, MUST))
    } else {
        match (place, at_node) {
            (Some(_), _) if now.promotion_priority < 0 => (now.promotion_priority, now.claim),
            (Some(_), Some(cell)) => (cell.score, cell.term),
            (None, _) | (Some(_), None) => {
                (NEVER, terms.replaced(TermIx::NONE, ScoreSource::NotPlaced, NEVER))
            }
        }
    };
    now.promotion_priority = claim;
    now.promotion = term;
}

fn set_role(state: &mut State<'_>, clone_set: ResIx, instance: ResIx, promoted: &mut u32) {
    let claim = state[instance].promotion_priority;
    let node = state.place(instance).map(|place| place.node);
    let score = Score::new(i64::from(claim));
    let term = state[instance].promotion;
    state.scores.push(ScoreEvent::Promotion { resource: instance, node, score, term });
    let most = state.resource(clone_set).clone_set().map_or(0, |options| options.promoted_max);
    let top = state.input.top_of(instance, false);
    let has_room = *promoted < most || !state[top].managed;
    let chosen = match (node, claim >= 0, has_room) {
        (None, _, _) => Err(RoleReason::NotPlaced),
        (Some(_), false, _) => Err(RoleReason::NegativeScore),
        (Some(_), true, false) => Err(RoleReason::EnoughPromoted),
        (Some(_), true, true) => promotion_node(state, clone_set, instance),
    };
    let options = &state.input.options;
    let frozen = state[instance].role < Role::Promoted
        && !options.quorate
        && options.loss_policy == LossPolicy::Freeze;
    let chosen = if frozen { chosen.and(Err(RoleReason::Frozen)) } else { chosen };
    state[instance].role_reason = Some(chosen.err().unwrap_or(RoleReason::HighestScores));
    match chosen {
        Ok(node) => {
            if let Some(cell) = state[clone_set].row.get_mut(node) {
                cell.count += 1;
            }
            be_promoted(state, instance);
            *promoted += 1;
        }
        Err(_) => stay_unpromoted(state, instance),
    }
}

/// The node where the instance can be promoted, if it can.
fn promotion_node(
    state: &State<'_>,
    clone_set: ResIx,
    resource: ResIx,
) -> Result<NodeIx, RoleReason> {
    for child in &state[resource].children {
        promotion_node(state, clone_set, *child)?;
    }
    let node = state.place(resource).ok_or(RoleReason::NotPlaced)?.node;
    let managed = state[resource].managed;
    if !managed {
        if state.role_of(resource, true) != Role::Promoted {
            return Err(RoleReason::Unmanaged);
        }
    } else if state[resource].priority < 0 {
        return Err(RoleReason::NegativeScore);
    } else if !takes_promotion(state, node) {
        return Err(RoleReason::NodeNotUsable);
    }
    let cell = state[clone_set].row.get(node).ok_or(RoleReason::NodeNotUsable)?;
    let most = state.resource(clone_set).clone_set().map_or(0, |options| options.promoted_node_max);
    if cell.count < most || !managed { Ok(node) } else { Err(RoleReason::NodeHasPromoted) }
}

/// Usable, and if it is a guest, one that will run.
fn takes_promotion(state: &State<'_>, node: NodeIx) -> bool {
    let guest_runs = match state.input.node(node).kind {
        crate::resolve::types::NodeKind::Guest { container, .. } => {
            state.place(container).is_some()
        }
        crate::resolve::types::NodeKind::Cluster
        | crate::resolve::types::NodeKind::Remote { .. } => true,
    };
    guest_runs && state.usable(node)
}

fn be_promoted(state: &mut State<'_>, resource: ResIx) {
    if state[resource].next_role == Role::Unknown {
        state[resource].next_role = Role::Promoted;
    }
    for child in state[resource].children.clone() {
        be_promoted(state, child);
    }
}

fn stay_unpromoted(state: &mut State<'_>, resource: ResIx) {
    let placed = !state.places(resource).is_empty();
    state[resource].next_role = if placed { Role::Unpromoted } else { Role::Stopped };
    for child in state[resource].children.clone() {
        stay_unpromoted(state, child);
    }
}

/// The dependent of a role goes where instances have that role.
pub(super) fn attract(
    state: &mut State<'_>,
    dependent: ResIx,
    clone_set: ResIx,
    colocation: ColocationIx,
) {
    let terms = state.colocation(colocation).clone();
    let mut places = Vec::new();
    for instance in state[clone_set].children.clone() {
        let Some(place) = state.place(instance) else { continue };
        if state.role_of(instance, false) == terms.primary_role {
            if !terms.score.demands() {
                attract_to(state, dependent, clone_set, place, colocation);
            }
            places.insert(0, place);
        }
    }
    let both_promoted =
        terms.dependent_role == Role::Promoted && terms.primary_role == Role::Promoted;
    if terms.score.demands() && !both_promoted {
        keep_to(state, dependent, colocation, &places, true);
    }
}

fn attract_to(
    state: &mut State<'_>,
    dependent: ResIx,
    clone_set: ResIx,
    place: Place,
    colocation: ColocationIx,
) {
    let terms = state.colocation(colocation).clone();
    let wanted = colocation::value(state, &terms.attribute, place.node, clone_set);
    let mut row = state[dependent].row.clone();
    for (node, cell) in row.listed_mut() {
        if same_value(colocation::value(state, &terms.attribute, node, dependent), wanted) {
            let source = ScoreSource::WithPrimary(colocation);
            cell.add(terms.score.value(), source, &mut state.terms);
        }
    }
    state[dependent].row = row;
}

/// The dependent is likelier to be promoted where the primary has the role.
pub(super) fn attract_promotion(
    state: &mut State<'_>,
    dependent: ResIx,
    clone_set: ResIx,
    colocation: ColocationIx,
) -> i32 {
    let terms = state.colocation(colocation).clone();
    let found = instances::compatible(
        state,
        dependent,
        clone_set,
        terms.primary_role,
        Some(&terms.attribute),
    );
    let score = terms.score.value();
    if found.is_some() {
        state[dependent].priority = add_scores(state[dependent].priority, score);
        score
    } else if score >= MUST {
        state[dependent].priority = NEVER;
        NEVER
    } else {
        0
    }
}
