//! The few rules of the expression grammar that rewriting needs.

use super::super::error::Fault;
use super::super::lex::{Kind, Token};
use super::{Key, Path};

/// The binary operator on the left of the current operand, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum After {
    /// Repeats texts and lists unless both sides are numbers.
    Multiply,
    /// Joins the text of both sides.
    Concat,
    /// Asks which side is more.
    Compare,
    #[default]
    Other,
}

impl After {
    pub(super) fn of(op: &str) -> Self {
        match op {
            "*" => Self::Multiply,
            "~" => Self::Concat,
            op if is_comparison(op) => Self::Compare,
            _ => Self::Other,
        }
    }
}

/// Whether an operator asks which side is more.
pub(super) fn is_comparison(op: &str) -> bool {
    matches!(op, "<" | "<=" | ">" | ">=")
}

/// An open bracket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    /// `(`, `[`, `{`, or 0 for the expression as a whole.
    pub(super) opened_by: u8,
    pub(super) is_subscript: bool,
    pub(super) after: After,
}

impl Frame {
    pub(super) fn is_closed_by(self, close: &str) -> bool {
        matches!((self.opened_by, close), (b'(', ")") | (b'[', "]") | (b'{', "}"))
    }
}

pub(super) fn is_operator_word(name: &str) -> bool {
    matches!(name, "and" | "or" | "not" | "in" | "is" | "if" | "else")
}

pub(super) fn is_constant(name: &str) -> bool {
    matches!(name, "true" | "false" | "none" | "null" | "True" | "False" | "None")
}

/// The path that starts at token `from`, and how many tokens it takes.
pub(super) fn path<'s>(tokens: &[Token<'s>], from: usize) -> Result<(Path<'s>, usize), Fault> {
    let root = tokens[from];
    let mut keys = Vec::new();
    let mut next = from + 1;
    while let Some((key, length)) = key(&tokens[next..]) {
        keys.push(key);
        next += length;
    }
    if matches!(root.text, "steps" | "errors") && !matches!(keys.first(), Some(Key::Name(_))) {
        let detail =
            format!("`{0}` must be followed by the id of a step, as in `{0}.fetch` or `{0}[\"fetch\"]`", root.text);
        return Err(Fault::new(root.at, detail));
    }
    Ok((Path { root: root.text, keys, at: root.at }, next - from))
}

/// `.name`, `.0`, `["name"]`, `[0]` or `[-1]`.
fn key<'s>(tokens: &[Token<'s>]) -> Option<(Key<'s>, usize)> {
    match tokens {
        [dot, key, ..] if dot.is(".") && key.kind == Kind::Name => Some((Key::Name(key.text), 2)),
        [dot, key, ..] if dot.is(".") && key.kind == Kind::Number => Some((Key::Index(key.text.parse().ok()?), 2)),
        [open, key, close, ..] if open.is("[") && close.is("]") => match key.kind {
            // A text with escapes is left to minijinja.
            Kind::Text if !key.text.contains('\\') => Some((Key::Name(&key.text[1..key.text.len() - 1]), 3)),
            Kind::Number => Some((Key::Index(key.text.parse().ok()?), 3)),
            _ => None,
        },
        [open, minus, key, close, ..] if open.is("[") && minus.is("-") && close.is("]") && key.kind == Kind::Number => {
            Some((Key::Index(key.text.parse::<i64>().ok()?.checked_neg()?), 4))
        }
        _ => None,
    }
}
