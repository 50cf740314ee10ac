//! Reading bodies: bounded, of exactly the right type, and storable.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use capstan_engine::core::compile::DEPTH_MAX;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::problem::{Finding, Problem};

/// Largest body of any request.
pub(crate) const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Largest input of an execution, as JSON, also as the body of a form or hook.
pub(crate) const INPUT_BYTES_MAX: usize = 1024 * 1024;

/// What is said of a time that cannot be read.
const TIME_FLAWS: [&str; 4] =
    ["premature end of input", "input contains invalid characters", "input is out of range", "trailing input"];

/// The body as `T`.
pub(crate) async fn typed<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Problem> {
    fitting(json(request, bytes_max).await?)
}

/// The body as `T`, or its default if there is none.
pub(crate) async fn typed_or_default<T: Default + DeserializeOwned>(
    request: Request,
    bytes_max: usize,
) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = bytes(&parts, body, bytes_max).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    require_type(&parts, is_json, "application/json")?;
    fitting(parse(&bytes)?)
}

fn fitting<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    if !value.is_object() {
        return Err(Problem::bad_request("bad_body", "the body is not an object", "send a JSON object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        let error = in_words(&error.into_inner().to_string());
        let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer:?}") };
        let detail = format!("the body does not fit{place}: {error}");
        let hint = match &detail {
            text if text.contains("unknown variant") => "send one of the words that the detail lists",
            text if TIME_FLAWS.iter().any(|flaw| text.contains(flaw)) => {
                "write times as 2026-01-31T09:00:00Z (RFC 3339)"
            }
            _ => "see the fields of this route",
        };
        let finding = Finding { code: "bad_body", pointer, detail: error, hint: hint.into() };
        Problem::bad_request("bad_body", detail, hint).findings([finding])
    })
}

/// What is said of a body that does not fit, with the kinds of JSON for those of the program.
fn in_words(text: &str) -> String {
    let Some((found, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    let is_kind = |kinds: &[&str]| kinds.iter().any(|kind| expected.starts_with(kind));
    let kind = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "unit" => "null",
        _ if is_kind(&["struct ", "a map", "internally tagged enum ", "adjacently tagged enum "]) => "an object",
        _ if is_kind(&["tuple ", "a tuple "]) => "a list",
        _ if is_kind(&["enum "]) => "a word",
        _ => expected,
    };
    format!("{found}, expected {kind}")
}

/// As a JSON pointer; of what is chosen among several by its looks, as far as it is known.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The body as JSON.
pub(crate) async fn json(request: Request, bytes_max: usize) -> Result<Value, Problem> {
    let (parts, body) = request.into_parts();
    require_type(&parts, is_json, "application/json")?;
    parse(&bytes(&parts, body, bytes_max).await?)
}

/// The body as JSON, or null if there is none.
pub(crate) async fn json_or_null(request: Request, bytes_max: usize) -> Result<Value, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = bytes(&parts, body, bytes_max).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    require_type(&parts, is_json, "application/json")?;
    parse(&bytes)
}

/// The whole body, if it is not compressed and has at most `bytes_max` bytes.
pub(crate) async fn bytes(parts: &Parts, body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    if parts.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_encoding",
            "compressed bodies are not taken",
            "send the body without Content-Encoding",
        ));
    }
    let mut whole = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::bad_request("body_not_read", "the body broke off", "send it again").because(error.to_string())
        })?;
        if whole.len() + chunk.len() > bytes_max {
            return Err(Problem::too_large("body_too_large", "the body", bytes_max));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// The content type without parameters, lower case.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(crate) fn is_json(content_type: &str) -> bool {
    content_type == "application/json" || (content_type.starts_with("application/") && content_type.ends_with("+json"))
}

pub(crate) fn require_type(parts: &Parts, good: fn(&str) -> bool, wanted: &str) -> Result<(), Problem> {
    let found = content_type(&parts.headers);
    if good(&found) {
        return Ok(());
    }
    let found = if found.is_empty() { "missing" } else { &found };
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("the content type is {found}"),
        format!("send Content-Type: {wanted}"),
    ))
}

/// Parses JSON that can be stored: UTF-8, at most [`DEPTH_MAX`] deep, without NUL.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Problem::bad_request("not_utf8", detail, "encode the body as UTF-8")
    })?;
    let value = serde_json::from_str(text).map_err(|error| match error.to_string() {
        text if text.contains("recursion limit") => too_deep(),
        text => Problem::bad_request("malformed_json", format!("the body is not JSON: {text}"), "send valid JSON"),
    })?;
    check_storable(&value)?;
    Ok(value)
}

/// Refuses what JSON may hold and the database cannot.
pub(crate) fn check_storable(value: &Value) -> Result<(), Problem> {
    walk(value, DEPTH_MAX, &mut Vec::new())
}

fn walk<'a>(value: &'a Value, depth: usize, path: &mut Vec<std::borrow::Cow<'a, str>>) -> Result<(), Problem> {
    match value {
        Value::String(text) if text.contains('\0') => Err(nul(path)),
        Value::Array(items) => {
            let below = depth.checked_sub(1).ok_or_else(too_deep)?;
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string().into());
                walk(item, below, path)?;
                path.pop();
            }
            Ok(())
        }
        Value::Object(fields) => {
            let below = depth.checked_sub(1).ok_or_else(too_deep)?;
            for (key, item) in fields {
                path.push(key.into());
                if key.contains('\0') {
                    return Err(nul(path));
                }
                walk(item, below, path)?;
                path.pop();
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn nul(path: &[std::borrow::Cow<'_, str>]) -> Problem {
    let place: String = path.iter().flat_map(|part| ["/", part]).collect::<String>().replace('\0', "\\u0000");
    let place: String = place.chars().take(200).collect();
    let detail = format!("the value at \"{place}\" holds a NUL character, which cannot be stored");
    Problem::bad_request("nul_character", detail, "remove the character")
}

fn too_deep() -> Problem {
    Problem::bad_request("too_deep", format!("the body is nested more than {DEPTH_MAX} deep"), "flatten it")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: Option<u32>,
    }

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
        #[serde(rename = "items")]
        _items: Option<Vec<i64>>,
        #[serde(rename = "names")]
        _names: Option<BTreeMap<String, f64>>,
    }

    #[test]
    fn what_does_not_fit_is_told_in_words_of_json() {
        for (body, expected) in [
            (json!({ "inner": 5 }), ": invalid type: integer `5`, expected an object"),
            (
                json!({ "inner": { "count": "5" } }),
                ": invalid type: string \"5\", expected a whole number that is not negative",
            ),
            (
                json!({ "inner": { "count": -1 } }),
                ": invalid value: integer `-1`, expected a whole number that is not negative",
            ),
            (json!({ "inner": { "cuont": 1 } }), ": unknown field `cuont`, expected `count`"),
            (json!({ "items": "a" }), ": invalid type: string \"a\", expected a list"),
            (json!({ "items": [true] }), ": invalid type: boolean `true`, expected a whole number"),
            (json!({ "names": [] }), ": invalid type: sequence, expected an object"),
            (json!({ "names": { "a": "b" } }), ": invalid type: string \"b\", expected a number"),
        ] {
            let problem = fitting::<Outer>(body).unwrap_err();
            assert!(problem.detail.ends_with(expected), "{}", problem.detail);
        }
    }
}
