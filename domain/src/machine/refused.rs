//! Why a machine lets something stay where it is.

use thiserror::Error;

/// Why something stays in its state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// There is no state of that name.
    #[error("there is no state {0:?}; there are {1}")]
    UnknownState(String, String),
    /// No way out of the state has that name.
    #[error("no transition out of {from} is called {name:?}; {}", or_unnamed(.named))]
    UnknownName {
        /// Where it is.
        from: String,
        /// What was asked for.
        name: String,
        /// What the ways out of it are called.
        named: Vec<String>,
    },
    /// No way leads there.
    #[error("Invalid {label} transition: {from} → {to}; it can become {}", or_nothing(.allowed))]
    Forbidden {
        /// What it is.
        label: String,
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// Where it may go.
        allowed: Vec<String>,
    },
    /// The condition does not hold.
    #[error("Invalid {label} transition: {from} → {to}; {reason}")]
    Guarded {
        /// What it is.
        label: String,
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// What the transition says, or the condition itself.
        reason: String,
    },
    /// Nobody said why.
    #[error("Invalid {label} transition: {from} → {to}; it needs a reason")]
    NoReason {
        /// What it is.
        label: String,
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
    },
    /// It is for others.
    #[error("Invalid {label} transition: {from} → {to}; it is for {}", .by.join(", "))]
    NotBy {
        /// What it is.
        label: String,
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// Who may.
        by: Vec<&'static str>,
    },
}

fn or_unnamed(all: &[String]) -> String {
    if all.is_empty() { "none has a name".into() } else { format!("there are {}", all.join(", ")) }
}

fn or_nothing(allowed: &[String]) -> String {
    if allowed.is_empty() { "nothing else".into() } else { allowed.join(", ") }
}
