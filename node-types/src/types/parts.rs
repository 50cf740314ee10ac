//! What several node types share: findings, scalars, lists of one, spans, path checks.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use capstan_domain::credentials::is_name;
use capstan_domain::events::{EventFlaw, check_heard, check_starts, check_type};
use capstan_domain::leads::NoteKind;
use capstan_engine::core::expression::{check_event_condition, constant};
use capstan_engine::core::outcome::{Closed, Outcome};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::span;

/// Longest path of a form or hook, in bytes.
const PATH_BYTES_MAX: usize = 200;
/// Shortest and longest time that a refused start is tried again.
const START_WITHIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(7 * 86_400));

/// The finding that a field is an expression, though it has to be known before anything runs.
pub(super) fn literal(field: &str) -> Problem {
    Problem {
        code: "not_a_literal".into(),
        node_id: None,
        edge_id: None,
        pointer: format!("/{field}"),
        detail: format!("{field} is an expression, but it has to be known before anything runs"),
        hint: "write a number".into(),
    }
}

/// What the only frame of a container came to, or the class and reason of its failure.
pub(super) fn only(frames: &[Closed], expired: bool) -> Result<&Value, (&str, &str)> {
    match frames.first() {
        Some(Closed::Completed(output)) => Ok(output),
        Some(Closed::Failed(error)) => Err((&error.class, &error.reason)),
        _ if expired => Err(("timeout", "its nodes took longer than the node allows")),
        _ => Err(("cancelled", "its nodes were cancelled")),
    }
}

/// Text, number or boolean: an expression that stands alone keeps its type.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text, a number, or true or false")]
pub(super) enum Scalar {
    Text(String),
    Number(Number),
    Bool(bool),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
        }
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Self::String(text),
            Scalar::Number(number) => Self::Number(number),
            Scalar::Bool(flag) => Self::Bool(flag),
        }
    }
}

/// One or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a single value that fits, or a list of them")]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// What a text is, if it is not itself what is meant.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// Of bytes, with padding (RFC 4648, section 4).
    Base64,
}

impl Encoding {
    /// The bytes, or why there are none, to be put behind what it is.
    pub(super) fn bytes(self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Base64 => STANDARD.decode(text.trim()).map_err(|error| format!("is not base64: {error}")),
        }
    }
}

/// What can be noted in a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Noted {
    /// Something to know.
    #[default]
    Note,
    /// A mail was sent or came.
    Email,
    /// Somebody called.
    Call,
    /// People met.
    Meeting,
}

impl From<Noted> for NoteKind {
    fn from(noted: Noted) -> Self {
        match noted {
            Noted::Note => Self::Note,
            Noted::Email => Self::Email,
            Noted::Call => Self::Call,
            Noted::Meeting => Self::Meeting,
        }
    }
}

/// A finding on a config; `pointer` starts at the config.
pub(super) fn problem(code: &str, pointer: &str, detail: impl Into<String>, hint: impl Into<String>) -> Problem {
    Problem {
        code: code.into(),
        node_id: None,
        edge_id: None,
        pointer: pointer.into(),
        detail: detail.into(),
        hint: hint.into(),
    }
}

/// A finding if the field `credential` can be the name of none.
pub(super) fn check_credential(config: &Value) -> Option<Problem> {
    let name = config.get("credential").filter(|name| !name.is_null())?;
    let is_good = name.as_str().is_some_and(is_name);
    let hint = "write the name of a credential of this workspace, without expressions";
    (!is_good).then(|| problem("bad_credential", "/credential", "this is not the name of a credential", hint))
}

/// True if the text holds an expression, whose value is not known before the run.
pub(super) fn has_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// What a value is, for a message: `the number 3`, `an object`. Long text is cut.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null (is something missing?)".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {:?}", text.chars().take(60).collect::<String>()),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

/// What `value` always comes to, if it is a boolean that is known before anything runs.
pub(super) fn known_boolean(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::String(text) if has_expression(text) => constant(text)?.as_bool(),
        value => value.as_bool(),
    }
}

/// A finding if `value` is written as something that can never be a boolean.
pub(super) fn check_boolean(value: Option<&Value>, pointer: &str) -> Option<Problem> {
    match value {
        None | Some(Value::Bool(_)) => None,
        Some(Value::String(text)) if has_expression(text) => None,
        Some(other) => Some(problem(
            "not_boolean",
            pointer,
            format!("a condition is true or false, but this is {}", describe(other)),
            "write an expression that compares, such as {{ input.amount > 100 }}",
        )),
    }
}

/// The boolean that a condition came to, or the failure that says what came instead.
pub(super) fn boolean(value: &Value, field: &str) -> Result<bool, Outcome> {
    value.as_bool().ok_or_else(|| {
        let reason = format!(
            "{field} must come to true or false, but came to {}; compare it, e.g. with == or >",
            describe(value)
        );
        Outcome::fail("config", reason)
    })
}

/// A span given in milliseconds or as text; absent if neither is.
pub(super) fn span_of(ms: Option<u64>, text: Option<&str>) -> Result<Option<Duration>, Outcome> {
    let found = match (ms, text) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Outcome::fail("config", "a span is given twice, in milliseconds and as text; leave one out"));
        }
        (Some(ms), None) => Ok(Duration::from_millis(ms)).and_then(|span| {
            if span > span::SPAN_MAX { Err(span::SpanError::TooLong(format!("{ms} ms"))) } else { Ok(span) }
        }),
        (None, Some(text)) => span::parse(text),
    };
    found.map(Some).map_err(|error| Outcome::fail("config", error.to_string()))
}

/// A finding if the span at `field` is plain text that cannot be read, or given in milliseconds as well.
pub(super) fn check_span(config: &Value, field: &str) -> Option<Problem> {
    let is_given = |field: &str| config.get(field).is_some_and(|value| !value.is_null());
    if is_given(field) && is_given(&format!("{field}_ms")) {
        let detail = format!("the span is given twice, as {field} and as {field}_ms");
        return Some(problem("bad_span", &format!("/{field}"), detail, "leave one of the two out"));
    }
    check_span_text(config, field)
}

/// A finding if the span at `field` is plain text that cannot be read.
pub(super) fn check_span_text(config: &Value, field: &str) -> Option<Problem> {
    let text = config.get(field)?.as_str().filter(|text| !has_expression(text))?;
    let error = span::parse(text).err()?;
    Some(problem("bad_span", &format!("/{field}"), error.to_string(), "write numbers with units, such as 3d 2h"))
}

/// A finding if `path` is not lower-case words with hyphens, in parts divided by single slashes.
pub(super) fn check_path(config: &Value) -> Option<Problem> {
    let path = config.get("path")?.as_str()?;
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let good = path.len() <= PATH_BYTES_MAX && path.split('/').all(word);
    (!good).then(|| {
        problem(
            "bad_path",
            "/path",
            format!("the path {:?} cannot be part of an address", path.chars().take(60).collect::<String>()),
            format!("use lower-case letters, digits, - and _, with / between parts, at most {PATH_BYTES_MAX} bytes"),
        )
    })
}

/// A finding if `field` is written as something that no custom event has as its type.
pub(super) fn check_event_type(config: &Value, field: &str) -> Option<Problem> {
    event_type(config, field, check_type)
}

/// The same for events that are waited for, some of which are our own.
pub(super) fn check_heard_type(config: &Value, field: &str) -> Option<Problem> {
    event_type(config, field, check_heard)
}

/// The same for events that workflows start at, among them those that tell of executions and steps.
pub(super) fn check_start_type(config: &Value, field: &str) -> Option<Problem> {
    event_type(config, field, check_starts)
}

fn event_type(config: &Value, field: &str, check: fn(&str) -> Result<(), EventFlaw>) -> Option<Problem> {
    let name = config.get(field)?.as_str().filter(|name| !has_expression(name))?;
    let flaw = check(name).err()?;
    Some(problem("bad_event_type", &format!("/{field}"), flaw.to_string(), "use a type such as order.paid"))
}

/// A finding if `field` is no condition over `event`.
pub(super) fn check_event_condition_at(config: &Value, field: &str) -> Option<Problem> {
    let error = check_event_condition(config.get(field)?.as_str()?).err()?;
    let hint = "write an expression over event, such as {{ event.data.amount > 100 }}";
    Some(problem("bad_condition", &format!("/{field}"), error.to_string(), hint))
}

/// A finding if `start_within` is no time that a refused start of a trigger may be tried again.
pub(super) fn check_start_within(config: &Value) -> Option<Problem> {
    let text = config.get("start_within")?.as_str()?;
    let why = match span::parse(text) {
        Ok(span) if (START_WITHIN.0..=START_WITHIN.1).contains(&span) => return None,
        Ok(_) => format!("start_within is {text:?}, and has to be from a minute to seven days"),
        Err(error) => error.to_string(),
    };
    Some(problem("bad_span", "/start_within", why, "write numbers with units, such as 12h"))
}

/// The outcome of a trigger's run, which nobody asks for.
pub(super) fn trigger_run() -> Outcome {
    Outcome::fail("config", "a trigger starts executions and never runs in one")
}
