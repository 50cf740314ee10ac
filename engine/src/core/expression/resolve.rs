//! Follows a path such as `steps.fetch.body.items[0]` through the values, and says where it breaks.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

use super::error::listed;
use super::names::{Names, Seen};

/// A name at the top level and constant keys below it, as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path<'s> {
    pub(super) root: &'s str,
    pub(super) keys: Vec<Key<'s>>,
    pub(super) at: usize,
}

/// One constant key of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key<'s> {
    Name(&'s str),
    /// Negative counts from the end.
    Index(i64),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Name(name) => write!(f, "{name:?}"),
            Key::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// The value at `path`, or why there is none.
pub(super) fn resolve<'n>(path: &Path<'_>, names: &'n Names<'_>) -> Result<Cow<'n, Value>, String> {
    match path.root {
        "input" => below(names.input, "input", &path.keys).map(Cow::Borrowed),
        "execution" => below(&names.execution, "execution", &path.keys).map(Cow::Borrowed),
        "now" => below(&names.now, "now", &path.keys).map(Cow::Borrowed),
        "item" => below(names.item, "item", &path.keys).map(Cow::Borrowed),
        "index" => below(&names.index, "index", &path.keys).map(Cow::Borrowed),
        "last" => below(&names.last, "last", &path.keys).map(Cow::Borrowed),
        "event" => below(names.event, "event", &path.keys).map(Cow::Borrowed),
        root => of_step(root, &path.keys, names),
    }
}

fn of_step<'n>(root: &str, keys: &[Key<'_>], names: &'n Names<'_>) -> Result<Cow<'n, Value>, String> {
    let Some((Key::Name(id), keys)) = keys.split_first() else {
        return Err(format!("`{root}` must be followed by the id of a step"));
    };
    let seen = names.steps.step(id);
    if matches!(seen, Seen::Unknown) {
        let ids = names.steps.ids();
        return Err(format!("step {id:?} does not exist before this one; there are: {}", listed(ids.into_iter())));
    }
    if root == "errors" {
        let error = names.steps.error(id).map(|error| json!({ "class": error.class, "reason": error.reason }));
        return match (error, keys.is_empty()) {
            (None, true) => Ok(Cow::Owned(Value::Null)),
            (None, false) => Err(format!("step {id:?} has no error")),
            (Some(error), _) => below(&error, id, keys).cloned().map(Cow::Owned),
        };
    }
    match (seen, keys.first()) {
        (Seen::Output(output), _) => below(output, id, keys).map(Cow::Borrowed),
        (Seen::Null(why), Some(key)) => Err(format!("step {id:?} {why}, so it is null and has no {key}")),
        _ => Ok(Cow::Owned(Value::Null)),
    }
}

fn below<'v>(start: &'v Value, start_name: &str, keys: &[Key<'_>]) -> Result<&'v Value, String> {
    let mut value = start;
    let mut parent = format!("{start_name:?}");
    for key in keys {
        let found = match (value, key) {
            (Value::Object(fields), Key::Name(name)) => fields.get(*name),
            (Value::Array(items), Key::Index(index)) => at_index(items, *index),
            _ => None,
        };
        value = found.ok_or_else(|| missing(value, &parent, key))?;
        parent = key.to_string();
    }
    Ok(value)
}

fn at_index(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { index.checked_add(i64::try_from(items.len()).ok()?)? } else { index };
    items.get(usize::try_from(index).ok()?)
}

fn missing(value: &Value, parent: &str, key: &Key<'_>) -> String {
    match value {
        Value::Object(fields) => {
            format!("{key} does not exist in {parent}; there are: {}", listed(fields.keys().map(String::as_str)))
        }
        Value::Array(items) => format!("{key} does not exist in {parent}; it is a list of {} items", items.len()),
        Value::Null => format!("{parent} is null, so it has no {key}"),
        Value::Bool(_) => format!("{parent} is true or false, so it has no {key}"),
        Value::Number(_) => format!("{parent} is a number, so it has no {key}"),
        Value::String(_) => format!("{parent} is text, so it has no {key}"),
    }
}
