//! How many executions of a workflow may be at work at a time for each value of a key: `settings.concurrency` of a document.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::expression::{Names, NoSteps, render};
use super::gate::KEY_BYTES_MAX;
use super::ids::ExecutionId;

/// A limit on the executions of a workflow that have a key in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// Text with expressions over the input, such as `{{ input.customer }}`.
    pub key: String,
    /// How many of each value may be at work, unless another limit was set since.
    pub limit: u32,
}

impl Concurrency {
    /// What the key of an execution comes to, as a part of a gate's name: text as it is, all else as JSON, and what is too long
    /// as its beginning and a hash. Executions whose key comes to nothing, or cannot be evaluated, have `null` in common.
    #[must_use]
    pub fn value(&self, input: &Value, execution: ExecutionId, created_at: DateTime<Utc>) -> String {
        let names = Names::new(input, &NoSteps, execution, created_at);
        let value = match render(&Value::String(self.key.clone()), &names) {
            Ok(Value::String(text)) if !text.is_empty() => text,
            Ok(Value::String(_)) | Err(_) => Value::Null.to_string(),
            Ok(value) => value.to_string(),
        };
        short(&value.replace('\0', "\u{fffd}"))
    }
}

fn short(value: &str) -> String {
    if value.len() <= KEY_BYTES_MAX {
        return value.to_owned();
    }
    let begin = value.floor_char_boundary(KEY_BYTES_MAX / 2);
    format!("{}…{:016x}{:016x}", &value[..begin], hash(value, 1), hash(value, 2))
}

/// FNV-1a with a seed: the same in every build and process.
fn hash(value: &str, seed: u64) -> u64 {
    let begin = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value.bytes().fold(begin, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(key: &str, input: Value) -> String {
        let concurrency = Concurrency { key: key.into(), limit: 1 };
        concurrency.value(&input, ExecutionId::new(), DateTime::UNIX_EPOCH)
    }

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
            assert_eq!(value(key, input.clone()), expected, "{key}");
        }
    }

    #[test]
    fn long_values_are_short_and_differ_where_the_values_do() {
        let of = |end: &str| value("{{ input }}", json!(format!("{}{end}", "ä".repeat(500))));
        assert!(of("a").len() <= KEY_BYTES_MAX && of("a") != of("b") && of("a") == of("a"));
    }
}
