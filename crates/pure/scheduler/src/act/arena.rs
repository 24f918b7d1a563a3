//! Every action that was thought of, and what is ordered before and after each.
//!
//! **Always:** an action's number is its place in the order of creation, from 1; that is the
//! number in the plan, so actions are never removed. Both ends of an ordering know it.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::flags::{ActFlags, Relation};
use super::task::{Key, Task};
use crate::{NodeIx, ResIx, Values};

/// Handle of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ActIx(u32);

impl ActIx {
    /// The action's number in the plan.
    pub(crate) fn number(self) -> u32 {
        self.0.saturating_add(1)
    }

    /// The position in the arena.
    fn at(self) -> usize {
        self.0 as usize
    }
}

/// What must hold before an action may run after a node was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Requires {
    #[default]
    Nothing,
    Quorum,
    Fencing,
}

/// One end's knowledge of an ordering: the other action, and what the order means.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) other: ActIx,
    pub(crate) relation: Relation,
    /// The other is an input of this in the plan.
    pub(crate) in_plan: bool,
}

/// One action, wanted or not.
#[derive(Clone, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) resource: Option<ResIx>,
    pub(crate) node: Option<NodeIx>,
    pub(crate) task: Task,
    pub(crate) key: Key,
    /// What a [`Task::Cancel`] cancels.
    pub(crate) cancels: Option<Task>,
    pub(crate) flags: ActFlags,
    pub(crate) needs: Requires,
    /// Why it is required, for people.
    pub(crate) reason: Option<String>,
    /// The action that made this one required, or put it into the plan; none where what is and
    /// what should be asks for it by itself.
    pub(crate) wanted_by: Option<ActIx>,
    /// The action that kept this one from being runnable.
    pub(crate) blocked_by: Option<ActIx>,
    /// The position of the configured operation among the resource's.
    pub(crate) operation: Option<usize>,
    pub(crate) meta: Values<'a>,
    /// The operation's own parameters.
    pub(crate) parameters: Values<'a>,
    pub(crate) priority: i32,
    /// For [`Relation::MIN_RUNNABLE`]: how many inputs are, and must be, runnable.
    pub(crate) runnable_before: u32,
    pub(crate) required_before: u32,
    /// Oldest first.
    pub(crate) before: Vec<Edge>,
    /// Oldest first.
    pub(crate) after: Vec<Edge>,
}

impl Act<'_> {
    /// An action that is required, runnable, and nothing else.
    pub(crate) fn new(task: Task) -> Self {
        Self {
            resource: None,
            node: None,
            key: Key::once(task.clone()),
            task,
            cancels: None,
            flags: ActFlags::RUNNABLE,
            needs: Requires::Nothing,
            reason: None,
            wanted_by: None,
            blocked_by: None,
            operation: None,
            meta: Values::new(),
            parameters: Values::new(),
            priority: 0,
            runnable_before: 0,
            required_before: 0,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Whether any of `flags` is set.
    pub(crate) fn is(&self, flags: ActFlags) -> bool {
        self.flags.has(flags)
    }

    /// The interval in the meta attributes, where the operation is a recurring one. A
    /// cancellation has the interval of what it cancels.
    pub(crate) fn meta_interval(&self) -> Option<&str> {
        self.meta.get("interval").map(AsRef::as_ref).filter(|text| *text != "0")
    }
}

/// All actions, by handle, by resource, and by name where they belong to none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena<'a> {
    acts: Vec<Act<'a>>,
    /// For each resource, oldest first.
    of_resource: Vec<Vec<ActIx>>,
    /// The same without monitors, of which there may be one for each node.
    changes_of_resource: Vec<Vec<ActIx>>,
    by_name: BTreeMap<Arc<str>, ActIx>,
    /// How often an action could have changed. What was derived at the same count still holds.
    edits: u64,
}

impl<'a> Arena<'a> {
    /// An arena for actions of `resources` resources.
    pub(crate) fn new(resources: usize) -> Self {
        Self {
            acts: Vec::new(),
            of_resource: vec![Vec::new(); resources],
            changes_of_resource: vec![Vec::new(); resources],
            by_name: BTreeMap::new(),
            edits: 0,
        }
    }

    /// See the field.
    pub(crate) fn edits(&self) -> u64 {
        self.edits
    }

    /// Takes `act` in and gives it the next number.
    pub(crate) fn add(&mut self, act: Act<'a>) -> ActIx {
        self.edits += 1;
        let ix = ActIx(u32::try_from(self.acts.len()).unwrap_or(u32::MAX));
        match (act.resource, &act.key) {
            (Some(resource), _) => {
                if let Some(list) = self.of_resource.get_mut(resource.at()) {
                    list.push(ix);
                }
                if act.task != Task::Monitor
                    && let Some(list) = self.changes_of_resource.get_mut(resource.at())
                {
                    list.push(ix);
                }
            }
            (None, Key::Name(name)) => {
                self.by_name.insert(Arc::clone(name), ix);
            }
            (None, Key::Operation { .. } | Key::Notify { .. }) => {}
        }
        self.acts.push(act);
        ix
    }

    /// Makes a cancellation of what was to be a monitor.
    pub(crate) fn make_cancellation(&mut self, act: ActIx) {
        let was_monitor = self[act].task == Task::Monitor;
        self[act].task = Task::Cancel;
        let list = self[act].resource.filter(|_| was_monitor);
        if let Some(list) = list.and_then(|of| self.changes_of_resource.get_mut(of.at())) {
            list.insert(list.partition_point(|older| *older < act), act);
        }
    }

    /// All handles, oldest first.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = ActIx> + use<> {
        (0..u32::try_from(self.acts.len()).unwrap_or(u32::MAX)).map(ActIx)
    }

    /// The actions of `resource`, oldest first.
    pub(crate) fn of(&self, resource: ResIx) -> &[ActIx] {
        self.of_resource.get(resource.at()).map_or(&[], Vec::as_slice)
    }

    /// The action of no resource that is called `name`.
    pub(crate) fn named(&self, name: &str) -> Option<ActIx> {
        self.by_name.get(name).copied()
    }

    /// The newest action of `resource` that does `task`, on `node` if that is given.
    pub(crate) fn newest(
        &self,
        resource: ResIx,
        task: &Task,
        node: Option<NodeIx>,
    ) -> Option<ActIx> {
        let changes = || self.changes_of_resource.get(resource.at()).map(Vec::as_slice);
        let list = if *task == Task::Monitor { self.of(resource) } else { changes()? };
        list.iter().rev().copied().find(|act| {
            let act = &self[*act];
            act.task == *task && (node.is_none() || act.node == node)
        })
    }

    /// The newest action of `resource` with `key`.
    pub(crate) fn newest_with_key(&self, resource: ResIx, key: &Key) -> Option<ActIx> {
        self.of(resource).iter().rev().copied().find(|act| self[*act].key == *key)
    }

    /// Actions of `resource` with `key`, oldest first. With a node, those on that node, and those
    /// on no node yet, which then are on that one.
    pub(crate) fn matching(
        &mut self,
        resource: ResIx,
        key: &Key,
        node: Option<NodeIx>,
    ) -> Vec<ActIx> {
        let mut found = Vec::new();
        for position in 0..self.of(resource).len() {
            let Some(ix) = self.of(resource).get(position).copied() else { break };
            if self[ix].key != *key {
                continue;
            }
            if node.is_some() && self[ix].node.is_none() {
                self[ix].node = node;
            }
            if node.is_none() || self[ix].node == node {
                found.push(ix);
            }
        }
        found
    }

    /// Actions of `resource` with `key` that are on `node` already, oldest first.
    pub(crate) fn exactly(&self, resource: ResIx, key: &Key, node: NodeIx) -> Vec<ActIx> {
        self.of(resource)
            .iter()
            .copied()
            .filter(|act| self[*act].key == *key && self[*act].node == Some(node))
            .collect()
    }

    /// Orders `first` before `then`. `false` if nothing new came of it: no relation, the same
    /// action twice, or an ordering with a part of the same meaning is there.
    pub(crate) fn order(&mut self, first: ActIx, then: ActIx, relation: Relation) -> bool {
        if relation == Relation::NONE || first == then {
            return false;
        }
        let known =
            self[first].after.iter().any(|edge| edge.other == then && edge.relation.any(relation));
        if known {
            return false;
        }
        self[first].after.push(Edge { other: then, relation, in_plan: false });
        self[then].before.push(Edge { other: first, relation, in_plan: false });
        true
    }

    /// The input at `position` of `act`, oldest first.
    pub(crate) fn input(&self, act: ActIx, position: usize) -> Option<&Edge> {
        self[act].before.get(position)
    }

    /// Changes what the input at `position` of `act` means; `act`'s end only, as the other end is
    /// just a list of what to look at again.
    pub(crate) fn set_relation(&mut self, act: ActIx, position: usize, relation: Relation) {
        if let Some(edge) = self[act].before.get_mut(position) {
            edge.relation = relation;
        }
    }

    /// Sorts the inputs of `act` by number and leaves each once, with all meanings together.
    pub(crate) fn merge_inputs(&mut self, act: ActIx) {
        if self[act].is(ActFlags::INPUTS_MERGED) {
            return;
        }
        self[act].flags.set(ActFlags::INPUTS_MERGED);
        let mut inputs = std::mem::take(&mut self[act].before);
        // Newest first among equals, as in the lists that the numbering was designed around.
        inputs.reverse();
        inputs.sort_by_key(|edge| edge.other);
        let mut merged: Vec<Edge> = Vec::with_capacity(inputs.len());
        for edge in inputs {
            match merged.last_mut() {
                Some(last) if last.other == edge.other => {
                    last.relation.set(edge.relation);
                    last.in_plan |= edge.in_plan;
                }
                _ => merged.push(Edge { in_plan: false, ..edge }),
            }
        }
        self[act].before = merged;
    }
}

impl<'a> Index<ActIx> for Arena<'a> {
    type Output = Act<'a>;

    #[expect(clippy::indexing_slicing, reason = "only `add` makes handles, and nothing is removed")]
    fn index(&self, ix: ActIx) -> &Act<'a> {
        &self.acts[ix.at()]
    }
}

impl IndexMut<ActIx> for Arena<'_> {
    #[expect(clippy::indexing_slicing, reason = "only `add` makes handles, and nothing is removed")]
    fn index_mut(&mut self, ix: ActIx) -> &mut Self::Output {
        self.edits += 1;
        &mut self.acts[ix.at()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Act<'static> {
        Act { key: Key::Name(Arc::from(name)), ..Act::new(Task::parse(name)) }
    }

    #[test]
    fn an_ordering_is_made_once_for_each_meaning() {
        let mut arena = Arena::new(0);
        let first = arena.add(named("a"));
        let then = arena.add(named("b"));
        assert!(arena.order(first, then, Relation::ORDERED));
        assert!(!arena.order(first, then, Relation::ORDERED | Relation::ASYMMETRIC));
        assert!(arena.order(first, then, Relation::FIRST_IMPLIES_THEN));
        assert!(!arena.order(first, first, Relation::ORDERED));
        assert!(!arena.order(first, then, Relation::NONE));
    }

    #[test]
    fn merged_inputs_are_sorted_and_keep_every_meaning() {
        let mut arena = Arena::new(0);
        let early = arena.add(named("a"));
        let late = arena.add(named("b"));
        let then = arena.add(named("c"));
        arena.order(late, then, Relation::ORDERED);
        arena.order(early, then, Relation::ORDERED);
        arena.order(early, then, Relation::FIRST_IMPLIES_THEN);
        arena.merge_inputs(then);
        let inputs: Vec<_> = arena[then].before.iter().map(|e| (e.other, e.relation)).collect();
        assert_eq!(
            inputs,
            [(early, Relation::ORDERED | Relation::FIRST_IMPLIES_THEN), (late, Relation::ORDERED),]
        );
    }
}
