//! Nodes, media and times: Corosync's file.

use std::collections::BTreeSet;

use corosync::{Conf, Member, NewCluster, Settings as Corosync, fresh};

use super::{File, Given, Kind, Making};
use crate::check::span;
use crate::settings::MediumKind;

/// Links that knet can carry.
const LINKS_MAX: usize = 8;

/// The file's text; empty where there are no nodes.
pub(super) fn file(making: &mut Making<'_>, given: Given<'_>) -> String {
    let settings = making.settings;
    if settings.nodes.is_empty() {
        return String::new();
    }
    let devices = devices(making);
    let members = members(making, given, &devices);
    let count = u64::try_from(members.len()).unwrap_or(u64::MAX);
    let Some(timing) = making.timing(count) else { return String::new() };
    times(making, given, &timing);
    let name = settings.cluster.clone();
    let text = fresh(&NewCluster { name, members, timing });
    let mut conf = Conf::parse(&text);
    conf.set(&["logging"], "to_logfile", "yes");
    if let Some(path) = &settings.logfile {
        conf.set(&["logging"], "logfile", path);
    }
    if let Some(facility) = settings.facility.as_ref().filter(|facility| *facility != "none") {
        conf.set(&["logging"], "syslog_facility", facility);
    }
    if settings.debug {
        conf.set(&["logging"], "debug", "on");
    }
    if let Some(model) = &settings.compression {
        let model = if model == "bz2" { "bzip2" } else { model };
        conf.set(&["totem"], "knet_compression_model", model);
    }
    if settings.nodes.len() == 2 {
        making.say(
            File::HaCf,
            0,
            Kind::Differs,
            "two nodes: Corosync's two_node lets one go on alone; but a node that starts alone waits until it \
             has seen the other once (wait_for_all: 0 in corosync.conf goes back to Heartbeat's way)",
        );
    }
    debug_assert!(Corosync::of(&conf).config_version() == 1, "a new file is the first edition");
    let text = conf.to_string();
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    format!("# Made of Heartbeat's ha.cf. Give every member the same file.\n{body}")
}

/// Interfaces that carry heartbeats, each once, in the order of the file: each is a link.
fn devices(making: &mut Making<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let settings = making.settings;
    let mut said = BTreeSet::new();
    for medium in &settings.media {
        let device = &medium.device;
        if let MediumKind::Other { word } = &medium.kind {
            let text = format!("{word} {device}: Corosync has no such links; use another network");
            making.say(File::HaCf, medium.line, Kind::Gone, text);
            continue;
        }
        if !found.contains(device) && found.len() < LINKS_MAX {
            found.push(device.clone());
        }
        let link = found.iter().position(|known| known == device);
        let Some(link) = link.filter(|_| said.insert((medium.line, device))) else { continue };
        let how = match &medium.kind {
            MediumKind::Broadcast => "broadcast".to_owned(),
            MediumKind::Multicast { group, port } => format!("multicast to {group}:{port}"),
            MediumKind::Unicast { address } => format!("packets to {address}"),
            MediumKind::Other { .. } => continue,
        };
        let text = format!(
            "{how} on {device}: knet's link {link}, UDP port {} from node to node",
            5405 + link
        );
        making.say(File::HaCf, medium.line, Kind::Becomes, text);
    }
    if found.is_empty() {
        let text = "no network carries heartbeats: the network of the nodes' names is used";
        making.say(File::HaCf, 0, Kind::Differs, text);
    }
    found
}

/// The nodes with an address on each link.
fn members(making: &mut Making<'_>, given: Given<'_>, devices: &[String]) -> Vec<Member> {
    let mut members = Vec::new();
    let lines: Vec<_> = given.ha.all("node").collect();
    for (id, name) in (1..).zip(&making.settings.nodes) {
        let mut addresses = Vec::new();
        for link in 0..devices.len().max(1) {
            let device = devices.get(link).map(String::as_str);
            let (address, is_name) = address(making, name, link, device);
            addresses.push(address);
            if is_name && making.machines.unresolved.contains(name) {
                let is_said = |word: &&str| word.eq_ignore_ascii_case(name);
                let line = lines.iter().find(|line| line.words().iter().any(is_said));
                let what = format!("node {name} has no address here");
                let hint =
                    format!("say it in /etc/hosts of every node, or by --address {name}=ADDRESS");
                making.findings.error(line.map_or(0, |line| line.number), what, &hint);
            }
        }
        members.push(Member { name: name.clone(), id, addresses });
    }
    members
}

/// The node's address on a link: what the operator said; what this machine has there; whom a line of
/// `ucast` means; for the first link the node's name, and whether it is that.
fn address(
    making: &mut Making<'_>,
    node: &str,
    link: usize,
    device: Option<&str>,
) -> (String, bool) {
    let machines = making.machines;
    let said = machines.addresses.get(node).and_then(|addresses| addresses.get(link));
    let is_local = machines.local.as_deref() == Some(node);
    let own = || device.and_then(|name| machines.interfaces.get(name)).filter(|_| is_local);
    if let Some(known) = said.or_else(own) {
        return (known.clone(), false);
    }
    if let Some(meant) = device.and_then(|device| unicast(making, node, device)) {
        return (meant, false);
    }
    if link == 0 {
        let text = format!(
            "no address of {node} is known on {}: its name is used",
            device.unwrap_or("the network")
        );
        making.say(File::HaCf, 0, Kind::Differs, text);
    } else {
        let device = device.unwrap_or_default();
        let what = format!("the address of {node} on {device} is not known");
        let hint = format!("say --address {node}=ADDRESS,ADDRESS with one for each link");
        making.findings.error(0, what, &hint);
    }
    (node.to_owned(), link == 0)
}

/// Files are the same on all nodes, so a `ucast` line may mean this machine, or any other.
fn unicast(making: &Making<'_>, node: &str, device: &str) -> Option<String> {
    let machines = making.machines;
    let is_own = |address: &String| machines.interfaces.values().any(|own| own == address);
    let targets = making.settings.media.iter().filter_map(|medium| match &medium.kind {
        MediumKind::Unicast { address } if medium.device == device => Some(address),
        MediumKind::Unicast { .. }
        | MediumKind::Broadcast
        | MediumKind::Multicast { .. }
        | MediumKind::Other { .. } => None,
    });
    let others: Vec<&String> = targets.filter(|address| !is_own(address)).collect();
    let resolved = machines.resolved.get(node);
    let by_name = || {
        let of = |address: &&&String| resolved.is_some_and(|known| known.contains(address));
        others.iter().find(of).map(|address| (*address).clone())
    };
    match (making.settings.nodes.len(), others.as_slice()) {
        (2, [one]) if machines.local.as_deref().is_some_and(|local| local != node) => {
            Some((*one).clone())
        }
        _ => by_name(),
    }
}

fn times(making: &mut Making<'_>, given: Given<'_>, timing: &corosync::Timing) {
    let at = |name: &str| given.ha.all(name).last().map_or(0, |line| line.number);
    let deadtime = span(making.settings.deadtime);
    let text = format!(
        "deadtime {deadtime}: a lost node is noticed and given up after {} ms (token {} ms, consensus {} ms); \
         keepalive is Corosync's own business",
        timing.failover(),
        timing.real_token,
        timing.consensus
    );
    making.say(File::HaCf, at("deadtime"), Kind::Becomes, text);
    if timing.failover() > 10_000 {
        let text = "links are encrypted and watched by Corosync: `quorate cluster timing` says how short the \
                    time can be; 2 s are usual";
        making.say(File::HaCf, at("deadtime"), Kind::Differs, text);
    }
    if at("udpport") > 0 {
        let text = "udpport: Corosync uses 5405 and the ports above; open them in the firewall";
        making.say(File::HaCf, at("udpport"), Kind::Differs, text);
    }
}
