//! What is printed: for people, or one JSON object a line for programs.

pub(crate) mod cases;
pub(crate) mod failure;
pub(crate) mod progress;
pub(crate) mod proof;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod tree;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// Prints a line on standard output. A reader that has gone away is no reason to fail.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a line on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints the result: as JSON, or in words.
pub(crate) fn result(json: bool, value: &Value, words: &str) {
    line(&if json { value.to_string() } else { words.to_owned() });
}

/// Whether standard output shows colours.
pub(crate) fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What `Debug` shows of a secret: whether there is one.
pub(crate) fn hidden(secret: Option<&String>) -> Option<&'static str> {
    secret.map(|_| "[redacted]")
}

/// Without control characters, which a hostile file or server could use to rewrite the screen.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
