//! A draft as it may leave a workspace, and what is put back when it comes in again. Pure.

use std::collections::HashMap;

use capstan_engine::core::redact::{REDACTED, is_secret, without_user};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::credentials::is_name;

/// The member of a file that says which workflow it is; all others are the graph.
pub const ABOUT: &str = "workflow";
/// Most places of what was left out that are told.
pub const LEFT_OUT_MAX: usize = 20;
/// Fields of a configuration that name a secret and are none, and how the types of nodes begin that have them.
const NAMES: [(&str, &str); 2] = [("credential", ""), ("secret", "trigger.")];
/// Members of an object that tell what its `value` is.
const TELLS: [&str; 3] = ["name", "key", "header"];
/// Longest word beside an expression that is no secret by itself: as long as `Bearer`.
const WORD_CHARS_MAX: usize = 6;

/// A graph without its secrets, which are known by their names, and without what is pinned. Credentials stay, as names. The editor
/// goes by the same rules (`editor/src/document/secrets.ts`).
#[must_use]
pub fn portable(mut graph: Value) -> Value {
    for (name, field) in graph.as_object_mut().into_iter().flatten() {
        match field {
            Value::Array(nodes) if name == "nodes" => nodes.iter_mut().for_each(bare),
            field if is_secret(name) => hide(field),
            field => veil(field),
        }
    }
    graph
}

fn bare(node: &mut Value) {
    let type_name = node.get("type").and_then(Value::as_str).unwrap_or_default();
    let names = NAMES.iter().filter(|(_, beginning)| type_name.starts_with(beginning)).filter_map(|(field, _)| {
        let name = node.pointer(&format!("/data/config/{field}"))?.as_str().filter(|name| is_name(name))?;
        Some((*field, name.to_owned()))
    });
    let names: Vec<(&str, String)> = names.collect();
    if let Some(data) = node.get_mut("data").and_then(Value::as_object_mut) {
        data.remove("pinned");
    }
    veil(node);
    if let Some(config) = node.pointer_mut("/data/config").and_then(Value::as_object_mut) {
        config.extend(names.into_iter().map(|(field, name)| (field.to_owned(), name.into())));
    }
}

fn veil(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_named = TELLS.iter().any(|name| fields.get(*name).and_then(Value::as_str).is_some_and(is_secret));
            for (name, field) in fields.iter_mut() {
                let is_hidden = is_secret(name) || (is_named && name == "value");
                if is_hidden { hide(field) } else { veil(field) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(veil),
        Value::String(text) => {
            if let Some(shown) = without_user(text) {
                *text = shown;
            }
        }
        _ => {}
    }
}

/// All texts and numbers in it; what says yes or no is no secret.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::String(text) if text.is_empty() || only_names(text) => {}
        Value::String(_) | Value::Number(_) => *value = REDACTED.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether it is an expression, which names a secret and is none, with at most short words beside.
fn only_names(text: &str) -> bool {
    let (mut beside, mut rest, mut found) = (String::new(), text, false);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, behind)) = after.split_once("}}") else { break };
        beside.push_str(before);
        beside.push(' ');
        (rest, found) = (behind, true);
    }
    beside.push_str(rest);
    found && beside.split_whitespace().all(|word| word.chars().count() <= WORD_CHARS_MAX)
}

/// A graph that came in, with what its file left out and the draft that it replaces has.
#[must_use]
pub fn refilled(mut graph: Value, draft: &Value) -> Value {
    let nodes = draft.get("nodes").and_then(Value::as_array).into_iter().flatten();
    let nodes: HashMap<&str, &Value> = nodes.filter_map(|node| Some((node.get("id")?.as_str()?, node))).collect();
    for (name, field) in graph.as_object_mut().into_iter().flatten() {
        match field {
            Value::Array(items) if name == "nodes" => items.iter_mut().for_each(|node| refill_node(node, &nodes)),
            field => {
                if let Some(before) = draft.get(name) {
                    refill(field, before);
                }
            }
        }
    }
    graph
}

fn refill_node(node: &mut Value, before: &HashMap<&str, &Value>) {
    let Some(before) = node.get("id").and_then(Value::as_str).and_then(|id| before.get(id)) else { return };
    if node.get("type") != before.get("type") {
        return;
    }
    refill(node, before);
    if let (Some(data), Some(pinned)) =
        (node.get_mut("data").and_then(Value::as_object_mut), before.pointer("/data/pinned"))
    {
        data.entry("pinned").or_insert_with(|| pinned.clone());
    }
}

fn refill(new: &mut Value, old: &Value) {
    if is_left_out_of(new, old) {
        *new = old.clone();
        return;
    }
    match (new, old) {
        (Value::Object(fields), Value::Object(before)) => {
            // Where names are hidden as well, they stand for those of the draft, as their values do.
            let tell_the_same = TELLS.iter().all(|name| match (fields.get(*name), before.get(*name)) {
                (Some(new), Some(old)) => new == old || is_left_out_of(new, old),
                (new, old) => new == old,
            });
            for (name, field) in fields.iter_mut() {
                // The value of another header is not this one's.
                if (tell_the_same || name != "value")
                    && let Some(before) = before.get(name)
                {
                    refill(field, before);
                }
            }
        }
        (Value::Array(items), Value::Array(before)) => refill_items(items, before),
        _ => {}
    }
}

/// Each from the one that is called the same, if there is one such; else from the one at its place, if as many are there as before.
fn refill_items(items: &mut [Value], before: &[Value]) {
    let mut named: HashMap<String, Option<&Value>> = HashMap::new();
    for old in before {
        if let Some(name) = name_of(old) {
            named.entry(name).and_modify(|one| *one = None).or_insert(Some(old));
        }
    }
    let are_as_many = items.len() == before.len();
    for (no, item) in items.iter_mut().enumerate() {
        let same = name_of(item).and_then(|name| *named.get(&name)?);
        if let Some(old) = same.or_else(|| before.get(no).filter(|_| are_as_many)) {
            refill(item, old);
        }
    }
}

fn name_of(item: &Value) -> Option<String> {
    TELLS.iter().find_map(|name| item.get(*name)?.as_str().map(str::to_owned))
}

/// Whether a text of a file stands for this value.
fn is_left_out_of(new: &Value, old: &Value) -> bool {
    let Some(text) = new.as_str() else { return false };
    match old {
        Value::String(before) => text == REDACTED || without_user(before).as_deref() == Some(text),
        Value::Number(_) => text == REDACTED,
        _ => false,
    }
}

/// JSON pointers to what is left out still; at most [`LEFT_OUT_MAX`].
#[must_use]
pub fn left_out(graph: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(graph, &mut String::new(), &mut found);
    found
}

fn look(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    let mut inside = |name: &str, value: &Value| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        look(value, pointer, found);
        pointer.truncate(length);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| inside(name, field)),
        Value::Array(items) => items.iter().enumerate().for_each(|(no, item)| inside(&no.to_string(), item)),
        Value::String(text) if text.contains(REDACTED) && found.len() < LEFT_OUT_MAX => found.push(pointer.clone()),
        _ => {}
    }
}

/// The sum of a workflow without its secrets: the same for the same name and graph, however they are written.
#[must_use]
pub fn sum(name: &str, portable: &Value) -> String {
    let mut sum = Sha256::new();
    digest(&Value::from(name), &mut sum);
    digest(portable, &mut sum);
    let hex: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn digest(value: &Value, sum: &mut Sha256) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            sum.update("{");
            for (name, field) in fields {
                digest(&Value::from(name.as_str()), sum);
                digest(field, sum);
            }
            sum.update("}");
        }
        Value::Array(items) => {
            sum.update("[");
            items.iter().for_each(|item| digest(item, sum));
            sum.update("]");
        }
        // 1.0 and 1 are the same, as an editor writes either, and a database writes 1e16 in full.
        Value::Number(number) => match number.as_f64().filter(|it| number.is_f64() && it.fract() == 0.0) {
            Some(whole) => sum.update(format!("{:.0},", whole + 0.0)),
            None => sum.update(format!("{number},")),
        },
        other => sum.update(format!("{other},")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn graph(config: Value) -> Value {
        json!({ "nodes": [{ "id": "a", "type": "action.http_request", "data": { "config": config } }], "edges": [] })
    }

    #[test]
    fn secrets_stay_behind_and_what_only_names_one_goes_along() {
        for (config, expected) in [
            (json!({ "credential": "crm", "token": "abc" }), json!({ "credential": "crm", "token": "[redacted]" })),
            (json!({ "credential": "not a name" }), json!({ "credential": "[redacted]" })),
            (json!({ "inner": { "credential": "crm" } }), json!({ "inner": { "credential": "[redacted]" } })),
            (json!({ "secret": "abc" }), json!({ "secret": "[redacted]" })),
            (json!({ "password": "Bearer {{ input.key }}" }), json!({ "password": "Bearer {{ input.key }}" })),
            (json!({ "password": "{{ input.key }} hunter2hunter2" }), json!({ "password": "[redacted]" })),
            (json!({ "password": "{{ hunter2hunter2" }), json!({ "password": "[redacted]" })),
            (json!({ "url": "https://ada:pw@example.com/" }), json!({ "url": "https://[redacted]@example.com/" })),
            (
                json!({ "headers": [{ "name": "X-Api-Key", "value": "k" }, { "name": "Accept", "value": "*/*" }] }),
                json!({ "headers": [{ "name": "X-Api-Key", "value": "[redacted]" }, { "name": "Accept", "value": "*/*" }] }),
            ),
        ] {
            assert_eq!(portable(graph(config)), graph(expected));
        }
        let hook = json!({ "nodes": [{ "id": "a", "type": "trigger.webhook", "data": { "config": { "secret": "shop" },
            "pinned": { "output": 1 } } }], "settings": { "api_token": "t" } });
        let expected = json!({ "nodes": [{ "id": "a", "type": "trigger.webhook", "data": { "config": { "secret": "shop" } } }],
            "settings": { "api_token": "[redacted]" } });
        assert_eq!(portable(hook), expected);
    }

    #[test]
    fn what_was_left_out_is_put_back_and_nothing_else() {
        let mut draft = graph(json!({
            "token": "abc", "url": "https://ada:pw@example.com/", "cookies": [{ "name": "sid", "value": "s" }],
            "headers": [{ "name": "X-Api-Key", "value": "k" }, { "name": "X-Token", "value": "t" }],
        }));
        draft["nodes"][0]["data"]["pinned"] = json!({ "output": 1 });
        assert_eq!(refilled(portable(draft.clone()), &draft), draft);
        // In another order, or beside others, each header gets its own value, and one of another name none.
        let headers = |graph: &mut Value| graph["nodes"][0]["data"]["config"]["headers"].take();
        let with = |change: fn(&mut Vec<Value>)| {
            let mut changed = portable(draft.clone());
            change(changed["nodes"][0]["data"]["config"]["headers"].as_array_mut().unwrap());
            refilled(changed, &draft)
        };
        let (k, t) = (json!({ "name": "X-Api-Key", "value": "k" }), json!({ "name": "X-Token", "value": "t" }));
        assert_eq!(headers(&mut with(|it| it.reverse())), json!([t, k]));
        let other = json!({ "name": "Accept", "value": "*/*" });
        assert_eq!(
            headers(&mut with(|it| it.insert(0, json!({ "name": "Accept", "value": "*/*" })))),
            json!([other, k, t])
        );
        let renamed = with(|it| it[1]["name"] = "X-Secret".into());
        assert_eq!(left_out(&renamed), ["/nodes/0/data/config/headers/1/value"]);
        // Nor does a node of another type.
        let mut other = portable(draft.clone());
        other["nodes"][0]["type"] = "action.send_sms".into();
        assert_eq!(refilled(other.clone(), &draft), other);
    }

    #[test]
    fn a_sum_is_of_what_is_said_and_not_of_how_it_is_written() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (one, same) in [
            (r#"{"a": 1.0, "b": [1, "x"]}"#, r#"{"b": [1, "x"], "a": 1}"#),
            ("[1e16, -0.0, -2.0]", "[10000000000000000, 0, -2]"),
            ("1e20", "100000000000000000000"),
        ] {
            assert_eq!(sum("n", &read(one)), sum("n", &read(same)), "{one}");
        }
        assert_ne!(sum("n", &read("9007199254740993")), sum("n", &read("9007199254740992")));
        let one = read(r#"{"a": 1.0, "b": [1, "x"]}"#);
        for other in [r#"{"b": [1, "y"], "a": 1}"#, r#"{"b": [1], "a": 1}"#, r#"{"b": ["x", 1], "a": 1}"#] {
            assert_ne!(sum("n", &one), sum("n", &serde_json::from_str(other).unwrap()), "{other}");
        }
        assert_ne!(sum("n", &one), sum("m", &one));
    }
}
