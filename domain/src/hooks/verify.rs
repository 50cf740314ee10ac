//! Whether a call is from whom it says: over its raw body, before anything reads that.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::signature::{is_same, is_signed};
use crate::webhooks::PublicKey;

/// How old, or how far in the future, a signed time may be, in seconds, if the trigger says nothing.
pub const TOLERANCE_S_DEFAULT: i64 = 300;
/// Most signatures of a call that are looked at.
const SIGNATURES_MAX: usize = 10;
/// Longest id of a delivery; a longer one stands as its hash.
const ID_BYTES_MAX: usize = 150;

/// Who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Anybody.
    #[default]
    None,
    /// Standard Webhooks, as Svix and many others send: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The secret is the
    /// sender's `whsec_…`, or its public key `whpk_…`.
    Standard,
    /// Stripe: `Stripe-Signature`.
    Stripe,
    /// GitHub: `X-Hub-Signature-256`. Nothing signs a time.
    Github,
    /// Slack: `X-Slack-Signature`. The challenge by which Slack checks the address is answered.
    Slack,
    /// Shopify: `X-Shopify-Hmac-Sha256`. Nothing signs a time.
    Shopify,
    /// Calendly: `Calendly-Webhook-Signature`.
    Calendly,
    /// An HMAC of the body in a header that the trigger names.
    Hmac,
    /// The secret itself, as `Authorization: Bearer`.
    Bearer,
    /// User and password, as `Authorization: Basic`; the secret is `user:password`.
    Basic,
}

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// The usual one.
    #[default]
    Sha256,
    /// For old senders.
    Sha1,
    /// Longer.
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Two digits for each byte.
    #[default]
    Hex,
    /// With padding.
    Base64,
}

/// How a call is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verify {
    /// Who calls.
    pub preset: Preset,
    /// How old a signed time may be, in seconds.
    pub tolerance_s: i64,
    /// Of [`Preset::Hmac`]: where the signature stands.
    pub header: String,
    /// Of [`Preset::Hmac`].
    pub algorithm: Algorithm,
    /// Of [`Preset::Hmac`].
    pub encoding: Encoding,
    /// Of [`Preset::Hmac`]: what stands before the signature.
    pub prefix: String,
    /// Where the id of a delivery stands, for presets that have none of their own.
    pub id_header: Option<String>,
}

/// A call.
pub struct Message<'a> {
    /// The first value of a header, by its name in lower case; none if it is no text.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// As it came.
    pub body: &'a [u8],
    /// Seconds since 1970 by the database's clock.
    pub now_s: i64,
}

/// A call that is from whom it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What its sender calls it, the same in each repetition.
    pub delivery_id: Option<String>,
    /// What the sender wants to hear instead of anything else.
    pub challenge: Option<String>,
}

/// It is not, for whichever reason: the caller is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotVerified;

impl Preset {
    /// Whether it needs a secret.
    #[must_use]
    pub fn has_secret(self) -> bool {
        self != Self::None
    }

    /// Whether a time is signed, so that a call that was overheard is good for a short time only.
    #[must_use]
    pub fn has_time(self) -> bool {
        matches!(self, Self::Standard | Self::Stripe | Self::Slack | Self::Calendly)
    }
}

/// Whether a call is signed with one of the secrets.
///
/// # Errors
/// [`NotVerified`]
pub fn verify(rules: &Verify, secrets: &[&[u8]], message: &Message<'_>) -> Result<Verified, NotVerified> {
    let good = match rules.preset {
        Preset::None => true,
        Preset::Standard => standard(rules, secrets, message),
        Preset::Stripe => timed(rules, secrets, message, "stripe-signature"),
        Preset::Calendly => timed(rules, secrets, message, "calendly-webhook-signature"),
        Preset::Slack => slack(rules, secrets, message),
        Preset::Github => body(secrets, message, "x-hub-signature-256", "sha256=", Algorithm::Sha256, Encoding::Hex),
        Preset::Shopify => body(secrets, message, "x-shopify-hmac-sha256", "", Algorithm::Sha256, Encoding::Base64),
        Preset::Hmac => body(secrets, message, &rules.header, &rules.prefix, rules.algorithm, rules.encoding),
        Preset::Bearer => bearer(secrets, message),
        Preset::Basic => basic(secrets, message),
    };
    if !good {
        return Err(NotVerified);
    }
    Ok(Verified { delivery_id: delivery_id(rules, message), challenge: challenge(rules.preset, message.body) })
}

/// `v1,<base64>` with spaces between, over `id.timestamp.body`; `v1a,<base64>` where what is kept is a public key, which never
/// counts as a secret.
fn standard(rules: &Verify, secrets: &[&[u8]], message: &Message<'_>) -> bool {
    let header = message.header;
    let fields = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let (Some(id), Some(time), Some(signatures)) = fields else { return false };
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", message.body];
    if !is_recent(rules, message, time) {
        return false;
    }
    let public = |secret: &&[u8]| std::str::from_utf8(secret).ok().and_then(|text| PublicKey::parse(text).ok());
    if secrets.iter().filter_map(public).any(|key| key.verify(id, time, message.body, signatures)) {
        return true;
    }
    let keys: Vec<Vec<u8>> = secrets.iter().filter_map(|secret| standard_key(secret)).collect();
    let given = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    any(&keys, given, Algorithm::Sha256, Encoding::Base64, &parts)
}

fn standard_key(secret: &[u8]) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix(b"whsec_").unwrap_or(secret)).ok()?;
    Some(key).filter(|key| !key.is_empty())
}

/// `t=<time>,v1=<hex>`, with more signatures while a secret is changed, over `time.body`.
fn timed(rules: &Verify, secrets: &[&[u8]], message: &Message<'_>, name: &str) -> bool {
    let Some(header) = (message.header)(name) else { return false };
    let fields: Vec<(&str, &str)> = header.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let Some((_, time)) = fields.iter().find(|(key, _)| *key == "t") else { return false };
    let given = fields.iter().filter(|(key, _)| *key == "v1").map(|(_, signature)| *signature);
    let parts = [time.as_bytes(), b".", message.body];
    is_recent(rules, message, time) && any(secrets, given, Algorithm::Sha256, Encoding::Hex, &parts)
}

/// `v0=<hex>` over `v0:time:body`.
fn slack(rules: &Verify, secrets: &[&[u8]], message: &Message<'_>) -> bool {
    let fields = ((message.header)("x-slack-request-timestamp"), (message.header)("x-slack-signature"));
    let (Some(time), Some(signature)) = fields else { return false };
    let parts = [b"v0:", time.as_bytes(), b":", message.body];
    let given = signature.strip_prefix("v0=").into_iter();
    is_recent(rules, message, time) && any(secrets, given, Algorithm::Sha256, Encoding::Hex, &parts)
}

fn body(
    secrets: &[&[u8]],
    message: &Message<'_>,
    header: &str,
    prefix: &str,
    algorithm: Algorithm,
    encoding: Encoding,
) -> bool {
    let given = (message.header)(header).and_then(|signature| signature.strip_prefix(prefix)).into_iter();
    any(secrets, given, algorithm, encoding, &[message.body])
}

fn bearer(secrets: &[&[u8]], message: &Message<'_>) -> bool {
    let given = authorization(message, "bearer").unwrap_or_default();
    secrets.iter().fold(false, |good, secret| good | (!secret.is_empty() && is_same(given.as_bytes(), secret)))
}

fn basic(secrets: &[&[u8]], message: &Message<'_>) -> bool {
    let given = authorization(message, "basic").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    secrets.iter().fold(false, |good, secret| good | (!secret.is_empty() && is_same(&given, secret)))
}

fn authorization<'a>(message: &Message<'a>, scheme: &str) -> Option<&'a str> {
    let (given, rest) = (message.header)("authorization")?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

/// Whether one of the signatures is good under one of the keys; an empty key signs nothing.
fn any<'s, K: AsRef<[u8]>>(
    keys: &[K],
    given: impl Iterator<Item = &'s str>,
    algorithm: Algorithm,
    encoding: Encoding,
    parts: &[&[u8]],
) -> bool {
    let given: Vec<&str> = given.take(SIGNATURES_MAX).collect();
    let keys = keys.iter().map(|key| key.as_ref()).filter(|key: &&[u8]| !key.is_empty());
    let mut pairs = keys.flat_map(|key| given.iter().map(move |signature| (key, *signature)));
    pairs.any(|(key, signature)| is_signed(algorithm, encoding, key, parts, signature))
}

fn is_recent(rules: &Verify, message: &Message<'_>, time: &str) -> bool {
    let is_number = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let time: Option<i64> = time.parse().ok().filter(|_| is_number);
    time.is_some_and(|time| message.now_s.abs_diff(time) <= rules.tolerance_s.unsigned_abs())
}

/// By what a repetition is known. Where a sender has no such id, what it signs stands for it.
fn delivery_id(rules: &Verify, message: &Message<'_>) -> Option<String> {
    let header = |name: &str| (message.header)(name).map(str::to_owned);
    let field = |name: &str| serde_json::from_slice::<Value>(message.body).ok()?.get(name)?.as_str().map(str::to_owned);
    let id = match rules.preset {
        Preset::Standard => header("webhook-id"),
        Preset::Stripe => field("id"),
        Preset::Github => header("x-github-delivery"),
        Preset::Slack => field("event_id"),
        Preset::Shopify => header("x-shopify-event-id").or_else(|| header("x-shopify-webhook-id")),
        Preset::Calendly => Some(hash(message)),
        Preset::None | Preset::Hmac | Preset::Bearer | Preset::Basic => header(rules.id_header.as_deref()?),
    };
    let id = id.filter(|id| !id.is_empty())?;
    let is_plain = id.len() <= ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic());
    Some(if is_plain { id } else { hex(Sha256::digest(id.as_bytes()).as_slice()) })
}

/// Of the signed header, which holds the time, and the body.
fn hash(message: &Message<'_>) -> String {
    let signed = (message.header)("calendly-webhook-signature").unwrap_or_default();
    let hash = Sha256::new().chain_update(signed.as_bytes()).chain_update([0]).chain_update(message.body).finalize();
    hex(hash.as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What Slack sends to find out whether an address is its owner's.
fn challenge(preset: Preset, body: &[u8]) -> Option<String> {
    if preset != Preset::Slack {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    if body.get("type")? != "url_verification" {
        return None;
    }
    body.get("challenge")?.as_str().map(str::to_owned)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
