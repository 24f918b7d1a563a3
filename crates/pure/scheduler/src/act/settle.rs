//! Gives a node to actions that were made only because something waits for them: where the
//! resource will be, or for stops where it is.
//!
//! Compatibility: Pacemaker does this while it writes its log, after all orderings are applied;
//! drawings of the plan and notifications show it.

use model::Role;

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::ActFlags;
use super::task::Task;
use crate::{NodeIx, ResIx};

/// Settles the actions of every resource.
pub(crate) fn settle_all(acting: &mut Acting<'_, '_>) {
    for resource in acting.assigned.top.clone() {
        settle(acting, resource);
    }
}

fn settle(acting: &mut Acting<'_, '_>, resource: ResIx) {
    if let Some(parts) = acting.resource(resource).bundle() {
        for replica in &parts.replicas {
            let parts = [replica.ip, Some(replica.container), replica.remote, replica.child];
            for part in parts.into_iter().flatten() {
                settle(acting, part);
            }
        }
        return;
    }
    let children = acting.children(resource);
    for child in children.iter() {
        settle(acting, *child);
    }
    if children.is_empty() {
        settle_primitive(acting, resource);
    }
}

fn settle_primitive(acting: &mut Acting<'_, '_>, resource: ResIx) {
    let next = acting.now(resource).assigned;
    let current = acting.current_node(resource);
    if current.is_some() && acting.now(resource).role == Role::Stopped {
        // Recovered from a failure that made it count as stopped.
        acting.now_mut(resource).role = Role::Started;
    }
    let now = acting.now(resource);
    let (role, next_role) = (now.role, now.next_role);
    if !now.flags.managed || (current.is_none() && (next.is_none() || now.flags.removed)) {
        return;
    }
    let start = first(acting, resource, Task::Start, next);
    let startable = start.is_some_and(|start| acting.is(start, ActFlags::RUNNABLE));
    let stop = first(acting, resource, Task::Stop, current.filter(|_| startable));
    first(acting, resource, Task::Promote, next);
    first(acting, resource, Task::Demote, next);
    if role == next_role {
        first(acting, resource, Task::MigrateFrom, next);
    } else if stop.is_some() && (next_role == Role::Stopped || (start.is_some() && !startable)) {
        for node in acting.resource(resource).active.clone() {
            first(acting, resource, Task::Stop, Some(node));
        }
    }
}

/// Looking for an action on a node puts those without one there.
fn first(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    task: Task,
    node: Option<NodeIx>,
) -> Option<ActIx> {
    acting.once(resource, task, node).first().copied()
}
