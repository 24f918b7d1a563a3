//! Every order and tie-break of the assignment, in one place.
//!
//! Compatibility: each rule is Pacemaker's. People rely on where things go when all else is
//! equal, and the same document must give the same plan on every node.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::Score;

use super::colocated_scores::{self, Directions, Sums};
use super::row::Row;
use super::state::State;
use super::table_order;
use super::types::{AssignedNode, ColocationIx};
use super::utilization;
use crate::resolve::types::{NodeIx, PlacementStrategy, ResIx, Resolved, Variant};
pub(super) use crate::sorting::merge_sort;

const NEVER: i32 = Score::MINUS_INFINITY.value();

/// Resources that need room are assigned in this order: priority, then the score where it runs,
/// then the scores node by node; else as in the document.
pub(super) fn sort_top(state: &mut State<'_>) {
    let nodes = sorted_nodes(state, state.input.node_indices().map(|node| (node, 0)), None);
    let list = state.top.clone();
    state.top = merge_sort(list, &mut |one, other| compare_resources(state, &nodes, one, other));
}

fn compare_resources(
    state: &mut State<'_>,
    nodes: &[NodeIx],
    one: ResIx,
    other: ResIx,
) -> Ordering {
    let by_priority = state[other].priority.cmp(&state[one].priority);
    if by_priority.is_ne() {
        return by_priority;
    }
    let rows = [one, other].map(|resource| {
        let directions = Directions { this_with: true, ..Directions::default() };
        colocated_scores::of_resource(state, resource, directions)
    });
    let [row_one, row_other] = &rows;
    let on = |sums: &Option<Sums>, node: Option<NodeIx>| {
        let sum = sums.as_ref().zip(node).and_then(|(sums, node)| sums.on(node));
        sum.unwrap_or(NEVER)
    };
    let by_current =
        on(row_other, current_node(state, other)).cmp(&on(row_one, current_node(state, one)));
    if by_current.is_ne() {
        return by_current;
    }
    nodes
        .iter()
        .map(|node| on(row_other, Some(*node)).cmp(&on(row_one, Some(*node))))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Puts a colocation in its dependent's own list, while priorities are as configured. There may be
/// thousands.
pub(super) fn enter_by_primary(
    state: &State<'_>,
    list: &mut Vec<ColocationIx>,
    colocation: ColocationIx,
) {
    let new = state.colocation(colocation).primary;
    let at = list.partition_point(|old| {
        compare_importance(state, new, state.colocation(*old).primary).is_gt()
    });
    list.insert(at, colocation);
}

/// Puts a colocation in its primary's own list, likewise.
pub(super) fn enter_by_dependent(
    state: &State<'_>,
    list: &mut Vec<ColocationIx>,
    colocation: ColocationIx,
) {
    let new = state.colocation(colocation).dependent;
    let at = list.partition_point(|old| {
        compare_importance(state, new, state.colocation(*old).dependent).is_gt()
    });
    list.insert(at, colocation);
}

/// Puts a dependent's colocation in its list: before the first that is not more important.
pub(super) fn insert_by_primary(
    state: &State<'_>,
    list: &mut Vec<ColocationIx>,
    colocation: ColocationIx,
) {
    let new = state.colocation(colocation).primary;
    let at = list
        .iter()
        .position(|old| compare_importance(state, new, state.colocation(*old).primary).is_le());
    list.insert(at.unwrap_or(list.len()), colocation);
}

/// Puts a primary's colocation in its list: before the first that is not more important.
pub(super) fn insert_by_dependent(
    state: &State<'_>,
    list: &mut Vec<ColocationIx>,
    colocation: ColocationIx,
) {
    let new = state.colocation(colocation).dependent;
    let at = list
        .iter()
        .position(|old| compare_importance(state, new, state.colocation(*old).dependent).is_le());
    list.insert(at.unwrap_or(list.len()), colocation);
}

/// Priority, then bundles before clones before groups before primitives, promotable clones before
/// others, then the id.
fn compare_importance(state: &State<'_>, one: ResIx, other: ResIx) -> Ordering {
    let rank = |resource: ResIx| {
        let resolved = state.resource(resource);
        let (variant, promotable) = match resolved.variant {
            Variant::Primitive => (0, false),
            Variant::Group(_) => (1, false),
            Variant::CloneSet(_) => (2, resolved.flags.promotable),
            Variant::Bundle(_) => (3, false),
        };
        (state[resource].priority, variant, promotable)
    };
    rank(other).cmp(&rank(one)).then_with(|| state.resource(one).id.cmp(&state.resource(other).id))
}

/// The nodes of a row, best first.
pub(super) fn best_nodes(state: &State<'_>, row: &Row, current: Option<NodeIx>) -> Vec<NodeIx> {
    let nodes = NodesNow { input: state.input, nodes: &state.nodes };
    nodes.best(row.listed().map(|(node, cell)| (node, cell.score)), current)
}

fn sorted_nodes(
    state: &State<'_>,
    nodes: impl Iterator<Item = (NodeIx, i32)>,
    current: Option<NodeIx>,
) -> Vec<NodeIx> {
    NodesNow { input: state.input, nodes: &state.nodes }.sorted(nodes, current)
}

/// The nodes as they stand, during or after assignment.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodesNow<'s, 'a> {
    pub(super) input: &'s Resolved<'a>,
    pub(super) nodes: &'s [AssignedNode],
}

impl NodesNow<'_, '_> {
    /// Sorts scored nodes, best first.
    ///
    /// Compatibility: with `placement-strategy=balanced` the order of nodes is not transitive, so
    /// where they start from decides: the end of Pacemaker's table of nodes.
    pub(super) fn best(
        self,
        scored: impl Iterator<Item = (NodeIx, i32)>,
        current: Option<NodeIx>,
    ) -> Vec<NodeIx> {
        match self.input.options.placement {
            PlacementStrategy::Balanced => {
                let scores: BTreeMap<NodeIx, i32> = scored.collect();
                let listed = scores.keys().map(|node| (*node, &*self.input.node(*node).id));
                let nodes = table_order::sort(listed).into_iter().rev();
                let scored = nodes.filter_map(|node| Some((node, *scores.get(&node)?)));
                self.sorted(scored, current)
            }
            PlacementStrategy::Default
            | PlacementStrategy::Utilization
            | PlacementStrategy::Minimal => self.sorted(scored, current),
        }
    }

    fn sorted(
        self,
        nodes: impl Iterator<Item = (NodeIx, i32)>,
        current: Option<NodeIx>,
    ) -> Vec<NodeIx> {
        let sorted =
            merge_sort(nodes.collect(), &mut |one, other| self.compare(one, other, current));
        sorted.into_iter().map(|(node, _)| node).collect()
    }

    fn now(&self, node: NodeIx) -> &AssignedNode {
        match self.nodes.get(node.at()) {
            Some(found) => found,
            None => unreachable!("node handles are made by the arena that they index"),
        }
    }

    fn usable(&self, node: NodeIx) -> bool {
        let (fixed, now) = (self.input.node(node), self.now(node));
        now.online && !now.shutdown && !now.unclean && !fixed.standby && !fixed.maintenance
    }

    /// Score, then free capacity where that counts, then the fewest resources, then where it is,
    /// then the name.
    fn compare(
        &self,
        one: (NodeIx, i32),
        other: (NodeIx, i32),
        current: Option<NodeIx>,
    ) -> Ordering {
        let effective = |(node, score)| if self.usable(node) { score } else { NEVER };
        let by_score = effective(other).cmp(&effective(one));
        if by_score.is_ne() {
            return by_score;
        }
        let (one, other) = (one.0, other.0);
        let by_load = || self.now(one).resources.cmp(&self.now(other).resources);
        let by_current = || (current == Some(other)).cmp(&(current == Some(one)));
        let by_name = || self.input.node(one).name.cmp(&self.input.node(other).name);
        match self.input.options.placement {
            PlacementStrategy::Minimal => by_name(),
            PlacementStrategy::Balanced => {
                utilization::compare_capacity(self.now(one), self.now(other))
                    .then_with(by_load)
                    .then_with(by_current)
                    .then_with(by_name)
            }
            PlacementStrategy::Default | PlacementStrategy::Utilization => {
                by_load().then_with(by_current).then_with(by_name)
            }
        }
    }
}

/// The node where a resource is now; of several, the one that recovery would start from.
pub(super) fn current_node(state: &State<'_>, resource: ResIx) -> Option<NodeIx> {
    let resolved = state.resource(resource);
    if let Variant::Bundle(_) = resolved.variant {
        return current_node_of_bundle(state, resource);
    }
    best_active(state, resource, resolved.active.iter().copied())
}

fn current_node_of_bundle(state: &State<'_>, bundle: ResIx) -> Option<NodeIx> {
    let replicas = &state.resource(bundle).bundle()?.replicas;
    let mut containers = replicas
        .iter()
        .map(|replica| replica.container)
        .filter(|container| !state.resource(*container).active.is_empty());
    let first = containers.next()?;
    match containers.next() {
        None => current_node(state, first),
        Some(_) => {
            let nodes = replicas
                .iter()
                .flat_map(|replica| state.resource(replica.container).active.iter().copied());
            best_active(state, bundle, nodes)
        }
    }
}

fn best_active(
    state: &State<'_>,
    resource: ResIx,
    nodes: impl Iterator<Item = NodeIx>,
) -> Option<NodeIx> {
    let resolved = state.resource(resource);
    let clean = |node: NodeIx| state.node(node).online && !state.node(node).unclean;
    let mut best: Option<NodeIx> = None;
    for node in nodes {
        match resolved.partial_move {
            Some(moving) if moving.source == node => best = Some(node),
            Some(_) => {}
            None if !resolved.flags.needs_fencing
                && clean(node)
                && best.is_none_or(|best| !clean(best)) =>
            {
                best = Some(node);
            }
            None => {}
        }
        best = best.or(Some(node));
    }
    best
}

/// By the number at the end of the id: after a colon for clones, after a dash for bundles.
pub(super) fn compare_instance_number(state: &State<'_>, one: ResIx, other: ResIx) -> Ordering {
    let number = |resource: ResIx| -> i64 {
        let id = &state.resource(resource).id;
        let digits = id.rsplit_once(':').or_else(|| id.rsplit_once('-'));
        digits.and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0)
    };
    number(one).cmp(&number(other))
}

/// Which instance of a clone set or bundle is assigned first.
pub(super) fn compare_instances(state: &mut State<'_>, one: ResIx, other: ResIx) -> Ordering {
    let settled = compare_instances_by_state(state, one, other);
    match settled {
        Settled::Is(ordering) => ordering,
        Settled::AskColocations(node_one, node_other) => {
            let score_one = colocated_scores::of_instance_on(state, one, node_one);
            let score_other = colocated_scores::of_instance_on(state, other, node_other);
            score_other.cmp(&score_one).then_with(|| compare_instance_number(state, one, other))
        }
    }
}

enum Settled {
    Is(Ordering),
    /// All else is equal; the instances' nodes are given.
    AskColocations(NodeIx, NodeIx),
}

fn compare_instances_by_state(state: &State<'_>, one: ResIx, other: ResIx) -> Settled {
    let counts = [one, other].map(|resource| state.resource(resource).active.len());
    if counts.iter().all(|count| *count > 0) {
        let [count_one, count_other] = counts;
        if count_one != count_other {
            return Settled::Is(count_one.cmp(&count_other));
        }
    }
    let current = [one, other].map(|resource| current_node(state, resource));
    let [may_one, may_other] = [(one, current[0]), (other, current[1])].map(|(resource, node)| {
        node.is_none_or(|node| state[resource].row.get(node).is_some_and(|cell| cell.score >= 0))
    });
    if may_one != may_other {
        return Settled::Is(may_other.cmp(&may_one));
    }
    let by_priority = state[other].priority.cmp(&state[one].priority);
    if by_priority.is_ne() {
        return Settled::Is(by_priority);
    }
    // A node that does not allow its instance counts as none.
    let [node_one, node_other] = current.map(|node| node.filter(|_| may_one));
    let (Some(node_one), Some(node_other)) = (node_one, node_other) else {
        return Settled::Is(node_other.is_some().cmp(&node_one.is_some()));
    };
    let by_node = state.usable(node_other).cmp(&state.usable(node_one));
    if by_node.is_ne() {
        return Settled::Is(by_node);
    }
    let count_one = collective_count(state, one, node_one);
    let count_other = collective_count(state, other, node_other);
    let (Some(count_one), Some(count_other)) = (count_one, count_other) else {
        return Settled::Is(count_other.is_some().cmp(&count_one.is_some()));
    };
    let failed = |state: &State<'_>, resource: ResIx| state.resource(resource).flags.failed;
    let ordering = count_one
        .cmp(&count_other)
        .then_with(|| state.any_below(one, &failed).cmp(&state.any_below(other, &failed)));
    if ordering.is_ne() {
        return Settled::Is(ordering);
    }
    match (current_node(state, one), current_node(state, other)) {
        (Some(node_one), Some(node_other)) => Settled::AskColocations(node_one, node_other),
        (None, _) | (_, None) => Settled::Is(Ordering::Equal),
    }
}

/// How many instances of the collective are on the node; none where it does not know the node.
fn collective_count(state: &State<'_>, instance: ResIx, node: NodeIx) -> Option<u32> {
    let table = state.resource(instance).parent.unwrap_or(instance);
    state[table].row.get(node).map(|cell| cell.count)
}

/// Which instance of a promotable clone set is promoted first.
pub(super) fn compare_promotable(state: &mut State<'_>, one: ResIx, other: ResIx) -> Ordering {
    let by_promotion = state[other].promotion_priority.cmp(&state[one].promotion_priority);
    let settled =
        by_promotion.then_with(|| state.role_of(other, true).cmp(&state.role_of(one, true)));
    if settled.is_ne() { settled } else { compare_instances(state, one, other) }
}

#[cfg(test)]
mod tests {
    use super::merge_sort;

    #[test]
    fn sorting_is_stable_and_survives_nonsense() {
        let pairs = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        let sorted = merge_sort(pairs, &mut |one, other| one.0.cmp(&other.0));
        assert_eq!(sorted, [(0, 'e'), (1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
        // A comparison that says "greater" to everything must end, too.
        let cyclic = merge_sort(vec![1, 2, 3, 4, 5], &mut |_, _| std::cmp::Ordering::Greater);
        assert_eq!(cyclic.len(), 5);
    }
}
