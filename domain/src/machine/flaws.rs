//! What a machine has to be, whoever wrote it.

use std::collections::HashSet;

use capstan_engine::core::expression::check_of_start;

use super::{Machine, NAME_BYTES_MAX, TEXT_CHARS_MAX, Transition, cut, is_name};

/// Most states of a machine.
const STATES_MAX: usize = 50;
/// Most transitions of a machine.
const TRANSITIONS_MAX: usize = 500;

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
        let ends: HashSet<&str> = self.states.iter().filter(|it| it.is_final).map(|it| it.name.as_str()).collect();
        let (mut ways, mut called) = (HashSet::new(), HashSet::new());
        for (index, way) in self.transitions.iter().take(TRANSITIONS_MAX).enumerate() {
            if let Some((part, detail)) = way.flaw(&names) {
                report(format!("/transitions/{index}/{part}"), detail);
            } else if ends.contains(way.from.as_str()) {
                report(format!("/transitions/{index}/from"), format!("{} is final: no way leads out of it", way.from));
            } else if !ways.insert((way.from.as_str(), way.to.as_str())) {
                report(format!("/transitions/{index}"), format!("{} to {} is there twice", way.from, way.to));
            } else if way.name.as_deref().is_some_and(|name| !called.insert((way.from.as_str(), name))) {
                let detail =
                    format!("two ways out of {} are called {:?}", way.from, way.name.as_deref().unwrap_or_default());
                report(format!("/transitions/{index}/name"), detail);
            }
        }
        flaws
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
        if self.name.as_deref().is_some_and(|name| !is_name(name)) {
            return Some((
                "name",
                format!("write a letter, then letters, digits and _, at most {NAME_BYTES_MAX} bytes"),
            ));
        }
        if self.by.iter().collect::<HashSet<_>>().len() < self.by.len() {
            return Some(("by", "somebody is listed twice".into()));
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
}

/// Whether it can be a label or a reason.
#[must_use]
pub fn is_text(text: &str) -> bool {
    text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control)
}
