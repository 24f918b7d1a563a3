//! In whatever order a plan's steps end, a resource is never active more often than allowed (or
//! than it was to begin with), and never promoted more often than allowed.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, ActionId, ActionKind};
use scheduler::{NodeIx, ResIx, Resolved, Variant};

use super::Case;
use crate::chance::Chance;

/// How many orders of a plan's steps are tried.
const ORDERS: usize = 8;

pub(super) fn check(case: Case<'_>, chance: &mut Chance) -> Result<(), String> {
    let start = World::new(case);
    let mut ids: BTreeMap<&str, Vec<ResIx>> = BTreeMap::new();
    for resource in case.resolved.resource_indices() {
        let found = case.resolved.resource(resource);
        ids.entry(&found.id).or_default().push(resource);
        // An agent is called by the name under which its node knows the instance.
        if let Some(known_as) = found.history_id.as_deref().filter(|name| *name != &*found.id) {
            ids.entry(known_as).or_default().push(resource);
        }
    }
    for round in 0..ORDERS {
        let mut world = start.clone();
        // What goes up first and comes down late is the order that shows most.
        let greedy = round % 2 == 0;
        let mut waits: Vec<(&Action, BTreeSet<ActionId>)> = Vec::new();
        for step in &case.planned.plan.steps {
            waits.push((&step.action, step.inputs.iter().copied().collect()));
        }
        while !waits.is_empty() {
            let ready: Vec<usize> = (0..waits.len())
                .filter(|at| waits.get(*at).is_some_and(|(_, left)| left.is_empty()))
                .collect();
            let ups: Vec<usize> = ready
                .iter()
                .copied()
                .filter(|at| waits.get(*at).is_some_and(|(action, _)| goes_up(action)))
                .collect();
            let from = if greedy && !ups.is_empty() { &ups } else { &ready };
            let Some(at) = chance.pick(from).copied() else { break };
            let (action, _) = waits.swap_remove(at);
            world.run(action, &ids)?;
            waits.iter_mut().for_each(|(_, left)| {
                left.remove(&action.id);
            });
        }
    }
    Ok(())
}

fn goes_up(action: &Action) -> bool {
    matches!(action.task.as_str(), "start" | "promote" | "migrate_from")
        && matches!(action.kind, ActionKind::Resource(_))
}

/// Whether it was removed from the configuration, and its name.
type What<'a> = (bool, &'a str);

/// What is active and promoted where.
#[derive(Clone)]
struct World<'a> {
    resolved: &'a Resolved<'a>,
    /// By what is copied: an anonymous instance counts for its clone set's resource.
    active: BTreeMap<What<'a>, BTreeSet<NodeIx>>,
    promoted: BTreeMap<What<'a>, BTreeSet<NodeIx>>,
}

impl<'a> World<'a> {
    fn new(case: Case<'a>) -> Self {
        let resolved = case.resolved;
        let fenced = case.planned.plan.steps.iter().filter(|step| step.action.task == "stonith");
        let fenced = fenced.filter_map(|step| step.action.node.as_ref());
        let fenced: BTreeSet<&str> = fenced.map(|node| node.name.as_str()).collect();
        let mut world = Self { resolved, active: BTreeMap::new(), promoted: BTreeMap::new() };
        for ix in resolved.resource_indices() {
            let resource = resolved.resource(ix);
            if !resource.is_primitive() {
                continue;
            }
            // One of many that the cluster may not touch does not keep it from having the others.
            let out_of_hand = resource.flags.blocked || !resource.flags.managed;
            if out_of_hand && resource.parent.is_some_and(|parent| !is_group(resolved, parent)) {
                continue;
            }
            let mut held: Vec<NodeIx> = resource.active.clone();
            // Without fencing, or for what needs none, a lost node's word is as good as nothing.
            let believed = !resolved.options.fencing_enabled || !resource.flags.needs_fencing;
            held.retain(|node| {
                let node = resolved.node(*node);
                let lost = node.unclean || !node.online || fenced.contains(&*node.name);
                !(node.is_guest() || believed && lost)
            });
            world.active.entry(world.what(ix)).or_default().extend(&held);
            if resource.role == model::Role::Promoted {
                world.promoted.entry(world.what(ix)).or_default().extend(&held);
            }
        }
        world
    }

    /// What a primitive is a copy of.
    fn what(&self, ix: ResIx) -> What<'a> {
        let resource = self.resolved.resource(ix);
        // What was removed from the configuration is a resource of its own, whatever its name.
        let removed = resource.flags.removed;
        let own = resource.flags.unique || removed;
        (removed, if own { &resource.id } else { &resource.config_id })
    }

    /// How many nodes it may be active on, and promoted on.
    fn allowed(&self, ix: ResIx) -> (usize, usize) {
        let mut at = ix;
        let unique = self.resolved.resource(ix).flags.unique;
        loop {
            let found = self.resolved.resource(at);
            match &found.variant {
                Variant::CloneSet(set) => {
                    let max = if unique { 1 } else { set.max };
                    return (as_count(max), as_count(set.promoted_max));
                }
                Variant::Bundle(parts) => {
                    let max = if unique { 1 } else { parts.replicas_max };
                    return (as_count(max), as_count(parts.promoted_max));
                }
                Variant::Primitive | Variant::Group(_) => {}
            }
            match found.parent {
                Some(parent) => at = parent,
                None => return (1, 1),
            }
        }
    }

    /// Which of the resources of one name an action is about: what was removed from the configuration
    /// can have the name of an instance, and only ever comes down.
    fn meant(&self, action: &Action, named: &[ResIx], node: NodeIx) -> Option<ResIx> {
        let removed = |ix: &ResIx| self.resolved.resource(*ix).flags.removed;
        let configured = named.iter().copied().find(|ix| !removed(ix));
        let gone = named.iter().copied().find(removed);
        let is_there = gone.is_some_and(|ix| self.resolved.resource(ix).active.contains(&node));
        if is_there && !goes_up(action) { gone } else { configured.or(gone) }
    }

    fn run(&mut self, action: &Action, ids: &BTreeMap<&str, Vec<ResIx>>) -> Result<(), String> {
        let node = action.node.as_ref().and_then(|on| self.resolved.find_node(on.name.as_str()));
        let Some(node) = node else { return Ok(()) };
        if action.kind == ActionKind::Fence && action.meta("stonith_action") != Some("on") {
            self.active.values_mut().for_each(|nodes| {
                nodes.remove(&node);
            });
            self.promoted.values_mut().for_each(|nodes| {
                nodes.remove(&node);
            });
        }
        let ActionKind::Resource(_) = &action.kind else { return Ok(()) };
        let named = action.resource().and_then(|id| ids.get(id));
        let Some(ix) = named.and_then(|named| self.meant(action, named, node)) else {
            return Ok(());
        };
        let what = self.what(ix);
        let (max, promoted_max) = self.allowed(ix);
        let active = self.active.entry(what).or_default();
        let promoted = self.promoted.entry(what).or_default();
        match action.task.as_str() {
            "start" => grow(action, active, node, max)?,
            "migrate_from" => {
                let source = action.meta("migrate_source");
                active.retain(|on| Some(&*self.resolved.node(*on).name) != source);
                grow(action, active, node, max)?;
            }
            "stop" => {
                active.remove(&node);
                promoted.remove(&node);
            }
            "promote" => grow(action, promoted, node, promoted_max)?,
            "demote" => {
                promoted.remove(&node);
            }
            _ => {}
        }
        Ok(())
    }
}

fn grow(
    action: &Action,
    nodes: &mut BTreeSet<NodeIx>,
    node: NodeIx,
    max: usize,
) -> Result<(), String> {
    if nodes.insert(node) && nodes.len() > max {
        let (key, count) = (&action.key, nodes.len());
        return Err(format!("{key} can make it {count} copies of at most {max}"));
    }
    Ok(())
}

/// Whether it is in a group that is in no clone set.
fn is_group(resolved: &Resolved<'_>, ix: ResIx) -> bool {
    let found = resolved.resource(ix);
    matches!(found.variant, Variant::Group(_)) && found.parent.is_none()
}

fn as_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
