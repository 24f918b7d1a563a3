//! The orderings that every resource has by being what it is: stop before start, members one
//! after the other, the clone set's milestones around its instances.
//!
//! **Not here:** the colocations that come with them (`assign`).

mod bundle;
mod clone_set;
mod group;
mod plain;

use super::acting::Acting;
use crate::{ResIx, Variant};

/// Orders the work of all resources within themselves.
pub(crate) fn order_all(acting: &mut Acting<'_, '_>) {
    for resource in acting.given.top.clone() {
        order(acting, resource);
    }
}

fn order(acting: &mut Acting<'_, '_>, resource: ResIx) {
    match &acting.resource(resource).variant {
        Variant::Primitive => plain::order(acting, resource),
        Variant::Group(_) => group::order(acting, resource),
        Variant::CloneSet(_) => clone_set::order(acting, resource),
        Variant::Bundle(_) => bundle::order(acting, resource),
    }
}
