//! Trying changes: each is made to a copy of the document, and the copy is planned.

use std::cell::Cell;
use std::cmp::Reverse;

use cib::Document;
use model::Role;
use scheduler::{Input, NodeIx, ResIx};

use super::apply::apply;
use super::change::Change;
use super::{Counterfactual, Decided};

/// What is to come about: one more primitive of this kind, as wanted, than there would be now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'g> {
    pub(super) config_id: &'g str,
    /// Only this instance will do.
    pub(super) unique_id: Option<&'g str>,
    /// Nothing if any node will do.
    pub(super) node: Option<NodeIx>,
    pub(super) promoted: bool,
}

/// A change that was seen to work, with the nearest number.
type Found = (Change, Option<i32>);

/// How much planning an answer may cost: primitives times nodes, summed over all plans.
const WORK_MAX: usize = 3_000_000;
const PLANS_MIN: usize = 40;
const PLANS_MAX: usize = 400;

/// Changes that are tried together at most: more would explain nothing.
const TOGETHER_MAX: usize = 12;

pub(super) struct Search<'s, 'd, 'a> {
    decided: Decided<'d, 'a>,
    goal: &'s Goal<'s>,
    node_name: Option<String>,
    now: usize,
    plans_left: Cell<usize>,
}

impl<'s, 'd, 'a> Search<'s, 'd, 'a> {
    pub(super) fn new(decided: Decided<'d, 'a>, goal: &'s Goal<'s>) -> Self {
        let Decided { resolved, document, .. } = decided;
        let size = resolved.resources.len() * resolved.nodes.len().max(1);
        let plans = (WORK_MAX / size.max(1)).clamp(PLANS_MIN, PLANS_MAX);
        let node_name = goal.node.map(|node| resolved.node(node).name.as_ref().to_owned());
        let mut search = Self { decided, goal, node_name, now: 0, plans_left: Cell::new(plans) };
        search.now = search.count(document, search.node_name.as_deref());
        search
    }

    /// The nearest alternatives among what was gathered for each node.
    pub(super) fn run(self, gathered: Vec<Vec<Change>>, told: usize) -> Vec<Counterfactual> {
        let mut tried: Vec<&Change> = Vec::new();
        let mut found: Vec<Found> = Vec::new();
        for change in gathered.iter().flatten() {
            if tried.contains(&change) {
                continue;
            }
            tried.push(change);
            found.extend(self.alone(change));
        }
        if !found.is_empty() {
            found.sort_by_key(|(change, value)| change.nearness(*value));
            let rescored: Vec<String> = found
                .iter()
                .filter_map(|(change, _)| change.rescored().map(str::to_owned))
                .collect();
            // Where another score is enough, that no constraint would be, too, says nothing.
            found.retain(|(change, _)| {
                let removed = change.removed();
                removed.is_none_or(|removed| !rescored.iter().any(|id| id == removed))
            });
            let mut would: Vec<Counterfactual> =
                found.into_iter().map(|one| self.told(vec![one])).collect();
            // Instances of one clone set are told alike.
            would.dedup();
            would.truncate(told);
            return would;
        }
        let together = gathered.iter().filter_map(|changes| self.together(changes));
        let fewest = together.min_by_key(Vec::len);
        fewest.map(|changes| self.told(changes)).into_iter().collect()
    }

    fn told(&self, changes: Vec<Found>) -> Counterfactual {
        let changes = changes.iter().map(|(change, value)| change.told(*value)).collect();
        Counterfactual { node: self.node_name.clone(), promoted: self.goal.promoted, changes }
    }

    /// Whether the change is enough, and with which number.
    fn alone(&self, change: &Change) -> Option<Found> {
        self.settled(&[], change)
    }

    /// With `others` made, whether the change is enough, and with which number.
    fn settled(&self, others: &[Found], change: &Change) -> Option<Found> {
        let holds = |value: i32| {
            let mut all = others.to_vec();
            all.push((change.clone(), Some(value)));
            self.holds(&all)
        };
        let Change::Number { what, was } = change else {
            return holds(0).then(|| (change.clone(), None));
        };
        let range = what.range(*was);
        let value_at = |step: i32| {
            let signed = if range.rises { step } else { step.saturating_neg() };
            was.saturating_add(signed)
        };
        if !holds(value_at(range.most)) {
            return None;
        }
        // Scores are small where they are not infinite: look near first.
        let (mut fails, mut works) = (range.least.saturating_sub(1), range.most);
        let mut probe = range.least;
        while probe < works {
            if holds(value_at(probe)) {
                works = probe;
            } else {
                fails = probe;
                probe = probe.saturating_mul(8).saturating_add(1);
            }
        }
        while works - fails > 1 {
            let middle = fails + (works - fails) / 2;
            if holds(value_at(middle)) {
                works = middle;
            } else {
                fails = middle;
            }
        }
        // Without all tries it is not known to be the nearest.
        (self.plans_left.get() > 0).then(|| (change.clone(), Some(value_at(works))))
    }

    /// The fewest of the changes that are enough together.
    fn together(&self, changes: &[Change]) -> Option<Vec<Found>> {
        let farthest = |change: &Change| {
            let Change::Number { what, was } = change else { return (change.clone(), None) };
            let range = what.range(*was);
            let signed = if range.rises { range.most } else { range.most.saturating_neg() };
            (change.clone(), Some(was.saturating_add(signed)))
        };
        let mut all: Vec<Found> = changes.iter().map(farthest).collect();
        // What is rather done stays; what is far is dropped first.
        all.sort_by_key(|(change, _)| change.nearness(None));
        all.truncate(TOGETHER_MAX);
        if !self.holds(&all) {
            return None;
        }
        for at in (0..all.len()).rev() {
            let mut fewer = all.clone();
            fewer.remove(at);
            if self.holds(&fewer) {
                all = fewer;
            }
        }
        // Each number as near as the others let it be.
        for at in 0..all.len() {
            let mut others = all.clone();
            let (change, _) = others.remove(at);
            if let Some(settled) = self.settled(&others, &change)
                && let Some(place) = all.get_mut(at)
            {
                *place = settled;
            }
        }
        Some(all)
    }

    /// Whether the goal is reached with these changes made.
    fn holds(&self, changes: &[Found]) -> bool {
        if self.plans_left.get() == 0 {
            return false;
        }
        let mut document = self.decided.document.clone();
        let mut sorted: Vec<&Found> = changes.iter().collect();
        // What a node that comes back forgets must be forgotten first.
        sorted.sort_by_key(|(change, _)| Reverse(matches!(change, Change::NodeBack { .. })));
        for (change, value) in sorted {
            if !apply(&mut document, change, value.unwrap_or(0)) {
                return false;
            }
        }
        self.plans_left.set(self.plans_left.get() - 1);
        // Whom a constraint sends to a node should be there, not somewhere by its side effects.
        let sent_to = changes.iter().find_map(|(change, _)| change.sends_to());
        self.count(&document, sent_to.or(self.node_name.as_deref())) > self.now
    }

    /// How many primitives are as wanted, on the node if one is given, once the document's plan is
    /// carried out.
    fn count(&self, document: &Document, on: Option<&str>) -> usize {
        let input = Input { now: self.decided.now, ..Input::default() };
        let resolved = scheduler::resolve(document, &input);
        let assigned = scheduler::assign(&resolved);
        let fits = |at: &ResIx| {
            let (found, settled) = (resolved.resource(*at), assigned.resource(*at));
            let node = settled.node.map(|node| resolved.node(node).name.as_ref());
            let promoted = settled.next_role == Role::Promoted;
            found.is_primitive()
                && found.config_id.as_ref() == self.goal.config_id
                && self.goal.unique_id.is_none_or(|id| found.id.as_ref() == id)
                && settled.next_role != Role::Stopped
                && node.is_some()
                && (on.is_none() || on == node)
                && (!self.goal.promoted || promoted)
        };
        let all: Vec<ResIx> = resolved.resource_indices().filter(fits).collect();
        if all.is_empty() {
            return 0;
        }
        let explained = scheduler::explain(&resolved, &assigned);
        let is_blocked = |at: &ResIx| {
            let id = &resolved.resource(*at).id;
            explained.blocked.iter().any(|blocked| {
                blocked.resource == *id && matches!(blocked.task.as_ref(), "start" | "promote")
            })
        };
        all.iter().filter(|at| !is_blocked(at)).count()
    }
}
