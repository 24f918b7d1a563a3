//! What an action tells its agent and whoever carries it out: parameters and `CRM_meta_*`.

use std::collections::BTreeMap;

use super::raise::container_of;
use crate::act::acting::Acting;
use crate::act::arena::{Act, ActIx};
use crate::act::task::{Key, Task};
use crate::{CloneSet, NodeIx, ResIx, Variant};

/// The version of the graph's form. Agents and old executors look at it.
const FEATURE_SET: &str = "3.20.5";

/// All attributes, by name. `node` is where the action is, if that is a part of it.
pub(super) fn of(
    acting: &Acting<'_, '_>,
    act: ActIx,
    node: Option<NodeIx>,
) -> Vec<(String, String)> {
    let found = &acting.arena[act];
    let mut attributes = BTreeMap::new();
    attributes.insert("crm_feature_set".to_owned(), FEATURE_SET.to_owned());
    add_new(&mut attributes, found.parameters.iter().map(|(name, value)| (&**name, &**value)));
    if let Some(resource) = found.resource {
        add_parameters(acting, found, resource, &mut attributes);
    }
    if let Some(node) = node {
        add_meta(&mut attributes, "on_node", &acting.node(node).name);
        add_meta(&mut attributes, "on_node_uuid", &acting.node(node).id);
    }
    for (name, value) in &found.meta {
        // Cluster-internal names, such as those of fail counts.
        if !name.contains(['#', ':']) {
            add_meta(&mut attributes, name, value);
        }
    }
    if let Some(resource) = found.resource {
        add_shape(acting, resource, &mut attributes);
        add_host(acting, found, resource, &mut attributes);
    }
    attributes.into_iter().collect()
}

type Attributes = BTreeMap<String, String>;

fn add_new<'t>(attributes: &mut Attributes, pairs: impl Iterator<Item = (&'t str, &'t str)>) {
    for (name, value) in pairs {
        attributes.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
}

fn meta_name(name: &str) -> String {
    format!("CRM_meta_{}", name.replace('-', "_"))
}

fn add_meta(attributes: &mut Attributes, name: &str, value: &str) {
    attributes.entry(meta_name(name)).or_insert_with(|| value.to_owned());
}

fn set_meta(attributes: &mut Attributes, name: &str, value: impl ToString) {
    attributes.insert(meta_name(name), value.to_string());
}

/// The resource's parameters; a collective has none without a node.
fn add_parameters(
    acting: &Acting<'_, '_>,
    act: &Act<'_>,
    resource: ResIx,
    attributes: &mut Attributes,
) {
    if act.node.is_none() && !acting.resource(resource).is_primitive() {
        return;
    }
    let mut parameters = acting.given.parameters(resource, act.node);
    if parameters.get("addr").is_some_and(|address| address == "#uname")
        && let Some(host) = container_host(acting, resource)
    {
        parameters.insert("addr".into(), acting.node(host).name.as_ref().to_owned().into());
    }
    add_new(attributes, parameters.iter().map(|(name, value)| (&**name, &**value)));
}

/// Where the container is that a bundle's connection leads into; without an address of its own
/// it answers at its host's.
fn container_host(acting: &Acting<'_, '_>, connection: ResIx) -> Option<NodeIx> {
    let container = acting.resource(connection).launcher?;
    if !acting.now(container).flags.replica_container {
        return None;
    }
    acting.now(container).assigned.or_else(|| acting.current_node(container))
}

/// What a resource and what it is in add of themselves.
fn add_shape(acting: &Acting<'_, '_>, resource: ResIx, attributes: &mut Attributes) {
    let mut at = Some(resource);
    while let Some(resource) = at {
        let found = acting.resource(resource);
        match &found.variant {
            Variant::Primitive => add_primitive(acting, resource, attributes),
            Variant::CloneSet(options) => {
                add_clone(acting, resource, options, attributes);
            }
            Variant::Group(_) | Variant::Bundle(_) => {}
        }
        at = found.parent;
    }
}

fn add_primitive(acting: &Acting<'_, '_>, resource: ResIx, attributes: &mut Attributes) {
    let found = acting.resource(resource);
    for name in ["clone", "remote-node"] {
        if let Some(value) = found.meta(name) {
            set_meta(attributes, name, value);
        }
    }
    // The outermost that is launched by something counts.
    let mut at = Some(resource);
    while let Some(resource) = at {
        let found = acting.resource(resource);
        if let Some(launcher) = found.launcher {
            set_meta(attributes, "container", &acting.resource(launcher).id);
        }
        at = found.parent;
    }
    if let Some(address) = found.meta("external-ip") {
        attributes.insert("pcmk_external_ip".to_owned(), address.to_owned());
    }
}

fn add_clone(
    acting: &Acting<'_, '_>,
    clone: ResIx,
    options: &CloneSet,
    attributes: &mut Attributes,
) {
    let flags = &acting.now(clone).flags;
    set_meta(attributes, "globally-unique", flags.unique);
    set_meta(attributes, "notify", flags.notify);
    set_meta(attributes, "clone-max", options.max);
    set_meta(attributes, "clone-node-max", options.node_max);
    if flags.promotable {
        set_meta(attributes, "promoted-max", options.promoted_max);
        set_meta(attributes, "promoted-node-max", options.promoted_node_max);
        // Agents older than these names know the old ones.
        set_meta(attributes, "master-max", options.promoted_max);
        set_meta(attributes, "master-node-max", options.promoted_node_max);
    }
}

/// On a guest, the machine that the guest is on.
fn add_host(acting: &Acting<'_, '_>, act: &Act<'_>, resource: ResIx, attributes: &mut Attributes) {
    let Some(container) = act.node.and_then(|node| container_of(acting, node)) else { return };
    let task = match &act.key {
        Key::Notify { .. } => {
            Task::parse(act.meta.get("notify_operation").map_or("", |operation| operation.as_ref()))
        }
        Key::Operation { .. } | Key::Name(_) => act.task.clone(),
    };
    let down = matches!(task, Task::Stop | Task::Stopped | Task::Demote | Task::Demoted);
    let up = matches!(
        task,
        Task::Start | Task::Running | Task::Monitor | Task::Promote | Task::Promoted
    );
    let host = if down {
        acting.current_node(container)
    } else {
        acting.now(container).assigned.filter(|_| up)
    };
    if let Some(host) = host {
        if let Some(target) = acting.resource(resource).meta("container-attribute-target") {
            add_meta(attributes, "container-attribute-target", target);
        }
        add_meta(attributes, "physical-host", &acting.node(host).name);
    }
}
