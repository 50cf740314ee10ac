//! How a thing differs after a change: the members that are other than before. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::veil::{is_secret_name, unveiled};
use crate::secrets::redact::{REDACTED, Redactor};

/// Longest value that is kept whole, as JSON, in bytes.
pub const VALUE_BYTES_MAX: usize = 500;
/// What is kept of a longer one, in bytes.
const VALUE_BYTES_KEPT: usize = 300;
/// Most bytes of a difference, as JSON. Members that have no room are counted.
pub const DIFFERENCE_BYTES_MAX: usize = 16 * 1024;
/// Longest path that is kept, in characters.
const PATH_CHARS_MAX: usize = 200;
/// How deep objects are compared member by member; what is deeper is compared as one value.
const DEPTH_MAX: usize = 6;

/// What stands in place of a value that is another one now and cannot be shown.
pub const CHANGED: &str = "[changed]";

/// What differs between a thing before and after a change.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a difference that nobody is told is lost"]
pub struct Difference(Vec<Member>);

/// A member that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Member {
    /// A JSON pointer into the thing.
    path: String,
    /// Null if it was not there.
    before: Value,
    /// Null if it is there no more.
    after: Value,
}

impl Difference {
    /// Compares objects, null standing for a thing that is not there. Members that are called like secrets are told without their
    /// values.
    pub fn between(before: &Value, after: &Value) -> Self {
        let mut members = Vec::new();
        compare(&mut String::new(), before, after, 0, &mut members);
        Self(members)
    }

    /// Tells members of these names, and what is in them, without their values; and what is called like somebody's address without its
    /// name, as nobody can be erased from the log.
    pub fn hiding(mut self, names: &[&str]) -> Self {
        for member in &mut self.0 {
            if names.contains(&member.path.split('/').nth(1).unwrap_or_default()) {
                member.hide();
                member.path = without_addresses(&member.path);
            }
        }
        self
    }

    /// Takes secrets out that `redactor` knows, wherever they stand.
    pub fn without(mut self, redactor: &Redactor) -> Self {
        for member in &mut self.0 {
            member.before = redactor.value(member.before.take());
            member.after = redactor.value(member.after.take());
        }
        self
    }

    /// A list of `{path, before, after}`, of at most about [`DIFFERENCE_BYTES_MAX`]. Where members have no room, the last entry has an
    /// empty path and tells how many.
    #[must_use]
    pub fn into_json(self) -> Value {
        let count = self.0.len();
        let mut bytes = 0;
        let mut kept: Vec<Value> = Vec::new();
        for member in self.0 {
            let member = json!(member.kept());
            bytes += member.to_string().len();
            if bytes > DIFFERENCE_BYTES_MAX {
                let more = format!("[{} more]", count - kept.len());
                kept.push(json!({ "path": "", "before": null, "after": more }));
                break;
            }
            kept.push(member);
        }
        Value::Array(kept)
    }
}

impl Member {
    /// What can be told of a value that cannot be shown.
    fn hide(&mut self) {
        let was_there = !self.before.is_null();
        if was_there {
            self.before = REDACTED.into();
        }
        if !self.after.is_null() {
            self.after = if was_there { CHANGED } else { REDACTED }.into();
        }
    }

    /// As it is kept: storable, short, and without what looks like a secret.
    fn kept(self) -> Self {
        let path = self.path.replace('\0', "\u{fffd}").chars().take(PATH_CHARS_MAX).collect();
        let (before, after) = (shortened(unveiled(self.before)), shortened(unveiled(self.after)));
        let looks_the_same = before == after && !after.is_null();
        Self { path, before, after: if looks_the_same { CHANGED.into() } else { after } }
    }
}

fn compare(path: &mut String, before: &Value, after: &Value, depth: usize, found: &mut Vec<Member>) {
    if before == after {
        return;
    }
    let is_secret = path.rsplit('/').next().is_some_and(is_secret_name);
    let empty = Map::new();
    let Some((was, is)) = members_of(before, after, &empty).filter(|_| !is_secret && depth < DEPTH_MAX) else {
        let mut member = Member { path: path.clone(), before: before.clone(), after: after.clone() };
        if is_secret {
            member.hide();
        }
        found.push(member);
        return;
    };
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for name in names {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let [before, after] = [was, is].map(|members| members.get(name).unwrap_or(&Value::Null));
        compare(path, before, after, depth + 1, found);
        path.truncate(length);
    }
}

/// A path whose parts that may be addresses are not told. In an address of the web, the sign in them is written in three.
fn without_addresses(path: &str) -> String {
    let is_address = |part: &str| part.contains('@') || part.contains("%40");
    let parts = path.split('/').map(|part| if is_address(part) { REDACTED } else { part });
    parts.collect::<Vec<_>>().join("/")
}

type Members = Map<String, Value>;

/// The members of both, if they are to be compared one by one.
fn members_of<'a>(before: &'a Value, after: &'a Value, empty: &'a Members) -> Option<(&'a Members, &'a Members)> {
    match (before, after) {
        (Value::Object(was), Value::Object(is)) => Some((was, is)),
        (Value::Object(was), Value::Null) if !was.is_empty() => Some((was, empty)),
        (Value::Null, Value::Object(is)) if !is.is_empty() => Some((empty, is)),
        _ => None,
    }
}

fn shortened(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= VALUE_BYTES_MAX {
        return value;
    }
    let kept = &text[..text.floor_char_boundary(VALUE_BYTES_KEPT)];
    format!("{kept}… [{} bytes]", text.len()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path: before → after` of each member.
    fn lines(difference: Difference) -> Vec<String> {
        let told = difference.into_json();
        let line = |it: &Value| format!("{}: {} → {}", it["path"].as_str().unwrap(), it["before"], it["after"]);
        told.as_array().unwrap().iter().map(line).collect()
    }

    fn between(before: Value, after: Value) -> Vec<String> {
        lines(Difference::between(&before, &after))
    }

    #[test]
    fn only_members_that_differ_are_told() {
        for (before, after, expected) in [
            (json!({ "a": 1, "b": [1, 2] }), json!({ "b": [1, 2], "a": 1 }), vec![]),
            (json!({ "a": 1, "b": 2 }), json!({ "a": 1, "b": 3 }), vec!["/b: 2 → 3"]),
            (json!({ "a": null }), json!({}), vec![]),
            (json!(null), json!({ "a": "x", "b": null }), vec![r#"/a: null → "x""#]),
            (json!({ "a": { "b": 1, "c": 2 } }), json!(null), vec!["/a/b: 1 → null", "/a/c: 2 → null"]),
            (json!({ "a": { "x/y~": 1 } }), json!({ "a": { "x/y~": 2 } }), vec!["/a/x~1y~0: 1 → 2"]),
            (json!({ "a": [1] }), json!({ "a": [1, 2] }), vec!["/a: [1] → [1,2]"]),
            (json!({ "a": 1 }), json!({ "a": { "b": 1 } }), vec![r#"/a: 1 → {"b":1}"#]),
            (json!({}), json!({ "a": {} }), vec!["/a: null → {}"]),
        ] {
            assert_eq!(between(before, after), expected);
        }
    }

    #[test]
    fn what_cannot_be_shown_is_told_as_changed() {
        for (before, after, expected) in [
            (json!(null), json!({ "secret": 1 }), r#"/secret: null → "[redacted]""#),
            (json!({ "secret": 1 }), json!({ "secret": 2 }), r#"/secret: "[redacted]" → "[changed]""#),
            (json!({ "api_key": { "a": 1 } }), json!({}), r#"/api_key: "[redacted]" → null"#),
            (json!({ "a": [{ "token": "x" }] }), json!({ "a": [1] }), r#"/a: [{"token":"[redacted]"}] → [1]"#),
            (
                json!({ "a": [{ "token": 1 }] }),
                json!({ "a": [{ "token": 2 }] }),
                r#"/a: [{"token":"[redacted]"}] → "[changed]""#,
            ),
        ] {
            assert_eq!(between(before, after), [expected]);
        }
        let hidden = Difference::between(&json!({ "name": "Ada", "fields": { "age": 1 } }), &json!({ "fields": {} }));
        let expected = [r#"/fields/age: "[redacted]" → null"#, r#"/name: "[redacted]" → null"#];
        assert_eq!(lines(hidden.hiding(&["name", "fields"])), expected);
        let of = |name: &str| {
            Difference::between(&json!(null), &json!({ "data": { "guests": { name: true } }, "at": { name: 1 } }))
        };
        for name in ["ada@example.com", "mailto:Ada@Example.com", "ada%40example.com"] {
            let told = lines(of(name).hiding(&["data"]));
            let expected = [format!("/at/{name}: null → 1"), r#"/data/guests/[redacted]: null → "[redacted]""#.into()];
            assert_eq!(told, expected);
        }
        let redactor = Redactor::default();
        redactor.add(["canary-7"]).unwrap();
        let known = Difference::between(&json!(null), &json!({ "url": "https://x/canary-7" })).without(&redactor);
        assert_eq!(lines(known), [r#"/url: null → "https://x/[redacted]""#]);
    }

    #[test]
    fn a_difference_has_bounds() {
        let long = |letter: &str| json!({ "a": letter.repeat(VALUE_BYTES_MAX + 1) });
        let cut = format!("{}… [501 bytes]", "x".repeat(VALUE_BYTES_KEPT));
        assert_eq!(between(json!(null), long("x")), [format!(r#"/a: null → "{cut}""#)]);
        let longer = json!({ "a": format!("{}y", "x".repeat(VALUE_BYTES_MAX)) });
        assert_eq!(between(long("x"), longer), [format!(r#"/a: "{cut}" → "[changed]""#)]);
        let whole: Members = (0..1_000).map(|no| (format!("member_{no:03}"), json!("é".repeat(400)))).collect();
        let told = Difference::between(&json!(null), &json!(whole)).into_json();
        let told = told.as_array().unwrap();
        assert!(json!(told).to_string().len() < DIFFERENCE_BYTES_MAX + 1_000);
        assert_eq!(told.last().unwrap()["after"], format!("[{} more]", 1_001 - told.len()));
        // What is deep is one value, and whatever a database does not store is not in it.
        let deep = |end: Value| (0..10).fold(end, |inner, _| json!({ "a": inner }));
        assert_eq!(between(deep(json!(1)), deep(json!("\0"))).len(), 1);
        let stored = Difference::between(&json!(null), &json!({ "a\0": { "b": ["\0"] } })).into_json().to_string();
        assert!(!stored.contains("\\u0000"), "{stored}");
    }
}
