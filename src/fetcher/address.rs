//! Which addresses are on the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether whoever has this address is on the public internet, by the registries of special addresses
/// (RFC 6890 and its successors). An address that has another within it stands for that one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match a {
        // This network, and loopback.
        0 | 10 | 127 => true,
        // Shared by a carrier's customers (RFC 6598).
        100 => (64..128).contains(&b),
        // Benchmarks (RFC 2544).
        198 => (18..20).contains(&b),
        // Protocol assignments, and 6to4 relays (RFC 7526).
        192 => (b == 0 && c == 0) || (b == 88 && c == 99),
        // Multicast, reserved, broadcast.
        224.. => true,
        _ => false,
    };
    !(is_special || address.is_private() || address.is_link_local() || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let within = Ipv4Addr::from_bits(address.to_bits() as u32);
    // Mapped, or through a translator (RFC 6052).
    if address.to_ipv4_mapped().is_some() || segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(within);
    }
    match (segments[0], segments[1]) {
        // Teredo, benchmarks and the like (RFC 2928), and documentation.
        (0x2001, 0..0x200 | 0xdb8) | (0x3fff, 0..0x1000) => false,
        // 6to4.
        (0x2002, _) => false,
        (0x2000..0x4000, _) => true,
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_internet_is_public() {
        for public in ["8.8.8.8", "100.63.0.1", "198.20.0.1", "2a00:1450::1", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
