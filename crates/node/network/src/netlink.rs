//! Questions to the kernel and its answers: rtnetlink.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

/// The kernel's groups for links, and for addresses of both families. Source: linux/rtnetlink.h.
const GROUPS: [u32; 3] = [1, 5, 9];

/// A socket for questions.
pub(crate) fn open() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok(socket)
}

/// A socket on which the kernel tells of changes. It never blocks.
pub(crate) fn listen() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    for group in GROUPS {
        socket.add_membership(group)?;
    }
    socket.set_non_blocking(true)?;
    Ok(socket)
}

/// Whether the kernel told of any change. What changed is then asked for: what it told may be old by now,
/// and some of it may have been lost.
pub(crate) fn drain(socket: &Socket) -> bool {
    let mut any = false;
    loop {
        match socket.recv_from_full() {
            Ok(_) => any = true,
            // More was told than fits: the same as a change.
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => any = true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return any,
        }
    }
}

/// Everything of a kind.
pub(crate) fn dump(
    socket: &Socket,
    question: RouteNetlinkMessage,
) -> io::Result<Vec<RouteNetlinkMessage>> {
    send(socket, question, NLM_F_DUMP)?;
    let mut found = Vec::new();
    loop {
        for message in receive(socket)? {
            if let NetlinkPayload::InnerMessage(inner) = message.payload {
                found.push(inner);
            } else if let NetlinkPayload::Error(error) = message.payload {
                return Err(error.to_io());
            } else {
                return Ok(found);
            }
        }
    }
}

/// Asks for a change, and waits until it is made. `flags` are those besides the usual.
pub(crate) fn change(socket: &Socket, request: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
    send(socket, request, NLM_F_ACK | flags)?;
    for message in receive(socket)? {
        if let NetlinkPayload::Error(error) = message.payload {
            return if error.code.is_none() { Ok(()) } else { Err(error.to_io()) };
        }
    }
    Err(io::Error::other("the kernel did not answer"))
}

fn send(socket: &Socket, request: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flags;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(request));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0).map(|_| ())
}

/// The messages of one datagram.
fn receive(socket: &Socket) -> io::Result<Vec<NetlinkMessage<RouteNetlinkMessage>>> {
    let (bytes, _) = socket.recv_from_full()?;
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
            .map_err(|error| io::Error::other(format!("the kernel's answer: {error}")))?;
        // Each begins at a multiple of four bytes.
        let length = (message.header.length as usize).next_multiple_of(4).max(4);
        rest = rest.get(length..).unwrap_or_default();
        found.push(message);
    }
    Ok(found)
}
