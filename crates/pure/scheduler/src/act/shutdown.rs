//! Nodes that leave: fenced because they are lost, or shut down because they ask for it.

use super::acting::Acting;
use super::arena::ActIx;
use super::fencing::{self, FenceWish};
use super::flags::{ActFlags, Relation};
use super::task::Task;
use crate::{NodeIx, ResIx};

/// Plans fencing and shutdown of every node that needs it.
pub(crate) fn create(acting: &mut Acting<'_, '_>) {
    let top = acting.assigned.top.clone();
    let any_managed = top.into_iter().any(|resource| is_managed(acting, resource));
    let mut coordinator_down = None;
    let mut fenced: Vec<ActIx> = Vec::new();
    let mut shut_down: Vec<ActIx> = Vec::new();
    for node in acting.given.node_indices() {
        let is_coordinator = acting.given.coordinator == Some(node);
        if acting.node(node).is_guest() {
            let reset = acting.node_now(node).remote_reset;
            if reset && any_managed && acting.can_fence(node) {
                fencing::fence_guest(acting, node);
            }
        } else if any_managed && acting.node_now(node).unclean && acting.can_fence(node) {
            let fence = fence(acting, node);
            if is_coordinator {
                coordinator_down = Some(fence);
            } else {
                order_in_chain(acting, fenced.last().copied(), fence);
                fenced.push(fence);
            }
        } else if needs_shutdown(acting, node) {
            let down = shutdown(acting, node);
            if is_coordinator {
                coordinator_down = Some(down);
            } else {
                shut_down.push(down);
            }
        }
    }
    if let Some(last) = coordinator_down {
        order_coordinator_last(acting, last, &fenced, &shut_down);
    }
}

fn is_managed(acting: &Acting<'_, '_>, resource: ResIx) -> bool {
    acting.any_below(resource, &|flags| flags.managed)
}

fn fence(acting: &mut Acting<'_, '_>, node: NodeIx) -> ActIx {
    let wish = FenceWish { reason: Some("node is unclean"), ..FenceWish::default() };
    let fence = fencing::fence_act(acting, node, wish);
    fencing::order_around_fencing(acting, fence);
    fence
}

fn order_in_chain(acting: &mut Acting<'_, '_>, last: Option<ActIx>, fence: ActIx) {
    if let Some(last) = last
        && !acting.given.options.concurrent_fencing
    {
        acting.arena.order(last, fence, Relation::ORDERED);
    }
}

/// Remote nodes leave with their connection.
fn needs_shutdown(acting: &Acting<'_, '_>, node: NodeIx) -> bool {
    let now = acting.node_now(node);
    !acting.node(node).is_remote_or_guest() && now.online && now.shutdown
}

fn shutdown(acting: &mut Acting<'_, '_>, node: NodeIx) -> ActIx {
    let name = format!("do_shutdown-{}", acting.node(node).name);
    let down = match acting.arena.named(&name) {
        Some(known) => known,
        None => acting.add_named(&name, Task::Shutdown, Some(node)),
    };
    order_stops_before(acting, node, down);
    acting.set_meta(down, "op_no_wait", "true");
    down
}

fn order_stops_before(acting: &mut Acting<'_, '_>, node: NodeIx, down: ActIx) {
    for act in acting.arena.all().rev() {
        let found = &acting.arena[act];
        let Some(resource) = found.resource else { continue };
        let flags = &acting.now(resource).flags;
        // What will not be touched cannot hold the node back.
        let untouched =
            flags.maintenance || acting.node(node).maintenance || !(flags.managed || flags.blocked);
        if found.task != Task::Stop || found.node != Some(node) || untouched {
            continue;
        }
        acting.arena[act].flags.clear(ActFlags::OPTIONAL);
        acting.arena[act].wanted_by.get_or_insert(down);
        let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
        acting.order(acting.side(act), acting.side(down), relation);
    }
}

/// The coordinator goes last, so that no election is needed in between. Its fencing does not
/// wait for shutdowns, which may wait for it.
fn order_coordinator_last(
    acting: &mut Acting<'_, '_>,
    last: ActIx,
    fenced: &[ActIx],
    shut_down: &[ActIx],
) {
    if acting.arena[last].task == Task::Shutdown {
        for down in shut_down.iter().rev() {
            acting.arena.order(*down, last, Relation::ORDERED);
        }
    }
    let before: &[ActIx] = if acting.given.options.concurrent_fencing {
        fenced
    } else {
        fenced.last().map_or(&[], std::slice::from_ref)
    };
    for fence in before.iter().rev() {
        acting.arena.order(*fence, last, Relation::ORDERED);
    }
}
