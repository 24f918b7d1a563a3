//! Orderings by task: which resource's work comes before which, before it is known what work
//! there is.
//!
//! **Not here:** finding the actions (`apply`).

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::Relation;
use super::task::{Key, Task};
use crate::ResIx;

/// One side of an [`Ordering`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// Whose action; `None` for an action of no resource.
    pub(crate) resource: Option<ResIx>,
    /// Which of its actions, where it is not known which one exactly.
    pub(crate) key: Option<Key>,
    /// Exactly this one.
    pub(crate) act: Option<ActIx>,
}

/// *First, then.*
#[derive(Clone, Debug)]
pub(crate) struct Ordering {
    pub(crate) first: Side,
    pub(crate) then: Side,
    pub(crate) relation: Relation,
}

impl Side {
    /// Any action of `resource` that does `task` once.
    pub(crate) fn task(resource: ResIx, task: Task) -> Self {
        Self { resource: Some(resource), key: Some(Key::once(task)), act: None }
    }
}

impl Acting<'_, '_> {
    /// Exactly `act`.
    pub(crate) fn side(&self, act: ActIx) -> Side {
        let found = &self.arena[act];
        Side { resource: found.resource, key: Some(found.key.clone()), act: Some(act) }
    }

    /// Orders `first` before `then`; also their counterparts in live moves.
    pub(crate) fn order(&mut self, first: Side, then: Side, relation: Relation) {
        let ordering = Ordering { first, then, relation };
        self.orders.push(ordering.clone());
        self.order_live_moves(&ordering);
    }

    /// Orders one resource's task before another's.
    pub(crate) fn order_tasks(
        &mut self,
        (first, first_task): (ResIx, Task),
        (then, then_task): (ResIx, Task),
        relation: Relation,
    ) {
        self.order(Side::task(first, first_task), Side::task(then, then_task), relation);
    }

    /// Orders starts.
    pub(crate) fn order_starts(&mut self, first: ResIx, then: ResIx, relation: Relation) {
        self.order_tasks((first, Task::Start), (then, Task::Start), relation);
    }

    /// Orders stops.
    pub(crate) fn order_stops(&mut self, first: ResIx, then: ResIx, relation: Relation) {
        self.order_tasks((first, Task::Stop), (then, Task::Stop), relation);
    }

    /// Orders an action before a task.
    pub(crate) fn order_act_then(
        &mut self,
        first: ActIx,
        (then, task): (ResIx, Task),
        relation: Relation,
    ) {
        self.order(self.side(first), Side::task(then, task), relation);
    }

    /// Orders a task before an action.
    pub(crate) fn order_then_act(
        &mut self,
        (first, task): (ResIx, Task),
        then: ActIx,
        relation: Relation,
    ) {
        self.order(Side::task(first, task), self.side(then), relation);
    }

    /// What an ordering means where one of the two is moved live: then its start and stop are
    /// only milestones, and the real work is `migrate_to` and `migrate_from`.
    fn order_live_moves(&mut self, ordering: &Ordering) {
        let (Some(first), Some(then)) = (ordering.first.resource, ordering.then.resource) else {
            return;
        };
        if first == then || self.is_ancestor(first, then) || self.is_ancestor(then, first) {
            return;
        }
        let first_moves = self.now(first).flags.migratable;
        let then_moves = self.now(then).flags.migratable;
        if !first_moves && !then_moves {
            return;
        }
        let relation = if first_moves {
            Relation::ORDERED | Relation::IF_FIRST_UNMIGRATABLE
        } else {
            Relation::ORDERED
        };
        let partial = self.now(then).partial_move.is_some();
        match (self.task_of(&ordering.first), self.task_of(&ordering.then)) {
            (Some(Task::Start), Some(Task::Start)) if then_moves => {
                if first_moves {
                    let from = (first, Task::MigrateFrom);
                    self.order_tasks(from, (then, Task::MigrateTo), Relation::ORDERED);
                }
                self.order_tasks((first, Task::Start), (then, Task::MigrateTo), relation);
            }
            (Some(Task::Stop), Some(Task::Stop)) if then_moves => {
                self.order_tasks((first, Task::Stop), (then, Task::MigrateTo), relation);
                if partial {
                    self.order_tasks((first, Task::Stop), (then, Task::MigrateFrom), relation);
                }
            }
            (Some(Task::Promote), Some(Task::Start)) if then_moves => {
                let promote = (first, Task::Promote);
                self.order_tasks(promote, (then, Task::MigrateTo), Relation::ORDERED);
            }
            (Some(Task::Demote), Some(Task::Stop)) if then_moves => {
                let demote = (first, Task::Demote);
                self.order_tasks(demote.clone(), (then, Task::MigrateTo), Relation::ORDERED);
                if partial {
                    self.order_tasks(demote, (then, Task::MigrateFrom), Relation::ORDERED);
                }
            }
            _ => {}
        }
    }

    /// What a side does.
    fn task_of(&self, side: &Side) -> Option<Task> {
        match (side.act, &side.key) {
            (Some(act), _) => Some(self.arena[act].task.clone()),
            (None, Some(Key::Operation { task, .. })) => Some(task.clone()),
            (None, _) => None,
        }
    }
}
