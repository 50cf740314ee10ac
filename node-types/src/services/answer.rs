//! Reads answers within bounds: body, headers and `Retry-After`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use encoding_rs::{Encoding, UTF_8};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde_json::{Map, Value};

use super::http::HttpError;

/// Longest delay that a server may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Longest header value that is kept, in bytes; the rest is cut.
const HEADER_VALUE_BYTES_MAX: usize = 4_096;

/// What is text, beside `text/…` and `…+xml`, also where a server does not say in which charset.
const TEXTS: [&str; 7] = [
    "application/csv",
    "application/javascript",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
];
/// Longest time that an excerpt is worth.
const EXCERPT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a body cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Longer than the cap; what came beyond it was not kept.
    #[error("the answer is longer than {bytes_max} bytes; raise body_bytes_max or ask for less")]
    TooLarge {
        /// The cap.
        bytes_max: usize,
    },
    /// Declared as JSON, but is not.
    #[error("the answer says that it is JSON, but it is not: {0}")]
    InvalidJson(serde_json::Error),
    /// The connection broke or timed out in the middle.
    #[error(transparent)]
    Http(HttpError),
}

/// A body as the output of a step holds it.
#[derive(Debug, PartialEq, Eq)]
pub struct Body {
    /// JSON, or text.
    pub value: Value,
    /// Whether the text is base64 of bytes that are no text.
    pub is_base64: bool,
}

/// Reads at most `bytes_max` bytes and then stops, whatever the server has declared.
///
/// # Errors
/// [`BodyError::TooLarge`] also at once if the declared length is over the cap.
pub async fn read_body(response: &mut Response, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    let too_large = BodyError::TooLarge { bytes_max };
    if response.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Err(too_large);
    }
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|error| BodyError::Http(HttpError::from_reqwest(response.url(), error)))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
}

/// The first `bytes_max` bytes of the body as text, for a person; what a second brings, perhaps nothing.
pub async fn read_excerpt(response: &mut Response, bytes_max: usize) -> String {
    let mut body = Vec::new();
    let read = async {
        while body.len() < bytes_max {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(bytes_max - body.len())]);
        }
    };
    // Late is as good as never: what has come by then is shown.
    let _ = tokio::time::timeout(EXCERPT_TIMEOUT, read).await;
    text(&body)
}

/// JSON if declared so (null if empty); else text, where it is UTF-8 or declared as text, in the charset that is declared; else
/// base64.
///
/// # Errors
/// [`BodyError::InvalidJson`]; nesting deeper than 128 is not read.
pub fn parse_body(headers: &HeaderMap, body: &[u8]) -> Result<Body, BodyError> {
    let kind = Kind::of(headers);
    let value = match std::str::from_utf8(body) {
        _ if kind.is_json && body.is_empty() => Value::Null,
        _ if kind.is_json => serde_json::from_slice(body).map_err(BodyError::InvalidJson)?,
        Ok(whole) if kind.charset.is_none_or(|charset| charset == UTF_8) && !whole.contains('\0') => whole.into(),
        _ if kind.is_text => without_nul(&kind.charset.unwrap_or(UTF_8).decode(body).0).into(),
        _ => return Ok(Body { value: STANDARD.encode(body).into(), is_base64: true }),
    };
    Ok(Body { value, is_base64: false })
}

/// Names in lower case; several lines of one name are joined by a comma and a space, long values are cut.
#[must_use]
pub fn headers_json(headers: &HeaderMap) -> Value {
    let mut map = Map::new();
    for name in headers.keys() {
        let lines: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let mut value = lines.join(", ");
        value.truncate(value.floor_char_boundary(HEADER_VALUE_BYTES_MAX));
        map.insert(name.as_str().into(), Value::String(value));
    }
    Value::Object(map)
}

/// `Retry-After` in seconds or as an HTTP date (IMF-fixdate), which is held against the answer's own `Date`: both are of
/// the server's clock. Without one it is held against `now`. At most [`RETRY_AFTER_MAX`]; absent if unreadable.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let at = DateTime::parse_from_rfc2822(text).ok()?;
        let sent = headers.get(DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
        (at.with_timezone(&Utc) - sent.map_or(now, |sent| sent.with_timezone(&Utc))).to_std().unwrap_or_default()
    };
    Some(delay.min(RETRY_AFTER_MAX))
}

/// What a body is declared to be.
struct Kind {
    is_json: bool,
    is_text: bool,
    charset: Option<&'static Encoding>,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let declared = declared.to_ascii_lowercase();
        let mut parts = declared.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let label = parts.find_map(|part| part.strip_prefix("charset=")).unwrap_or_default();
        let charset = Encoding::for_label(label.trim_matches('"').as_bytes());
        let is_text = essence.starts_with("text/") || essence.ends_with("+xml") || TEXTS.contains(&essence);
        Self {
            is_json: essence == "application/json" || essence.ends_with("+json"),
            is_text: is_text || charset.is_some(),
            charset,
        }
    }
}

/// Lossy UTF-8.
fn text(body: &[u8]) -> String {
    without_nul(&String::from_utf8_lossy(body))
}

/// NUL, which the store cannot hold, becomes the replacement character.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(reqwest::header::HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for (text, expected_s) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("99999999999999999999999", Some(3_600)),
            ("86400", Some(3_600)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60)),
            ("Wed, 31 Dec 2025 00:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(&headers("retry-after", text), now).map(|d| d.as_secs()), expected_s, "{text}");
        }
    }

    #[test]
    fn a_date_to_retry_after_is_of_the_servers_clock() {
        let mut headers = headers("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT");
        headers.insert(DATE, "Thu, 01 Jan 2026 00:00:40 GMT".parse().unwrap());
        for now in ["2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z"] {
            assert_eq!(retry_after(&headers, now.parse().unwrap()), Some(Duration::from_secs(20)));
        }
    }

    #[test]
    fn a_body_is_json_when_declared_text_where_it_is_and_base64_otherwise() {
        let read = |kind: &str, body: &[u8]| parse_body(&headers("content-type", kind), body).ok();
        let json =
            |kind: &str, body: &[u8]| read(kind, body).map(|body| (!body.is_base64).then_some(body.value).unwrap());
        assert_eq!(json("application/json; charset=utf-8", b"{\"a\":1}"), Some(serde_json::json!({"a": 1})));
        assert_eq!(json("application/problem+JSON", b"[]"), Some(serde_json::json!([])));
        assert_eq!(json("application/json", b""), Some(Value::Null));
        assert_eq!(json("application/json", b"<html>"), None);
        assert_eq!(json("application/json", "[".repeat(100_000).as_bytes()), None);
        assert_eq!(json("text/plain", b"{\"a\":1}"), Some("{\"a\":1}".into()));
        assert_eq!(json("text/plain", b"a\xff\0"), Some("a\u{fffd}\u{fffd}".into()));
        assert_eq!(json("text/csv; Charset=\"ISO-8859-1\"", b"K\xf6ln"), Some("Köln".into()));
        assert_eq!(json("application/xml; charset=Shift_JIS", b"\x93\xfa\x96{"), Some("日本".into()));
        for kind in ["application/xml", "application/soap+xml", "application/csv"] {
            assert_eq!(json(kind, b"K\xf6ln"), Some("K\u{fffd}ln".into()), "{kind}");
        }
        assert_eq!(json("text/html; charset=none-such", "ö".as_bytes()), Some("ö".into()));
        assert_eq!(json("application/octet-stream", "ö".as_bytes()), Some("ö".into()));
        for (kind, bytes, text) in [
            ("image/png", &b"\x89PNG\0"[..], "iVBORwA="),
            ("application/pdf", b"%PDF\0", "JVBERgA="),
            ("", b"\xff", "/w=="),
        ] {
            assert_eq!(read(kind, bytes), Some(Body { value: text.into(), is_base64: true }), "{kind}");
        }
    }

    #[test]
    fn long_header_values_are_cut_at_a_character() {
        let value = headers_json(&headers("x-long", &"e".repeat(HEADER_VALUE_BYTES_MAX + 9)));
        assert_eq!(value["x-long"].as_str().unwrap().len(), HEADER_VALUE_BYTES_MAX);
    }
}
