//! Heartbeat subnets as Corosync's links, and nodes that a file does not name any more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use corosync::{Conf, Finding, Settings};

use super::engine::LINKS_MAX;
use crate::address::common;
use crate::check::Findings;
use crate::cluster::{Cluster, Node};

/// Each node's address on a link.
type Link = BTreeMap<String, IpAddr>;

/// Each node's addresses, link by link. Which addresses share a network is not said: what has most
/// bits in common with the first node's does.
pub(super) fn links(cluster: &Cluster) -> Vec<Vec<IpAddr>> {
    let Some(first) = cluster.nodes.first() else { return Vec::new() };
    let first: Vec<IpAddr> = first.heartbeats().map(|said| said.value).take(LINKS_MAX).collect();
    let of_node = |node: &Node| {
        let mut left: Vec<IpAddr> = node.heartbeats().map(|said| said.value).collect();
        let mut taken = Vec::new();
        for link in &first {
            let best = left
                .iter()
                .enumerate()
                .max_by_key(|(at, address)| (common(**address, *link), usize::MAX - at));
            if let Some(at) = best.map(|(at, _)| at) {
                taken.push(left.remove(at));
            }
        }
        taken
    };
    cluster.nodes.iter().map(of_node).collect()
}

/// What becomes of Corosync's links.
#[derive(Debug, Default, PartialEq, Eq)]
struct Relinked {
    /// Links that no heartbeat subnet of the file is.
    gone: BTreeMap<u8, Link>,
    new: BTreeMap<u8, Link>,
    stays: BTreeSet<u8>,
}

impl Relinked {
    /// Nothing where the two name other nodes, or addresses are said by names. A new link gets the first number that
    /// none has or had: in one step a link's address cannot change while Corosync runs. Link 0 must be: without it all
    /// are counted anew.
    fn of(conf: &Conf, cluster: &Cluster) -> Self {
        let (Some(present), Some(wanted)) = (present(conf, cluster), wanted(cluster)) else {
            return Self::default();
        };
        let mut all = Self::default();
        if present.get(&0).is_none_or(|first| !wanted.contains(first)) {
            return Self { gone: present, new: (0..).zip(wanted).collect(), stays: all.stays };
        }
        let mut new = wanted;
        for (number, link) in present {
            match new.iter().position(|wanted| *wanted == link) {
                Some(at) => {
                    new.remove(at);
                    all.stays.insert(number);
                }
                None => {
                    all.gone.insert(number, link);
                }
            }
        }
        // With all numbers in use, those of links that go.
        let is_used = |number: &u8| all.stays.contains(number) || all.gone.contains_key(number);
        let free = (0..u8::try_from(LINKS_MAX).unwrap_or(u8::MAX)).filter(|one| !is_used(one));
        let free: Vec<u8> = free.chain(all.gone.keys().copied()).collect();
        all.new = free.into_iter().zip(new).collect();
        all
    }
}

/// The links as they are, of the file's nodes; nothing where one of them is not there, or not by its number.
fn present(conf: &Conf, cluster: &Cluster) -> Option<BTreeMap<u8, Link>> {
    let settings = Settings::of(conf);
    let mut links: BTreeMap<u8, Link> = BTreeMap::new();
    for node in &cluster.nodes {
        for (number, address) in &settings.node(&node.name)?.addresses {
            let address = address.value.parse().ok()?;
            links.entry(*number).or_default().insert(node.name.clone(), address);
        }
    }
    Some(links).filter(|links| !links.is_empty())
}

/// The links as the file has them: as many as every node has.
fn wanted(cluster: &Cluster) -> Option<Vec<Link>> {
    let count = cluster.heartbeats().min(LINKS_MAX);
    let by_node = links(cluster);
    let link = |at: usize| {
        let address = |(node, all): (&Node, &Vec<IpAddr>)| Some((node.name.clone(), *all.get(at)?));
        cluster.nodes.iter().zip(&by_node).filter_map(address).collect::<Link>()
    };
    (count > 0).then(|| (0..count).map(link).collect())
}

/// Takes out the nodes that the file does not name; answers what that changes, in words.
pub(super) fn drop_unnamed(conf: &mut Conf, cluster: &Cluster) -> Vec<String> {
    let mut changes = Vec::new();
    for name in unnamed(conf, cluster) {
        if conf.drop_node(&name).is_ok() {
            changes.push(format!("Modifying corosync.conf: the node {name} is taken out"));
        }
    }
    changes
}

/// Has Corosync's links be the file's heartbeat subnets, and answers what that changes, in words. Links that stay keep
/// their numbers.
pub fn relink(conf: &mut Conf, cluster: &Cluster) -> Vec<String> {
    let mut changes = Vec::new();
    let Relinked { gone, new, stays: _ } = Relinked::of(conf, cluster);
    for (number, link) in &gone {
        conf.unset(&["nodelist", "node"], &format!("ring{number}_addr"));
        if !new.values().any(|other| other == link) {
            changes.push(format!("Modifying corosync.conf: no heartbeats by {}", words(link)));
        }
    }
    for (number, link) in &new {
        for (node, address) in link {
            conf.set_of_node(node, &format!("ring{number}_addr"), &address.to_string());
        }
        if !gone.values().any(|other| other == link) {
            changes.push(format!("Modifying corosync.conf: heartbeats by {}", words(link)));
        }
    }
    changes
}

fn words(link: &Link) -> String {
    let each: Vec<String> =
        link.iter().map(|(node, address)| format!("{address} ({node})")).collect();
    each.join(", ")
}

/// Nodes of `corosync.conf` that a file does not name, where it names any.
pub fn unnamed(conf: &Conf, cluster: &Cluster) -> Vec<String> {
    let settings = Settings::of(conf);
    let names = settings.nodes.iter().map(|node| node.called());
    let is_gone = |name: &&str| !cluster.nodes.is_empty() && cluster.node(name).is_none();
    names.filter(is_gone).map(str::to_owned).collect()
}

/// What of the heartbeats may not change while the cluster runs: nodes must go on hearing each other by one subnet,
/// and Corosync's first link cannot be another.
pub fn check_links(conf: &Conf, cluster: &Cluster) -> Vec<Finding> {
    let Relinked { gone, new, stays } = Relinked::of(conf, cluster);
    let mut found = Findings::default();
    if stays.is_empty() && !gone.is_empty() && !new.is_empty() {
        let first = cluster.nodes.iter().find_map(|node| node.heartbeats().next());
        let line = first.map_or(0, |said| said.line);
        let first = gone.get(&0).map(words).unwrap_or_default();
        let what = format!("heartbeats by {first} cannot end while the cluster runs");
        let hint = "halt it (cmhaltcl), apply the file, run it (cmruncl), and apply the file again";
        found.error(line, what, hint);
    }
    found.in_order()
}
