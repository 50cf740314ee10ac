//! What a document says about its executions as a whole: `settings`, which may be absent.

use serde_json::Value;

use super::Problems;

/// Longest time that an execution may be given: five years.
pub const EXECUTION_TIMEOUT_MS_MAX: u64 = 5 * 366 * 86_400_000;

/// `settings.timeout_ms`: the longest time from an execution's start to its end.
pub(super) fn timeout_ms(document: &Value, problems: &mut Problems) -> Option<u64> {
    let timeout = document.get("settings")?.get("timeout_ms").filter(|value| !value.is_null())?;
    let valid = timeout.as_u64().filter(|ms| (1..=EXECUTION_TIMEOUT_MS_MAX).contains(ms));
    if valid.is_none() {
        let detail = format!("settings.timeout_ms must be a whole number from 1 to {EXECUTION_TIMEOUT_MS_MAX}");
        problems.add("bad_field", "/settings/timeout_ms".to_owned(), detail, "give milliseconds, or leave it out");
    }
    valid
}
