//! Which OpenID providers people may log in through: what an operator says of each.

use serde::Deserialize;
use thiserror::Error;
use url::{Host, Url};

/// Most providers of an installation.
pub const PROVIDERS_MAX: usize = 16;
/// Longest id, in bytes.
const ID_BYTES_MAX: usize = 40;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 60;

/// One provider.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginProvider {
    /// Its part of addresses: a-z, 0-9 and -.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// As its discovery document says it, to the letter: `https://login.example.com`.
    pub issuer: String,
    /// How it knows Capstan.
    pub client_id: String,
    /// Absent for a client that keeps no secrets; PKCE is used in any case.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Whether whom it brings may become a user; as the installation says if absent.
    #[serde(default)]
    pub sign_up: Option<bool>,
    /// Only addresses of these hosts; of any if empty.
    #[serde(default)]
    pub email_domains: Vec<String>,
}

fn usual_scopes() -> Vec<String> {
    vec!["email".into(), "profile".into()]
}

/// What an operator wrote about a provider cannot be used.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// More than [`PROVIDERS_MAX`].
    #[error("there are {0} login providers, and {PROVIDERS_MAX} are the most")]
    TooMany(usize),
    /// A bad one.
    #[error("the login provider {id:?} cannot be used: {why}")]
    Bad {
        /// As written.
        id: String,
        /// What to change.
        why: &'static str,
    },
}

impl LoginProvider {
    /// Looks through all of them.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn check(providers: &[Self]) -> Result<(), ProviderError> {
        if providers.len() > PROVIDERS_MAX {
            return Err(ProviderError::TooMany(providers.len()));
        }
        for (index, provider) in providers.iter().enumerate() {
            let is_twice = providers[..index].iter().any(|other| other.id == provider.id);
            let why = if is_twice { Some("another one has that id") } else { provider.complaint() };
            if let Some(why) = why {
                return Err(ProviderError::Bad { id: provider.id.clone(), why });
            }
        }
        Ok(())
    }

    fn complaint(&self) -> Option<&'static str> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=ID_BYTES_MAX).contains(&self.id.len()) || !self.id.bytes().all(is_plain) {
            return Some("the id has 1 to 40 of a-z, 0-9 and -");
        }
        if !(1..=NAME_CHARS_MAX).contains(&self.name.chars().count()) || self.name.chars().any(char::is_control) {
            return Some("the name has 1 to 60 characters");
        }
        if self.client_id.is_empty() {
            return Some("it needs the client_id under which the provider knows Capstan");
        }
        if self.scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Some("write each scope as a word of its own");
        }
        let Ok(issuer) = Url::parse(&self.issuer) else { return Some("the issuer is no URL") };
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Some("an issuer has no query and no fragment");
        }
        (!is_safe(&issuer)).then_some("the issuer has to begin with https:// (http:// does for this machine only)")
    }
}

/// Whether nobody on the way can read or change what is sent there: it is encrypted, or stays on this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

impl std::fmt::Debug for LoginProvider {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, issuer, client_id, .. } = self;
        out.debug_struct("LoginProvider")
            .field("id", id)
            .field("issuer", issuer)
            .field("client_id", client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named_with_what_to_change() {
        let good = LoginProvider {
            id: "okta".into(),
            name: "Okta".into(),
            issuer: "https://login.example.com/t".into(),
            client_id: "capstan".into(),
            client_secret: Some("hunter22".into()),
            scopes: usual_scopes(),
            sign_up: None,
            email_domains: Vec::new(),
        };
        assert_eq!(LoginProvider::check(std::slice::from_ref(&good)), Ok(()));
        assert!(!format!("{good:?}").contains("hunter22"));
        type Change = fn(&mut LoginProvider);
        let changes: [(Change, &str); 8] = [
            (|it| it.id = "Okta".into(), "the id has"),
            (|it| it.id = "x".repeat(41), "the id has"),
            (|it| it.name = String::new(), "the name has"),
            (|it| it.client_id = String::new(), "client_id"),
            (|it| it.scopes = vec!["email profile".into()], "each scope"),
            (|it| it.issuer = "login.example.com".into(), "no URL"),
            (|it| it.issuer = "http://login.example.com".into(), "https://"),
            (|it| it.issuer = "https://login.example.com?a=b".into(), "no query"),
        ];
        for (change, said) in changes {
            let mut bad = good.clone();
            change(&mut bad);
            let error = LoginProvider::check(&[bad]).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let twice = LoginProvider::check(&[good.clone(), good.clone()]).unwrap_err().to_string();
        assert!(twice.contains("another one"), "{twice}");
        assert_eq!(LoginProvider::check(&vec![good; 17]), Err(ProviderError::TooMany(17)));
    }

    #[test]
    fn only_this_machine_is_safe_without_encryption() {
        for (url, good) in [
            ("https://example.com", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost:3000", true),
            ("http://example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), good, "{url}");
        }
    }
}
