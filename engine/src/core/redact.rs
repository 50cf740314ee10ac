//! What is not shown, by the names of fields: values that are likely to be secrets.

use serde_json::Value;

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

/// Parts of names, in lower case and without separators, whose values are taken for secrets.
const SECRET_NAMES: [&str; 10] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "credential",
    "signature",
];

/// The value without what its field names tell to be secret, at any depth: texts and numbers under such a name, also where
/// name and value are fields of their own, and the user and password of an address. Whether anything was there.
pub fn redact(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let is_named = ["name", "key", "header"].iter().any(|name| fields.get(*name).is_some_and(is_secret_text));
            let mut found = false;
            for (name, field) in fields.iter_mut() {
                let is_secret = is_secret(name) || (is_named && name == "value");
                found |= if is_secret { hide(field) } else { redact(field) };
            }
            found
        }
        Value::Array(items) => items.iter_mut().fold(false, |found, item| redact(item) | found),
        Value::String(text) => match without_user(text) {
            Some(shown) => {
                *text = shown;
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn is_secret_text(value: &Value) -> bool {
    value.as_str().is_some_and(is_secret)
}

/// Whether a value of that name is taken for a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_NAMES.iter().any(|secret| plain.contains(secret))
}

/// Everything in it; what is null or says yes or no is no secret.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Array(items) => items.iter_mut().fold(false, |found, item| hide(item) | found),
        Value::Object(fields) => fields.values_mut().fold(false, |found, field| hide(field) | found),
        Value::String(_) | Value::Number(_) => {
            *value = REDACTED.into();
            true
        }
    }
}

/// An address without the user and password in it; none if it has none.
#[must_use]
pub fn without_user(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let at = rest[..host_ends].rfind('@')?;
    let is_scheme =
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then(|| format!("{scheme}://{REDACTED}{}", &rest[at..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_name_tells_to_be_secret_is_not_shown() {
        for (given, shown) in [
            (
                json!({"headers": {"Authorization": "Bearer x", "Accept": "*/*"}}),
                json!({"headers": {"Authorization": "[redacted]", "Accept": "*/*"}}),
            ),
            (
                json!([{"name": "X-Api-Key", "value": "x"}, {"name": "a", "value": "x"}]),
                json!([{"name": "X-Api-Key", "value": "[redacted]"}, {"name": "a", "value": "x"}]),
            ),
            (
                json!({"client_secret": {"old": 7, "is_set": true}}),
                json!({"client_secret": {"old": "[redacted]", "is_set": true}}),
            ),
            (json!({"url": "https://ada:pw@example.com/a@b"}), json!({"url": "https://[redacted]@example.com/a@b"})),
        ] {
            let mut value = given;
            assert!(redact(&mut value));
            assert_eq!(value, shown);
        }
        for plain in
            [json!({"mail": "ada@example.com", "url": "https://example.com/@a"}), json!({"token": null}), json!(7)]
        {
            let mut value = plain.clone();
            assert!(!redact(&mut value) && value == plain, "{value}");
        }
    }
}
