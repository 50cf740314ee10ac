//! Reads fields of a JSON object one by one, so that one bad field does not hide the others.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::core::compile::Problems;

/// An object of the document and its place.
pub(super) struct Reader<'d> {
    pub(super) fields: &'d Map<String, Value>,
    pub(super) pointer: String,
}

impl<'d> Reader<'d> {
    pub(super) fn object(value: &'d Value, pointer: String, problems: &mut Problems) -> Option<Self> {
        match value.as_object() {
            Some(fields) => Some(Self { fields, pointer }),
            None => {
                wrong(value, &pointer, "an object", problems);
                None
            }
        }
    }

    /// The object in that field; empty if it is absent or null.
    pub(super) fn below(&self, field: &str, problems: &mut Problems) -> Option<Self> {
        let value = self.fields.get(field).filter(|value| !value.is_null())?;
        Self::object(value, self.at(field), problems)
    }

    pub(super) fn at(&self, field: &str) -> String {
        format!("{}/{}", self.pointer, field.replace('~', "~0").replace('/', "~1"))
    }

    /// The list in that field, which must be there.
    pub(super) fn list(&self, field: &str, problems: &mut Problems) -> &'d [Value] {
        match self.fields.get(field) {
            Some(Value::Array(items)) => items,
            other => {
                wrong(other.unwrap_or(&Value::Null), &self.at(field), "a list", problems);
                &[]
            }
        }
    }

    /// The text in that field, which must be there.
    pub(super) fn required_text(&self, field: &str, problems: &mut Problems) -> Option<&'d str> {
        if matches!(self.fields.get(field), None | Some(Value::Null)) {
            wrong(&Value::Null, &self.at(field), "text", problems);
            return None;
        }
        self.text(field, problems)
    }

    /// The text in that field, if it is there and not null.
    pub(super) fn text(&self, field: &str, problems: &mut Problems) -> Option<&'d str> {
        let value = self.fields.get(field).filter(|value| !value.is_null())?;
        if !value.is_string() {
            wrong(value, &self.at(field), "text", problems);
        }
        value.as_str()
    }

    /// All fields as a `T`, which has a default for each of them; each bad field is one problem.
    pub(super) fn typed<T: DeserializeOwned + Default>(&self, problems: &mut Problems) -> T {
        let mut good = Map::new();
        for (field, value) in self.fields {
            let single = Map::from_iter([(field.clone(), value.clone())]);
            match serde_json::from_value::<T>(Value::Object(single)) {
                Ok(_) => drop(good.insert(field.clone(), value.clone())),
                Err(error) => problems.add(
                    "bad_field",
                    self.at(field),
                    format!("{field:?} cannot be read: {error}"),
                    "correct the field or leave it out",
                ),
            }
        }
        serde_json::from_value(Value::Object(good)).unwrap_or_default()
    }
}

/// Reports that `value` is not what is expected at `pointer`.
pub(super) fn wrong(value: &Value, pointer: &str, expected: &str, problems: &mut Problems) {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let place = if pointer.is_empty() { "the graph" } else { pointer };
    let code = if value.is_null() { "missing_field" } else { "bad_field" };
    problems.add(
        code,
        pointer.into(),
        format!("{place} must be {expected}, and is {found}"),
        "see the graph format in docs/graphs.md",
    );
}
