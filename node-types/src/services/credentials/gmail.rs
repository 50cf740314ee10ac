//! Mail that goes out as a Google account, over the HTTP interface of Gmail.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use capstan_domain::credentials::Opened;
use capstan_engine::core::attempt::BROKEN;
use capstan_engine::core::outcome::Outcome;
use chrono::Utc;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use super::{CLASS, check_host, oauth, open_any};
use crate::node_type::Context;
use crate::services::answer::{read_excerpt, retry_after};
use crate::services::http::{HttpError, Request};

/// The class of a mail that Gmail does not take.
pub const REJECTED: &str = "gmail_rejected";
/// The class of a mail that Gmail does not take just now.
pub const TRANSIENT: &str = "gmail_transient";
/// Longest time for handing a mail over once.
const SEND_MAX: Duration = Duration::from_secs(30);
/// How much of a refusal is looked at, in bytes, and how much of it is told, in characters.
const ANSWER_BYTES_MAX: usize = 4_096;
const TOLD_CHARS_MAX: usize = 300;
/// What refusals with 403 say where the account only has to be slower.
const TOO_FAST: [&str; 2] = ["\"rateLimitExceeded\"", "\"userRateLimitExceeded\""];

/// A Google account that mail is sent as. No `Debug`, on purpose.
pub struct Gmail {
    name: String,
    opened: Opened,
    url: Url,
    /// Sender of mails that name none.
    pub from: Option<String>,
}

/// What came back: the status, and what it means for the mail.
type Answered = (StatusCode, Result<(), Outcome>);

impl Gmail {
    /// The account that an opened credential is for.
    pub(super) fn of(name: &str, opened: Opened) -> Result<Self, Outcome> {
        let url = opened.kept.text("send_url").and_then(|url| Url::parse(url).ok());
        let url =
            url.ok_or_else(|| Outcome::fail(CLASS, format!("the credential \"{name}\" has no usable send_url")))?;
        check_host(name, &opened, &url)?;
        let from = opened.kept.text("from").map(str::to_owned);
        Ok(Self { name: name.to_owned(), opened, url, from })
    }

    /// `host:port` of who takes mail over.
    #[must_use]
    pub fn server(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// Hands a message (RFC 5322) over; with another token if the kept one is not taken.
    ///
    /// # Errors
    /// How the step ends. After [`BROKEN`] the mail may have been taken nevertheless.
    pub async fn send(&self, context: &Context, message: &[u8]) -> Result<(), Outcome> {
        let body = json!({ "raw": URL_SAFE.encode(message) }).to_string().into_bytes();
        let token = oauth::token(context, &self.name, self.opened.clone()).await?;
        let (status, sent) = self.post(context, &token, body.clone()).await?;
        if status != StatusCode::UNAUTHORIZED {
            return sent;
        }
        let token = self.other_token(context, &token).await?;
        self.post(context, &token, body).await?.1
    }

    /// A token in place of one that is not taken: the one that somebody else has fetched since, else a new one.
    async fn other_token(&self, context: &Context, refused: &str) -> Result<String, Outcome> {
        let (opened, _) = open_any(context, &self.name).await?;
        if opened.token.as_ref().is_some_and(|token| token.access_token != refused) {
            return oauth::token(context, &self.name, opened).await;
        }
        oauth::renew(context, &self.name, opened).await
    }

    async fn post(&self, context: &Context, token: &str, body: Vec<u8>) -> Result<Answered, Outcome> {
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut bearer = bearer.map_err(|_| Outcome::fail(CLASS, "the token cannot be written as a header"))?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json), (AUTHORIZATION, bearer)]);
        let request =
            Request { method: Method::POST, url: self.url.clone(), headers, body: Some(body), is_traced: false };
        let asked = async {
            // Redirects are not followed: mail and token are for this address.
            let mut response = context.services.http.execute(request, |_| true).await?;
            let (status, after) = (response.status(), retry_after(response.headers(), Utc::now()));
            if status.is_success() {
                return Ok((status, after, String::new()));
            }
            Ok::<_, HttpError>((status, after, read_excerpt(&mut response, ANSWER_BYTES_MAX).await))
        };
        let (status, after, said) = match timeout(SEND_MAX, asked).await {
            Ok(answered) => answered.map_err(|error| unanswered(&error))?,
            Err(_) => {
                let reason = format!("{} did not answer for the mail within {} s", self.server(), SEND_MAX.as_secs());
                return Err(Outcome::retry(BROKEN, reason, None));
            }
        };
        Ok((status, self.judge(status, after, &said)))
    }

    fn judge(&self, status: StatusCode, after: Option<Duration>, said: &str) -> Result<(), Outcome> {
        if status.is_success() {
            return Ok(());
        }
        let reason = format!("{} answered {}: {}", self.server(), status.as_u16(), told(said));
        let is_slow = status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
            || (status == StatusCode::FORBIDDEN && TOO_FAST.iter().any(|sign| said.contains(sign)));
        Err(if is_slow {
            Outcome::retry(TRANSIENT, reason, after)
        } else if status == StatusCode::UNAUTHORIZED {
            Outcome::fail(
                CLASS,
                format!("the credential \"{}\" is not taken, connect the account anew: {reason}", self.name),
            )
        } else {
            Outcome::fail(REJECTED, reason)
        })
    }
}

/// The message of a refusal, else how it begins.
fn told(said: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(said).ok();
    let message = parsed.as_ref().and_then(|answer| answer["error"]["message"].as_str()).unwrap_or(said);
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TOLD_CHARS_MAX).collect()
}

fn unanswered(error: &HttpError) -> Outcome {
    let reason = error.to_string();
    match error {
        HttpError::Refused(_) => Outcome::fail("address_blocked", reason),
        HttpError::Connect { .. } => Outcome::retry("connect", reason, None),
        HttpError::Broken { .. } | HttpError::Timeout { .. } => Outcome::retry(BROKEN, reason, None),
        HttpError::Redirect { .. } => Outcome::fail(REJECTED, reason),
    }
}

#[cfg(test)]
mod tests;
