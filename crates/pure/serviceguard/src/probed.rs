//! Machines as they were looked at: which of their networks are shared, and which cards stand by.

use std::collections::BTreeMap;
use std::net::IpAddr;

use wire::machine::{Address, Card, Machine};

/// A node that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    pub name: String,
    pub machine: Machine,
    /// Its addresses that carry the running cluster's messages, if it is in one.
    pub links: Vec<IpAddr>,
    /// Its path of the lock LUN, if one was said.
    pub lock_lun: Option<String>,
}

impl Probed {
    /// Cards that are no part of others and have an address.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&Card, &Address)> {
        let free = self.machine.cards.iter().filter(|card| card.part_of.is_none());
        free.filter_map(|card| Some((card, own_address(card)?)))
    }

    /// Cards without an address that hear this one.
    pub(crate) fn standbys_of<'p>(&'p self, active: &'p Card) -> impl Iterator<Item = &'p Card> {
        let hears = |card: &&Card| {
            card.part_of.is_none()
                && own_address(card).is_none()
                && card.wire.is_some()
                && card.wire == active.wire
        };
        // Of two cards with addresses on one wire, the first has those that stand by.
        let first = self.active().find(|(card, _)| card.wire == active.wire);
        let is_first = first.is_some_and(|(card, _)| card.name == active.name);
        self.machine.cards.iter().filter(hears).filter(move |_| is_first)
    }

    /// The address on a network.
    pub(crate) fn on(&self, network: IpAddr) -> Option<(&Card, &Address)> {
        self.active().find(|(_, address)| address.network == network)
    }
}

/// The address that is the card's own: the first one of IPv4, or where there is none the first. One that
/// is alone in its network is no node's.
pub(crate) fn own_address(card: &Card) -> Option<&Address> {
    let is_alone = |at: &Address| at.prefix == if at.ip.is_ipv4() { 32 } else { 128 };
    let mut all = card.addresses.iter().filter(|at| !is_alone(at));
    all.clone().find(|at| at.ip.is_ipv4()).or_else(|| all.next())
}

/// Networks that all of the nodes are on, in the first one's order.
pub(crate) fn shared(nodes: &[Probed]) -> Vec<IpAddr> {
    let Some((first, rest)) = nodes.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    for (_, address) in first.active() {
        let is_everywhere = rest.iter().all(|node| node.on(address.network).is_some());
        if is_everywhere && !found.contains(&address.network) {
            found.push(address.network);
        }
    }
    found
}

/// Networks that carry heartbeats: all that are shared, but of a running cluster those of its links.
pub(crate) fn heartbeats(nodes: &[Probed]) -> Vec<IpAddr> {
    let all = shared(nodes);
    let carries = |network: &IpAddr| {
        nodes.iter().all(|node| {
            let on = node.on(*network);
            on.is_some_and(|(_, address)| node.links.contains(&address.ip))
        })
    };
    let linked: Vec<IpAddr> = all.iter().copied().filter(carries).collect();
    if linked.is_empty() { all } else { linked }
}

/// Addresses of the others that a node is to reach on networks that it shares with them.
pub fn reach(nodes: &[Probed], from: &str) -> Vec<IpAddr> {
    let networks = shared(nodes);
    let others = nodes.iter().filter(|node| node.name != from);
    let on = |node: &Probed| {
        let found = networks.iter().filter_map(|network| node.on(*network));
        found.map(|(_, address)| address.ip).collect::<Vec<_>>()
    };
    others.flat_map(on).collect()
}

/// Volume groups, with the nodes that see them; by name.
pub(crate) fn groups(nodes: &[Probed]) -> BTreeMap<(&str, &str), Vec<&str>> {
    let mut found: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for node in nodes {
        for group in &node.machine.groups {
            found.entry((&group.name, &group.uuid)).or_default().push(&node.name);
        }
    }
    found
}

/// What was found, as lines of `cmquerycl` without a file: a table for people.
pub fn table(nodes: &[Probed], networks: bool, storage: bool) -> String {
    let mut text = String::new();
    let mut row = |fields: [&str; 5]| {
        let [a, b, c, d, e] = fields;
        let line = format!("{a:<15} {b:<12} {c:<8} {d:<24} {e}");
        text.push_str(line.trim_end());
        text.push('\n');
    };
    if networks {
        row(["NODE", "INTERFACE", "STATUS", "ADDRESS", "SUBNET"]);
        for node in nodes {
            for card in &node.machine.cards {
                let (address, network) = shown(card);
                row([&node.name, &card.name, status(card), &address, &network]);
            }
        }
    }
    if storage {
        row(["NODE", "VG", "", "DEVICES", ""]);
        for node in nodes {
            for group in &node.machine.groups {
                row([&node.name, &group.name, "", &group.devices.join(" "), ""]);
            }
        }
        row(["NODE", "DISK", "", "SIZE", "HOLDS"]);
        for node in nodes {
            for disk in &node.machine.disks {
                let holds = disk.holds.as_deref().unwrap_or("");
                row([&node.name, &disk.path, "", &disk.size.to_string(), holds]);
            }
        }
    }
    text
}

/// The same, a fact in each line.
pub fn lines(nodes: &[Probed], networks: bool, storage: bool) -> String {
    let mut text = String::new();
    let mut fact = |node: &Probed, kind: &str, of: &str, name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("node:{}|{kind}:{of}|{name}={value}\n", node.name));
        }
    };
    for node in nodes {
        for card in node.machine.cards.iter().filter(|_| networks) {
            let (address, network) = shown(card);
            fact(node, "interface", &card.name, "status", status(card));
            fact(node, "interface", &card.name, "ip_address", &address);
            fact(node, "interface", &card.name, "subnet", &network);
            let bridge = card.wire.map_or_else(String::new, |wire| wire.to_string());
            fact(node, "interface", &card.name, "bridged_net", &bridge);
        }
        for group in node.machine.groups.iter().filter(|_| storage) {
            fact(node, "volume_group", &group.name, "devices", &group.devices.join(" "));
        }
        for disk in node.machine.disks.iter().filter(|_| storage) {
            fact(node, "disk", &disk.path, "size", &disk.size.to_string());
            fact(node, "disk", &disk.path, "holds", disk.holds.as_deref().unwrap_or(""));
        }
    }
    text
}

fn status(card: &Card) -> &'static str {
    if card.works { "up" } else { "down" }
}

fn shown(card: &Card) -> (String, String) {
    let address = own_address(card);
    address.map_or_else(Default::default, |at| (at.ip.to_string(), at.network.to_string()))
}
