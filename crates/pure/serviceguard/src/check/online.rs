//! What may not change while the cluster runs. Source: the manual, and its older editions for files from
//! before A.11.19.

use std::net::IpAddr;

use corosync::{Conf, Finding, Settings, Valued};

use super::Findings;
use crate::cluster::{Cluster, Interface, Node};
use crate::lower::engine;
use crate::package::Package;

/// The cluster as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Running<'r> {
    /// Its file.
    pub cluster: &'r Cluster,
    /// Nodes that are up.
    pub up: &'r [&'r str],
    /// Packages that run.
    pub packages: &'r [&'r Package],
    /// Corosync's file, where it is the cluster's: what was changed while the cluster was down is so already.
    pub conf: Option<&'r Conf>,
}

/// Everything in a cluster's file that cannot take the place of the one that counts, in the order of the
/// lines.
pub fn check_online(now: Running<'_>, wanted: &Cluster) -> Vec<Finding> {
    let mut found = Findings::default();
    if now.up.is_empty() {
        return Vec::new();
    }
    nodes(now, wanted, &mut found);
    cards(now, wanted, &mut found);
    volume_groups(now, wanted, &mut found);
    match now.conf {
        Some(conf) => lock(conf, now.cluster, wanted, &mut found),
        None => lock_by_text(now.cluster, wanted, &mut found),
    }
    times(now.cluster, wanted, &mut found);
    found.in_order()
}

fn nodes(now: Running<'_>, wanted: &Cluster, found: &mut Findings) {
    let gone = now.cluster.nodes.iter().filter(|node| wanted.node(&node.name).is_none());
    for node in gone.filter(|node| now.up.contains(&node.name.as_str())) {
        let what = format!("the node {} is gone from the file, and runs", node.name);
        found.error(0, what, &format!("halt it first: cmhaltnode {}", node.name));
    }
}

/// A card is taken out, and added anew, in two steps.
fn cards(now: Running<'_>, wanted: &Cluster, found: &mut Findings) {
    let settings = now.conf.map(Settings::of).unwrap_or_default();
    let addresses = settings.nodes.iter().flat_map(|node| &node.addresses);
    let links: Vec<IpAddr> =
        addresses.filter_map(|(_, address)| address.value.parse().ok()).collect();
    let same = |node: &Node, card: &Interface| {
        let before = now.cluster.node(&node.name)?;
        before.interfaces.iter().find(|before| before.name == card.name).cloned()
    };
    for node in &wanted.nodes {
        for card in &node.interfaces {
            let Some(before) = same(node, card) else { continue };
            let values =
                |all: &[Valued<IpAddr>]| all.iter().map(|said| said.value).collect::<Vec<_>>();
            let is_same = values(&before.heartbeat) == values(&card.heartbeat)
                && values(&before.stationary) == values(&card.stationary);
            let is_link = |said: &Valued<IpAddr>| links.contains(&said.value);
            let is_done = !links.is_empty()
                && values(&before.heartbeat) != values(&card.heartbeat)
                && !before.heartbeat.iter().any(is_link)
                && card.heartbeat.iter().all(is_link);
            if !is_same && !is_done {
                let what = format!("{} of {} changes while the cluster runs", card.name, node.name);
                found.error(
                    card.line,
                    what,
                    "apply the file without it, then with it as it will be",
                );
            }
        }
    }
}

fn volume_groups(now: Running<'_>, wanted: &Cluster, found: &mut Findings) {
    let stays = |name: &str| wanted.volume_groups.iter().any(|group| group.value == name);
    for group in now.cluster.volume_groups.iter().filter(|group| !stays(&group.value)) {
        let uses = |package: &&&Package| {
            package.volume_groups.iter().any(|used| same_group(&used.value, &group.value))
        };
        for package in now.packages.iter().filter(uses) {
            let name = package.called();
            let what = format!(
                "the volume group {} is gone from the file, and package {name} uses it and runs",
                group.value
            );
            found.error(0, what, &format!("halt it first: cmhaltpkg {name}"));
        }
    }
}

/// `/dev/vg01` and `vg01` are one.
fn same_group(a: &str, b: &str) -> bool {
    a.trim_start_matches("/dev/") == b.trim_start_matches("/dev/")
}

const HALT_FIRST: &str =
    "halt it (cmhaltcl), apply the file, run it (cmruncl), and apply the file again";

/// From one lock to another there would be a moment with two: nodes that ask the one, and nodes that ask the other.
fn lock(conf: &Conf, now: &Cluster, wanted: &Cluster, found: &mut Findings) {
    let (present, next) = (engine::lock_of(conf, wanted), engine::lock(wanted));
    // What no file of the cluster has named is somebody else's.
    let is_ours = next.is_some() || engine::lock(now).is_some();
    if let Some(present) = present.filter(|present| is_ours && next.as_ref() != Some(present)) {
        let what = format!("the lock, {present}, changes while the cluster runs");
        found.error(line_of_lock(wanted), what, HALT_FIRST);
    }
    // A Corosync that started with it has no device beside it.
    let counts_anew = Settings::of(conf).quorum.last_man_standing.is_some_and(|said| said.value);
    if counts_anew && (wanted.lock.server.is_some() || engine::uses_lock(wanted)) {
        let what =
            "a lock begins while the cluster runs, whose Corosync counts those who had quorum last";
        found.error(line_of_lock(wanted), what.to_owned(), HALT_FIRST);
    }
}

/// On paper, only the files tell.
fn lock_by_text(now: &Cluster, wanted: &Cluster, found: &mut Findings) {
    let groups = |cluster: &Cluster| {
        let lock = &cluster.lock;
        [lock.first_group.clone(), lock.second_group.clone()]
            .map(|said| said.map(|said| said.value))
    };
    let (present, next) = (engine::lock(now), engine::lock(wanted));
    let groups_differ = present == next && groups(now) != groups(wanted);
    if let Some(present) = present.filter(|present| groups_differ || next.as_ref() != Some(present))
    {
        let what = format!("the lock, {present}, changes while the cluster runs");
        found.error(line_of_lock(wanted), what, HALT_FIRST);
    }
}

fn line_of_lock(cluster: &Cluster) -> u32 {
    let lock = &cluster.lock;
    let of_cluster = lock.server.as_ref().or(lock.first_group.as_ref());
    let mut nodes = cluster.nodes.iter();
    let of_nodes =
        || nodes.find_map(|node| node.lock_lun.as_ref().or(node.first_lock_device.as_ref()));
    of_cluster.or_else(of_nodes).map_or(0, |said| said.line)
}

/// Times of before A.11.19 could not change while the cluster ran; MEMBER_TIMEOUT can.
fn times(now: &Cluster, wanted: &Cluster, found: &mut Findings) {
    let pairs = [
        ("HEARTBEAT_INTERVAL", &now.heartbeat_interval, &wanted.heartbeat_interval),
        ("NODE_TIMEOUT", &now.node_timeout, &wanted.node_timeout),
    ];
    for (name, before, after) in pairs {
        let (Some(before), Some(after)) = (before, after) else { continue };
        if before.value != after.value {
            let what = format!(
                "{name} changes from {} to {} while the cluster runs",
                before.value, after.value
            );
            found.error(after.line, what, "say MEMBER_TIMEOUT in its place, which may");
        }
    }
}
