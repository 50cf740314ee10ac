//! How a command fails.

use std::process::ExitCode;

use serde_json::json;

use super::{line, note};
use crate::interrupt::INTERRUPTED;

/// Exit code of bad usage and invalid graphs, as of the command line parser.
pub(crate) const BAD_INPUT: u8 = 2;

/// What the user gave cannot be used; the message says what to give instead.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BadInput {}

/// The command was told to end, and gave its work up; the message says what is left of it.
#[derive(Debug)]
pub(crate) struct Interrupted(pub(crate) String);

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "interrupted: {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// Prints why a command failed and answers its exit code.
pub(crate) fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let mut reason = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many causes repeat what they are caused by.
        if !reason.contains(&cause) {
            reason.push_str(if reason.is_empty() { "" } else { ": " });
            reason.push_str(&cause);
        }
    }
    note(&format!("capstan: {reason}"));
    if json {
        line(&json!({"error": reason}).to_string());
    }
    if error.chain().any(|cause| cause.is::<BadInput>()) {
        ExitCode::from(BAD_INPUT)
    } else if error.is::<Interrupted>() {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::FAILURE
    }
}
