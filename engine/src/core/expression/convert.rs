//! Between JSON and minijinja's values.

use minijinja::value::{Serde, ValueKind};
use minijinja::{Error, ErrorKind, Value};
use serde_json::{Map, Number, Value as Json};

use super::VALUE_DEPTH_MAX;
use super::meter::VALUE_BYTES;

/// Bytes that `value` takes once converted; absent if more than `left`, or nested too deeply.
pub(super) fn cost(value: &Json, left: usize) -> Option<usize> {
    fn take(value: &Json, left: usize, depth: usize) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let left = left.checked_sub(VALUE_BYTES)?;
        match value {
            Json::String(text) => left.checked_sub(text.len()),
            Json::Array(items) => items.iter().try_fold(left, |left, item| take(item, left, depth)),
            Json::Object(fields) => fields
                .iter()
                .try_fold(left, |left, (key, item)| take(item, left.checked_sub(VALUE_BYTES + key.len())?, depth)),
            _ => Some(left),
        }
    }
    take(value, left, VALUE_DEPTH_MAX).map(|rest| left - rest)
}

pub(super) fn from_json(value: &Json) -> Value {
    Value::from(Serde(value))
}

/// # Errors
/// What JSON cannot hold: missing values, numbers that are not finite or too large, and the like.
pub(super) fn to_json(value: &Value) -> Result<Json, Error> {
    to_json_at(value, VALUE_DEPTH_MAX)
}

fn to_json_at(value: &Value, depth: usize) -> Result<Json, Error> {
    let invalid = |detail: String| Error::new(ErrorKind::InvalidOperation, detail);
    let Some(depth) = depth.checked_sub(1) else {
        return Err(invalid("a value is nested too deeply".into()));
    };
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(Json::Null),
        ValueKind::Bool => Ok(Json::Bool(value.is_true())),
        ValueKind::Number => {
            number(value).map(Json::Number).ok_or_else(|| invalid(format!("{value} is no JSON number")))
        }
        ValueKind::String => Ok(Json::String(value.as_str().unwrap_or_default().into())),
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter()?.map(|item| to_json_at(&item, depth)).collect::<Result<_, _>>().map(Json::Array)
        }
        ValueKind::Map => {
            let mut fields = Map::new();
            for key in value.try_iter()? {
                let item = to_json_at(&value.get_item(&key)?, depth)?;
                fields.insert(text_of(&key)?, item);
            }
            Ok(Json::Object(fields))
        }
        kind => Err(invalid(format!("a {kind} is no JSON value"))),
    }
}

fn number(value: &Value) -> Option<Number> {
    if !value.is_integer() {
        return Number::from_f64(f64::try_from(value.clone()).ok()?);
    }
    let signed = i64::try_from(value.clone()).ok().map(Number::from);
    signed.or_else(|| u64::try_from(value.clone()).ok().map(Number::from))
}

/// As [`in_text`], for one of minijinja's values.
pub(super) fn text_of(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.into()),
        None => to_json(value).map(|json| in_text(&json)),
    }
}

/// How a value is filled into text: text as it is, null as nothing, everything else as compact JSON.
pub(super) fn in_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
