//! `-f line`: a fact in each line, with the path to it before: `package:pkg1|node:n1|status=up`.

use serviceguard::lower::{self, names};
use serviceguard::{Package, Restarts, Type};

use super::table::owner;
use super::{Level, Shown, cluster_status, node_state, switch};
use crate::seen::{World, is_multi};

pub(super) fn render(world: &World, shown: &Shown<'_>) -> String {
    let mut facts = Facts { text: String::new() };
    if matches!(shown.level, Level::All | Level::Cluster) {
        cluster(&mut facts, world);
    }
    if matches!(shown.level, Level::All | Level::Node) {
        for node in &world.status.nodes {
            if shown.nodes.is_empty() || shown.nodes.contains(&node.name.as_str()) {
                // What the command line says already is left out.
                let path = match shown.nodes.as_slice() {
                    [_] if shown.level == Level::Node => String::new(),
                    _ => format!("node:{}|", node.name),
                };
                one_node(&mut facts, &path, node);
                if shown.verbose {
                    networks(&mut facts, &path, world, &node.name);
                }
            }
        }
    }
    if matches!(shown.level, Level::All | Level::Package) {
        for package in &world.packages {
            let name = package.called();
            if shown.packages.is_empty() || shown.packages.contains(&name) {
                let path = match shown.packages.as_slice() {
                    [_] if shown.level == Level::Package => String::new(),
                    _ => format!("package:{name}|"),
                };
                one_package(&mut facts, &path, world, package, shown.verbose);
            }
        }
    }
    facts.text
}

struct Facts {
    text: String,
}

impl Facts {
    fn say(&mut self, path: &str, name: &str, value: &str) {
        self.text.push_str(&format!("{path}{name}={value}\n"));
    }
}

fn cluster(facts: &mut Facts, world: &World) {
    facts.say("", "name", world.status.cluster_name.as_deref().unwrap_or("cluster"));
    facts.say("", "status", cluster_status(world));
    let is_well = world.status.nodes.iter().all(|node| node_state(node).0 == "up")
        && world.packages.iter().all(|package| summary(world, package) == "ok");
    facts.say("", "summary", if is_well { "ok" } else { "degraded" });
}

fn one_node(facts: &mut Facts, path: &str, node: &view::status::NodeLine) {
    let (status, state) = node_state(node);
    facts.say(path, "name", &node.name);
    facts.say(path, "status", status);
    facts.say(path, "state", state);
    facts.say(path, "summary", if status == "up" { "ok" } else { "degraded" });
}

/// A node's cards, and the subnets that are watched there.
fn networks(facts: &mut Facts, path: &str, world: &World, node: &str) {
    for card in world.cluster.node(node).into_iter().flat_map(|node| &node.interfaces) {
        let path = format!("{path}interface:{}|", card.name);
        facts.say(&path, "name", &card.name);
        facts.say(&path, "status", world.card(node, &card.name));
        facts.say(&path, "type", if card.is_standby() { "standby" } else { "primary" });
    }
    let wires = lower::watched_wires(&world.document, node);
    for subnet in wires.iter().flat_map(|wire| &wire.subnets) {
        let path = format!("{path}subnet:{subnet}|");
        facts.say(&path, "name", subnet);
        facts.say(&path, "status", world.subnet(node, subnet));
    }
}

/// Well is who runs and may move, or is halted on purpose.
fn summary(world: &World, package: &Package) -> &'static str {
    let (status, _) = world.state(package);
    let name = package.called();
    let nodes = world.nodes_of(package);
    let is_safe = nodes.iter().all(|node| world.is_allowed(name, node));
    let on = world.is_switched_on(name);
    let is_wanted = if on { "up" } else { "down" };
    if is_safe && status == is_wanted { "ok" } else { "degraded" }
}

fn one_package(facts: &mut Facts, path: &str, world: &World, package: &Package, verbose: bool) {
    let name = package.called();
    let (status, state) = world.state(package);
    facts.say(path, "name", name);
    let kind = match package.kind() {
        Type::Failover => "failover",
        Type::MultiNode => "multi_node",
        Type::SystemMultiNode => "system_multi_node",
    };
    facts.say(path, "type", kind);
    facts.say(path, "status", status);
    facts.say(path, "state", state);
    facts.say(path, "summary", summary(world, package));
    facts.say(path, "autorun", switch(world.is_switched_on(name)));
    if !is_multi(package) {
        facts.say(path, "owner", owner(world, package).unwrap_or("unowned"));
    }
    for (at, node) in world.nodes_of(package).into_iter().enumerate() {
        let path = format!("{path}node:{node}|");
        facts.say(&path, "name", node);
        facts.say(&path, "status", world.state_on(package, node).0);
        facts.say(&path, "switching", switch(world.is_allowed(name, node)));
        facts.say(&path, "order", &(at + 1).to_string());
    }
    if verbose {
        details(facts, path, world, package);
    }
}

fn details(facts: &mut Facts, path: &str, world: &World, package: &Package) {
    for (name, script) in
        [("run_script", &package.run_script), ("halt_script", &package.halt_script)]
    {
        if let Some(script) = script {
            facts.say(path, name, &script.value);
        }
    }
    let policy = package.failover_policy.as_ref();
    facts.say(path, "failover_policy", policy.map_or("configured_node", |said| &said.value));
    let goes_back = package.failback.as_ref().is_some_and(|failback| failback.value);
    facts.say(path, "failback_policy", if goes_back { "automatic" } else { "manual" });
    let node = owner(world, package);
    for service in &package.services {
        let name = service.name.value.as_str();
        let path = format!("{path}service:{name}|");
        facts.say(&path, "name", name);
        facts.say(&path, "status", world.service(package));
        let max = match service.restarts.as_ref().map(|restarts| restarts.value) {
            Some(Restarts::Unlimited) => "unlimited".to_owned(),
            Some(Restarts::Times(count)) => count.to_string(),
            None => "0".to_owned(),
        };
        facts.say(&path, "max_restarts", &max);
        let restarts = node.and_then(|node| world.attribute(node, &names::restarts(name)));
        facts.say(&path, "restarts", restarts.unwrap_or("0"));
    }
    for subnet in &package.monitored_subnets {
        let subnet = subnet.value.to_string();
        let path = format!("{path}subnet:{subnet}|");
        facts.say(&path, "name", &subnet);
        facts.say(&path, "status", node.map_or("unknown", |node| world.subnet(node, &subnet)));
    }
    for resource in &package.resources {
        let path = format!("{path}resource:{}|", resource.name.value);
        facts.say(&path, "name", &resource.name.value);
        facts.say(&path, "status", world.polled(node, resource));
    }
    for resource in &package.generic_resources {
        let path = format!("{path}generic_resource:{}|", resource.name.value);
        facts.say(&path, "name", &resource.name.value);
        facts.say(&path, "status", world.resource(node, resource));
    }
}
