//! State machines as data: states, the ways between them, and conditions on these. Pure.

mod flaws;
mod refused;

use capstan_engine::core::expression::start_value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use flaws::{MachineFlaw, is_text};
pub use refused::Refused;

/// Longest name of a state, a way and a type of records, in bytes.
pub const NAME_BYTES_MAX: usize = 40;
/// Longest label and reason, in characters.
pub const TEXT_CHARS_MAX: usize = 200;

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
    /// Whether it is meant to be the end. Then no way may lead out of it; where none does, it is the end anyway.
    #[serde(default, rename = "final", skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
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

/// Who may take a way, where not everybody may: people by their role, and what else acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PipelineDoer")]
pub enum Doer {
    /// The owner of the workspace.
    Owner,
    /// An admin.
    Admin,
    /// A member.
    Member,
    /// An API key.
    Key,
    /// A step of an execution.
    Step,
    /// Somebody who filled in a form.
    Form,
    /// Another system.
    Hook,
}

impl Doer {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Key => "key",
            Self::Step => "step",
            Self::Form => "form",
            Self::Hook => "hook",
        }
    }
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
    /// What taking it is called, such as `qualify`; no two ways out of a state have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A condition over `input`, which is the record, such as `{{ input.fields.budget > 0 }}`. It has to come to true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What people are told when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether who takes it has to say why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_reason: bool,
    /// Who may take it; everybody who may write, if nobody is listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Doer>,
}

/// What is to be moved, where to, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// What it is called in refusals: `lead`, or the name of a type of records.
    pub label: &'a str,
    /// Where it is.
    pub from: &'a str,
    /// Where it is to go.
    pub to: &'a str,
    /// As conditions see it.
    pub record: &'a Value,
    /// Why, if somebody said so.
    pub why: Option<&'a str>,
    /// Who asks; absent is somebody whom no list of a way names.
    pub doer: Option<Doer>,
}

impl Machine {
    /// One of that many words: name, label and meaning of each state, and where each may go.
    pub(crate) fn drawn(initial: &str, states: &[(&str, &str, StateKind)], ways: &[(&str, &[&str])]) -> Self {
        let state = |&(name, label, kind): &(&str, &str, StateKind)| MachineState {
            name: name.into(),
            label: label.into(),
            kind,
            is_final: false,
        };
        let transitions = ways.iter().flat_map(|&(from, all)| all.iter().map(move |to| Transition::plain(from, to)));
        Self { initial: initial.into(), states: states.iter().map(state).collect(), transitions: transitions.collect() }
    }

    /// The state of that name.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&MachineState> {
        self.states.iter().find(|state| state.name == name)
    }

    /// Whether there is a state of that name.
    ///
    /// # Errors
    /// [`Refused::UnknownState`]
    pub fn known(&self, name: &str) -> Result<(), Refused> {
        if self.state(name).is_some() {
            return Ok(());
        }
        let names: Vec<&str> = self.states.iter().map(|state| state.name.as_str()).collect();
        Err(Refused::UnknownState(cut(name), names.join(", ")))
    }

    /// Where something in `from` may go, conditions aside. What is in a state that is no more may go anywhere.
    #[must_use]
    pub fn allowed(&self, from: &str) -> Vec<String> {
        if self.state(from).is_none() {
            return self.states.iter().map(|state| state.name.clone()).collect();
        }
        self.transitions.iter().filter(|way| way.from == from).map(|way| way.to.clone()).collect()
    }

    /// The ways out of a state, in their order.
    pub fn ways<'a>(&'a self, from: &str) -> impl Iterator<Item = &'a Transition> {
        self.transitions.iter().filter(move |way| way.from == from)
    }

    /// The way from one state to another, conditions aside.
    #[must_use]
    pub fn way(&self, from: &str, to: &str) -> Option<&Transition> {
        self.ways(from).find(|way| way.to == to)
    }

    /// The way out of `from` that is called so.
    ///
    /// # Errors
    /// [`Refused::UnknownName`]
    pub fn way_called(&self, from: &str, name: &str) -> Result<&Transition, Refused> {
        self.ways(from).find(|way| way.name.as_deref() == Some(name)).ok_or_else(|| {
            let named = self.ways(from).filter_map(|way| way.name.clone()).collect();
            Refused::UnknownName { from: from.into(), name: cut(name), named }
        })
    }

    /// The refusal of a move that is not among the ways.
    #[must_use]
    pub fn forbidden(&self, wish: &Move<'_>) -> Refused {
        let allowed = self.allowed(wish.from);
        Refused::Forbidden { label: wish.label.into(), from: wish.from.into(), to: cut(wish.to), allowed }
    }

    /// Whether a record may go where it is to. Staying is no transition, and always possible.
    ///
    /// # Errors
    /// Why not.
    pub fn pass(&self, wish: &Move<'_>) -> Result<(), Refused> {
        let Move { label, from, to, record, why, doer } = *wish;
        self.known(to)?;
        if from == to || self.state(from).is_none() {
            return Ok(());
        }
        let way = self.way(from, to).ok_or_else(|| self.forbidden(wish))?;
        let (label, from, to) = (label.to_owned(), from.to_owned(), to.to_owned());
        if !way.by.is_empty() && !doer.is_some_and(|doer| way.by.contains(&doer)) {
            return Err(Refused::NotBy { label, from, to, by: way.by.iter().map(|doer| doer.as_str()).collect() });
        }
        if way.needs_reason && why.is_none_or(|why| why.trim().is_empty()) {
            return Err(Refused::NoReason { label, from, to });
        }
        way.holds(record).map_err(|reason| Refused::Guarded { label, from, to, reason })
    }
}

impl Transition {
    fn plain(from: &str, to: &str) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            name: None,
            when: None,
            reason: None,
            needs_reason: false,
            by: Vec::new(),
        }
    }

    /// Whether its condition holds.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn holds(&self, record: &Value) -> Result<(), String> {
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

/// Whether states, ways and types of records may be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
