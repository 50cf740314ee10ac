//! What a workspace did, day by day.

use axum::Json;
use axum::response::{IntoResponse, Response};
use capstan_domain::analytics::{self, DailyStats};
use chrono::{DateTime, Days, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::openapi::shapes;
use crate::problem::Problem;
use crate::query::Query;

/// Most days of one answer.
const DAYS_MAX: u64 = 400;
/// Days of an answer where no first day is asked for.
const DAYS_DEFAULT: u64 = 30;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct DailyQuery {
    from: Option<String>,
    to: Option<String>,
}

/// The days that were asked for, of UTC. One without anything to tell, or that was not counted yet, is left out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DailyStatsList")]
pub(crate) struct DailyView {
    #[schemars(with = "shapes::Date")]
    from: NaiveDate,
    #[schemars(with = "shapes::Date")]
    to: NaiveDate,
    /// The oldest first.
    items: Vec<DayView>,
}

/// One day.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DailyStats")]
struct DayView {
    #[schemars(with = "shapes::Date")]
    day: NaiveDate,
    executions: ExecutionsView,
    /// Completed ones among those that completed or failed, from 0 to 1; null if none did.
    success_rate: Option<f64>,
    /// Null if none completed or failed.
    duration_ms: Option<DurationsView>,
    emails_sent: i64,
    leads_created: i64,
    /// What was written later is not counted yet.
    #[schemars(with = "shapes::Time")]
    counted_at: DateTime<Utc>,
}

/// Executions that were asked for on that day, without trials, and what has become of them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DailyExecutions")]
struct ExecutionsView {
    started: i64,
    completed: i64,
    failed: i64,
    cancelled: i64,
    /// Those that had not ended yet.
    open: i64,
}

/// How long executions took that completed or failed, in milliseconds. Percentiles are off by less than 5 %.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DailyDurations")]
struct DurationsView {
    mean: i64,
    p50: i64,
    p95: i64,
    max: i64,
}

/// `GET /stats/daily?from&to`: days such as `2026-01-31`, both included. 400 `bad_day`, `bad_range`.
pub(crate) async fn daily(caller: Caller, Query(query): Query<DailyQuery>) -> Result<Response, Problem> {
    let to = query.to.as_deref().map_or_else(|| Ok(Utc::now().date_naive()), |text| day("to", text))?;
    let from = match query.from.as_deref() {
        Some(text) => day("from", text)?,
        None => to.checked_sub_days(Days::new(DAYS_DEFAULT - 1)).unwrap_or(to),
    };
    if from > to || to.signed_duration_since(from).num_days() >= DAYS_MAX.cast_signed() {
        let detail = format!("from {from} to {to} is no range of 1 to {DAYS_MAX} days");
        return Err(Problem::bad_request("bad_range", detail, "ask for less at a time, the first day as `from`"));
    }
    let mut transaction = caller.read().await?;
    let rows = analytics::list(&mut transaction, caller.workspace_id, from, to).await?;
    transaction.commit().await?;
    let items = rows.iter().map(view).collect();
    Ok(Json(DailyView { from, to, items }).into_response())
}

/// A day of the years that the database and the answer can hold.
fn day(name: &str, text: &str) -> Result<NaiveDate, Problem> {
    let read = text.parse::<NaiveDate>().ok().filter(|day| text.len() == 10 && day.to_string() == text);
    read.ok_or_else(|| {
        let detail = format!("`{name}` is no day");
        Problem::bad_request("bad_day", detail, "write a day of UTC as 2026-01-31")
    })
}

fn view(row: &DailyStats) -> DayView {
    let ended = row.executions_completed + row.executions_failed + row.executions_cancelled;
    let durations = (row.duration_ms_mean(), row.duration_ms_p50, row.duration_ms_p95, row.duration_ms_max);
    let duration_ms = match durations {
        (Some(mean), Some(p50), Some(p95), Some(max)) => Some(DurationsView { mean, p50, p95, max }),
        _ => None,
    };
    DayView {
        day: row.day,
        executions: ExecutionsView {
            started: row.executions_started,
            completed: row.executions_completed,
            failed: row.executions_failed,
            cancelled: row.executions_cancelled,
            open: row.executions_started - ended,
        },
        success_rate: row.success_rate(),
        duration_ms,
        emails_sent: row.emails_sent,
        leads_created: row.leads_created,
        counted_at: row.counted_at,
    }
}
