//! What a document says about its executions as a whole: `settings`, which may be absent.

use serde_json::Value;

use super::Problems;
use crate::core::concurrency::Concurrency;
use crate::core::expression;
use crate::core::gate::SLOTS_MAX;
use crate::core::key::KEY_SOURCE_BYTES_MAX;

/// Longest time that an execution may be given: five years.
pub const EXECUTION_TIMEOUT_MS_MAX: u64 = 5 * 366 * 86_400_000;

/// All fields that settings have.
pub const SETTINGS: [&str; 3] = ["timeout_ms", "concurrency", "flow"];

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

/// `settings.concurrency`: how many executions with a key in common may be at work at a time.
pub(super) fn concurrency(document: &Value, problems: &mut Problems) -> Option<Concurrency> {
    let concurrency = document.get("settings")?.get("concurrency").filter(|value| !value.is_null())?;
    let Some(fields) = concurrency.as_object() else {
        let hint = "give {\"key\": \"{{ input.customer }}\", \"limit\": 1}, or leave it out";
        bad_field(problems, "", "settings.concurrency must be an object".into(), hint);
        return None;
    };
    if let Some(other) = fields.keys().find(|field| !["key", "limit"].contains(&field.as_str())) {
        let detail = format!("settings.concurrency has a field {other:?} that means nothing here");
        bad_field(problems, "", detail, "it has the fields key and limit");
    }
    let (key, limit) = (key(&concurrency["key"], problems), limit(&concurrency["limit"], problems));
    Some(Concurrency { key: key?, limit: limit? })
}

fn limit(limit: &Value, problems: &mut Problems) -> Option<u32> {
    let valid = limit.as_u64().and_then(|limit| u32::try_from(limit).ok());
    let valid = valid.filter(|limit| (1..=SLOTS_MAX).contains(limit));
    if valid.is_none() {
        let detail = format!("settings.concurrency.limit must be a whole number from 1 to {SLOTS_MAX}");
        bad_field(problems, "/limit", detail, "say how many executions of each key may be at work at a time");
    }
    valid
}

fn key(key: &Value, problems: &mut Problems) -> Option<String> {
    let text = key.as_str().filter(|text| (1..=KEY_SOURCE_BYTES_MAX).contains(&text.len()));
    let Some(text) = text else {
        let detail = format!("settings.concurrency.key must be text of 1 to {KEY_SOURCE_BYTES_MAX} bytes");
        bad_field(problems, "/key", detail, "write an expression over the input, such as {{ input.customer }}");
        return None;
    };
    if let Err(error) = expression::check_of_start(text) {
        let hint = "correct the expression; it is evaluated before any step, and names the input only";
        problems.add("bad_expression", "/settings/concurrency/key".to_owned(), error.to_string(), hint);
    }
    Some(text.to_owned())
}

fn bad_field(problems: &mut Problems, field: &str, detail: String, hint: &str) {
    problems.add("bad_field", format!("/settings/concurrency{field}"), detail, hint);
}
