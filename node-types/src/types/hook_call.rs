//! What a hook takes: who may call, what the body may be, and what of it becomes the input.

use std::time::Duration;

use capstan_domain::hooks::{Algorithm, Encoding, Preset, TOLERANCE_S_DEFAULT, Verify, is_secret_name};
use capstan_engine::core::expression::{ExpressionError, check_of_start, start_value};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::parts::problem;
use crate::span;

/// Longest time that a signed time may be old.
const TOLERANCE_MAX: Duration = Duration::from_secs(3_600);
/// Most fields of a mapping.
const MAP_FIELDS_MAX: usize = 100;
/// Longest name of a header, in bytes.
const HEADER_BYTES_MAX: usize = 100;

/// Content types of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ContentType {
    /// JSON, also with names that end in `+json`.
    #[serde(rename = "application/json")]
    Json,
    /// Fields of a form: an object of texts.
    #[serde(rename = "application/x-www-form-urlencoded")]
    Form,
    /// Text.
    #[serde(rename = "text/plain")]
    Text,
    /// XML, as text.
    #[serde(rename = "application/xml")]
    Xml,
    /// The same.
    #[serde(rename = "text/xml")]
    TextXml,
    /// Bytes, as base64.
    #[serde(rename = "application/octet-stream")]
    Bytes,
}

/// Who may call.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyConfig {
    /// How calls are signed.
    #[serde(default)]
    pub preset: Preset,
    /// Name of a hook secret of the workspace; not the secret itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// How old a signed time may be, such as `5min`, which it is if absent; at most an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<String>,
    /// Of `hmac`: the header with the signature, such as `X-Signature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Of `hmac`: the hash.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// Of `hmac`: how the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// Of `hmac`: what stands before the signature, such as `sha256=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Of `none`, `hmac`, `bearer` and `basic`: the header with the id of a delivery, by which a repetition is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_header: Option<String>,
}

impl VerifyConfig {
    /// The same, with everything filled in.
    #[must_use]
    pub fn rules(&self) -> Verify {
        let lower = |name: &Option<String>| name.as_deref().map(str::to_ascii_lowercase);
        let tolerance = self.tolerance.as_deref().and_then(|text| span::parse(text).ok());
        Verify {
            preset: self.preset,
            tolerance_s: tolerance.and_then(|span| span.as_secs().try_into().ok()).unwrap_or(TOLERANCE_S_DEFAULT),
            header: lower(&self.header).unwrap_or_default(),
            algorithm: self.algorithm,
            encoding: self.encoding,
            prefix: self.prefix.clone().unwrap_or_default(),
            id_header: lower(&self.dedup_header),
        }
    }
}

/// What the fields of a mapping come to over `{body, headers, query}`, as `input`.
///
/// # Errors
/// The name of the field that cannot be evaluated, and why.
pub fn mapped(map: &Map<String, Value>, input: &Value) -> Result<Value, (String, ExpressionError)> {
    let field = |(name, value): (&String, &Value)| match start_value(value, input) {
        Ok(value) => Ok((name.clone(), value)),
        Err(error) => Err((name.clone(), error)),
    };
    map.iter().map(field).collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// What is wrong with these parts of a hook's config.
pub(super) fn check(config: &Value) -> Vec<Problem> {
    let verify = config.get("verify").map(check_verify).unwrap_or_default();
    verify.into_iter().chain(check_map(config)).collect()
}

fn check_verify(config: &Value) -> Vec<Problem> {
    // What is not of the right shape is the schema's finding.
    let Ok(verify) = VerifyConfig::deserialize(config) else { return Vec::new() };
    let mut problems = Vec::new();
    let mut report = |field: &str, detail: String, hint: &str| {
        problems.push(problem("bad_verification", &format!("/verify/{field}"), detail, hint));
    };
    match &verify.secret {
        None if verify.preset.has_secret() => {
            report("secret", "calls are to be verified, but with no secret".into(), "name a hook secret");
        }
        Some(name) if !is_secret_name(name) => {
            let detail = "this is no name of a hook secret".to_owned();
            report("secret", detail, "name a hook secret, and keep the secret itself out of the graph");
        }
        _ => {}
    }
    if verify.preset == Preset::Hmac && verify.header.is_none() {
        report("header", "it is not said where the signature stands".into(), "name a header, such as X-Signature");
    }
    for (field, name) in [("header", &verify.header), ("dedup_header", &verify.dedup_header)] {
        if name.as_deref().is_some_and(|name| !is_header(name)) {
            report(field, "this cannot be the name of a header".into(), "use letters, digits and -");
        }
    }
    if let Some(text) = verify.tolerance.as_deref() {
        match span::parse(text) {
            Ok(span) if span <= TOLERANCE_MAX && span >= Duration::from_secs(1) => {}
            Ok(_) => report("tolerance", format!("{text:?} is not between 1s and 1h"), "write 5min"),
            Err(error) => report("tolerance", error.to_string(), "write 5min"),
        }
    }
    problems
}

fn is_header(name: &str) -> bool {
    (1..=HEADER_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn check_map(config: &Value) -> Vec<Problem> {
    let Some(map) = config.get("map").and_then(Value::as_object) else { return Vec::new() };
    let mut problems = Vec::new();
    if map.len() > MAP_FIELDS_MAX {
        let detail = format!("a mapping has at most {MAP_FIELDS_MAX} fields");
        problems.push(problem("bad_mapping", "/map", detail, "map fewer"));
    }
    for (name, value) in map.iter().take(MAP_FIELDS_MAX) {
        if let Some(error) = value.as_str().and_then(|text| check_of_start(text).err()) {
            let hint = "write an expression over input, such as {{ input.body.email }}";
            problems.push(problem("bad_mapping", &format!("/map/{name}"), error.to_string(), hint));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_verify_is_found_with_its_place() {
        let found = |config: Value| check(&config).into_iter().map(|found| found.pointer).collect::<Vec<_>>();
        let none: [&str; 0] = [];
        assert_eq!(found(json!({ "verify": { "preset": "stripe", "secret": "stripe-live" } })), none);
        assert_eq!(found(json!({ "verify": { "preset": "none" } })), none);
        assert_eq!(found(json!({ "verify": { "preset": "stripe" } })), ["/verify/secret"]);
        assert_eq!(found(json!({ "verify": { "preset": "stripe", "secret": "whsec_a/b=" } })), ["/verify/secret"]);
        let hmac = json!({ "verify": { "preset": "hmac", "secret": "s", "tolerance": "2h", "dedup_header": "a b" } });
        assert_eq!(found(hmac), ["/verify/header", "/verify/dedup_header", "/verify/tolerance"]);
        assert_eq!(found(json!({ "map": { "a": "{{ input.body.a }}", "b": "{{ steps.x }}", "c": 1 } })), ["/map/b"]);
    }

    #[test]
    fn a_mapping_makes_an_object_of_what_came() {
        let map = json!({ "email": "{{ input.body.payload.email }}", "source": "web", "n": "{{ input.body.n }}" });
        let input = json!({ "body": { "payload": { "email": "a@b.c" }, "n": 7 }, "headers": {}, "query": {} });
        let made = mapped(map.as_object().unwrap(), &input).unwrap();
        assert_eq!(made, json!({ "email": "a@b.c", "source": "web", "n": 7 }));
        let bad = json!({ "n": "{{ input.body.n + 'x' }}" });
        assert_eq!(mapped(bad.as_object().unwrap(), &input).unwrap_err().0, "n");
    }
}
