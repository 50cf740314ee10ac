//! Walks a config and fills in its expressions.

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::convert::in_text;
use super::error::{ExpressionError, Fault};
use super::evaluate::{compiles, evaluate};
use super::lex::tokens;
use super::names::{EVENT_ROOTS, Names, NoSteps, ROOTS, START_ROOTS};
use super::rewrite::References;
use super::template::{Code, Piece, pieces};
use super::{OUTPUT_BYTES_MAX, SOURCE_BYTES_MAX, VALUE_DEPTH_MAX, WORK_BYTES_MAX, has_expressions};
use crate::core::ids::ExecutionId;

/// Fills in the parts of one config, in the order that its node type wants; what all of them may use is limited together.
pub struct Filler<'n> {
    names: &'n Names<'n>,
    work_left: usize,
    output_left: usize,
}

pub(super) fn render(config: &Value, names: &Names<'_>) -> Result<Value, ExpressionError> {
    Filler::new(names).fill(config, "")
}

pub(super) fn holds(condition: &str, names: &Names<'_>) -> Result<bool, ExpressionError> {
    let located = |fault: Fault| fault.locate(condition, 0..condition.len(), "");
    let code = condition_code(condition).map_err(located)?;
    let at = code.range.start;
    let mut work_left = WORK_BYTES_MAX;
    match evaluate(&code, names, &mut work_left).map_err(located)? {
        Value::Bool(holds) => Ok(holds),
        other => {
            let detail =
                format!("a condition must be true or false, and this is {}; compare it with something", kind(&other));
            Err(located(Fault::new(at, detail)))
        }
    }
}

pub(super) fn holds_of_event(condition: &str, event: &Value) -> Result<bool, ExpressionError> {
    holds(condition, &Names::of_event(event))
}

pub(super) fn check(source: &str) -> Result<References, ExpressionError> {
    check_on(source, ROOTS)
}

pub(super) fn check_of_start(source: &str) -> Result<(), ExpressionError> {
    check_on(source, START_ROOTS).map(drop)
}

fn check_on(source: &str, roots: &'static [&'static str]) -> Result<References, ExpressionError> {
    let mut references = References::default();
    if !source.contains("{{") {
        return Ok(references);
    }
    for piece in pieces(source).map_err(|(fault, range)| fault.locate(source, range, ""))? {
        let (code, is_test) = match &piece {
            Piece::Expression(code) => (code, false),
            Piece::If(code) | Piece::Elif(code) => (code, true),
            Piece::Text(_) | Piece::Else | Piece::EndIf => continue,
        };
        let plan = compiles(code, roots).map_err(|fault| fault.locate(source, code.range.clone(), ""))?;
        plan.references(&mut references, is_test);
    }
    references.forget_tested();
    Ok(references)
}

pub(super) fn check_condition(condition: &str) -> Result<References, ExpressionError> {
    check_condition_on(condition, ROOTS)
}

pub(super) fn check_event_condition(condition: &str) -> Result<(), ExpressionError> {
    check_condition_on(condition, EVENT_ROOTS).map(drop)
}

fn check_condition_on(condition: &str, roots: &'static [&'static str]) -> Result<References, ExpressionError> {
    let mut references = References::default();
    let plan = condition_code(condition).and_then(|code| {
        let plan = compiles(&code, roots)?;
        plan.references(&mut references, true);
        Ok(())
    });
    plan.map_err(|fault| fault.locate(condition, 0..condition.len(), ""))?;
    references.forget_tested();
    Ok(references)
}

pub(super) fn constant(source: &str) -> Option<Value> {
    let code = condition_code(source).ok()?;
    if !compiles(&code, ROOTS).ok()?.paths.is_empty() {
        return None;
    }
    let mut work_left = WORK_BYTES_MAX;
    let nothing = Names::new(&Value::Null, &NoSteps, ExecutionId(Uuid::nil()), DateTime::UNIX_EPOCH);
    evaluate(&code, &nothing, &mut work_left).ok()
}

fn condition_code(condition: &str) -> Result<Code<'_>, Fault> {
    if condition.len() > SOURCE_BYTES_MAX {
        return Err(Fault::new(0, format!("it is longer than {SOURCE_BYTES_MAX} bytes")));
    }
    if !condition.trim_start().starts_with("{{") {
        let (tokens, end) = tokens(condition, 0, "")?;
        return Ok(Code { tokens, range: 0..end });
    }
    let lead = condition.len() - condition.trim_start().len();
    let mut found = pieces(condition.trim_end()).map_err(|(fault, _)| fault)?;
    if lead > 0 {
        found.remove(0);
    }
    match (found.pop(), found.is_empty()) {
        (Some(Piece::Expression(code)), true) => Ok(code),
        _ => Err(Fault::new(0, "a condition is one expression, without text around it")),
    }
}

impl<'n> Filler<'n> {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(names: &'n Names<'n>) -> Self {
        Self { names, work_left: WORK_BYTES_MAX, output_left: OUTPUT_BYTES_MAX }
    }

    /// The part of the config at `pointer` with its expressions evaluated.
    ///
    /// # Errors
    /// As [`super::render`].
    pub fn fill(&mut self, part: &Value, pointer: &str) -> Result<Value, ExpressionError> {
        if has_expressions(part) { self.value(part, pointer, VALUE_DEPTH_MAX) } else { Ok(part.clone()) }
    }

    fn value(&mut self, value: &Value, pointer: &str, depth: usize) -> Result<Value, ExpressionError> {
        let too_deep = || Fault::new(0, "the config is nested too deeply").locate("", 0..0, pointer);
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match value {
            Value::String(text) if text.contains("{{") => self.text(text, pointer),
            Value::Array(items) => {
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.value(item, &format!("{pointer}/{index}"), depth));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, item)| {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    Ok((key.clone(), self.value(item, &format!("{pointer}/{escaped}"), depth)?))
                });
                fields.collect::<Result<_, _>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&mut self, source: &str, pointer: &str) -> Result<Value, ExpressionError> {
        let pieces = pieces(source).map_err(|(fault, range)| fault.locate(source, range, pointer))?;
        if let [Piece::Expression(code)] = pieces.as_slice() {
            let value = self.code(code, source, pointer)?;
            self.take_output(size(&value), source, pointer)?;
            return Ok(value);
        }
        let mut text = String::new();
        // One entry per open `if`: whether its text is wanted now, and whether one of its branches was.
        let mut open: Vec<(bool, bool)> = Vec::new();
        for piece in &pieces {
            let outer = open.len().saturating_sub(1);
            let wanted = open.iter().all(|(wanted, _)| *wanted);
            let outer_wanted = open[..outer].iter().all(|(wanted, _)| *wanted);
            match piece {
                Piece::Text(literal) if wanted => self.push(&mut text, literal, source, pointer)?,
                Piece::Expression(code) if wanted => {
                    let value = self.code(code, source, pointer)?;
                    self.push(&mut text, &in_text(&value), source, pointer)?;
                }
                Piece::If(code) => {
                    let holds = wanted && self.truth(code, source, pointer)?;
                    open.push((holds, holds));
                }
                Piece::Elif(code) => {
                    let done = open.last().is_none_or(|(_, done)| *done);
                    let holds = outer_wanted && !done && self.truth(code, source, pointer)?;
                    open.pop();
                    open.push((holds, done || holds));
                }
                Piece::Else => {
                    let done = open.pop().is_none_or(|(_, done)| done);
                    open.push((!done, true));
                }
                Piece::EndIf => drop(open.pop()),
                Piece::Text(_) | Piece::Expression(_) => {}
            }
        }
        Ok(Value::String(text))
    }

    fn code(&mut self, code: &Code<'_>, source: &str, pointer: &str) -> Result<Value, ExpressionError> {
        let located = |fault: Fault| fault.locate(source, code.range.clone(), pointer);
        evaluate(code, self.names, &mut self.work_left).map_err(located)
    }

    /// As templates have it: null, false, zero and everything empty are not true.
    fn truth(&mut self, code: &Code<'_>, source: &str, pointer: &str) -> Result<bool, ExpressionError> {
        Ok(match self.code(code, source, pointer)? {
            Value::Null => false,
            Value::Bool(holds) => holds,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
        })
    }

    fn push(&mut self, text: &mut String, more: &str, source: &str, pointer: &str) -> Result<(), ExpressionError> {
        self.take_output(more.len(), source, pointer)?;
        text.push_str(more);
        Ok(())
    }

    fn take_output(&mut self, bytes: usize, source: &str, pointer: &str) -> Result<(), ExpressionError> {
        let left = self.output_left.checked_sub(bytes);
        let detail = || format!("the config with its expressions filled in is larger than {OUTPUT_BYTES_MAX} bytes");
        self.output_left = left.ok_or_else(|| Fault::new(0, detail()).locate(source, 0..source.len(), pointer))?;
        Ok(())
    }
}

/// Bytes of `value` as compact JSON, about.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(size).sum::<usize>() + items.len() + 2,
        Value::Object(fields) => fields.iter().map(|(key, item)| key.len() + 4 + size(item)).sum::<usize>() + 2,
        _ => 5,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
