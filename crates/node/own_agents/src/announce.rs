//! Tells the neighbours on a link that an IPv4 address is here now: gratuitous ARP.

use std::io;
use std::mem;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Command, ExitCode};

use crate::ocf::{self, Code, Failure, failed};

/// EtherType of ARP.
const ETH_P_ARP: u16 = 0x0806;

/// How often it is said: frames may be lost.
const TIMES: u32 = 3;

pub(crate) fn main(interface: &str, address: &str) -> ExitCode {
    ocf::answer(announce(interface, address))
}

fn announce(interface: &str, address: &str) -> Result<Code, Failure> {
    let address: Ipv4Addr =
        address.parse().map_err(|_| failed(format!("{address} is not an IPv4 address")))?;
    let cannot = |error: io::Error| failed(format!("cannot announce {address}: {error}"));
    let (index, hardware) = interface_of(interface).map_err(cannot)?;
    for frame in [frame(hardware, address, 1), frame(hardware, address, 2)] {
        for _ in 0..TIMES {
            send(index, &frame).map_err(cannot)?;
        }
    }
    Ok(Code::Ok)
}

/// A broadcast in which sender and target are the same address: a request (`operation` 1) or an
/// answer (2), since neighbours differ in which they heed. Source: RFC 826, RFC 5227.
fn frame(hardware: [u8; 6], address: Ipv4Addr, operation: u8) -> Vec<u8> {
    let broadcast = [0xff; 6];
    let mut bytes = Vec::with_capacity(42);
    bytes.extend(broadcast);
    bytes.extend(hardware);
    bytes.extend(ETH_P_ARP.to_be_bytes());
    // Ethernet, IPv4, the lengths of their addresses.
    bytes.extend([0, 1, 8, 0, 6, 4, 0, operation]);
    bytes.extend(hardware);
    bytes.extend(address.octets());
    bytes.extend(broadcast);
    bytes.extend(address.octets());
    bytes
}

/// The interface's number and hardware address, from `ip`: `/sys` may show another namespace's.
fn interface_of(name: &str) -> io::Result<(i32, [u8; 6])> {
    let output = Command::new("ip").args(["-o", "link", "show", "dev", name]).output()?;
    parse_link(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| io::Error::other(format!("{name} is no Ethernet interface")))
}

fn parse_link(line: &str) -> Option<(i32, [u8; 6])> {
    let index = line.split(':').next()?.trim().parse().ok()?;
    let (_, rest) = line.split_once("link/ether ")?;
    let bytes: Result<Vec<u8>, _> =
        rest.split(' ').next()?.split(':').map(|part| u8::from_str_radix(part, 16)).collect();
    Some((index, bytes.ok()?.try_into().ok()?))
}

fn send(index: i32, frame: &[u8]) -> io::Result<()> {
    #[expect(unsafe_code, reason = "there is no safe wrapper for packet sockets in our crates")]
    // SAFETY: the descriptor is owned as soon as it is known to be one. The address is a zeroed
    // `sockaddr_ll`, for which every bit pattern is valid, and is passed with its own size; the
    // frame is passed with its own length. Neither is kept by the kernel.
    let sent = unsafe {
        let raw = libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0);
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = OwnedFd::from_raw_fd(raw);
        let mut to: libc::sockaddr_ll = mem::zeroed();
        to.sll_family = libc::AF_PACKET as u16;
        to.sll_protocol = ETH_P_ARP.to_be();
        to.sll_ifindex = index;
        to.sll_halen = 6;
        to.sll_addr = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0];
        libc::sendto(
            socket.as_raw_fd(),
            frame.as_ptr().cast(),
            frame.len(),
            0,
            (&raw const to).cast(),
            size_of::<libc::sockaddr_ll>() as u32,
        )
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_read() {
        let line =
            "7: qr0@if6: <BROADCAST,UP> mtu 1500 \\    link/ether 02:00:00:00:00:09 brd ff:ff";
        assert_eq!(parse_link(line), Some((7, [2, 0, 0, 0, 0, 9])));
        assert_eq!(parse_link("1: lo: <UP> \\    link/loopback 00:00:00:00:00:00"), None);
    }

    #[test]
    fn the_frame_is_as_the_standard_has_it() {
        let bytes = frame([2, 0, 0, 0, 0, 9], Ipv4Addr::new(192, 0, 2, 9), 2);
        assert_eq!(bytes.len(), 42);
        assert_eq!(bytes[12..22], [8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        assert_eq!(bytes[28..32], [192, 0, 2, 9]);
        assert_eq!(bytes[38..42], [192, 0, 2, 9]);
    }
}
