//! The list of nodes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Findings;
use crate::settings::{Node, Settings, Transport};

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    for node in &settings.nodes {
        one(settings, node, found);
    }
    twice(settings, found);
    links(settings, found);
    let families = Families::of(settings);
    families.check(settings, found);
}

fn one(settings: &Settings, node: &Node, found: &mut Findings) {
    if node.addresses.is_empty() {
        found.error(node.line, "a node without an address", "say ring0_addr");
    }
    if node.id.is_none() {
        let what = "a node without a `nodeid`";
        let knet = settings.transport() == Transport::Knet && found.release >= (3, 0);
        let has_six = node.addresses.iter().any(|(_, address)| address.value.contains(':'));
        if knet || has_six {
            found.error(node.line, what, "each needs a number of its own, from 1 on");
        } else {
            found.note(node.line, what, "one is made of its address, which may be no small number");
        }
    }
    if node.name.is_none() && found.release >= (2, 4) {
        found.note(node.line, "a node without a `name`", "people and programs look for it");
    }
    let votes = node.votes.as_ref();
    if let Some(votes) = votes.filter(|votes| votes.value == 0) {
        found.note(votes.line, "this node has no vote", "");
    }
}

/// Numbers, names and addresses belong to one node each.
fn twice(settings: &Settings, found: &mut Findings) {
    let mut seen: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for node in &settings.nodes {
        let id = node.id.as_ref().map(|id| ("nodeid", id.value.to_string(), id.line));
        let name = node.name.as_ref().map(|name| ("name", name.value.clone(), name.line));
        let addresses = node.addresses.iter().map(|(_, address)| {
            let same = address
                .value
                .parse::<IpAddr>()
                .map_or_else(|_| address.value.to_ascii_lowercase(), |address| address.to_string());
            ("address", same, address.line)
        });
        for (kind, value, line) in id.into_iter().chain(name).chain(addresses) {
            let what = format!("the {kind} {value} is there twice");
            match seen.entry((kind, value)) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(line);
                }
                std::collections::btree_map::Entry::Occupied(first) => {
                    found.error(line, what, &format!("first in line {}", first.get()));
                }
            }
        }
    }
}

/// Every node is on every link.
fn links(settings: &Settings, found: &mut Findings) {
    let mut used: Vec<u8> = settings
        .nodes
        .iter()
        .flat_map(|node| node.addresses.iter().map(|(link, _)| *link))
        .collect();
    used.sort_unstable();
    used.dedup();
    for node in settings.nodes.iter().filter(|node| !node.addresses.is_empty()) {
        for link in &used {
            if !node.addresses.iter().any(|(of, _)| of == link) {
                let what = format!("`{}` is not on link {link}, others are", node.called());
                found.error(node.line, what, &format!("say its ring{link}_addr"));
            }
        }
    }
    if let (Some(node), Some(first)) = (settings.nodes.first(), used.first())
        && *first > 0
    {
        found.error(node.line, "there is no link 0", "links count from ring0_addr on");
    }
}

/// Of which family the addresses of each link are.
struct Families(BTreeMap<u8, (Vec<u32>, Vec<u32>)>);

impl Families {
    /// Lines of IPv4 and of IPv6 addresses.
    fn of(settings: &Settings) -> Self {
        let mut found: BTreeMap<u8, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
        for (link, address) in settings.nodes.iter().flat_map(|node| &node.addresses) {
            let (four, six) = found.entry(*link).or_default();
            match address.value.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => four.push(address.line),
                Ok(IpAddr::V6(_)) => six.push(address.line),
                Err(_) => {}
            }
        }
        Self(found)
    }

    fn check(&self, settings: &Settings, found: &mut Findings) {
        for (link, (four, six)) in &self.0 {
            let rarer = if four.len() < six.len() { four } else { six };
            if let (Some(line), false) = (rarer.first(), four.is_empty() || six.is_empty()) {
                let what = format!("IPv4 and IPv6 addresses on link {link}");
                found.error(*line, what, "a link speaks one of them");
            }
            let asked = settings.totem.ip_version.as_ref();
            let (wrong, says) = match asked.map(|asked| asked.value.as_str()) {
                Some("ipv4") => (six, "ipv4"),
                Some("ipv6") => (four, "ipv6"),
                Some(_) | None => continue,
            };
            if let Some(line) = wrong.first() {
                found.error(*line, format!("`ip_version` is {says}, and this address is not"), "");
            }
        }
    }
}
