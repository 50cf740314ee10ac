//! What the workspace holds about a person: jobs that export or erase it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LINK, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::is_email;
use capstan_domain::persons::{self, JobRow, Kind, LineRow, Made, NewJob, OPEN_MAX};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::id;
use crate::Api;
use crate::actor::Actor;
use crate::auth::{Caller, no_key};
use crate::body;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 4 * 1024;
const LINES: &str = "application/x-ndjson";

/// What a client asks for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewPersonJob")]
pub(crate) struct Wish {
    kind: WishedKind,
    /// Of the person.
    email: String,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PersonJobKind")]
pub(crate) enum WishedKind {
    /// Tells what is held, as lines of JSON.
    Export,
    /// Takes it out. It cannot be taken back.
    Erase,
}

/// A job as clients see it. The address is in none of them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PersonJob")]
pub(crate) struct JobView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    #[schemars(with = "WishedKind")]
    kind: String,
    /// `running`, `waiting` for what holds the address and has not ended, `completed` or `failed`.
    status: String,
    /// Why it failed.
    reason: Option<String>,
    /// HMAC-SHA256 of the address in lower case, in hexadecimal digits, under a key of the workspace.
    address_hash: String,
    counts: Counts,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    ended_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PersonJobCounts")]
pub(crate) struct Counts {
    /// Rows that were looked at.
    searched: i64,
    /// Lines of an export; rows out of which something was erased.
    found: i64,
    /// What holds the address and has not ended.
    left: i64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LinesQuery {
    /// The number of the last line that was read.
    after: Option<String>,
}

/// Who asks, as the job remembers it.
pub(crate) struct Asker {
    caller: Caller,
    by_kind: &'static str,
    by_name: String,
}

impl FromRequestParts<Api> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let actor = parts.extensions.get::<Arc<Actor>>().ok_or_else(no_key)?;
        let by_name = actor.who.name().ok_or_else(no_key)?.name;
        Ok(Self { caller, by_kind: actor.who.kind(), by_name })
    }
}

/// `POST /person-jobs {kind, email}`: 202 with the job. 422 `bad_address`; 429 `too_many_jobs`.
pub(crate) async fn create(asker: Asker, request: Request) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, WISH_BYTES_MAX).await?;
    if !is_email(wish.email.trim()) || wish.email.contains(char::is_control) {
        let detail = "email is no e-mail address such as ada@example.com";
        return Err(Problem::unprocessable("bad_address", detail, "send the address of the person, nothing beside it"));
    }
    let Asker { caller, by_kind, by_name } = asker;
    let kind = match wish.kind {
        WishedKind::Export => Kind::Export,
        WishedKind::Erase => Kind::Erase,
    };
    let job_id = Uuid::now_v7();
    let new = NewJob { job_id, kind, address: wish.email.trim(), by_kind, by_name: &by_name };
    let mut transaction = caller.write().await?;
    let Made::New(job) = persons::create(&mut transaction, caller.workspace_id, &new).await? else {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_jobs",
            format!("{OPEN_MAX} jobs about persons of this workspace have not ended"),
            "wait for one of them to end; erasures wait for executions that hold the address: see their counts",
        ));
    };
    let path = format!("/api/v1/person-jobs/{job_id}");
    // Who reads the log may learn that two jobs were about the same person, and not about whom.
    caller.names(format!("{path} {} address_hash {}", kind.as_str(), hex(&job.address_hash)));
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, [(LOCATION, path)], Json(JobView::from(job))).into_response())
}

/// `GET /person-jobs?limit&cursor`: newest first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = persons::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.job_id, JobView::from)).into_response())
}

/// `GET /person-jobs/{id}`.
pub(crate) async fn get(caller: Caller, Path(job_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let job = find(&mut transaction, &caller, &job_id).await?;
    transaction.commit().await?;
    Ok(Json(JobView::from(job)).into_response())
}

/// `GET /person-jobs/{id}/lines?after`: what an export found, a line of JSON each; `Link` leads to the next ones. Recorded in
/// the audit log. 409 `no_export`, `job_not_completed`.
pub(crate) async fn lines(
    caller: Caller,
    Path(job_id): Path<String>,
    Query(query): Query<LinesQuery>,
) -> Result<Response, Problem> {
    let after = query.after.as_deref().map_or(Some(0), |text| text.parse().ok().filter(|after: &i64| *after >= 0));
    let after = after.ok_or_else(|| {
        Problem::bad_request("bad_cursor", "after is no number of a line", "follow the Link header as it was given")
    })?;
    // Its record is begun before a line goes out.
    let mut transaction = caller.write().await?;
    let job = find(&mut transaction, &caller, &job_id).await?;
    if job.kind != Kind::Export.as_str() {
        let detail = format!("job \"{}\" erases, it has no lines", job.job_id);
        return Err(Problem::conflict("no_export", detail, "make a job with \"kind\": \"export\""));
    }
    if job.status != "completed" {
        let detail = format!("job \"{}\" is {}", job.job_id, job.status);
        return Err(Problem::conflict(
            "job_not_completed",
            detail,
            "GET the job tells how far it is, and why it failed",
        ));
    }
    let rows = persons::lines(&mut transaction, caller.workspace_id, job.job_id, after).await?;
    transaction.commit().await?;
    let next = rows.last().map(|row| row.line_no).filter(|last| *last < job.found);
    Ok(downloaded(&job, rows, next))
}

fn downloaded(job: &JobRow, rows: Vec<LineRow>, next: Option<i64>) -> Response {
    let body: String = rows.into_iter().flat_map(|row| [row.line, "\n".to_owned()]).collect();
    let mut response = ([(CONTENT_TYPE, LINES), (CACHE_CONTROL, "no-store")], body).into_response();
    let link = next.map(|last| format!("</api/v1/person-jobs/{}/lines?after={last}>; rel=\"next\"", job.job_id));
    if let Some(Ok(link)) = link.map(HeaderValue::try_from) {
        response.headers_mut().insert(LINK, link);
    }
    response
}

async fn find(connection: &mut PgConnection, caller: &Caller, job_id: &str) -> Result<JobRow, Problem> {
    let found = persons::find(connection, caller.workspace_id, id(job_id, "job")?).await?;
    found.ok_or_else(|| Problem::not_found("job", job_id))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.job_id,
            kind: row.kind,
            status: row.status,
            reason: row.reason,
            address_hash: hex(&row.address_hash),
            counts: Counts { searched: row.searched, found: row.found, left: row.left_over },
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}
