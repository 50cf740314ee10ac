//! Automation rules: when an event comes and conditions hold, actions are done. A rule is compiled to an ordinary workflow, by a pure
//! function, and that alone is what runs.
//!
//! See `docs/rules.md`.

mod compile;
mod condition;
mod expression;
mod rule;
mod store;

pub use compile::{Place, compile, place};
pub use condition::{CONDITIONS_MAX, Condition, NESTING_MAX, Operator};
pub use rule::{ACTIONS_MAX, Action, ActionType, Definition, Flaw};
pub use store::{
    NewRule, OfWorkflow, RULES_MAX, RuleRow, create, find, is_off, list, lock, of_workflow, remove, rewrite, switch,
};
