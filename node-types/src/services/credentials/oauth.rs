//! Access tokens of OAuth 2: fetched once for all steps of all processes, and kept before they are used.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use capstan_domain::credentials::{GMAIL, Opened, REFRESH_MAX, Token, is_send_only};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{AWAY_CLASS, CLASS, away, check_host, hide, open_any};
use crate::node_type::Context;
use crate::services::answer::read_body;
use crate::services::guard::shown;
use crate::services::http::Request;

/// Longest time for the exchange with a token server: well within the turn.
const EXCHANGE_MAX: Duration = Duration::from_secs(20);
/// Longest answer of a token server, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a token holds whose server does not say.
const EXPIRES_IN_DEFAULT: Duration = Duration::from_secs(300);
/// Longest time that a token is believed to hold.
const EXPIRES_IN_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Time between two looks at what another one fetches, at first and at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOK_EVERY_MAX: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<f64>,
    refresh_token: Option<String>,
    /// What the token is good for, as some tell it; as asked for if absent.
    scope: Option<Value>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The access token of a credential: the one that is kept if it is fresh, else a new one.
pub(super) async fn token(context: &Context, name: &str, mut opened: Opened) -> Result<String, Outcome> {
    let vault = &context.services.credentials;
    let (until, mut pause) = (Instant::now() + REFRESH_MAX, LOOK_EVERY);
    loop {
        if let Some(token) = opened.token.as_ref().filter(|_| opened.is_fresh) {
            hide(context, [token.access_token.as_str()])?;
            return Ok(token.access_token.clone());
        }
        let begun = context.database.ask(vault.begin_refresh(context.workspace_id, &opened)).await;
        let turn = begun.map_err(|error| away(&error))?;
        if let Some(number) = turn {
            // In a task of its own: who has asked must keep the answer, as it may be the only one that has the next refresh
            // token, also if the step ends meanwhile.
            let (context, name) = (context.clone(), name.to_owned());
            let task = tokio::spawn(async move { refresh(&context, &name, &opened, number).await });
            let broken = |_| Err(Outcome::retry(AWAY_CLASS, "fetching the token broke off", None));
            return task.await.unwrap_or_else(broken);
        }
        if Instant::now() >= until {
            let reason = format!("the token of the credential \"{name}\" is still being fetched");
            return Err(Outcome::retry(AWAY_CLASS, reason, None));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LOOK_EVERY_MAX);
        opened = open_any(context, name).await?.0;
    }
}

/// A token that is fetched now, although the one that is kept may be fresh. Whoever asks at the same time gets the same.
pub(super) async fn renew(context: &Context, name: &str, opened: Opened) -> Result<String, Outcome> {
    token(context, name, Opened { is_fresh: false, ..opened }).await
}

/// Fetches a token in the turn `number`. No connection to the database is held meanwhile.
async fn refresh(context: &Context, name: &str, opened: &Opened, number: i64) -> Result<String, Outcome> {
    let (vault, until) = (&context.services.credentials, Instant::now() + REFRESH_MAX);
    match timeout(EXCHANGE_MAX, exchange(context, name, opened)).await {
        Ok(Ok((token, expires_in))) => match keep(context, opened, number, (&token, expires_in), until).await {
            Ok(true) => Ok(token.access_token),
            // The exchange ends long before the turn does.
            Ok(false) if Instant::now() >= until => {
                Err(Outcome::Away { reason: "the token that was fetched could not be kept in time".into() })
            }
            Ok(false) => Err(Outcome::retry(AWAY_CLASS, "the token took too long to fetch", None)),
            Err(error) => Err(away(&error)),
        },
        failed => {
            // The turn ends by itself if this fails.
            let _ = context.database.ask(vault.give_up_refresh(context.workspace_id, opened, number)).await;
            Err(match failed {
                Ok(Err(outcome)) => outcome,
                _ => Outcome::retry(AWAY_CLASS, "the token server did not answer in time", None),
            })
        }
    }
}

/// Keeps what was fetched, if need be in several attempts until then: without it the refresh token may be lost for ever.
async fn keep(
    context: &Context,
    opened: &Opened,
    number: i64,
    (token, expires_in): (&Token, Duration),
    until: Instant,
) -> Result<bool, StoreError> {
    loop {
        let kept = context.services.credentials.finish_refresh(context.workspace_id, opened, number, token, expires_in);
        match context.database.ask(kept).await {
            Err(error) if Instant::now() + LOOK_EVERY_MAX < until => {
                warn!(%error, credential_id = %opened.credential_id, "a token could not be kept; trying again");
                sleep(LOOK_EVERY_MAX).await;
            }
            kept => return kept,
        }
    }
}

async fn exchange(context: &Context, name: &str, opened: &Opened) -> Result<(Token, Duration), Outcome> {
    let request = request(context, name, opened)?;
    let url = shown(&request.url);
    let late = |why: String| Outcome::retry(AWAY_CLASS, format!("the token of the credential \"{name}\": {why}"), None);
    // Redirects are not followed: the answer to one is no token.
    let answer = context.services.http.execute(request, |_| true).await;
    let mut response = answer.map_err(|error| late(error.to_string()))?;
    let status = response.status();
    let body = read_body(&mut response, ANSWER_BYTES_MAX).await.map_err(|error| late(error.to_string()))?;
    if !status.is_success() {
        return Err(refused(name, &url, status, &body));
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
        let reason = format!("the token server {url} of the credential \"{name}\" did not answer with a token");
        Outcome::fail(CLASS, reason)
    })?;
    hide(context, [answer.access_token.as_str()].into_iter().chain(answer.refresh_token.as_deref()))?;
    if opened.kept.kind == GMAIL && answer.scope.is_some_and(|scope| !scope.as_str().is_some_and(is_send_only)) {
        let reason = format!(
            "the credential \"{name}\" is good for other things than sending mail, and is not used; connect the account anew, \
             for that alone"
        );
        return Err(Outcome::fail(CLASS, reason));
    }
    let before = opened.token.as_ref().and_then(|token| token.refresh_token.clone());
    let said = answer.expires_in.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    let expires_in =
        said.map_or(EXPIRES_IN_DEFAULT, |seconds| Duration::from_secs_f64(seconds.min(EXPIRES_IN_MAX.as_secs_f64())));
    Ok((Token { access_token: answer.access_token, refresh_token: answer.refresh_token.or(before) }, expires_in))
}

fn refused(name: &str, url: &str, status: StatusCode, body: &[u8]) -> Outcome {
    // Only the code of the error: a description might hold anything.
    let code = serde_json::from_slice(body).map_or(String::new(), |Refusal { error }| {
        error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect()
    });
    let reason = format!("the token server {url} of the credential \"{name}\" answered {status} {code}");
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && status != StatusCode::REQUEST_TIMEOUT {
        Outcome::fail(CLASS, format!("{}; replace the credential", reason.trim_end()))
    } else {
        Outcome::retry(AWAY_CLASS, reason.trim_end(), None)
    }
}

fn request(context: &Context, name: &str, opened: &Opened) -> Result<Request, Outcome> {
    let text = |field: &str| opened.kept.text(field);
    let url = text("token_url").and_then(|url| Url::parse(url).ok());
    let url = url.ok_or_else(|| Outcome::fail(CLASS, format!("the credential \"{name}\" has no usable token_url")))?;
    check_host(name, opened, &url)?;
    let mut body = Serializer::new(String::new());
    if ["oauth2_refresh", GMAIL].contains(&opened.kept.kind.as_str()) {
        let kept = opened.token.as_ref().and_then(|token| token.refresh_token.as_deref());
        let refresh_token = kept.or(text("refresh_token")).unwrap_or_default();
        hide(context, [refresh_token])?;
        body.append_pair("grant_type", "refresh_token").append_pair("refresh_token", refresh_token);
    } else {
        body.append_pair("grant_type", "client_credentials");
    }
    for field in ["scope", "audience"] {
        if let Some(value) = text(field) {
            body.append_pair(field, value);
        }
    }
    let (id, secret) = (text("client_id").unwrap_or_default(), text("client_secret"));
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    match secret {
        Some(secret) if text("auth") != Some("body") => {
            headers.insert(AUTHORIZATION, basic(context, id, secret)?);
        }
        Some(secret) => _ = body.append_pair("client_id", id).append_pair("client_secret", secret),
        None => _ = body.append_pair("client_id", id),
    }
    Ok(Request { method: Method::POST, url, headers, body: Some(body.finish().into_bytes()), is_traced: false })
}

/// Both parts are encoded as in a form before (RFC 6749, section 2.3.1).
fn basic(context: &Context, id: &str, secret: &str) -> Result<HeaderValue, Outcome> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let login = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    hide(context, [login.as_str()])?;
    let value = HeaderValue::from_str(&format!("Basic {login}"));
    let mut value = value.map_err(|_| Outcome::fail(CLASS, "client id and secret cannot be written as a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
