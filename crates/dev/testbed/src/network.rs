//! Links and bridges, and their faults.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::machine::enter_network;
use crate::plan::address;
use crate::run::run;
use crate::{Bed, Result};

/// Bridges of a link: one for each group of nodes that see each other.
fn bridge(link: u32, group: usize) -> String {
    format!("br{link}-{group}")
}

/// The port at the bridges of a node's card; each link has the card of its number.
fn port(card: u32, node: u32) -> String {
    format!("p{node}-{card}")
}

fn ip(first: u32, words: &str) -> Result<String> {
    run(enter_network(first, "ip").args(words.split(' ')))
}

/// Makes a bridge if it is not there.
fn make_bridge(switch: u32, name: &str) -> Result<()> {
    if ip(switch, &format!("link show {name}")).is_err() {
        ip(switch, &format!("link add name {name} type bridge forward_delay 0"))?;
    }
    ip(switch, &format!("link set {name} up")).map(drop)
}

/// Makes the bridges of those who are in no group, before nodes want them all at once.
pub(crate) fn make_bridges(bed: &Bed, switch: u32) -> Result<()> {
    (0..bed.plan().links).try_for_each(|link| make_bridge(switch, &bridge(link, 0)))
}

/// Keeps others from moving cables for as long as the answer lives: a node that is just being
/// switched on must not be plugged into what was cut meanwhile.
pub(crate) fn hold(root: &Path) -> Result<fs::File> {
    let path = root.join("run/cables");
    let failed = |error| format!("{}: {error}", path.display());
    let file = fs::File::create(&path).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Gives a node that has just started its links.
pub(crate) fn connect(bed: &Bed, node: u32, first: u32) -> Result<()> {
    let switch = bed.switch()?;
    ip(first, "link set lo up")?;
    for (card, link) in bed.plan().cards() {
        let (port, device) = (port(card, node), format!("eth{card}"));
        // The port of a life before goes with its node, but a moment later.
        let _gone = ip(switch, &format!("link del {port}"));
        let _none = ip(switch, &format!("link del {}", delay_ends(card, node).0));
        let pair = format!("link add {port} type veth peer name {device} netns {first}");
        ip(switch, &pair)?;
        let bridge = bridge(link, bed.group_of(node));
        make_bridge(switch, &bridge)?;
        ip(switch, &format!("link set {port} master {bridge} up"))?;
        if card == link {
            ip(first, &format!("addr add {}/24 dev {device}", address(link, node)))?;
        }
        ip(first, &format!("link set {device} up"))?;
    }
    Ok(())
}

/// Plugs the ports of all nodes that have some into the bridges of their groups.
pub(crate) fn regroup(bed: &Bed) -> Result<()> {
    let switch = bed.switch()?;
    for node in bed.plan().numbers() {
        for (card, link) in bed.plan().cards() {
            let bridge = bridge(link, bed.group_of(node));
            make_bridge(switch, &bridge)?;
            // Where a relay is, its end is what is plugged in.
            let (_, far) = delay_ends(card, node);
            let plug = |end: &str| ip(switch, &format!("link set {end} master {bridge}"));
            let port = port(card, node);
            let plugged = plug(&far).or_else(|_none| plug(&port));
            // A node that has just gone took its port with it.
            if plugged.is_err() && ip(switch, &format!("link show {port}")).is_ok() {
                plugged?;
            }
        }
    }
    Ok(())
}

/// Pulls the cable of a node's card, or plugs it in.
pub(crate) fn set_link(bed: &Bed, node: u32, card: u32, up: bool) -> Result<()> {
    let state = if up { "up" } else { "down" };
    ip(bed.switch()?, &format!("link set {} {state}", port(card, node))).map(drop)
}

/// Which packets of a node get lost, in percent.
pub(crate) fn set_loss(first: u32, incoming: u32, outgoing: u32) -> Result<()> {
    let nft = |words: &str| run(enter_network(first, "nft").arg(words));
    // One that is not there is as good.
    let _none = nft("delete table inet faults");
    if (incoming, outgoing) == (0, 0) {
        return Ok(());
    }
    nft("add table inet faults")?;
    for (hook, percent) in [("input", incoming), ("output", outgoing)] {
        if percent > 0 {
            let chain = format!("{{ type filter hook {hook} priority 0; }}");
            nft(&format!("add chain inet faults {hook} {chain}"))?;
            let lo = if hook == "input" { "iifname" } else { "oifname" };
            let some = format!("numgen random mod 100 < {percent}");
            let which = format!("{lo} != lo {}", if percent < 100 { &some } else { "" });
            nft(&format!("add rule inet faults {hook} {which} drop"))?;
        }
    }
    Ok(())
}

/// What is between a relay and the bridge: the relay's end, and the bridge's.
fn delay_ends(link: u32, node: u32) -> (String, String) {
    (format!("d{node}-{link}"), format!("e{node}-{link}"))
}

/// Carries frames late.
const DELAY: &str = include_str!("delay.py");

/// Makes what a node sends and gets on a link so much late; 0 ends it. A relay stands between the
/// node's port and the bridge, and goes with the bed.
pub(crate) fn set_delay(bed: &Bed, node: u32, link: u32, milliseconds: u32) -> Result<()> {
    let switch = bed.switch()?;
    let (port, bridge) = (port(link, node), bridge(link, bed.group_of(node)));
    let (near, far) = delay_ends(link, node);
    // With its interface an earlier relay ends.
    let _none = ip(switch, &format!("link del {near}"));
    if milliseconds == 0 {
        return ip(switch, &format!("link set {port} master {bridge}")).map(drop);
    }
    ip(switch, &format!("link set {port} nomaster"))?;
    ip(switch, &format!("link add {near} type veth peer name {far}"))?;
    ip(switch, &format!("link set {far} master {bridge} up"))?;
    ip(switch, &format!("link set {near} up"))?;
    ip(switch, &format!("link set {port} promisc on"))?;
    let mut relay = enter_network(switch, "setsid");
    relay.args(["python3", "-c", DELAY, &port, &near, &milliseconds.to_string()]);
    relay.arg(switch.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    relay.spawn().map(drop).map_err(|error| format!("nsenter: {error}"))
}

/// Which packets of a node get lost on one link, in percent.
pub(crate) fn set_link_loss(first: u32, link: u32, incoming: u32, outgoing: u32) -> Result<()> {
    let nft = |words: &str| run(enter_network(first, "nft").arg(words));
    let table = format!("faults{link}");
    // One that is not there is as good.
    let _none = nft(&format!("delete table netdev {table}"));
    let _none = nft(&format!("delete table inet {table}"));
    if incoming > 0 {
        // Below all protocols, so that it holds for ARP, too.
        nft(&format!("add table netdev {table}"))?;
        let hook = format!("type filter hook ingress device eth{link} priority 0;");
        nft(&format!("add chain netdev {table} in {{ {hook} }}"))?;
        nft(&format!("add rule netdev {table} in {} drop", some(incoming)))?;
    }
    if outgoing > 0 {
        nft(&format!("add table inet {table}"))?;
        nft(&format!("add chain inet {table} out {{ type filter hook output priority 0; }}"))?;
        let which = format!("oifname eth{link} {}", some(outgoing));
        nft(&format!("add rule inet {table} out {which} drop"))?;
    }
    Ok(())
}

/// Which packets, in nftables' words: so many of a hundred, which must be fewer.
fn some(percent: u32) -> String {
    if percent < 100 { format!("numgen random mod 100 < {percent}") } else { String::new() }
}
