//! Who changed what.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_domain::audit::{self, AuditRow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Api;
use crate::audit::{bring, take_over};
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /audit?limit&cursor`: newest first, each with the members that it made other than before.
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    bring(&api, &caller).await?;
    take_over(&caller).await?;
    let mut transaction = caller.read().await?;
    let rows = audit::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.audit_id, view)).into_response())
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
