//! Why Pacemaker's rules, which the scheduler keeps to the byte, never come to rest for some
//! documents. Each reason is seen in the document itself, not in its name.

mod ties;

use std::collections::BTreeSet;
use std::sync::Arc;

use cib::Element;
use model::{Action, PlanStep};
use scheduler::cause::{Blocked, Root};
use scheduler::{CloneSet, NodeIx, ResIx, Resolved, Variant};

use super::Left;

/// A reason for which something is planned again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unrest {
    /// Nothing may be done about a resource that needs it: it is not managed, it failed or is blocked,
    /// it is active on too many nodes, or on a node that cannot be fenced or is only joining. What it
    /// asks for besides (a monitor to be cancelled, a node to be unfenced for a changed device, the
    /// container that it runs in to be stopped) is planned each time.
    NotHelped,
    /// A failure that is ignored, or answered by a stop, stays in the history and is answered again.
    FailureStays,
    /// The record of a live move that was left half done stays in the history.
    HalfMoved,
    /// The record of a live move to a node stays in the history after the resource was stopped and
    /// promoted there, and its parameters are compared in place of those of the start.
    MovedBefore,
    /// Constraints tie a resource to itself, to what is in it, or to the connection of the node that
    /// it runs on.
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
    /// A clone set with an instance that cannot start has a start milestone in each plan, and all are
    /// notified of it.
    OnlyAnnounced,
    /// One instance of a clone set is stopped on a node so that another, which is the same to
    /// anyone but the scheduler, starts there; in the next plan their numbers have changed again.
    TakesTurns,
    /// It follows from a start, promotion or stop that is planned each time and each time cannot be done.
    FollowsBlocked,
    /// What is in a bundle has a history on a node outside: the scheduler takes it for another resource,
    /// and what runs in the bundle for that one's.
    OutsideBundle,
}

impl Unrest {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::NotHelped,
        Self::FailureStays,
        Self::HalfMoved,
        Self::MovedBefore,
        Self::TiedToItself,
        Self::NoInstances,
        Self::Expired,
        Self::OtherName,
        Self::OnlyAnnounced,
        Self::TakesTurns,
        Self::FollowsBlocked,
        Self::OutsideBundle,
    ];
}

/// What is planned once more.
#[derive(Clone, Copy)]
pub(super) struct Going<'a> {
    pub(super) resolved: &'a Resolved<'a>,
    pub(super) steps: &'a [PlanStep],
    pub(super) blocked: &'a [Blocked],
}

/// The reason for `left`, which is `action`, if there is a known one.
pub(super) fn reason(going: Going<'_>, action: &Action, left: &Left) -> Option<Unrest> {
    let resolved = going.resolved;
    let tops: BTreeSet<ResIx> = concerned(resolved, left);
    let inside: Vec<ResIx> = tops.iter().flat_map(|top| below(resolved, *top)).collect();
    let any = |is: &dyn Fn(ResIx) -> bool| inside.iter().any(|resource| is(*resource));
    let sets = tops.iter().filter_map(|top| set_of(resolved, *top));
    if any(&|resource| is_under_other_name(resolved, resource)) {
        Some(Unrest::OtherName)
    } else if any(&|resource| is_not_helped(resolved, resource)) {
        Some(Unrest::NotHelped)
    } else if tops.iter().any(|top| ties::to_itself(resolved, *top)) {
        Some(Unrest::TiedToItself)
    } else if sets.clone().any(|set| set.max == 0) {
        Some(Unrest::NoInstances)
    } else if is_only_announced(going, action) {
        Some(Unrest::OnlyAnnounced)
    } else if takes_turns(going, action) {
        Some(Unrest::TakesTurns)
    } else if any(&|resource| has_failed_stop(resolved, resource)) {
        Some(Unrest::FailureStays)
    } else if tops.iter().any(|top| has_been_outside(resolved, *top)) {
        Some(Unrest::OutsideBundle)
    } else {
        of_root(resolved, &left.root).or_else(|| of_blocked(going, left))
    }
}

/// Whether something that cannot be done is among the causes.
fn of_blocked(going: Going<'_>, left: &Left) -> Option<Unrest> {
    let root = left.root.facts().resource;
    let is_blocked =
        |name: &Arc<str>| going.blocked.iter().any(|blocked| blocked.resource == *name);
    left.about.iter().chain(&root).any(is_blocked).then_some(Unrest::FollowsBlocked)
}

/// The reason that is seen from where the causes begin.
fn of_root(resolved: &Resolved<'_>, root: &Root) -> Option<Unrest> {
    if matches!(root, Root::FailuresForgotten { .. }) {
        Some(Unrest::Expired)
    } else if matches!(root, Root::Failed(_)) || is_of_kept_failure(resolved, root) {
        Some(Unrest::FailureStays)
    } else if matches!(root, Root::HalfMoved { .. }) {
        Some(Unrest::HalfMoved)
    } else if let Root::Changed { resource } = root
        && records_of(resolved, base(resource)).any(|record| is_task(record, "migrate_from"))
    {
        Some(Unrest::MovedBefore)
    } else {
        None
    }
}

/// Whether the others of a set are told of a task that none of it does in this plan.
fn is_only_announced(going: Going<'_>, action: &Action) -> bool {
    let (Some(told), Some(set)) = (action.meta("notify_operation"), set_around(going, action))
    else {
        return false;
    };
    let does = |step: &&PlanStep| step.action.task == told;
    action.task == "notify"
        && !going.steps.iter().filter(does).any(|step| set_around(going, &step.action) == Some(set))
}

/// Whether an instance starts on a node where another of its set is stopped.
fn takes_turns(going: Going<'_>, action: &Action) -> bool {
    let Some(set) = set_around(going, action) else { return false };
    let nodes = |task: &'static str| {
        let steps = going.steps.iter().filter(move |step| step.action.task == task);
        let steps = steps.filter(move |step| set_around(going, &step.action) == Some(set));
        steps.filter_map(|step| {
            let resource = going.resolved.find_resource(step.action.resource()?)?;
            let base = &going.resolved.resource(resource).config_id;
            Some((base, &step.action.node.as_ref()?.name, resource))
        })
    };
    let mut starts = nodes("start");
    starts.any(|(base, node, start)| {
        nodes("stop").any(|stop| (stop.0, stop.1) == (base, node) && stop.2 != start)
    })
}

/// The clone set, of instances that are all the same, that an action is about.
fn set_around(going: Going<'_>, action: &Action) -> Option<ResIx> {
    let resource = going.resolved.find_resource(action.resource()?)?;
    let set = top(going.resolved, resource);
    let unique = going.resolved.resource(set).flags.unique;
    (set_of(going.resolved, set).is_some() && !unique).then_some(set)
}

/// Whether a failed run of a recurring operation decides: its record stays beside those of later runs.
/// What is not in the configuration is cancelled each time; of what is, the parameters are compared with
/// the failed run's.
fn is_of_kept_failure(resolved: &Resolved<'_>, root: &Root) -> bool {
    let (Root::OperationUnwanted { resource, task, interval_ms }
    | Root::OperationMissing { resource, task, interval_ms }) = root
    else {
        return false;
    };
    let interval = interval_ms.to_string();
    records_of(resolved, base(resource)).any(|record| {
        let is_failure = record.attr("id").is_some_and(|id| id.ends_with("_last_failure_0"));
        is_failure && is_task(record, task) && record.attr("interval") == Some(&interval)
    })
}

/// Whether a stop of it failed once: that is a reason to stop it whenever it runs.
fn has_failed_stop(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let name = &resolved.resource(ix).config_id;
    records_of(resolved, name).any(|record| {
        let status = record.attr("op-status").unwrap_or("0");
        is_task(record, "stop") && (status != "0" || record.attr("rc-code") != Some("0"))
    })
}

/// What is recorded of the runs of a resource, on any node.
fn records_of<'a>(resolved: &'a Resolved<'_>, name: &str) -> impl Iterator<Item = Element<'a>> {
    let histories = resolved.document.root().descendants().filter(|it| it.is("lrm_resource"));
    let own =
        histories.filter(move |history| history.attr("id").is_some_and(|id| base(id) == name));
    own.flat_map(|history| history.children_named("lrm_rsc_op"))
}

fn is_task(record: Element<'_>, task: &str) -> bool {
    record.attr("operation") == Some(task)
}

/// A name without an instance's number.
fn base(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(base, _)| base)
}

fn set_of<'a>(resolved: &'a Resolved<'_>, ix: ResIx) -> Option<&'a CloneSet> {
    match &resolved.resource(ix).variant {
        Variant::CloneSet(set) => Some(set),
        Variant::Primitive | Variant::Group(_) | Variant::Bundle(_) => None,
    }
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

/// A resource and all that is in it: members, instances, and what runs in a container.
fn below(resolved: &Resolved<'_>, ix: ResIx) -> Vec<ResIx> {
    let mut found = vec![ix];
    let mut at = 0;
    while let Some(resource) = found.get(at) {
        let resource = *resource;
        found.extend(&resolved.resource(resource).children);
        let launched = resolved
            .resource_indices()
            .filter(|ix| resolved.resource(*ix).launcher == Some(resource));
        let launched: Vec<ResIx> = launched.filter(|ix| !found.contains(ix)).collect();
        found.extend(launched);
        at += 1;
    }
    found
}

fn is_not_helped(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let resource = resolved.resource(ix);
    let flags = &resource.flags;
    let is_out_of_reach =
        |node: &NodeIx| resolved.node(*node).unclean || resolved.node(*node).pending;
    resource.is_primitive()
        && (flags.failed
            || flags.blocked
            || !flags.managed
            || resource.active.len() > 1
            || resource.active.iter().any(is_out_of_reach))
}

/// Whether what is in a bundle has a history on a node that is none of the bundle's.
fn has_been_outside(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let Variant::Bundle(bundle) = &resolved.resource(ix).variant else { return false };
    let Some(inside) = bundle.child else { return false };
    let guests: BTreeSet<NodeIx> = bundle.replicas.iter().filter_map(|it| it.node).collect();
    let is_guest = |name: &str| guests.iter().any(|guest| &*resolved.node(*guest).name == name);
    let names: BTreeSet<&str> =
        below(resolved, inside).into_iter().map(|ix| &*resolved.resource(ix).config_id).collect();
    let states = resolved.document.root().descendants().filter(|it| it.is("node_state"));
    let mut outside = states.filter(|state| !state.attr("uname").is_some_and(is_guest));
    outside.any(|state| {
        let mut histories = state.descendants().filter(|found| found.is("lrm_resource"));
        histories.any(|it| it.attr("id").is_some_and(|id| names.contains(base(id))))
    })
}

fn is_under_other_name(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let resource = resolved.resource(ix);
    let numbered = |name: &str| base(name) != name && base(name) == &*resource.config_id;
    let records = resolved.document.root().descendants().filter(|found| found.is("lrm_resource"));
    let mut names = records.filter_map(|record| record.attr("id"));
    if resource.flags.unique {
        names.any(|name| name == &*resource.config_id && name != &*resource.id)
    } else {
        names.any(numbered)
    }
}
