//! A clone set's milestones and its instances' order.

use super::order as order_instance;
use crate::ResIx;
use crate::act::acting::Acting;
use crate::act::flags::Relation;
use crate::act::probes::instance_number;
use crate::act::task::Task;

/// Orders what a clone set and its instances do.
pub(crate) fn order(acting: &mut Acting<'_, '_>, clone: ResIx) {
    let Some(options) = acting.resource(clone).clone_set() else { return };
    let own = |task: Task| (clone, task);
    let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
    acting.order_tasks(own(Task::Stopped), own(Task::Start), Relation::ORDERED);
    acting.order_tasks(own(Task::Start), own(Task::Running), blocks);
    acting.order_tasks(own(Task::Stop), own(Task::Stopped), blocks);
    let promotable = acting.resource(clone).flags.promotable;
    if promotable {
        acting.order_tasks(own(Task::Demoted), own(Task::Stop), Relation::ORDERED);
        acting.order_tasks(own(Task::Running), own(Task::Promote), blocks);
    }
    let mut instances = acting.resource(clone).children.clone();
    if options.ordered {
        instances.sort_by_key(|instance| instance_number(&acting.resource(*instance).id));
    }
    for (position, instance) in instances.iter().copied().enumerate() {
        order_instance(acting, instance);
        around_instance(acting, clone, instance);
        if options.ordered {
            for later in instances.iter().skip(position + 1).copied() {
                acting.order_starts(instance, later, Relation::ORDERED);
                acting.order_stops(later, instance, Relation::ORDERED);
            }
        }
    }
    if promotable {
        order_promotions(acting, clone, &instances, options.ordered);
    }
}

fn around_instance(acting: &mut Acting<'_, '_>, clone: ResIx, instance: ResIx) {
    let before = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    let after = Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    acting.order_starts(clone, instance, Relation::UNRUNNABLE_FIRST_BLOCKS | before);
    acting.order_tasks((instance, Task::Start), (clone, Task::Running), after);
    acting.order_stops(clone, instance, before);
    acting.order_tasks((instance, Task::Stop), (clone, Task::Stopped), after);
}

fn order_promotions(acting: &mut Acting<'_, '_>, clone: ResIx, instances: &[ResIx], ordered: bool) {
    order_role_milestones(acting, clone);
    let mut previous: Option<ResIx> = None;
    for instance in instances.iter().copied() {
        let (promote, demote) = ((instance, Task::Promote), (instance, Task::Demote));
        acting.order_tasks(demote.clone(), promote.clone(), Relation::ORDERED);
        acting.order_tasks((clone, Task::Promote), promote.clone(), Relation::ORDERED);
        acting.order_tasks(promote.clone(), (clone, Task::Promoted), Relation::ORDERED);
        let last = previous.filter(|_| ordered);
        if let Some(last) = last {
            acting.order_tasks((last, Task::Promote), promote, Relation::ORDERED);
        }
        let before = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
        acting.order_tasks((clone, Task::Demote), demote.clone(), before);
        let after = Relation::FIRST_IMPLIES_THEN_IN_PLAN;
        acting.order_tasks(demote.clone(), (clone, Task::Demoted), after);
        if let Some(last) = last {
            acting.order_tasks(demote, (last, Task::Demote), Relation::ORDERED);
        }
        previous = Some(instance);
    }
}

/// All are stopped or demoted before any is started or promoted, and all are started before any
/// is promoted. Bundles have the same.
pub(super) fn order_role_milestones(acting: &mut Acting<'_, '_>, resource: ResIx) {
    for (first, then) in [
        (Task::Stopped, Task::Start),
        (Task::Stopped, Task::Promote),
        (Task::Demoted, Task::Stop),
        (Task::Demoted, Task::Start),
        (Task::Demoted, Task::Promote),
        (Task::Running, Task::Promote),
        (Task::Demote, Task::Demoted),
    ] {
        acting.order_tasks((resource, first), (resource, then), Relation::ORDERED);
    }
}
