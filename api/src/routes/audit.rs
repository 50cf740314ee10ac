//! Who changed what.

pub(crate) mod export;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_domain::audit::{self, AuditRow, Filter};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Api;
use crate::audit::{bring, take_over};
use crate::auth::Caller;
use crate::paging::{Paging, Span};
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    /// Name of the key, or address of the user.
    by: Option<String>,
    /// Method and route, as entries tell it.
    action: Option<String>,
    /// Done then or later.
    from: Option<String>,
    /// Done before that.
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /audit?by&action&from&to&limit&cursor`: newest first, each with the members that it made other than before. What somebody did, or
/// one action, is looked for among so many at a time: a page may be short, or empty, and have a cursor to go on with. 400 `bad_time`.
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let span = Span::new(query.from.as_deref(), query.to.as_deref())?;
    let filter = Filter { by: query.by, action: query.action };
    bring(&api, &caller).await?;
    take_over(&caller).await?;
    let mut transaction = caller.read().await?;
    let (before, limit) = (span.before(paging), paging.rows());
    let (mut rows, then) = audit::list(&mut transaction, caller.workspace_id, &filter, before, limit).await?;
    transaction.commit().await?;
    rows.retain(|row| span.has(row.audit_id));
    let then = then.filter(|id| span.has(*id));
    Ok(Json(paging.page_of_looked_at(rows, |row| row.audit_id, view, then)).into_response())
}

fn view(row: AuditRow) -> Value {
    json!({
        "id": row.audit_id,
        "at": row.recorded_at,
        "by": { "kind": row.by_kind, "id": row.by_id, "name": row.by_name },
        "action": row.action,
        "subject": row.subject,
        "status": row.status,
        "address": row.address,
        "request_id": row.request_id,
        "changes": row.changes,
    })
}
