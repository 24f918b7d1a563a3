//! `cmviewconf`: the configuration that counts, all of it, for people.

use std::fmt::Write as _;

use serviceguard::{Cluster, Package, lower};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::seen::World;

/// Shows it, or writes it to `-o`.
pub(crate) fn cmviewconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "o:")?;
    let world = World::read(&Home::find())?;
    if lower::cluster_text(&world.document).is_none() {
        return Err(Trouble::new("No cluster file was applied"));
    }
    let text = text(&world);
    match call.value('o') {
        None => said.text(text),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Trouble(format!("Unable to write {path}: {error}")))?,
    }
    Ok(())
}

pub(crate) fn text(world: &World) -> String {
    let mut text = String::new();
    of_cluster(&world.cluster, &mut text);
    of_nodes(&world.cluster, &mut text);
    text.push_str("\nCluster Package information:\n");
    for package in &world.packages {
        of_package(world, package, &mut text);
    }
    text
}

fn line(text: &mut String, depth: usize, name: &str, value: impl std::fmt::Display) {
    let name = format!("{:depth$}{name}:", "", depth = 4 * depth);
    let _never_fails = writeln!(text, "{name:<36} {value}");
}

/// As seconds, of what the file has in microseconds.
fn seconds(text: &mut String, name: &str, said: Option<u64>) {
    if let Some(time) = said {
        #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
        let time = time as f64 / 1e6;
        line(text, 1, name, format!("{time:.2} (seconds)"));
    }
}

fn of_cluster(cluster: &Cluster, text: &mut String) {
    text.push_str("Cluster information:\n");
    line(text, 1, "cluster name", cluster.name.as_ref().map_or("", |name| &name.value));
    let time = |said: &Option<serviceguard::Valued<u64>>| said.as_ref().map(|said| said.value);
    seconds(text, "heartbeat interval", time(&cluster.heartbeat_interval));
    seconds(text, "node timeout", time(&cluster.node_timeout));
    seconds(text, "member timeout", time(&cluster.member_timeout));
    seconds(text, "auto start timeout", time(&cluster.auto_start_timeout));
    seconds(text, "network polling interval", time(&cluster.network_polling_interval));
    if let Some(most) = &cluster.packages_max {
        line(text, 1, "max configured packages", most.value);
    }
    let lock = &cluster.lock;
    for (name, said) in [
        ("quorum server", &lock.server),
        ("first cluster lock vg", &lock.first_group),
        ("second cluster lock vg", &lock.second_group),
    ] {
        said.iter().for_each(|said| line(text, 1, name, &said.value));
    }
    cluster.volume_groups.iter().for_each(|group| line(text, 1, "volume group", &group.value));
    for policy in &cluster.policies {
        let of = |said: &Option<serviceguard::Valued<String>>| {
            said.as_ref().map_or_else(String::new, |said| said.value.clone())
        };
        let (host, role) = (of(&policy.host), of(&policy.role).to_uppercase());
        line(text, 1, "access policy", format!("{} from {host}: {role}", policy.users.value));
    }
}

fn of_nodes(cluster: &Cluster, text: &mut String) {
    text.push_str("\nCluster Node information:\n");
    for (at, node) in cluster.nodes.iter().enumerate() {
        line(text, 1, &format!("Node ID {}", at + 1), &node.name);
        for card in &node.interfaces {
            let of = |addresses: &[serviceguard::Valued<std::net::IpAddr>], kind: &str| {
                let found = addresses.iter().map(|said| format!("{} ({kind})", said.value));
                found.collect::<Vec<_>>()
            };
            let all = [of(&card.heartbeat, "heartbeat"), of(&card.stationary, "stationary")];
            let all = all.concat().join(", ");
            let shown = if all.is_empty() { "standby".to_owned() } else { all };
            line(text, 2, &format!("interface {}", card.name), shown);
        }
        for lock in [&node.lock_lun, &node.first_lock_device, &node.second_lock_device] {
            lock.iter().for_each(|said| line(text, 2, "cluster lock device", &said.value));
        }
    }
}

fn of_package(world: &World, package: &Package, text: &mut String) {
    line(text, 1, "package name", package.called());
    let kind = match package.kind() {
        serviceguard::Type::Failover => "failover",
        serviceguard::Type::MultiNode => "multi_node",
        serviceguard::Type::SystemMultiNode => "system_multi_node",
    };
    line(text, 2, "package type", kind);
    let auto_run = package.auto_run.as_ref().is_none_or(|said| said.value);
    line(text, 2, "auto run", if auto_run { "yes" } else { "no" });
    world.nodes_of(package).iter().for_each(|node| line(text, 2, "node", node));
    for (name, said) in [("run script", &package.run_script), ("halt script", &package.halt_script)]
    {
        said.iter().for_each(|said| line(text, 2, name, &said.value));
    }
    package.volume_groups.iter().for_each(|group| line(text, 2, "volume group", &group.value));
    package.services.iter().for_each(|service| line(text, 2, "service", &service.name.value));
    package
        .monitored_subnets
        .iter()
        .for_each(|subnet| line(text, 2, "monitored subnet", subnet.value));
}

/// The release whose commands these are as far as they go, which scripts ask for, and what they really are.
pub(crate) fn cmversion(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    Call::read(words, "v")?;
    said.line(format!("A.11.20.00 (Quorate {})", env!("CARGO_PKG_VERSION")));
    Ok(())
}
