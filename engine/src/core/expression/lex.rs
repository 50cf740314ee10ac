//! Tokens of one expression, as minijinja cuts them.

use super::TOKENS_MAX;
use super::error::Fault;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Text,
    Number,
    Op,
}

/// A piece of the source; `at` is its byte offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    pub(super) text: &'s str,
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, op: &str) -> bool {
        self.kind == Kind::Op && self.text == op
    }

    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// The tokens from `start` up to `end_mark` outside of all brackets, and the offset of that mark.
///
/// An empty `end_mark` means the end of the source.
pub(super) fn tokens<'s>(source: &'s str, start: usize, end_mark: &str) -> Result<(Vec<Token<'s>>, usize), Fault> {
    let bytes = source.as_bytes();
    let mut found: Vec<Token<'s>> = Vec::new();
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if at >= bytes.len() {
            if end_mark.is_empty() {
                return Ok((found, at));
            }
            return Err(Fault::new(start, format!("it is never closed; add `{end_mark}`")));
        }
        if depth == 0 && !end_mark.is_empty() && ends_here(&source.as_bytes()[at..], end_mark) {
            return Ok((found, at));
        }
        if found.len() >= TOKENS_MAX {
            return Err(Fault::new(at, format!("it has more than {TOKENS_MAX} names, operators and brackets")));
        }
        let after_dot = found.last().is_some_and(|token| token.is("."));
        let (kind, length) = token_at(source, at, after_dot)?;
        let text = &source[at..at + length];
        match text {
            "(" | "[" | "{" if kind == Kind::Op => depth += 1,
            ")" | "]" | "}" if kind == Kind::Op => depth = depth.saturating_sub(1),
            _ => {}
        }
        found.push(Token { kind, text, at });
        at += length;
    }
}

/// Whether the mark, or the mark after a `-` that trims whitespace, starts here.
fn ends_here(rest: &[u8], mark: &str) -> bool {
    rest.strip_prefix(b"-").unwrap_or(rest).starts_with(mark.as_bytes())
}

fn token_at(source: &str, at: usize, after_dot: bool) -> Result<(Kind, usize), Fault> {
    let rest = &source.as_bytes()[at..];
    let word = |set: fn(&u8) -> bool| rest.iter().take_while(|&byte| set(byte)).count();
    match rest[0] {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            Ok((Kind::Name, word(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')))
        }
        b'0'..=b'9' if after_dot => Ok((Kind::Number, word(u8::is_ascii_digit))),
        b'0'..=b'9' => Ok((Kind::Number, number_length(rest))),
        quote @ (b'"' | b'\'') => match text_length(rest, quote) {
            Some(length) => Ok((Kind::Text, length)),
            None => Err(Fault::new(at, "the text that starts here has no closing quote")),
        },
        _ if ["//", "**", "==", "!=", ">=", "<="].iter().any(|op| rest.starts_with(op.as_bytes())) => Ok((Kind::Op, 2)),
        byte if b"+-*/%.,:~|=><()[]{}".contains(&byte) => Ok((Kind::Op, 1)),
        _ => {
            let unexpected = source[at..].chars().next().unwrap_or_default();
            Err(Fault::new(at, format!("unexpected character {unexpected:?}")))
        }
    }
}

fn number_length(rest: &[u8]) -> usize {
    let digits =
        |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let mut length = digits(0);
    if rest.get(length) == Some(&b'.') && rest.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1);
    }
    let exponent = matches!(rest[length - 1], b'e' | b'E') && !rest.starts_with(b"0x");
    if exponent && matches!(rest.get(length), Some(b'+' | b'-')) {
        length += 1 + digits(length + 1);
    }
    length
}

fn text_length(rest: &[u8], quote: u8) -> Option<usize> {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}
