//! A bundle's milestones around its containers and the clone set inside.

use super::clone_set::order_role_milestones;
use super::order as order_part;
use crate::act::acting::Acting;
use crate::act::flags::Relation;
use crate::act::task::Task;
use crate::{Replica, ResIx};

/// Orders what a bundle and its parts do.
pub(crate) fn order(acting: &mut Acting<'_, '_>, bundle: ResIx) {
    let Some(parts) = acting.resource(bundle).bundle() else { return };
    for replica in &parts.replicas {
        order_replica(acting, bundle, replica);
    }
    let Some(child) = parts.child else { return };
    let before = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    let after = Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    acting.order_starts(bundle, child, before);
    acting.order_tasks((child, Task::Running), (bundle, Task::Running), after);
    acting.order_stops(bundle, child, before);
    acting.order_tasks((child, Task::Stopped), (bundle, Task::Stopped), after);
    order_part(acting, child);
    if !acting.resource(child).flags.promotable {
        return;
    }
    order_role_milestones(acting, bundle);
    acting.order_tasks((bundle, Task::Demote), (child, Task::Demote), before);
    acting.order_tasks((child, Task::Demoted), (bundle, Task::Demoted), after);
    acting.order_tasks((bundle, Task::Promote), (child, Task::Promote), before);
    acting.order_tasks((child, Task::Promoted), (bundle, Task::Promoted), after);
}

fn order_replica(acting: &mut Acting<'_, '_>, bundle: ResIx, replica: &Replica) {
    let container = replica.container;
    let before = Relation::THEN_IMPLIES_FIRST_IN_PLAN;
    let after = Relation::FIRST_IMPLIES_THEN_IN_PLAN;
    order_part(acting, container);
    acting.order_starts(bundle, container, Relation::UNRUNNABLE_FIRST_BLOCKS | before);
    if let Some(child) = replica.child {
        acting.order_stops(bundle, child, before);
    }
    acting.order_stops(bundle, container, before);
    acting.order_tasks((container, Task::Start), (bundle, Task::Running), after);
    acting.order_tasks((container, Task::Stop), (bundle, Task::Stopped), after);
    if let Some(ip) = replica.ip {
        order_part(acting, ip);
        let up = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::GUEST_ALLOWED;
        acting.order_starts(ip, container, up);
        let down = Relation::THEN_IMPLIES_FIRST | Relation::GUEST_ALLOWED;
        acting.order_stops(container, ip, down);
    }
    if let Some(remote) = replica.remote {
        order_part(acting, remote);
    }
}
