//! Bundles: containers, each with an address, a connection and a copy of a primitive inside.

mod container;

use std::borrow::Cow;
use std::sync::Arc;

use cib::Element;
use model::Score;

use super::super::types::{
    Allowed, Bundle, ContainerEngine, Implied, NodeIx, NodeKind, ProbeMode, Replica, ResIx,
    Variant, Wish, WishSource,
};
use super::super::values::{at_least, parse_bool};
use super::super::{Reading, nodes};
use super::clone_set::INSTANCES_MAX;
use super::definition::{Definition, Shape, add};
use super::nodes_within::remote_connection;
use super::scores::{slot, subtree};
use crate::report::{FindingKind, Severity};
use container::{Options, REMOTE_PORT};

/// Reads what only a bundle has, and makes its parts. `false` if it cannot work.
pub(super) fn read(reading: &mut Reading<'_>, bundle: ResIx) -> bool {
    let resource = reading.resolved.resource(bundle);
    let element = resource.element;
    let prefix = Arc::clone(&resource.id);
    let Some(mut options) = Options::read(element, &prefix) else {
        let message = format!("bundle {prefix} names no container technology that is known");
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return false;
    };
    if options.per_host == 1
        && let Some(resource) = reading.resolved.resources.get_mut(bundle.at())
    {
        resource.flags.unique = false;
    }
    let primitive = element.child("primitive");
    if primitive.is_some() && !options.can_connect() {
        let message =
            format!("bundle {prefix} needs ip-range-start or control-port to run what is inside");
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return false;
    }
    set_variant(reading, bundle, &options);
    let child = match primitive {
        None => None,
        Some(primitive) => match add_child(reading, bundle, primitive, &options) {
            Some(child) => Some(child),
            None => return false,
        },
    };
    if child.is_some() {
        options.add_remote_mounts();
    }
    let replicas = plan_replicas(reading, child, &mut options);
    for replica in replicas {
        if add_replica(reading, bundle, &options, replica).is_none() {
            return false;
        }
    }
    finish(reading, bundle, child);
    true
}

fn set_variant(reading: &mut Reading<'_>, bundle: ResIx, options: &Options<'_>) {
    if let Some(resource) = reading.resolved.resources.get_mut(bundle.at()) {
        resource.variant = Variant::Bundle(Box::new(Bundle {
            engine: options.engine,
            replicas_max: options.replicas,
            replicas_per_host: options.per_host,
            promoted_max: options.promoted_max,
            child: None,
            replicas: Vec::new(),
            ip_range_start: options.ip_range_start.map(Arc::from),
            image: Arc::from(options.image),
            unique: options.per_host > 1,
            promotable: options.promoted_max > 0,
        }));
    }
}

fn bundle_mut<'r>(reading: &'r mut Reading<'_>, bundle: ResIx) -> Option<&'r mut Bundle> {
    match &mut reading.resolved.resources.get_mut(bundle.at())?.variant {
        Variant::Bundle(options) => Some(options),
        Variant::Primitive | Variant::Group(_) | Variant::CloneSet(_) => None,
    }
}

/// The clone set that the primitive inside implies, one instance a replica.
fn add_child<'a>(
    reading: &mut Reading<'a>,
    bundle: ResIx,
    primitive: Element<'a>,
    options: &Options<'_>,
) -> Option<ResIx> {
    // The old word is part of the name, lest bundles restart when Pacemaker is replaced.
    let suffix = if options.promoted_max > 0 { "master" } else { "clone" };
    let mut meta: Vec<(Cow<'a, str>, Cow<'a, str>)> = vec![
        ("ordered".into(), "true".into()),
        ("clone-max".into(), options.replicas.to_string().into()),
        ("clone-node-max".into(), options.per_host.to_string().into()),
        ("globally-unique".into(), (options.per_host > 1).to_string().into()),
    ];
    if options.promoted_max > 0 {
        meta.push(("promotable".into(), "true".into()));
        meta.push(("promoted-max".into(), options.promoted_max.to_string().into()));
    }
    let definition = Definition {
        parent: Some(bundle),
        implied: Some(Implied { meta, parameters: Vec::new() }),
        cloned: Some(primitive),
        ..Definition::configured(
            reading.resolved.resource(bundle).element,
            &format!("{}-{suffix}", options.prefix),
            Shape::CloneSet,
        )
    };
    let child = add(reading, definition)?;
    for instance in reading.resolved.resource(child).children.clone() {
        let mut notify = false;
        if let Some(instance) = reading.resolved.resources.get_mut(instance.at()) {
            instance.flags.exclusive_probes = true;
            notify = instance.flags.notify;
        }
        if let Some(child) = reading.resolved.resources.get_mut(child.at()) {
            child.flags.notify |= notify;
        }
    }
    Some(child)
}

/// A replica before its parts are made.
struct Planned {
    offset: u32,
    address: Option<Arc<str>>,
    child: Option<ResIx>,
}

fn plan_replicas(
    reading: &Reading<'_>,
    child: Option<ResIx>,
    options: &mut Options<'_>,
) -> Vec<Planned> {
    let instances: Vec<Option<ResIx>> = match child {
        Some(child) => {
            reading.resolved.resource(child).children.iter().copied().map(Some).collect()
        }
        None => vec![None; options.replicas.min(INSTANCES_MAX) as usize],
    };
    let planned = instances.into_iter().zip(0..);
    planned
        .map(|(child, offset)| Planned { offset, address: options.next_address(offset), child })
        .collect()
}

fn add_replica<'a>(
    reading: &mut Reading<'a>,
    bundle: ResIx,
    options: &Options<'a>,
    planned: Planned,
) -> Option<()> {
    let element = reading.resolved.resource(bundle).element;
    let address = planned.address.as_deref();
    let part = |definition: Definition<'a>| Definition { parent: Some(bundle), ..definition };
    let definition = options.container(element, planned.offset, address, planned.child.is_some());
    let container = add(reading, part(definition))?;
    if let Some(resource) = reading.resolved.resources.get_mut(container.at()) {
        resource.flags.replica_container = true;
    }
    adopt(reading, bundle, container);
    let mut replica = Replica {
        offset: planned.offset,
        address: planned.address.clone(),
        node: None,
        ip: None,
        child: planned.child,
        container,
        remote: None,
    };
    if let Some(address) = address {
        let ip = add(reading, part(options.address(element, address)))?;
        adopt(reading, bundle, ip);
        replica.ip = Some(ip);
    }
    if let Some(child) = planned.child {
        add_connection(reading, bundle, options, &mut replica, child)?;
        if let Some(address) = address
            && let Some(child) = reading.resolved.resources.get_mut(child.at())
        {
            child.meta.insert("external-ip".into(), address.to_owned().into());
        }
        move_demand(reading, child, container);
    }
    bundle_mut(reading, bundle)?.replicas.push(replica);
    Some(())
}

fn adopt(reading: &mut Reading<'_>, bundle: ResIx, part: ResIx) {
    if let Some(resource) = reading.resolved.resources.get_mut(bundle.at()) {
        resource.children.push(part);
    }
}

/// What the primitive inside demands, its container demands of the node that it runs on.
fn move_demand(reading: &mut Reading<'_>, child: ResIx, container: ResIx) {
    let resources = &mut reading.resolved.resources;
    let demand =
        resources.get_mut(child.at()).map(|r| std::mem::take(&mut r.demand)).unwrap_or_default();
    if let Some(container) = resources.get_mut(container.at()) {
        container.demand = demand;
    }
}

/// The connection into the container, and the guest node that it makes.
fn add_connection<'a>(
    reading: &mut Reading<'a>,
    bundle: ResIx,
    options: &Options<'a>,
    replica: &mut Replica,
    child: ResIx,
) -> Option<()> {
    let element = reading.resolved.resource(bundle).element;
    let mut name = format!("{}-{}", options.prefix, replica.offset);
    if reading.resolved.find_resource(&name).is_some() {
        let child = &reading.resolved.resource(child).id;
        name = format!("pcmk-internal-{child}-remote-{}", replica.offset);
    }
    let node = guest_node(reading, &name);
    let allowed = Allowed { score: Score::new(500), probes: ProbeMode::Exclusive };
    reserve(reading, child, node, allowed);
    let container_id = reading.resolved.resource(replica.container).id.to_string();
    let mut definition = remote_connection(element, &name, container_id.into());
    definition.parent = Some(bundle);
    // Without an address of its own the container is found at its host's name, which is known
    // only once it is assigned.
    let address = replica.address.as_ref().map_or("#uname".into(), |text| text.to_string().into());
    let port = options.control_port.unwrap_or(REMOTE_PORT);
    if let Some(implied) = &mut definition.implied {
        implied.parameters = vec![("addr".into(), address), ("port".into(), Cow::Borrowed(port))];
    }
    let remote = add(reading, definition)?;
    keep_off_remote_nodes(reading, remote);
    super::launch(reading, replica.container, remote);
    if let Some(resource) = reading.resolved.resources.get_mut(remote.at()) {
        resource.flags.remote_nesting = true;
    }
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.kind = NodeKind::Guest { connection: remote, container: replica.container };
        at.attributes.insert("#kind".into(), "container".into());
    }
    adopt(reading, bundle, remote);
    replica.remote = Some(remote);
    replica.node = Some(node);
    Some(())
}

/// The node of a replica: closed to everything that is not told otherwise.
fn guest_node(reading: &mut Reading<'_>, name: &str) -> NodeIx {
    let node = match reading.resolved.find_node(name) {
        Some(known) => known,
        None => {
            let kind = NodeKind::Remote { connection: None };
            nodes::add(reading, name, name, kind, Score::MINUS_INFINITY)
        }
    };
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.score = Score::MINUS_INFINITY;
        at.probes = ProbeMode::Never;
    }
    // Resources that were read before this bundle may have let the node in.
    for resource in reading.resolved.top.clone() {
        for part in subtree(reading, resource) {
            let row = reading.resolved.resources.get_mut(part.at()).map(|r| &mut r.allowed);
            if let Some(Some(entry)) = row.and_then(|row| row.get_mut(node.at())) {
                *entry = Allowed { score: Score::MINUS_INFINITY, probes: ProbeMode::Never };
            }
        }
    }
    node
}

/// Lets `child` run on its replica's node and nowhere else.
fn reserve(reading: &mut Reading<'_>, child: ResIx, node: NodeIx, allowed: Allowed) {
    let source = WishSource::Bundle;
    let wish = Wish { resource: child, node: Some(node), score: allowed.score, source };
    reading.resolved.wishes.push(wish);
    if let Some(resource) = reading.resolved.resources.get_mut(child.at()) {
        resource.allowed.clear();
    }
    if let Some(entry) = slot(reading, child, node) {
        *entry = allowed;
    }
    if let Some(set) = reading.resolved.resource(child).parent
        && let Some(entry) = slot(reading, set, node)
    {
        *entry = Allowed { score: Score::MINUS_INFINITY, ..allowed };
    }
}

/// A connection needs a full member to run on.
fn keep_off_remote_nodes(reading: &mut Reading<'_>, remote: ResIx) {
    let resolved = &mut reading.resolved;
    let Some(resource) = resolved.resources.get_mut(remote.at()) else { return };
    for (entry, node) in resource.allowed.iter_mut().zip(&resolved.nodes) {
        if let Some(entry) = entry
            && node.is_remote_or_guest()
        {
            entry.score = Score::MINUS_INFINITY;
        }
    }
}

/// Hangs the primitive's clone set in as the last part.
fn finish(reading: &mut Reading<'_>, bundle: ResIx, child: Option<ResIx>) {
    let Some(child) = child else { return };
    adopt(reading, bundle, child);
    if let Some(options) = bundle_mut(reading, bundle) {
        options.child = Some(child);
    }
    const TARGET: &str = "container-attribute-target";
    let instances = &reading.resolved.resource(child).children;
    let target = instances
        .last()
        .and_then(|last| reading.resolved.resource(*last).meta.get(TARGET).cloned());
    let Some(target) = target else { return };
    for holder in [bundle, child] {
        if let Some(resource) = reading.resolved.resources.get_mut(holder.at()) {
            resource.meta.insert(TARGET.into(), target.clone());
        }
    }
}

/// The engine's element and what it stands for.
fn engine<'a>(element: Element<'a>) -> Option<(ContainerEngine, Element<'a>)> {
    let docker = element.child("docker").map(|found| (ContainerEngine::Docker, found));
    docker.or_else(|| element.child("podman").map(|found| (ContainerEngine::Podman, found)))
}

fn count(element: Element<'_>, name: &str, least: u32) -> u32 {
    at_least(element.attr(name), least)
}

fn flag(element: Element<'_>, name: &str, default: bool) -> bool {
    element.attr(name).and_then(parse_bool).unwrap_or(default)
}
