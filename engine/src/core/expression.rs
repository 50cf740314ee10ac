//! Expressions in configs and conditions: minijinja expressions over what an execution knows so far.
//!
//! A string with `{{ expression }}` is evaluated; `{% if %}`, `{% elif %}`, `{% else %}` and `{% endif %}` choose
//! between pieces of text. Nothing else of the template language exists: no loops, no assignment, no calls.
//! So the work is bounded by the source, the only amplifiers are operators and filters, and these are
//! metered: before minijinja sees an expression, [`rewrite`] puts a guard behind each operand that
//! charges the evaluation's budget ([`WORK_BYTES_MAX`]). There is no clock and no randomness.

mod convert;
mod environment;
mod error;
mod evaluate;
mod filters;
mod lex;
mod meter;
mod names;
mod render;
mod resolve;
mod rewrite;
mod template;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_any;
#[cfg(test)]
mod tests_hostile;

use serde_json::Value;

pub use error::{CLASS, ExpressionError};
pub use names::{Ancestors, Names, Seen, Steps};
pub use render::Filler;
pub use rewrite::References;

/// Longest string that may hold expressions, in bytes.
pub const SOURCE_BYTES_MAX: usize = 16 * 1024;
/// Most tokens (names, operators, brackets, constants) of one expression.
pub const TOKENS_MAX: usize = 512;
/// Deepest nesting of brackets, and longest run of unary operators.
pub const NESTING_MAX: usize = 32;
/// Most slices such as `text[0:10]` in one expression.
pub const SLICES_MAX: usize = 8;
/// Instructions that one expression may execute.
pub const FUEL_MAX: u64 = 50_000;
/// Most bytes of output of one [`render`], all strings of the config together.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of values that one expression may name.
pub const CONTEXT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes that operators and filters of one [`render`] may look at or make; bounds its time.
pub const WORK_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Deepest nesting of a value that an expression may name or make.
pub const VALUE_DEPTH_MAX: usize = 128;

/// Whether anything in `config` needs [`render`]; a fast scan without allocation.
#[must_use]
pub fn has_expressions(config: &Value) -> bool {
    match config {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(has_expressions),
        Value::Object(fields) => fields.values().any(has_expressions),
        _ => false,
    }
}

/// `config` with its expressions evaluated, at any depth; object keys are left alone.
///
/// A string that is one `{{ expression }}` and nothing else keeps the type of the result. In other text the
/// results are filled in: text as it is, null as nothing, everything else as compact JSON.
///
/// # Errors
/// The first expression that does not parse, names something that is not there, or reaches a limit.
pub fn render(config: &Value, names: &Names<'_>) -> Result<Value, ExpressionError> {
    render::render(config, names)
}

/// Whether the condition of an edge holds. Takes a bare expression or one `{{ expression }}`.
///
/// # Errors
/// As [`render`]; and if the result is neither true nor false.
pub fn holds(condition: &str, names: &Names<'_>) -> Result<bool, ExpressionError> {
    render::holds(condition, names)
}

/// What an expression always comes to, as it names nothing. Takes a bare expression or one `{{ expression }}`.
#[must_use]
pub fn constant(source: &str) -> Option<Value> {
    render::constant(source)
}

/// Syntax, names, filters and tests of one config string, without evaluating it.
///
/// # Errors
/// The first thing wrong with it.
pub fn check(source: &str) -> Result<References, ExpressionError> {
    render::check(source)
}

/// Like [`check`], for the condition of an edge.
///
/// # Errors
/// The first thing wrong with it.
pub fn check_condition(condition: &str) -> Result<References, ExpressionError> {
    render::check_condition(condition)
}

/// Like [`render`], before an execution is there: names `input` and nothing else.
///
/// # Errors
/// As [`render`].
pub fn start_value(source: &Value, input: &Value) -> Result<Value, ExpressionError> {
    render(source, &Names::of_start(input))
}

/// Like [`check`], for what is evaluated before an execution is there.
///
/// # Errors
/// The first thing wrong with it.
pub fn check_of_start(source: &str) -> Result<(), ExpressionError> {
    render::check_of_start(source)
}

/// Whether a condition on an event holds, which names `event` and nothing else. Takes a bare expression or one
/// `{{ expression }}`.
///
/// # Errors
/// As [`holds`].
pub fn holds_of_event(condition: &str, event: &Value) -> Result<bool, ExpressionError> {
    render::holds_of_event(condition, event)
}

/// Like [`check_condition`], for a condition on an event.
///
/// # Errors
/// The first thing wrong with it.
pub fn check_event_condition(condition: &str) -> Result<(), ExpressionError> {
    render::check_event_condition(condition)
}
