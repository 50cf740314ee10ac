//! What a look has found.

use std::fmt::Display;

use serde_json::{Value, json};

/// How something stands; the worst comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    #[default]
    Ok,
    Warn,
    Fail,
}

impl State {
    /// As it is printed.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was looked at: a stable word.
    check: &'static str,
    state: State,
    detail: String,
    /// What to do; empty if nothing.
    hint: String,
}

impl Finding {
    pub(super) fn as_json(&self) -> Value {
        json!({ "check": self.check, "state": self.state.word(), "detail": self.detail, "hint": self.hint })
    }
}

/// All findings, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, detail: impl Display) {
        self.add(check, State::Ok, detail, "");
    }

    pub(super) fn warn(&mut self, check: &'static str, detail: impl Display, hint: &str) {
        self.add(check, State::Warn, detail, hint);
    }

    pub(super) fn fail(&mut self, check: &'static str, detail: impl Display, hint: &str) {
        self.add(check, State::Fail, detail, hint);
    }

    /// Something that is measured: how bad it is depends on the figure. `None` is nothing to measure.
    pub(super) fn measured(
        &mut self,
        check: &'static str,
        what: &str,
        seconds: Option<f64>,
        limits: (f64, f64),
        hint: &str,
    ) {
        let Some(seconds) = seconds else { return self.ok(check, format!("{what}: nothing")) };
        let state = match seconds {
            over if over > limits.1 => State::Fail,
            over if over > limits.0 => State::Warn,
            _ => State::Ok,
        };
        self.add(check, state, format!("{what}: {seconds:.1} s"), if state == State::Ok { "" } else { hint });
    }

    fn add(&mut self, check: &'static str, state: State, detail: impl Display, hint: &str) {
        self.0.push(Finding { check, state, detail: detail.to_string(), hint: hint.to_owned() });
    }

    pub(super) fn all(&self) -> &[Finding] {
        &self.0
    }

    pub(super) fn worst(&self) -> State {
        self.0.iter().map(|finding| finding.state).max().unwrap_or_default()
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.0.iter().filter(|finding| finding.state == state).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_counts_and_limits_are_kept() {
        let mut found = Findings::default();
        assert_eq!(found.worst(), State::Ok);
        found.measured("a", "age", None, (1.0, 2.0), "do");
        found.measured("a", "age", Some(1.0), (1.0, 2.0), "do");
        assert_eq!((found.worst(), found.0[1].hint.as_str()), (State::Ok, ""));
        found.measured("a", "age", Some(1.5), (1.0, 2.0), "do");
        assert_eq!((found.worst(), found.0[2].hint.as_str()), (State::Warn, "do"));
        found.measured("a", "age", Some(2.5), (1.0, 2.0), "do");
        assert_eq!((found.worst(), found.count(State::Fail)), (State::Fail, 1));
    }
}
