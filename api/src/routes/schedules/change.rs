//! Pause, resume, back-fill, fire now.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::schedules::{self, Backfill, BackfillFlaw, Overlap, ScheduleRow};
use capstan_domain::trigger_starts::subject;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::super::signals::check_reason;
use super::{WISH_BYTES_MAX, calendar, find, last, show, status};
use crate::auth::{Caller, Holder};
use crate::body;
use crate::problem::Problem;

/// Fire times of a back-fill that are told.
const TIMES_TOLD: usize = 100;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PauseSchedule")]
pub(crate) struct Why {
    /// For people.
    reason: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EmptyBody")]
pub(crate) struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BackfillRange")]
pub(crate) struct Range {
    #[schemars(with = "crate::openapi::shapes::Time")]
    from: DateTime<Utc>,
    #[schemars(with = "crate::openapi::shapes::Time")]
    to: DateTime<Utc>,
    /// Instead of the schedule's own.
    overlap: Option<Overlap>,
    /// Whether only to tell what would start.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /schedules/{id}/pause {reason?}`: 200 with the schedule, which fires no more; may be repeated. 404 unknown.
pub(crate) async fn pause(holder: Holder, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let why: Why = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    check_reason(why.reason.as_deref().unwrap_or_default())?;
    let mut transaction = caller.write().await?;
    let row = held(&mut transaction, &caller, &id).await?;
    let reason = why.reason.as_deref();
    schedules::pause(&mut transaction, caller.workspace_id, &row, &key.name, reason).await?;
    tell(&mut transaction, &caller, &row).await?;
    transaction.commit().await?;
    answer(&caller, &id).await
}

/// `POST /schedules/{id}/resume`: 200 with the schedule, which fires from now on. 404 unknown.
pub(crate) async fn resume(caller: Caller, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let _: Nothing = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let mut transaction = caller.write().await?;
    let row = held(&mut transaction, &caller, &id).await?;
    schedules::resume(&mut transaction, caller.workspace_id, &row, &calendar(&row)?).await?;
    tell(&mut transaction, &caller, &row).await?;
    transaction.commit().await?;
    answer(&caller, &id).await
}

/// `POST /schedules/{id}/fire`: 202 `{at, id}`, an execution starts now; `at` is what its start is found by. 404 unknown.
pub(crate) async fn fire(caller: Caller, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let _: Nothing = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let mut transaction = caller.write().await?;
    let row = find(&mut transaction, caller.workspace_id, &id).await?;
    let at = schedules::fire_now(&mut transaction, caller.workspace_id, &row, &calendar(&row)?).await?;
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": row.schedule_id, "at": at, "subject": subject(at) }))).into_response())
}

/// `POST /schedules/{id}/backfill {from, to, overlap?, dry_run?}`: 202 `{count, new, times}`, 200 for a dry run. 422
/// `bad_range`, `too_many_times`; 404 unknown.
pub(crate) async fn backfill(caller: Caller, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let range: Range = body::typed(request, WISH_BYTES_MAX).await?;
    let wish = Backfill { from: range.from, to: range.to, overlap: range.overlap };
    let mut transaction = caller.write().await?;
    let row = find(&mut transaction, caller.workspace_id, &id).await?;
    let (workspace_id, calendar) = (caller.workspace_id, calendar(&row)?);
    let done = schedules::backfill(&mut transaction, workspace_id, &row, &calendar, wish, range.dry_run).await?;
    let done = done.map_err(refused)?;
    transaction.commit().await?;
    let told = &done.times[..done.times.len().min(TIMES_TOLD)];
    let new = (!range.dry_run).then_some(done.new);
    let body = json!({ "count": done.times.len(), "new": new, "times": told });
    let status = if range.dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(body)).into_response())
}

fn refused(flaw: BackfillFlaw) -> Problem {
    let (code, hint) = match flaw {
        BackfillFlaw::TooMany => ("too_many_times", "back-fill one part after the other"),
        BackfillFlaw::Range | BackfillFlaw::TooOld => ("bad_range", "let from be before to, and both in the near past"),
    };
    Problem::unprocessable(code, flaw.to_string(), hint)
}

/// The schedule, which nobody else pauses or resumes until the transaction has ended.
async fn held(connection: &mut PgConnection, caller: &Caller, id: &str) -> Result<ScheduleRow, Problem> {
    // Whatever it is called in the path.
    let row = find(connection, caller.workspace_id, id).await?;
    caller.hold(connection, &format!("schedule {}", row.schedule_id)).await?;
    find(connection, caller.workspace_id, id).await
}

/// Tells the audit log what it is now.
async fn tell(connection: &mut PgConnection, caller: &Caller, before: &ScheduleRow) -> Result<(), Problem> {
    let after = find(connection, caller.workspace_id, &before.schedule_id.to_string()).await?;
    let [before, after] = [before, &after].map(|row| json!({ "status": status(row), "reason": row.paused_reason }));
    caller.differs(connection, &before, &after).await
}

async fn answer(caller: &Caller, id: &str) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller.workspace_id, id).await?;
    let last = last(&mut transaction, caller.workspace_id, &row, 1).await?.pop();
    transaction.commit().await?;
    Ok(Json(show(&row, &calendar(&row)?, last.as_ref())).into_response())
}
