//! What the lines of a file add up to.
//!
//! A value that cannot be read is left out here, as if the line were not there; [`crate::check()`]
//! names it.

use std::ops::RangeInclusive;
use std::time::Duration;

use model::QuorumBy;

use crate::text::{Conf, Pair, Section};

/// `quorum.device.timeout` (ms). Source: corosync.conf(5).
const TIMEOUT_DEFAULT: u64 = 10_000;

/// What a heartbeat to a server may be (ms). Source: corosync-qdevice(8), `net_heartbeat_interval_min` and `_max`.
const HEARTBEAT: RangeInclusive<u64> = 1_000..=120_000;

/// A value and the line that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued<T> {
    pub value: T,
    pub line: u32,
}

/// All that is decided by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub totem: Totem,
    pub interfaces: Vec<Interface>,
    pub nodes: Vec<Node>,
    pub quorum: Quorum,
    pub device: Option<Device>,
}

/// What carries the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Up to eight links, encryption: what Corosync 3 does unless told otherwise.
    #[default]
    Knet,
    /// One link, a packet to each node.
    Udpu,
    /// One link, multicast or broadcast.
    Udp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totem {
    pub transport: Option<Valued<Transport>>,
    pub cluster_name: Option<Valued<String>>,
    pub config_version: Option<Valued<u64>>,
    pub token: Option<Valued<u64>>,
    pub token_coefficient: Option<Valued<u64>>,
    pub token_retransmits: Option<Valued<u64>>,
    pub token_retransmit: Option<Valued<u64>>,
    pub hold: Option<Valued<u64>>,
    pub join: Option<Valued<u64>>,
    pub consensus: Option<Valued<u64>>,
    pub secauth: Option<Valued<bool>>,
    pub cipher: Option<Valued<String>>,
    pub hash: Option<Valued<String>>,
    pub keyfile: Option<Valued<String>>,
    pub link_mode: Option<Valued<String>>,
    pub ip_version: Option<Valued<String>>,
}

/// A link of every node (knet), or the one network (udp).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The line that opens the section.
    pub line: u32,
    pub link: Option<Valued<u64>>,
    pub bindnetaddr: Option<Valued<String>>,
    pub mcastaddr: Option<Valued<String>>,
    pub mcastport: Option<Valued<u64>>,
    pub broadcast: Option<Valued<bool>>,
    /// Addresses of members, as udpu had them before the list of nodes.
    pub members: Vec<Valued<String>>,
    /// Keys that only knet, or only udp, obeys.
    pub(crate) keys: Vec<Valued<String>>,
}

/// An entry of the list of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The lines that open and close it.
    pub line: u32,
    pub end: u32,
    pub id: Option<Valued<u32>>,
    pub name: Option<Valued<String>>,
    pub votes: Option<Valued<u64>>,
    /// Where it has the disk of the cluster's lock.
    pub lock_path: Option<Valued<String>>,
    /// By link, in the order of the links.
    pub addresses: Vec<(u8, Valued<String>)>,
}

impl Node {
    /// What people call it: its name, or its first address.
    pub fn called(&self) -> &str {
        let address = || self.addresses.first().map(|(_, address)| address.value.as_str());
        self.name.as_ref().map(|name| name.value.as_str()).or_else(address).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quorum {
    pub provider: Option<Valued<String>>,
    pub expected_votes: Option<Valued<u64>>,
    pub votes: Option<Valued<u64>>,
    pub two_node: Option<Valued<bool>>,
    pub wait_for_all: Option<Valued<bool>>,
    pub last_man_standing: Option<Valued<bool>>,
    pub last_man_standing_window: Option<Valued<u64>>,
    pub auto_tie_breaker: Option<Valued<bool>>,
    pub auto_tie_breaker_node: Option<Valued<String>>,
    pub allow_downscale: Option<Valued<bool>>,
}

/// An outside voice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub line: u32,
    pub model: Option<Valued<String>>,
    pub votes: Option<Valued<u64>>,
    pub timeout: Option<Valued<u64>>,
    pub sync_timeout: Option<Valued<u64>>,
    pub host: Option<Valued<String>>,
    pub algorithm: Option<Valued<String>>,
    pub tie_breaker: Option<Valued<String>>,
    pub keep_active: Option<Valued<bool>>,
    pub tls: Option<Valued<String>>,
    pub heuristics: Option<Valued<String>>,
    /// The disk of the cluster's lock.
    pub lock_path: Option<Valued<String>>,
    /// The line of the first command of the heuristics.
    pub command: Option<u32>,
}

impl Device {
    /// Whether it is a lock on a disk.
    pub fn is_lock(&self) -> bool {
        self.is_model("sanlock")
    }

    fn is_model(&self, name: &str) -> bool {
        self.model.as_ref().is_some_and(|model| model.value == name)
    }

    /// Between two signs of life from `corosync-qdevice` to its server. Source: behaviour seen, 80 % of the time-out.
    fn heartbeat(&self) -> Duration {
        let timeout = self.timeout.as_ref().map_or(TIMEOUT_DEFAULT, |said| said.value);
        let share = timeout.saturating_mul(4) / 5;
        Duration::from_millis(share.clamp(*HEARTBEAT.start(), *HEARTBEAT.end()))
    }

    /// For how long a half may believe that it has the vote after the device took it for gone; `None` of a
    /// device that is not known. Of a server: it may have lost its memory with its power, and the half hears so
    /// when its second heartbeat is not answered. A lease's vote is over before another half may have it
    /// (`docs/decisions/lock-by-lease.md`).
    fn outlasts(&self) -> Option<Duration> {
        match self.is_lock() {
            true => Some(Duration::ZERO),
            false => self.is_model("net").then(|| self.heartbeat() * 2),
        }
    }

    /// How long a half waits for the vote, after it was formed, that is left by a loss of power. A server waits for
    /// one and a half heartbeats of who was lost; a lease that nobody has is there for the taking, within what a
    /// disk may take.
    pub(crate) fn decides_within(&self) -> Duration {
        if self.is_lock() { Duration::from_secs(2) } else { self.heartbeat() * 3 / 2 }
    }
}

impl Settings {
    /// What the file says.
    pub fn of(conf: &Conf) -> Self {
        let root = conf.root();
        let interfaces = below(root, &["totem", "interface"]);
        let nodes = below(root, &["nodelist", "node"]);
        Self {
            totem: totem(root),
            interfaces: interfaces.into_iter().map(interface).collect(),
            nodes: nodes.into_iter().map(node).collect(),
            quorum: quorum(root),
            device: device(root),
        }
    }

    /// Where a node has the disk of the cluster's lock.
    pub fn lock_path(&self, node: &str) -> Option<&String> {
        let device = self.device.as_ref().filter(|device| device.is_lock())?;
        let own = self.node(node).and_then(|node| node.lock_path.as_ref());
        own.or(device.lock_path.as_ref()).map(|path| &path.value)
    }

    /// Whether this machine proves to the quorum device who it is: it is asked for certificates.
    pub fn needs_certificates(&self) -> bool {
        self.device.as_ref().is_some_and(|device| {
            let is_net = device.model.as_ref().is_some_and(|model| model.value == "net");
            is_net && device.tls.as_ref().is_none_or(|tls| tls.value != "off")
        })
    }

    /// Whether fewer than a majority may have quorum. Source: votequorum(5), corosync-qdevice(8).
    pub fn has_rule(&self) -> bool {
        self.device.is_some() || self.has_rule_of_nodes() || self.counts_anew()
    }

    /// What may give quorum to fewer than a majority. A device with more than one vote is a rule: nodes that have
    /// not read of it yet could be a majority beside it. Source: votequorum(5), corosync-qdevice(8).
    pub fn quorum_by(&self) -> QuorumBy {
        match &self.device {
            _ if self.has_rule_of_nodes() => QuorumBy::Rule,
            None if self.counts_anew() => QuorumBy::Previous,
            _ if self.counts_anew() => QuorumBy::Rule,
            None => QuorumBy::Majority,
            Some(device) if device.is_lock() && self.nodes.len() > 2 => QuorumBy::PreviousOrLock,
            Some(device) => {
                let has_one = device.votes.as_ref().is_some_and(|votes| votes.value == 1);
                let outlasts = device.outlasts().filter(|_| has_one);
                outlasts.map_or(QuorumBy::Rule, |outlasts| QuorumBy::Device { outlasts })
            }
        }
    }

    fn has_rule_of_nodes(&self) -> bool {
        let is_on = |said: &Option<Valued<bool>>| said.as_ref().is_some_and(|said| said.value);
        let Quorum { two_node, auto_tie_breaker, .. } = &self.quorum;
        [two_node, auto_tie_breaker].into_iter().any(is_on)
    }

    /// Whether votes are counted anew after each loss.
    fn counts_anew(&self) -> bool {
        self.quorum.last_man_standing.as_ref().is_some_and(|said| said.value)
    }

    /// What carries the messages.
    pub fn transport(&self) -> Transport {
        self.totem.transport.as_ref().map_or(Transport::default(), |said| said.value)
    }

    /// The counter of the file's editions.
    pub fn config_version(&self) -> u64 {
        self.totem.config_version.as_ref().map_or(0, |said| said.value)
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.called() == name)
    }

    /// Whether messages are signed or encrypted, and so need the shared key.
    pub fn needs_key(&self) -> bool {
        let Totem { secauth, cipher, hash, .. } = &self.totem;
        let named = |said: &Option<Valued<String>>| {
            said.as_ref().is_some_and(|said| !said.value.eq_ignore_ascii_case("none"))
        };
        secauth.as_ref().is_some_and(|said| said.value) || named(cipher) || named(hash)
    }

    /// The votes of all nodes in the list.
    pub fn listed_votes(&self) -> u64 {
        self.nodes
            .iter()
            .map(|node| node.votes.as_ref().map_or(1, |votes| votes.value))
            .fold(0, u64::saturating_add)
    }

    /// What is to be said of a quorum server that decides by `ffsplit` among an odd number of nodes, since it is for even
    /// numbers, and of a lock with one node. Its one vote still goes to one side at most. Source: corosync-qdevice(8).
    /// Beside a lock those who had quorum last are counted, who may be any number.
    ///
    /// `lms` cannot take the place of `ffsplit` while nodes run: corosync-qnetd refuses a node whose algorithm is not that of
    /// those who are connected, so all would have to go on without the device for a while.
    pub fn odd_with_device(&self) -> Option<String> {
        let device = self.device.as_ref()?;
        let is_ffsplit = device.algorithm.as_ref().is_none_or(|named| named.value == FFSPLIT);
        let is_odd = !self.nodes.len().is_multiple_of(2);
        let breaks_none =
            if device.is_lock() { self.nodes.len() == 1 } else { is_odd && is_ffsplit };
        if !breaks_none {
            return None;
        }
        let kind = if device.is_lock() { "a lock" } else { FFSPLIT };
        let nodes = match self.nodes.len() {
            1 => "one node".to_owned(),
            many => format!("{many} nodes"),
        };
        let votes = self.listed_votes().saturating_add(1);
        let quorum = votes / 2 + 1;
        Some(format!(
            "{kind} with {nodes}: the device's vote breaks no tie, and quorum takes {quorum} of {votes} votes"
        ))
    }
}

/// What Corosync takes where no algorithm is named.
pub(crate) const FFSPLIT: &str = "ffsplit";

/// All sections at the end of that path; sections of one name add up.
pub(crate) fn below<'c>(root: &'c Section, path: &[&str]) -> Vec<&'c Section> {
    path.iter().fold(vec![root], |found, name| {
        found
            .into_iter()
            .flat_map(|section| section.sections.iter())
            .filter(|s| s.name == *name)
            .collect()
    })
}

/// The last pair of that key in all sections of that path.
fn last<'c>(root: &'c Section, path: &[&str], key: &str) -> Option<&'c Pair> {
    below(root, path).into_iter().filter_map(|section| section.pair(key)).next_back()
}

fn text(pair: Option<&Pair>) -> Option<Valued<String>> {
    pair.map(|pair| Valued { value: pair.value.clone(), line: pair.line })
}

fn number<N: std::str::FromStr>(pair: Option<&Pair>) -> Option<Valued<N>> {
    pair.and_then(|pair| Some(Valued { value: pair.value.parse().ok()?, line: pair.line }))
}

/// Corosync writes switches in three ways.
pub(crate) fn switch(pair: Option<&Pair>) -> Option<Valued<bool>> {
    pair.and_then(|pair| {
        let value = match pair.value.as_str() {
            "1" | "yes" | "on" => true,
            "0" | "no" | "off" => false,
            _ => return None,
        };
        Some(Valued { value, line: pair.line })
    })
}

fn totem(root: &Section) -> Totem {
    let said = |key| last(root, &["totem"], key);
    Totem {
        transport: said("transport").and_then(transport),
        cluster_name: text(said("cluster_name")),
        config_version: number(said("config_version")),
        token: number(said("token")),
        token_coefficient: number(said("token_coefficient")),
        token_retransmits: number(said("token_retransmits_before_loss_const")),
        token_retransmit: number(said("token_retransmit")),
        hold: number(said("hold")),
        join: number(said("join")),
        consensus: number(said("consensus")),
        secauth: switch(said("secauth")),
        cipher: text(said("crypto_cipher")),
        hash: text(said("crypto_hash")),
        keyfile: text(said("keyfile")),
        link_mode: text(said("link_mode")),
        ip_version: text(said("ip_version")),
    }
}

fn transport(pair: &Pair) -> Option<Valued<Transport>> {
    let value = match pair.value.as_str() {
        "knet" => Transport::Knet,
        "udpu" => Transport::Udpu,
        "udp" => Transport::Udp,
        _ => return None,
    };
    Some(Valued { value, line: pair.line })
}

fn interface(section: &Section) -> Interface {
    let said = |key| section.pair(key);
    let member = |member: &Section| text(member.pair("memberaddr"));
    let key = |pair: &Pair| Valued { value: pair.key.clone(), line: pair.line };
    Interface {
        line: section.line,
        link: number(said("linknumber").or(said("ringnumber"))),
        bindnetaddr: text(said("bindnetaddr")),
        mcastaddr: text(said("mcastaddr")),
        mcastport: number(said("mcastport")),
        broadcast: switch(said("broadcast")),
        members: section.all("member").filter_map(member).collect(),
        keys: section.pairs.iter().map(key).collect(),
    }
}

fn node(section: &Section) -> Node {
    let said = |key| section.pair(key);
    let address = |link: u8| Some((link, text(section.pair(&format!("ring{link}_addr")))?));
    Node {
        line: section.line,
        end: section.end,
        id: number(said("nodeid")),
        name: text(said("name")),
        votes: number(said("quorum_votes")),
        lock_path: text(said("lock_path")),
        addresses: (0..crate::table::LINKS_MAX).filter_map(address).collect(),
    }
}

fn quorum(root: &Section) -> Quorum {
    let said = |key| last(root, &["quorum"], key);
    Quorum {
        provider: text(said("provider")),
        expected_votes: number(said("expected_votes")),
        votes: number(said("votes")),
        two_node: switch(said("two_node")),
        wait_for_all: switch(said("wait_for_all")),
        last_man_standing: switch(said("last_man_standing")),
        last_man_standing_window: number(said("last_man_standing_window")),
        auto_tie_breaker: switch(said("auto_tie_breaker")),
        auto_tie_breaker_node: text(said("auto_tie_breaker_node")),
        allow_downscale: switch(said("allow_downscale")),
    }
}

fn device(root: &Section) -> Option<Device> {
    let line = below(root, &["quorum", "device"]).first()?.line;
    let said = |key| last(root, &["quorum", "device"], key);
    let net = |key| last(root, &["quorum", "device", "net"], key);
    let heuristics = ["quorum", "device", "heuristics"];
    Some(Device {
        line,
        model: text(said("model")),
        votes: number(said("votes")),
        timeout: number(said("timeout")),
        sync_timeout: number(said("sync_timeout")),
        host: text(net("host")),
        algorithm: text(net("algorithm")),
        tie_breaker: text(net("tie_breaker")),
        keep_active: switch(net("keep_active_partition_tie_breaker")),
        tls: text(net("tls")),
        heuristics: text(last(root, &heuristics, "mode")),
        lock_path: text(last(root, &["quorum", "device", "sanlock"], "path")),
        command: below(root, &heuristics)
            .into_iter()
            .flat_map(|section| &section.pairs)
            .find(|pair| pair.key.starts_with("exec_"))
            .map(|pair| pair.line),
    })
}
