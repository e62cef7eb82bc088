//! What may be used though it is not of the internet: hosts by name, and networks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::class::unmapped;

/// Hosts by name and networks, as in `alertmanager.internal, 10.1.0.0/16`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    hosts: Vec<String>,
    networks: Vec<Network>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

// === impl AllowList ===

impl AllowList {
    /// Whether this address of this host may be used.
    pub(super) fn has(&self, host: &str, address: IpAddr) -> bool {
        let is_named = self.hosts.iter().any(|one| one.eq_ignore_ascii_case(host));
        let plain = unmapped(address);
        is_named || self.networks.iter().any(|network| network.has(plain))
    }
}

impl fmt::Debug for AllowList {
    /// As it is configured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks = self.networks.iter();
        let networks = networks.map(|one| format!("{}/{}", one.address, one.bits));
        let all: Vec<String> = self.hosts.iter().cloned().chain(networks).collect();
        f.write_str(&all.join(", "))
    }
}

impl FromStr for AllowList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut list = Self::default();
        let entries = text.split(',').map(str::trim);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            match Network::parse(entry) {
                Some(network) => list.networks.push(network),
                None if is_host(entry) => list.hosts.push(entry.to_owned()),
                None => {
                    return Err(format!(
                        "has `{entry}`, which is neither a host nor a network such as 10.0.0.0/8"
                    ));
                }
            }
        }
        Ok(list)
    }
}

// === impl Network ===

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    fn has(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.bits
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

fn is_host(text: &str) -> bool {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.chars().all(is_fit) && !is_number
}
