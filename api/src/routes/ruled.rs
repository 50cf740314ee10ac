//! What becomes of a start under flow control, as clients see it.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use capstan_engine::core::flow::{Flow, Hold};
use capstan_engine::store::flow::{FlowStarted, PENDING_MAX, Verdict};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::launch::reused;
use crate::problem::Problem;

/// Milliseconds after which a start may come again, where nothing tells when it is worth it.
const COME_AGAIN_MS: i64 = 1_000;

/// Why a start does not run at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Held {
    /// `throttle`, `debounce`, `batch` or `singleton`.
    rule: &'static str,
    /// When it begins at the latest, as far as is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    until: Option<DateTime<Utc>>,
    /// How many starts it is made of so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<i32>,
}

/// The status that the client is told, and why it is not `queued`.
pub(super) fn told(flow: &Flow, started: &FlowStarted) -> Result<(&'static str, Option<Held>), Problem> {
    let rule = match (started.verdict, &flow.hold) {
        (Verdict::Throttled, _) => "throttle",
        (Verdict::Pending | Verdict::Joined, Some(Hold::Debounce(_))) => "debounce",
        (Verdict::Pending | Verdict::Joined, Some(Hold::Batch(_))) => "batch",
        _ => "singleton",
    };
    let held = Held { rule, until: started.until, starts: started.starts };
    match started.verdict {
        Verdict::Started | Verdict::Filled => Ok(("queued", None)),
        Verdict::Throttled => Ok(("waiting", Some(held))),
        Verdict::Pending | Verdict::Joined => Ok(("pending", Some(held))),
        Verdict::Skipped => Ok(("skipped", Some(held))),
        Verdict::Conflict => Err(reused()),
        Verdict::Limited => Err(refused(
            "rate_limited",
            flow.rate_limit.as_ref().map_or_else(String::new, |rate| {
                format!("this workflow takes {} starts in {} ms, and more came; ", rate.limit, rate.per_ms)
            }),
            started.wait_ms,
        )),
        Verdict::Late => Err(refused(
            "throttle_full",
            "the throttle would hold this start for over a week; ".into(),
            started.wait_ms,
        )),
        Verdict::Full => Err(refused(
            "pending_full",
            format!("{PENDING_MAX} executions of this workspace are pending already; "),
            None,
        )),
    }
}

fn refused(code: &'static str, detail: String, wait_ms: Option<i64>) -> Problem {
    let seconds = u64::try_from(wait_ms.unwrap_or(COME_AGAIN_MS).max(1)).unwrap_or(1).div_ceil(1_000);
    let detail = format!("{detail}nothing was started");
    let hint = format!("come again in {seconds} s, with the same Idempotency-Key if there was one");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail, hint).header(RETRY_AFTER, HeaderValue::from(seconds))
}
