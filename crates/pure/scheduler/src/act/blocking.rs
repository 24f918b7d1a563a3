//! Who must run where another runs cannot come up if that other cannot.
//!
//! **Not here:** what else follows from that (`update`, which also keeps the list of what is still
//! to be blocked: chains of colocations can be long).

use std::sync::Arc;

use model::{Role, Score};

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::ActFlags;
use super::task::Task;
use crate::ResIx;
use crate::assign::AssignedColocation;

/// A resource that cannot do something because another cannot come up.
#[derive(Clone, Debug)]
pub(crate) struct Blocked {
    pub(crate) resource: ResIx,
    pub(crate) task: Task,
    /// What cannot come up.
    pub(crate) cause: ActIx,
    pub(crate) reason: Arc<str>,
}

/// What cannot come up because `act`, a start or a promotion, cannot run. Nothing if it can, or is
/// neither.
pub(crate) fn blocked_by(acting: &Acting<'_, '_>, act: ActIx) -> Vec<Blocked> {
    let found = &acting.arena[act];
    let starts = found.task == Task::Start;
    if found.is(ActFlags::RUNNABLE) || !(starts || found.task == Task::Promote) {
        return Vec::new();
    }
    let Some(resource) = found.resource else { return Vec::new() };
    let top = acting.top(resource);
    let whole = acting.resource(top).parent.unwrap_or(top);
    // It is enough if any part comes up.
    let comes_up = acting.children(whole).iter().any(|child| {
        acting
            .arena
            .newest(*child, &found.task, None)
            .is_none_or(|act| acting.is(act, ActFlags::RUNNABLE))
    });
    let with_it = &acting.assigned.resource(whole).all_with_this;
    if comes_up || with_it.is_empty() {
        return Vec::new();
    }
    let reason: Arc<str> =
        Arc::from(format!("colocation with {}", acting.resource(resource).id).as_str());
    let colocations = with_it.iter().filter_map(|found| acting.assigned.colocation(*found));
    let blocked = colocations.filter_map(|colocation| {
        let task = blocked_task(colocation, starts)?;
        Some(Blocked {
            resource: colocation.dependent,
            task,
            cause: act,
            reason: Arc::clone(&reason),
        })
    });
    blocked.collect()
}

/// The actions that cannot run because `act` cannot.
pub(crate) fn dependents(acting: &Acting<'_, '_>, act: ActIx) -> Vec<ActIx> {
    let mut found = Vec::new();
    for Blocked { resource, task, .. } in blocked_by(acting, act) {
        let mut open = vec![resource];
        while let Some(resource) = open.pop() {
            let acts = acting.arena.of(resource).iter().copied();
            found.extend(acts.filter(|act| acting.arena[*act].task == task));
            open.extend(acting.children(resource).iter());
        }
    }
    found
}

/// What the dependent cannot do where the primary cannot start (or be promoted).
fn blocked_task(colocation: &AssignedColocation, starts: bool) -> Option<Task> {
    if colocation.score < Score::INFINITY || (!starts && colocation.primary_role != Role::Promoted)
    {
        return None;
    }
    Some(if colocation.dependent_role == Role::Promoted { Task::Promote } else { Task::Start })
}
