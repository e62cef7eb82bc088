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

// === impl Class ===

impl Class {
    /// Of somebody's own network.
    const fn private(what: &'static str) -> Self {
        Self {
            what,
            is_private: true,
        }
    }

    /// Of nobody, or not to be asked by us.
    const fn never(what: &'static str) -> Self {
        Self {
            what,
            is_private: false,
        }
    }
}

/// The class of an address; `None` for those of the internet.
pub(super) fn class(address: IpAddr) -> Option<Class> {
    let plain = unmapped(address);
    if METADATA.contains(&plain) {
        return Some(Class::never("where clouds keep credentials"));
    }
    match plain {
        IpAddr::V4(v4) => class_of_v4(v4),
        IpAddr::V6(v6) => class_of_v6(v6),
    }
}

fn class_of_v4(address: Ipv4Addr) -> Option<Class> {
    let [first, second, third, _] = address.octets();
    Some(match (first, second, third) {
        (0, ..) => Class::never("no address of a host"),
        (127, ..) => Class::private("this machine's own"),
        (10, ..) | (192, 168, _) | (172, 16..=31, _) => Class::private("of a private network"),
        (100, 64..=127, _) => Class::private("of a provider's network"),
        (169, 254, _) => Class::private("link-local"),
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            Class::never("reserved")
        }
        (224.., ..) => Class::never("of a group or reserved"),
        _ => return None,
    })
}

fn class_of_v6(address: Ipv6Addr) -> Option<Class> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::private("this machine's own"),
        [0xfc00..=0xfdff, ..] => Class::private("of a private network"),
        [0xfe80..=0xfeff, ..] => Class::private("link-local"),
        [0xff00..=0xffff, ..] => Class::never("of a group"),
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => {
            Class::never("reserved")
        }
        [0, 0, 0, 0, 0, 0, _, _] => Class::never("no address of a host"),
        _ => return None,
    })
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
