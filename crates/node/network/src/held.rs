//! One address, on whichever card it is. The loopback is no card: with Linux Virtual Server's direct routing all
//! servers have the address of the service there, and one machine has it on a card.

use std::io;
use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_sys::Socket;

use crate::cards::{address_of, is_gone};
use crate::netlink;

/// The index of the loopback in every network namespace (Linux: `LOOPBACK_IFINDEX`).
const LOOPBACK: u32 = 1;

/// Whether a card of this machine has it now.
///
/// # Errors
/// If the kernel does not answer.
pub fn is_held(ip: IpAddr) -> io::Result<bool> {
    let socket = netlink::open()?;
    // One card is listed after the other: of an address that is handed on just then neither may show it, once.
    Ok(!held(&socket, ip)?.is_empty() || !held(&socket, ip)?.is_empty())
}

/// Takes it off every card that has it.
///
/// # Errors
/// If the kernel does not answer, or refuses.
pub fn take_off(ip: IpAddr) -> io::Result<()> {
    let socket = netlink::open()?;
    for message in held(&socket, ip)? {
        match netlink::change(&socket, RouteNetlinkMessage::DelAddress(message), 0) {
            Err(error) if !is_gone(&error) => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn held(socket: &Socket, ip: IpAddr) -> io::Result<Vec<AddressMessage>> {
    let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let mut held = Vec::new();
    for answer in netlink::dump(socket, question)? {
        if let RouteNetlinkMessage::NewAddress(message) = answer
            && message.header.index != LOOPBACK
            && address_of(&message).is_some_and(|address| address.ip == ip)
        {
            held.push(message);
        }
    }
    Ok(held)
}
