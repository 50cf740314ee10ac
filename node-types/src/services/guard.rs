//! Decides which URLs and addresses a workflow may reach (protection against request forgery).

use std::net::IpAddr;

use url::{Host, Url};

use super::networks::{Network, Reserved};

/// Private and reserved addresses are refused unless allowed.
///
/// URLs are judged before the request and at every redirect ([`Guard::check`]), and names once more by
/// the addresses that they resolve to ([`Guard::check_address`]); only judged addresses are connected to.
#[derive(Debug)]
pub struct Guard {
    reserved: Reserved,
    hosts: Vec<(Host<String>, u16)>,
    networks: Vec<Network>,
}

/// How far the addresses behind a URL are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The allow-list names this host and port: any address will do.
    Named,
    /// Only public addresses and allowed networks will do.
    Judged,
}

/// An entry of the allow-list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("\"{entry}\" in the list of allowed addresses is neither host:port nor a network such as 10.1.0.0/16")]
pub struct AllowError {
    /// The entry as written.
    pub entry: String,
}

/// Why a destination was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The URL itself will not do.
    #[error("the URL {url} is refused: {why}")]
    Url {
        /// Without userinfo and query.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A private or reserved address.
    #[error(
        "{host} is at the address {address} ({kind}), which workflows may not reach; \
         whoever operates this server can allow host:port or the network"
    )]
    Address {
        /// As in the URL.
        host: String,
        /// What it stands for, canonical.
        address: IpAddr,
        /// E.g. `loopback`.
        kind: &'static str,
    },
}

impl Guard {
    /// A guard that lets `allow` through: `host:port` as URLs write it (`127.0.0.1:8025`, `[::1]:80`,
    /// `crm.internal:443`), or networks (`10.1.0.0/16`, any port).
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn new(allow: &[String]) -> Result<Self, AllowError> {
        let mut guard = Self { reserved: Reserved::new(), hosts: Vec::new(), networks: Vec::new() };
        for entry in allow {
            let entry_error = || AllowError { entry: entry.clone() };
            if entry.contains('/') {
                guard.networks.push(Network::parse(entry).ok_or_else(entry_error)?);
            } else {
                guard.hosts.push(host_and_port(entry).ok_or_else(entry_error)?);
            }
        }
        Ok(guard)
    }

    /// Judges a URL before it is requested: scheme, userinfo, host, and the address if the host is one.
    ///
    /// # Errors
    /// The refusal, naming URL or address.
    pub fn check(&self, url: &Url) -> Result<Trust, Refusal> {
        let refuse = |why| Refusal::Url { url: shown(url), why };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("only http and https are possible"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds a user name or password; use a header instead"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(refuse("it has no host"));
        };
        if port == 0 {
            return Err(refuse("port 0 cannot be connected to"));
        }
        let host = host.to_owned();
        if self.hosts.iter().any(|allowed| *allowed == (host.clone(), port)) {
            return Ok(Trust::Named);
        }
        match host {
            Host::Domain(_) => Ok(Trust::Judged),
            Host::Ipv4(address) => self.check_address(&address.to_string(), address.into()).map(|()| Trust::Judged),
            Host::Ipv6(address) => self.check_address(&address.to_string(), address.into()).map(|()| Trust::Judged),
        }
    }

    /// Judges an address that `host` stands for.
    ///
    /// # Errors
    /// [`Refusal::Address`] for private and reserved addresses outside the allowed networks.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let address = address.to_canonical();
        if self.networks.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        match self.reserved.kind(address) {
            None => Ok(()),
            Some(kind) => Err(Refusal::Address { host: host.into(), address, kind }),
        }
    }
}

/// The URL without userinfo, query and fragment: these may hold secrets.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn host_and_port(entry: &str) -> Option<(Host<String>, u16)> {
    let (host, port) = entry.trim().rsplit_once(':')?;
    Some((Host::parse(host).ok()?, port.parse().ok().filter(|&port| port > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        Guard::new(&allow.iter().map(|&entry| entry.into()).collect::<Vec<_>>()).unwrap()
    }

    fn verdict(guard: &Guard, url: &str) -> &'static str {
        match guard.check(&Url::parse(url).unwrap()) {
            Ok(Trust::Named) => "named",
            Ok(Trust::Judged) => "judged",
            Err(Refusal::Url { .. }) => "bad url",
            Err(Refusal::Address { kind, .. }) => kind,
        }
    }

    #[test]
    fn private_and_reserved_addresses_are_refused_in_every_spelling() {
        let guard = guard(&[]);
        for (url, expected) in [
            ("http://8.8.8.8/", "judged"),
            ("https://[2606:4700::1111]/", "judged"),
            ("http://example.com/", "judged"),
            ("http://0.0.0.0/", "this network"),
            ("http://10.1.2.3/", "private"),
            ("http://100.127.0.1/", "carrier-grade NAT"),
            ("http://100.128.0.1/", "judged"),
            ("http://127.0.0.1/", "loopback"),
            ("http://2130706433/", "loopback"),
            ("http://0x7f.1/", "loopback"),
            ("http://0177.0.0.1/", "loopback"),
            ("http://169.254.169.254/latest", "link-local"),
            ("http://172.31.255.255/", "private"),
            ("http://172.32.0.1/", "judged"),
            ("http://192.0.0.8/", "protocol assignments"),
            ("http://192.88.99.1/", "6to4 relay"),
            ("http://192.168.0.1/", "private"),
            ("http://198.19.0.1/", "benchmarking"),
            ("http://203.0.113.9/", "documentation"),
            ("http://239.0.0.1/", "multicast"),
            ("http://255.255.255.255/", "reserved"),
            ("http://[::]/", "unspecified or IPv4-compatible"),
            ("http://[::1]/", "loopback"),
            ("http://[::ffff:127.0.0.1]/", "loopback"),
            ("http://[::ffff:8.8.8.8]/", "judged"),
            ("http://[::7f00:1]/", "unspecified or IPv4-compatible"),
            ("http://[64:ff9b::7f00:1]/", "NAT64"),
            ("http://[64:ff9b:1::1]/", "local NAT64"),
            ("http://[100::1]/", "discard"),
            ("http://[2001::1]/", "protocol assignments"),
            ("http://[2001:db8::1]/", "documentation"),
            ("http://[2002:7f00:1::]/", "6to4"),
            ("http://[3fff::1]/", "documentation"),
            ("http://[5f00::1]/", "segment routing"),
            ("http://[fd00::1]/", "unique local"),
            ("http://[fe80::1]/", "link-local"),
            ("http://[fec0::1]/", "site-local"),
            ("http://[ff02::1]/", "multicast"),
            ("http://[4000::1]/", "not global unicast"),
            ("http://127.1/", "loopback"),
            ("http://0x7f000001/", "loopback"),
            ("http://017700000001/", "loopback"),
            ("http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", "loopback"),
            ("http://0300.0250.0.1/", "private"),
            ("http://172.16.0.1/", "private"),
            ("http://2852039166/", "link-local"),
            ("http://0xa9fea9fe/", "link-local"),
            ("http://169.254.43518/", "link-local"),
            ("http://100.64.0.1/", "carrier-grade NAT"),
            ("http://192.0.2.1/", "documentation"),
            ("http://198.51.100.1/", "documentation"),
            ("http://240.0.0.1/", "reserved"),
            ("http://[0:0:0:0:0:0:0:1]/", "loopback"),
            ("http://[::ffff:a9fe:a9fe]/", "link-local"),
            ("http://[::ffff:10.0.0.1]/", "private"),
            ("http://[fd00:ec2::254]/", "unique local"),
            ("http://8.8.8.8/#@127.0.0.1/", "judged"),
            ("http://8.8.8.8@127.0.0.1/", "bad url"),
            ("file:///etc/passwd", "bad url"),
            ("gopher://127.0.0.1/", "bad url"),
            ("ftp://example.com/", "bad url"),
            ("http://me@example.com/", "bad url"),
            ("http://me:pw@example.com/", "bad url"),
            ("http://example.com:0/", "bad url"),
            ("data:text/plain,x", "bad url"),
        ] {
            assert_eq!(verdict(&guard, url), expected, "{url}");
        }
    }

    #[test]
    fn the_allow_list_names_host_and_port_or_a_network() {
        let guard = guard(&["127.0.0.1:8025", "[::1]:80", "CRM.internal:443", "10.1.0.0/16", "fd00:1::/32"]);
        for (url, expected) in [
            ("http://127.0.0.1:8025/", "named"),
            ("http://127.0.0.1:8026/", "loopback"),
            ("http://[::1]/", "named"),
            ("https://crm.internal/", "named"),
            ("http://crm.internal/", "judged"),
            ("http://10.1.9.9:5/", "judged"),
            ("http://10.2.0.1/", "private"),
            ("http://[::ffff:10.1.0.1]/", "judged"),
            ("http://[fd00:1::5]/", "judged"),
        ] {
            assert_eq!(verdict(&guard, url), expected, "{url}");
        }
        for entry in ["localhost", "localhost:0", "localhost:x", "10.0.0.0/33", "10.0.0/8", ""] {
            assert_eq!(Guard::new(&[entry.into()]).unwrap_err().entry, entry);
        }
    }

    #[test]
    fn a_shown_url_holds_no_secret() {
        assert_eq!(shown(&Url::parse("https://u:p@h/a?key=1#f").unwrap()), "https://h/a");
    }
}
