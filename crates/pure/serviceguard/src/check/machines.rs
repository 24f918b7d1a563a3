//! What files say against what machines are: cards, addresses, wires, and scripts on every node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corosync::{Finding, Valued};
use wire::machine::{Card, LockState, Machine, ProgramState, Unreached};

use super::Findings;
use crate::cluster::{Cluster, Interface, Node, Policy};
use crate::package::Package;
use crate::probed::own_address;

/// How a node was found: what it is, or why it cannot be looked at.
pub type Looked = Result<Machine, String>;

/// Everything in a cluster's file that the nodes are not, in the order of the lines. Nodes that nobody
/// looked at are left out.
pub fn check_nodes(cluster: &Cluster, looked: &BTreeMap<String, Looked>) -> Vec<Finding> {
    let mut found = Findings::default();
    for node in &cluster.nodes {
        match looked.get(&node.name) {
            None => {}
            Some(Err(why)) => {
                found.error(node.line, format!("{} cannot be looked at: {why}", node.name), "");
            }
            Some(Ok(machine)) => {
                cards(node, machine, &mut found);
                lock_place(cluster, node, machine, &mut found);
            }
        }
    }
    same_lock(cluster, looked, &mut found);
    same_networks(cluster, looked, &mut found);
    quorum_server(cluster, looked, &mut found);
    found.in_order()
}

/// Where quorum servers listen. Source: corosync-qnetd(8).
const QUORUM_PORT: u16 = 5403;

/// Where the quorum server is asked, if the file names one.
pub fn quorum_address(cluster: &Cluster) -> Option<String> {
    let host = &cluster.lock.server.as_ref()?.value;
    let is_ipv6 = host.parse::<IpAddr>().is_ok_and(|host| host.is_ipv6());
    Some(if is_ipv6 { format!("[{host}]:{QUORUM_PORT}") } else { format!("{host}:{QUORUM_PORT}") })
}

/// It must answer every node.
fn quorum_server(cluster: &Cluster, looked: &BTreeMap<String, Looked>, found: &mut Findings) {
    let (Some(said), Some(server)) = (&cluster.lock.server, quorum_address(cluster)) else {
        return;
    };
    for (name, machine) in looked {
        let Ok(machine) = machine else { continue };
        let unreached = machine.unreached.iter().find(|unreached| unreached.server == server);
        if let Some(Unreached { why, .. }) = unreached {
            let what = format!("{name} does not reach the quorum server {server}: {why}");
            found.error(said.line, what, "does corosync-qnetd run there?");
        }
    }
}

/// The programs that a package's file names, in its order.
pub fn programs(package: &Package) -> impl Iterator<Item = &Valued<String>> {
    let named = [&package.run_script, &package.halt_script].into_iter().flatten();
    named.chain(&package.pre_scripts).chain(&package.scripts)
}

/// Scripts of a package that are not there on one of its nodes, or may not be run.
pub fn check_programs(
    package: &Package,
    nodes: &[&str],
    looked: &BTreeMap<String, Looked>,
) -> Vec<Finding> {
    let mut found = Findings::default();
    for (name, looked) in looked.iter().filter(|(name, _)| nodes.contains(&name.as_str())) {
        let Ok(machine) = looked else { continue };
        for script in programs(package) {
            let seen = machine.programs.iter().find(|program| program.path == script.value);
            let what = match seen.map(|program| &program.state) {
                None | Some(ProgramState::Runnable) => continue,
                Some(ProgramState::NotExecutable) => {
                    format!("{} is not executable on {name}", script.value)
                }
                Some(ProgramState::Missing { why }) => {
                    format!("{} is not there on {name}: {why}", script.value)
                }
            };
            found.error(script.line, what, "it must be the same on every node");
        }
    }
    found.in_order()
}

/// Volume groups that a file names, and that a node does not see. Where nobody could look for them, nothing is said.
pub fn check_groups(
    named: &[Valued<String>],
    nodes: &[&str],
    looked: &BTreeMap<String, Looked>,
) -> Vec<Finding> {
    let mut found = Findings::default();
    for group in named {
        let short = group.value.trim_start_matches("/dev/");
        for (name, machine) in looked.iter().filter(|(name, _)| nodes.contains(&name.as_str())) {
            let Ok(machine) = machine else { continue };
            let was_seen = !machine.unseen.iter().any(|what| what.starts_with("volume groups"));
            if was_seen && !machine.groups.iter().any(|group| group.name == short) {
                let what = format!("{name} does not see the volume group {}", group.value);
                found.warning(group.line, what, "is its disk connected there?");
            }
        }
    }
    found.in_order()
}

/// What keeps a package's volume groups from being activated on one node at a time: LVM-activate goes by the system
/// IDs of nodes and groups, and starts nothing without them. Source: lvmsystemid(7), behaviour seen.
pub fn check_owners(
    named: &[Valued<String>],
    nodes: &[&str],
    looked: &BTreeMap<String, Looked>,
) -> Vec<Finding> {
    let mut found = Findings::default();
    let seen = || {
        let of_package = looked.iter().filter(|(name, _)| nodes.contains(&name.as_str()));
        of_package.filter_map(|(name, machine)| Some((name, machine.as_ref().ok()?)))
    };
    let sees = |machine: &Machine, named: &Valued<String>| {
        let short = named.value.trim_start_matches("/dev/");
        machine.groups.iter().find(|group| group.name == short).cloned()
    };
    for (name, machine) in seen().filter(|(_, machine)| machine.system_id.is_none()) {
        if let Some(group) = named.iter().find(|group| sees(machine, group).is_some()) {
            let what = format!("LVM on {name} has no system ID");
            let hint = "say system_id_source = \"uname\" in its lvm.conf";
            found.error(group.line, what, hint);
        }
    }
    for group in named {
        let is_free = |(_, machine): (&String, &Machine)| {
            sees(machine, group).is_some_and(|group| group.system_id.is_none())
        };
        if seen().any(is_free) {
            let short = group.value.trim_start_matches("/dev/");
            let what =
                format!("the volume group {short} has no system ID: any node could activate it");
            let hint = format!("on the node that has it: vgchange --systemid $(uname -n) {short}");
            found.error(group.line, what, &hint);
        }
    }
    found.in_order()
}

/// Users whom policies name, and who are not let in on a node for want of the daemon's group.
pub fn check_users(policies: &[Policy], looked: &BTreeMap<String, Looked>) -> Vec<Finding> {
    let mut found = Findings::default();
    for policy in policies {
        for user in users(std::slice::from_ref(policy)) {
            let host = policy.host.as_ref().map(|host| host.value.as_str());
            let is_meant = |node: &str| host.is_none_or(|host| host == node || is_any(host));
            let without = |looked: &Looked| {
                looked.as_ref().is_ok_and(|machine| machine.outside.contains(&user))
            };
            let nodes: Vec<&str> = looked
                .iter()
                .filter(|(node, looked)| is_meant(node) && without(looked))
                .map(|(node, _)| node.as_str())
                .collect();
            if !nodes.is_empty() {
                let list = view::words::list(&nodes);
                let what = format!("{user} is not in the group haclient on {list}");
                let hint = format!("nobody else is let in: usermod -aG haclient {user}");
                found.warning(policy.users.line, what, &hint);
            }
        }
    }
    found.in_order()
}

/// Users whom policies name.
pub fn users(policies: &[Policy]) -> impl Iterator<Item = String> {
    let names = policies.iter().flat_map(|policy| policy.users.value.split_whitespace());
    names.filter(|name| !name.eq_ignore_ascii_case("ANY_USER")).map(str::to_owned)
}

fn is_any(host: &str) -> bool {
    ["ANY_SERVICEGUARD_NODE", "CLUSTER_MEMBER_NODE"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(host))
}

/// Where the node is to have the disk of the lock, and what is there.
fn lock_state<'m>(node: &Node, machine: &'m Machine) -> Option<(u32, String, &'m LockState)> {
    let said = node.lock_lun.as_ref().or(node.first_lock_device.as_ref())?;
    let place = machine.locks.iter().find(|place| place.path == said.value)?;
    Some((said.line, format!("the lock disk {} of {}", said.value, node.name), &place.state))
}

/// The lock overwrites what is where it is to be.
fn lock_place(cluster: &Cluster, node: &Node, machine: &Machine, found: &mut Findings) {
    let Some((line, disk, state)) = lock_state(node, machine) else { return };
    match state {
        LockState::Free => {}
        LockState::Unusable { why } => {
            found.error(line, format!("{disk} cannot be used: {why}"), "all nodes must reach it");
        }
        LockState::Holds { what } => {
            let hint = "name an empty disk or partition, or empty this one first (blkdiscard -z)";
            found.error(line, format!("{disk} holds {what}"), hint);
        }
        LockState::Locked { cluster: of } => {
            let own = cluster.name.as_ref().map_or("", |name| name.value.as_str());
            if of != own {
                found.error(line, format!("{disk} has the lock of the cluster {of}"), "");
            }
        }
    }
}

/// What one has made a lock, all see as one.
fn same_lock(cluster: &Cluster, looked: &BTreeMap<String, Looked>, found: &mut Findings) {
    let seen = cluster.nodes.iter().filter_map(|node| {
        let machine = looked.get(&node.name)?.as_ref().ok()?;
        lock_state(node, machine)
    });
    let (locked, free): (Vec<_>, Vec<_>) = seen
        .filter(|(.., state)| matches!(state, LockState::Free | LockState::Locked { .. }))
        .partition(|(.., state)| matches!(state, LockState::Locked { .. }));
    for (line, disk, _) in free.iter().filter(|_| !locked.is_empty()) {
        let other = locked.first().map_or("", |(_, disk, _)| disk.as_str());
        found.error(
            *line,
            format!("{disk} is empty, and {other} is not"),
            "all name the same disk",
        );
    }
}

fn cards(node: &Node, machine: &Machine, found: &mut Findings) {
    let there = |name: &str| machine.cards.iter().find(|card| card.name == name);
    for interface in &node.interfaces {
        let Some(card) = there(&interface.name) else {
            let names: Vec<&str> = machine.cards.iter().map(|card| card.name.as_str()).collect();
            let what = format!("{} has no network card {}", node.name, interface.name);
            found.error(interface.line, what, &format!("it has {}", view::words::list(&names)));
            continue;
        };
        if let Some(whole) = &card.part_of {
            let what = format!("{} of {} is a part of {whole}", card.name, node.name);
            found.error(interface.line, what, &format!("say {whole}"));
        } else if !card.works {
            let what = format!("{} of {} has no link", card.name, node.name);
            found.warning(interface.line, what, "is its cable in?");
        }
        addresses(node, interface, card, machine, found);
    }
    for active in node.interfaces.iter().filter(|card| !card.is_standby()) {
        for standby in node.standbys_of(active) {
            if let (Some(a), Some(b)) = (there(&active.name), there(&standby.name)) {
                stands_by(node, (a, b), standby.line, found);
            }
        }
    }
}

fn addresses(
    node: &Node,
    interface: &Interface,
    card: &Card,
    machine: &Machine,
    found: &mut Findings,
) {
    for address in interface.addresses() {
        let has = |card: &&Card| card.addresses.iter().any(|at| at.ip == address.value);
        if has(&card) {
            continue;
        }
        let what = format!("{} of {} has no address {}", card.name, node.name, address.value);
        // Where a standby card has it at the moment, the cluster has put it there.
        let now = machine.cards.iter().find(has);
        let stands_by = |other: &Card| {
            node.standbys_of(interface).iter().any(|standby| standby.name == other.name)
        };
        match now {
            Some(other) if stands_by(other) => {
                let what = format!("{} is on {} at the moment", address.value, other.name);
                found.note(address.line, what, &format!("which stands by for {}", card.name));
            }
            Some(other) => found.error(address.line, what, &format!("{} has it", other.name)),
            None => {
                let own = own_address(card).map(|at| format!("it has {}", at.ip));
                found.error(address.line, what, own.as_deref().unwrap_or("it has none"));
            }
        }
    }
    if interface.is_standby()
        && let Some(own) = own_address(card)
    {
        let is_ours = node.addresses().any(|said| said.value == own.ip);
        if !is_ours {
            let what = format!("{} of {} stands by, and has an address", card.name, node.name);
            found.warning(interface.line, what, &format!("say it: {}", own.ip));
        }
    }
}

fn stands_by(node: &Node, (active, standby): (&Card, &Card), line: u32, found: &mut Findings) {
    if let (Some(a), Some(b)) = (active.wire, standby.wire)
        && a != b
    {
        let what = format!(
            "{} of {} stands by for {}, and is on another wire",
            standby.name, node.name, active.name
        );
        found.error(line, what, "connect them, or name it below the card whose wire it is on");
    }
}

/// Each heartbeat subnet of the first node that was looked at is one of every other.
fn same_networks(cluster: &Cluster, looked: &BTreeMap<String, Looked>, found: &mut Findings) {
    let of = |node: &Node| {
        let machine = looked.get(&node.name)?.as_ref().ok()?;
        let network = |ip: IpAddr| {
            let all = machine.cards.iter().flat_map(|card| &card.addresses);
            all.into_iter().find(|at| at.ip == ip).map(|at| (at.network, at.prefix))
        };
        Some(node.heartbeats().filter_map(|said| network(said.value)).collect::<Vec<_>>())
    };
    let mut known = cluster.nodes.iter().filter_map(|node| Some((node, of(node)?)));
    let Some((first, wanted)) = known.next() else { return };
    for (node, has) in known {
        for (network, prefix) in wanted.iter().filter(|network| !has.contains(network)) {
            let what = format!(
                "{} has no heartbeat on {network}/{prefix}, and {} has",
                node.name, first.name
            );
            found.error(node.line, what, "each node is on each heartbeat subnet");
        }
    }
}
