//! The hosts that may see a secret: without them, whoever edits a graph could send it to himself.

use url::{Host, Url};

/// Longest entry, in bytes.
const HOST_BYTES_MAX: usize = 260;
/// In front of an entry: this host may be spoken to in the clear.
const CLEAR: &str = "http://";
/// In front of a name: all names below it.
const BELOW: &str = "*.";

/// One entry: `api.example.com`, `*.example.com`, an address, perhaps with a port; `http://` in front of it allows the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host<String>,
    is_below: bool,
    port: Option<u16>,
    is_clear: bool,
}

/// An entry that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host: write a name such as api.example.com or *.example.com, or an address")]
pub struct HostError(pub String);

impl AllowedHost {
    /// Reads an entry.
    ///
    /// # Errors
    /// Names the entry.
    pub fn parse(entry: &str) -> Result<Self, HostError> {
        parse(entry).ok_or_else(|| HostError(entry.chars().take(100).collect()))
    }

    /// Whether a secret may be sent to `url`: over TLS, unless the entry allows the clear.
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        let is_scheme = url.scheme() == "https" || (self.is_clear && url.scheme() == "http");
        let host = url.host().map(|host| host.to_owned());
        is_scheme && host.zip(url.port_or_known_default()).is_some_and(|(host, port)| self.names(&host, port))
    }

    /// Whether it is this host, at this port.
    #[must_use]
    pub fn names(&self, host: &Host<String>, port: u16) -> bool {
        let is_port = self.port.is_none_or(|own| own == port);
        is_port
            && match (&self.host, host) {
                (Host::Domain(own), Host::Domain(name)) if self.is_below => {
                    name.strip_suffix(own.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                }
                (own, host) => !self.is_below && own == host,
            }
    }
}

/// Whether any of the entries lets a secret go to `url`. Entries that cannot be read let nothing through.
#[must_use]
pub fn allows(entries: &[String], url: &Url) -> bool {
    entries.iter().filter_map(|entry| AllowedHost::parse(entry).ok()).any(|entry| entry.allows(url))
}

fn parse(entry: &str) -> Option<AllowedHost> {
    if entry.len() > HOST_BYTES_MAX || entry.contains(['/', '@', '?', '#', '\\']) && !entry.starts_with(CLEAR) {
        return None;
    }
    let (is_clear, rest) = entry.strip_prefix(CLEAR).map_or((false, entry), |rest| (true, rest));
    let (is_below, rest) = rest.strip_prefix(BELOW).map_or((false, rest), |rest| (true, rest));
    let (name, port) = match rest.rsplit_once(':') {
        // The colons of an address of version 6 are within brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().ok().filter(|&port| port > 0)?)),
        _ => (rest, None),
    };
    if name.contains(['*', '/', '@', '?', '#', '\\', ' ']) {
        return None;
    }
    let host = Host::parse(name).ok()?;
    let is_good = match &host {
        Host::Domain(name) => !name.ends_with('.') && (!is_below || name.contains('.')),
        _ => !is_below,
    };
    is_good.then_some(AllowedHost { host, is_below, port, is_clear })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_its_hosts_only() {
        for (entry, url, expected) in [
            ("api.example.com", "https://api.example.com/x", true),
            ("API.example.com", "https://api.example.com:8443/", true),
            ("api.example.com", "http://api.example.com/", false),
            ("api.example.com", "https://xapi.example.com/", false),
            ("api.example.com", "https://api.example.com.evil.net/", false),
            ("api.example.com", "https://evil.net/api.example.com", false),
            ("api.example.com:8443", "https://api.example.com:8443/", true),
            ("api.example.com:8443", "https://api.example.com/", false),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*.example.com", "https://.example.com/", false),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", true),
            ("http://127.0.0.1", "http://127.0.0.1:9/", true),
            ("http://127.0.0.1:8080", "http://127.0.0.2:8080/", false),
            ("127.0.0.1", "http://127.0.0.1/", false),
            ("[::1]:80", "https://[::1]:80/", true),
            ("[::1]", "https://[::1]/", true),
        ] {
            let allowed = AllowedHost::parse(entry).unwrap().allows(&Url::parse(url).unwrap());
            assert_eq!(allowed, expected, "{entry} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for entry in [
            "",
            "*",
            "*.com",
            "*.",
            "a.*.example.com",
            "example.com/x",
            "https://example.com",
            "me@example.com",
            "a b",
            "a:0",
            "a:x",
            "*.127.0.0.1",
            "http://a/b",
            "a?b",
            "example.com.",
            "**.example.com",
        ] {
            assert_eq!(AllowedHost::parse(entry), Err(HostError(entry.into())), "{entry}");
        }
    }
}
