//! All cards of the machine, and which of them are on one wire.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use lan::Address;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cards::{address_of, see};
use crate::frames::{LOCAL, heard_from, question};
use crate::netlink;
use crate::packet::send;

/// A card, as the kernel shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    pub name: String,
    /// Switched on, and with a link.
    pub works: bool,
    pub is_ethernet: bool,
    /// The bond or bridge that it is a part of.
    pub part_of: Option<String>,
    /// In the kernel's order, but those that came second in their networks last. Addresses of a link
    /// alone are left out.
    pub addresses: Vec<Address>,
}

/// All cards but the loopback, in the kernel's order.
///
/// # Errors
/// If the kernel does not answer.
pub fn survey() -> io::Result<Vec<Surveyed>> {
    let socket = netlink::open()?;
    let mut found: Vec<(u32, Option<u32>, Surveyed)> = Vec::new();
    let mut names = BTreeMap::new();
    for answer in netlink::dump(&socket, RouteNetlinkMessage::GetLink(LinkMessage::default()))? {
        let RouteNetlinkMessage::NewLink(message) = answer else { continue };
        let (index, part_of, card) = card(&message);
        names.insert(index, card.name.clone());
        if !message.header.flags.contains(LinkFlags::Loopback) {
            found.push((index, part_of, card));
        }
    }
    let mut later = Vec::new();
    let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    for answer in netlink::dump(&socket, question)? {
        let RouteNetlinkMessage::NewAddress(message) = answer else { continue };
        let (Some(address), index) = (address_of(&message), message.header.index) else { continue };
        match found.iter_mut().find(|(of, _, _)| *of == index) {
            Some(_) if is_second(&message) => later.push((index, address)),
            Some((_, _, card)) => card.addresses.push(address),
            None => {}
        }
    }
    for (index, address) in later {
        let card = found.iter_mut().find(|(of, _, _)| *of == index);
        card.into_iter().for_each(|(_, _, card)| card.addresses.push(address));
    }
    let named = |(_, part_of, card): (u32, Option<u32>, Surveyed)| Surveyed {
        part_of: part_of.and_then(|index| names.get(&index).cloned()),
        ..card
    };
    Ok(found.into_iter().map(named).collect())
}

fn card(message: &LinkMessage) -> (u32, Option<u32>, Surveyed) {
    let flags = message.header.flags;
    let (mut name, mut part_of) = (String::new(), None);
    for attribute in &message.attributes {
        if let LinkAttribute::IfName(text) = attribute {
            name.clone_from(text);
        } else if let LinkAttribute::Controller(index) = attribute {
            part_of = Some(*index);
        }
    }
    let card = Surveyed {
        name,
        works: flags.contains(LinkFlags::Up) && flags.contains(LinkFlags::LowerUp),
        is_ethernet: message.header.link_layer_type == LinkLayerType::Ether,
        part_of: None,
        addresses: Vec::new(),
    };
    (message.header.index, part_of, card)
}

/// Whether another address of the same network was there before.
fn is_second(message: &AddressMessage) -> bool {
    message.attributes.iter().any(|attribute| {
        matches!(attribute, AddressAttribute::Flags(flags) if flags.contains(AddressFlags::Secondary))
    })
}

/// How often each card is heard out for its neighbours: frames may be lost.
const ROUNDS: u32 = 3;
/// How long a frame may take from one card to another, with switches between them.
const ROUND: Duration = Duration::from_millis(250);

/// For each of these Ethernet cards the number of its wire. Frames are sent from each, and the others
/// listen: whom a card hears is on its wire.
///
/// # Errors
/// If there is no such card, or the process may not listen.
pub fn wires(cards: &[&str]) -> io::Result<Vec<u32>> {
    let seen = see(&netlink::open()?)?;
    let mut listening = Vec::new();
    for name in cards {
        let card = seen.get(*name);
        let card = card.ok_or_else(|| io::Error::other(format!("there is no card {name}")))?;
        listening.push((card, listen(card.index)?));
    }
    // So that what another process sends at the same time is not taken for ours.
    let asker = std::process::id();
    let mut wire: Vec<u32> = (0..).take(cards.len()).collect();
    for _ in 0..ROUNDS {
        for (card, _) in &listening {
            send(card, &question(card.hardware()?, asker, card.index))?;
        }
        let end = Instant::now() + ROUND;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            wait(&listening, left)?;
            for (at, (_, socket)) in listening.iter().enumerate() {
                for index in heard(socket, asker) {
                    let from = listening.iter().position(|(card, _)| card.index == index);
                    from.into_iter().for_each(|from| join(&mut wire, at, from));
                }
            }
        }
    }
    Ok(wire)
}

/// Two cards are on one wire, and so are all that were on one with either.
fn join(wire: &mut [u32], a: usize, b: usize) {
    let (Some(a), Some(b)) = (wire.get(a).copied(), wire.get(b).copied()) else { return };
    for each in wire.iter_mut().filter(|each| **each == a.max(b)) {
        *each = a.min(b);
    }
}

fn wait<T>(listening: &[(T, OwnedFd)], at_most: Duration) -> io::Result<()> {
    let mut sockets: Vec<PollFd<'_>> = listening
        .iter()
        .map(|(_, socket)| PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN))
        .collect();
    let at_most = Timespec::try_from(at_most).map_err(io::Error::other)?;
    match poll(&mut sockets, Some(&at_most)) {
        Err(error) if error != rustix::io::Errno::INTR => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A socket that hears what comes in at a card and is ours. It never blocks.
fn listen(index: u32) -> io::Result<OwnedFd> {
    #[expect(unsafe_code, reason = "there is no safe wrapper for packet sockets in our crates")]
    // SAFETY: the descriptor is owned as soon as it is known to be one. The address is a zeroed
    // `sockaddr_ll`, for which every bit pattern is valid, and is passed with its own size; the kernel
    // does not keep it.
    unsafe {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        let raw = libc::socket(libc::AF_PACKET, kind, 0);
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = OwnedFd::from_raw_fd(raw);
        let mut at: libc::sockaddr_ll = mem::zeroed();
        at.sll_family = libc::AF_PACKET as u16;
        at.sll_protocol = LOCAL.to_be();
        at.sll_ifindex = index as i32;
        let size = size_of::<libc::sockaddr_ll>() as u32;
        let bound = libc::bind(socket.as_raw_fd(), (&raw const at).cast(), size);
        if bound < 0 { Err(io::Error::last_os_error()) } else { Ok(socket) }
    }
}

/// From which of our cards frames have come in since this was asked last.
fn heard(socket: &OwnedFd, asker: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut bytes = [0; 128];
    while let Ok(count) = rustix::io::read(socket, &mut bytes) {
        found.extend(heard_from(bytes.get(..count).unwrap_or_default(), asker));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Set inside the namespace of the test.
    const INSIDE: &str = "QUORATE_TEST_INSIDE";

    /// Two switches: the first with two cards, the second with one; a bond's part; one without a link.
    const CARDS: &str = "set -e
for n in 0 1; do ip link add br$n type bridge; ip link set br$n up; done
for n in 0 1 2; do
    ip link add p$n type veth peer name eth$n
    ip link set p$n up
    ip link set eth$n up
done
ip link set p0 master br0
ip link set p1 master br0
ip link set p2 master br1
ip link add dark0 type veth peer name dark1
ip addr add 192.0.2.2/24 dev eth0
ip addr add 192.0.2.9/24 dev eth0
ip addr add 198.51.100.2/25 dev eth0
exec \"$@\"";

    #[test]
    fn cards_of_one_wire_are_found() {
        if std::env::var_os(INSIDE).is_some() {
            let found = survey().unwrap();
            let of = |name: &str| found.iter().find(|card| card.name == name).unwrap();
            assert!(!found.iter().any(|card| card.name == "lo"));
            let ips: Vec<String> = of("eth0").addresses.iter().map(ToString::to_string).collect();
            assert_eq!(ips, ["192.0.2.2/24", "198.51.100.2/25", "192.0.2.9/24"]);
            assert_eq!(of("p0").part_of.as_deref(), Some("br0"));
            assert!(of("eth1").works && !of("dark0").works && of("eth1").is_ethernet);
            assert_eq!(wires(&["eth0", "eth1", "eth2"]).unwrap(), [0, 0, 2]);
            assert_eq!(wires(&["eth2", "eth1", "eth0"]).unwrap(), [0, 1, 1]);
            assert!(wires(&["eth9"]).is_err());
            return;
        }
        if !testkit::is_root() || !testkit::has(&["/usr/sbin/ip"]) {
            return;
        }
        let name = "survey::tests::cards_of_one_wire_are_found";
        let own = std::env::current_exe().unwrap();
        let words = ["--net", "sh", "-c", CARDS, "sh"];
        let mut inside = Command::new("unshare");
        inside.args(words).arg(own).args(["--exact", name]).env(INSIDE, "1");
        let output = inside.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    #[test]
    fn wires_that_meet_are_one() {
        let mut wire = [0, 1, 2, 3];
        join(&mut wire, 3, 2);
        join(&mut wire, 0, 3);
        assert_eq!(wire, [0, 1, 0, 0]);
    }
}
