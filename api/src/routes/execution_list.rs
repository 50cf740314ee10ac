//! Lists of executions: all, those that meet conditions, those that a search found.

use axum::Json;
use axum::response::{IntoResponse, Response};
use capstan_domain::search::{FOUND_MAX, Kind, find, sought};
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::listing::{STATUSES_LISTED, Wanted, looked_for, of_ids};
use capstan_engine::store::{children, flow};
use schemars::JsonSchema;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{family, id, pending};
use crate::auth::Caller;
use crate::paging::{Paging, Span};
use crate::problem::Problem;
use crate::query::Query;

/// The status of those that flow control holds back.
const PENDING: &str = pending::PENDING;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    workflow_id: Option<String>,
    version_id: Option<String>,
    parent_id: Option<String>,
    trial: Option<String>,
    /// `pending, queued, running, waiting, paused, incident, completed, failed, cancelled`.
    status: Option<String>,
    /// The class of the error that it failed with, or is an incident for.
    error_class: Option<String>,
    /// Words, each in its input, output or error, or in a name of its workflow or of a node there; one of three characters or more
    /// may also begin there. Finds executions that have ended.
    search: Option<String>,
    /// Begun then or later.
    from: Option<String>,
    /// Begun before that.
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// Rows, and where to go on if not all were looked at.
type Rows = (Vec<ExecutionRow>, Option<ExecutionId>);

/// `GET /executions?workflow_id&version_id&parent_id&trial&status&error_class&search&from&to&limit&cursor`: newest first; with `parent_id`
/// those that its steps started. Trials are listed with `trial=true`, where nothing else is, and with `trial=any`. Where not all are
/// wanted, they are looked for among so many at a time; a page may be short, or empty, and have a cursor to go on with. 400 `bad_query`
/// where a search has no word.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let span = Span::new(query.from.as_deref(), query.to.as_deref())?;
    let parent_id: Option<ExecutionId> = query.parent_id.as_deref().map(|text| id(text, "execution")).transpose()?;
    let status = query.status.as_deref().map(listed_status).transpose()?;
    let wanted = Wanted {
        workflow_id: query.workflow_id.as_deref().map(|text| id(text, "workflow")).transpose()?,
        version_id: query.version_id.as_deref().map(|text| id(text, "version")).transpose()?,
        trial: trials(query.trial.as_deref())?,
        status: status.filter(|status| *status != PENDING),
        error_class: query.error_class.as_deref(),
    };
    let search = query.search.as_deref().filter(|text| !text.trim().is_empty());
    let words = search.map(sought);
    if words.as_ref().is_some_and(Vec::is_empty) {
        let detail = "search has no word: no letter and no digit";
        return Err(Problem::bad_request("bad_query", detail, "name the words to look for, as in ?search=refused"));
    }
    if parent_id.is_some() && (!Wanted { trial: None, ..wanted }.is_most() || status.is_some() || words.is_some()) {
        let detail = "the list is asked for by parent_id and by something else";
        return Err(Problem::bad_request(
            "bad_query",
            detail,
            "leave out parent_id, or all else but trial, from and to",
        ));
    }
    let mut transaction = caller.read().await?;
    let connection: &mut PgConnection = &mut transaction;
    let (before, limit) = (ExecutionId(span.before(paging)), paging.rows());
    let (mut rows, then) = match (parent_id, &words) {
        (Some(parent), _) => (children::list(connection, caller.workspace_id, parent, before, limit).await?, None),
        // What is held back has not ended.
        (None, Some(_)) if status == Some(PENDING) => (Vec::new(), None),
        (None, Some(words)) => searched(connection, &caller, &wanted, words, (span.first(), before.0), limit).await?,
        (None, None) if status == Some(PENDING) => {
            (held_back(connection, &caller, &wanted, before, limit).await?, None)
        }
        (None, None) if wanted.is_most() => {
            (executions::list(connection, caller.workspace_id, None, wanted.trial, before, limit).await?, None)
        }
        (None, None) => looked_for(connection, caller.workspace_id, &wanted, before, limit).await?,
    };
    rows.retain(|row| span.has(row.execution_id));
    let then = then.filter(|id| span.has(id.0));
    let summaries = family::summaries(&mut transaction, &caller, &rows).await?;
    transaction.commit().await?;
    let page = paging.page_of_looked_at(summaries, |summary| summary.id, |summary| summary, then.map(|id| id.0));
    Ok(Json(page).into_response())
}

/// Those that have the words; of so many at a time, where something else is wanted of them too.
async fn searched(
    connection: &mut PgConnection,
    caller: &Caller,
    wanted: &Wanted<'_>,
    words: &[String],
    span: (Uuid, Uuid),
    limit: i64,
) -> Result<Rows, Problem> {
    let most = if wanted.is_most() { limit } else { FOUND_MAX };
    let found = find(connection, caller.workspace_id, (Kind::Executions, words), span, most).await?;
    let rows = of_ids(connection, caller.workspace_id, wanted, &found.execution_ids).await?;
    Ok((rows, found.then.map(ExecutionId)))
}

/// Those that flow control holds back. What is tried out never is, and nothing has failed yet.
async fn held_back(
    connection: &mut PgConnection,
    caller: &Caller,
    wanted: &Wanted<'_>,
    before: ExecutionId,
    limit: i64,
) -> Result<Vec<ExecutionRow>, Problem> {
    if wanted.trial == Some(true) || wanted.error_class.is_some() {
        return Ok(Vec::new());
    }
    let workflow_id: Option<WorkflowId> = wanted.workflow_id;
    let mut rows = flow::list_pending(connection, caller.workspace_id, workflow_id, before, limit).await?;
    rows.retain(|row| wanted.version_id.is_none_or(|version_id| version_id.0 == row.version_id));
    Ok(rows)
}

fn listed_status(wanted: &str) -> Result<&'static str, Problem> {
    let found = STATUSES_LISTED.into_iter().chain([PENDING]).find(|status| *status == wanted);
    found.ok_or_else(|| {
        let hint = format!("name one of {}, {PENDING}", STATUSES_LISTED.join(", "));
        Problem::bad_request("bad_query", "executions are not listed by that status", hint)
    })
}

/// Whether trials are listed, or all else; none for both.
fn trials(wanted: Option<&str>) -> Result<Option<bool>, Problem> {
    match wanted {
        None | Some("false") => Ok(Some(false)),
        Some("true") => Ok(Some(true)),
        Some("any") => Ok(None),
        Some(_) => Err(Problem::bad_request("bad_query", "trial is none of true, false and any", "name one of them")),
    }
}
