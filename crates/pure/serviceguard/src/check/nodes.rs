//! Nodes, their cards and addresses, sites.

use super::{Findings, twice};
use crate::cluster::{Cluster, Node};

/// Nodes of one cluster. Source: the manual.
const NODES_MAX: usize = 16;

pub(super) fn check(cluster: &Cluster, found: &mut Findings) {
    if cluster.nodes.is_empty() {
        found.error(0, "there is no NODE_NAME", "a cluster has at least one node");
    }
    if let Some(node) = cluster.nodes.get(NODES_MAX) {
        found.error(node.line, format!("more than {NODES_MAX} nodes"), "");
    }
    let names = cluster.nodes.iter().map(|node| (node.name.as_str(), node.line));
    for (name, line, first) in twice(names) {
        found.error(line, format!("the node {name} is there twice"), &at(first));
    }
    for node in &cluster.nodes {
        if let Some((short, _)) = node.name.split_once('.') {
            let what = format!("{} is not what `hostname` says", node.name);
            found.error(node.line, what, &format!("without its domain: {short}"));
        }
        cards(node, found);
        heartbeats(cluster, node, found);
        serial(cluster, node, found);
    }
    addresses(cluster, found);
    sites(cluster, found);
}

fn at(line: u32) -> String {
    format!("first in line {line}")
}

fn cards(node: &Node, found: &mut Findings) {
    if node.interfaces.is_empty() {
        let what = format!("{} has no NETWORK_INTERFACE", node.name);
        found.error(node.line, what, "it needs one with a HEARTBEAT_IP");
    }
    let names = node.interfaces.iter().map(|card| (card.name.as_str(), card.line));
    for (name, line, first) in twice(names) {
        let what = format!("the interface {name} of {} is there twice", node.name);
        found.error(line, what, &at(first));
    }
    for card in &node.interfaces {
        let mut four =
            card.heartbeat.iter().chain(&card.stationary).filter(|address| address.value.is_ipv4());
        if let (Some(_), Some(second)) = (four.next(), four.next()) {
            let what = format!("{} has a second IPv4 address", card.name);
            found.error(second.line, what, "an interface has one; others are packages'");
        }
    }
}

/// Every node is on every network that carries heartbeats, and one network is not enough unless
/// another card stands by, or the one is several.
fn heartbeats(cluster: &Cluster, node: &Node, found: &mut Findings) {
    let here = node.heartbeats().count();
    let most = cluster.nodes.iter().map(|node| node.heartbeats().count()).max().unwrap_or(0);
    if here == 0 && !node.interfaces.is_empty() {
        let what = format!("{} has no HEARTBEAT_IP", node.name);
        found.error(node.line, what, "each node is on each heartbeat subnet");
    } else if here < most && here > 0 {
        let what = format!("{} is on {here} of {most} heartbeat subnets", node.name);
        found.error(node.line, what, "each node is on each heartbeat subnet");
    }
    let stands_by =
        node.interfaces.iter().any(|card| card.heartbeat.is_empty() && card.stationary.is_empty());
    let is_several = node.interfaces.iter().any(|card| {
        !card.heartbeat.is_empty()
            && ["bond", "lan9", "team"].iter().any(|of| card.name.starts_with(of))
    });
    if here == 1 && most == 1 && !stands_by && !is_several && node.serial.is_none() {
        let what =
            format!("{} has one network for heartbeats, and no card that stands by", node.name);
        found.warning(node.line, what, "a second HEARTBEAT_IP, or a bond");
    }
}

fn serial(cluster: &Cluster, node: &Node, found: &mut Findings) {
    if let Some(serial) = node.serial.as_ref().filter(|_| cluster.nodes.len() > 2) {
        let what = "a serial line for more than two nodes";
        found.error(serial.line, what, "say a second HEARTBEAT_IP");
    }
}

fn addresses(cluster: &Cluster, found: &mut Findings) {
    let all: Vec<(String, u32)> = cluster
        .nodes
        .iter()
        .flat_map(|node| node.addresses())
        .map(|address| (address.value.to_string(), address.line))
        .collect();
    for (address, line, first) in twice(all.iter().map(|(a, line)| (a.as_str(), *line))) {
        found.error(line, format!("the address {address} is there twice"), &at(first));
    }
}

fn sites(cluster: &Cluster, found: &mut Findings) {
    let first_node = cluster.nodes.first().map_or(u32::MAX, |node| node.line);
    for site in cluster.sites.iter().filter(|site| site.line > first_node) {
        found.error(site.line, "SITE_NAME behind a NODE_NAME", "sites are said before nodes");
    }
    let sites = cluster.sites.iter().map(|site| (site.value.as_str(), site.line));
    for (name, line, first) in twice(sites) {
        found.error(line, format!("the site {name} is there twice"), &at(first));
    }
    for node in &cluster.nodes {
        match &node.site {
            None if !cluster.sites.is_empty() => {
                found.error(node.line, format!("{} is at no site", node.name), "say its SITE");
            }
            Some(site) if !cluster.sites.iter().any(|known| known.value == site.value) => {
                found.error(site.line, format!("there is no site {}", site.value), "say SITE_NAME");
            }
            Some(_) | None => {}
        }
    }
}
