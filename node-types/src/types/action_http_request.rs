//! `action.http_request`

use std::collections::BTreeMap;
use std::time::Duration;

use capstan_engine::core::attempt::BROKEN;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use chrono::Utc;
use reqwest::{Response, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::parts::{Encoding, OneOrMany, Scalar, check_credential, has_expression, problem};
use crate::node_type::{Context, LogLevel, NodeType, Spec};
use crate::own_database::Late;
use crate::services::answer::{Body, BodyError, headers_json, parse_body, read_body, read_excerpt, retry_after};
use crate::services::credentials;
use crate::services::guard::{Refusal, shown};
use crate::services::http::{HttpError, Request};

mod request;

/// Error classes that a request may fail with, beside those of any node.
const CLASSES: [&str; 16] = [
    "http_408",
    "http_425",
    "http_429",
    "http_5xx",
    "http_4xx",
    "http_3xx",
    "http_status",
    "body_too_large",
    "invalid_json",
    "address_blocked",
    "redirect",
    "connect",
    BROKEN,
    "credential",
    "credential_host",
    "credential_away",
];
/// Time for the whole exchange when the node sets none.
const TIMEOUT_MS_DEFAULT: u64 = 30_000;
/// Most time that a node may set.
const TIMEOUT_MS_MAX: u64 = 600_000;
/// Longest answer when the node sets none.
const BODY_BYTES_DEFAULT: usize = 1024 * 1024;
/// Longest answer that a node may set.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// How much of an unsuccessful answer is read: enough that a secret which begins in what is told is whole, and so is found.
const ANSWER_BYTES_MAX: usize = 4_096;
/// How much of it goes to the log of the step.
const EXCERPT_BYTES_MAX: usize = 500;
/// How much of it is told as the reason.
const REASON_CHARS_MAX: usize = 200;

/// Calls another system over HTTP.
pub(crate) struct ActionHttpRequest;

/// The request, and which answers are good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// HTTP method.
    #[serde(default)]
    method: Method,
    /// Address, http or https, without user name and password.
    url: String,
    /// Header names and values; those of the connection and `Idempotency-Key` are the engine's own.
    #[serde(default)]
    headers: BTreeMap<String, Scalar>,
    /// Names and values for the query of the address; a list repeats the name, null leaves it out.
    #[serde(default)]
    query: BTreeMap<String, Option<OneOrMany<Scalar>>>,
    /// Body, sent as JSON; text goes as it is if the header `Content-Type` says something other than JSON.
    body: Option<Value>,
    /// `base64` sends the bytes that `body` is base64 of, as `application/octet-stream` unless a header says what they are.
    body_encoding: Option<Encoding>,
    /// Time for the whole exchange in milliseconds, redirects and body included; 30,000 if absent.
    #[schemars(range(min = 1, max = 600_000))]
    timeout_ms: Option<u64>,
    /// Longest answer in bytes, at most 10 MiB; 1 MiB if absent. What is kept of a step is 1 MiB at most, base64 included.
    #[schemars(range(min = 1, max = 10_485_760))]
    body_bytes_max: Option<usize>,
    /// Name of a credential of the workspace, which is sent along to its own hosts only; taken as written.
    #[schemars(extend("x-capstan-credential" = ["bearer", "basic", "header", "oauth2_client_credentials", "oauth2_refresh", "custom"]))]
    credential: Option<String>,
    /// Statuses that mean success, such as `[200, 404]`; 200 to 299 if empty.
    #[serde(default)]
    success: Vec<u16>,
}

/// Methods of a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// Reads.
    #[default]
    Get,
    /// Reads headers only.
    Head,
    /// Makes or does.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
    /// Asks what is possible.
    Options,
}

impl NodeType for ActionHttpRequest {
    const NAME: &'static str = "action.http_request";
    const EFFECT: Effect = Effect::AtLeastOnce;
    const RAW: &'static [&'static str] = &["credential"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "HTTP request",
            "Calls another system over HTTP, with the same Idempotency-Key at every attempt; the output is its answer: `status`, \
             `headers`, and `body` as JSON, text, or, where `encoding` says `base64`, bytes.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(CLASSES.map(Into::into).to_vec())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        let url = config.get("url").and_then(Value::as_str).filter(|text| !has_expression(text));
        if let Some(text) = url
            && !Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty())
        {
            let detail = format!("{:?} cannot be requested", text.chars().take(100).collect::<String>());
            problems.push(problem(
                "bad_url",
                "/url",
                detail,
                "write a full address with http:// or https://, without a login",
            ));
        }
        for name in config.get("headers").and_then(Value::as_object).into_iter().flat_map(|headers| headers.keys()) {
            if let Err(why) = request::header_name(name) {
                problems.push(problem("bad_header", "/headers", why, "remove or rename the header"));
            }
        }
        problems.extend(check_credential(config));
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let timeout_ms = config.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        let bytes_max = config.body_bytes_max.unwrap_or(BODY_BYTES_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) || !(1..=BODY_BYTES_MAX).contains(&bytes_max) {
            let reason = format!("timeout_ms is 1 to {TIMEOUT_MS_MAX} and body_bytes_max 1 to {BODY_BYTES_MAX}");
            return Outcome::fail("config", reason);
        }
        let success = config.success.clone();
        let credential = config.credential.clone();
        let request = match request::build(config, &context.idempotency_key()) {
            Ok(request) => request.traced(),
            Err(why) => return Outcome::fail("config", why),
        };
        let url = shown(&request.url);
        let exchange = Box::pin(async move {
            let mut request = request;
            if let Some(name) = credential
                && let Err(outcome) = credentials::attach(context, &name, Self::NAME, &mut request).await
            {
                return outcome;
            }
            exchange(request, &success, bytes_max, context).await
        });
        match context.database.within(Duration::from_millis(timeout_ms), exchange).await {
            Ok(outcome) => outcome,
            Err(Late::Away) => Outcome::Away { reason: format!("the credential for {url} did not come in time") },
            Err(Late::Spent) => {
                Outcome::retry("timeout", format!("{url} did not finish its answer within {timeout_ms} ms"), None)
            }
        }
    }
}

/// From request to outcome; the caller bounds its time.
async fn exchange(request: Request, success: &[u16], bytes_max: usize, context: &Context) -> Outcome {
    let succeeds = |status: StatusCode| {
        if success.is_empty() { status.is_success() } else { success.contains(&status.as_u16()) }
    };
    let mut response = match context.services.http.execute(request, succeeds).await {
        Ok(response) => response,
        Err(error) => return http_error(&error),
    };
    if !succeeds(response.status()) {
        return unsuccessful(response, context).await;
    }
    let body = match read_body(&mut response, bytes_max).await {
        Ok(bytes) => parse_body(response.headers(), &bytes),
        Err(error) => Err(error),
    };
    match body {
        Ok(Body { value, is_base64 }) => {
            let headers = headers_json(response.headers());
            let mut output = json!({"status": response.status().as_u16(), "headers": headers, "body": value});
            if is_base64 {
                output["encoding"] = "base64".into();
            }
            Outcome::done("out", output)
        }
        Err(BodyError::Http(error)) => http_error(&error),
        Err(error @ BodyError::TooLarge { .. }) => Outcome::fail("body_too_large", told(&response, &error)),
        Err(error @ BodyError::InvalidJson(_)) => Outcome::fail("invalid_json", told(&response, &error)),
    }
}

/// Another attempt is worth it if the server says so, or if the fault is its own.
pub(super) async fn unsuccessful(mut response: Response, context: &Context) -> Outcome {
    let status = response.status();
    let answered = format!("{} answered {status}", shown(response.url()));
    let after = retry_after(response.headers(), Utc::now());
    let excerpt = read_excerpt(&mut response, ANSWER_BYTES_MAX).await;
    // Before anything is cut off: half a secret would not be found any more.
    let excerpt = context.secrets.text(&excerpt);
    let logged = &excerpt[..excerpt.floor_char_boundary(EXCERPT_BYTES_MAX)];
    context.log.log(LogLevel::Warn, &format!("{answered}: {logged}"));
    let reason = beginning(&excerpt).map_or_else(|| answered.clone(), |said| format!("{answered}: {said}"));
    match status.as_u16() {
        408 => Outcome::retry("http_408", reason, after),
        425 => Outcome::retry("http_425", reason, after),
        429 => Outcome::retry("http_429", reason, after),
        500..=599 => Outcome::retry("http_5xx", reason, after),
        400..=499 => Outcome::fail("http_4xx", reason),
        300..=399 => Outcome::fail("http_3xx", reason),
        _ => Outcome::fail("http_status", reason),
    }
}

/// How an answer begins, on one line; nothing of one that is empty, or no text.
fn beginning(excerpt: &str) -> Option<String> {
    // What is cut off may end within a character.
    if excerpt.trim_end_matches('\u{fffd}').contains('\u{fffd}') {
        return None;
    }
    let words = excerpt.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    let told: String = line.chars().take(REASON_CHARS_MAX).collect();
    let more = if told.len() < line.len() { "…" } else { "" };
    (!told.is_empty()).then(|| format!("{told}{more}"))
}

pub(super) fn http_error(error: &HttpError) -> Outcome {
    let reason = error.to_string();
    match error {
        HttpError::Refused(Refusal::Address { .. }) => Outcome::fail("address_blocked", reason),
        HttpError::Refused(Refusal::Url { .. }) => Outcome::fail("config", reason),
        HttpError::Redirect { .. } => Outcome::fail("redirect", reason),
        HttpError::Connect { .. } => Outcome::retry("connect", reason, None),
        HttpError::Broken { .. } => Outcome::retry(BROKEN, reason, None),
        HttpError::Timeout { .. } => Outcome::retry("timeout", reason, None),
    }
}

fn told(response: &Response, error: &BodyError) -> String {
    format!("{} answered {}: {error}", shown(response.url()), response.status())
}

#[cfg(test)]
mod tests;
