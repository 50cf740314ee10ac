//! One call of a hook: verified over its raw body, then read.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use capstan_domain::hooks::secrets::{HOOK_SECRET, live};
use capstan_domain::hooks::{Message, NotVerified, Verified, verify};
use capstan_domain::schedules::now;
use capstan_domain::secrets::{Secret, open};
use capstan_engine::core::ids::WorkspaceId;
use capstan_node_types::types::{ContentType, WebhookConfig, mapped};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::super::{idempotency_key, is_key};
use super::headers;
use crate::Api;
use crate::body::{self, INPUT_BYTES_MAX, is_json};
use crate::problem::Problem;

/// What calls are verified with.
pub(crate) struct Keys {
    secrets: Vec<Secret>,
    /// Seconds since 1970 by the database's clock.
    now_s: i64,
}

/// A call that is let in.
pub(super) struct Call {
    pub(super) verified: Verified,
    /// What the execution is given.
    pub(super) input: Value,
    /// By what a repetition is known, and what has to be the same in it.
    pub(super) repeat_key: Option<(String, Value)>,
}

impl Keys {
    /// Those of a trigger; none if it lets anybody in.
    pub(in crate::routes) async fn read(
        api: &Api,
        connection: &mut PgConnection,
        workspace_id: WorkspaceId,
        config: &WebhookConfig,
    ) -> Result<Self, Problem> {
        let verify = &config.verify;
        if !verify.preset.has_secret() {
            return Ok(Self { secrets: Vec::new(), now_s: 0 });
        }
        let now_s = if verify.preset.has_time() { now(connection).await?.timestamp() } else { 0 };
        let mut secrets = Vec::new();
        for (id, sealed) in live(connection, workspace_id, verify.secret.as_deref().unwrap_or_default()).await? {
            secrets.push(open(&api.settings.keys, workspace_id, HOOK_SECRET, &id.to_string(), &sealed)?);
        }
        Ok(Self { secrets, now_s })
    }
}

/// Reads a call.
pub(super) async fn read(config: &WebhookConfig, keys: &Keys, request: Request) -> Result<Call, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(&parts, body, INPUT_BYTES_MAX).await?;
    let verified = check(config, keys, &parts, &bytes).map_err(|NotVerified| not_verified())?;
    read_verified(config, &parts, &bytes, verified)
}

/// Whether it is from whom it says. Nothing has looked into the body before.
pub(super) fn check(config: &WebhookConfig, keys: &Keys, parts: &Parts, bytes: &[u8]) -> Result<Verified, NotVerified> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let secrets: Vec<&[u8]> = keys.secrets.iter().map(Secret::bytes).collect();
    verify(&config.verify.rules(), &secrets, &Message { header: &header, body: bytes, now_s: keys.now_s })
}

/// The same for a call of which nothing else is wanted than that it is. 401 `not_verified`.
pub(in crate::routes) fn verified(
    config: &WebhookConfig,
    keys: &Keys,
    parts: &Parts,
    bytes: &[u8],
) -> Result<Verified, Problem> {
    check(config, keys, parts, bytes).map_err(|NotVerified| not_verified())
}

/// What its body, headers and query make of it.
pub(super) fn read_verified(
    config: &WebhookConfig,
    parts: &Parts,
    bytes: &[u8],
    verified: Verified,
) -> Result<Call, Problem> {
    let repeat_key = match &verified.delivery_id {
        Some(id) => Some(id.clone()),
        None => repeat_key(parts)?.map(str::to_owned),
    };
    let repeat_key = repeat_key.map(|key| {
        let kind = body::content_type(&parts.headers);
        (key, json!([parts.method.as_str(), parts.uri.query(), kind, STANDARD.encode(Sha256::digest(bytes))]))
    });
    let rules = config.verify.rules();
    let whole = json!({
        "body": content(config, parts, bytes)?,
        "headers": headers::safe(&parts.headers, &rules.header),
        "query": headers::pairs(parts.uri.query().unwrap_or_default()),
    });
    // Before anything is evaluated over it: what cannot be stored is the caller's mistake.
    body::check_storable(&whole)?;
    let input = match &config.map {
        None => whole,
        Some(map) => mapped(map, &whole).map_err(|(field, error)| {
            let detail = format!("what was sent does not fit: field \"{field}\" cannot be made of it: {error}");
            Problem::unprocessable("not_mapped", detail, "send what this hook expects")
        })?,
    };
    Ok(Call { verified, input, repeat_key })
}

fn content(config: &WebhookConfig, parts: &Parts, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let types = if config.content_types.is_empty() { &[ContentType::Json][..] } else { &config.content_types };
    let found = body::content_type(&parts.headers);
    let fits = |kind: &&ContentType| match kind {
        ContentType::Json => is_json(&found),
        other => json!(other) == found.as_str(),
    };
    Ok(match types.iter().find(fits) {
        None => return Err(wrong_type(types, &found)),
        Some(ContentType::Json) => body::parse(bytes)?,
        Some(ContentType::Form) => Value::Object(super::super::forms::pairs(bytes)),
        Some(ContentType::Text | ContentType::Xml | ContentType::TextXml) => text(bytes)?.into(),
        Some(ContentType::Bytes) => STANDARD.encode(bytes).into(),
    })
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Problem::bad_request("not_utf8", detail, "encode the body as UTF-8")
    })
}

fn wrong_type(types: &[ContentType], found: &str) -> Problem {
    let wanted: Vec<String> = types.iter().filter_map(|kind| json!(kind).as_str().map(str::to_owned)).collect();
    let found: String = if found.is_empty() { "missing".into() } else { found.chars().take(100).collect() };
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("the content type is {found}"),
        format!("send Content-Type: {}", wanted.join(" or ")),
    )
}

/// One text for every reason: whoever guesses learns nothing.
pub(super) fn not_verified() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "not_verified",
        "the call could not be verified",
        "sign it with the secret of this hook, over the body as it is sent, and with the time of now",
    )
}

fn repeat_key(parts: &Parts) -> Result<Option<&str>, Problem> {
    if let Some(key) = idempotency_key(&parts.headers)? {
        return Ok(Some(key));
    }
    Ok(parts.headers.get("webhook-id").and_then(|value| value.to_str().ok()).filter(|key| is_key(key)))
}
