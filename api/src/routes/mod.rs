//! One file per noun. Handlers extract, call one verb, answer.

pub(crate) mod alerts;
pub(crate) mod answer;
mod answering;
pub(crate) mod approvals;
pub(crate) mod approve;
pub(crate) mod assets;
pub(crate) mod audit;
mod author;
pub(crate) mod backtest;
pub(crate) mod billing;
pub(crate) mod bookings;
pub(crate) mod bulk_jobs;
pub(crate) mod case;
mod configs;
pub(crate) mod credentials;
pub(crate) mod custom_events;
pub(crate) mod deleted;
pub(crate) mod editor;
mod ending;
pub(crate) mod events;
pub(crate) mod execution_list;
mod execution_triggers;
pub(crate) mod executions;
pub(crate) mod explain;
pub(crate) mod expression;
mod family;
pub(crate) mod forms;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod launch;
pub(crate) mod leads;
pub(crate) mod limits;
pub(crate) mod log_search;
pub(crate) mod logs;
pub(crate) mod mail;
pub(crate) mod me;
pub(crate) mod migrate;
pub(crate) mod node_types;
pub(crate) mod notifications;
pub(crate) mod operations;
pub(crate) mod orders;
pub(crate) mod page;
pub(crate) mod pauses;
mod pending;
pub(crate) mod people;
pub(crate) mod persons;
pub(crate) mod platform;
pub(crate) mod publish;
mod record;
pub(crate) mod records;
pub(crate) mod resolve;
pub(crate) mod restart;
pub(crate) mod retry_now;
mod ruled;
pub(crate) mod rules;
pub(crate) mod schedules;
pub(crate) mod session;
pub(crate) mod signals;
pub(crate) mod simulate;
pub(crate) mod stats;
pub(crate) mod stream;
pub(crate) mod test_step;
pub(crate) mod timeline;
pub(crate) mod trial;
pub(crate) mod trigger_starts;
pub(crate) mod usage;
pub(crate) mod version;
pub(crate) mod webhooks;
mod which_version;
pub(crate) mod workflow_files;
pub(crate) mod workflows;
pub(crate) mod workspace_settings;

use std::str::FromStr;

use crate::problem::Problem;

pub(crate) use launch::REPLAYED;

/// Longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 200;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The id in a path. What is no id cannot exist: 404.
fn id<T: FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what, text))
}

/// The client's `Idempotency-Key`, if it sent one.
pub(crate) fn idempotency_key(headers: &axum::http::HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| is_key(key)).ok_or_else(|| {
        let detail = "the Idempotency-Key cannot be used";
        Problem::bad_request("bad_idempotency_key", detail, "send 1 to 200 visible ASCII characters, e.g. a UUID")
    })?;
    Ok(Some(key))
}

fn is_key(key: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}
