//! `action.send_sms`

use std::collections::BTreeMap;
use std::time::Duration;

use capstan_domain::quotas::SMS;
use capstan_engine::core::attempt::BROKEN;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::action_http_request::{http_error, unsuccessful};
use super::parts::{Scalar, check_credential, has_expression, problem};
use crate::node_type::{Context, LogLevel, NodeType, Spec};
use crate::own_database::Late;
use crate::services::answer::{parse_body, read_body};
use crate::services::credentials::{CLASSES as CREDENTIAL_CLASSES, attach};
use crate::services::guard::shown;
use crate::services::header_text;
use crate::services::http::Request;
use crate::services::quotas::{QUOTA, QUOTA_AWAY, Spent};

/// Class of a number that can be none; nothing was sent.
const BAD_NUMBER: &str = "bad_number";
/// Time for the whole exchange.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest message, in characters: what providers cut into parts.
const TEXT_CHARS_MAX: usize = 1_600;
/// Longest sender, and longest name of a field, in characters.
const NAME_CHARS_MAX: usize = 64;
/// Most digits of a number, by E.164, and fewest, of a short code.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// Most further fields, and the longest of them in bytes.
const MORE_MAX: usize = 20;
const MORE_BYTES_MAX: usize = 2_048;
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends text messages.
pub(crate) struct ActionSendSms;

/// The message, and who delivers it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the provider takes messages, such as `https://api.twilio.com/2010-04-01/Accounts/AC…/Messages.json`.
    url: String,
    /// Name of a credential of the workspace for that host; taken as written.
    #[schemars(extend("x-capstan-credential" = ["basic", "bearer", "header", "oauth2_client_credentials", "oauth2_refresh", "custom"]))]
    credential: String,
    /// The recipient's number with its country, such as `+4915112345678`; spaces, brackets, dots and dashes are left out.
    to: Scalar,
    /// The sender: a number, or a name that the provider knows; the provider's choice if absent.
    from: Option<Scalar>,
    /// The message, at most 1,600 characters.
    text: Scalar,
    /// What the provider calls its fields, where these are not those of Twilio.
    #[serde(default)]
    names: Names,
    /// Further fields of the provider's, such as `StatusCallback`.
    #[serde(default)]
    more: BTreeMap<String, Scalar>,
    /// How fields are sent.
    #[serde(default)]
    format: Format,
}

/// What a provider calls its fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Names {
    /// The recipient; `To` if absent.
    to: String,
    /// The sender; `From` if absent.
    from: String,
    /// The message; `Body` if absent.
    text: String,
    /// The message's id in the answer; `sid` if absent.
    id: String,
}

/// How fields are sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As a form of a page would be.
    #[default]
    Form,
    /// As an object of texts.
    Json,
}

impl Default for Names {
    fn default() -> Self {
        Self { to: "To".into(), from: "From".into(), text: "Body".into(), id: "sid".into() }
    }
}

impl NodeType for ActionSendSms {
    const NAME: &'static str = "action.send_sms";
    const EFFECT: Effect = Effect::AtLeastOnce;
    const METER: Option<&'static str> = Some(SMS);
    const RAW: &'static [&'static str] = &["credential"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Send a text message",
            "Hands a text message to an SMS provider over HTTP, with the same Idempotency-Key at every attempt; one that pays no \
             heed to it may send a message twice.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        let own = ["http_408", "http_425", "http_429", "http_5xx", "http_4xx", "http_3xx", "http_status"];
        let others = [BAD_NUMBER, "address_blocked", "connect", BROKEN, QUOTA, QUOTA_AWAY];
        Some(own.into_iter().chain(others).chain(CREDENTIAL_CLASSES).map(Into::into).collect())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let literal = |field: &str| config.get(field).and_then(Value::as_str).filter(|text| !has_expression(text));
        let mut problems = Vec::new();
        if let Some(text) = literal("url")
            && !Url::parse(text).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
            })
        {
            let hint = "write a full address with https://, without a login";
            problems.push(problem("bad_url", "/url", "messages cannot be posted to this address", hint));
        }
        if let Some(Err(why)) = literal("to").map(number) {
            problems.push(problem("bad_number", "/to", why, "write + and the country, such as +4915112345678"));
        }
        problems.extend(check_credential(config));
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let to = match number(&config.to.to_string()) {
            Ok(to) => to,
            Err(why) => return Outcome::fail(BAD_NUMBER, why),
        };
        let mut request = match request(&config, to, &context.idempotency_key()) {
            Ok(request) => request.traced(),
            Err(why) => return Outcome::fail("config", why),
        };
        let spent = match Spent::of_step(context, SMS, 1, "text messages").await {
            Ok(spent) => spent,
            Err(outcome) => return outcome,
        };
        let url = shown(&request.url);
        let exchange = Box::pin(async {
            attach(context, &config.credential, Self::NAME, &mut request).await?;
            // Redirects are not followed: a message is sent to whom the author names.
            context.services.http.execute(request, |_| true).await.map_err(|error| http_error(&error))
        });
        match context.database.within(TIMEOUT, exchange).await {
            Ok(Ok(response)) if response.status().is_success() => {
                spent.confirm();
                sent(response, &config.names.id, context).await
            }
            Ok(Ok(response)) => unsuccessful(response, context).await,
            Ok(Err(outcome)) => outcome,
            Err(Late::Away) => Outcome::Away { reason: format!("the credential for {url} did not come in time") },
            Err(Late::Spent) => {
                let reason = format!("{url} did not answer within {} s", TIMEOUT.as_secs());
                Outcome::retry("timeout", reason, None)
            }
        }
    }
}

/// The provider has taken it, whatever else it says: an answer that cannot be read is no reason to send it again.
async fn sent(mut response: Response, id: &str, context: &Context) -> Outcome {
    let status = response.status().as_u16();
    let read = tokio::time::timeout(TIMEOUT / 3, read_body(&mut response, ANSWER_BYTES_MAX)).await;
    let body = match read {
        Ok(read) => read.and_then(|bytes| parse_body(response.headers(), &bytes)).map_err(|error| error.to_string()),
        Err(_) => Err("it did not end".into()),
    };
    let body = body.map(|body| body.value).unwrap_or_else(|why| {
        context.log.log(LogLevel::Warn, &format!("the message was taken, but the answer cannot be read: {why}"));
        Value::Null
    });
    let id = body.get(id).cloned().unwrap_or_default();
    Outcome::done("out", json!({"status": status, "id": id, "body": body}))
}

/// The number as providers take it: digits, perhaps after a plus.
fn number(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|&it| !it.is_whitespace() && !"()-./".contains(it)).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    if DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(plain);
    }
    let shown: String = text.chars().take(40).collect();
    Err(format!("{shown:?} is not a number that a message can be sent to"))
}

/// The request without its credential, or what is wrong with the config.
fn request(config: &Config, to: String, key: &str) -> Result<Request, String> {
    let url = Url::parse(config.url.trim()).map_err(|error| format!("the url cannot be read: {error}"))?;
    let (from, text) = (config.from.as_ref().map(ToString::to_string), config.text.to_string());
    if !(1..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
        return Err(format!("a message has 1 to {TEXT_CHARS_MAX} characters, this has {}", text.chars().count()));
    }
    if from.as_ref().is_some_and(|from| !is_short(from)) {
        return Err(format!("the sender has 1 to {NAME_CHARS_MAX} characters, and no line breaks"));
    }
    if config.more.len() > MORE_MAX || config.more.values().any(|value| value.to_string().len() > MORE_BYTES_MAX) {
        return Err(format!("a message has at most {MORE_MAX} further fields of {MORE_BYTES_MAX} bytes each"));
    }
    let names = &config.names;
    let mut fields = BTreeMap::from([(names.to.as_str(), to), (names.text.as_str(), text)]);
    fields.extend(from.map(|from| (names.from.as_str(), from)));
    let own = fields.len();
    fields.extend(config.more.iter().map(|(name, value)| (name.as_str(), value.to_string())));
    let are_apart = own == 2 + usize::from(config.from.is_some()) && fields.len() == own + config.more.len();
    if !are_apart || !fields.keys().all(|name| is_short(name)) {
        return Err("two fields have the same name, or one has a name that is empty or too long".into());
    }
    let (kind, body) = match config.format {
        Format::Form => {
            ("application/x-www-form-urlencoded", Serializer::new(String::new()).extend_pairs(fields).finish())
        }
        Format::Json => {
            let object: Map<String, Value> =
                fields.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
            ("application/json", Value::Object(object).to_string())
        }
    };
    let key = HeaderValue::from_str(&header_text(key)).map_err(|_| "the idempotency key is no header value")?;
    let headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (HeaderName::from_static("idempotency-key"), key),
    ]);
    Ok(Request { method: reqwest::Method::POST, url, headers, body: Some(body.into_bytes()), is_traced: false })
}

fn is_short(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
