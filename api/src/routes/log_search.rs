//! Words in the logs of a workspace's executions.

use std::collections::HashMap;

use axum::Json;
use capstan_domain::search::{Kind, find, find_lines, sought};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::listing::{Wanted, of_ids};
use capstan_engine::store::logs::LogLine;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::Caller;
use crate::paging::{Page, Paging, Span};
use crate::problem::Problem;
use crate::query::Query;

/// Lines that are shown of each execution.
const LINES_MAX: usize = 20;
/// Executions whose logs are looked through for one page.
const LOGS_MAX: i64 = 20;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SearchQuery {
    /// Words, all of them in one line; one of three characters or more may also begin there. Finds lines of executions that have ended.
    search: Option<String>,
    /// Begun then or later.
    from: Option<String>,
    /// Begun before that.
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// An execution in whose log the words are.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FoundLog {
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Id")]
    workflow_id: Uuid,
    /// `completed`, `failed` or `cancelled`.
    status: String,
    /// When it was started.
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    /// The first lines that have the words, oldest first.
    #[schemars(with = "Vec<crate::openapi::shapes::LogLine>")]
    lines: Vec<LogLine>,
    /// Whether the log may have more of them.
    has_more: bool,
}

/// `GET /logs?search&from&to&limit&cursor`: executions that have ended and have a line with all the words, newest first. 20 are looked
/// through at a time, so a page may be short, or empty, and have a cursor to go on with. 400 `bad_query` without a word.
pub(crate) async fn search(caller: Caller, Query(query): Query<SearchQuery>) -> Result<Json<Page<FoundLog>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let span = Span::new(query.from.as_deref(), query.to.as_deref())?;
    let words = sought(query.search.as_deref().unwrap_or_default());
    if words.is_empty() {
        let detail = "search has no word: no letter and no digit";
        return Err(Problem::bad_request("bad_query", detail, "name the words to look for, as in ?search=timeout"));
    }
    let mut transaction = caller.read().await?;
    let (asked, within) = ((Kind::Logs, words.as_slice()), (span.first(), span.before(paging)));
    let most = paging.rows().min(LOGS_MAX);
    let found = find(&mut transaction, caller.workspace_id, asked, within, most).await?;
    let any = Wanted::default();
    let rows = of_ids(&mut transaction, caller.workspace_id, &any, &found.execution_ids).await?;
    let mut rows: HashMap<Uuid, _> = rows.into_iter().map(|row| (row.execution_id, row)).collect();
    let mut logs = Vec::new();
    for execution_id in found.execution_ids {
        // Erased or dropped since its words were written.
        let Some(row) = rows.remove(&execution_id) else { continue };
        let id = ExecutionId(execution_id);
        let (lines, has_more) = find_lines(&mut transaction, caller.workspace_id, id, &words, LINES_MAX).await?;
        if !lines.is_empty() {
            let (workflow_id, status, created_at) = (row.workflow_id, row.status, row.created_at);
            logs.push(FoundLog { execution_id, workflow_id, status, created_at, lines, has_more });
        }
    }
    transaction.commit().await?;
    Ok(Json(paging.page_of_looked_at(logs, |log| log.execution_id, |log| log, found.then)))
}
