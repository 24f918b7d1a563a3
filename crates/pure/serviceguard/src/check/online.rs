//! What may not change while the cluster runs. Source: the manual, and its older editions for files from
//! before A.11.19.

use corosync::{Finding, Valued};

use super::Findings;
use crate::cluster::{Cluster, Interface, Node};
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
    /// By which addresses Corosync's heartbeats go: what was changed while the cluster was down is so already.
    pub links: &'r [std::net::IpAddr],
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
    lock_disks(now.cluster, wanted, &mut found);
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
    let same = |node: &Node, card: &Interface| {
        let before = now.cluster.node(&node.name)?;
        before.interfaces.iter().find(|before| before.name == card.name).cloned()
    };
    for node in &wanted.nodes {
        for card in &node.interfaces {
            let Some(before) = same(node, card) else { continue };
            let values = |all: &[Valued<std::net::IpAddr>]| {
                all.iter().map(|said| said.value).collect::<Vec<_>>()
            };
            let is_same = values(&before.heartbeat) == values(&card.heartbeat)
                && values(&before.stationary) == values(&card.stationary);
            let is_link = |said: &Valued<std::net::IpAddr>| now.links.contains(&said.value);
            let is_done = !now.links.is_empty()
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

/// From a disk to another there would be a moment with two.
fn lock_disks(now: &Cluster, wanted: &Cluster, found: &mut Findings) {
    let device = |node: &Node| [node.first_lock_device.clone(), node.second_lock_device.clone()];
    let of = |cluster: &Cluster| {
        let lock = &cluster.lock;
        [lock.first_group.clone(), lock.second_group.clone()]
            .map(|said| said.map(|said| said.value))
    };
    let groups = (of(now), of(wanted));
    let is_disk = |groups: &[Option<String>; 2]| groups.iter().any(Option::is_some);
    // To a lock of another kind, or from one, there are steps between.
    if !is_disk(&groups.0) || !is_disk(&groups.1) {
        return;
    }
    let line = wanted.lock.first_group.as_ref().or(wanted.lock.second_group.as_ref());
    let line = line.map_or(0, |said| said.line);
    let hint = "name another kind of lock first (QS_HOST), then the new disk";
    if groups.0 != groups.1 {
        found.error(line, "the lock disk changes while the cluster runs", hint);
    }
    for node in &wanted.nodes {
        let Some(before) = now.node(&node.name) else { continue };
        let value = |said: Option<Valued<String>>| said.map(|said| said.value);
        if device(before).map(value) != device(node).map(value) {
            let what = format!("the lock disk of {} changes while the cluster runs", node.name);
            found.error(node.line, what, hint);
        }
    }
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
