//! Where two values differ.

use serde::Serialize;
use serde_json::Value;

/// Largest value that is shown whole, in bytes of its JSON.
const SHOWN_BYTES_MAX: usize = 1_024;
/// As many characters are shown of a larger one.
const SHOWN_CHARS: usize = 200;

/// The first place where two values differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// As JSON pointer; empty for the whole.
    pub pointer: String,
    /// What was there; absent if nothing was. Its beginning as text, if it is large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there now; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Value>,
}

/// The first place where `now` is not what was `before`; none if they are the same. Numbers count by value.
#[must_use]
pub fn first_difference(before: &Value, now: &Value) -> Option<Place> {
    let mut pointer = String::new();
    let (before, now) = find(Some(before), Some(now), &mut pointer)?;
    Some(Place { pointer, before: before.map(shown), now: now.map(shown) })
}

type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

/// Depth is bounded, as that of any value that is parsed or stored.
fn find<'a>(before: Option<&'a Value>, now: Option<&'a Value>, pointer: &mut String) -> Option<Pair<'a>> {
    let length = pointer.len();
    let mut below = |name: &str, before, now| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let found = find(before, now, pointer);
        if found.is_none() {
            pointer.truncate(length);
        }
        found
    };
    match (before, now) {
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            let mut names = was.keys().chain(is.keys().filter(|name| !was.contains_key(*name)));
            names.find_map(|name| below(name, was.get(name), is.get(name)))
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) => {
            (0..was.len().max(is.len())).find_map(|ix| below(&ix.to_string(), was.get(ix), is.get(ix)))
        }
        (Some(Value::Number(was)), Some(Value::Number(is))) if was == is || was.as_f64() == is.as_f64() => None,
        (before, now) => (before != now).then_some((before, now)),
    }
}

fn shown(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= SHOWN_BYTES_MAX {
        return value.clone();
    }
    let beginning: String = text.chars().take(SHOWN_CHARS).collect();
    Value::String(format!("{beginning}…"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_place_that_differs_is_named() {
        for (before, now, pointer) in [
            (json!(1), json!(2), ""),
            (json!({"a": 1, "b": [1, {"c/d~": 2}]}), json!({"a": 1, "b": [1, {"c/d~": 3}]}), "/b/1/c~1d~0"),
            (json!({"a": 1}), json!({"a": 1, "b": null}), "/b"),
            (json!([1, 2]), json!([1]), "/1"),
            (json!({"a": {}}), json!({"a": []}), "/a"),
            (json!(9_007_199_254_740_993_i64), json!("9007199254740993"), ""),
        ] {
            let found = first_difference(&before, &now).unwrap();
            assert_eq!(found.pointer, pointer, "{before} {now}");
            assert_eq!(first_difference(&now, &before).unwrap().pointer, pointer, "{now} {before}");
        }
        let both = json!({"a": [1, {"b": "x"}], "c": 2.0});
        assert_eq!(first_difference(&both, &json!({"c": 2, "a": [1, {"b": "x"}]})), None);
        assert_eq!(first_difference(&json!({"a": 1}), &json!({})).unwrap().now, None);
    }

    #[test]
    fn of_a_large_value_the_beginning_is_shown() {
        let found = first_difference(&json!("x".repeat(5_000)), &json!(1)).unwrap();
        assert_eq!(found.before.unwrap().as_str().unwrap().chars().count(), SHOWN_CHARS + 1);
    }
}
