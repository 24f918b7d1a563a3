//! Transport, encryption and time-outs, against each other.

use std::net::IpAddr;

use super::Findings;
use crate::settings::{Interface, Settings, Transport, Valued};
use crate::timing::Effective;

/// Keys of an interface that only the one or the other transport obeys.
const ONLY_UDP: &[&str] = &["bindnetaddr", "mcastaddr", "broadcast", "ttl"];

/// Below this a busy machine is taken for dead (ms).
const TOKEN_RISKY: u64 = 250;

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let has_totem = settings.totem != Default::default() || !settings.interfaces.is_empty();
    if !has_totem {
        found.error(0, "there is nothing about `totem`", "it needs at least `version: 2`");
    }
    transport(settings, found);
    encryption(settings, found);
    time(settings, found);
    for interface in &settings.interfaces {
        one_interface(settings, interface, found);
    }
    repeated_links(settings, found);
    if settings.totem.cluster_name.is_none() && has_totem {
        found.note(
            0,
            "the cluster has no `cluster_name`",
            "clusters on one network mix up without",
        );
    }
    if let Some(said) = settings.totem.config_version.as_ref().filter(|said| said.value == 0) {
        found.note(said.line, "`config_version` is 0", "then an old file is not noticed");
    }
}

/// What carries the messages: before Corosync 3, multicast did unless told otherwise.
fn carrier(settings: &Settings, found: &Findings) -> Transport {
    let default = if found.release >= (3, 0) { Transport::Knet } else { Transport::Udp };
    settings.totem.transport.as_ref().map_or(default, |said| said.value)
}

fn transport(settings: &Settings, found: &mut Findings) {
    let links =
        settings.nodes.iter().flat_map(|node| &node.addresses).filter(|(link, _)| *link > 0);
    let transport = carrier(settings, found);
    if transport == Transport::Knet {
        let multicast =
            settings.interfaces.iter().find_map(|interface| interface.mcastaddr.as_ref());
        if let Some(said) = multicast.filter(|_| settings.totem.transport.is_none()) {
            let what = "multicast, and no `transport`: Corosync 3 uses knet then";
            found.warning(said.line, what, "say `transport: udp` if multicast is meant");
        }
        if settings.nodes.is_empty() && has_any_totem(settings) {
            found.error(0, "knet needs a nodelist", "");
        }
        return;
    }
    if found.release >= (3, 0) {
        for (link, address) in links {
            let what = format!("ring{link}_addr: only knet has more than one link");
            found.error(address.line, what, "say `transport: knet`");
        }
        if let Some(mode) = &settings.totem.link_mode {
            found.warning(mode.line, "`link_mode` is for knet only", "");
        }
    }
    if transport == Transport::Udpu && settings.nodes.is_empty() {
        let has_members = settings.interfaces.iter().any(|interface| !interface.members.is_empty());
        if !has_members {
            found.error(0, "udpu needs a nodelist", "it sends to each node by its address");
        }
    }
    if transport == Transport::Udp && settings.interfaces.is_empty() && settings.nodes.is_empty() {
        found.error(0, "udp needs an interface with a bindnetaddr, or a nodelist", "");
    }
}

fn has_any_totem(settings: &Settings) -> bool {
    settings.totem != Default::default() || !settings.interfaces.is_empty()
}

fn encryption(settings: &Settings, found: &mut Findings) {
    let totem = &settings.totem;
    let set = |said: &Option<Valued<String>>| {
        said.as_ref().filter(|said| said.value != "none").map(|said| said.line)
    };
    let (cipher, hash) = (set(&totem.cipher), set(&totem.hash));
    let secauth = totem.secauth.as_ref().filter(|said| said.value).map(|said| said.line);
    let is_new = found.release >= (3, 0);
    let line = cipher.or(hash).or(secauth);
    match (carrier(settings, found), line) {
        (Transport::Udp | Transport::Udpu, Some(line)) if is_new => {
            let what = "encryption without knet: Corosync 3 refuses to start";
            found.error(line, what, "say `transport: knet`, or leave encryption out");
        }
        (Transport::Knet, None) if is_new && has_any_totem(settings) => {
            let line = totem.cipher.as_ref().or(totem.hash.as_ref()).map_or(0, |said| said.line);
            let what = "what travels is neither encrypted nor signed";
            found.warning(line, what, "say `crypto_cipher: aes256` and `crypto_hash: sha256`");
        }
        (Transport::Knet | Transport::Udp | Transport::Udpu, Some(_) | None) => {}
    }
    let has_no_hash = hash.is_none() && (secauth.is_none() || totem.hash.is_some());
    if let Some(line) = cipher.filter(|_| has_no_hash) {
        found.error(line, "encrypted but not signed", "say `crypto_hash: sha256` as well");
    }
    let weak = totem.hash.as_ref().filter(|said| matches!(said.value.as_str(), "md5" | "sha1"));
    if let Some(weak) = weak {
        found.warning(weak.line, format!("{} is weak", weak.value), "sha256 costs little more");
    }
}

fn time(settings: &Settings, found: &mut Findings) {
    let totem = &settings.totem;
    let effective = Effective::of(settings);
    let token_line = totem.token.as_ref().map_or(0, |said| said.line);
    if let Some(consensus) = &totem.consensus {
        let least = effective.least_consensus();
        let real = effective.real_token;
        let join = totem.join.as_ref().map_or(50, |join| join.value);
        if consensus.value < join {
            let what = format!("consensus ({}) is shorter than join ({join})", consensus.value);
            found.error(consensus.line, what, "Corosync refuses to start");
        } else if consensus.value < least {
            let what = format!(
                "consensus ({}) is less than 1.2 times the token ({real})",
                consensus.value
            );
            found.warning(consensus.line, what, &format!("{least} at least, or leave it out"));
        }
    }
    if !effective.retransmits() {
        let line = totem.token_retransmit.as_ref().map_or(token_line, |said| said.line);
        let what = format!("the token would be sent again every {} ms", effective.retransmit);
        found.error(line, what, "30 at least: a longer token, or fewer retransmits");
    }
    if let Some(token) = totem.token.as_ref().filter(|_| effective.real_token < TOKEN_RISKY) {
        let what = format!("a token of {} ms takes busy machines for dead", effective.real_token);
        found.warning(token.line, what, "`quorate cluster timing` shows what can be had");
    }
    for (said, name) in [(&totem.token_retransmit, "token_retransmit"), (&totem.hold, "hold")] {
        if let Some(said) = said {
            found.note(said.line, format!("`{name}` is made of the token if it is left out"), "");
        }
    }
}

fn one_interface(settings: &Settings, interface: &Interface, found: &mut Findings) {
    let transport = carrier(settings, found);
    for key in &interface.keys {
        let name = key.value.as_str();
        let is_udp = ONLY_UDP.contains(&name);
        if transport == Transport::Knet && is_udp && found.release >= (3, 0) {
            found.warning(
                key.line,
                format!("`{name}` does nothing with knet"),
                "addresses are in the nodelist",
            );
        }
        if transport != Transport::Knet && name.starts_with("knet_") {
            found.warning(key.line, format!("`{name}` is for knet only"), "");
        }
    }
    if let (Some(broadcast), Some(group)) = (&interface.broadcast, &interface.mcastaddr)
        && broadcast.value
    {
        found.error(group.line, "a multicast address beside `broadcast: yes`", "one of them");
    }
    if let Some(group) = &interface.mcastaddr
        && let Ok(address) = group.value.parse::<IpAddr>()
    {
        multicast(group.line, address, found);
    }
    let has_network = interface.bindnetaddr.is_some() || !settings.nodes.is_empty();
    if transport == Transport::Udp && !has_network {
        found.error(interface.line, "udp without a `bindnetaddr`", "the network, such as 10.0.0.0");
    }
    bind_address(settings, interface, found);
}

fn multicast(line: u32, address: IpAddr, found: &mut Findings) {
    if !address.is_multicast() {
        let what = format!("{address} is no multicast address");
        found.error(line, what, "they begin with 224 to 239, or with ff");
    } else if matches!(address, IpAddr::V4(v4) if v4.octets().first() == Some(&224)) {
        found.warning(line, format!("{address} is kept for routers' own use"), "239.x.y.z is free");
    }
}

/// Addresses of the nodelist win over the network that is bound to.
fn bind_address(settings: &Settings, interface: &Interface, found: &mut Findings) {
    let Some(bind) = &interface.bindnetaddr else { return };
    if carrier(settings, found) == Transport::Knet || settings.nodes.is_empty() {
        return;
    }
    let link = interface.link.as_ref().map_or(0, |link| link.value);
    let ours = settings.nodes.iter().flat_map(|node| &node.addresses);
    let on_link: Vec<IpAddr> = ours
        .filter(|(of, _)| u64::from(*of) == link)
        .filter_map(|(_, address)| address.value.parse().ok())
        .collect();
    let Ok(network) = bind.value.parse::<IpAddr>() else { return };
    if !on_link.is_empty() && !on_link.iter().any(|address| shares_beginning(*address, network)) {
        let what = format!("bindnetaddr {network} is no network of the nodes' ring{link}_addr");
        found.warning(bind.line, what, "the nodelist's addresses count; leave it out");
    }
}

/// Whether two addresses can be of one network at all: a quarter of them is equal.
fn shares_beginning(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.octets().first() == b.octets().first(),
        (IpAddr::V6(a), IpAddr::V6(b)) => a.segments().first() == b.segments().first(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn repeated_links(settings: &Settings, found: &mut Findings) {
    for (index, interface) in settings.interfaces.iter().enumerate() {
        let number = |of: &Interface| of.link.as_ref().map_or(0, |link| link.value);
        let same = |other: &&Interface| number(other) == number(interface);
        if let Some(first) = settings.interfaces.iter().take(index).find(same) {
            let what = format!("link {} was described in line {}", number(interface), first.line);
            found.error(interface.line, what, "each link has one section");
        }
        let link = number(interface);
        let is_used = settings
            .nodes
            .iter()
            .any(|node| node.addresses.iter().any(|(of, _)| u64::from(*of) == link));
        if carrier(settings, found) == Transport::Knet && !settings.nodes.is_empty() && !is_used {
            let what = format!("no node has an address on link {link}");
            found.warning(interface.line, what, &format!("say ring{link}_addr for every node"));
        }
    }
}
