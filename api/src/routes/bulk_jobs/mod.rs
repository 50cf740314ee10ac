//! Bulk jobs: one verb on many executions.

mod known;
pub(crate) mod preview;
pub(crate) mod wish;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::bulk::{self, EXECUTIONS_MAX, ItemRow, ItemStatus, JobRow, Made, NewJob, RUNNING_MAX};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::launch::{REPLAYED, reused};
use super::{id, idempotency_key};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::body;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use wish::Wish;

/// Most bytes of a request: a signal's payload, and the ids.
const BULK_BYTES_MAX: usize = 512 * 1024;

/// A job as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkJob")]
pub(crate) struct JobView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    #[schemars(with = "crate::openapi::shapes::BulkVerb")]
    verb: String,
    #[schemars(with = "crate::openapi::shapes::BulkFilter")]
    filter: Value,
    arguments: Value,
    status: String,
    counts: Counts,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    ended_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkJobCounts")]
pub(crate) struct Counts {
    total: i32,
    done: i32,
    failed: i32,
    skipped: i32,
}

/// One execution of a job as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkJobItem")]
pub(crate) struct ItemView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: Uuid,
    status: String,
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    new_execution_id: Option<Uuid>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ItemsQuery {
    status: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `POST /bulk-jobs {verb, filter, arguments?, dry_run?}` with an optional `Idempotency-Key`: 202 with the job, whose
/// executions are those that fit the filter now; for a dry run 200 with how many these are, and a few of them.
/// 422 `empty_filter`, `bad_filter`, `unknown_ids`, `bad_arguments`, `too_many`; 404 for a workflow or version that does not exist; 429 `too_many_jobs`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let idempotency_key = idempotency_key(request.headers())?.map(str::to_owned);
    let wish: Wish = body::typed(request, BULK_BYTES_MAX).await?;
    let dry_run = wish.dry_run;
    let (mut filter, work) = wish.checked()?;
    wish::require_use(&actor, &work)?;
    if dry_run {
        return preview::preview(&api, &caller, filter, work).await;
    }
    let mut transaction = caller.write().await?;
    wish::keep_to_workflow(&mut transaction, &caller, &mut filter, &work).await?;
    known::check(&mut transaction, &caller, &filter).await?;
    let new = NewJob { job_id: Uuid::now_v7(), filter, work, idempotency_key };
    let made = bulk::create(&mut transaction, caller.workspace_id, &new).await?;
    match made {
        Made::New(job) => {
            transaction.commit().await?;
            Ok(accepted(job))
        }
        Made::Replayed(job) => {
            let mut response = accepted(job);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        Made::Conflict => Err(reused()),
        Made::TooMany => Err(too_many()),
        Made::Busy => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_jobs",
            format!("{RUNNING_MAX} bulk jobs of this workspace run or wait for their turn already"),
            "wait for one of them to end, or cancel one",
        )),
    }
}

/// `GET /bulk-jobs?limit&cursor`: newest first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = bulk::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.job_id, JobView::from)).into_response())
}

/// `GET /bulk-jobs/{id}`.
pub(crate) async fn get(caller: Caller, Path(job_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let job = find(&mut transaction, &caller, &job_id).await?;
    transaction.commit().await?;
    Ok(Json(JobView::from(job)).into_response())
}

/// `GET /bulk-jobs/{id}/items?status&limit&cursor`: those of the newest executions first.
pub(crate) async fn items(
    caller: Caller,
    Path(job_id): Path<String>,
    Query(query): Query<ItemsQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let status = query.status.as_deref().map(item_status).transpose()?;
    let mut transaction = caller.read().await?;
    let job = find(&mut transaction, &caller, &job_id).await?;
    let before = ExecutionId(paging.before);
    let rows = bulk::items(&mut transaction, caller.workspace_id, job.job_id, status, before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.execution_id, ItemView::from)).into_response())
}

/// `POST /bulk-jobs/{id}/cancel`: 200 with the job; what is left of it is not done. 409 `job_ended` if it had completed.
pub(crate) async fn cancel(caller: Caller, Path(job_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.write().await?;
    let job_id = id(&job_id, "bulk job")?;
    bulk::cancel(&mut transaction, caller.workspace_id, job_id).await?;
    let job = find(&mut transaction, &caller, &job_id.to_string()).await?;
    transaction.commit().await?;
    if job.status == "completed" {
        let detail = format!("bulk job \"{job_id}\" has completed");
        return Err(Problem::conflict("job_ended", detail, "GET the job and its items tell what was done"));
    }
    Ok(Json(JobView::from(job)).into_response())
}

async fn find(connection: &mut PgConnection, caller: &Caller, job_id: &str) -> Result<JobRow, Problem> {
    let found = bulk::find(connection, caller.workspace_id, id(job_id, "bulk job")?).await?;
    found.ok_or_else(|| Problem::not_found("bulk job", job_id))
}

fn item_status(text: &str) -> Result<ItemStatus, Problem> {
    serde_json::from_value(json!(text)).map_err(|_| {
        Problem::bad_request("bad_status", "no item has such a status", "ask for pending, done, failed or skipped")
    })
}

fn too_many() -> Problem {
    let detail = format!("more than {EXECUTIONS_MAX} executions fit the filter");
    Problem::unprocessable(
        "too_many",
        detail,
        "narrow it down with started_after and started_before, and make several jobs",
    )
}

fn accepted(job: JobRow) -> Response {
    let location = format!("/api/v1/bulk-jobs/{}", job.job_id);
    (StatusCode::ACCEPTED, [(LOCATION, location)], Json(JobView::from(job))).into_response()
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.job_id,
            verb: row.verb,
            filter: row.filter,
            arguments: row.arguments,
            status: row.status,
            counts: Counts { total: row.total, done: row.done, failed: row.failed, skipped: row.skipped },
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

impl From<ItemRow> for ItemView {
    fn from(row: ItemRow) -> Self {
        Self {
            execution_id: row.execution_id,
            status: row.status,
            reason: row.reason,
            new_execution_id: row.new_execution_id,
        }
    }
}
