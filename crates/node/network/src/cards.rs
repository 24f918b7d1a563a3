//! The cards of a watch: seen, and their addresses moved.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use lan::{Address, Card, Counters, Link};
use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteType,
};
use netlink_sys::Socket;

use crate::frames::Hardware;
use crate::netlink;

/// A link as the kernel shows it.
pub(crate) struct Seen {
    pub(crate) index: u32,
    link: Link,
    counters: Counters,
    hardware: Vec<u8>,
}

impl Seen {
    /// Its hardware address, if it is an Ethernet card.
    pub(crate) fn hardware(&self) -> io::Result<Hardware> {
        let hardware = self.hardware.as_slice().try_into();
        hardware.map_err(|_| io::Error::other("that is no Ethernet card"))
    }
}

/// All links, by name.
pub(crate) fn see(socket: &Socket) -> io::Result<BTreeMap<String, Seen>> {
    let answers = netlink::dump(socket, RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let mut found = BTreeMap::new();
    for answer in answers {
        let RouteNetlinkMessage::NewLink(message) = answer else { continue };
        let flags = message.header.flags;
        let link =
            Link { up: flags.contains(LinkFlags::Up), carrier: flags.contains(LinkFlags::LowerUp) };
        let counters = Counters { received: 0, sent: 0 };
        let mut seen = Seen { index: message.header.index, link, counters, hardware: Vec::new() };
        let mut name = String::new();
        for attribute in message.attributes {
            if let LinkAttribute::IfName(text) = attribute {
                name = text;
            } else if let LinkAttribute::Address(bytes) = attribute {
                seen.hardware = bytes;
            } else if let LinkAttribute::Stats64(stats) = attribute {
                seen.counters = Counters { received: stats.rx_packets, sent: stats.tx_packets };
            }
        }
        found.insert(name, seen);
    }
    Ok(found)
}

/// The cards of one wire.
pub struct Cards {
    names: Vec<Card>,
    socket: Socket,
    events: Socket,
    links: BTreeMap<Card, Seen>,
    /// In the kernel's order: of several in one network the first is the primary one.
    addresses: Vec<(Card, Address, AddressMessage)>,
    /// The routes of each card when it had a link last. The kernel takes them away when a card is switched off.
    routes: BTreeMap<Card, Vec<RouteMessage>>,
}

impl std::fmt::Debug for Cards {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cards").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Cards {
    /// Opens what is needed to see these cards. They need not be there.
    ///
    /// # Errors
    /// If the kernel does not answer.
    pub fn open(names: Vec<Card>) -> io::Result<Self> {
        let mut cards = Self {
            names,
            // First: what changes from now on is told.
            events: netlink::listen()?,
            socket: netlink::open()?,
            links: BTreeMap::new(),
            addresses: Vec::new(),
            routes: BTreeMap::new(),
        };
        cards.look_at_links()?;
        Ok(cards)
    }

    /// What to wait on for changes.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        #[expect(unsafe_code, reason = "the crate's sockets do not lend their descriptors")]
        // SAFETY: the socket owns the descriptor and lives as long as the borrow of `self`.
        unsafe {
            BorrowedFd::borrow_raw(self.events.as_raw_fd())
        }
    }

    /// Whether the kernel told of a change since this was asked last.
    pub fn has_changed(&self) -> bool {
        netlink::drain(&self.events)
    }

    /// Switches on a card that stands by.
    ///
    /// # Errors
    /// If there is none, or the kernel refuses.
    pub fn switch_on(&mut self, card: &Card) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = self.index(card)?;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        netlink::change(&self.socket, RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Looks at the links, and says how they are.
    ///
    /// # Errors
    /// If the kernel does not answer.
    pub fn look_at_links(&mut self) -> io::Result<BTreeMap<Card, Link>> {
        let mut seen = see(&self.socket)?;
        let mut links = BTreeMap::new();
        let gone = Link { up: false, carrier: false };
        self.links.clear();
        for card in &self.names {
            let found = seen.remove(card.as_str());
            links.insert(card.clone(), found.as_ref().map_or(gone, |seen| seen.link));
            if let Some(found) = found {
                self.links.insert(card.clone(), found);
            }
        }
        Ok(links)
    }

    /// The counts at the last look at the links.
    pub fn counters(&self) -> BTreeMap<Card, Counters> {
        self.links.iter().map(|(card, seen)| (card.clone(), seen.counters)).collect()
    }

    /// Looks at the addresses, and says where they are. Addresses of a link alone are left out. Until this
    /// is called, [`Self::move_to`] can move what was there at the last look, gone with its card or not.
    ///
    /// # Errors
    /// If the kernel does not answer.
    pub fn look_at_addresses(&mut self) -> io::Result<BTreeMap<Card, BTreeSet<Address>>> {
        let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        self.addresses.clear();
        for answer in netlink::dump(&self.socket, question)? {
            let RouteNetlinkMessage::NewAddress(message) = answer else { continue };
            let card = self.links.iter().find(|(_, seen)| seen.index == message.header.index);
            if let Some((card, _)) = card
                && let Some(address) = address_of(&message)
            {
                self.addresses.push((card.clone(), address, message));
            }
        }
        self.look_at_routes()?;
        let mut books: BTreeMap<Card, BTreeSet<Address>> = BTreeMap::new();
        for (card, address, _) in &self.addresses {
            books.entry(card.clone()).or_default().insert(*address);
        }
        Ok(books)
    }

    /// Remembers the routes of cards that have a link.
    ///
    /// # Errors
    /// If the kernel does not answer.
    pub fn look_at_routes(&mut self) -> io::Result<()> {
        let routes = self.kernel_routes()?;
        for (card, seen) in &self.links {
            if seen.link.up && seen.link.carrier {
                let here = routes.iter().filter(|route| interface(route) == Some(seen.index));
                self.routes.insert(card.clone(), here.cloned().collect());
            }
        }
        Ok(())
    }

    /// Moves addresses from a card to another one, with the routes that need them: adds, then takes away.
    /// Gives those that are on the new card now, and what went wrong, in words.
    pub fn move_to(
        &mut self,
        addresses: &[Address],
        from: &Card,
        to: &Card,
    ) -> (Vec<Address>, Vec<String>) {
        let mut trouble = Vec::new();
        let index = match self.index(to) {
            Ok(index) => index,
            Err(error) => return (Vec::new(), vec![error.to_string()]),
        };
        let mut moved = Vec::new();
        let is_there = match self.still_on(from) {
            Ok(is_there) => is_there,
            Err(error) => return (Vec::new(), vec![error.to_string()]),
        };
        for (card, address, message) in &self.addresses {
            if card != from || !addresses.contains(address) || !is_there(address) {
                continue;
            }
            let there = relocated(message, index, from, to);
            let request = RouteNetlinkMessage::NewAddress(there);
            match netlink::change(&self.socket, request, NLM_F_CREATE | NLM_F_EXCL) {
                Err(error) if error.raw_os_error() != Some(libc::EEXIST) => {
                    trouble.push(format!("{address} cannot be added to {to}: {error}"));
                }
                Ok(()) | Err(_) => moved.push((*address, message.clone())),
            }
        }
        let ips: Vec<IpAddr> = moved.iter().map(|(address, _)| address.ip).collect();
        self.move_routes(&moved, &ips, from, index, &mut trouble);
        // The first of a network goes last: the kernel takes the others with it.
        for (address, message) in moved.iter().rev() {
            let request = RouteNetlinkMessage::DelAddress(message.clone());
            match netlink::change(&self.socket, request, 0) {
                Err(error) if !is_gone(&error) => {
                    trouble.push(format!("{address} cannot be taken off {from}: {error}"));
                }
                Ok(()) | Err(_) => {}
            }
        }
        (moved.into_iter().map(|(address, _)| address).collect(), trouble)
    }

    /// Whether an address was not taken off a card since the last look. A card that is switched off, or gone, has lost
    /// some by itself.
    fn still_on(&self, card: &Card) -> io::Result<impl Fn(&Address) -> bool + use<>> {
        let seen = self.links.get(card).filter(|seen| seen.link.up);
        let mut here = BTreeSet::new();
        if let Some(seen) = seen {
            let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
            for answer in netlink::dump(&self.socket, question)? {
                if let RouteNetlinkMessage::NewAddress(message) = answer
                    && message.header.index == seen.index
                {
                    here.extend(address_of(&message));
                }
            }
        }
        let loses_none = seen.is_some();
        Ok(move |address: &Address| !loses_none || here.contains(address))
    }

    fn move_routes(
        &self,
        moved: &[(Address, AddressMessage)],
        ips: &[IpAddr],
        from: &Card,
        index: u32,
        trouble: &mut Vec<String>,
    ) {
        let mut routes = self.routes.get(from).cloned().unwrap_or_default();
        if let (Ok(all), Ok(old)) = (self.kernel_routes(), self.index(from)) {
            // What came since the last look. Flags differ without a link; that is no other route.
            for route in all.into_iter().filter(|route| interface(route) == Some(old)) {
                if !routes.iter().any(|known| known.attributes == route.attributes) {
                    routes.push(route);
                }
            }
        }
        for route in routes.iter().filter(|route| goes_along(route, moved, ips)) {
            let request = RouteNetlinkMessage::NewRoute(rerouted(route, index));
            match netlink::change(&self.socket, request, NLM_F_CREATE | NLM_F_APPEND) {
                Err(error) if error.raw_os_error() != Some(libc::EEXIST) => {
                    trouble.push(format!("a route of {from} cannot be moved: {error}"));
                    continue;
                }
                Ok(()) | Err(_) => {}
            }
            let request = RouteNetlinkMessage::DelRoute(route.clone());
            if let Err(error) = netlink::change(&self.socket, request, 0)
                && !is_gone(&error)
            {
                trouble.push(format!("a route cannot be taken off {from}: {error}"));
            }
        }
    }

    fn kernel_routes(&self) -> io::Result<Vec<RouteMessage>> {
        let question = RouteNetlinkMessage::GetRoute(RouteMessage::default());
        let answers = netlink::dump(&self.socket, question)?;
        let mut routes = Vec::new();
        for answer in answers {
            if let RouteNetlinkMessage::NewRoute(route) = answer {
                routes.push(route);
            }
        }
        Ok(routes)
    }

    fn index(&self, card: &Card) -> io::Result<u32> {
        let seen = self.links.get(card);
        seen.map(|seen| seen.index)
            .ok_or_else(|| io::Error::other(format!("there is no card {card}")))
    }
}

/// Whether what was to be taken away is not there any more, or its card is not.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    let gone = [libc::EADDRNOTAVAIL, libc::ESRCH, libc::ENODEV];
    error.raw_os_error().is_some_and(|code| gone.contains(&code))
}

pub(crate) fn address_of(message: &AddressMessage) -> Option<Address> {
    let (mut local, mut other) = (None, None);
    for attribute in &message.attributes {
        if let AddressAttribute::Local(ip) = attribute {
            local = Some(*ip);
        } else if let AddressAttribute::Address(ip) = attribute {
            other = Some(*ip);
        }
    }
    // On a link between two, `Address` is the other end's.
    let ip = local.or(other)?;
    let is_of_link = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    (!is_of_link).then_some(Address { ip, prefix: message.header.prefix_len })
}

/// The same address for another card: with its prefix, scope, label, flags and lifetimes.
fn relocated(message: &AddressMessage, index: u32, from: &Card, to: &Card) -> AddressMessage {
    let mut there = message.clone();
    there.header.index = index;
    for attribute in &mut there.attributes {
        if let AddressAttribute::Label(label) = attribute {
            // `eth0:web` there is `eth1:web` here; any other text is kept.
            let rest = label.strip_prefix(from.as_str()).map(str::to_owned);
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(':')) {
                *label = format!("{to}{rest}");
            }
        } else if let AddressAttribute::Flags(flags) = attribute {
            // The address was in use on this wire: asking around first would take seconds.
            if matches!(address_of(message), Some(Address { ip: IpAddr::V6(_), .. })) {
                flags.insert(AddressFlags::Nodad);
                flags.remove(AddressFlags::Tentative | AddressFlags::Dadfailed);
            }
        }
    }
    there
}

fn interface(route: &RouteMessage) -> Option<u32> {
    route.attributes.iter().find_map(|attribute| {
        if let RouteAttribute::Oif(index) = attribute { Some(*index) } else { None }
    })
}

/// Whether a route needs one of the addresses. What the kernel makes of addresses and of routers'
/// advertisements by itself, it makes on the new card, too.
fn goes_along(route: &RouteMessage, moved: &[(Address, AddressMessage)], ips: &[IpAddr]) -> bool {
    let by_itself = [RouteProtocol::Kernel, RouteProtocol::Ra, RouteProtocol::IcmpRedirect];
    if route.header.kind != RouteType::Unicast || by_itself.contains(&route.header.protocol) {
        return false;
    }
    let (mut gateway, mut source) = (None, None);
    for attribute in &route.attributes {
        if let RouteAttribute::Gateway(address) = attribute {
            gateway = ip_of(address);
        } else if let RouteAttribute::PrefSource(address) = attribute {
            source = ip_of(address);
        }
    }
    let is_near = |ip: IpAddr| {
        moved.iter().any(|(address, _)| {
            let there = Address { ip, prefix: address.prefix };
            ip.is_ipv4() == address.ip.is_ipv4() && there.network() == address.network()
        })
    };
    match (gateway, source) {
        (_, Some(source)) => ips.contains(&source),
        (Some(gateway), None) => is_near(gateway),
        // To what is on the wire: the kernel drops it with the card's last address.
        (None, None) => !moved.is_empty(),
    }
}

fn ip_of(address: &RouteAddress) -> Option<IpAddr> {
    if let RouteAddress::Inet(ip) = address {
        Some((*ip).into())
    } else if let RouteAddress::Inet6(ip) = address {
        Some((*ip).into())
    } else {
        None
    }
}

fn rerouted(route: &RouteMessage, index: u32) -> RouteMessage {
    let mut there = route.clone();
    there.header.flags &= RouteFlags::Onlink;
    there.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_)));
    for attribute in &mut there.attributes {
        if let RouteAttribute::Oif(old) = attribute {
            *old = index;
        }
    }
    there
}
