//! A cluster and its packages, one by another.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corosync::Finding;

use super::{Findings, resources};
use crate::address::could_be_on;
use crate::cluster::Cluster;
use crate::package::{Condition, Package, Type};

/// Of one cluster. Sources: general knowledge, and for generic resources the manual.
const SERVICES_MAX: usize = 900;
const POLLED_MAX: usize = 60;
const GENERIC_MAX: usize = 100;
/// Packages, unless MAX_CONFIGURED_PACKAGES says fewer.
const PACKAGES_MAX: u64 = 300;

/// What is odd between a cluster and all its packages: for each package its findings, in the order of
/// the packages, and those of the cluster's file last.
pub fn check_together(cluster: &Cluster, packages: &[Package]) -> Vec<Vec<Finding>> {
    let mut found: Vec<Findings> = packages.iter().map(|_| Findings::default()).collect();
    let mut of_cluster = Findings::default();
    for (package, found) in packages.iter().zip(&mut found) {
        nodes(cluster, package, found);
        subnets(cluster, package, found);
        weights(cluster, package, found);
        dependencies(packages, package, found);
    }
    unique(packages, &mut found);
    addresses(cluster, packages, &mut found);
    counts(cluster, packages, &mut found, &mut of_cluster);
    circles(packages, &mut found);
    resources::together(packages, &mut found);
    found.push(of_cluster);
    found.into_iter().map(Findings::in_order).collect()
}

fn nodes(cluster: &Cluster, package: &Package, found: &mut Findings) {
    for node in package.nodes.iter().filter(|node| node.value != "*") {
        if cluster.node(&node.value).is_none() {
            let names = cluster.nodes.iter().map(|node| node.name.as_str());
            let hint = view::words::nearest(&node.value, names)
                .map_or_else(String::new, |near| format!("did you mean {near}?"));
            found.error(node.line, format!("the cluster has no node {}", node.value), &hint);
        }
    }
    if let Some(policy) = package.failover_policy.as_ref().filter(|_| package.goes_by_site())
        && cluster.sites.is_empty()
    {
        let what = format!("{} in a cluster without sites", policy.value);
        found.error(policy.line, what, "say SITE_NAME and each node's SITE in the cluster's file");
    }
    let is_everywhere = package.nodes.iter().any(|node| node.value == "*");
    if package.kind() == Type::SystemMultiNode && !is_everywhere {
        for node in &cluster.nodes {
            if !package.nodes.iter().any(|of| of.value == node.name) {
                let line = package.kind.as_ref().map_or(0, |kind| kind.line);
                let what = format!("a system_multi_node package that is not on {}", node.name);
                found.error(line, what, "say node_name *");
            }
        }
    }
}

/// A monitored subnet is one of the cluster's.
fn subnets(cluster: &Cluster, package: &Package, found: &mut Findings) {
    let is_there = |subnet: IpAddr| {
        cluster
            .nodes
            .iter()
            .flat_map(|node| node.addresses())
            .any(|address| could_be_on(subnet, address.value))
    };
    let of_addresses = package.addresses.iter().filter_map(|said| said.subnet.as_ref());
    let mut seen = Vec::new();
    for subnet in package.monitored_subnets.iter().chain(of_addresses) {
        if !is_there(subnet.value) && !seen.contains(&subnet.line) {
            let what = format!("no node has an address on the subnet {}", subnet.value);
            found.error(subnet.line, what, "it must be in the cluster's file");
        }
        seen.push(subnet.line);
    }
}

fn weights(cluster: &Cluster, package: &Package, found: &mut Findings) {
    for (name, _) in &package.weights {
        let is_it = |node: &crate::cluster::Node| {
            node.capacities.iter().any(|(capacity, _)| capacity.value == name.value)
        };
        if !cluster.nodes.iter().any(is_it) {
            let what = format!("no node has the capacity {}", name.value);
            found.error(name.line, what, "say CAPACITY_NAME in the cluster's file");
        }
    }
    if cluster.nodes.iter().all(|node| node.capacities.is_empty()) {
        return;
    }
    let policy = package.failover_policy.as_ref();
    if let Some(policy) = policy.filter(|policy| policy.value == "min_package_node") {
        let what = "min_package_node in a cluster with capacities";
        found.error(policy.line, what, "say configured_node");
    }
    if let Some(failback) = package.failback.as_ref().filter(|failback| failback.value) {
        let what = "failback_policy automatic in a cluster with capacities";
        found.error(failback.line, what, "say manual");
    }
}

fn dependencies(packages: &[Package], package: &Package, found: &mut Findings) {
    for dependency in &package.dependencies {
        let Some(condition) = &dependency.condition else { continue };
        let Condition { package: name, up } = &condition.value;
        let Some(other) = packages.iter().find(|other| other.called() == name) else {
            let what = format!("there is no package {name}");
            found.error(condition.line, what, "a package is applied after those that it needs");
            continue;
        };
        let is_ordered = |of: &Package| of.kind() == Type::Failover && of.is_configured_node();
        if *up && other.kind() == Type::Failover && !(is_ordered(package) && is_ordered(other)) {
            let what = format!("who needs the failover package {name} is one, too");
            found.error(condition.line, what, "and both have failover_policy configured_node");
        }
        if !up {
            exclusion(package, other, condition.line, found);
        }
    }
}

/// Two that must not meet name each other, and one has a priority.
fn exclusion(package: &Package, other: &Package, line: u32, found: &mut Findings) {
    let names_us = other.dependencies.iter().any(|back| {
        back.condition
            .as_ref()
            .is_some_and(|back| !back.value.up && back.value.package == package.called())
    });
    if !names_us {
        let what = format!("{} does not say the same of this package", other.called());
        found.error(line, what, "two that must not meet name each other");
    }
    if package.priority.is_none() && other.priority.is_none() {
        let what = "of two that must not meet neither has a priority";
        found.error(line, what, "say priority in one of them");
    }
}

/// Names and priorities that only one package of a cluster has.
fn unique(packages: &[Package], found: &mut [Findings]) {
    let mut first: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        let name = package.name.iter().map(|name| ("package", name.value.clone(), name.line));
        let services = package
            .services
            .iter()
            .map(|service| ("service", service.name.value.clone(), service.name.line));
        let priority = package
            .priority
            .iter()
            .map(|priority| ("priority", priority.value.to_string(), priority.line));
        for (kind, value, line) in name.chain(services).chain(priority) {
            match first.get(&(kind, value.clone())).filter(|before| **before != at) {
                Some(before) => {
                    let other = packages.get(*before).map_or("", Package::called);
                    let what = format!("the {kind} {value} is also of {other}");
                    if let Some(found) = found.get_mut(at) {
                        found.error(line, what, "it belongs to one package");
                    }
                }
                None => {
                    first.insert((kind, value), at);
                }
            }
        }
    }
}

/// An address is of one node or of one package.
fn addresses(cluster: &Cluster, packages: &[Package], found: &mut [Findings]) {
    let mut owner: BTreeMap<IpAddr, String> = BTreeMap::new();
    for node in &cluster.nodes {
        owner
            .extend(node.addresses().map(|address| (address.value, format!("node {}", node.name))));
    }
    for (package, found) in packages.iter().zip(found) {
        for said in &package.addresses {
            let own = format!("package {}", package.called());
            match owner.get(&said.address.value).filter(|owner| **owner != own) {
                Some(owner) => {
                    let what = format!("the address {} is of {owner}", said.address.value);
                    found.error(said.address.line, what, "take another");
                }
                None => {
                    owner.insert(said.address.value, own);
                }
            }
        }
    }
}

fn counts(
    cluster: &Cluster,
    packages: &[Package],
    found: &mut [Findings],
    of_cluster: &mut Findings,
) {
    let max = cluster.packages_max.as_ref();
    let limit = max.map_or(PACKAGES_MAX, |max| max.value);
    if packages.len() as u64 > limit {
        let what = format!("{} packages, and MAX_CONFIGURED_PACKAGES is {limit}", packages.len());
        of_cluster.error(max.map_or(0, |max| max.line), what, "");
    }
    type Count = fn(&Package) -> usize;
    let counted: [(&str, usize, Count); 3] = [
        ("services", SERVICES_MAX, |package| package.services.len()),
        ("polled resources", POLLED_MAX, |package| package.resources.len()),
        ("generic resources", GENERIC_MAX, |package| package.generic_resources.len()),
    ];
    for (name, max, count) in counted {
        let mut sum = 0;
        for (package, found) in packages.iter().zip(found.iter_mut()) {
            let before = sum;
            sum += count(package);
            if before <= max && sum > max {
                let line = package.name.as_ref().map_or(0, |name| name.line);
                found.error(line, format!("the cluster has more than {max} {name}"), "");
            }
        }
    }
}

/// Packages that need each other in a circle never start.
fn circles(packages: &[Package], found: &mut [Findings]) {
    let needs = |package: &Package| -> Vec<usize> {
        package
            .dependencies
            .iter()
            .filter_map(|dependency| dependency.condition.as_ref())
            .filter(|condition| condition.value.up)
            .filter_map(|condition| {
                packages.iter().position(|other| other.called() == condition.value.package)
            })
            .collect()
    };
    for (at, package) in packages.iter().enumerate() {
        let (mut seen, mut next) = (Vec::new(), needs(package));
        while let Some(other) = next.pop() {
            if !seen.contains(&other) {
                seen.push(other);
                next.extend(packages.get(other).map(needs).unwrap_or_default());
            }
        }
        // One that depends on itself is said so already.
        if seen.contains(&at) && seen.len() > 1 {
            let line = package.dependencies.first().map_or(0, |dependency| dependency.name.line);
            if let Some(found) = found.get_mut(at) {
                found.error(line, "packages that need each other in a circle never start", "");
            }
        }
    }
}
