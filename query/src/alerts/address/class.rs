//! Which addresses are not of the internet: of somebody's own network, or of nobody.
//!
//! One of version 6 that leads to one of version 4 is taken for that, however it is written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What sets an address apart from those of the internet.
pub(super) struct Class {
    pub(super) what: &'static str,
    /// Whether it is somebody's own network, rather than nobody's.
    pub(super) is_private: bool,
}

/// The class of an address; `None` for those of the internet.
pub(super) fn class(address: IpAddr) -> Option<Class> {
    let private = |what| {
        Some(Class {
            what,
            is_private: true,
        })
    };
    let never = |what| {
        Some(Class {
            what,
            is_private: false,
        })
    };
    if METADATA.contains(&unmapped(address)) {
        return never("where clouds keep credentials");
    }
    let v4 = match address {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => v4,
            None => return class_of_v6(v6),
        },
    };
    let [first, second, third, _] = v4.octets();
    match (first, second, third) {
        (0, ..) => never("no address of a host"),
        (127, ..) => private("this machine's own"),
        (10, ..) | (192, 168, _) | (172, 16..=31, _) => private("of a private network"),
        (100, 64..=127, _) => private("of a provider's network"),
        (169, 254, _) => private("link-local"),
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            never("reserved")
        }
        (224.., ..) => never("of a group or reserved"),
        _ => None,
    }
}

fn class_of_v6(address: Ipv6Addr) -> Option<Class> {
    let private = |what| {
        Some(Class {
            what,
            is_private: true,
        })
    };
    let never = |what| {
        Some(Class {
            what,
            is_private: false,
        })
    };
    if address.is_loopback() {
        return private("this machine's own");
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => private("of a private network"),
        [0xfe80..=0xfeff, ..] => private("link-local"),
        [0xff00..=0xffff, ..] => never("of a group"),
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => {
            never("reserved")
        }
        [0, 0, 0, 0, 0, 0, _, _] => never("no address of a host"),
        _ => None,
    }
}

/// The address of version 4 that one of version 6 leads to: mapped, translated or tunnelled.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => {
            Some(of(g, h))
        }
        [0x2002, ..] => Some(of(b, c)),
        _ => None,
    }
}

/// The address that is meant, in the version that it is of.
pub(super) fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Of AWS, Alibaba and Azure; those of others are AWS's.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];
