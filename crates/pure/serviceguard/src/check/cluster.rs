//! The cluster's own name, its subnets, weights and volume groups.

use super::{Findings, twice};
use crate::address::could_be_on;
use crate::cluster::Cluster;

/// Capacities and weights of one cluster. Source: the manual.
const CAPACITIES_MAX: usize = 4;
/// The capacity that counts packages. Source: the manual.
const PACKAGE_LIMIT: &str = "package_limit";

pub(super) fn check(cluster: &Cluster, found: &mut Findings) {
    name(cluster, found);
    subnets(cluster, found);
    capacities(cluster, found);
    weights(cluster, found);
    let groups = cluster.volume_groups.iter().map(|group| (group.value.as_str(), group.line));
    for (group, line, first) in twice(groups) {
        let what = format!("the volume group {group} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
}

fn name(cluster: &Cluster, found: &mut Findings) {
    let Some(name) = &cluster.name else {
        return found.error(0, "there is no CLUSTER_NAME", "say it once");
    };
    let has = |letters: &str| name.value.chars().find(|letter| letters.contains(*letter));
    if name.value.is_empty() {
        found.error(name.line, "the cluster's name is empty", "");
    }
    if name.value.contains(char::is_whitespace) {
        found.error(name.line, "the cluster's name has a blank in it", "");
    } else if let Some(letter) = has("/\\*") {
        found.error(name.line, format!("the cluster's name has a `{letter}` in it"), "");
    } else if let Some(letter) = has("@=|;") {
        let what = format!("the cluster's name has a `{letter}` in it");
        if cluster.lock.server.is_some() {
            found.error(name.line, what, "a quorum server does not take it");
        } else {
            found.warning(name.line, what, "a quorum server would not take it");
        }
    }
}

fn subnets(cluster: &Cluster, found: &mut Findings) {
    let all: Vec<(String, u32)> = cluster
        .subnets
        .iter()
        .map(|subnet| (subnet.address.value.to_string(), subnet.address.line))
        .collect();
    for (subnet, line, first) in twice(all.iter().map(|(name, line)| (name.as_str(), *line))) {
        let what = format!("the subnet {subnet} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
    for subnet in &cluster.subnets {
        let here = subnet.address.value;
        let is_used = cluster
            .nodes
            .iter()
            .flat_map(|node| node.addresses())
            .any(|address| could_be_on(here, address.value));
        if !is_used {
            let what = format!("no node has an address on the subnet {here}");
            found.error(subnet.address.line, what, "give an interface one, or leave it out");
        }
        let is_polled = subnet.monitored.as_ref().is_some_and(|monitored| monitored.value);
        if let Some(target) = subnet.targets.first().filter(|_| !is_polled) {
            found.warning(target.line, "a target that nobody polls", "say IP_MONITOR ON");
        }
        if is_polled && subnet.targets.is_empty() && cluster.nodes.len() == 2 {
            let what =
                "two nodes that only ask each other both lose the subnet when one of them does";
            found.warning(subnet.address.line, what, "name a POLLING_TARGET, such as the router");
        }
    }
}

fn capacities(cluster: &Cluster, found: &mut Findings) {
    let mut names: Vec<&str> = Vec::new();
    for node in &cluster.nodes {
        let here = node.capacities.iter().map(|(name, _)| (name.value.as_str(), name.line));
        for (name, line, first) in twice(here) {
            let what = format!("the capacity {name} of {} is there twice", node.name);
            found.error(line, what, &format!("first in line {first}"));
        }
        for (name, value) in &node.capacities {
            if value.is_none() {
                let what = format!("the capacity {} has no value", name.value);
                found.error(name.line, what, "say CAPACITY_VALUE after it");
            }
            if names.contains(&name.value.as_str()) {
                continue;
            }
            names.push(&name.value);
            let has_limit = names.contains(&PACKAGE_LIMIT);
            if has_limit && names.len() > 1 {
                let what = format!("{PACKAGE_LIMIT} is not the only capacity");
                found.error(name.line, what, "it stands alone, or not at all");
            } else if names.len() == CAPACITIES_MAX + 1 {
                let what = format!("more than {CAPACITIES_MAX} capacities");
                found.error(name.line, what, "");
            }
        }
    }
}

fn weights(cluster: &Cluster, found: &mut Findings) {
    let all = cluster.weights.iter().map(|(name, _)| (name.value.as_str(), name.line));
    for (name, line, first) in twice(all) {
        let what = format!("the weight {name} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
    for (at, (name, default)) in cluster.weights.iter().enumerate() {
        let of = |(capacity, _): &(corosync::Valued<String>, _)| capacity.value == name.value;
        if !cluster.nodes.iter().any(|node| node.capacities.iter().any(of)) {
            let what = format!("no node has the capacity {}", name.value);
            found.error(name.line, what, "a weight is of a CAPACITY_NAME");
        }
        if at == CAPACITIES_MAX {
            found.error(name.line, format!("more than {CAPACITIES_MAX} weights"), "");
        }
        let is_one = default.as_ref().is_none_or(|default| default.value == 1.0);
        if name.value == PACKAGE_LIMIT && !is_one {
            let line = default.as_ref().map_or(name.line, |default| default.line);
            found.error(line, format!("a package weighs 1 in {PACKAGE_LIMIT}"), "leave it out");
        }
    }
}
