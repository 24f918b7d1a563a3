//! A cluster's file, as machines that were looked at would have it.

use std::fmt::Write as _;

use crate::probed::{Probed, groups, heartbeats};
use crate::table::{Of, parameters};
use wire::machine::{Address, Card};

/// What the file is to say that no look at machines tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub cluster: String,
    /// The quorum server, and its other address.
    pub server: Option<(String, Option<String>)>,
}

/// The file, with comments.
pub fn cluster_template(wish: &Wish, nodes: &[Probed]) -> String {
    let mut text = Template::default();
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    text.comment(&format!("A cluster of {}, as they were found.", view::words::list(&names)));
    text.comment("Look through it, then check it (cmcheckconf -C) and apply it (cmapplyconf -C).");
    text.entry("CLUSTER_NAME", &wish.cluster);
    lock(wish, nodes, &mut text);
    let networks = heartbeats(nodes);
    text.0.push('\n');
    text.comment(
        "Each node with its network cards. A card without an address stands by for the one",
    );
    text.comment("with an address that is named before it.");
    for node in nodes {
        one(node, &networks, &mut text);
    }
    if networks.is_empty() {
        text.comment(
            "Warning: there is no subnet that all nodes are on, so none carries heartbeats.",
        );
    }
    for name in ["MEMBER_TIMEOUT", "AUTO_START_TIMEOUT", "NETWORK_POLLING_INTERVAL"] {
        text.usual(name);
    }
    for name in ["NETWORK_FAILURE_DETECTION", "NETWORK_AUTO_FAILBACK"] {
        text.usual(name);
    }
    subnets(nodes, &mut text);
    text.usual("MAX_CONFIGURED_PACKAGES");
    access(&mut text);
    volume_groups(nodes, &mut text);
    text.0
}

#[derive(Default)]
struct Template(String);

impl Template {
    fn comment(&mut self, words: &str) {
        let _never_fails = writeln!(self.0, "# {words}");
    }

    /// What the parameter does, and a value.
    fn entry(&mut self, name: &str, value: &str) {
        self.about(name);
        self.line(0, name, value);
    }

    /// The same with the value that counts if none is said.
    fn usual(&mut self, name: &str) {
        let known = parameters(Of::Cluster).iter().find(|known| known.name == name);
        self.entry(name, known.map_or("", |known| known.default));
    }

    fn about(&mut self, name: &str) {
        self.0.push('\n');
        let known = parameters(Of::Cluster).iter().find(|known| known.name == name);
        known.into_iter().for_each(|known| self.comment(known.words));
    }

    fn line(&mut self, depth: usize, name: &str, value: &str) {
        let name = format!("{:depth$}{name}", "", depth = 2 * depth);
        let _never_fails = writeln!(self.0, "{name:<23} {value}");
    }
}

fn lock(wish: &Wish, nodes: &[Probed], text: &mut Template) {
    if let Some((server, other)) = &wish.server {
        text.entry("QS_HOST", server);
        if let Some(other) = other {
            text.line(0, "QS_ADDR", other);
        }
        text.usual("QS_POLLING_INTERVAL");
        return;
    }
    text.0.push('\n');
    if nodes.iter().any(|node| node.lock_lun.is_some()) {
        text.comment("The cluster lock is a LUN: CLUSTER_LOCK_LUN of each node, below.");
        return;
    }
    // As Serviceguard spells it: some look for these lines.
    text.comment("Warning: Neither a quorum server nor a lock lun was specificed.");
    text.comment("A Quorum Server or a lock lun is required for clusters of only two nodes.");
    text.line(0, "#QS_HOST", "");
}

fn one(node: &Probed, heartbeats: &[std::net::IpAddr], text: &mut Template) {
    text.0.push('\n');
    text.line(0, "NODE_NAME", &node.name);
    let mut named = Vec::new();
    let mut carrying = Vec::new();
    for (card, address) in node.active() {
        let carries = heartbeats.contains(&address.network) && !carrying.contains(&address.network);
        carrying.extend(carries.then_some(address.network));
        named.push(card.name.as_str());
        active(card, address, carries, text);
        let standbys: Vec<&str> = node.standbys_of(card).map(|card| card.name.as_str()).collect();
        for standby in &standbys {
            text.line(1, "NETWORK_INTERFACE", standby);
        }
        if standbys.is_empty() && !is_several(&card.name) {
            text.comment(&format!(
                "Warning: There are no standby network interfaces for {}.",
                card.name
            ));
        } else if !standbys.is_empty() {
            let list = standbys.join(", ");
            text.comment(&format!(
                "Possible standby Network Interfaces for {}: {list}.",
                card.name
            ));
        }
        named.extend(standbys);
    }
    if let Some(lun) = &node.lock_lun {
        text.line(1, "CLUSTER_LOCK_LUN", lun);
    }
    for card in &node.machine.cards {
        if card.part_of.is_none() && !named.contains(&card.name.as_str()) {
            let why = match (card.works, card.wire) {
                (false, _) => "has no link",
                (true, None) => "was not listened at",
                (true, Some(_)) => "is on no wire of a card with an address",
            };
            text.comment(&format!("{} is left out: it {why}.", card.name));
        }
    }
    for address in &node.machine.silent {
        text.comment(&format!("Warning: {} gets no answer from {address}.", node.name));
    }
}

fn active(card: &Card, address: &Address, carries: bool, text: &mut Template) {
    text.line(1, "NETWORK_INTERFACE", &card.name);
    let name = if carries { "HEARTBEAT_IP" } else { "STATIONARY_IP" };
    text.line(2, name, &address.ip.to_string());
}

/// Whether the card is several by itself.
fn is_several(name: &str) -> bool {
    name.starts_with("bond") || name.starts_with("team")
}

fn subnets(nodes: &[Probed], text: &mut Template) {
    text.about("SUBNET");
    text.comment(
        "With IP_MONITOR ON its addresses are polled: those of POLLING_TARGET, or of the others.",
    );
    let mut named = Vec::new();
    for (_, address) in nodes.iter().flat_map(Probed::active) {
        if !named.contains(&address.network) {
            named.push(address.network);
            text.line(0, "SUBNET", &address.network.to_string());
            text.line(1, "IP_MONITOR", "OFF");
        }
    }
}

fn access(text: &mut Template) {
    text.0.push('\n');
    text.comment("Who but root may do what: MONITOR, PACKAGE_ADMIN or FULL_ADMIN.");
    text.line(0, "#USER_NAME", "john");
    text.line(0, "#USER_HOST", "CLUSTER_MEMBER_NODE");
    text.line(0, "#USER_ROLE", "PACKAGE_ADMIN");
}

fn volume_groups(nodes: &[Probed], text: &mut Template) {
    let groups = groups(nodes);
    if groups.is_empty() {
        return;
    }
    text.about("VOLUME_GROUP");
    for ((name, _), seen_by) in groups {
        if seen_by.len() > 1 {
            text.line(0, "VOLUME_GROUP", &format!("/dev/{name}"));
        } else {
            text.comment(&format!("/dev/{name} is seen by {} only.", seen_by.join("")));
        }
    }
}
