//! The actions that reading the history asked for. They come first, and so have the lowest
//! numbers.

use super::acting::Acting;
use super::arena::ActIx;
use super::fencing::{self, FenceWish};
use super::flags::{ActFlags, Relation};
use super::task::{Key, Task};
use crate::{EarlyAction, NodeIx, ResIx};

/// Makes them, in the order of discovery.
pub(crate) fn create(acting: &mut Acting<'_, '_>) {
    let given = acting.given;
    for early in &given.early {
        match early {
            EarlyAction::Fence { node, reason, delay } => {
                let wish = FenceWish {
                    optional: true,
                    reason: Some(reason),
                    delay: *delay,
                    ..FenceWish::default()
                };
                fencing::fence_act(acting, *node, wish);
            }
            EarlyAction::Stop { resource, node } => {
                acting.act(*resource, Task::Stop, Some(*node), false);
            }
            EarlyAction::Demote { resource, node } => {
                acting.act(*resource, Task::Demote, Some(*node), false);
            }
            EarlyAction::StopIsOptional { resource, node } => {
                for stop in acting.once(*resource, Task::Stop, Some(*node)) {
                    acting.arena[stop].flags.set(ActFlags::OPTIONAL);
                }
            }
            EarlyAction::Recurring { resource, node, task, interval_ms } => {
                let task = Task::parse(task);
                let key = Key::Operation { task: task.clone(), interval_ms: *interval_ms };
                acting.act_with_key(*resource, key, task, Some(*node), true);
            }
            EarlyAction::ClearFailCount { resource, node, after_fencing, remote_reset, .. } => {
                let now = acting.node_now_mut(*node);
                let in_the_end = std::mem::replace(&mut now.remote_reset, *remote_reset);
                let clear = clear_fail_count(acting, *resource, *node);
                acting.node_now_mut(*node).remote_reset = in_the_end;
                if let Some(remote) = after_fencing {
                    let wish = FenceWish { optional: true, ..FenceWish::default() };
                    let fence = fencing::fence_act(acting, *remote, wish);
                    acting.arena.order(fence, clear, Relation::FIRST_IMPLIES_THEN);
                }
            }
            EarlyAction::ForgetHistory { resource, node } => {
                acting.act(*resource, Task::LrmDelete, Some(*node), false);
            }
        }
    }
}

/// Plans to forget how often a resource has failed on a node.
pub(crate) fn clear_fail_count(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
) -> ActIx {
    let clear = acting.act(resource, Task::ClearFailcount, Some(node), false);
    acting.set_meta(clear, "op_no_wait", "true");
    clear
}
