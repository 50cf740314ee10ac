//! Schedules: what fires when, and what people do about it.

pub(crate) mod change;
pub(crate) mod preview;

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use capstan_domain::schedules::{self, Calendar, ScheduleRow};
use capstan_domain::trigger_starts::{self, StartRow};
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::id;
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

pub(crate) use change::{backfill, fire, pause, resume};
pub(crate) use preview::preview;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;
/// Fire times that are told of a schedule.
const NEXT_COUNT: usize = 10;
/// Starts that are told of a schedule.
const FIRES_COUNT: i64 = 50;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    workflow_id: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /schedules?workflow_id&limit&cursor`: newest first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let workflow_id = query.workflow_id.as_deref().map(|text| id(text, "workflow").map(WorkflowId)).transpose()?;
    let mut transaction = caller.read().await?;
    let workspace_id = caller.workspace_id;
    let rows = schedules::list(&mut transaction, workspace_id, workflow_id, paging.before, paging.rows()).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let last = last(&mut transaction, workspace_id, &row, 1).await?.pop();
        shown.push((row.schedule_id, show(&row, &calendar(&row)?, last.as_ref())));
    }
    transaction.commit().await?;
    Ok(Json(paging.page(shown, |(id, _)| *id, |(_, shown)| shown)).into_response())
}

/// `GET /schedules/{id}`: with its next 10 fire times and its newest 50 starts. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(schedule_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller.workspace_id, &schedule_id).await?;
    let fires = last(&mut transaction, caller.workspace_id, &row, FIRES_COUNT).await?;
    transaction.commit().await?;
    let calendar = calendar(&row)?;
    let mut shown = show(&row, &calendar, fires.first());
    let next = row.next_at.map(|at| std::iter::once(at).chain(calendar.upcoming(at, NEXT_COUNT - 1)));
    shown["next"] = times(&calendar, next.into_iter().flatten());
    shown["fires"] = json!(fires);
    Ok(Json(shown).into_response())
}

async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    schedule_id: &str,
) -> Result<ScheduleRow, Problem> {
    let id: Uuid = id(schedule_id, "schedule")?;
    let row = schedules::find(connection, workspace_id, id).await?;
    row.ok_or_else(|| Problem::not_found("schedule", schedule_id))
}

/// The newest starts of a schedule.
async fn last(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    count: i64,
) -> Result<Vec<StartRow>, Problem> {
    let workflow_id = WorkflowId(row.workflow_id);
    Ok(trigger_starts::of_node(connection, workspace_id, workflow_id, &row.node_id, count).await?)
}

fn calendar(row: &ScheduleRow) -> Result<Calendar, Problem> {
    let id = row.schedule_id;
    row.rules.calendar().map_err(|flaw| Problem::internal(format!("schedule {id} cannot be read: {flaw}")))
}

/// Fire times in UTC and as clocks of the zone show them.
fn times(calendar: &Calendar, times: impl IntoIterator<Item = DateTime<Utc>>) -> Value {
    times.into_iter().map(|at| json!({ "at": at, "local": calendar.shown(at) })).collect()
}

fn status(row: &ScheduleRow) -> &'static str {
    match (row.paused_at, row.next_at) {
        (Some(_), _) => "paused",
        (None, Some(_)) => "active",
        (None, None) => "over",
    }
}

fn show(row: &ScheduleRow, calendar: &Calendar, last: Option<&StartRow>) -> Value {
    let paused = row.paused_at.map(|at| json!({ "at": at, "by": row.paused_by, "reason": row.paused_reason }));
    json!({
        "id": row.schedule_id,
        "workflow_id": row.workflow_id,
        "workflow_name": row.workflow_name,
        "node_id": row.node_id,
        "version_id": row.version_id,
        "cron": row.rules.cron,
        "zone": row.rules.zone,
        "overlap": row.rules.overlap,
        "catch_up": row.rules.catch_up,
        "status": status(row),
        "next_at": row.next_at,
        "next_local": row.next_at.map(|at| calendar.shown(at)),
        "last": last,
        "waiting": row.waiting,
        "missed": row.missed,
        "paused": paused,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    })
}
