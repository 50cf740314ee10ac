//! A Google account allows mail to be sent as it, and nothing else: authorization code with PKCE and state, as for logging in.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_domain::credentials::{GMAIL_SCOPE, is_send_only};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::runtime::Handle;
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
    /// Where tokens that are not kept are taken back (RFC 7009); nowhere if it is empty.
    #[serde(default = "revoke_url")]
    pub revoke_url: String,
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

fn revoke_url() -> String {
    "https://oauth2.googleapis.com/revoke".into()
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
        let urls = [
            ("authorize_url", &self.authorize_url),
            ("token_url", &self.token_url),
            ("revoke_url", &self.revoke_url),
            ("send_url", &self.send_url),
        ];
        let is_good = |url: &str| Url::parse(url).is_ok_and(|url| is_safe(&url) && url.fragment().is_none());
        let is_left_out = |field: &str, url: &str| field == "revoke_url" && url.is_empty();
        match urls.into_iter().find(|(field, url)| !is_good(url) && !is_left_out(field, url)) {
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
    access_token: Option<String>,
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
        let asked = client.map(|client| [&client.token_url, &client.revoke_url].map(|url| Url::parse(url).ok()));
        let asked: Option<Vec<Url>> = asked.map(|urls| urls.into_iter().flatten().collect());
        Self {
            client: client.cloned(),
            wire: asked.and_then(|urls| Wire::new(allow, &urls)),
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

    /// What the account gives for `code`.
    pub(crate) async fn given(
        self: &Arc<Self>,
        client: &GmailClient,
        secrets: &Secrets<'_>,
        code: &str,
    ) -> Result<Given, ConsentError> {
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
        match wire.post_form(&client.token_url, HeaderMap::new(), &form).await {
            Ok(answer) => Ok(Given { consent: Arc::clone(self), answer, is_kept: false }),
            Err(WireError::Status { error, .. }) if &*error == "invalid_grant" => Err(ConsentError::Code),
            Err(error) => Err(error.into()),
        }
    }

    /// Has the provider forget a token, and what belongs to it; one try.
    async fn take_back(&self, token: &str) -> Result<(), WireError> {
        let (Some(client), Some(wire)) = (&self.client, &self.wire) else { return Ok(()) };
        if client.revoke_url.is_empty() {
            return Ok(());
        }
        let form = [
            ("token", token),
            ("client_id", client.client_id.as_str()),
            ("client_secret", client.client_secret.as_str()),
        ];
        wire.tell_form(&client.revoke_url, &form).await
    }
}

/// What an account has given. Unless it is kept it is taken back when this goes, beside whoever waits: because it is good for something
/// else, because it was refused, or because something broke.
pub(crate) struct Given {
    consent: Arc<Consent>,
    answer: Answer,
    is_kept: bool,
}

impl Given {
    /// The refresh token, if it is good for sending mail and for nothing else.
    pub(crate) fn refresh_token(&self) -> Result<&str, ConsentError> {
        let granted = self.answer.scope.as_deref().unwrap_or_default();
        if !is_send_only(granted) {
            return Err(ConsentError::Scope(granted.chars().take(TOLD_CHARS_MAX).collect()));
        }
        self.answer.refresh_token.as_deref().filter(|token| !token.is_empty()).ok_or(ConsentError::NoRefreshToken)
    }

    /// It is stored, or may be.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let tokens = [self.answer.refresh_token.take(), self.answer.access_token.take()];
        let token = tokens.into_iter().flatten().find(|token| !token.is_empty());
        let (false, Some(token), Ok(runtime)) = (self.is_kept, token, Handle::try_current()) else { return };
        let consent = Arc::clone(&self.consent);
        // One for each consent that is over, for as long as an answer may take.
        runtime.spawn(async move {
            if let Err(error) = consent.take_back(&token).await {
                tracing::warn!(%error, "what a Google account gave and was not kept was not taken back");
            }
        });
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
        assert_eq!(read(", \"revoke_url\": \"\"").check(), Ok(()));
        for (bad, field) in [
            (read(", \"send_url\": \"http://example.com/\""), "send_url"),
            (read(", \"authorize_url\": \"somewhere\""), "authorize_url"),
            (read(", \"revoke_url\": \"http://example.com/\""), "revoke_url"),
            (GmailClient { client_secret: " ".into(), ..good }, "client_secret"),
        ] {
            assert_eq!(bad.check().unwrap_err().field, field);
        }
    }
}
