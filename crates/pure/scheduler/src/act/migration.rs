//! Live moves: `migrate_to` on the source and `migrate_from` on the target do the work, and the
//! start and stop around them are bookkeeping.

use std::borrow::Cow;

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::{ActFlags, Relation};
use super::task::Task;
use crate::{NodeIx, ResIx};

/// Plans a live move of `resource` from `current` (or the rest of one that is under way).
pub(crate) fn create(acting: &mut Acting<'_, '_>, resource: ResIx, current: NodeIx) {
    let Some(target) = acting.now(resource).assigned else { return };
    let under_way = acting.now(resource).partial_move.is_some();
    let start = acting.act(resource, Task::Start, Some(target), true);
    let stop = acting.act(resource, Task::Stop, Some(current), true);
    let to = (!under_way).then(|| acting.act(resource, Task::MigrateTo, Some(current), true));
    let from = acting.act(resource, Task::MigrateFrom, Some(target), true);
    acting.arena[start].flags.set(ActFlags::MIGRATABLE | ActFlags::PSEUDO);
    acting.arena[stop].flags.set(ActFlags::MIGRATABLE);
    acting.arena[from].flags.set(ActFlags::MIGRATABLE);
    let needs = acting.arena[start].needs;
    let blocks = Relation::ORDERED | Relation::UNMIGRATABLE_THEN_BLOCKS;
    let (probe, move_to) = ((resource, Task::Monitor), (resource, Task::MigrateTo));
    let move_from = (resource, Task::MigrateFrom);
    if let Some(to) = to {
        acting.arena[to].flags.set(ActFlags::MIGRATABLE);
        acting.arena[to].needs = needs;
        acting.order_tasks(probe, move_to.clone(), Relation::ORDERED);
        acting.order_tasks(move_to, move_from.clone(), blocks);
    } else {
        acting.arena[from].needs = needs;
        acting.order_tasks(probe, move_from.clone(), Relation::ORDERED);
    }
    acting.order_tasks(move_from.clone(), (resource, Task::Stop), blocks);
    acting.order_tasks(move_from, (resource, Task::Start), blocks | Relation::FIRST_ELSE_THEN);
    if let Some(to) = to {
        add_ends(acting, to, current, target);
        // What is under way must be on record, in case the source is lost meanwhile. A
        // connection's move changes nothing on the target.
        if !acting.now(resource).flags.remote_connection {
            acting.set_meta(to, "record-pending", "true");
        }
    }
    add_ends(acting, from, current, target);
}

fn add_ends(acting: &mut Acting<'_, '_>, act: ActIx, source: NodeIx, target: NodeIx) {
    let given = acting.given;
    for (name, node) in [("migrate_source", source), ("migrate_target", target)] {
        let value = Cow::Owned(given.node(node).name.as_ref().to_owned());
        acting.arena[act].meta.insert(Cow::Borrowed(name), value);
    }
}

/// A move that went wrong left the resource on `source`: stop it there.
pub(crate) fn abort_dangling(acting: &mut Acting<'_, '_>, resource: ResIx, source: NodeIx) {
    let stop = acting.act(resource, Task::Stop, Some(source), false);
    acting.arena[stop].flags.set(ActFlags::MIGRATION_ABORT);
}

/// Whether `resource` may be moved live from `current`.
pub(crate) fn is_possible(
    acting: &Acting<'_, '_>,
    resource: ResIx,
    current: Option<NodeIx>,
) -> bool {
    let now = acting.now(resource);
    let clean = |node: Option<NodeIx>| node.is_some_and(|node| !acting.node_now(node).unclean);
    now.flags.migratable
        && now.flags.managed
        && !now.flags.failed
        && !now.flags.start_pending
        && clean(current)
        && clean(now.assigned)
}
