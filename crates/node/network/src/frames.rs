//! Ethernet frames, byte by byte.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A card's hardware address.
pub(crate) type Hardware = [u8; 6];

const BROADCAST: Hardware = [0xff; 6];

/// EtherTypes. The last one is for local experiments (IEEE 802): nobody who does not know it heeds it.
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
pub(crate) const LOCAL: u16 = 0x88b5;

/// The shortest Ethernet frame, without its checksum.
const LENGTH_MIN: usize = 60;

const ICMPV6: u8 = 58;

/// What tells all neighbours that an address is at a card now.
pub(crate) fn announcements(hardware: Hardware, address: IpAddr) -> Vec<Vec<u8>> {
    match address {
        // Neighbours differ in whether they heed a request or an answer.
        IpAddr::V4(address) => vec![arp(hardware, address, 1), arp(hardware, address, 2)],
        IpAddr::V6(address) => vec![advertisement(hardware, address)],
    }
}

/// Something that every card of the wire hears, and that means nothing.
pub(crate) fn noise(hardware: Hardware) -> Vec<u8> {
    let mut bytes = ethernet(BROADCAST, hardware, LOCAL);
    bytes.extend(b"quorate lan");
    bytes.resize(LENGTH_MIN, 0);
    bytes
}

/// What opens the frames by which cards find each other.
const QUESTION: &[u8] = b"quorate wire";

/// A frame that says which process sent it from which card.
pub(crate) fn question(hardware: Hardware, asker: u32, card: u32) -> Vec<u8> {
    let mut bytes = ethernet(BROADCAST, hardware, LOCAL);
    bytes.extend(QUESTION);
    bytes.extend(asker.to_be_bytes());
    bytes.extend(card.to_be_bytes());
    bytes.resize(LENGTH_MIN, 0);
    bytes
}

/// From which card a frame is that this process sent.
pub(crate) fn heard_from(frame: &[u8], asker: u32) -> Option<u32> {
    const HEADER: usize = 14;
    let said = frame.get(HEADER..)?.strip_prefix(QUESTION)?.strip_prefix(&asker.to_be_bytes())?;
    said.first_chunk().map(|card| u32::from_be_bytes(*card))
}

fn ethernet(to: Hardware, from: Hardware, kind: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LENGTH_MIN);
    bytes.extend(to);
    bytes.extend(from);
    bytes.extend(kind.to_be_bytes());
    bytes
}

/// A broadcast in which sender and target are the same address: a request (`operation` 1) or an
/// answer (2). Source: RFC 826, RFC 5227.
fn arp(hardware: Hardware, address: Ipv4Addr, operation: u8) -> Vec<u8> {
    let mut bytes = ethernet(BROADCAST, hardware, ARP);
    // Ethernet, IPv4, the lengths of their addresses.
    bytes.extend([0, 1, 8, 0, 6, 4, 0, operation]);
    bytes.extend(hardware);
    bytes.extend(address.octets());
    bytes.extend(BROADCAST);
    bytes.extend(address.octets());
    bytes
}

/// An unsolicited neighbour advertisement to all nodes, that overrides what they knew.
/// Source: RFC 4861, 4.4 and 7.2.6.
fn advertisement(hardware: Hardware, address: Ipv6Addr) -> Vec<u8> {
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    // Type, code, checksum, flags: override; then the address, and who has it.
    let mut said = vec![136, 0, 0, 0, 0x20, 0, 0, 0];
    said.extend(address.octets());
    said.extend([2, 1]);
    said.extend(hardware);
    let sum = checksum(address, all_nodes, &said).to_be_bytes();
    if let Some(place) = said.get_mut(2..4) {
        place.copy_from_slice(&sum);
    }
    let mut bytes = ethernet([0x33, 0x33, 0, 0, 0, 1], hardware, IPV6);
    bytes.extend([0x60, 0, 0, 0]);
    bytes.extend((said.len() as u16).to_be_bytes());
    bytes.extend([ICMPV6, 255]);
    bytes.extend(address.octets());
    bytes.extend(all_nodes.octets());
    bytes.extend(said);
    bytes
}

/// Source: RFC 4443, 2.3; RFC 8200, 8.1.
fn checksum(from: Ipv6Addr, to: Ipv6Addr, said: &[u8]) -> u16 {
    let mut all = Vec::new();
    all.extend(from.octets());
    all.extend(to.octets());
    all.extend((said.len() as u32).to_be_bytes());
    all.extend([0, 0, 0, ICMPV6]);
    all.extend(said);
    internet_checksum(&all)
}

/// Source: RFC 1071.
pub(crate) fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        let high = u32::from(pair.first().copied().unwrap_or_default()) << 8;
        sum += high | u32::from(pair.get(1).copied().unwrap_or_default());
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Hardware = [2, 0, 0, 0, 0, 9];

    #[test]
    fn an_ipv4_address_is_announced_as_the_standard_has_it() {
        let frames = announcements(HERE, "192.0.2.9".parse().unwrap());
        assert_eq!(frames.len(), 2);
        for (frame, operation) in frames.iter().zip([1, 2]) {
            assert_eq!(frame.len(), 42);
            assert_eq!(frame[0..6], BROADCAST);
            assert_eq!(frame[12..22], [8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
            assert_eq!(frame[28..32], [192, 0, 2, 9], "the sender");
            assert_eq!(frame[38..42], [192, 0, 2, 9], "the target");
        }
    }

    #[test]
    fn an_ipv6_address_is_announced_with_a_checksum_that_fits() {
        let address: Ipv6Addr = "2001:db8::9".parse().unwrap();
        let frame = &announcements(HERE, address.into())[0];
        assert_eq!(frame.len(), 14 + 40 + 32);
        assert_eq!(frame[20..22], [ICMPV6, 255]);
        assert_eq!(frame[54..56], [136, 0]);
        assert_eq!(frame[62..78], address.octets());
        assert_eq!(frame[78..86], [2, 1, 2, 0, 0, 0, 0, 9]);
        // With its own checksum in it, the sum is nothing.
        let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        assert_eq!(checksum(address, all_nodes, &frame[54..]), 0);
    }

    #[test]
    fn only_own_questions_are_heard() {
        let frame = question(HERE, 7, 3);
        assert_eq!((frame.len(), heard_from(&frame, 7)), (LENGTH_MIN, Some(3)));
        assert_eq!(heard_from(&frame, 8), None, "somebody else's");
        assert_eq!(heard_from(&noise(HERE), 7), None);
        assert_eq!(heard_from(&frame[..29], 7), None, "cut off");
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        // The example of RFC 1071.
        assert_eq!(internet_checksum(&[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(internet_checksum(&[1]), !0x0100);
    }
}
