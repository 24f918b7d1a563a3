//! The third stage: what must be done to get from what is to what was assigned, and in which
//! order.
//!
//! Actions are found or made for every resource and node, wanted or not ([`Acting`]); orderings
//! between them carry meaning beyond the order ([`flags::Relation`]): what is required makes
//! others required, what cannot run blocks what needs it. What is left that is required and can
//! run becomes the plan (`graph`).
//!
//! **Not here:** where things go (`assign`), and the plan's own form (`graph`).
//!
//! **Always:** the phases run in one order, and actions are numbered as they are made: both are
//! Pacemaker's, so that a plan's numbers are, too.

pub(crate) mod acting;
mod apply;
pub(crate) mod arena;
pub(crate) mod blocking;
mod changes;
mod collective;
mod configured;
mod create;
mod early;
pub(crate) mod fencing;
pub(crate) mod flags;
mod internal;
mod loops;
mod migration;
pub(crate) mod notify;
mod orders;
mod primitive;
mod probe_orders;
mod probes;
mod recurring;
pub(crate) mod remote;
mod settle;
mod shutdown;
pub(crate) mod spread;
pub(crate) mod task;
pub(crate) mod update;

use acting::Acting;
use task::Task;

use crate::assign::Assigned;
use crate::{FailCountScope, Resolved};

/// Derives every action and orders them.
pub fn act<'r, 'a>(given: &'r Resolved<'a>, assigned: &'r Assigned) -> Acting<'r, 'a> {
    let mut acting = Acting::new(given, assigned);
    early::create(&mut acting);
    configured::order_all(&mut acting);
    for (_, node) in &assigned.ticket_fencing {
        // Assignment has them unclean already; the fencing that makes them so is made here.
        acting.node_now_mut(*node).unclean = given.node(*node).unclean;
        fencing::fence_node(&mut acting, *node, "deadman ticket was lost", false);
    }
    end_shutdown_locks(&mut acting);
    internal::order_all(&mut acting);
    let deferred = changes::handle_all(&mut acting);
    acting.adopt_assignment();
    stop_what_has_no_place(&mut acting);
    changes::handle_deferred(&mut acting, deferred);
    if given.options.probes_enabled {
        probes::create(&mut acting);
    }
    if given.options.stop_removed_resources {
        forget_removed(&mut acting);
    }
    for resource in &assigned.top {
        collective::create(&mut acting, *resource);
    }
    remote::order_all(&mut acting);
    shutdown::create(&mut acting);
    apply::apply_all(&mut acting);
    settle::settle_all(&mut acting);
    acting
}

/// A resource that runs although it is locked to a node that is down is not locked any more.
fn end_shutdown_locks(acting: &mut Acting<'_, '_>) {
    for resource in acting.given.resource_indices() {
        if let Some(node) = acting.assigned.resource(resource).lock_ended_on {
            acting.act(resource, Task::LrmDelete, Some(node), false);
        }
    }
}

/// What history asked for, of resources for which there is no place.
fn stop_what_has_no_place(acting: &mut Acting<'_, '_>) {
    for resource in acting.given.resource_indices() {
        if acting.assigned.resource(resource).rejected {
            spread::stop_unassigned(acting, resource);
        }
    }
}

/// Failures of resources that are in the configuration no more are forgotten.
fn forget_removed(acting: &mut Acting<'_, '_>) {
    for resource in acting.assigned.top.clone() {
        if !acting.now(resource).flags.removed {
            continue;
        }
        let scope = FailCountScope { effective: true, launched: false };
        for node in acting.given.node_indices() {
            let failures = acting.given.fail_count(node, resource, scope, None).count;
            if acting.node_now(node).online && failures != 0 {
                let clear = early::clear_fail_count(acting, resource, node);
                acting.order_act_then(clear, (resource, Task::Stop), flags::Relation::ORDERED);
            }
        }
    }
}
