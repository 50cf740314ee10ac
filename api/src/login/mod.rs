//! Logging in through OpenID providers: authorization code with PKCE, state and nonce. What is stored of an attempt, and what
//! becomes of who logs in, is in `capstan_domain::access` and `routes::people::login`.

mod gmail;
mod id_token;
mod provider;
mod settings;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

pub(crate) use gmail::{Consent, ConsentError, Given};
pub use gmail::{GmailClient, GmailClientError};
use id_token::BadToken;
pub(crate) use id_token::Subject;
pub(crate) use provider::{Provider, Returned};
pub use settings::{LoginProvider, PROVIDERS_MAX, ProviderError};
use wire::{Wire, WireError};

/// Why nobody was logged in. The text is for the log: it may tell where a provider is.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Used before, of another login, or too old.
    #[error("the provider does not take the code")]
    Code,
    #[error("the ID token is no proof: {0}")]
    Token(#[from] BadToken),
}

/// The two texts of a login: one goes through the provider, one stays in the browser. Only who has both can end it.
pub(crate) struct Secrets<'a> {
    pub(crate) state: &'a str,
    pub(crate) browser: &'a str,
}

impl Secrets<'_> {
    fn nonce(&self) -> String {
        self.made("nonce")
    }

    /// Of PKCE (RFC 7636): 43 characters.
    fn verifier(&self) -> String {
        self.made("verifier")
    }

    fn made(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("capstan login {purpose} {} {}", self.state, self.browser)))
    }
}

/// The providers of an installation.
pub(crate) struct Login {
    providers: Vec<Provider>,
    /// Absent if no provider can be asked.
    wire: Option<Wire>,
    public_url: String,
}

impl Login {
    /// Providers that cannot be used are refused before, where settings are read.
    pub(crate) fn new(providers: &[LoginProvider], allow: &[String], public_url: &str) -> Self {
        let issuers: Vec<Url> = providers.iter().filter_map(|it| Url::parse(&it.issuer).ok()).collect();
        Self {
            wire: if providers.is_empty() { None } else { Wire::new(allow, &issuers) },
            providers: providers.iter().cloned().map(Provider::new).collect(),
            public_url: public_url.to_owned(),
        }
    }

    pub(crate) fn providers(&self) -> &[Provider] {
        &self.providers
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.settings.id == id)
    }

    /// Where the browser goes to log in.
    pub(crate) async fn address(&self, provider: &Provider, secrets: &Secrets<'_>) -> Result<Url, LoginError> {
        provider.address(self.wire()?, secrets, &self.back(provider)).await
    }

    /// Who it was that logged in there.
    pub(crate) async fn subject(
        &self,
        provider: &Provider,
        secrets: &Secrets<'_>,
        returned: &Returned<'_>,
    ) -> Result<Subject, LoginError> {
        provider.subject(self.wire()?, secrets, &self.back(provider), returned).await
    }

    fn wire(&self) -> Result<&Wire, LoginError> {
        Ok(self.wire.as_ref().ok_or_else(|| WireError::Wrong("this process cannot ask providers".into()))?)
    }

    /// What the provider has to know as the redirect URI.
    fn back(&self, provider: &Provider) -> String {
        format!("{}/login/{}/callback", self.public_url, provider.settings.id)
    }
}
