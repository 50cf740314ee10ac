//! What a person says of incidents, as it comes in and as a bulk job keeps it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::orders::Action;
use crate::core::ids::{NodeId, Scope, StepKey};

/// Longest class of an error, in characters.
const CLASS_CHARS_MAX: usize = 100;
/// The class of a failure that a person decided on and did not name.
const RESOLVED: &str = "resolved";

/// What is wrong with a scope without a step, which alone names nothing.
pub const SCOPE_ALONE: &str = "\"scope\" says where a step lies, and no step is named";
/// What to do then.
pub const NAME_THE_STEP: &str = "name the step, too, or leave the scope out to mean all that it can be about";

/// How incidents go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The node of the step; the only step that an incident is about if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Its scope, as of `each[3]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What becomes of the step.
    pub action: Kind,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a retry: what replaces fields of the step's config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// Of a skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Of a skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// See [`Action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is tried again.
    Retry,
    /// It counts as completed.
    Skip,
    /// It fails.
    Fail,
}

/// Why it cannot be meant like that, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strange {
    /// What is wrong.
    pub detail: String,
    /// What to send instead.
    pub hint: String,
}

impl Said {
    /// The step that is named.
    #[must_use]
    pub fn step(&self) -> Option<StepKey> {
        let node_id = NodeId::from(self.step.as_deref()?);
        Some(StepKey { node_id, scope: Scope(self.scope.as_str().into()) })
    }

    /// What is to be done, said by `by`.
    ///
    /// # Errors
    /// [`Strange`] if what comes with it does not belong to it, or cannot be used.
    pub fn action(&self, by: &str) -> Result<Action, Strange> {
        if self.step.is_none() && !self.scope.is_empty() {
            return Err(Strange { detail: SCOPE_ALONE.into(), hint: NAME_THE_STEP.into() });
        }
        let strange = [
            ("config", self.config.is_some(), Kind::Retry),
            ("port", self.port.is_some(), Kind::Skip),
            ("output", self.output.is_some(), Kind::Skip),
            ("class", self.class.is_some(), Kind::Fail),
        ];
        if let Some((field, ..)) = strange.into_iter().find(|(_, given, kind)| *given && *kind != self.action) {
            return Err(Strange {
                detail: format!("\"{field}\" does not belong to this action"),
                hint: "config is for retry, port and output for skip, class for fail".into(),
            });
        }
        match self.action {
            Kind::Retry => self.retry(),
            Kind::Skip => Ok(Action::Skip { port: self.port.clone(), output: self.output.clone().unwrap_or_default() }),
            Kind::Fail => self.fail(by),
        }
    }

    fn retry(&self) -> Result<Action, Strange> {
        let is_change = |config: &Value| config.as_object().is_some_and(|fields| !fields.is_empty());
        if self.config.as_ref().is_some_and(|config| !is_change(config)) {
            return Err(Strange {
                detail: "\"config\" is no object with fields".into(),
                hint: "name the fields of the step's config that are to be replaced".into(),
            });
        }
        Ok(Action::Retry { config: self.config.clone() })
    }

    fn fail(&self, by: &str) -> Result<Action, Strange> {
        let class = self.class.clone().unwrap_or_else(|| RESOLVED.into());
        let is_good = (1..=CLASS_CHARS_MAX).contains(&class.chars().count()) && !class.chars().any(char::is_control);
        if !is_good {
            let hint = format!("use 1 to {CLASS_CHARS_MAX} characters");
            return Err(Strange { detail: "the class cannot be used".into(), hint });
        }
        let error = self.reason.clone().unwrap_or_else(|| format!("{by} said that it failed"));
        Ok(Action::Fail { class, error })
    }
}
