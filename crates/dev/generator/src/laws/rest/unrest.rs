//! Why Pacemaker's rules, which the scheduler keeps to the byte, never come to rest for some
//! documents. Each reason is seen in the document itself, not in its name.

use std::collections::BTreeSet;

use scheduler::cause::Root;
use scheduler::{CloneSet, NodeIx, Order, ResIx, Resolved, Variant};

use super::Left;

/// A reason for which something is planned again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unrest {
    /// Nothing may be done about a resource that needs it: it is not managed, it is blocked, it is active
    /// on too many nodes, or a node that it is active on cannot be fenced. What it asks for besides (a monitor to be cancelled, a
    /// node to be unfenced for a changed device) is planned each time.
    NotHelped,
    /// A failure that is ignored, or answered by a stop, stays in the history and is answered again.
    FailureStays,
    /// The record of a live move that was left half done stays in the history.
    HalfMoved,
    /// Constraints tie a resource to itself, or to what is in it.
    TiedToItself,
    /// A clone set of no instances has a monitor for stopped ones.
    NoInstances,
    /// A failure has expired whose fail count is gone: its record stays, and the monitor that failed is
    /// asked for each time.
    Expired,
    /// A node keeps a resource's history under a name that is not the resource's (any more): an
    /// instance with a number that it should not have, or without the one that it should have. A run
    /// is recorded under the right name, so the other one stays as it is and counts for ever.
    OtherName,
    /// A node is only joining: that something there will stop is announced in each plan until it has
    /// joined, which nothing on paper does.
    Joining,
    /// A clone set or bundle with an instance that can never start has a start milestone in each
    /// plan, and what is ordered after it restarts after it.
    NeverWhole,
}

/// The reason for `left`, if there is a known one.
pub(super) fn reason(resolved: &Resolved<'_>, left: &Left) -> Option<Unrest> {
    let tops: BTreeSet<ResIx> = concerned(resolved, left);
    let inside: Vec<ResIx> = tops.iter().flat_map(|top| below(resolved, *top)).collect();
    if inside.iter().any(|resource| is_under_other_name(resolved, *resource)) {
        return Some(Unrest::OtherName);
    }
    if inside.iter().any(|resource| is_not_helped(resolved, *resource)) {
        return Some(Unrest::NotHelped);
    }
    if tops.iter().any(|top| is_tied_to_itself(resolved, *top)) {
        return Some(Unrest::TiedToItself);
    }
    let sets = tops.iter().filter_map(|top| set_of(resolved, *top));
    if sets.clone().any(|set| set.max == 0) {
        return Some(Unrest::NoInstances);
    }
    of_root(&left.root, || {
        let whole = inside.iter().filter(|ix| resolved.resource(**ix).is_primitive());
        whole.into_iter().any(|ix| resolved.resource(*ix).active.is_empty())
    })
}

/// The reason that is seen from where the causes begin. `misses_some`: whether an instance of what is
/// concerned is stopped.
fn of_root(root: &Root, misses_some: impl Fn() -> bool) -> Option<Unrest> {
    if matches!(root, Root::FailuresForgotten { .. }) {
        Some(Unrest::Expired)
    } else if matches!(root, Root::Failed(_)) {
        Some(Unrest::FailureStays)
    } else if matches!(root, Root::NodeJoining { .. }) {
        Some(Unrest::Joining)
    } else if matches!(root, Root::HalfMoved { .. }) {
        Some(Unrest::HalfMoved)
    } else if matches!(root, Root::EnoughCopies { .. }) && misses_some() {
        Some(Unrest::NeverWhole)
    } else {
        None
    }
}

fn set_of<'a>(resolved: &'a Resolved<'_>, ix: ResIx) -> Option<&'a CloneSet> {
    match &resolved.resource(ix).variant {
        Variant::CloneSet(set) => Some(set),
        Variant::Primitive | Variant::Group(_) | Variant::Bundle(_) => None,
    }
}

fn is_tied_to_itself(resolved: &Resolved<'_>, whole: ResIx) -> bool {
    let within = |ix: ResIx| top(resolved, ix) == whole;
    let colocated =
        resolved.colocations.iter().any(|found| within(found.dependent) && within(found.primary));
    colocated
        || resolved.orders.iter().any(|order| match order {
            Order::Pair(pair) => within(pair.first) && within(pair.then),
            Order::Sets(sets) => {
                let members = sets.sets.iter().flat_map(|set| &set.resources);
                members.filter(|member| within(**member)).count() > 1
            }
        })
}

/// The outermost resources that an action, and what began it, are about.
fn concerned(resolved: &Resolved<'_>, left: &Left) -> BTreeSet<ResIx> {
    // A remote node's connection has its name.
    let remote = if let Root::NodeUntrusted { node, .. } = &left.root { Some(node) } else { None };
    let named = left.resource.iter().chain(&left.about).chain(remote);
    let found = named.filter_map(|name| {
        resolved.resource_indices().find(|ix| {
            let resource = resolved.resource(*ix);
            resource.id == *name || resource.config_id == *name
        })
    });
    let devices = resolved.resource_indices().filter(|ix| {
        matches!(left.root, Root::Unfencing { .. }) && resolved.resource(*ix).flags.fence_device
    });
    found.chain(devices).map(|ix| top(resolved, ix)).collect()
}

fn top(resolved: &Resolved<'_>, ix: ResIx) -> ResIx {
    let mut ix = ix;
    while let Some(parent) = resolved.resource(ix).parent {
        ix = parent;
    }
    ix
}

fn below(resolved: &Resolved<'_>, ix: ResIx) -> Vec<ResIx> {
    let mut found = vec![ix];
    let mut at = 0;
    while let Some(resource) = found.get(at) {
        found.extend(&resolved.resource(*resource).children);
        at += 1;
    }
    found
}

fn is_not_helped(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let resource = resolved.resource(ix);
    let flags = &resource.flags;
    let cannot_be_fenced = |node: &NodeIx| resolved.node(*node).unclean;
    resource.is_primitive()
        && (flags.failed
            || flags.blocked
            || !flags.managed
            || resource.active.len() > 1
            || resource.active.iter().any(cannot_be_fenced))
}

fn is_under_other_name(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let resource = resolved.resource(ix);
    let numbered = |name: &str| {
        let base = name.rsplit_once(':').map_or(name, |(base, _)| base);
        base != name && base == &*resource.config_id
    };
    let records = resolved.document.root().descendants().filter(|found| found.is("lrm_resource"));
    let mut names = records.filter_map(|record| record.attr("id"));
    if resource.flags.unique {
        names.any(|name| name == &*resource.config_id && name != &*resource.id)
    } else {
        names.any(numbered)
    }
}
