//! Network cards: for each node and wire an `ocf:quorate:lan`, which watches it there and nowhere else.
//!
//! A clone could not: cards are called otherwise on each node, and some nodes have no standby card.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cib::{Document, Element, NodeId, Section};

use super::write::{constraint, element, names, pairs, rule_expression};
use super::{engine, options};
use crate::address::{common, could_be_on};
use crate::cluster::{Cluster, Interface, Node, Subnet};
use crate::package::Package;
use crate::text::Text;

/// How long the agent may take (s); it answers at once.
const TIMEOUT: &str = "20s";

/// What the agent takes as `ip_polling_interval`, from its default on (s).
const PATIENCE: std::ops::RangeInclusive<u64> = 8..=300;

/// A card that has addresses of watched subnets, and those that stand by for it.
struct Wire<'c> {
    node: &'c Node,
    card: &'c Interface,
    standbys: Vec<&'c Interface>,
    subnets: Vec<IpAddr>,
}

/// Writes what watches the subnets that the cluster's file or a package that is there names, and takes
/// out what watches others. What stays as it is is not touched.
pub(super) fn write(document: &mut Document, cluster: &Cluster) {
    let subnets = watched(document, cluster);
    let mut wanted = BTreeMap::new();
    for node in &cluster.nodes {
        for wire in wires(node, &subnets) {
            let id = names::lan(&node.name, &wire.card.name);
            wanted.insert(id, (node.name.as_str(), parameters(cluster, &wire, &subnets)));
        }
    }
    for (at, id) in there(document) {
        if wanted.get(&id).is_some_and(|(_, parameters)| is_same(document, &id, parameters)) {
            wanted.remove(&id);
            continue;
        }
        let bound = document.find_id(&names::lan_bound(&id)).map(Element::id);
        bound.into_iter().for_each(|at| document.remove(at));
        document.remove(at);
    }
    for (id, (node, parameters)) in wanted {
        write_lan(document, &id, parameters);
        bind(document, &id, node);
    }
}

/// Subnets that are named: by the cluster's file, and as `monitored_subnet`.
fn watched(document: &Document, cluster: &Cluster) -> Vec<IpAddr> {
    let mut subnets: Vec<IpAddr> = cluster.subnets.iter().map(|said| said.address.value).collect();
    for (_, text) in options::package_texts(document) {
        let monitored = Package::of(&Text::parse(&text)).monitored_subnets;
        subnets.extend(monitored.iter().map(|said| said.value));
    }
    subnets.sort_unstable();
    subnets.dedup();
    subnets
}

/// The node's address on a subnet, and the card that has it. Masks are not said: an address is on the
/// subnet with which it has most bits in common.
fn card_on<'n>(
    node: &'n Node,
    subnet: IpAddr,
    subnets: &[IpAddr],
) -> Option<(&'n Interface, IpAddr)> {
    let is_here = |address: IpAddr| {
        could_be_on(subnet, address)
            && subnets
                .iter()
                .filter(|other| could_be_on(**other, address))
                .all(|other| common(*other, address) <= common(subnet, address))
    };
    node.interfaces
        .iter()
        .flat_map(|card| card.addresses().map(move |said| (card, said.value)))
        .filter(|(_, address)| is_here(*address))
        .max_by_key(|(_, address)| common(subnet, *address))
}

fn wires<'n>(node: &'n Node, subnets: &[IpAddr]) -> Vec<Wire<'n>> {
    let mut wires: Vec<Wire<'n>> = Vec::new();
    for subnet in subnets {
        let Some((card, _)) = card_on(node, *subnet, subnets) else { continue };
        match wires.iter_mut().find(|wire| wire.card.name == card.name) {
            Some(wire) => wire.subnets.push(*subnet),
            None => wires.push(Wire {
                node,
                card,
                standbys: node.standbys_of(card),
                subnets: vec![*subnet],
            }),
        }
    }
    wires
}

fn parameters(
    cluster: &Cluster,
    wire: &Wire<'_>,
    subnets: &[IpAddr],
) -> Vec<(&'static str, String)> {
    let cards = std::iter::once(&wire.card).chain(&wire.standbys).map(|card| card.name.as_str());
    let mut parameters = vec![
        ("interfaces", cards.collect::<Vec<_>>().join(" ")),
        ("subnets", spaced(wire.subnets.iter())),
        ("attribute_prefix", names::subnet("")),
        ("card_prefix", names::card("")),
    ];
    if cluster.inbound_alone.as_ref().is_some_and(|said| said.value) {
        parameters.push(("failure_detection", "inonly_or_inout".to_owned()));
    }
    if let Some(interval) = &cluster.network_polling_interval {
        parameters.push(("polling_interval", format!("{}ms", interval.value / 1000)));
    }
    if cluster.network_auto_failback.as_ref().is_some_and(|said| !said.value) {
        parameters.push(("auto_failback", "no".to_owned()));
    }
    let is_asked = |subnet: &&Subnet| {
        wire.subnets.contains(&subnet.address.value)
            && subnet.monitored.as_ref().is_some_and(|said| said.value)
    };
    let asked: Vec<&Subnet> = cluster.subnets.iter().filter(is_asked).collect();
    let targets = asked.iter().flat_map(|subnet| &subnet.targets).map(|said| said.value);
    // Who names nobody has the other nodes asked.
    let without = asked.iter().filter(|subnet| subnet.targets.is_empty());
    let peers: Vec<String> = without
        .flat_map(|subnet| {
            let others = cluster.nodes.iter().filter(|other| other.name != wire.node.name);
            others.filter_map(|other| {
                let (_, address) = card_on(other, subnet.address.value, subnets)?;
                Some(format!("{}={address}", other.name))
            })
        })
        .collect();
    if !peers.is_empty() {
        parameters.push(("ip_polling_interval", format!("{}s", patience(cluster))));
    }
    let lists = [("targets", spaced(targets)), ("peers", peers.join(" "))];
    parameters.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()));
    parameters
}

/// How often other nodes are asked (s). Two silences must last longer than it takes to notice that a
/// node is lost, or the survivor takes its own subnet for lost: the token and, by Corosync's default,
/// 1.2 times the token for agreeing on who is left.
fn patience(cluster: &Cluster) -> u64 {
    let token = engine::member_timeout(cluster).div_ceil(1_000_000);
    (token * 6).div_ceil(5).clamp(*PATIENCE.start(), *PATIENCE.end())
}

fn spaced(all: impl Iterator<Item = impl ToString>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

/// Cards of a node that are watched together, the one with the addresses first; and their subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedWire {
    /// The resource that watches them.
    pub resource: String,
    pub cards: Vec<String>,
    pub subnets: Vec<String>,
}

/// What of a node is watched.
pub fn watched_wires(document: &Document, node: &str) -> Vec<WatchedWire> {
    let words = |id: &str, name: &str| -> Vec<String> {
        let pair = document.find_id(&format!("{id}-params-{name}"));
        let value = pair.and_then(|pair| pair.attr("value")).unwrap_or_default();
        value.split_whitespace().map(str::to_owned).collect()
    };
    let of_node = names::lan(node, "");
    there(document)
        .into_iter()
        .filter(|(_, id)| id.starts_with(&of_node))
        .map(|(_, id)| WatchedWire {
            cards: words(&id, "interfaces"),
            subnets: words(&id, "subnets"),
            resource: id,
        })
        .collect()
}

/// Those that were written before.
fn there(document: &Document) -> Vec<(NodeId, String)> {
    let resources = document.section(Section::Resources).into_iter().flat_map(Element::children);
    let own = resources.into_iter().filter(|at| at.attr("type") == Some("lan"));
    own.filter_map(|at| Some((at.id(), at.attr("id")?.to_owned())))
        .filter(|(_, id)| id.starts_with(names::LAN))
        .collect()
}

fn is_same(document: &Document, id: &str, parameters: &[(&str, String)]) -> bool {
    let Some(set) = document.find_id(&format!("{id}-params")) else { return false };
    let said: Vec<_> = set.children().map(|pair| (pair.attr("name"), pair.attr("value"))).collect();
    let wanted: Vec<_> =
        parameters.iter().map(|(name, value)| (Some(*name), Some(value.as_str()))).collect();
    said == wanted
}

fn write_lan(document: &mut Document, id: &str, parameters: Vec<(&'static str, String)>) {
    let resources = document.section_or_new(Section::Resources);
    let at = element(document, resources, "primitive", id);
    for (name, value) in [("class", "ocf"), ("provider", "quorate"), ("type", "lan")] {
        document.set(at, name, value);
    }
    pairs(document, at, ("instance_attributes", &format!("{id}-params")), parameters);
    let operations = document.append(at, "operations");
    // A watch that does not end is no reason to reset a node that works.
    for (name, interval, on_fail) in
        [("start", "0", None), ("stop", "0", Some("block")), ("monitor", "10s", None)]
    {
        let op = element(document, operations, "op", &format!("{id}-{name}"));
        for (key, value) in [("name", name), ("interval", interval), ("timeout", TIMEOUT)] {
            document.set(op, key, value);
        }
        if let Some(on_fail) = on_fail {
            document.set(op, "on-fail", on_fail);
        }
    }
}

/// On its node only, and looked for on no other: there, cards of that name are on other wires.
fn bind(document: &mut Document, id: &str, node: &str) {
    let bound = names::lan_bound(id);
    let at = constraint(document, "rsc_location", &bound);
    document.set(at, "rsc", id);
    document.set(at, "resource-discovery", "never");
    let rule = element(document, at, "rule", &format!("{bound}.rule"));
    document.set(rule, "score", "-INFINITY");
    rule_expression(document, rule, ("#uname", "ne", Some((node, "string"))));
}
