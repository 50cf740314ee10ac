//! One OpenID provider: where it is, what it signs with, and the exchange of a code for who somebody is.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::jwk::Jwk;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::id_token::{BadToken, Expected, Subject, judge};
use super::settings::{LoginProvider, is_safe};
use super::wire::{Wire, WireError};
use super::{LoginError, Secrets};
use crate::remembered::Remembered;

/// How long a discovery document and keys are used again.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// Keys are not asked for again sooner, whoever brings tokens of unknown keys.
const KEYS_COOL_DOWN: Duration = Duration::from_secs(30);
/// Most keys of a provider.
const KEYS_MAX: usize = 100;

/// What is used of a discovery document.
#[derive(Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Clone)]
struct Keys {
    asked_at: Instant,
    keys: std::sync::Arc<[Jwk]>,
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: String,
    access_token: Option<String>,
}

/// What a provider sent a browser back with.
pub(crate) struct Returned<'a> {
    pub(crate) code: &'a str,
    /// Who says so (RFC 9207).
    pub(crate) issuer: Option<&'a str>,
}

pub(crate) struct Provider {
    pub(crate) settings: LoginProvider,
    metadata: Remembered<(), Metadata>,
    keys: Remembered<(), Keys>,
}

impl Provider {
    pub(super) fn new(settings: LoginProvider) -> Self {
        Self { settings, metadata: Remembered::for_at_most(KNOWN_FOR), keys: Remembered::for_at_most(KNOWN_FOR) }
    }

    /// Where the browser goes to log in.
    pub(super) async fn address(&self, wire: &Wire, secrets: &Secrets<'_>, back: &str) -> Result<Url, LoginError> {
        let metadata = self.metadata(wire).await?;
        let mut url = Url::parse(&metadata.authorization_endpoint)
            .ok()
            .filter(is_safe)
            .ok_or_else(|| WireError::Unsafe(metadata.authorization_endpoint.as_str().into()))?;
        let scopes = self.settings.scopes.iter().fold("openid".to_owned(), |all, scope| format!("{all} {scope}"));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", back)
            .append_pair("scope", &scopes)
            .append_pair("state", secrets.state)
            .append_pair("nonce", &secrets.nonce())
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier())))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who it was that logged in there.
    pub(super) async fn subject(
        &self,
        wire: &Wire,
        secrets: &Secrets<'_>,
        back: &str,
        returned: &Returned<'_>,
    ) -> Result<Subject, LoginError> {
        let metadata = self.metadata(wire).await?;
        let is_required = metadata.authorization_response_iss_parameter_supported;
        if returned.issuer.map_or(is_required, |issuer| issuer != metadata.issuer) {
            return Err(BadToken::Issuer.into());
        }
        let exchanged = self.exchange(wire, &metadata, secrets, back, returned.code).await?;
        let subject = self.judged(wire, &metadata, &exchanged.id_token, &secrets.nonce()).await?;
        match (&subject.email, &metadata.userinfo_endpoint, &exchanged.access_token) {
            (None, Some(userinfo), Some(token)) => {
                let told: Subject = wire.get(userinfo, Some(token)).await?;
                // What it tells of somebody else is of no use.
                if told.sub == subject.sub { Ok(told) } else { Err(BadToken::Audience.into()) }
            }
            _ => Ok(subject),
        }
    }

    async fn exchange(
        &self,
        wire: &Wire,
        metadata: &Metadata,
        secrets: &Secrets<'_>,
        back: &str,
        code: &str,
    ) -> Result<Exchanged, LoginError> {
        let (client_id, verifier) = (self.settings.client_id.as_str(), secrets.verifier());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier.as_str()),
        ];
        let mut headers = HeaderMap::new();
        match &self.settings.client_secret {
            Some(secret) if takes_basic(metadata) => {
                headers.insert(AUTHORIZATION, basic(client_id, secret)?);
            }
            Some(secret) => form.extend([("client_id", client_id), ("client_secret", secret.as_str())]),
            None => form.push(("client_id", client_id)),
        }
        match wire.post_form(&metadata.token_endpoint, headers, &form).await {
            Err(WireError::Status { error, .. }) if &*error == "invalid_grant" => Err(LoginError::Code),
            other => Ok(other?),
        }
    }

    /// With keys that are known, and where none fits, with fresh ones.
    async fn judged(&self, wire: &Wire, metadata: &Metadata, token: &str, nonce: &str) -> Result<Subject, LoginError> {
        let (issuer, client_id) = (metadata.issuer.as_str(), self.settings.client_id.as_str());
        let expected = Expected { issuer, client_id, nonce, now: Utc::now() };
        let known = self.keys(wire, metadata).await?;
        match judge(token, &known.keys, &expected) {
            Err(BadToken::NoKey) if known.asked_at.elapsed() >= KEYS_COOL_DOWN => {
                self.keys.forget(&()).await;
                Ok(judge(token, &self.keys(wire, metadata).await?.keys, &expected)?)
            }
            judged => Ok(judged?),
        }
    }

    async fn metadata(&self, wire: &Wire) -> Result<Metadata, LoginError> {
        let issuer = &self.settings.issuer;
        let found = self.metadata.answer((), async {
            let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let metadata: Metadata = wire.get(&url, None).await?;
            if metadata.issuer != *issuer {
                let said: String = metadata.issuer.chars().take(300).collect();
                let why = format!("{url} is the document of the issuer {said:?}, and the settings say {issuer:?}");
                return Err(WireError::Wrong(why));
            }
            Ok(Some(metadata))
        });
        Ok(found.await?.ok_or_else(|| WireError::Wrong("no discovery document".into()))?)
    }

    /// Keys that cannot be read are for something that this build does not know.
    async fn keys(&self, wire: &Wire, metadata: &Metadata) -> Result<Keys, LoginError> {
        let found = self.keys.answer((), async {
            let asked_at = Instant::now();
            let set: KeySet = wire.get(&metadata.jwks_uri, None).await?;
            let keys = set.keys.into_iter().take(KEYS_MAX);
            let keys = keys.filter_map(|key| serde_json::from_value(key).ok()).collect();
            Ok::<_, WireError>(Some(Keys { asked_at, keys }))
        });
        Ok(found.await?.ok_or_else(|| WireError::Wrong("no keys".into()))?)
    }
}

/// What clients do unless something else is said (OpenID Connect Discovery 1.0, section 3).
fn takes_basic(metadata: &Metadata) -> bool {
    let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
    methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
}

/// Both form-encoded first (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &str) -> Result<HeaderValue, LoginError> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {both}"))
        .map_err(|_| WireError::Wrong("a client secret that is no header".into()))?;
    value.set_sensitive(true);
    Ok(value)
}
