//! Cuts a config string into text, expressions and the marks of `{% if %}`.

use std::ops::Range;

use super::SOURCE_BYTES_MAX;
use super::error::Fault;
use super::lex::{Kind, Token, tokens};

/// One piece of a config string.
#[derive(Debug)]
pub(super) enum Piece<'s> {
    Text(&'s str),
    Expression(Code<'s>),
    If(Code<'s>),
    Elif(Code<'s>),
    Else,
    EndIf,
}

/// The tokens of one expression and where it stands in the string.
#[derive(Debug)]
pub(super) struct Code<'s> {
    pub(super) tokens: Vec<Token<'s>>,
    pub(super) range: Range<usize>,
}

/// The pieces of `source`, in order; every `{% if %}` is closed, in the right order.
///
/// # Errors
/// A fault, with the range of the expression that holds it.
pub(super) fn pieces(source: &str) -> Result<Vec<Piece<'_>>, (Fault, Range<usize>)> {
    let everything = 0..source.len();
    if source.len() > SOURCE_BYTES_MAX {
        let detail = format!("text with expressions is limited to {SOURCE_BYTES_MAX} bytes; this has {}", source.len());
        return Err((Fault::new(0, detail), everything));
    }
    let mut found = Vec::new();
    let mut rest = 0;
    let mut trim_next = false;
    while let Some(open) = next_open(source, rest) {
        let trims = source[open + 2..].starts_with('-');
        let start = open + 2 + usize::from(trims);
        let mut text = &source[rest..open];
        text = if trim_next { text.trim_start() } else { text };
        text = if trims { text.trim_end() } else { text };
        if !text.is_empty() {
            found.push(Piece::Text(text));
        }
        let is_block = source[open..].starts_with("{%");
        let mark = if is_block { "%}" } else { "}}" };
        let (tokens, end) = tokens(source, start, mark).map_err(|fault| (fault, open..source.len()))?;
        let code = Code { tokens, range: start..end };
        let piece = if is_block { block(code) } else { Ok(Piece::Expression(code)) };
        found.push(piece.map_err(|fault| (fault, start..end))?);
        trim_next = source[end..].starts_with('-');
        rest = end + 2 + usize::from(trim_next);
    }
    let text = if trim_next { source[rest..].trim_start() } else { &source[rest..] };
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    balanced(&found).map_err(|detail| (Fault::new(0, detail), everything))?;
    Ok(found)
}

fn next_open(source: &str, from: usize) -> Option<usize> {
    let (a, b) = (source[from..].find("{{"), source[from..].find("{%"));
    [a, b].into_iter().flatten().min().map(|offset| from + offset)
}

fn block(mut code: Code<'_>) -> Result<Piece<'_>, Fault> {
    let at = code.range.start;
    let keyword = code.tokens.first().filter(|token| token.kind == Kind::Name).map_or("", |token| token.text);
    if !code.tokens.is_empty() {
        let first = code.tokens.remove(0);
        code.range.start = first.end();
    }
    match (keyword, code.tokens.is_empty()) {
        ("if", false) => Ok(Piece::If(code)),
        ("elif", false) => Ok(Piece::Elif(code)),
        ("else", true) => Ok(Piece::Else),
        ("endif", true) => Ok(Piece::EndIf),
        ("if" | "elif", true) => Err(Fault::new(at, format!("`{keyword}` needs a condition"))),
        _ => Err(Fault::new(at, format!("the block {keyword:?} does not exist; there are: if, elif, else, endif"))),
    }
}

fn balanced(pieces: &[Piece<'_>]) -> Result<(), &'static str> {
    // One entry per open `if`: whether its `else` was seen.
    let mut open: Vec<bool> = Vec::new();
    for piece in pieces {
        match (piece, open.last_mut()) {
            (Piece::If(_), _) => open.push(false),
            (Piece::Elif(_) | Piece::Else | Piece::EndIf, None) => {
                return Err("a block ends or goes on where no `{% if %}` is open");
            }
            (Piece::Elif(_) | Piece::Else, Some(true)) => {
                return Err("nothing but `{% endif %}` may follow `{% else %}`");
            }
            (Piece::Else, Some(seen)) => *seen = true,
            (Piece::EndIf, Some(_)) => drop(open.pop()),
            _ => {}
        }
    }
    if open.is_empty() { Ok(()) } else { Err("an `{% if %}` is never closed; add `{% endif %}`") }
}
