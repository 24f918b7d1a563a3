//! The table: clusters, nodes below them, packages below their nodes; then those that run nowhere.

use serviceguard::lower::names;
use serviceguard::{Package, Restarts, Type};

use super::{Level, Shown, cluster_status, node_state, switch};
use crate::seen::{World, is_multi};

pub(crate) fn render(world: &World, shown: &Shown<'_>) -> String {
    let mut text = String::new();
    if matches!(shown.level, Level::All | Level::Cluster) {
        let name = world.status.cluster_name.as_deref().unwrap_or("cluster");
        row(&mut text, 0, &[("CLUSTER", 14), ("STATUS", 0)]);
        row(&mut text, 0, &[(name, 14), (cluster_status(world), 0)]);
        text.push('\n');
    }
    if matches!(shown.level, Level::All | Level::Node) {
        nodes(&mut text, world, shown);
    }
    if matches!(shown.level, Level::All | Level::Package) {
        packages(&mut text, world, shown);
    }
    // Between the parts there is an empty line, after the last there is none.
    format!("{}\n", text.trim_end())
}

/// A row of the table: columns of at least this width, and a blank between them.
fn row(text: &mut String, indent: usize, columns: &[(&str, usize)]) {
    let mut line = " ".repeat(indent);
    for (column, width) in columns {
        line.push_str(&format!("{column:width$} "));
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn nodes(text: &mut String, world: &World, shown: &Shown<'_>) {
    let is_shown = |name: &str| shown.nodes.is_empty() || shown.nodes.contains(&name);
    for node in world.status.nodes.iter().filter(|node| is_shown(&node.name)) {
        let (status, state) = node_state(node);
        row(text, 2, &[("NODE", 14), ("STATUS", 12), ("STATE", 0)]);
        row(text, 2, &[(&node.name, 14), (status, 12), (state, 0)]);
        text.push('\n');
        if shown.verbose {
            interfaces(text, world, &node.name);
        }
        if shown.level != Level::All {
            continue;
        }
        let here = |package: &&Package| {
            !is_multi(package) && owner(world, package) == Some(node.name.as_str())
        };
        listed(text, world, shown, world.packages.iter().filter(here));
    }
}

/// Cards as the file names them.
fn interfaces(text: &mut String, world: &World, node: &str) {
    let Some(node) = world.cluster.node(node) else { return };
    text.push_str("    Network_Parameters:\n");
    row(text, 4, &[("INTERFACE", 12), ("STATUS", 12), ("NAME", 0)]);
    for card in &node.interfaces {
        let kind = if card.is_standby() { "STANDBY" } else { "PRIMARY" };
        let status = world.card(&node.name, &card.name);
        row(text, 4, &[(kind, 12), (status, 12), (&card.name, 0)]);
    }
    text.push('\n');
}

/// The node that it runs on.
pub(super) fn owner<'w>(world: &'w World, package: &Package) -> Option<&'w str> {
    if let Some(node) = world.detached(package.called()).first() {
        return world.status.nodes.iter().map(|one| one.name.as_str()).find(|one| one == node);
    }
    let places = world.places(package.called());
    let whole = places.iter().find(|(_, whole)| *whole).or(places.first());
    whole.map(|(node, _)| *node)
}

/// Of all packages: those on no node, and those on many. Of a level, all alike.
fn packages(text: &mut String, world: &World, shown: &Shown<'_>) {
    let of_level = shown.level == Level::Package;
    let single = |package: &&Package| !is_multi(package);
    if of_level {
        listed(text, world, shown, world.packages.iter().filter(single));
    } else {
        let unowned = |package: &&Package| single(package) && owner(world, package).is_none();
        if world.packages.iter().any(|package| unowned(&package)) {
            text.push_str("UNOWNED_PACKAGES\n\n");
            listed(text, world, shown, world.packages.iter().filter(unowned));
        }
    }
    for (kind, title) in [
        (Type::MultiNode, "MULTI_NODE_PACKAGES"),
        (Type::SystemMultiNode, "SYSTEM_MULTI_NODE_PACKAGES"),
    ] {
        let is_shown = |name: &str| shown.packages.is_empty() || shown.packages.contains(&name);
        let of_kind = |package: &&Package| package.kind() == kind && is_shown(package.called());
        if world.packages.iter().any(|package| of_kind(&package)) {
            text.push_str(&format!("{title}\n\n"));
            for package in world.packages.iter().filter(of_kind) {
                many(text, world, shown, package);
            }
        }
    }
}

const PACKAGE: [(&str, usize); 5] =
    [("PACKAGE", 14), ("STATUS", 12), ("STATE", 12), ("AUTO_RUN", 12), ("NODE", 0)];

fn listed<'w>(
    text: &mut String,
    world: &World,
    shown: &Shown<'_>,
    packages: impl Iterator<Item = &'w Package>,
) {
    let is_shown = |package: &&Package| {
        shown.packages.is_empty() || shown.packages.contains(&package.called())
    };
    let mut is_first = true;
    for package in packages.filter(is_shown) {
        if is_first || shown.verbose {
            row(text, 4, &PACKAGE);
        }
        is_first = false;
        let (status, state) = world.state(package);
        let name = package.called();
        let auto_run = switch(world.is_switched_on(name));
        let node = owner(world, package).unwrap_or("unowned");
        row(text, 4, &[(name, 14), (status, 12), (state, 12), (auto_run, 12), (node, 0)]);
        if shown.verbose {
            details(text, world, package);
        }
    }
    if !is_first && !shown.verbose {
        text.push('\n');
    }
}

fn many(text: &mut String, world: &World, shown: &Shown<'_>, package: &Package) {
    let name = package.called();
    if !shown.packages.is_empty() && !shown.packages.contains(&name) {
        return;
    }
    let (status, state) = world.state(package);
    let auto_run = switch(world.is_switched_on(name));
    row(text, 4, &PACKAGE[..4]);
    row(text, 4, &[(name, 14), (status, 12), (state, 12), (auto_run, 0)]);
    text.push('\n');
    for node in world.nodes_of(package) {
        let (status, state) = world.state_on(package, node);
        let switching = switch(world.is_allowed(name, node));
        row(text, 6, &[("NODE_NAME", 14), ("STATUS", 12), ("STATE", 12), ("SWITCHING", 0)]);
        row(text, 6, &[(node, 14), (status, 12), (state, 12), (switching, 0)]);
        text.push('\n');
    }
}

fn details(text: &mut String, world: &World, package: &Package) {
    let policy = package.failover_policy.as_ref();
    let failover = policy.map_or("configured_node", |policy| policy.value.as_str());
    let goes_back = package.failback.as_ref().is_some_and(|failback| failback.value);
    text.push_str("\n      Policy_Parameters:\n");
    row(text, 6, &[("POLICY_NAME", 15), ("CONFIGURED_VALUE", 0)]);
    row(text, 6, &[("Failover", 15), (failover, 0)]);
    row(text, 6, &[("Failback", 15), (if goes_back { "automatic" } else { "manual" }, 0)]);
    script_parameters(text, world, package);
    let current = owner(world, package);
    text.push_str("\n      Node_Switching_Parameters:\n");
    row(text, 6, &[("NODE_TYPE", 12), ("STATUS", 12), ("SWITCHING", 12), ("NAME", 0)]);
    for (at, node) in world.nodes_of(package).into_iter().enumerate() {
        let kind = if at == 0 { "Primary" } else { "Alternate" };
        let is_up = world.up().any(|up| up == node);
        let status = if is_up { "up" } else { "down" };
        let switching = switch(world.is_allowed(package.called(), node));
        let name =
            if current == Some(node) { format!("{node:12} (current)") } else { node.to_owned() };
        row(text, 6, &[(kind, 12), (status, 12), (switching, 12), (&name, 0)]);
    }
    text.push('\n');
}

fn script_parameters(text: &mut String, world: &World, package: &Package) {
    let has_needs = !package.monitored_subnets.is_empty()
        || !package.resources.is_empty()
        || !package.generic_resources.is_empty();
    match owner(world, package) {
        Some(node) if has_needs || !package.services.is_empty() => {
            script_parameters_on(text, world, package, node);
        }
        None if has_needs => needs_of_nodes(text, world, package),
        Some(_) | None => {}
    }
}

/// Where it runs.
fn script_parameters_on(text: &mut String, world: &World, package: &Package, node: &str) {
    text.push_str("\n      Script_Parameters:\n");
    row(
        text,
        6,
        &[("ITEM", 10), ("STATUS", 8), ("MAX_RESTARTS", 13), ("RESTARTS", 10), ("NAME", 0)],
    );
    for service in &package.services {
        let name = service.name.value.as_str();
        let max = match service.restarts.as_ref().map(|restarts| restarts.value) {
            Some(Restarts::Unlimited) => "unlimited".to_owned(),
            Some(Restarts::Times(count)) => count.to_string(),
            None => "0".to_owned(),
        };
        let restarts = world.attribute(node, &names::restarts(name));
        let status = world.service(package);
        let columns =
            [("Service", 10), (status, 8), (&max, 13), (restarts.unwrap_or("0"), 10), (name, 0)];
        row(text, 6, &columns);
    }
    for subnet in &package.monitored_subnets {
        let subnet = subnet.value.to_string();
        let status = world.subnet(node, &subnet);
        row(text, 6, &[("Subnet", 10), (status, 8), ("0", 13), ("0", 10), (&subnet, 0)]);
    }
    for resource in &package.resources {
        let status = world.polled(Some(node), resource);
        row(text, 6, &[("Resource", 10), (status, 33), (&resource.name.value, 0)]);
    }
    for resource in &package.generic_resources {
        let status = world.resource(Some(node), resource);
        row(text, 6, &[("Generic Resource", 17), (status, 26), (&resource.name.value, 0)]);
    }
}

/// Where it could run: what it needs, node by node, so that one sees what is missing.
fn needs_of_nodes(text: &mut String, world: &World, package: &Package) {
    text.push_str("\n      Script_Parameters:\n");
    row(text, 6, &[("ITEM", 10), ("STATUS", 8), ("NODE_NAME", 12), ("NAME", 0)]);
    for node in world.nodes_of(package) {
        for resource in &package.resources {
            let status = world.polled(Some(node), resource);
            row(text, 6, &[("Resource", 10), (status, 8), (node, 12), (&resource.name.value, 0)]);
        }
        for subnet in &package.monitored_subnets {
            let subnet = subnet.value.to_string();
            let status = world.subnet(node, &subnet);
            row(text, 6, &[("Subnet", 10), (status, 8), (node, 12), (&subnet, 0)]);
        }
        for resource in &package.generic_resources {
            let status = world.resource(Some(node), resource);
            let name = &resource.name.value;
            row(text, 6, &[("Generic Resource", 17), (status, 8), (node, 12), (name, 0)]);
        }
    }
}
