//! Which events an endpoint gets: patterns of types, and a condition on the event.

use capstan_engine::core::expression::{SOURCE_BYTES_MAX, check_event_condition, holds_of_event};
use capstan_engine::store::facts::{asks_for, is_frequent};
use serde_json::Value;
use thiserror::Error;

/// Most patterns of an endpoint.
pub const TYPES_MAX: usize = 50;
/// Longest pattern, in bytes.
const TYPE_BYTES_MAX: usize = 100;
/// Longest condition, in bytes.
pub const FILTER_BYTES_MAX: usize = 2_000;
const _: () = assert!(FILTER_BYTES_MAX <= SOURCE_BYTES_MAX);

/// Why something is no pattern of types.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no type: write words of a-z, 0-9 and _ with dots between, with * in place of the last words or of all, at \
     most {TYPE_BYTES_MAX} bytes"
)]
pub struct BadPattern(pub String);

/// Whether a pattern may be subscribed to: `order.paid`, `order.*` or `*`.
///
/// # Errors
/// If it is none.
pub fn check_pattern(pattern: &str) -> Result<(), BadPattern> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let words = match pattern {
        "*" => return Ok(()),
        _ => pattern.strip_suffix(".*").unwrap_or(pattern),
    };
    let good = pattern.len() <= TYPE_BYTES_MAX && words.split('.').all(is_word);
    if good { Ok(()) } else { Err(BadPattern(pattern.chars().take(TYPE_BYTES_MAX).collect())) }
}

/// Whether a type fits one of the patterns. `order.*` fits what lies below `order`, and not `order` itself. Beginnings of
/// executions and steps fit only where they are asked for, by `execution.started` or `step.`: there are many of them, and an
/// endpoint of before that gets everything is not to be flooded.
#[must_use]
pub fn fits(patterns: &[String], type_name: &str) -> bool {
    if is_frequent(type_name) {
        return patterns.iter().any(|pattern| asks_for(pattern, type_name));
    }
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => type_name.len() > prefix.len() && type_name.starts_with(prefix),
        None => pattern == type_name,
    })
}

/// What is wrong with a condition; nothing if it can be evaluated.
#[must_use]
pub fn filter_flaw(filter: &str) -> Option<String> {
    if filter.len() > FILTER_BYTES_MAX {
        return Some(format!("a filter has at most {FILTER_BYTES_MAX} bytes"));
    }
    check_event_condition(filter).err().map(|error| error.to_string())
}

/// Whether a condition holds for an event. One that cannot be evaluated for it does not.
#[must_use]
pub fn passes(filter: Option<&str>, event: &Value) -> bool {
    filter.is_none_or(|filter| holds_of_event(filter, event).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_all_that_follows() {
        for (pattern, type_name, expected) in [
            ("*", "order.paid", true),
            ("order.*", "order.paid", true),
            ("order.*", "order.line.added", true),
            ("order.*", "order", false),
            ("order.*", "orders.paid", false),
            ("order.paid", "order.paid", true),
            ("order.paid", "order.paid.late", false),
            ("*", "step.failed", false),
            ("step.*", "step.failed", true),
            ("execution.*", "execution.started", false),
            ("execution.started", "execution.started", true),
            ("execution.*", "execution.failed", true),
        ] {
            assert_eq!(fits(&[pattern.into()], type_name), expected, "{pattern} {type_name}");
        }
        assert!(!fits(&[], "order.paid"));
    }

    #[test]
    fn a_star_stands_at_the_end_only() {
        for good in ["*", "a", "execution.*", "a.b_1.*", "order.paid"] {
            assert_eq!(check_pattern(good), Ok(()), "{good}");
        }
        for bad in ["", "**", ".*", "*.paid", "a*", "a.*.b", "A", "a..b", "a.", &"x".repeat(101)] {
            assert!(check_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_condition_that_cannot_be_evaluated_lets_nothing_through() {
        let event = json!({ "type": "order.paid", "data": { "amount": 7 } });
        assert!(passes(None, &event));
        assert!(passes(Some("event.data.amount > 5"), &event));
        assert!(!passes(Some("event.data.amount > 9"), &event));
        assert!(!passes(Some("event.data.amount"), &event));
        assert_eq!(filter_flaw("event.data.amount > 5"), None);
        for bad in ["event.", "input.a == 1", "now > 1", &format!("event.a == '{}'", "x".repeat(2_000))] {
            assert!(filter_flaw(bad).is_some(), "{bad}");
        }
    }
}
