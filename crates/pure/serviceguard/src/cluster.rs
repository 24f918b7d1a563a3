//! What the lines of a cluster's file add up to.
//!
//! A value that cannot be read is left out here, as if the line were not there;
//! [`crate::check_cluster`] names it.

use std::net::IpAddr;

use corosync::Valued;

use crate::outline::{Outline, lower, read, switch};
use crate::table::Of;
use crate::text::Text;

/// A cluster, as its file says it. Times are microseconds, as they are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    pub name: Option<Valued<String>>,
    pub lock: Lock,
    pub sites: Vec<Valued<String>>,
    pub nodes: Vec<Node>,
    pub heartbeat_interval: Option<Valued<u64>>,
    pub node_timeout: Option<Valued<u64>>,
    pub member_timeout: Option<Valued<u64>>,
    pub auto_start_timeout: Option<Valued<u64>>,
    pub network_polling_interval: Option<Valued<u64>>,
    pub io_timeout_extension: Option<Valued<u64>>,
    /// `FAILOVER_OPTIMIZATION TWO_NODE`.
    pub optimized: Option<Valued<bool>>,
    pub network_auto_failback: Option<Valued<bool>>,
    /// `NETWORK_FAILURE_DETECTION INONLY_OR_INOUT`.
    pub inbound_alone: Option<Valued<bool>>,
    pub subnets: Vec<Subnet>,
    pub packages_max: Option<Valued<u64>>,
    /// Names of weights, and their defaults.
    pub weights: Vec<(Valued<String>, Option<Valued<f64>>)>,
    pub policies: Vec<Policy>,
    pub volume_groups: Vec<Valued<String>>,
}

/// What decides between two halves. Which of them are given together is for the check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    pub server: Option<Valued<String>>,
    pub server_address: Option<Valued<String>>,
    pub server_polling: Option<Valued<u64>>,
    pub server_extension: Option<Valued<u64>>,
    pub first_group: Option<Valued<String>>,
    pub second_group: Option<Valued<String>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub name: String,
    pub line: u32,
    pub site: Option<Valued<String>>,
    pub lock_lun: Option<Valued<String>>,
    pub first_lock_device: Option<Valued<String>>,
    pub second_lock_device: Option<Valued<String>>,
    pub serial: Option<Valued<String>>,
    pub interfaces: Vec<Interface>,
    /// Names of capacities, and how much of them.
    pub capacities: Vec<(Valued<String>, Option<Valued<f64>>)>,
}

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub line: u32,
    pub heartbeat: Vec<Valued<IpAddr>>,
    pub stationary: Vec<Valued<IpAddr>>,
}

/// A network, and how it is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub address: Valued<IpAddr>,
    pub monitored: Option<Valued<bool>>,
    pub targets: Vec<Valued<IpAddr>>,
}

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `ANY_USER`, or names with blanks between them.
    pub users: Valued<String>,
    pub host: Option<Valued<String>>,
    /// In small letters.
    pub role: Option<Valued<String>>,
}

impl Cluster {
    /// What a text adds up to.
    pub fn of(text: &Text) -> Self {
        Self::read(&Outline::of(Of::Cluster, text))
    }

    pub(crate) fn read(outline: &Outline) -> Self {
        let one = |name| outline.one(name);
        Self {
            name: one("CLUSTER_NAME"),
            lock: Lock {
                server: one("QS_HOST"),
                server_address: one("QS_ADDR"),
                server_polling: read(one("QS_POLLING_INTERVAL")),
                server_extension: read(one("QS_TIMEOUT_EXTENSION")),
                first_group: one("FIRST_CLUSTER_LOCK_VG"),
                second_group: one("SECOND_CLUSTER_LOCK_VG"),
            },
            sites: outline.all("SITE_NAME"),
            nodes: outline.each("NODE_NAME").map(|(at, _)| node(outline, at)).collect(),
            heartbeat_interval: read(one("HEARTBEAT_INTERVAL")),
            node_timeout: read(one("NODE_TIMEOUT")),
            member_timeout: read(one("MEMBER_TIMEOUT")),
            auto_start_timeout: read(one("AUTO_START_TIMEOUT")),
            network_polling_interval: read(one("NETWORK_POLLING_INTERVAL")),
            io_timeout_extension: read(one("CONFIGURED_IO_TIMEOUT_EXTENSION")),
            optimized: is_word(one("FAILOVER_OPTIMIZATION"), "two_node"),
            network_auto_failback: switch(one("NETWORK_AUTO_FAILBACK")),
            inbound_alone: is_word(one("NETWORK_FAILURE_DETECTION"), "inonly_or_inout"),
            subnets: subnets(outline),
            packages_max: read(one("MAX_CONFIGURED_PACKAGES")),
            weights: amounts(outline, None, "WEIGHT_NAME", "WEIGHT_DEFAULT"),
            policies: policies(outline, ["USER_NAME", "USER_HOST", "USER_ROLE"]),
            volume_groups: outline.all("VOLUME_GROUP"),
        }
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// How many networks carry heartbeats: as many as the node with the fewest has.
    pub fn heartbeats(&self) -> usize {
        self.nodes.iter().map(|node| node.heartbeats().count()).min().unwrap_or(0)
    }
}

impl Node {
    /// Addresses that carry heartbeats.
    pub fn heartbeats(&self) -> impl Iterator<Item = &Valued<IpAddr>> {
        self.interfaces.iter().flat_map(|interface| &interface.heartbeat)
    }

    /// All of the node's addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &Valued<IpAddr>> {
        self.interfaces.iter().flat_map(Interface::addresses)
    }

    /// Cards that stand by for this one, in the file's order. The file does not say which wire a card
    /// without an address is on: it stands by for the card with one that is named before it, or for the
    /// first if none is.
    pub fn standbys_of(&self, card: &Interface) -> Vec<&Interface> {
        let is_active = |card: &&Interface| !card.is_standby();
        let mut active = self.interfaces.iter().find(is_active);
        let mut found = Vec::new();
        for interface in &self.interfaces {
            if !interface.is_standby() {
                active = Some(interface);
            } else if active == Some(card) {
                found.push(interface);
            }
        }
        found
    }
}

impl Interface {
    /// Its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &Valued<IpAddr>> {
        self.heartbeat.iter().chain(&self.stationary)
    }

    /// Whether it has none, and so stands by.
    pub fn is_standby(&self) -> bool {
        self.addresses().next().is_none()
    }
}

fn node(outline: &Outline, at: usize) -> Node {
    let name = outline.entries.get(at).map(super::outline::Entry::valued);
    let Valued { value: name, line } =
        name.unwrap_or_else(|| Valued { value: String::new(), line: 0 });
    let one = |name| outline.one_below(at, name);
    Node {
        name,
        line,
        site: one("SITE"),
        lock_lun: one("CLUSTER_LOCK_LUN"),
        first_lock_device: one("FIRST_CLUSTER_LOCK_PV"),
        second_lock_device: one("SECOND_CLUSTER_LOCK_PV"),
        serial: one("SERIAL_DEVICE_FILE"),
        interfaces: outline
            .below(at, "NETWORK_INTERFACE")
            .map(|(at, entry)| Interface {
                name: entry.value.clone(),
                line: entry.line,
                heartbeat: addresses(outline, at, "HEARTBEAT_IP"),
                stationary: addresses(outline, at, "STATIONARY_IP"),
            })
            .collect(),
        capacities: amounts(outline, Some(at), "CAPACITY_NAME", "CAPACITY_VALUE"),
    }
}

fn addresses(outline: &Outline, outer: usize, name: &'static str) -> Vec<Valued<IpAddr>> {
    outline.below(outer, name).filter_map(|(_, entry)| read(Some(entry.valued()))).collect()
}

/// Names and, below each, a number.
pub(crate) fn amounts(
    outline: &Outline,
    outer: Option<usize>,
    name: &'static str,
    amount: &'static str,
) -> Vec<(Valued<String>, Option<Valued<f64>>)> {
    let here = outline.each(name).filter(|(_, entry)| match outer {
        Some(outer) => entry.place == crate::outline::Place::Below(outer),
        None => true,
    });
    here.map(|(at, entry)| (entry.valued(), read(outline.one_below(at, amount)))).collect()
}

fn subnets(outline: &Outline) -> Vec<Subnet> {
    let subnet = |(at, entry): (usize, &super::outline::Entry)| {
        Some(Subnet {
            address: read(Some(entry.valued()))?,
            monitored: is_word(outline.one_below(at, "IP_MONITOR"), "on"),
            targets: addresses(outline, at, "POLLING_TARGET"),
        })
    };
    outline.each("SUBNET").filter_map(subnet).collect()
}

/// Access policies; the names are those of the cluster's or of the package's file.
pub(crate) fn policies(outline: &Outline, [user, host, role]: [&'static str; 3]) -> Vec<Policy> {
    let policy = |(at, entry): (usize, &super::outline::Entry)| Policy {
        users: entry.valued(),
        host: outline.one_below(at, host),
        role: lower(outline.one_below(at, role)),
    };
    outline.each(user).map(policy).collect()
}

fn is_word(valued: Option<Valued<String>>, word: &str) -> Option<Valued<bool>> {
    valued.map(|said| Valued { value: said.value.eq_ignore_ascii_case(word), line: said.line })
}
