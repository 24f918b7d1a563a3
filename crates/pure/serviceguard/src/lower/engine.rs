//! The cluster's file as `corosync.conf`.

use std::collections::BTreeMap;
use std::time::Duration;

use corosync::timing::{Effective, FAILOVER_DEFAULT, Fencing};
use corosync::{Conf, Finding, Member, NewCluster, Settings, Timing, Valued, Wish, fresh};

use super::links::{self, links};
use crate::check::Findings;
use crate::cluster::{Cluster, Node};

/// How long a node is waited for if the file does not say (µs). Source: the manual.
const MEMBER_TIMEOUT: u64 = 14_000_000;
const NODE_TIMEOUT: u64 = 2_000_000;
/// Links that Corosync carries.
pub(super) const LINKS_MAX: usize = corosync::table::LINKS_MAX as usize;

/// Corosync's configuration for the cluster, and what of the file it cannot say.
///
/// Nodes are numbered in the file's order; each heartbeat subnet is a link, in the first node's order.
pub fn corosync_conf(cluster: &Cluster) -> (String, Vec<Finding>) {
    let mut found = Findings::default();
    lost(cluster, &mut found);
    let links = links(cluster);
    let member = |(at, node): (usize, &Node)| Member {
        name: node.name.clone(),
        id: u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1),
        addresses: links.get(at).into_iter().flatten().map(ToString::to_string).collect(),
    };
    let nodes = u64::try_from(cluster.nodes.len()).unwrap_or(u64::MAX);
    let wish = Wish { failover: FAILOVER_DEFAULT, nodes, fencing: Fencing::Device };
    let timing = Timing::derive(wish)
        .or_else(|why| Timing::derive(Wish { failover: why.bound, ..wish }))
        .map(|timing| waiting(timing, cluster));
    let Ok(timing) = timing else { return (String::new(), found.in_order()) };
    let text = fresh(&NewCluster {
        name: cluster.name.as_ref().map_or_else(String::new, |name| name.value.clone()),
        members: cluster.nodes.iter().enumerate().map(member).collect(),
        timing,
    });
    let text = text.replacen("`quorate cluster init`", "`cmapplyconf`", 1);
    (quorum(&text, cluster), found.in_order())
}

/// Has a cluster's `corosync.conf` say what the file says of heartbeats, waiting times and the lock, and answers
/// what that changes, in words. What the file does not say stays. Nodes that it does not name are taken out; others
/// come by joining. Where nodes are `certified`, the server is asked over TLS: without certificates,
/// Corosync's daemon for it does not start.
pub fn adjust(conf: &mut Conf, cluster: &Cluster, certified: bool) -> Vec<String> {
    let before = Counting::of(conf);
    let mut changes = links::drop_unnamed(conf, cluster);
    if let Some(what) = Settings::of(conf).odd_with_device().filter(|_| !changes.is_empty()) {
        changes.push(format!("Warning: {what}"));
        changes.push(
            "That changes only while the cluster is down: cmhaltcl, cmapplyconf -C, cmruncl"
                .to_owned(),
        );
    }
    changes.extend(links::relink(conf, cluster));
    let old = Effective::of(&Settings::of(conf)).real_token;
    if says_timeout(cluster) && old != token(cluster) {
        let token = token(cluster);
        changes.push(format!("Modifying corosync.conf: the token's {old} ms become {token} ms"));
        conf.set(&["totem"], "token", &token.to_string());
        conf.set(&["totem"], "token_coefficient", "0");
        for derived in ["consensus", "token_retransmit", "hold"] {
            conf.unset(&["totem"], derived);
        }
    }
    changes.extend(adjust_lock(conf, cluster, certified));
    changes.extend(recount(conf, cluster, before));
    changes
}

/// The same of the lock alone, and of none where the file names none and `corosync.conf` has one: that is for a
/// cluster that is down, since a lock cannot become another one while it is asked.
pub fn replace_lock(conf: &mut Conf, cluster: &Cluster, certified: bool) -> Vec<String> {
    let before = Counting::of(conf);
    let is_lock = Settings::of(conf).device.is_some_and(|device| device.is_lock());
    let is_needless = is_lock && cluster.lock.server.is_none() && !uses_lock(cluster);
    if !is_needless && (lock(cluster).is_some() || lock_of(conf, cluster).is_none()) {
        let mut changes = adjust_lock(conf, cluster, certified);
        changes.extend(decide_otherwise(conf, cluster, certified));
        changes.extend(recount(conf, cluster, before));
        return changes;
    }
    conf.unset(&["nodelist", "node"], "lock_path");
    conf.drop_device();
    let change = "Modifying corosync.conf: there is no lock any more".to_owned();
    std::iter::once(change).chain(recount(conf, cluster, before)).collect()
}

/// Has the quorum server decide as it should by the number of nodes, which may have become another one.
fn decide_otherwise(conf: &mut Conf, cluster: &Cluster, certified: bool) -> Option<String> {
    cluster.lock.server.as_ref()?;
    let said = Settings::of(conf).device?.algorithm?.value;
    let (wanted, _) = algorithm(cluster);
    if said == wanted {
        return None;
    }
    add_server(conf, cluster, certified);
    Some(format!("Modifying corosync.conf: the quorum server decides by {wanted}, not {said}"))
}

/// What breaks ties by the file, in words; also where one node has no halves.
pub(crate) fn lock(cluster: &Cluster) -> Option<String> {
    if let Some(server) = &cluster.lock.server {
        return Some(format!("the quorum server {}", server.value));
    }
    let paths = lock_paths(cluster);
    (!paths.is_empty()).then(|| on_disks(&paths))
}

/// The same by `corosync.conf`, for the file's nodes.
pub(crate) fn lock_of(conf: &Conf, cluster: &Cluster) -> Option<String> {
    let settings = Settings::of(conf);
    let device = settings.device.as_ref()?;
    if !device.is_lock() {
        let host = device.host.as_ref().map_or("", |host| host.value.as_str());
        return Some(format!("the quorum server {host}"));
    }
    let path = |node: &Node| Some((node.name.clone(), settings.lock_path(&node.name)?.to_owned()));
    Some(on_disks(&cluster.nodes.iter().filter_map(path).collect()))
}

fn on_disks(paths: &BTreeMap<String, String>) -> String {
    let mut each: Vec<&str> = paths.values().map(String::as_str).collect();
    each.dedup();
    format!("on {}", each.join(" and "))
}

/// Has `corosync.conf` name the lock that the file names; answers what that changes, in words.
pub(super) fn adjust_lock(conf: &mut Conf, cluster: &Cluster, certified: bool) -> Vec<String> {
    let mut changes = Vec::new();
    let device = Settings::of(conf).device;
    let asked = device.and_then(|device| device.host).map(|host| host.value);
    if let Some(server) = &cluster.lock.server
        && asked.as_ref() != Some(&server.value)
    {
        changes.push(format!("Modifying corosync.conf: the quorum server is {}", server.value));
        add_server(conf, cluster, certified);
    }
    let said = Settings::of(conf);
    let wanted = lock_paths(cluster);
    if uses_lock(cluster) && wanted.iter().any(|(node, path)| said.lock_path(node) != Some(path)) {
        let paths: Vec<&str> = wanted.values().map(String::as_str).collect();
        let place = if paths.iter().any(|path| Some(path) != paths.first()) {
            "a disk of its own name on each node"
        } else {
            paths.first().copied().unwrap_or_default()
        };
        changes.push(format!("Modifying corosync.conf: the cluster lock is on {place}"));
        add_lock(conf, cluster);
    }
    changes
}

fn says_timeout(cluster: &Cluster) -> bool {
    cluster.member_timeout.is_some() || cluster.node_timeout.is_some()
}

/// How long the file wants a silent node to be waited for (µs).
pub(super) fn member_timeout(cluster: &Cluster) -> u64 {
    let old = cluster.node_timeout.as_ref().or(cluster.heartbeat_interval.as_ref());
    match (&cluster.member_timeout, old) {
        (Some(new), _) => new.value,
        (None, Some(_)) => cluster.node_timeout.as_ref().map_or(NODE_TIMEOUT, |old| old.value),
        (None, None) => MEMBER_TIMEOUT,
    }
}

/// The token is the time after which a node counts as lost; Corosync sends it again meanwhile.
fn waiting(timing: Timing, cluster: &Cluster) -> Timing {
    let token = token(cluster);
    Timing { token, token_coefficient: 0, real_token: token, ..timing }
}

/// How long a silent node is waited for (ms).
fn token(cluster: &Cluster) -> u64 {
    let timeout = Duration::from_micros(member_timeout(cluster));
    u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)
}

fn quorum(text: &str, cluster: &Cluster) -> String {
    let mut conf = Conf::parse(text);
    add_server(&mut conf, cluster, false);
    add_lock(&mut conf, cluster);
    count_previous(&mut conf, cluster);
    conf.to_string()
}

/// Three or more without a lock: those who were together last are counted, as Serviceguard does, and a cluster forms
/// with all of its nodes. Beside a lock on a disk they are counted without Corosync's own rule, which goes with no quorum
/// device; with a quorum server Corosync counts all nodes.
/// Source: votequorum(5); it takes these with its next start.
fn count_previous(conf: &mut Conf, cluster: &Cluster) {
    let said = Settings::of(conf);
    let is_on = |said: &Option<Valued<bool>>| said.as_ref().is_some_and(|said| said.value);
    let rules = is_on(&said.quorum.two_node) || is_on(&said.quorum.auto_tie_breaker);
    let others_decide = said.device.is_some() || rules;
    let keys =
        [("last_man_standing", "1"), ("last_man_standing_window", "1000"), ("wait_for_all", "1")];
    if others_decide && is_on(&said.quorum.last_man_standing) {
        keys.iter().for_each(|(key, _)| conf.unset(&["quorum"], key));
    }
    // Who has said something of it by hand is heeded.
    if others_decide || cluster.nodes.len() < 3 || said.quorum.last_man_standing.is_some() {
        return;
    }
    keys.iter().for_each(|(key, value)| conf.set(&["quorum"], key, value));
}

/// Whose votes count by a `corosync.conf`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counting {
    All,
    /// Those who had quorum last, by `last_man_standing`.
    LastMan,
    /// The same, beside the lock on a disk.
    BesideLock,
}

impl Counting {
    fn of(conf: &Conf) -> Self {
        let said = Settings::of(conf);
        match said.quorum.last_man_standing.as_ref().is_some_and(|said| said.value) {
            true => Self::LastMan,
            false if said.quorum_by().counts_previous() => Self::BesideLock,
            false => Self::All,
        }
    }
}

/// [`count_previous`], and in words who counts where that is another way than `before`.
fn recount(conf: &mut Conf, cluster: &Cluster, before: Counting) -> Option<String> {
    count_previous(conf, cluster);
    let words = match (before, Counting::of(conf)) {
        (before, after) if before == after => return None,
        (_, Counting::LastMan) => "those who had quorum last are counted (last_man_standing)",
        (_, Counting::BesideLock) => "those who had quorum last are counted (the lock)",
        (Counting::LastMan, Counting::All) => "all nodes are counted (last_man_standing)",
        (_, Counting::All) => "all nodes are counted",
    };
    Some(format!("Modifying corosync.conf: {words}"))
}

/// Where each node has the disk of the lock: its LUN, or its physical volume.
pub fn lock_paths(cluster: &Cluster) -> BTreeMap<String, String> {
    let path = |node: &Node| {
        let said = node.lock_lun.as_ref().or(node.first_lock_device.as_ref())?;
        Some((node.name.clone(), said.value.clone()))
    };
    cluster.nodes.iter().filter_map(path).collect()
}

/// Of an odd number of nodes, too: once one is lost, the others have halves. One node never has.
pub fn uses_lock(cluster: &Cluster) -> bool {
    cluster.nodes.len() > 1 && !lock_paths(cluster).is_empty()
}

/// The lock on a disk, where the file names one, as the vote that breaks ties.
fn add_lock(conf: &mut Conf, cluster: &Cluster) {
    let paths = lock_paths(cluster);
    let Some(first) = paths.values().next().filter(|_| uses_lock(cluster)) else { return };
    conf.unset(&["quorum"], "two_node");
    for of_server in ["host", "algorithm", "tls"] {
        conf.unset(&["quorum", "device", "net"], of_server);
    }
    for of_server in ["timeout", "sync_timeout"] {
        conf.unset(&["quorum", "device"], of_server);
    }
    conf.unset(&["nodelist", "node"], "lock_path");
    conf.set(&["quorum", "device"], "model", "sanlock");
    conf.set(&["quorum", "device"], "votes", "1");
    conf.set(&["quorum", "device", "sanlock"], "path", first);
    for (node, path) in paths.iter().filter(|(_, path)| *path != first) {
        conf.set_of_node(node, "lock_path", path);
    }
}

/// How long a quorum server may take for its vote (ms). Corosync's 10 s would be most of a failover: what half of the
/// nodes waits for, and for how long a half may believe in a vote that it lost, goes by it.
fn server_timeout(cluster: &Cluster) -> u64 {
    cluster.lock.server_extension.as_ref().map_or(0, |said| said.value / 1000).saturating_add(3_000)
}

/// How long Corosync waits for a vote at least (ms). Source: corosync.conf(5), the default.
const SYNC_TIMEOUT: u64 = 30_000;

/// How a quorum server decides, and its votes: both halves of an even number may ask; of an odd one the rest of a rest.
fn algorithm(cluster: &Cluster) -> (&'static str, usize) {
    if decides_by_lms(cluster) { ("lms", cluster.nodes.len() - 1) } else { ("ffsplit", 1) }
}

/// `ffsplit` knows halves of all nodes only, and an odd number has none.
fn decides_by_lms(cluster: &Cluster) -> bool {
    !cluster.nodes.len().is_multiple_of(2)
}

/// The quorum server, where the file names one, as the third vote.
fn add_server(conf: &mut Conf, cluster: &Cluster, certified: bool) {
    let Some(server) = &cluster.lock.server else { return };
    conf.unset(&["quorum"], "two_node");
    let (algorithm, votes) = algorithm(cluster);
    let device = ["quorum", "device"];
    let net = ["quorum", "device", "net"];
    conf.unset(&["quorum", "device", "sanlock"], "path");
    conf.unset(&["nodelist", "node"], "lock_path");
    conf.set(&device, "model", "net");
    conf.set(&device, "votes", &votes.to_string());
    let timeout = server_timeout(cluster);
    conf.set(&device, "timeout", &timeout.to_string());
    conf.set(&device, "sync_timeout", &timeout.saturating_mul(3).max(SYNC_TIMEOUT).to_string());
    conf.set(&net, "host", &server.value);
    conf.set(&net, "algorithm", algorithm);
    conf.set(&net, "tls", if certified { "on" } else { "off" });
}

/// What has no counterpart.
fn lost(cluster: &Cluster, found: &mut Findings) {
    let lock = &cluster.lock;
    let lun = cluster.nodes.iter().find_map(|node| node.lock_lun.as_ref());
    if let Some(disk) = lock.first_group.as_ref().or(lun)
        && !uses_lock(cluster)
    {
        let what = "one node has no halves";
        found.note(disk.line, what, "the lock is not used");
    }
    if let Some(group) = &lock.first_group {
        let hint = "FIRST_CLUSTER_LOCK_PV is to be a disk or partition with nothing on it";
        found.note(group.line, "the lock is not kept in a volume group", hint);
    }
    if let Some(second) = &lock.second_group {
        found.warning(second.line, "there is one lock disk", "the second is not used");
    }
    if let Some(server) =
        lock.server.as_ref().filter(|_| cluster.nodes.len() > 1 && decides_by_lms(cluster))
    {
        let what = "of an odd number of nodes the quorum server may keep two sides in quorum (lms): nobody counts on watchdogs";
        let hint = "have fence devices; or a lock LUN, or neither, where those who had quorum last are counted";
        found.warning(server.line, what, hint);
    }
    if let Some(address) = &lock.server_address {
        found.warning(address.line, "the quorum server is asked at one address", "QS_HOST's");
    }
    for serial in cluster.nodes.iter().filter_map(|node| node.serial.as_ref()) {
        found.warning(serial.line, "no heartbeat over serial lines", "say a second HEARTBEAT_IP");
    }
    if let Some(link) = cluster.nodes.first().and_then(|node| node.heartbeats().nth(LINKS_MAX)) {
        found.warning(
            link.line,
            format!("more than {LINKS_MAX} heartbeat subnets"),
            "the rest is unused",
        );
    }
    cluster.nodes.iter().for_each(|node| standbys(node, found));
}

/// Where a node has several wires, the place of a card that stands by says which one is its.
fn standbys(node: &Node, found: &mut Findings) {
    let active: Vec<_> = node.interfaces.iter().filter(|card| !card.is_standby()).collect();
    for card in active.iter().filter(|_| active.len() > 1) {
        for standby in node.standbys_of(card) {
            let said = format!("{} stands by for {}", standby.name, card.name);
            found.note(standby.line, said, "name it below the card whose wire it is on");
        }
    }
}
