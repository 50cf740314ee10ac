//! A Google account allows mail to be sent as it, and nothing else: authorization code with PKCE and state, as for logging in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_domain::credentials::{GMAIL_SCOPE, is_send_only};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

use super::Secrets;
use super::settings::is_safe;
use super::wire::{Wire, WireError};

/// Most characters of scopes that are told.
const TOLD_CHARS_MAX: usize = 300;

/// How Google knows Capstan, and where it is asked.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GmailClient {
    /// Of a client of the kind "web application".
    pub client_id: String,
    /// Its secret, which is kept with each account that is connected.
    pub client_secret: String,
    /// Where people are asked.
    #[serde(default = "authorize_url")]
    pub authorize_url: String,
    /// Where codes and refresh tokens are exchanged.
    #[serde(default = "token_url")]
    pub token_url: String,
    /// Where mail is handed over.
    #[serde(default = "send_url")]
    pub send_url: String,
}

fn authorize_url() -> String {
    "https://accounts.google.com/o/oauth2/v2/auth".into()
}

fn token_url() -> String {
    "https://oauth2.googleapis.com/token".into()
}

fn send_url() -> String {
    "https://gmail.googleapis.com/gmail/v1/users/me/messages/send".into()
}

/// What an operator wrote about the client cannot be used.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{field} {why}")]
pub struct GmailClientError {
    /// Which of its fields.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl GmailClient {
    /// Looks through it.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub fn check(&self) -> Result<(), GmailClientError> {
        let texts = [("client_id", &self.client_id), ("client_secret", &self.client_secret)];
        if let Some((field, _)) = texts.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(GmailClientError { field, why: "is empty: it is what Google knows Capstan by" });
        }
        let urls =
            [("authorize_url", &self.authorize_url), ("token_url", &self.token_url), ("send_url", &self.send_url)];
        let is_good = |url: &str| Url::parse(url).is_ok_and(|url| is_safe(&url) && url.fragment().is_none());
        match urls.into_iter().find(|(_, url)| !is_good(url)) {
            Some((field, _)) => {
                Err(GmailClientError { field, why: "has to begin with https:// (http:// does for this machine only)" })
            }
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for GmailClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("GmailClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Why no account was connected. The text is for the log.
#[derive(Debug, Error)]
pub(crate) enum ConsentError {
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Used before, of another consent, or too old.
    #[error("the provider does not take the code")]
    Code,
    /// What was granted instead.
    #[error("it was granted {0:?}")]
    Scope(String),
    #[error("the provider gave no refresh token")]
    NoRefreshToken,
}

#[derive(Deserialize)]
struct Answer {
    refresh_token: Option<String>,
    scope: Option<String>,
}

/// Asks people for it.
pub(crate) struct Consent {
    pub(crate) client: Option<GmailClient>,
    wire: Option<Wire>,
    /// What the provider has to know as the redirect URI.
    back: String,
}

impl Consent {
    /// A client that cannot be used is refused before, where settings are read.
    pub(crate) fn new(client: Option<&GmailClient>, allow: &[String], public_url: &str) -> Self {
        let asked = client.and_then(|client| Url::parse(&client.token_url).ok());
        Self {
            client: client.cloned(),
            wire: asked.and_then(|url| Wire::new(allow, &[url])),
            back: format!("{public_url}/connect/gmail/callback"),
        }
    }

    /// Where the browser goes to be asked.
    pub(crate) fn address(&self, client: &GmailClient, secrets: &Secrets<'_>) -> Result<Url, ConsentError> {
        let url = Url::parse(&client.authorize_url).ok().filter(is_safe);
        let mut url = url.ok_or_else(|| WireError::Unsafe(client.authorize_url.as_str().into()))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.client_id)
            .append_pair("redirect_uri", &self.back)
            .append_pair("scope", GMAIL_SCOPE)
            // A refresh token is given at the first consent only, unless one is asked again.
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent")
            .append_pair("state", secrets.state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier())))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// The refresh token that the account gives for `code`, if it is good for sending mail and for nothing else.
    pub(crate) async fn refresh_token(
        &self,
        client: &GmailClient,
        secrets: &Secrets<'_>,
        code: &str,
    ) -> Result<String, ConsentError> {
        let wire = self.wire.as_ref().ok_or_else(|| WireError::Wrong("this process cannot ask providers".into()))?;
        let verifier = secrets.verifier();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.back.as_str()),
            ("code_verifier", verifier.as_str()),
            ("client_id", client.client_id.as_str()),
            ("client_secret", client.client_secret.as_str()),
        ];
        let answer: Answer = match wire.post_form(&client.token_url, HeaderMap::new(), &form).await {
            Err(WireError::Status { error, .. }) if &*error == "invalid_grant" => return Err(ConsentError::Code),
            answer => answer?,
        };
        let granted = answer.scope.unwrap_or_default();
        if !is_send_only(&granted) {
            return Err(ConsentError::Scope(granted.chars().take(TOLD_CHARS_MAX).collect()));
        }
        answer.refresh_token.filter(|token| !token.is_empty()).ok_or(ConsentError::NoRefreshToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_of_google_unless_something_else_is_said_and_is_asked_safely() {
        let read = |more: &str| -> GmailClient {
            let text = format!("{{\"client_id\": \"me\", \"client_secret\": \"hunter22\"{more}}}");
            serde_json::from_str(&text).unwrap()
        };
        let good = read("");
        assert_eq!(good.check(), Ok(()));
        assert!(good.token_url.contains("googleapis.com") && !format!("{good:?}").contains("hunter22"));
        assert_eq!(read(", \"token_url\": \"http://127.0.0.1:1/token\"").check(), Ok(()));
        for (bad, field) in [
            (read(", \"send_url\": \"http://example.com/\""), "send_url"),
            (read(", \"authorize_url\": \"somewhere\""), "authorize_url"),
            (GmailClient { client_secret: " ".into(), ..good }, "client_secret"),
        ] {
            assert_eq!(bad.check().unwrap_err().field, field);
        }
    }
}
