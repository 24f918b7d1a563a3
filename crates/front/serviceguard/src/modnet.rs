//! `cmmodnet`: addresses that move with packages, and cards that are taken for failed.

use std::net::IpAddr;
use std::process::{Command, Stdio};

use serviceguard::lower::{self, WatchedWire};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::roles;
use crate::seen::World;

/// Adds (`-a`), removes (`-r`) or looks for (`-t`) an address: `cmmodnet -a -i ADDRESS SUBNET`.
pub(crate) fn cmmodnet(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "varti:de")?;
    if call.has('d') || call.has('e') {
        return switch(&call, said);
    }
    let (Some(address), [subnet]) = (call.value('i'), call.words.as_slice()) else {
        return Err(Trouble::new("Specify an address with -i, and its subnet"));
    };
    let address: IpAddr = parsed(address)?;
    let subnet: IpAddr = parsed(subnet)?;
    let cards = cards()?;
    let is_there = cards.iter().any(|card| card.address == address);
    let on_subnet = cards.iter().find(|card| card.network() == Some(subnet));
    let card = on_subnet
        .ok_or_else(|| Trouble::new(format!("No card of this node is on the subnet {subnet}")))?;
    let with_length = format!("{address}/{}", card.length);
    match (call.has('a'), call.has('r'), call.has('t')) {
        (true, false, false) if is_there => {}
        (true, false, false) => {
            ip(&["addr", "add", &with_length, "dev", &card.name])?;
            announce(&card.name, address);
        }
        (false, true, false) if is_there => {
            ip(&["addr", "del", &with_length, "dev", &card.name])?;
        }
        (false, true, false) => {}
        (false, false, true) if is_there => {}
        (false, false, true) => {
            return Err(Trouble::new(format!("{address} is not on this node")));
        }
        _ => return Err(Trouble::new("Specify one of -a, -r, -t")),
    }
    if call.has('v') {
        said.line(format!("{address} on {}: done", card.name));
    }
    Ok(())
}

/// Has what watches a card of this node take it for failed (`-d`), or no longer (`-e`).
fn switch(call: &Call, said: &mut Said<'_>) -> Result<(), Trouble> {
    let ([card], false) = (call.words.as_slice(), call.has('d') && call.has('e')) else {
        return Err(Trouble::new("Specify one of -d, -e, and one network card of this node"));
    };
    roles::needs_root("switching network cards")?;
    let world = World::read(&Home::find())?;
    let node = world.here.clone().ok_or_else(|| Trouble::new("This is no node of a cluster"))?;
    let wires = lower::watched_wires(&world.document, &node);
    let has_it = |wire: &&WatchedWire| wire.cards.iter().any(|one| one == card);
    let watches: Vec<&WatchedWire> = wires.iter().filter(has_it).collect();
    if watches.is_empty() {
        let known: Vec<&str> =
            wires.iter().flat_map(|wire| &wire.cards).map(String::as_str).collect();
        let list = if known.is_empty() { "none".to_owned() } else { view::words::list(&known) };
        return Err(Trouble(format!(
            "Unable to switch {card}, it is not watched on node {node}\nWatched are {list}"
        )));
    }
    let act = if call.has('d') { "disable" } else { "enable" };
    for wire in watches {
        helper(&["lan", act, &wire.resource, card])?;
    }
    if call.has('v') {
        said.line(format!("{card} on node {node}: {act}d"));
    }
    Ok(())
}

fn helper(words: &[&str]) -> Result<(), Trouble> {
    let cannot = |error: std::io::Error| Trouble(format!("Unable to ask what watches it: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
    command.arg("agent-helper").args(words).stdin(Stdio::null());
    let done = command.output().map_err(cannot)?;
    if done.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&done.stderr).replace("ocf-exit-reason:", "");
    Err(Trouble(why.trim().to_owned()))
}

fn parsed(text: &str) -> Result<IpAddr, Trouble> {
    text.parse().map_err(|_| Trouble::new(format!("`{text}` is no address")))
}

/// An address of this node, and its card.
struct Card {
    name: String,
    address: IpAddr,
    length: u32,
}

impl Card {
    /// The first address of its network.
    fn network(&self) -> Option<IpAddr> {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(self.length)?).unwrap_or(0);
                Some(IpAddr::V4((address.to_bits() & mask).into()))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(self.length)?).unwrap_or(0);
                Some(IpAddr::V6((address.to_bits() & mask).into()))
            }
        }
    }
}

fn cards() -> Result<Vec<Card>, Trouble> {
    let card = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let name = words.next()?.split('@').next()?.to_owned();
        let (address, length) = words.nth(1)?.split_once('/')?;
        Some(Card { name, address: address.parse().ok()?, length: length.parse().ok()? })
    };
    Ok(ip(&["-o", "addr", "show"])?.lines().filter_map(card).collect())
}

fn ip(words: &[&str]) -> Result<String, Trouble> {
    let done = Command::new("ip").args(words).stdin(Stdio::null()).output();
    let done = done.map_err(|error| Trouble::new(format!("Unable to run ip: {error}")))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(Trouble::new(String::from_utf8_lossy(&done.stderr).trim().to_owned()))
}

/// Tells the network where the address is now. That it cannot be told is no reason to fail: who asks is
/// answered.
fn announce(card: &str, address: IpAddr) {
    let Ok(program) = std::env::current_exe() else { return };
    let done = Command::new(program)
        .args(["agent-helper", "announce", card, &address.to_string()])
        .stdin(Stdio::null())
        .output();
    let _not_told = done.is_err();
}
