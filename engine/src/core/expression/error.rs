//! What people read when an expression fails.

use thiserror::Error;

/// Error class of a step whose config or edge condition could not be evaluated.
pub const CLASS: &str = "expression";

/// Longest excerpt of an expression in a message, in characters.
const EXCERPT_CHARS_MAX: usize = 160;
/// Most names listed as existing.
const LISTED_MAX: usize = 20;

/// Which expression failed, where, and why. Its text is written for the author of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expression {excerpt:?}{}, line {line}, column {column}: {detail}", in_field(field))]
pub struct ExpressionError {
    /// The expression without its braces, shortened.
    pub excerpt: String,
    /// JSON pointer of the config field that holds it; empty for an edge's condition.
    pub field: String,
    /// Line within the field, from 1.
    pub line: usize,
    /// Column within the line, in characters, from 1.
    pub column: usize,
    /// What is wrong, and what exists instead.
    pub detail: String,
}

fn in_field(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" in config field {field:?}") }
}

/// A failure at a byte offset of a string, before it is known where that string stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(at: usize, detail: impl Into<String>) -> Self {
        Self { at, detail: detail.into() }
    }

    /// The same fault, with its place in `source`; `expression` is the byte range to quote.
    pub(super) fn locate(self, source: &str, expression: std::ops::Range<usize>, field: &str) -> ExpressionError {
        let mut at = self.at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        let before = &source[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ExpressionError {
            excerpt: excerpt(source.get(expression).unwrap_or(source).trim()),
            field: field.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            detail: self.detail,
        }
    }
}

/// `text`, cut after [`EXCERPT_CHARS_MAX`] characters.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// `a, b, c`, or `nothing`; at most [`LISTED_MAX`] names.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    if names.peek().is_none() {
        return "nothing".into();
    }
    let mut out = names.by_ref().take(LISTED_MAX).map(excerpt).collect::<Vec<_>>().join(", ");
    if names.next().is_some() {
        out.push_str(", …");
    }
    out
}
