//! Cards, addresses and subnets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The name of a network card, such as `eth0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card(String);

impl Card {
    /// A card by its name; whether there is one of that name is for the caller to see.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Card {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// An address on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// Length of its network's prefix, in bits.
    pub prefix: u8,
}

impl Address {
    /// The address of its network.
    pub fn network(self) -> IpAddr {
        masked(self.ip, self.prefix)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.ip, self.prefix)
    }
}

/// A subnet, by its address: `10.1.2.0`, as Serviceguard's files write it, or `10.1.2.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    /// Its address; all bits after the prefix are zero.
    pub address: IpAddr,
    /// Length of its prefix, if it was said. If not, that of each address counts.
    pub prefix: Option<u8>,
}

impl Subnet {
    /// Whether an address is one of this subnet's. With a said prefix the address's own may differ:
    /// relocatable addresses are sometimes configured as /32 or /128.
    pub fn has(&self, address: Address) -> bool {
        let prefix = self.prefix.unwrap_or(address.prefix);
        self.address.is_ipv4() == address.ip.is_ipv4() && masked(address.ip, prefix) == self.address
    }
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not a subnet such as 10.1.2.0 or 2001:db8:1::/64");
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if let Some(prefix) = prefix {
            if prefix > longest {
                return Err(wrong());
            }
            if masked(address, prefix) != address {
                let meant = masked(address, prefix);
                return Err(format!(
                    "{text} is an address in a subnet; the subnet is {meant}/{prefix}"
                ));
            }
        }
        Ok(Self { address, prefix })
    }
}

fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str, prefix: u8) -> Address {
        Address { ip: ip.parse().unwrap(), prefix }
    }

    #[test]
    fn subnets_know_their_addresses() {
        let plain: Subnet = "10.1.2.0".parse().unwrap();
        assert!(plain.has(address("10.1.2.9", 24)));
        assert!(!plain.has(address("10.1.2.9", 16)), "that is in 10.1.0.0");
        assert!(!plain.has(address("10.1.2.9", 32)));
        let said: Subnet = "10.1.2.0/24".parse().unwrap();
        assert!(said.has(address("10.1.2.9", 32)) && !said.has(address("10.1.3.9", 24)));
        let six: Subnet = "2001:db8:1::/64".parse().unwrap();
        assert!(six.has(address("2001:db8:1::9", 64)) && !six.has(address("10.1.2.9", 24)));
        let all: Subnet = "0.0.0.0/0".parse().unwrap();
        assert!(all.has(address("10.1.2.9", 24)));
    }

    #[test]
    fn what_is_no_subnet_is_said() {
        assert_eq!(
            "10.1.2.9/24".parse::<Subnet>().unwrap_err(),
            "10.1.2.9/24 is an address in a subnet; the subnet is 10.1.2.0/24"
        );
        for wrong in ["", "10.1.2", "10.1.2.0/33", "10.1.2.0/x", "::/129"] {
            assert!(wrong.parse::<Subnet>().is_err(), "{wrong}");
        }
    }
}
