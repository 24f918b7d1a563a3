//! What a resource's colocations wish for it: the scores of everything that is tied to it, summed
//! up over the ties, weaker with each.
//!
//! A dependent's scores count for its primary (so that both get a good node), weighed by the
//! colocation's score; the dependents of the dependent count too, weighed by both.

use model::Score;

use super::bundle;
use super::colocation::{self, NODE_ITSELF, has_influence, same_value, value};
use super::row::{Row, SET_ASIDE, add_scores};
use super::state::State;
use super::terms::ScoreSource;
use super::types::ColocationIx;
use crate::resolve::types::{NodeIx, ResIx, Variant};

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// How scores are summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directions {
    /// Follow colocations from dependent to primary; else from primary to dependents.
    pub(super) this_with: bool,
    /// A score must not become negative by this alone.
    pub(super) nonnegative: bool,
    /// Give up a branch that would leave no node.
    pub(super) keep_active: bool,
}

/// A tie that is being followed.
#[derive(Clone, Copy, Debug)]
struct Tie {
    colocation: ColocationIx,
    factor: f32,
    /// How many ties lie before it.
    depth: u32,
}

/// Ties are followed no further than this: a chain of so many colocations is a mistake, and what
/// its far end wishes must cost neither the stack nor the time of all others. The largest groups
/// have some hundred members.
const DEPTH_MAX: u32 = 1_000;

/// Ties that are followed in one assignment. Where everything is tied to everything, the ways from
/// one to another are without number; after so many, only direct ties count. Real clusters follow
/// some thousand.
pub(super) const STEPS_MAX: u32 = 10_000_000;

/// A score as a share of infinity.
fn share(score: Score) -> f32 {
    score.value() as f32 / Score::INFINITY.value() as f32
}

/// Lets a dependent's wishes count for `primary`.
pub(super) fn add_dependent(state: &mut State<'_>, colocation: ColocationIx, primary: ResIx) {
    let is_clone = matches!(state.resource(primary).variant, Variant::CloneSet(_));
    let directions = Directions { this_with: false, nonnegative: is_clone, keep_active: true };
    add_dependent_as(state, colocation, primary, directions);
}

/// The same, with the caller's directions.
pub(super) fn add_dependent_as(
    state: &mut State<'_>,
    colocation: ColocationIx,
    primary: ResIx,
    directions: Directions,
) {
    if !has_influence(state, colocation, None) {
        return;
    }
    let terms = state.colocation(colocation);
    let tie = Tie { colocation, factor: share(terms.score), depth: 0 };
    let dependent = terms.dependent;
    let before = Sums::of(&state[primary].row);
    let after = follow(state, dependent, primary, before, tie, directions);
    let (resource, terms) = state.resource_and_terms(primary);
    for (node, cell) in resource.row.listed_mut() {
        let Some(score) = after.on(node) else { continue };
        let change = score - cell.score;
        if change != 0 && add_scores(cell.score, change) == score {
            cell.add(change, ScoreSource::OfDependent(colocation), terms);
        } else if change != 0 {
            cell.set(score, ScoreSource::OfDependent(colocation), terms);
        }
    }
}

/// The scores of `resource` as everything that it is tied to would have them; nothing where it is
/// being asked already.
pub(super) fn of_resource(
    state: &mut State<'_>,
    resource: ResIx,
    directions: Directions,
) -> Option<Sums> {
    let start = match state.resource(resource).variant {
        Variant::Group(_) => state[resource].children.last().copied()?,
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => resource,
    };
    if state[resource].summing || state[start].summing {
        return None;
    }
    state[resource].summing = true;
    state[start].summing = true;
    let own = Sums::of(&state[start].row);
    let sums = follow_further(state, (start, start), own.clone(), (1.0, 0), directions);
    state[start].summing = false;
    state[resource].summing = false;
    Some(sums.unwrap_or(own))
}

/// The score that an instance's colocations give to one node.
pub(super) fn of_instance_on(state: &mut State<'_>, instance: ResIx, node: NodeIx) -> i32 {
    let base = state.input.node(node).score.value();
    let mut sums = Sums::of_node(state.nodes.len(), node, base);
    for colocation in colocation::this_with(state, instance) {
        let terms = state.colocation(colocation);
        let (other, factor) = (terms.primary, share(terms.score));
        let tie = Tie { colocation, factor, depth: 0 };
        sums = follow(state, other, instance, sums, tie, Directions::default());
    }
    for colocation in colocation::with_this(state, instance) {
        if !has_influence(state, colocation, Some(instance)) {
            continue;
        }
        let terms = state.colocation(colocation);
        let (other, factor) = (terms.dependent, share(terms.score));
        let tie = Tie { colocation, factor, depth: 0 };
        let directions = Directions { nonnegative: true, ..Directions::default() };
        sums = follow(state, other, instance, sums, tie, directions);
    }
    sums.on(node).unwrap_or(NEVER)
}

/// Scores while they are summed up, one a node; nothing for nodes that the resource does not know.
#[derive(Clone, Debug)]
pub(super) struct Sums(Vec<Option<i32>>);

impl Sums {
    fn of(row: &Row) -> Self {
        Self(row.cells().map(|cell| cell.listed.then_some(cell.score)).collect())
    }

    fn of_node(nodes: usize, node: NodeIx, score: i32) -> Self {
        let mut sums = vec![None; nodes];
        if let Some(sum) = sums.get_mut(node.at()) {
            *sum = Some(score);
        }
        Self(sums)
    }

    /// The sum for a node, if the resource knows it.
    pub(super) fn on(&self, node: NodeIx) -> Option<i32> {
        self.0.get(node.at()).copied().flatten()
    }

    fn listed_mut(&mut self) -> impl Iterator<Item = (NodeIx, &mut i32)> {
        let entries = self.0.iter_mut().enumerate();
        entries.filter_map(|(at, sum)| sum.as_mut().map(|sum| (NodeIx::new(at), sum)))
    }

    fn any_usable(&self, state: &State<'_>) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(at, sum)| sum.is_some_and(|sum| sum >= 0) && state.usable(NodeIx::new(at)))
    }
}

/// Adds to `sums`, which are `target`'s, what `source` wishes, and what those tied to it wish.
fn follow(
    state: &mut State<'_>,
    source: ResIx,
    target: ResIx,
    sums: Sums,
    tie: Tie,
    directions: Directions,
) -> Sums {
    let too_far = tie.depth > DEPTH_MAX || (tie.depth > 0 && state.steps_left == 0);
    if state[source].summing || too_far {
        return sums;
    }
    state.steps_left = state.steps_left.saturating_sub(1);
    state[source].summing = true;
    let sums = match state.resource(source).variant {
        // A group is asked through its first member.
        Variant::Group(_) => match state[source].children.first().copied() {
            Some(member) => follow(state, member, target, sums, tie, directions),
            None => sums,
        },
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => {
            let mut work = sums.clone();
            add_matching(state, &mut work, source, target, tie, directions.nonnegative);
            let reached = (tie.factor, tie.depth);
            follow_further(state, (source, target), work, reached, directions).unwrap_or(sums)
        }
    };
    state[source].summing = false;
    sums
}

/// Goes on from `source`, on behalf of `target`, to its colocations. `None` if this branch is to be
/// given up.
fn follow_further(
    state: &mut State<'_>,
    (source, target): (ResIx, ResIx),
    mut work: Sums,
    (factor, depth): (f32, u32),
    directions: Directions,
) -> Option<Sums> {
    if work.any_usable(state) {
        let ties = if directions.this_with {
            colocation::this_with(state, source)
        } else {
            colocation::with_this(state, source)
        };
        let deeper = Directions { keep_active: true, ..directions };
        for colocation in ties {
            let terms = state.colocation(colocation);
            // In this order of operations: the rounding shows in scores.
            let factor = factor * terms.score.value() as f32 / Score::INFINITY.value() as f32;
            let other = if directions.this_with { terms.primary } else { terms.dependent };
            if !directions.this_with && !has_influence(state, colocation, None) {
                continue;
            }
            let tie = Tie { colocation, factor, depth: depth + 1 };
            work = follow(state, other, target, work, tie, deeper);
        }
    } else if directions.keep_active {
        return None;
    }
    if directions.nonnegative {
        for (_, sum) in work.listed_mut() {
            if *sum == SET_ASIDE {
                *sum = 1;
            }
        }
    }
    Some(work)
}

/// Adds to each node's sum the best score that `source` has among the nodes that count as the
/// same, weighed.
fn add_matching(
    state: &mut State<'_>,
    sums: &mut Sums,
    source: ResIx,
    target: ResIx,
    tie: Tie,
    only_positive: bool,
) {
    let kept = with_group_locations(state, source, tie.colocation);
    let by_node = compares_nodes(state, source, target, tie.colocation);
    let asked = &state[source].row;
    for (node, sum) in sums.listed_mut() {
        let score = if by_node {
            let same = asked.get(node).filter(|_| state.usable(node));
            same.map_or(NEVER, |cell| cell.score.max(NEVER))
        } else {
            best_with(state, (source, target), tie.colocation, node)
        };
        if tie.factor < 0.0 && score < 0 && !forbids_by_opposition(state, tie.colocation, score) {
            continue;
        }
        if *sum == SET_ASIDE {
            continue;
        }
        let total = add_scores(weighed(tie.factor, score), *sum);
        if only_positive && total < 0 && *sum > 0 {
            *sum = SET_ASIDE;
        } else if !(only_positive && total < 0 && *sum == 0) {
            *sum = total;
        }
    }
    if let Some(kept) = kept {
        state[source].row = kept;
    }
}

/// Whether the colocation is about the node itself, and both ends see it so: the usual case, for
/// which no text need be compared.
fn compares_nodes(
    state: &State<'_>,
    source: ResIx,
    target: ResIx,
    colocation: ColocationIx,
) -> bool {
    let sees_itself = |resource| !state.has_guests || !bundle::may_look_at_host(state, resource);
    state.named_as_themselves
        && &*state.colocation(colocation).attribute == NODE_ITSELF
        && sees_itself(source)
        && sees_itself(target)
}

fn best_with(
    state: &State<'_>,
    (source, target): (ResIx, ResIx),
    colocation: ColocationIx,
    node: NodeIx,
) -> i32 {
    let attribute = &state.colocation(colocation).attribute;
    let wanted = value(state, attribute, node, target);
    state[source]
        .row
        .listed()
        .filter(|(other, _)| {
            state.usable(*other) && same_value(value(state, attribute, *other, source), wanted)
        })
        .map(|(_, cell)| cell.score)
        .fold(NEVER, i32::max)
}

/// A member that is configured as the dependent itself lacks its group's location constraints
/// (only the first member has them); they count while it is asked. Gives its row without them.
fn with_group_locations(
    state: &mut State<'_>,
    source: ResIx,
    colocation: ColocationIx,
) -> Option<Row> {
    let terms = state.colocation(colocation);
    let group = state.resource(source).parent.filter(|parent| {
        matches!(state.resource(*parent).variant, Variant::Group(_))
            && state[*parent].children.first() != Some(&source)
    })?;
    if terms.dependent != source || !terms.explicit {
        return None;
    }
    let kept = state[source].row.clone();
    super::location::apply_group_to_member(state, group, source);
    Some(kept)
}

/// A dependent that must be apart from its primary and has one node left: only then is its bad
/// score elsewhere a wish for the primary to be there.
fn forbids_by_opposition(state: &State<'_>, colocation: ColocationIx, score: i32) -> bool {
    let terms = state.colocation(colocation);
    let allowed = state[terms.dependent].row.listed().filter(|(_, cell)| cell.score >= 0).count();
    state.resource(terms.primary).stickiness.value() < -score
        && has_influence(state, colocation, None)
        && allowed == 1
}

/// Rounded half away from zero, but never to nothing.
fn weighed(factor: f32, score: i32) -> i32 {
    let exact = f64::from(factor * score as f32);
    let rounded = if exact < 0.0 { exact - 0.5 } else { exact + 0.5 } as i32;
    match rounded {
        0 if score != 0 && factor > 0.0 => 1,
        0 if score != 0 && factor < 0.0 => -1,
        other => other,
    }
}
