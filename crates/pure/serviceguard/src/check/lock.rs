//! What decides between two halves: a quorum server, a lock LUN, or lock disks; one of them.

use corosync::Valued;

use super::Findings;
use crate::cluster::{Cluster, Lock, Node};

/// A lock disk, or a lock LUN, serves so many nodes. Source: the manual.
const LOCK_DISK_NODES_MAX: usize = 4;

pub(super) fn check(cluster: &Cluster, found: &mut Findings) {
    one_of_them(cluster, found);
    server(&cluster.lock, found);
    lun(cluster, found);
    disks(cluster, found);
    let has_none = kinds(cluster).iter().all(Option::is_none);
    if let [_, second] = cluster.nodes.as_slice()
        && has_none
    {
        let what = "a cluster of two nodes without a lock";
        found.error(second.line, what, "say QS_HOST, or CLUSTER_LOCK_LUN for each node");
    } else if has_none && cluster.nodes.len() > 2 && cluster.nodes.len().is_multiple_of(2) {
        found.note(0, "no lock: of two equal halves, both stop", "say QS_HOST");
    }
}

/// Where each kind of lock is first said: server, LUN, disk.
fn kinds(cluster: &Cluster) -> [Option<u32>; 3] {
    let line = |said: &Option<Valued<String>>| said.as_ref().map(|said| said.line);
    let of_nodes = |device: fn(&Node) -> &Option<Valued<String>>| {
        cluster.nodes.iter().find_map(|node| line(device(node)))
    };
    let lock = &cluster.lock;
    let disk = line(&lock.first_group)
        .or_else(|| line(&lock.second_group))
        .or_else(|| of_nodes(|node| &node.first_lock_device));
    [line(&lock.server), of_nodes(|node| &node.lock_lun), disk]
}

fn one_of_them(cluster: &Cluster, found: &mut Findings) {
    const NAMES: [&str; 3] = ["a quorum server", "a lock LUN", "a lock disk"];
    let mut said: Vec<(u32, &str)> = kinds(cluster)
        .into_iter()
        .zip(NAMES)
        .filter_map(|(line, name)| Some((line?, name)))
        .collect();
    said.sort_unstable();
    if let [(first, of_first), rest @ ..] = said.as_slice() {
        for (line, _) in rest {
            let what = "a second kind of cluster lock";
            found.error(*line, what, &format!("{of_first} is already specified in line {first}"));
        }
    }
}

fn server(lock: &Lock, found: &mut Findings) {
    if lock.server.is_some() {
        return;
    }
    let lines = [
        lock.server_address.as_ref().map(|said| (said.line, "QS_ADDR")),
        lock.server_polling.as_ref().map(|said| (said.line, "QS_POLLING_INTERVAL")),
        lock.server_extension.as_ref().map(|said| (said.line, "QS_TIMEOUT_EXTENSION")),
    ];
    for (line, name) in lines.into_iter().flatten() {
        found.error(line, format!("{name} without QS_HOST"), "where is the quorum server?");
    }
}

fn lun(cluster: &Cluster, found: &mut Findings) {
    let has_it = |node: &&Node| node.lock_lun.is_some();
    let Some(first) = cluster.nodes.iter().find_map(|node| node.lock_lun.as_ref()) else { return };
    not_too_many(cluster, "LUN", first.line, found);
    for node in cluster.nodes.iter().filter(|node| !has_it(node)) {
        let what = format!("{} has no CLUSTER_LOCK_LUN, other nodes have", node.name);
        found.error(node.line, what, "all nodes, or none");
    }
}

fn disks(cluster: &Cluster, found: &mut Findings) {
    let lock = &cluster.lock;
    if let (None, Some(second)) = (&lock.first_group, &lock.second_group) {
        found.error(second.line, "a second lock disk without a first", "say FIRST_CLUSTER_LOCK_VG");
    }
    let first: fn(&Node) -> &Option<Valued<String>> = |node| &node.first_lock_device;
    let second: fn(&Node) -> &Option<Valued<String>> = |node| &node.second_lock_device;
    for (which, group, device) in
        [("FIRST", &lock.first_group, first), ("SECOND", &lock.second_group, second)]
    {
        disk(cluster, which, group.as_ref(), device, found);
    }
    if let Some(group) = &lock.first_group {
        not_too_many(cluster, "disk", group.line, found);
    }
}

fn not_too_many(cluster: &Cluster, kind: &str, line: u32, found: &mut Findings) {
    if cluster.nodes.len() > LOCK_DISK_NODES_MAX {
        let what = format!("a lock {kind} for more than {LOCK_DISK_NODES_MAX} nodes");
        found.error(line, what, "say QS_HOST");
    }
}

fn disk(
    cluster: &Cluster,
    which: &str,
    group: Option<&Valued<String>>,
    device: fn(&Node) -> &Option<Valued<String>>,
    found: &mut Findings,
) {
    let Some(group) = group else {
        for said in cluster.nodes.iter().filter_map(|node| device(node).as_ref()) {
            let what = format!("{which}_CLUSTER_LOCK_PV without {which}_CLUSTER_LOCK_VG");
            found.error(said.line, what, "in which volume group is it?");
        }
        return;
    };
    if !cluster.volume_groups.iter().any(|known| known.value == group.value) {
        let what = format!("the lock's volume group {} is no VOLUME_GROUP", group.value);
        found.error(group.line, what, "list it as one, too");
    }
    for node in cluster.nodes.iter().filter(|node| device(node).is_none()) {
        let what = format!("{} has no {which}_CLUSTER_LOCK_PV", node.name);
        found.error(node.line, what, "each node needs its path to the disk");
    }
}
