//! What a resource's colocations wish for it: the scores of everything that is tied to it, summed
//! up over the ties, weaker with each.
//!
//! A dependent's scores count for its primary (so that both get a good node), weighed by the
//! colocation's score; the dependents of the dependent count too, weighed by both.

use model::Score;

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
}

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
    let tie = Tie { colocation, factor: share(terms.score) };
    let dependent = terms.dependent;
    let row = state[primary].row.clone();
    state[primary].row = follow(state, dependent, primary, row, tie, directions);
}

/// The scores of `resource` as everything that it is tied to would have them.
pub(super) fn of_resource(state: &mut State<'_>, resource: ResIx, directions: Directions) -> Row {
    let start = match state.resource(resource).variant {
        Variant::Group(_) => state[resource].children.last().copied(),
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => Some(resource),
    };
    let Some(start) = start else { return Row::default() };
    if state[resource].summing || state[start].summing {
        return Row::default();
    }
    state[resource].summing = true;
    state[start].summing = true;
    let row = state[start].row.clone();
    let row = follow_further(state, start, start, row.clone(), 1.0, directions).unwrap_or(row);
    state[start].summing = false;
    state[resource].summing = false;
    row
}

/// The score that an instance's colocations give to one node.
pub(super) fn of_instance_on(state: &mut State<'_>, instance: ResIx, node: NodeIx) -> i32 {
    let mut row = Row::unlisted(state.nodes.len());
    if let Some(cell) = row.slot(node) {
        cell.listed = true;
        cell.score = state.input.node(node).score.value();
    }
    for colocation in colocation::this_with(state, instance) {
        let terms = state.colocation(colocation);
        let (other, factor) = (terms.primary, share(terms.score));
        let tie = Tie { colocation, factor };
        row = follow(state, other, instance, row, tie, Directions::default());
    }
    for colocation in colocation::with_this(state, instance) {
        if !has_influence(state, colocation, Some(instance)) {
            continue;
        }
        let terms = state.colocation(colocation);
        let (other, factor) = (terms.dependent, share(terms.score));
        let tie = Tie { colocation, factor };
        let directions = Directions { nonnegative: true, ..Directions::default() };
        row = follow(state, other, instance, row, tie, directions);
    }
    row.get(node).map_or(NEVER, |cell| cell.score)
}

/// Adds to `row`, which is `target`'s, what `source` wishes, and what those tied to it wish.
fn follow(
    state: &mut State<'_>,
    source: ResIx,
    target: ResIx,
    row: Row,
    tie: Tie,
    directions: Directions,
) -> Row {
    if state[source].summing {
        return row;
    }
    state[source].summing = true;
    let row = match state.resource(source).variant {
        // A group is asked through its first member.
        Variant::Group(_) => match state[source].children.first().copied() {
            Some(member) => follow(state, member, target, row, tie, directions),
            None => row,
        },
        Variant::Primitive | Variant::CloneSet(_) | Variant::Bundle(_) => {
            let mut work = row.clone();
            add_matching(state, &mut work, source, target, tie, directions.nonnegative);
            follow_further(state, source, target, work, tie.factor, directions).unwrap_or(row)
        }
    };
    state[source].summing = false;
    row
}

/// Goes on to the colocations of `source`. `None` if this branch is to be given up.
fn follow_further(
    state: &mut State<'_>,
    source: ResIx,
    target: ResIx,
    mut work: Row,
    factor: f32,
    directions: Directions,
) -> Option<Row> {
    if state.any_usable(&work) {
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
            work = follow(state, other, target, work, Tie { colocation, factor }, deeper);
        }
    } else if directions.keep_active {
        return None;
    }
    if directions.nonnegative {
        for (_, cell) in work.listed_mut() {
            if cell.score == SET_ASIDE {
                cell.set(1, ScoreSource::KeptPositive, &mut state.terms);
            }
        }
    }
    Some(work)
}

/// Adds to each node of `row` the best score that `source` has among the nodes that count as the
/// same, weighed.
fn add_matching(
    state: &mut State<'_>,
    row: &mut Row,
    source: ResIx,
    target: ResIx,
    tie: Tie,
    only_positive: bool,
) {
    let asked = asked_row(state, source, tie.colocation);
    let attribute = state.colocation(tie.colocation).attribute.clone();
    let scale = Scale::of(state, source, target, &attribute);
    let term = match state.colocation(tie.colocation).dependent == source {
        true => ScoreSource::OfDependent(tie.colocation),
        false => ScoreSource::OfPrimary(tie.colocation),
    };
    for (node, cell) in row.listed_mut() {
        let score = match scale {
            Scale::Node => {
                let same = asked.get(node).filter(|_| state.usable(node));
                same.map_or(NEVER, |cell| cell.score.max(NEVER))
            }
            Scale::Attribute => best_with(state, &asked, source, target, &attribute, node),
        };
        if tie.factor < 0.0 && score < 0 && !forbids_by_opposition(state, tie.colocation, score) {
            continue;
        }
        if cell.score == SET_ASIDE {
            continue;
        }
        let delta = weighed(tie.factor, score);
        let sum = add_scores(delta, cell.score);
        if only_positive && sum < 0 && cell.score > 0 {
            cell.set(SET_ASIDE, term, &mut state.terms);
        } else if !(only_positive && sum < 0 && cell.score == 0) {
            cell.add(delta, term, &mut state.terms);
        }
    }
}

/// What decides whether two nodes count as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// The node itself: the usual case, without looking at any text.
    Node,
    Attribute,
}

impl Scale {
    fn of(state: &State<'_>, source: ResIx, target: ResIx, attribute: &str) -> Self {
        let named = attribute == NODE_ITSELF
            && state.input.node_indices().all(|node| {
                [source, target].into_iter().all(|resource| {
                    value(state, attribute, node, resource) == Some(&*state.input.node(node).name)
                })
            });
        if named { Self::Node } else { Self::Attribute }
    }
}

fn best_with(
    state: &State<'_>,
    asked: &Row,
    source: ResIx,
    target: ResIx,
    attribute: &str,
    node: NodeIx,
) -> i32 {
    let wanted = value(state, attribute, node, target);
    asked
        .listed()
        .filter(|(other, _)| {
            state.usable(*other) && same_value(value(state, attribute, *other, source), wanted)
        })
        .map(|(_, cell)| cell.score)
        .fold(NEVER, i32::max)
}

/// The scores that `source` is asked for. A member that is configured as the dependent itself
/// lacks its group's location constraints (only the first member has them); they count here.
fn asked_row(state: &mut State<'_>, source: ResIx, colocation: ColocationIx) -> Row {
    let terms = state.colocation(colocation);
    let group = state.resource(source).parent.filter(|parent| {
        matches!(state.resource(*parent).variant, Variant::Group(_))
            && state[*parent].children.first() != Some(&source)
    });
    match group {
        Some(group) if terms.dependent == source && terms.explicit => {
            let kept = state[source].row.clone();
            super::location::apply_group_to_member(state, group, source);
            std::mem::replace(&mut state[source].row, kept)
        }
        Some(_) | None => state[source].row.clone(),
    }
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
