//! Tells public addresses from those that a server must not be made to call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is a public unicast one by the IANA special-purpose registries (RFC 6890).
///
/// Of IPv6, only `2000::/3` can be public, which already excludes loopback, link-local, unique local, IPv4-mapped,
/// IPv4-compatible and NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`) forms. Within it, the forms that carry an IPv4 address
/// are excluded whatever that address is: 6to4, Teredo and ISATAP.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)           // this network, private use, loopback
            | (100, 64..=127, _)       // shared address space of carriers
            | (169, 254, _)            // link local, with the instance metadata service
            | (172, 16..=31, _)        // private use
            | (192, 0, 0 | 2)          // protocol assignments, documentation
            | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) // anycast services that are no web hosts
            | (192, 88, 99)            // 6to4 relays
            | (192, 168, _)            // private use
            | (198, 18..=19, _)        // benchmarking
            | (198, 51, 100) | (203, 0, 113) // documentation
            | (224..=255, _, _) // multicast, reserved, broadcast
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, _, e, f, _, _] = address.segments();
    let global_unicast = a & 0xe000 == 0x2000;
    let special = match a {
        0x2001 => b < 0x200 || b == 0xdb8, // protocol assignments with Teredo and ORCHID, documentation
        0x2002 => true,                    // 6to4
        0x2620 => b == 0x4f && c == 0x8000, // AS112
        0x3fff => b < 0x1000,              // documentation
        _ => false,
    };
    let isatap = matches!(e, 0 | 0x200) && f == 0x5efe;
    global_unicast && !special && !isatap
}
