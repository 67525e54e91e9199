//! What counts as one client by its address.

use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address that its household chooses by itself.
const IPV6_SHARED_BITS: u32 = 64;

/// An IPv4 address, or the network of an IPv6 address: an IPv6 household can choose addresses from all of it.
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() >> IPV6_SHARED_BITS << IPV6_SHARED_BITS).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_one_client_in_every_spelling() {
        let rows = [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("fd00:1:2:3::9", "fd00:1:2:3::"),
            ("fd00:1:2:3:4:5:6:7", "fd00:1:2:3::"),
            ("fd00:1:2:4::9", "fd00:1:2:4::"),
        ];
        for (address, network) in rows {
            let network: IpAddr = network.parse().unwrap();
            assert_eq!(client_network(address.parse().unwrap()), network, "{address}");
        }
    }
}
