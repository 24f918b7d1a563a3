//! Frames onto a wire, as they are.

use std::io;
use std::mem;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::cards::{Seen, see};
use crate::frames::{announcements, noise};
use crate::netlink;

/// Tells the neighbours on a card's wire that addresses are here now: gratuitous ARP, and unsolicited
/// neighbour advertisements.
///
/// # Errors
/// If there is no such Ethernet card, or its wire takes no frames.
pub fn announce(card: &str, addresses: &[IpAddr]) -> io::Result<()> {
    let card = ethernet(card)?;
    let hardware = card.hardware()?;
    let mut frames = addresses.iter().flat_map(|address| announcements(hardware, *address));
    frames.try_for_each(|frame| send(&card, &frame))
}

/// Sends a frame that the other cards of the wire hear and nobody heeds.
///
/// # Errors
/// If there is no such Ethernet card, or its wire takes no frames.
pub fn provoke(card: &str) -> io::Result<()> {
    let card = ethernet(card)?;
    send(&card, &noise(card.hardware()?))
}

fn ethernet(name: &str) -> io::Result<Seen> {
    let mut seen = see(&netlink::open()?)?;
    seen.remove(name).ok_or_else(|| io::Error::other(format!("there is no card {name}")))
}

pub(crate) fn send(card: &Seen, frame: &[u8]) -> io::Result<()> {
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
        to.sll_ifindex = card.index as i32;
        to.sll_halen = 6;
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
