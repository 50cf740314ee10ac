//! Drafts on their way out: one, or all of a workspace as a stream that is read piece by piece.

use std::io;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use capstan_domain::workflow_files::{EXPORT_ROWS, export_page};
use futures::stream;
use uuid::Uuid;

use super::file;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::workflows::find;

/// Longest life of a stream.
const STREAM_LIFE_MAX: Duration = Duration::from_secs(600);

/// What is left to be sent.
struct Rest {
    caller: Caller,
    from: Uuid,
    begun: Instant,
}

/// `GET /workflows/{id}/export`: the draft as a file. 404 unknown.
pub(crate) async fn one(caller: Caller, Path(workflow_id): Path<String>) -> Result<Response, Problem> {
    let row = find(&caller, &workflow_id).await?;
    let name = format!("attachment; filename=\"workflow-{}.json\"", row.workflow_id);
    let headers = [(CONTENT_DISPOSITION, name), (CACHE_CONTROL, "no-store".into())];
    Ok((headers, Json(file(row.workflow_id, &row.name, row.graph))).into_response())
}

/// `GET /workflows/export`: all of them, the oldest first, a file on each line; of a stream that broke off the connection is cut.
pub(crate) async fn all(caller: Caller) -> Result<Response, Problem> {
    let rest = Rest { caller, from: Uuid::nil(), begun: Instant::now() };
    let files = stream::try_unfold(Some(rest), |rest| async move {
        let Some(rest) = rest else { return Ok(None) };
        piece(rest).await.map_err(broken_off)
    });
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"workflows.ndjson\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(files)).into_response())
}

/// The next piece, and what is left behind it.
async fn piece(rest: Rest) -> Result<Option<(String, Option<Rest>)>, Problem> {
    if rest.begun.elapsed() > STREAM_LIFE_MAX {
        return Err(Problem::unavailable("busy", "the export has taken too long", "export the workflows one by one"));
    }
    let mut transaction = rest.caller.read().await?;
    let rows = export_page(&mut transaction, rest.caller.workspace_id, rest.from).await?;
    transaction.commit().await?;
    let Some(last) = rows.last().map(|row| row.workflow_id) else { return Ok(None) };
    let is_full = rows.len() == EXPORT_ROWS;
    let text = rows.into_iter().map(|row| format!("{}\n", file(row.workflow_id, &row.name, row.graph))).collect();
    let next = Uuid::from_u128(last.as_u128().saturating_add(1));
    Ok(Some((text, is_full.then_some(Rest { from: next, ..rest }))))
}

/// The answer has begun, so that its status is said: whoever reads it sees that its end is missing.
fn broken_off(problem: Problem) -> io::Error {
    tracing::warn!(code = problem.code, cause = problem.internal, "an export of workflows has broken off");
    io::Error::other(problem.detail.into_string())
}
