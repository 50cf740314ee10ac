//! Log lines of an execution.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use capstan_domain::search::{has_all, sought};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::logs;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{executions, id};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::Query;

/// Most lines of one answer.
const LINES_MAX: i64 = 1_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LogsQuery {
    after: Option<String>,
    /// Words, each in the line; one of three characters or more may also begin there.
    search: Option<String>,
}

/// `GET /executions/{id}/logs?after&search`: oldest first, after the line `after`; `next` is where to go on, null at the end. With `search`
/// those of the next 1,000 lines that have the words: it may be none, and `next` tells where to go on.
pub(crate) async fn read(
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(query): Query<LogsQuery>,
) -> Result<Response, Problem> {
    let execution_id: ExecutionId = id(&execution_id, "execution")?;
    let after = query.after.as_deref().map(Uuid::parse_str).transpose();
    let after = after.map_err(|_| {
        Problem::bad_request("bad_cursor", "after is no id of a log line", "use \"next\" as it was given")
    })?;
    let search = query.search.as_deref().filter(|text| !text.trim().is_empty());
    let words = search.map(sought);
    let mut transaction = caller.read().await?;
    executions::find(&mut transaction, &caller, execution_id).await?;
    let after = after.unwrap_or_default();
    let mut lines = logs::read(&mut transaction, caller.workspace_id, execution_id, after, LINES_MAX).await?;
    transaction.commit().await?;
    let is_full = i64::try_from(lines.len()).is_ok_and(|count| count == LINES_MAX);
    let next = lines.last().filter(|_| is_full).map(|line| line.log_id);
    if let Some(words) = words {
        lines.retain(|line| !words.is_empty() && has_all(&line.message, &words));
    }
    Ok(Json(json!({ "items": lines, "next": next })).into_response())
}
