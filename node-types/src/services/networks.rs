//! Networks and the table of those that a workflow must not reach by default.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP network. Bits beyond the prefix are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Parses `10.0.0.0/8` or `fc00::/7`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (base, prefix) = text.split_once('/')?;
        let base: IpAddr = base.trim_matches(['[', ']']).parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        (prefix <= width(base)).then(|| Self { base: masked(base, prefix), prefix })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        width(self.base) == width(address) && masked(address, self.prefix) == self.base
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

/// What is not the public internet, with the word for it. From the IANA special-purpose registries, and the one public
/// address at which a cloud (Azure) answers its own machines.
const RESERVED: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "cloud metadata"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::1/128", "loopback"),
    ("::/96", "unspecified or IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("100::/64", "discard"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

/// IPv6 addresses outside this are not global unicast.
const GLOBAL_V6: &str = "2000::/3";

/// The reserved networks, parsed.
#[derive(Debug)]
pub(super) struct Reserved {
    table: Vec<(Network, &'static str)>,
    global_v6: Network,
}

impl Reserved {
    pub(super) fn new() -> Self {
        let parse = |text| Network::parse(text).expect("the table holds networks");
        Self { table: RESERVED.iter().map(|&(text, kind)| (parse(text), kind)).collect(), global_v6: parse(GLOBAL_V6) }
    }

    /// Why `address` is not public; absent if it is. `address` is canonical (not IPv4-mapped).
    pub(super) fn kind(&self, address: IpAddr) -> Option<&'static str> {
        if let Some((_, kind)) = self.table.iter().find(|(network, _)| network.contains(address)) {
            return Some(kind);
        }
        (address.is_ipv6() && !self.global_v6.contains(address)).then_some("not global unicast")
    }
}
