//! Takes out of a value what is called like a secret or looks like one. Who writes a view of a thing leaves secrets out of it; this is
//! for those that got into it all the same, such as a password in an address.

use serde_json::Value;
use url::Url;

use crate::access::{KEY_BYTES, is_key};
use crate::secrets::redact::REDACTED;

/// How names of secrets end, whatever stands before, in lower case.
const SECRET_ENDS: [&str; 9] =
    ["authorization", "cookie", "key", "passphrase", "password", "secret", "secrets", "token", "tokens"];
/// How a secret, or what holds one, begins.
const SECRET_BEGINNINGS: [&str; 5] = ["-----BEGIN ", "Basic ", "Bearer ", "whsec_", "whsk_"];
/// In place of parts of an address, which has no brackets.
const REDACTED_PART: &str = "redacted";

/// Whether a member of that name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// The value without its secrets, and without what the database does not take as it is: NUL, and numbers with exponents, which it
/// writes with all their digits.
pub(super) fn unveiled(value: Value) -> Value {
    match value {
        Value::String(text) => of_text(text.replace('\0', "\u{fffd}")).into(),
        Value::Number(number) if number.to_string().contains(['e', 'E']) => number.to_string().into(),
        Value::Array(items) => items.into_iter().map(unveiled).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let is_hidden = is_secret_name(&name) && !value.is_null();
                let value = if is_hidden { REDACTED.into() } else { unveiled(value) };
                (name.replace('\0', "\u{fffd}"), value)
            })
            .collect(),
        other => other,
    }
}

fn of_text(text: String) -> String {
    let has_key = || text.match_indices("cap_").any(|(at, _)| text.get(at..at + KEY_BYTES).is_some_and(is_key));
    if SECRET_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) || has_key() {
        return REDACTED.into();
    }
    if !text.contains("://") {
        return text;
    }
    match Url::parse(&text) {
        Ok(url) => of_url(url).unwrap_or(text),
        Err(_) => text,
    }
}

/// Without who logs in there and with what, and without parameters that are called like secrets; none if it has neither.
fn of_url(mut url: Url) -> Option<String> {
    let has_login = !url.username().is_empty() || url.password().is_some();
    let has_secret = url.query_pairs().any(|(name, _)| is_secret_name(&name));
    if !has_login && !has_secret {
        return None;
    }
    if has_login && (url.set_username(REDACTED_PART).is_err() || url.set_password(None).is_err()) {
        return Some(REDACTED.into());
    }
    if has_secret {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_secret_name(&name) { REDACTED_PART.into() } else { value.into_owned() };
                (name.into_owned(), value)
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_called_or_looks_like_a_secret_is_taken_out() {
        let key = format!("it is cap_{}", "a".repeat(KEY_BYTES - 4));
        for (value, expected) in [
            (json!("plain"), json!("plain")),
            (json!("Bearer of news"), json!("[redacted]")),
            (json!("-----BEGIN PRIVATE KEY-----"), json!("[redacted]")),
            (json!(key), json!("[redacted]")),
            (json!("cap_short"), json!("cap_short")),
            (
                json!({ "Client-Secret": "x", "token": null, "name": "x" }),
                json!({ "Client-Secret": "[redacted]", "token": null, "name": "x" }),
            ),
            (json!([{ "private_key": { "a": 1 } }]), json!([{ "private_key": "[redacted]" }])),
            (json!("https://example.com/a?b=c"), json!("https://example.com/a?b=c")),
            (json!("https://ada:pw@example.com/"), json!("https://redacted@example.com/")),
            (json!("https://example.com/?a=b&access_token=t"), json!("https://example.com/?a=b&access_token=redacted")),
            (json!("a\u{0}b"), json!("a\u{fffd}b")),
            (json!([1e300, 1e-300, 1.5, 7]), json!(["1e+300", "1e-300", 1.5, 7])),
        ] {
            assert_eq!(unveiled(value), expected);
        }
    }
}
