//! What of headers and query goes into the input.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

/// Most headers and most query parameters that go into the input.
const PAIRS_MAX: usize = 100;
/// Headers with such a part in their name never go into the input: secrets, and what differs between two
/// deliveries of the same message (its input must be the same, so that a repetition is recognised).
const PARTS_LEFT_OUT: [&str; 17] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "password",
    "credential",
    "session",
    "signature",
    "hmac",
    "timestamp",
    "trace",
    "request-id",
    "attempt",
    "retry",
    "forwarded",
    "real-ip",
];
/// Headers of the connection rather than of the message.
const LEFT_OUT: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "date",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers without secrets and without what differs between two deliveries. `secret` is the one that the trigger verifies.
pub(super) fn safe(headers: &HeaderMap, secret: &str) -> Map<String, Value> {
    let is_safe = |name: &str| {
        name != secret && !LEFT_OUT.contains(&name) && !PARTS_LEFT_OUT.iter().any(|part| name.contains(part))
    };
    let kept = headers.iter().filter(|(name, _)| is_safe(name.as_str()));
    kept.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into()))).take(PAIRS_MAX).collect()
}

/// The parameters of a query.
pub(super) fn pairs(query: &str) -> Map<String, Value> {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).take(PAIRS_MAX);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_differs_between_deliveries_stay_outside() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("x-api-key", "x"),
            ("x-gitlab-token", "x"),
            ("webhook-signature", "v1,x"),
            ("x-shopify-hmac-sha256", "x"),
            ("x-sig", "x"),
            ("webhook-timestamp", "1"),
            ("x-request-id", "1"),
            ("host", "example.com"),
            ("content-type", "application/json"),
            ("x-github-event", "push"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let kept: Vec<_> = safe(&headers, "x-sig").keys().cloned().collect();
        assert_eq!(kept, ["content-type", "x-github-event"]);
    }
}
