//! Which resource a record is about.
//!
//! Instances of anonymous clone sets are recorded without their numbers, so each record finds
//! itself an instance: the one already known on that node, or a free one, or a new one beyond the
//! configured number.

use cib::Element;
use model::Score;

use super::super::resources::{Definition, Shape, add, add_instance, link_connection, scores};
use super::super::types::{NodeIx, ResIx, Variant, WishSource};
use super::super::values::base_name;
use super::super::{Reading, types::Resolved};

/// The resource that a record called `id` on `node` is about; `None` if none is configured.
pub(super) fn find(reading: &mut Reading<'_>, node: NodeIx, id: &str) -> Option<ResIx> {
    let resolved = &reading.resolved;
    let (mut found, top) = match resolved.find_recorded(id) {
        Some(known) => {
            if !resolved.resource(known).is_primitive() {
                return None;
            }
            (known, Some(resolved.top_of(known, false)))
        }
        None => {
            let first = resolved.find_recorded(&format!("{}:0", base_name(id)))?;
            if resolved.resource(first).flags.unique {
                return None;
            }
            (first, Some(resolved.top_of(first, false)))
        }
    };
    if let Some(top) = top
        && is_anonymous(resolved, top)
    {
        found = if resolved.is_bundled(top) {
            replica_on(resolved, top, node)?
        } else {
            instance(reading, node, top, base_name(id))?
        };
    }
    let resource = reading.resolved.resource(found);
    if &*resource.id != id && resource.history_id.as_deref() != Some(id) {
        remember(reading, found, id);
    }
    Some(found)
}

/// Notes the id that history uses.
fn remember(reading: &mut Reading<'_>, resource: ResIx, id: &str) {
    let id = super::shared(id);
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.history_id = Some(id.clone());
    }
    if let Some(first) = reading.resolved.by_history_id.get_or_insert(id, resource) {
        *first = (*first).min(resource);
    }
}

fn is_anonymous(resolved: &Resolved<'_>, top: ResIx) -> bool {
    let top = resolved.resource(top);
    matches!(top.variant, Variant::CloneSet(_)) && !top.flags.unique
}

/// The copy of a bundle's primitive that runs on `node`.
fn replica_on(resolved: &Resolved<'_>, set: ResIx, node: NodeIx) -> Option<ResIx> {
    let bundle = resolved.resource(resolved.resource(set).parent?).bundle()?;
    bundle.replicas.iter().find(|replica| replica.node == Some(node))?.child
}

/// The part of an instance of `set` on `node` that is called `id`.
fn instance(reading: &mut Reading<'_>, node: NodeIx, set: ResIx, id: &str) -> Option<ResIx> {
    let found = existing_instance(reading, node, set, id)
        .filter(|found| !is_wasted_on(&reading.resolved, *found, node, set));
    if found.is_some() {
        return found;
    }
    let added = add_instance(reading, set)?;
    part_called(&reading.resolved, added, id)
}

fn existing_instance(reading: &Reading<'_>, node: NodeIx, set: ResIx, id: &str) -> Option<ResIx> {
    let resolved = &reading.resolved;
    let mut free = None;
    let mut skip_free = false;
    for child in resolved.resource(set).children.iter().copied() {
        let places = places(reading, child);
        if places.is_empty() {
            if free.is_none() && !skip_free && !resolved.resource(child).flags.blocked {
                free = part_called(resolved, child, id).filter(|part| {
                    let pending = resolved.resource(*part).pending.as_ref();
                    pending.and_then(|pending| pending.node).is_none_or(|at| at == node)
                });
            }
        } else if places.contains(&node)
            && let Some(part) = part_called(resolved, child, id)
        {
            if resolved.resource(part).active.is_empty() {
                return Some(part);
            }
            // A second record on one node, from when instances differed, has no claim to a
            // number.
            skip_free = true;
        }
    }
    free.filter(|_| !skip_free)
}

/// Where an instance is active or about to be.
fn places(reading: &Reading<'_>, instance: ResIx) -> Vec<NodeIx> {
    let resolved = &reading.resolved;
    let mut places = Vec::new();
    for part in scores::subtree(reading, instance) {
        let part = resolved.resource(part);
        if !part.children.is_empty() {
            continue;
        }
        let pending = part.pending.as_ref().and_then(|pending| pending.node);
        places.extend(part.active.iter().copied().chain(pending));
    }
    places
}

/// The part of an instance with that id, its own or the configured one.
fn part_called(resolved: &Resolved<'_>, instance: ResIx, id: &str) -> Option<ResIx> {
    let found = resolved.resource(instance);
    if &*found.id == id || &*found.config_id == id {
        return Some(instance);
    }
    found.children.iter().find_map(|child| part_called(resolved, *child, id))
}

/// Whether giving `found` to a node that is not clean would take it from a node that could use it:
/// recovery that does not wait for fencing wants the number elsewhere.
fn is_wasted_on(resolved: &Resolved<'_>, found: ResIx, node: NodeIx, set: ResIx) -> bool {
    let at = resolved.node(node);
    let max = resolved.resource(set).clone_set().map_or(0, |options| options.max);
    !resolved.resource(found).flags.needs_fencing
        && (!at.online || at.unclean)
        && !at.is_guest()
        && max as usize != resolved.node_indices().count()
}

/// Makes a resource that is recorded but configured no more.
pub(super) fn add_removed<'a>(reading: &mut Reading<'a>, record: Element<'a>) -> Option<ResIx> {
    let id = record.attr("id")?;
    let removed = add(reading, Definition::configured(record, id, Shape::Primitive))?;
    link_removed_connection(reading, removed);
    let stops = reading.resolved.options.stop_removed_resources;
    if let Some(resource) = reading.resolved.resources.get_mut(removed.at()) {
        resource.flags.removed = true;
        resource.flags.removed_launched = record.attr("container").is_some();
        if !stops {
            resource.flags.managed = false;
        }
    }
    reading.resolved.top.push(removed);
    if stops {
        let never = Score::MINUS_INFINITY;
        scores::wish(reading, removed, None, never, WishSource::Removed);
    }
    Some(removed)
}

/// A removed connection's node is on its way out.
fn link_removed_connection(reading: &mut Reading<'_>, removed: ResIx) {
    let resource = reading.resolved.resource(removed);
    if !resource.flags.remote_connection {
        return;
    }
    let Some(node) = reading.resolved.nodes_by_name.get(&resource.id).copied() else { return };
    let vacant = reading.resolved.vacant.iter().copied().filter(|other| *other != node);
    reading.resolved.vacant = vacant.collect();
    link_connection(reading, removed);
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.shutdown = true;
    }
}
