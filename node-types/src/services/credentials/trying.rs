//! Trying a credential out against its provider, without doing anything there: a login to a mail server, a fetched token, a GET.

use capstan_domain::credentials::tested::{TEST_TIME_MAX, Tested, Verdict};
use capstan_domain::credentials::{GMAIL, Opened};
use capstan_engine::core::outcome::Outcome;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::server::login_of;
use super::{AWAY_CLASS, HOST_CLASS, attach, oauth, open_any};
use crate::node_type::Context;
use crate::services::answer::read_excerpt;
use crate::services::guard::shown;
use crate::services::http::{HttpError, Request};
use crate::services::mail::MailError;

/// How much of an answer is told that is no good one, in bytes.
const RESPONSE_BYTES_MAX: usize = 500;
/// For what credentials are used over HTTP.
const HTTP: &str = "action.http_request";

/// What was found, with secrets that a provider may have echoed.
struct Found {
    verdict: Verdict,
    detail: String,
    status_code: Option<u16>,
    response: Option<String>,
}

/// Tries the credential of that name: logs in to a mail server, fetches a token of OAuth 2, asks `url` by GET. It does each as a
/// step would, within [`TEST_TIME_MAX`]. What is told is without secrets.
pub async fn try_out(context: &Context, name: &str, url: Option<&str>) -> Tested {
    let begun = Instant::now();
    let found = timeout(TEST_TIME_MAX, Box::pin(try_any(context, name, url))).await.unwrap_or_else(|_| {
        let detail = format!("no answer came within {} s", TEST_TIME_MAX.as_secs());
        Err(told(Verdict::TimedOut, detail))
    });
    let Found { verdict, detail, status_code, response } = found.unwrap_or_else(|found| found);
    let without = |text: String| context.secrets.text(&text).into_owned();
    let response = response.filter(|text| !text.is_empty()).map(without);
    Tested { verdict, detail: without(detail), status_code, response, took: begun.elapsed() }
}

async fn try_any(context: &Context, name: &str, url: Option<&str>) -> Result<Found, Found> {
    let (opened, kind) = open_any(context, name).await.map_err(unusable)?;
    match (kind.name, url) {
        ("smtp", _) => mail_server(context, name, &opened).await,
        (GMAIL, _) => {
            oauth::renew(context, name, opened).await.map_err(of_provider)?;
            Ok(told(Verdict::Passed, "the token server gave a token for sending mail; none was sent"))
        }
        ("oauth2_client_credentials" | "oauth2_refresh", _) => {
            let token_url = opened.kept.text("token_url").and_then(|url| Url::parse(url).ok());
            oauth::renew(context, name, opened).await.map_err(of_provider)?;
            match (url, token_url) {
                (Some(url), _) => get(context, name, url).await,
                (None, Some(url)) => Ok(told(Verdict::Passed, format!("{} gave a token", shown(&url)))),
                (None, None) => Ok(told(Verdict::Passed, "the token server gave a token")),
            }
        }
        (_, Some(url)) => get(context, name, url).await,
        (_, None) => Err(told(Verdict::Unusable, "a credential of this type can only be tried with an address")),
    }
}

/// Asks as the HTTP step does, but follows no redirect.
async fn get(context: &Context, name: &str, url: &str) -> Result<Found, Found> {
    let url =
        Url::parse(url).map_err(|error| told(Verdict::Unusable, format!("the address cannot be read: {error}")))?;
    let asked = shown(&url);
    let mut request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: None, is_traced: false };
    attach(context, name, HTTP, &mut request).await.map_err(unusable)?;
    let mut response = context.services.http.execute(request, |_| true).await.map_err(unanswered)?;
    let status = response.status();
    let (verdict, detail) = judge(&asked, status);
    let response = match verdict {
        Verdict::Passed => None,
        _ => Some(read_excerpt(&mut response, RESPONSE_BYTES_MAX).await),
    };
    Ok(Found { status_code: Some(status.as_u16()), response, ..told(verdict, detail) })
}

/// What an answer says of the credential: others than these may have reasons of their own.
fn judge(asked: &str, status: StatusCode) -> (Verdict, String) {
    let number = status.as_u16();
    match number {
        200..=299 => (Verdict::Passed, format!("{asked} answered {number}")),
        401 | 403 => (Verdict::Refused, format!("{asked} answered {number}: it does not take the credential for this")),
        300..=399 => (Verdict::Unclear, format!("{asked} answered {number}, which leads elsewhere, and does not tell")),
        _ => (Verdict::Unclear, format!("{asked} answered {number}, which does not tell whether the credential works")),
    }
}

async fn mail_server(context: &Context, name: &str, opened: &Opened) -> Result<Found, Found> {
    let login = login_of(name, opened).map_err(unusable)?;
    let services = &context.services;
    let done = Box::pin(services.mail.try_login(context.workspace_id, &login, &services.http)).await;
    let server = format!("the mail server {}:{}", login.host, login.port);
    let (verdict, detail) = match done {
        Ok(()) if login.login.is_some() => (Verdict::Passed, format!("{server} took the login")),
        Ok(()) => (Verdict::Passed, format!("{server} answered; the credential has no login")),
        Err(MailError::Rejected { why, .. }) => (Verdict::Refused, format!("{server} refused: {why}")),
        Err(MailError::Transient { why, .. }) => (Verdict::Unclear, format!("{server} put it off: {why}")),
        Err(error @ MailError::Refused(_)) => (Verdict::NotAllowed, error.to_string()),
        Err(error @ MailError::Setup { .. }) => (Verdict::Unusable, error.to_string()),
        Err(MailError::Connect { why, .. } | MailError::Broken { why, .. }) => {
            (Verdict::Unreachable, format!("{server} cannot be talked to: {why}"))
        }
        // Of a mail, and there was none.
        Err(error @ (MailError::Letter(_) | MailError::Mailbox(_))) => (Verdict::Unclear, error.to_string()),
    };
    Ok(told(verdict, detail))
}

fn unanswered(error: HttpError) -> Found {
    let verdict = match &error {
        HttpError::Refused(_) => Verdict::NotAllowed,
        HttpError::Connect { .. } | HttpError::Broken { .. } => Verdict::Unreachable,
        HttpError::Timeout { .. } => Verdict::TimedOut,
        HttpError::Redirect { .. } => Verdict::Unclear,
    };
    told(verdict, error.to_string())
}

/// How a step would end without a credential that was never sent.
fn unusable(outcome: Outcome) -> Found {
    match of_provider(outcome) {
        Found { verdict: Verdict::Refused, detail, .. } => told(Verdict::Unusable, detail),
        other => other,
    }
}

/// How a step would end without what the provider was asked for.
fn of_provider(outcome: Outcome) -> Found {
    match outcome {
        Outcome::Fail { class, reason } if class == HOST_CLASS => told(Verdict::NotAllowed, reason),
        Outcome::Fail { reason, .. } => told(Verdict::Refused, reason),
        Outcome::Retry { class, reason, .. } if class == AWAY_CLASS => told(Verdict::Unreachable, reason),
        Outcome::Away { reason } => told(Verdict::Unclear, reason),
        other => told(Verdict::Unclear, format!("{other:?}")),
    }
}

fn told(verdict: Verdict, detail: impl Into<String>) -> Found {
    Found { verdict, detail: detail.into(), status_code: None, response: None }
}

#[cfg(test)]
mod tests;
