//! Takes secrets out of what a step gives away: its output, its errors, its log.
//!
//! A step that got a secret tells a [`Redactor`] so; whatever leaves the step goes through it before it is kept anywhere. It knows
//! a secret by its value, in the forms that a program may write it in, and where it was cut off.

mod forms;
mod lines;
mod needles;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use lines::Lines;
use needles::Needles;

/// What stands where a secret stood.
pub const REDACTED: &str = "[redacted]";
/// Shorter ones cannot be told from ordinary text. Bytes.
pub const SECRET_BYTES_MIN: usize = 4;
/// Most secrets of one step.
const SECRETS_MAX: usize = 64;

/// The secrets of one attempt of a step.
#[derive(Default)]
pub struct Redactor {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    secrets: Vec<Zeroizing<String>>,
    needles: Option<Arc<Needles>>,
}

/// The step has got more secrets than are looked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a step uses at most {SECRETS_MAX} secrets")]
pub struct TooMany;

impl Redactor {
    /// Looks for these, too, from now on. Call it before the step sees them.
    ///
    /// # Errors
    /// [`TooMany`]: then the step must not see them.
    pub fn add<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) -> Result<(), TooMany> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.secrets.len();
        for secret in secrets {
            if secret.len() >= SECRET_BYTES_MIN && !known.secrets.iter().any(|other| **other == secret) {
                known.secrets.push(Zeroizing::new(secret.to_owned()));
            }
        }
        if known.secrets.len() > SECRETS_MAX {
            known.secrets.truncate(before);
            return Err(TooMany);
        }
        if known.secrets.len() > before {
            known.needles = Some(Arc::new(Needles::new(&known.secrets)));
        }
        Ok(())
    }

    /// The text without them.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.needles().map_or(Cow::Borrowed(text), |needles| needles.redact(text))
    }

    /// The value without them, also in names of fields, and in numbers.
    #[must_use]
    pub fn value(&self, value: Value) -> Value {
        match self.needles() {
            Some(needles) => redact_value(&needles, value),
            None => value,
        }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needles().is_none()
    }

    fn needles(&self) -> Option<Arc<Needles>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).needles.clone()
    }
}

fn redact_value(needles: &Needles, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(needles.redact(&text).into_owned()),
        Value::Number(number) if needles.are_in(&number.to_string()) => Value::String(REDACTED.into()),
        Value::Array(items) => items.into_iter().map(|item| redact_value(needles, item)).collect(),
        Value::Object(fields) => {
            let redacted =
                |(name, item): (String, Value)| (needles.redact(&name).into_owned(), redact_value(needles, item));
            Value::Object(fields.into_iter().map(redacted).collect::<Map<_, _>>())
        }
        other => other,
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_searched_in_every_place() {
        let redactor = Redactor::default();
        assert_eq!(redactor.value(json!({"a": "hunter22"})), json!({"a": "hunter22"}));
        redactor.add(["hunter22", "12345678", "abc"]).unwrap();
        let seen = json!({"a": ["x hunter22 y", 12_345_678, 7, null], "hunter22": {"b": "abc hunter"}});
        let expected = json!({"a": ["x [redacted] y", REDACTED, 7, null], REDACTED: {"b": "abc hunter"}});
        assert_eq!(redactor.value(seen), expected);
        assert_eq!(redactor.text("hunter22hunter22"), REDACTED);
    }

    #[test]
    fn a_step_with_too_many_secrets_gets_none_of_them() {
        let redactor = Redactor::default();
        let secrets: Vec<String> = (0..=SECRETS_MAX).map(|n| format!("secret {n}")).collect();
        assert_eq!(redactor.add(secrets.iter().map(String::as_str)), Err(TooMany));
        redactor.add(secrets[1..].iter().map(String::as_str)).unwrap();
        redactor.add(secrets[1..].iter().map(String::as_str)).unwrap();
    }
}
