//! What has to hold of an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rule::Flaw;

/// Most comparisons of a rule.
pub const CONDITIONS_MAX: usize = 20;
/// How deep groups may lie in groups.
pub const NESTING_MAX: usize = 3;
/// Most values of `one_of`.
const CHOICES_MAX: usize = 50;
/// Longest text that is compared with, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// Most keys of a path, and most characters of each.
const KEYS_MAX: usize = 10;
const KEY_CHARS_MAX: usize = 100;
/// Where a path begins: what an event consists of.
const ROOTS: [&str; 5] = ["id", "type", "key", "data", "at"];

/// A comparison, or a group: exactly one of `all`, `any` and `field` is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleCondition")]
pub struct Condition {
    /// All of these have to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Vec<Condition>>,
    /// One of these has to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<Condition>>,
    /// What of the event is compared: keys with dots between, such as `data.lead.source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Operator>,
    /// With what: a text, a number, true or false; a list of these for `one_of`, nothing for `exists` and `missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RuleOperator")]
pub enum Operator {
    /// It is that.
    Eq,
    /// It is something else, or not there.
    Ne,
    /// It is more; both are numbers, or both are texts.
    Gt,
    /// It is that or more.
    Ge,
    /// It is less.
    Lt,
    /// It is that or less.
    Le,
    /// A text holds that text, or a list that item.
    Contains,
    /// It is one of those.
    OneOf,
    /// It is there, and not null.
    Exists,
    /// It is not there, or null.
    Missing,
}

/// Where a check stands.
pub(super) struct Level {
    pointer: String,
    depth: usize,
    comparisons: usize,
}

impl Level {
    pub(super) fn first(pointer: &str) -> Self {
        Self { pointer: pointer.into(), depth: 1, comparisons: 0 }
    }
}

impl Condition {
    /// Adds what is wrong with it. What lies too deep, or is too much, is not looked at any further.
    pub(super) fn check(&self, level: &mut Level, flaws: &mut Vec<Flaw>) {
        let wrong = |detail: &str| Flaw::new(level.pointer.clone(), detail);
        match (&self.all, &self.any, &self.field) {
            (Some(parts), None, None) | (None, Some(parts), None) => {
                if self.op.is_some() || self.value.is_some() {
                    flaws.push(wrong("a group has neither op nor value"));
                }
                let name = if self.all.is_some() { "all" } else { "any" };
                check_group(name, parts, level, flaws);
            }
            (None, None, Some(field)) => {
                level.comparisons += 1;
                if level.comparisons == CONDITIONS_MAX + 1 {
                    flaws.push(wrong(&format!("a rule compares at most {CONDITIONS_MAX} times")));
                }
                let found = check_path(field).map(|detail| ("field", detail)).into_iter();
                let of_value = check_value(self.op, self.value.as_ref());
                let found = found.chain(of_value);
                flaws.extend(found.map(|(part, detail)| Flaw::new(format!("{}/{part}", level.pointer), detail)));
            }
            _ => flaws.push(wrong("a condition has either all, or any, or field with op")),
        }
    }
}

fn check_group(name: &str, parts: &[Condition], level: &mut Level, flaws: &mut Vec<Flaw>) {
    let pointer = format!("{}/{name}", level.pointer);
    if level.depth > NESTING_MAX {
        flaws.push(Flaw::new(pointer, format!("groups lie at most {NESTING_MAX} deep")));
        return;
    }
    if !(1..=CONDITIONS_MAX).contains(&parts.len()) {
        let detail = format!("a group has 1 to {CONDITIONS_MAX} parts, and this has {}", parts.len());
        flaws.push(Flaw::new(pointer, detail));
        return;
    }
    for (ix, part) in parts.iter().enumerate() {
        let comparisons = level.comparisons;
        let mut inner = Level { pointer: format!("{pointer}/{ix}"), depth: level.depth + 1, comparisons };
        part.check(&mut inner, flaws);
        level.comparisons = inner.comparisons;
    }
}

fn check_path(path: &str) -> Option<String> {
    let keys: Vec<&str> = path.split('.').collect();
    if !ROOTS.contains(&keys[0]) {
        return Some(format!("a path begins with one of {}, as in data.lead.source", ROOTS.join(", ")));
    }
    if keys.len() > KEYS_MAX {
        return Some(format!("a path has at most {KEYS_MAX} keys"));
    }
    let is_bad = |c: char| c.is_control() || matches!(c, '"' | '\\' | '{' | '}');
    let bad = |key: &&&str| key.is_empty() || key.chars().count() > KEY_CHARS_MAX || key.contains(is_bad);
    let bad = keys.iter().find(bad)?;
    let shown: String = bad.chars().take(KEY_CHARS_MAX).collect();
    Some(format!("{shown:?} cannot be a key of a path: 1 to {KEY_CHARS_MAX} characters, without quotes, braces and \\"))
}

fn check_value(op: Option<Operator>, value: Option<&Value>) -> Option<(&'static str, String)> {
    use Operator::{Contains, Eq, Exists, Ge, Gt, Le, Lt, Missing, Ne, OneOf};
    let Some(op) = op else {
        return Some((
            "op",
            "a comparison says how: eq, ne, gt, ge, lt, le, contains, one_of, exists or missing".into(),
        ));
    };
    let detail = match (op, value) {
        (Exists | Missing, None) => return None,
        (Exists | Missing, Some(_)) => "exists and missing take no value".into(),
        (_, None) => "there is no value to compare with".into(),
        (OneOf, Some(Value::Array(items))) if (1..=CHOICES_MAX).contains(&items.len()) => {
            let flaw = items.iter().find_map(scalar)?;
            format!("each of the values of one_of is compared with: {flaw}")
        }
        (OneOf, Some(_)) => format!("one_of takes a list of 1 to {CHOICES_MAX} values"),
        (Gt | Ge | Lt | Le, Some(Value::Bool(_))) => "true and false are neither more nor less than anything".into(),
        (Eq | Ne | Gt | Ge | Lt | Le | Contains, Some(value)) => scalar(value)?,
    };
    Some(("value", detail))
}

/// What is wrong with something that is compared with.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) if text.chars().count() <= TEXT_CHARS_MAX => None,
        Value::String(_) => Some(format!("a text has at most {TEXT_CHARS_MAX} characters")),
        Value::Null => Some("write op exists or missing for what may not be there".into()),
        Value::Array(_) | Value::Object(_) => Some("a value is a text, a number, true or false".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(condition: Value) -> Vec<String> {
        let condition: Condition = serde_json::from_value(condition).unwrap();
        let mut flaws = Vec::new();
        condition.check(&mut Level::first("/c"), &mut flaws);
        flaws.into_iter().map(|flaw| flaw.pointer).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let good = json!({ "field": "data.a", "op": "eq", "value": 1 });
        let none = Vec::<String>::new();
        assert_eq!(found(good.clone()), none);
        assert_eq!(found(json!({ "all": [good, { "any": [{ "all": [good] }] }] })), none);
        for (bad, place) in [
            (json!({}), "/c"),
            (json!({ "all": [good], "any": [good] }), "/c"),
            (json!({ "all": [good], "op": "eq" }), "/c"),
            (json!({ "all": [] }), "/c/all"),
            (json!({ "any": [{ "all": [{ "any": [{ "all": [good] }] }] }] }), "/c/any/0/all/0/any/0/all"),
            (json!({ "field": "lead.email", "op": "exists" }), "/c/field"),
            (json!({ "field": "data..a", "op": "exists" }), "/c/field"),
            (json!({ "field": "data.a\"b", "op": "exists" }), "/c/field"),
            (json!({ "field": "data.1.2.3.4.5.6.7.8.9.10", "op": "exists" }), "/c/field"),
            (json!({ "field": "data.a" }), "/c/op"),
            (json!({ "field": "data.a", "op": "eq" }), "/c/value"),
            (json!({ "field": "data.a", "op": "eq", "value": {} }), "/c/value"),
            (json!({ "field": "data.a", "op": "exists", "value": 1 }), "/c/value"),
            (json!({ "field": "data.a", "op": "gt", "value": true }), "/c/value"),
            (json!({ "field": "data.a", "op": "one_of", "value": 1 }), "/c/value"),
            (json!({ "field": "data.a", "op": "one_of", "value": [1, null] }), "/c/value"),
            (json!({ "field": "data.a", "op": "eq", "value": "x".repeat(501) }), "/c/value"),
        ] {
            assert_eq!(found(bad.clone()), [place], "{bad}");
        }
    }

    #[test]
    fn all_groups_together_compare_only_so_often() {
        let good = json!({ "field": "data.a", "op": "exists" });
        let ten = json!({ "any": vec![good.clone(); 10] });
        assert_eq!(found(json!({ "all": [ten, ten] })), Vec::<String>::new());
        assert_eq!(found(json!({ "all": [ten, ten, good, good] })), ["/c/all/2"]);
    }
}
