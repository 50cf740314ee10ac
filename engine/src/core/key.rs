//! What the key of a rule comes to, for executions and starts that have it in common.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::expression::start_value;

/// Longest key as written, in bytes.
pub(super) const KEY_SOURCE_BYTES_MAX: usize = 1_000;
/// Longest key as it comes to; of a longer one the beginning and a hash count.
const KEY_BYTES_MAX: usize = 200;

/// Text as it is, all else as JSON. Where a key comes to nothing, or cannot be evaluated, `null` is what is in common.
pub(super) fn value(key: &str, input: &Value) -> String {
    let value = match start_value(&Value::String(key.to_owned()), input) {
        Ok(Value::String(text)) if !text.is_empty() => text,
        Ok(Value::String(_)) | Err(_) => Value::Null.to_string(),
        Ok(value) => value.to_string(),
    };
    short(&value.replace('\0', "\u{fffd}"))
}

fn short(value: &str) -> String {
    if value.len() <= KEY_BYTES_MAX {
        return value.to_owned();
    }
    let hash: String = Sha256::digest(value)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}…{hash}", &value[..value.floor_char_boundary(KEY_BYTES_MAX / 2)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_what_its_expressions_come_to() {
        let input = json!({ "customer": "c-7", "n": 3, "nothing": null, "empty": "" });
        for (key, expected) in [
            ("{{ input.customer }}", "c-7"),
            ("{{ input.n }}", "3"),
            ("{{ input.customer }}/{{ input.n }}", "c-7/3"),
            ("{{ input.nothing }}", "null"),
            ("{{ input.empty }}", "null"),
            ("{{ input.absent.deep }}", "null"),
            ("fixed", "fixed"),
        ] {
            assert_eq!(value(key, &input), expected, "{key}");
        }
    }

    #[test]
    fn long_keys_are_short_and_differ_where_the_values_do() {
        let of = |end: &str| value("{{ input }}", &json!(format!("{}{end}", "ä".repeat(500))));
        assert!(of("a").len() <= KEY_BYTES_MAX && of("a") != of("b") && of("a") == of("a"));
    }
}
