//! Filters whose originals could make more than they take, or speak another dialect than JSON.

use std::borrow::Cow;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::convert::text_of;
use super::meter::Meter;

/// Every filter that an expression may use, sorted; for messages.
pub(super) const FILTER_NAMES: &[&str] = &[
    "abs",
    "bool",
    "capitalize",
    "d",
    "default",
    "first",
    "float",
    "int",
    "items",
    "join",
    "keys",
    "last",
    "length",
    "lines",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "values",
];
/// Every test that an expression may use after `is`, or name in `select`; for messages.
pub(super) const TEST_NAMES: &[&str] = &[
    "boolean",
    "defined",
    "eq",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "integer",
    "le",
    "lt",
    "mapping",
    "ne",
    "none",
    "null",
    "number",
    "odd",
    "sequence",
    "string",
    "true",
    "undefined",
];
/// Most characters that `trim` may be told to remove.
const TRIM_CHARS_MAX: usize = 64;

fn invalid(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}

fn as_text<'v>(value: &'v Value, filter: &str) -> Result<&'v str, Error> {
    value.as_str().ok_or_else(|| invalid(format!("{filter:?} takes text, and this is a {}", value.kind())))
}

fn as_list(value: &Value, filter: &str) -> Result<Vec<Value>, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => Ok(value.try_iter()?.collect()),
        kind => Err(invalid(format!("{filter:?} takes a list, and this is a {kind}"))),
    }
}

pub(super) fn replace(state: &State<'_, '_>, value: &Value, from: &Value, to: &Value) -> Result<String, Error> {
    let (text, from, to) = (as_text(value, "replace")?, as_text(from, "replace")?, as_text(to, "replace")?);
    let found = text.matches(from).count();
    let made = text.len().saturating_add(found.saturating_mul(to.len())).saturating_sub(found * from.len());
    Meter::of(state)?.charge_text(made)?;
    Ok(text.replace(from, to))
}

pub(super) fn join(state: &State<'_, '_>, value: &Value, separator: Option<&Value>) -> Result<String, Error> {
    let separator = separator.map_or(Ok(""), |separator| as_text(separator, "join"))?;
    let meter = Meter::of(state)?;
    let mut joined = String::new();
    for (index, item) in as_list(value, "join")?.iter().enumerate() {
        let text = text_of(item)?;
        let separator = if index == 0 { "" } else { separator };
        meter.charge_text(separator.len() + text.len())?;
        if joined.len() + separator.len() + text.len() > super::OUTPUT_BYTES_MAX {
            return Err(invalid(format!("it makes text of more than {} bytes", super::OUTPUT_BYTES_MAX)));
        }
        joined.push_str(separator);
        joined.push_str(&text);
    }
    Ok(joined)
}

pub(super) fn trim(value: &Value, chars: Option<&Value>) -> Result<String, Error> {
    let text = as_text(value, "trim")?;
    let Some(chars) = chars else { return Ok(text.trim().into()) };
    let chars: Vec<char> = as_text(chars, "trim")?.chars().take(TRIM_CHARS_MAX + 1).collect();
    if chars.len() > TRIM_CHARS_MAX {
        return Err(invalid(format!("\"trim\" removes {TRIM_CHARS_MAX} different characters at most")));
    }
    Ok(text.trim_matches(chars.as_slice()).into())
}

pub(super) fn string(value: &Value) -> Result<String, Error> {
    text_of(value)
}

/// Compact JSON without the escapes for HTML of the original.
pub(super) fn tojson(state: &State<'_, '_>, value: &Value) -> Result<String, Error> {
    let json = super::convert::to_json(value)?;
    let text = json.to_string();
    Meter::of(state)?.charge_text(text.len())?;
    Ok(text)
}

pub(super) fn keys(value: &Value) -> Result<Vec<Value>, Error> {
    match value.kind() {
        ValueKind::Map => Ok(value.try_iter()?.collect()),
        kind => Err(invalid(format!("\"keys\" takes an object, and this is a {kind}"))),
    }
}

pub(super) fn values(value: &Value) -> Result<Vec<Value>, Error> {
    keys(value)?.iter().map(|key| value.get_item(key)).collect()
}

pub(super) fn min(value: &Value) -> Result<Value, Error> {
    as_list(value, "min")?.into_iter().min().ok_or_else(|| invalid("\"min\" of an empty list"))
}

pub(super) fn max(value: &Value) -> Result<Value, Error> {
    as_list(value, "max")?.into_iter().max().ok_or_else(|| invalid("\"max\" of an empty list"))
}

/// The sum of numbers, or of one attribute of objects. Whole numbers stay whole.
pub(super) fn sum(state: &mut State<'_, '_>, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    as_list(value, "sum")?;
    let attribute = kwargs.get::<Option<&str>>("attribute")?.filter(|name| name.len() < 200);
    kwargs.assert_all_used()?;
    minijinja::filters::sum(
        state,
        value.clone(),
        attribute,
        None,
        Kwargs::from_iter(std::iter::empty::<(&str, Value)>()),
    )
}
