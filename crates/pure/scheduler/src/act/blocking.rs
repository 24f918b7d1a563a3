//! Who must run where another runs cannot come up if that other cannot.

use model::{Role, Score};

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::ActFlags;
use super::task::Task;
use super::update::update;
use crate::ResIx;
use crate::assign::AssignedColocation;

/// Blocks those who depend on a start or promotion that cannot run.
pub(crate) fn block_dependents(acting: &mut Acting<'_, '_>, act: ActIx) {
    let found = &acting.arena[act];
    let starts = found.task == Task::Start;
    if found.is(ActFlags::RUNNABLE) || !(starts || found.task == Task::Promote) {
        return;
    }
    let Some(resource) = found.resource else { return };
    let task = found.task.clone();
    let top = acting.top(resource);
    let whole = acting.resource(top).parent.unwrap_or(top);
    // It is enough if any part comes up.
    let comes_up = acting.children(whole).iter().any(|child| {
        acting
            .arena
            .newest(*child, &task, None)
            .is_none_or(|act| acting.is(act, ActFlags::RUNNABLE))
    });
    if comes_up {
        return;
    }
    let assigned = acting.assigned;
    let reason = format!("colocation with {}", acting.resource(resource).id);
    for colocation in &assigned.resource(whole).all_with_this {
        let Some(colocation) = assigned.colocation(*colocation) else { continue };
        if let Some(blocked) = blocked_task(colocation, starts) {
            block(acting, act, colocation.dependent, &blocked, &reason);
        }
    }
}

/// What the dependent cannot do where the primary cannot start (or be promoted).
fn blocked_task(colocation: &AssignedColocation, starts: bool) -> Option<Task> {
    if colocation.score < Score::INFINITY || (!starts && colocation.primary_role != Role::Promoted)
    {
        return None;
    }
    Some(if colocation.dependent_role == Role::Promoted { Task::Promote } else { Task::Start })
}

fn block(acting: &mut Acting<'_, '_>, cause: ActIx, resource: ResIx, task: &Task, reason: &str) {
    for act in acting.arena.of(resource).to_vec().into_iter().rev() {
        if acting.is(act, ActFlags::RUNNABLE) && acting.arena[act].task == *task {
            acting.set_runnable(act, false);
            acting.arena[act].blocked_by = Some(cause);
            acting.set_reason(act, Some(reason), false);
            block_dependents(acting, act);
            update(acting, act);
        }
    }
    for child in acting.children(resource).iter() {
        block(acting, cause, *child, task, reason);
    }
}
