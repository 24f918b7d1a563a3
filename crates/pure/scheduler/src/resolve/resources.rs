//! Resources, from the `resources` section.

pub(super) mod bundle;
mod clone_set;
pub(super) mod definition;
mod group;
mod meta;
mod nodes_within;
pub(super) mod operations;
pub(super) mod scores;

use std::cmp::Reverse;

use cib::Element;

use super::types::{NodeKind, ResIx};
use super::{Reading, nodes};
use crate::report::{FindingKind, Severity};

pub(super) use clone_set::add_instance;
pub(super) use definition::{Definition, Shape, add};

/// Adds every configured resource, and what they imply.
pub(super) fn read(reading: &mut Reading<'_>) {
    let root = reading.resolved.document.root();
    let Some(section) = root.path(&["configuration", "resources"]) else { return };
    let guests = nodes_within::read(reading, section);
    for element in section.children() {
        read_one(reading, element);
    }
    for guest in guests {
        if let Some(added) = add(reading, guest) {
            reading.resolved.top.push(added);
        }
    }
    for resource in reading.resolved.resource_indices().collect::<Vec<_>>() {
        link_launcher(reading, resource);
    }
    for resource in reading.resolved.top.clone() {
        link_connection(reading, resource);
    }
    // Resources of higher priority come first in whatever is done for all of them.
    let resolved = &mut reading.resolved;
    let resources = &resolved.resources;
    let priority = |at: &ResIx| resources.get(at.at()).map_or(0, |resource| resource.priority);
    resolved.top.sort_by_key(|at| Reverse(priority(at)));
}

fn read_one<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let Some(id) = element.attr("id").filter(|id| !id.is_empty()) else {
        let message = format!("a <{}> without an id is left out", element.name());
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return;
    };
    if element.is("template") {
        return;
    }
    let Some(shape) = Shape::of(element) else {
        let message =
            format!("resource {id} is left out: <{}> is no kind of resource", element.name());
        reading.find(Severity::Error, element, FindingKind::BadValue, message);
        return;
    };
    match add(reading, Definition::configured(element, id, shape)) {
        Some(added) => reading.resolved.top.push(added),
        None => {
            let message = format!("resource {id} is left out: its definition does not work");
            reading.find(Severity::Error, element, FindingKind::Contradiction, message);
        }
    }
}

/// Connects a resource with the one that its `container` meta attribute names.
fn link_launcher(reading: &mut Reading<'_>, resource: ResIx) {
    let found = reading.resolved.resource(resource);
    if !found.children.is_empty() {
        return;
    }
    let Some(name) = found.meta("container").filter(|name| *name != &*found.id) else { return };
    let Some(launcher) = reading.resolved.find_resource(name) else {
        let message = format!("resource {} names an unknown container {name}", found.id);
        let element = found.element;
        reading.find(Severity::Error, element, FindingKind::DanglingReference, message);
        return;
    };
    launch(reading, launcher, resource);
}

/// Makes `launcher` the one that launches `resource`.
pub(super) fn launch(reading: &mut Reading<'_>, launcher: ResIx, resource: ResIx) {
    let resources = &mut reading.resolved.resources;
    if let Some(launched) = resources.get_mut(resource.at()) {
        launched.launcher = Some(launcher);
    }
    if let Some(launcher) = resources.get_mut(launcher.at())
        && !launcher.launched.contains(&resource)
    {
        launcher.launched.push(resource);
    }
    // What looked like a remote node is a guest.
    for node in &mut reading.resolved.nodes {
        if node.kind == (NodeKind::Remote { connection: Some(resource) }) {
            node.kind = NodeKind::Guest { connection: resource, container: launcher };
        }
    }
}

/// Connects a connection resource with the node that it connects to.
pub(super) fn link_connection(reading: &mut Reading<'_>, resource: ResIx) {
    let found = reading.resolved.resource(resource);
    if !found.flags.remote_connection {
        return;
    }
    let launcher = found.launcher;
    let Some(node) = reading.resolved.find_node(&found.id) else { return };
    let Some(at) = reading.resolved.nodes.get_mut(node.at()) else { return };
    match launcher {
        None => {
            at.kind = NodeKind::Remote { connection: Some(resource) };
            nodes::set_startup_fencing(reading, node);
        }
        Some(container) => {
            at.kind = NodeKind::Guest { connection: resource, container };
            at.attributes.insert("#kind".into(), "container".into());
        }
    }
}
