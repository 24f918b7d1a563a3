//! What the cluster would still run without one of its nodes, or two: tried out, not estimated.
//!
//! Each node in turn is taken as lost, unless nothing could cut it off. The scheduler is asked what
//! it would do, that is carried out on paper, and so on until nothing is left to do; what runs then
//! is compared with what runs now.

mod loss;

use std::collections::BTreeSet;
use std::sync::Arc;

use cib::{Document, Element, Section};
use model::ActionKind;
use scheduler::{Input, LossPolicy, NodeIx, Planned, ResIx, Resolved, Variant};
use transition::rehearse::{FaithfulTo, Rehearsing, rehearse};
use wire::api::Carrier;

use crate::readiness::{self, Ability, Readiness};
use crate::status::{Seen, is_of_machine};

pub(crate) use loss::words;
pub use loss::{Loss, Survival, render};

/// Trying a node out takes several plans; clusters with more nodes, or more primitives times
/// nodes, are not tried.
const NODES_MAX: usize = 32;
/// See [`NODES_MAX`].
const WORK_MAX: usize = 4_000;
/// There are many pairs; in clusters with more nodes, or more primitives times pairs, they are not
/// tried.
const PAIR_NODES_MAX: usize = 7;
/// See [`PAIR_NODES_MAX`].
const PAIR_WORK_MAX: usize = 1_000;

/// Plans that are carried out at most until nothing should be left to do.
const ROUNDS_MAX: usize = 6;

/// What each online node's loss would mean, and each pair's; `None` where that was not tried. What carries the messages
/// knows how votes are counted.
pub fn survival(
    resolved: &Resolved<'_>,
    readiness: &Readiness,
    carrier: Option<&Carrier>,
) -> Option<Survival> {
    let online = tried(resolved)?;
    let now = running(resolved);
    let stage = Stage { resolved, readiness, carrier, online: &online, now };
    let nodes: Vec<Loss> = online.iter().map(|node| stage.lose(&[*node])).collect();
    let pairs = online.len() * (online.len() - 1) / 2;
    let is_tried = online.len() > 2
        && online.len() <= PAIR_NODES_MAX
        && pairs * primitives(resolved) <= PAIR_WORK_MAX
        && nodes.iter().all(Loss::is_survived);
    let pairs = is_tried.then(|| {
        let first = online.iter().enumerate();
        let both = first.flat_map(|(at, one)| online.iter().skip(at + 1).map(|two| [*one, *two]));
        both.map(|both| stage.lose(&both)).collect()
    });
    Some(Survival { nodes, pairs })
}

/// What each online node's loss would mean once the cluster has done all that it would do now.
pub(crate) fn losses_when_done(resolved: &Resolved<'_>) -> Option<Vec<Loss>> {
    tried(resolved)?;
    let done = carried_out(resolved.document.clone(), resolved.now);
    let input = Input { now: resolved.now, ..Input::default() };
    let resolved = scheduler::resolve(&done, &input);
    let online = tried(&resolved)?;
    let seen = Seen { document: &done, cluster: None, now: resolved.now };
    let readiness = readiness::of_resolved(seen, &resolved);
    let stage = Stage {
        resolved: &resolved,
        readiness: &readiness,
        carrier: None,
        online: &online,
        now: running(&resolved),
    };
    Some(online.iter().map(|node| stage.lose(&[*node])).collect())
}

/// The nodes whose loss is tried; nothing where that would take too long.
fn tried(resolved: &Resolved<'_>) -> Option<Vec<NodeIx>> {
    let online: Vec<NodeIx> = resolved
        .node_indices()
        .filter(|node| {
            let node = resolved.node(*node);
            !node.is_remote_or_guest() && node.online && !node.unclean && !node.shutdown
        })
        .collect();
    let work = online.len() * primitives(resolved);
    let is_tried = !online.is_empty() && online.len() <= NODES_MAX && work <= WORK_MAX;
    is_tried.then_some(online)
}

fn primitives(resolved: &Resolved<'_>) -> usize {
    resolved.resources.iter().filter(|resource| resource.is_primitive()).count()
}

/// A cluster whose nodes are lost on paper.
struct Stage<'s> {
    resolved: &'s Resolved<'s>,
    readiness: &'s Readiness,
    carrier: Option<&'s Carrier>,
    /// The nodes that are online.
    online: &'s [NodeIx],
    /// What runs now.
    now: BTreeSet<Arc<str>>,
}

impl Stage<'_> {
    fn lose(&self, lost: &[NodeIx]) -> Loss {
        let name = |node: &NodeIx| self.resolved.node(*node).name.as_ref().to_owned();
        let names: Vec<String> = lost.iter().map(name).collect();
        let quorum = self.quorum_lost_without(lost);
        let cannot_be_fenced = self.uncuttable(&names);
        let resources = if quorum || !cannot_be_fenced.is_empty() {
            self.only_on(lost)
        } else {
            let done = carried_out(self.without(lost), self.resolved.now);
            let input = Input { now: self.resolved.now, ..Input::default() };
            let after = running(&scheduler::resolve(&done, &input));
            self.now.difference(&after).map(|id| id.as_ref().to_owned()).collect()
        };
        Loss { nodes: names, quorum, cannot_be_fenced, resources }
    }

    /// Whether the others would not be enough without these nodes: as votes are counted now, or no majority where nobody
    /// says how. Two nodes are taken to have `two_node`, as Corosync's documentation and every tool that sets one up
    /// advise.
    fn quorum_lost_without(&self, lost: &[NodeIx]) -> bool {
        let configured = self.resolved.nodes.iter().filter(|node| !node.is_remote_or_guest());
        let configured = configured.count();
        let matters = match self.resolved.options.loss_policy {
            LossPolicy::Ignore => false,
            LossPolicy::Freeze | LossPolicy::Stop | LossPolicy::Demote | LossPolicy::Fence => true,
        };
        let left = self.online.iter().filter(|node| !lost.contains(node));
        let has_too_few = match self.carrier.filter(|carrier| carrier.needed_votes > 0) {
            Some(carrier) => {
                let name = |node: &NodeIx| self.resolved.node(*node).name.as_ref();
                let votes = |node| crate::topology::votes_of(Some(carrier), name(node));
                let breaker = carrier.tie_breaker.as_ref().filter(|breaker| breaker.alive);
                let outside = breaker.map_or(0, |breaker| crate::topology::size(breaker.votes));
                let needed = crate::topology::size(carrier.needed_votes);
                left.map(votes).fold(outside, usize::saturating_add) < needed
            }
            None => left.count() * 2 <= configured,
        };
        matters && configured > 2 && has_too_few
    }

    /// Those of the nodes that nothing could cut off. Without fencing nobody asks.
    fn uncuttable(&self, names: &[String]) -> Vec<String> {
        if !self.readiness.enabled {
            return Vec::new();
        }
        let impossible = |name: &&String| {
            let row = self.readiness.nodes.iter().find(|row| row.node == **name);
            row.is_none_or(|row| row.ability == Ability::Impossible)
        };
        names.iter().filter(impossible).cloned().collect()
    }

    /// What runs nowhere else.
    fn only_on(&self, lost: &[NodeIx]) -> Vec<String> {
        let elsewhere = |at: ResIx| {
            let active = &self.resolved.resource(at).active;
            active.iter().any(|node| !lost.contains(node))
        };
        let left = running_where(self.resolved, elsewhere);
        self.now.difference(&left).map(|id| id.as_ref().to_owned()).collect()
    }

    /// The document as it is when the nodes have just been lost.
    fn without(&self, lost: &[NodeIx]) -> Document {
        let mut document = self.resolved.document.clone();
        for node in lost {
            let id = &self.resolved.node(*node).id;
            let states = document.section(Section::Status).into_iter().flat_map(Element::children);
            let mut found = states.filter(|state| state.attr("id") == Some(id)).map(Element::id);
            let Some(state) = found.next() else { continue };
            document.set(state, "in_ccm", "false");
            document.set(state, "crmd", "offline");
        }
        document
    }
}

/// The document when the cluster has done all that it would do.
fn carried_out(mut document: Document, now: i64) -> Document {
    for round in 1..=ROUNDS_MAX {
        // What is done in a round is newer than what was done before.
        let now = now.saturating_add(i64::try_from(round).unwrap_or(i64::MAX));
        let before = document.clone();
        let resolved = scheduler::resolve(&before, &Input { now, ..Input::default() });
        let planned = scheduler::plan_resolved(&resolved);
        if !has_work(&planned) {
            break;
        }
        let is_known = |name: &str| {
            let by_history = || {
                let mut all = resolved.resources.iter();
                all.any(|resource| resource.history_id.as_deref() == Some(name))
            };
            resolved.find_resource(name).is_some() || by_history()
        };
        let how = Rehearsing {
            now,
            origin: "rehearsal",
            faithful_to: FaithfulTo::Cluster,
            failures: &[],
            is_known: &is_known,
        };
        rehearse(&mut document, &planned.plan, &how);
    }
    document
}

/// Whether anything is to be done that could change what runs.
fn has_work(planned: &Planned) -> bool {
    planned.plan.steps.iter().any(|step| match step.action.kind {
        ActionKind::Resource(_) => step.action.interval().is_zero(),
        ActionKind::Fence => true,
        ActionKind::Milestone | ActionKind::Bookkeeping(_) => false,
    })
}

/// Which resources run: the ids of primitives and groups, and of collective resources with at
/// least one copy (for promotable ones, `ID as promoted` too). Fence devices do not count: they
/// are used whether they run or not. Nor does what watches a part of its machine.
fn running(resolved: &Resolved<'_>) -> BTreeSet<Arc<str>> {
    let usable = |node: &NodeIx| {
        let node = resolved.node(*node);
        !node.unclean && node.online
    };
    running_where(resolved, |at| resolved.resource(at).active.iter().any(usable))
}

fn running_where(resolved: &Resolved<'_>, runs: impl Fn(ResIx) -> bool) -> BTreeSet<Arc<str>> {
    let mut running = BTreeSet::new();
    for at in resolved.top.iter().copied() {
        let resource = resolved.resource(at);
        let leaves = leaves(resolved, at);
        if leaves.iter().all(|leaf| resolved.resource(*leaf).flags.fence_device)
            || is_of_machine(resource)
        {
            continue;
        }
        let runs_here = match &resource.variant {
            Variant::Primitive => runs(at),
            // Later members may be stopped on purpose; the first stands for the group.
            Variant::Group(_) => leaves.first().is_some_and(|leaf| runs(*leaf)),
            Variant::CloneSet(_) | Variant::Bundle(_) => leaves.iter().any(|leaf| runs(*leaf)),
        };
        if runs_here {
            running.insert(Arc::clone(&resource.id));
        }
        let promoted =
            |leaf: &ResIx| runs(*leaf) && resolved.resource(*leaf).role == model::Role::Promoted;
        if leaves.iter().any(promoted) {
            running.insert(Arc::from(format!("{} as promoted", resource.id)));
        }
    }
    running
}

/// The primitives of a resource, in order.
pub fn leaves(resolved: &Resolved<'_>, at: ResIx) -> Vec<ResIx> {
    let resource = resolved.resource(at);
    if resource.is_primitive() {
        return vec![at];
    }
    resource.children.iter().flat_map(|child| leaves(resolved, *child)).collect()
}
