//! Networks whose masks nobody says.

use std::net::IpAddr;

/// Whether the address could be on that subnet. Serviceguard's files name a subnet by its first
/// address, without a mask; so all that is certain is what its own bits say, up to the last that is
/// set.
pub fn could_be_on(subnet: IpAddr, address: IpAddr) -> bool {
    match (subnet, address) {
        (IpAddr::V4(subnet), IpAddr::V4(address)) => {
            let (subnet, address) = (subnet.to_bits(), address.to_bits());
            let mask = u32::MAX.checked_shl(subnet.trailing_zeros()).unwrap_or(0);
            address & mask == subnet
        }
        (IpAddr::V6(subnet), IpAddr::V6(address)) => {
            let (subnet, address) = (subnet.to_bits(), address.to_bits());
            let mask = u128::MAX.checked_shl(subnet.trailing_zeros()).unwrap_or(0);
            address & mask == subnet
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// How many bits two addresses have in common from the left; none if they are of two families.
pub(crate) fn common(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_subnet_says_must_hold() {
        let on = |subnet: &str, address: &str| {
            could_be_on(subnet.parse().unwrap(), address.parse().unwrap())
        };
        assert!(on("192.10.25.0", "192.10.25.18"));
        assert!(!on("192.10.25.0", "192.10.24.18"));
        assert!(on("15.13.168.0", "15.13.171.9"), "the mask may be 22 bits");
        assert!(on("192.10.25.128", "192.10.25.200"));
        assert!(!on("192.10.25.128", "192.10.25.20"));
        assert!(on("0.0.0.0", "1.2.3.4"));
        assert!(!on("10.0.0.0", "fd00::1"));
        assert!(on("fd00:1::", "fd00:1::7"));
    }
}
