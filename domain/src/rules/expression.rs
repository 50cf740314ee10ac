//! Conditions in the language of expressions.
//!
//! What is made comes to true or false for every event: a key that is not there counts as null, and only values of one type are
//! asked which is more. So it holds alike where values of different types may be compared (the `when` of a trigger) and where that
//! fails (a step).

use serde_json::Value;

use super::condition::{Condition, Operator};

/// Words that cannot follow a dot.
const WORDS: [&str; 13] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "null", "True", "False"];

/// The condition as an expression over `root`, which is the event; without braces.
pub(super) fn expression(condition: &Condition, root: &str) -> String {
    match (&condition.all, &condition.any) {
        (Some(parts), _) => group(parts, " and ", root),
        (_, Some(parts)) => group(parts, " or ", root),
        _ => comparison(condition, root),
    }
}

fn group(parts: &[Condition], joint: &str, root: &str) -> String {
    let one = |part: &Condition| {
        let text = expression(part, root);
        // What a comparison is made of may bind less than the joint.
        if parts.len() == 1 { text } else { format!("({text})") }
    };
    parts.iter().map(one).collect::<Vec<_>>().join(joint)
}

fn comparison(condition: &Condition, root: &str) -> String {
    let path = path(condition.field.as_deref().unwrap_or_default(), root);
    let known = format!("({path} | default(none))");
    let value = condition.value.as_ref().map(literal).unwrap_or_default();
    let is_text = condition.value.as_ref().is_some_and(Value::is_string);
    let ordered = |sign: &str| {
        let kind = if is_text { "string" } else { "number" };
        format!("{known} is {kind} and {path} {sign} {value}")
    };
    match condition.op.unwrap_or(Operator::Exists) {
        Operator::Eq => is_one_of(&known, condition.value.as_slice()),
        Operator::Ne => format!("not ({})", is_one_of(&known, condition.value.as_slice())),
        Operator::Gt => ordered(">"),
        Operator::Ge => ordered(">="),
        Operator::Lt => ordered("<"),
        Operator::Le => ordered("<="),
        // A text holds texts only, and a list of numbers no truth.
        Operator::Contains => match &condition.value {
            Some(Value::Bool(_)) => format!("{known} is sequence and {value} in ({path} | select(\"boolean\"))"),
            Some(Value::Number(_)) => format!("{known} is sequence and {value} in ({path} | reject(\"boolean\"))"),
            _ => format!("({known} is string or {known} is sequence) and {value} in {path}"),
        },
        Operator::OneOf => {
            is_one_of(&known, condition.value.as_ref().and_then(Value::as_array).map_or(&[], Vec::as_slice))
        }
        Operator::Exists => format!("{known} is not none"),
        Operator::Missing => format!("{known} is none"),
    }
}

/// Whether something is one of these. Truths are asked for among truths only: to expressions, true is 1 and false is 0.
fn is_one_of(known: &str, values: &[Value]) -> String {
    let (truths, others): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|value| value.is_boolean());
    let among = |values: &[&Value]| match values {
        [value] => format!("{known} == {}", literal(value)),
        values => format!("{known} in [{}]", values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ")),
    };
    let may_mistake = others.iter().any(|value| value.is_number());
    match (truths.is_empty(), others.is_empty()) {
        (true, _) if may_mistake => format!("{known} is not boolean and {}", among(&others)),
        (true, _) => among(&others),
        (false, true) => format!("{known} is boolean and {}", among(&truths)),
        (false, false) => {
            format!("({known} is boolean and {}) or ({known} is not boolean and {})", among(&truths), among(&others))
        }
    }
}

/// `data.lead.0.first-name` is `event.data.lead[0]["first-name"]`.
fn path(field: &str, root: &str) -> String {
    let is_name = |key: &str| {
        let mut bytes = key.bytes();
        bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !WORDS.contains(&key)
    };
    // What may be a place in a list: no more digits than a number has for sure.
    let is_place = |key: &str| key.len() <= 9 && key.bytes().all(|byte| byte.is_ascii_digit());
    field.split('.').fold(root.to_owned(), |path, key| match key {
        key if is_name(key) => format!("{path}.{key}"),
        key if is_place(key) => format!("{path}[{key}]"),
        key => format!("{path}[\"{key}\"]"),
    })
}

fn literal(value: &Value) -> String {
    match value {
        // Escaped, so that no brace in a text begins or ends an expression.
        Value::String(_) => value.to_string().replace('{', "\\u007b").replace('}', "\\u007d"),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::expression::{check_condition, check_event_condition, holds_of_event};
    use serde_json::json;

    use super::*;

    fn condition(value: Value) -> Condition {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_condition_reads_as_people_write_it() {
        let all = json!({ "all": [
            { "field": "data.lead.source", "op": "eq", "value": "fair" },
            { "any": [{ "field": "data.lead.fields.budget", "op": "ge", "value": 1000 },
                      { "field": "data.tags.0.first-name", "op": "exists" }] }] });
        assert_eq!(
            expression(&condition(all), "event"),
            "((event.data.lead.source | default(none)) == \"fair\") and \
             (((event.data.lead.fields.budget | default(none)) is number and event.data.lead.fields.budget >= 1000) or \
             ((event.data.tags[0][\"first-name\"] | default(none)) is not none))"
        );
    }

    #[test]
    fn each_comparison_says_true_or_false_of_every_event() {
        let event = json!({ "key": "7", "data": { "n": 5, "s": "b{{ c }}\n\"d", "none": null, "list": ["a", 1], "truths": [true, "a"], "yes": true, "one": 1,
            "in": { "not a name": 1 } } });
        for (field, op, value, expected) in [
            ("key", "eq", json!("7"), true),
            ("key", "eq", json!(7), false),
            ("data.n", "eq", json!(5), true),
            ("data.n", "eq", json!(5.0), true),
            ("data.n", "ne", json!(5), false),
            ("data.one", "eq", json!(true), false),
            ("data.one", "ne", json!(true), true),
            ("data.one", "one_of", json!([true, "x"]), false),
            ("data.one", "one_of", json!([1, "x"]), true),
            ("data.yes", "eq", json!(1), false),
            ("data.yes", "ne", json!(1), true),
            ("data.yes", "one_of", json!([1, 2]), false),
            ("data.yes", "one_of", json!([1, "x", true]), true),
            ("data.gone", "ne", json!(5), true),
            ("data.gone.deep", "eq", json!("x"), false),
            ("data.n.deep", "eq", json!("x"), false),
            ("data.s", "eq", json!("b{{ c }}\n\"d"), true),
            ("data.s", "contains", json!("{{ c }}"), true),
            ("data.s", "contains", json!("x"), false),
            ("data.list", "contains", json!("a"), true),
            ("data.list", "contains", json!(2), false),
            ("data.list", "contains", json!(1), true),
            ("data.list", "contains", json!(true), false),
            ("data.truths", "contains", json!(true), true),
            ("data.truths", "contains", json!(1), false),
            ("data.truths", "contains", json!(false), false),
            ("data.s", "contains", json!(1), false),
            ("data.gone", "contains", json!(true), false),
            ("data.n", "contains", json!(5), false),
            ("data.none", "contains", json!("a"), false),
            ("data.gone", "contains", json!("a"), false),
            ("data.n", "gt", json!(5), false),
            ("data.n", "ge", json!(5), true),
            ("data.n", "lt", json!(-1), false),
            ("data.n", "le", json!(5.5), true),
            ("data.n", "gt", json!("4"), false),
            ("data.s", "gt", json!("a"), true),
            ("data.s", "gt", json!(1), false),
            ("data.gone", "lt", json!(1), false),
            ("data.n", "one_of", json!([1, 5]), true),
            ("data.s", "one_of", json!(["x", 5, true]), false),
            ("data.gone", "one_of", json!(["x"]), false),
            ("data.yes", "eq", json!(true), true),
            ("data.in.not a name", "eq", json!(1), true),
            ("data.list.1", "eq", json!(1), true),
            ("data.list.9", "eq", json!(1), false),
            ("data.n", "exists", Value::Null, true),
            ("data.none", "exists", Value::Null, false),
            ("data.gone", "exists", Value::Null, false),
            ("data.none", "missing", Value::Null, true),
            ("data.gone.deep", "missing", Value::Null, true),
            ("data.n", "missing", Value::Null, false),
        ] {
            let one = condition(json!({ "field": field, "op": op, "value": value }));
            let text = expression(&one, "event");
            assert_eq!(check_event_condition(&text), Ok(()), "{text}");
            assert_eq!(holds_of_event(&format!("{{{{ {text} }}}}"), &event), Ok(expected), "{text}");
            assert!(check_condition(&format!("{{{{ {} }}}}", expression(&one, "input"))).is_ok(), "{text}");
        }
    }

    #[test]
    fn groups_bind_as_they_are_written() {
        let event = json!({ "data": { "a": 1, "b": 2 } });
        let is = |field: &str, value: i32| json!({ "field": field, "op": "eq", "value": value });
        let above = |value: i32| json!({ "field": "data.a", "op": "gt", "value": value });
        for (group, expected) in [
            (json!({ "all": [is("data.a", 1), is("data.b", 2)] }), true),
            (json!({ "all": [is("data.a", 1), is("data.b", 3)] }), false),
            (json!({ "any": [is("data.a", 2), is("data.b", 2)] }), true),
            (json!({ "any": [is("data.a", 2), is("data.b", 3)] }), false),
            (json!({ "all": [{ "any": [is("data.a", 1), is("data.b", 3)] }, is("data.b", 3)] }), false),
            (json!({ "any": [is("data.a", 1), { "all": [is("data.a", 2), is("data.b", 3)] }] }), true),
            (json!({ "any": [above(0), above(5)] }), true),
            (json!({ "all": [{ "any": [above(0)] }] }), true),
        ] {
            let text = expression(&condition(group), "event");
            assert_eq!(holds_of_event(&text, &event), Ok(expected), "{text}");
        }
    }
}
