//! State machines as data: states, the ways between them, and conditions on these. Pure.

use std::collections::HashSet;

use capstan_engine::core::expression::{check_of_start, start_value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Most states of a machine.
const STATES_MAX: usize = 50;
/// Most transitions of a machine.
const TRANSITIONS_MAX: usize = 500;
/// Longest name of a state, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// Longest label and reason, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// States and the ways between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PipelineWish")]
pub struct Machine {
    /// Where everything begins.
    pub initial: String,
    /// In the order of a board.
    pub states: Vec<MachineState>,
    /// Each allowed way. What is not listed is refused; a state without one ends.
    pub transitions: Vec<Transition>,
}

/// One state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PipelineState")]
pub struct MachineState {
    /// Lower-case letters, digits and `_`.
    pub name: String,
    /// For people.
    pub label: String,
    /// What it means for the whole.
    #[serde(default)]
    pub kind: StateKind,
}

/// What a state means for the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PipelineStateKind")]
pub enum StateKind {
    /// On its way.
    #[default]
    Open,
    /// It went well.
    Won,
    /// It did not.
    Lost,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PipelineTransition")]
pub struct Transition {
    /// Name of a state.
    pub from: String,
    /// Name of another state.
    pub to: String,
    /// A condition over `input`, which is the record, such as `{{ input.fields.budget > 0 }}`. It has to come to true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What people are told when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why something stays in its state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// There is no state of that name.
    #[error("there is no status {0:?}; there are {1}")]
    UnknownState(String, String),
    /// No way leads there.
    #[error("{from} cannot become {to}; it can become {}", or_nothing(.allowed))]
    Forbidden {
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// Where it may go.
        allowed: Vec<String>,
    },
    /// The condition does not hold.
    #[error("{from} cannot become {to} now: {reason}")]
    Guarded {
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// What the transition says, or the condition itself.
        reason: String,
    },
}

fn or_nothing(allowed: &[String]) -> String {
    if allowed.is_empty() { "nothing else".into() } else { allowed.join(", ") }
}

/// What is wrong with a machine, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFlaw {
    /// JSON pointer into the machine.
    pub pointer: String,
    /// For people.
    pub detail: String,
}

impl Machine {
    /// Everything that is wrong with it; at most one for each part.
    #[must_use]
    pub fn check(&self) -> Vec<MachineFlaw> {
        let mut flaws = Vec::new();
        let mut report = |pointer: String, detail: String| flaws.push(MachineFlaw { pointer, detail });
        if self.states.is_empty() || self.states.len() > STATES_MAX {
            report("/states".into(), format!("there are {} states; 1 to {STATES_MAX} are possible", self.states.len()));
        }
        if self.transitions.len() > TRANSITIONS_MAX {
            report("/transitions".into(), format!("there are more than {TRANSITIONS_MAX} transitions"));
        }
        let mut names = HashSet::new();
        for (index, state) in self.states.iter().take(STATES_MAX).enumerate() {
            if !is_name(&state.name) {
                let rule = format!("write a letter, then letters, digits and _, at most {NAME_BYTES_MAX} bytes");
                report(format!("/states/{index}/name"), format!("{:?} cannot name a state: {rule}", cut(&state.name)));
            } else if !names.insert(state.name.as_str()) {
                report(format!("/states/{index}/name"), format!("two states are called {:?}", state.name));
            }
            if state.label.trim().is_empty() || !is_text(&state.label) {
                report(format!("/states/{index}/label"), format!("a label has 1 to {TEXT_CHARS_MAX} characters"));
            }
        }
        if !names.contains(self.initial.as_str()) {
            report("/initial".into(), format!("there is no state {:?}", cut(&self.initial)));
        }
        let mut ways = HashSet::new();
        for (index, way) in self.transitions.iter().take(TRANSITIONS_MAX).enumerate() {
            if let Some((part, detail)) = way.flaw(&names) {
                report(format!("/transitions/{index}/{part}"), detail);
            } else if !ways.insert((way.from.as_str(), way.to.as_str())) {
                report(format!("/transitions/{index}"), format!("{} to {} is there twice", way.from, way.to));
            }
        }
        flaws
    }

    /// The state of that name.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&MachineState> {
        self.states.iter().find(|state| state.name == name)
    }

    /// Where something in `from` may go, conditions aside. What is in a state that is no more may go anywhere.
    #[must_use]
    pub fn allowed(&self, from: &str) -> Vec<String> {
        if self.state(from).is_none() {
            return self.states.iter().map(|state| state.name.clone()).collect();
        }
        self.transitions.iter().filter(|way| way.from == from).map(|way| way.to.clone()).collect()
    }

    /// Whether `record`, which is in `from`, may go to `to`. Staying is no transition, and always possible.
    ///
    /// # Errors
    /// Why not.
    pub fn pass(&self, from: &str, to: &str, record: &Value) -> Result<(), Refused> {
        if self.state(to).is_none() {
            let names: Vec<&str> = self.states.iter().map(|state| state.name.as_str()).collect();
            return Err(Refused::UnknownState(cut(to), names.join(", ")));
        }
        if from == to || self.state(from).is_none() {
            return Ok(());
        }
        let Some(way) = self.transitions.iter().find(|way| way.from == from && way.to == to) else {
            return Err(Refused::Forbidden { from: from.into(), to: to.into(), allowed: self.allowed(from) });
        };
        match way.holds(record) {
            Ok(()) => Ok(()),
            Err(reason) => Err(Refused::Guarded { from: from.into(), to: to.into(), reason }),
        }
    }
}

impl Transition {
    fn flaw(&self, names: &HashSet<&str>) -> Option<(&'static str, String)> {
        for (part, name) in [("from", &self.from), ("to", &self.to)] {
            if !names.contains(name.as_str()) {
                return Some((part, format!("there is no state {:?}", cut(name))));
            }
        }
        if self.from == self.to {
            return Some(("to", "a transition leads to another state".into()));
        }
        if self.reason.as_deref().is_some_and(|reason| !is_text(reason)) {
            return Some(("reason", format!("a reason has at most {TEXT_CHARS_MAX} characters")));
        }
        let when = self.when.as_deref()?;
        if !when.contains("{{") {
            return Some(("when", "a condition is an expression, such as {{ input.fields.budget > 0 }}".into()));
        }
        check_of_start(when).err().map(|error| ("when", error.to_string()))
    }

    fn holds(&self, record: &Value) -> Result<(), String> {
        let Some(when) = &self.when else { return Ok(()) };
        match start_value(&Value::String(when.clone()), record) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(_) => Err(self.reason.clone().unwrap_or_else(|| format!("{when} does not hold"))),
            Err(error) => Err(format!("its condition cannot be evaluated: {error}")),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control)
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
