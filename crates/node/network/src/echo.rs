//! ICMP echo: asking an address whether it is there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};

use crate::frames::internet_checksum;

/// Requests and replies: ICMP (RFC 792) and ICMPv6 (RFC 4443).
const REQUEST: [u8; 2] = [8, 128];
const REPLY: [u8; 2] = [0, 129];

/// Sockets for questions and answers of both families. They never block.
#[derive(Debug)]
pub struct Echo {
    four: OwnedFd,
    six: Option<OwnedFd>,
    /// Tells our questions from those of others.
    id: u16,
    sequence: u16,
}

impl Echo {
    /// Opens the sockets. Where the kernel has no IPv6, only IPv4 can be asked.
    ///
    /// # Errors
    /// If the process may not.
    pub fn new() -> io::Result<Self> {
        let open = |family, protocol| {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            rustix::net::socket_with(family, SocketType::RAW, flags, Some(protocol))
        };
        Ok(Self {
            four: open(AddressFamily::INET, ipproto::ICMP)?,
            six: open(AddressFamily::INET6, ipproto::ICMPV6).ok(),
            id: std::process::id() as u16,
            sequence: 0,
        })
    }

    /// What to wait on for answers.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.four.as_fd()).chain(self.six.as_ref().map(AsFd::as_fd))
    }

    /// Asks an address.
    ///
    /// # Errors
    /// If there is no way to it.
    pub fn ask(&mut self, address: IpAddr) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let socket = if address.is_ipv4() { Some(&self.four) } else { self.six.as_ref() };
        let socket = socket.ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        let question = question(address.is_ipv4(), self.id, self.sequence);
        let to = SocketAddr::new(address, 0);
        rustix::net::sendto(socket, &question, SendFlags::empty(), &to)?;
        Ok(())
    }

    /// Who has answered since this was asked last.
    pub fn answers(&self) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for socket in std::iter::once(&self.four).chain(self.six.as_ref()) {
            let mut bytes = [0; 256];
            while let Ok((count, _, Some(from))) =
                rustix::net::recvfrom(socket, &mut bytes, RecvFlags::empty())
            {
                let Ok(from) = SocketAddr::try_from(from) else { continue };
                let heard = bytes.get(..count).unwrap_or_default();
                if is_reply(from.is_ipv4(), heard, self.id) {
                    found.push(from.ip());
                }
            }
        }
        found
    }
}

fn question(is_ipv4: bool, id: u16, sequence: u16) -> Vec<u8> {
    let [four, six] = REQUEST;
    let mut bytes = vec![if is_ipv4 { four } else { six }, 0, 0, 0];
    bytes.extend(id.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(b"quorate");
    // The kernel fills in the one of IPv6, which covers addresses that it chooses.
    if is_ipv4 {
        let sum = internet_checksum(&bytes).to_be_bytes();
        if let Some(place) = bytes.get_mut(2..4) {
            place.copy_from_slice(&sum);
        }
    }
    bytes
}

fn is_reply(is_ipv4: bool, heard: &[u8], id: u16) -> bool {
    let [four, six] = REPLY;
    // Of IPv4 the kernel gives the whole packet; its header says how long that is.
    let header =
        if is_ipv4 { usize::from(heard.first().map_or(0, |byte| byte & 15)) * 4 } else { 0 };
    let Some([kind, 0, _, _, high, low, ..]) = heard.get(header..) else { return false };
    *kind == if is_ipv4 { four } else { six } && u16::from_be_bytes([*high, *low]) == id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replies_to_our_own_questions_count() {
        let mut packet = vec![0x45];
        packet.extend([0; 19]);
        packet.extend(question(true, 7, 1));
        assert!(!is_reply(true, &packet, 7), "that is the question");
        packet[20] = 0;
        assert!(is_reply(true, &packet, 7));
        assert!(!is_reply(true, &packet, 8));
        assert!(is_reply(false, &[129, 0, 0, 0, 0, 7, 0, 1], 7));
        assert!(!is_reply(false, &[129, 0, 0], 7) && !is_reply(true, &[], 7));
    }

    #[test]
    fn this_machine_answers_itself() {
        if !testkit::is_root() {
            return;
        }
        let mut echo = Echo::new().unwrap();
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        echo.ask(here).unwrap();
        let begun = std::time::Instant::now();
        while !echo.answers().contains(&here) {
            assert!(begun.elapsed().as_secs() < 60, "no answer");
            std::thread::yield_now();
        }
    }
}
