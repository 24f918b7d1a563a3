//! Where resources are active.

use model::{Role, Score};

use super::super::Reading;
use super::super::resources::scores::{forbid_everywhere, wish};
use super::super::types::{MultipleActive, NodeIx, NodeKind, ResIx, Variant, WishSource};
use crate::report::{FindingKind, Severity};

/// Notes that `resource` is active on `node`, and all that it is part of with it.
pub(super) fn add_active(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, failed: bool) {
    if reading.resolved.resource(resource).active.contains(&node) {
        return;
    }
    let is_primitive = reading.resolved.resource(resource).is_primitive();
    let maintenance = is_primitive && reading.resolved.node(node).maintenance;
    if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
        at.active.push(node);
        if maintenance {
            at.flags.managed = false;
            at.flags.maintenance = true;
        }
    }
    if is_primitive {
        if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
            at.active.push(resource);
        }
        add_priority(reading, resource, node, failed);
    }
    let parent = reading.resolved.resource(resource).parent;
    if !reading.resolved.resource(resource).flags.managed {
        // What nobody manages stays where it is.
        wish(reading, resource, Some(node), Score::INFINITY, WishSource::Unmanaged);
        let mut above = parent;
        while let Some(parent) = above {
            if let Some(at) = reading.resolved.resources.get_mut(parent.at()) {
                at.active.push(node);
                above = at.parent;
            } else {
                above = None;
            }
        }
        return;
    }
    if is_primitive && reading.resolved.active_count(resource) > 1 {
        too_active(reading, resource);
    }
    if let Some(parent) = parent {
        add_active(reading, parent, node, false);
    }
}

/// What runs on a node makes it more or less wanted; what runs on a guest, its hosts.
fn add_priority(reading: &mut Reading<'_>, resource: ResIx, node: NodeIx, failed: bool) {
    let found = reading.resolved.resource(resource);
    if found.priority == 0 || failed {
        return;
    }
    let promoted = i32::from(found.role == Role::Promoted);
    let priority = found.priority.saturating_add(promoted);
    let mut nodes = vec![node];
    if let NodeKind::Guest { container, .. } = reading.resolved.node(node).kind {
        nodes.extend(reading.resolved.resource(container).active.iter().copied());
    }
    for node in nodes {
        if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
            at.priority = at.priority.saturating_add(priority);
        }
    }
}

/// Option `multiple-active`.
fn too_active(reading: &mut Reading<'_>, resource: ResIx) {
    let found = reading.resolved.resource(resource);
    let (element, policy) = (found.element, found.multiple_active);
    let message = format!("{} is active on more than one node", found.id);
    reading.find(Severity::Warning, element, FindingKind::UnexpectedlyActive, message);
    match policy {
        MultipleActive::Restart | MultipleActive::StopUnexpected => {}
        MultipleActive::Stop => forbid_everywhere(reading, resource, WishSource::MultipleActive),
        MultipleActive::Block => {
            let mut blocked = vec![resource];
            let parent = reading.resolved.resource(resource).parent;
            if let Some(parent) = parent {
                let parent = reading.resolved.resource(parent);
                let whole = matches!(parent.variant, Variant::Group(_) | Variant::Bundle(_))
                    && parent.multiple_active == MultipleActive::Block;
                if whole {
                    blocked.extend(parent.children.iter().copied());
                }
            }
            for resource in blocked {
                if let Some(at) = reading.resolved.resources.get_mut(resource.at()) {
                    at.flags.managed = false;
                    at.flags.blocked = true;
                }
            }
        }
    }
}
