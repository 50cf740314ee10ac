//! Executions that flow control holds back before they begin: their rows say that they are to be.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::explain::Reason;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions;
use capstan_engine::store::flow::{PendingStart, cancel_pending, find_pending};
use serde_json::json;
use sqlx::PgConnection;

use super::id;
use crate::auth::Caller;
use crate::problem::Problem;

/// An execution that is there, or is to be.
pub(super) enum Begun<T> {
    Yes(T),
    Pending(PendingStart),
}

/// The code of a verb that only an execution which has begun can take.
pub(super) const PENDING: &str = "pending";

/// Why an execution was not found: it has not begun, it has begun since, or there is none.
pub(super) async fn unknown(
    connection: &mut PgConnection,
    caller: &Caller,
    id: ExecutionId,
) -> Result<Problem, StoreError> {
    if let Some(row) = find_pending(connection, caller.workspace_id, id).await? {
        let detail = format!("execution \"{id}\" has not begun: its workflow's rule {} holds it back", row.rule);
        let hint = "cancel it, or wait until it begins; its explain says when";
        return Ok(Problem::conflict(PENDING, detail, hint));
    }
    Ok(match executions::find(connection, caller.workspace_id, id).await? {
        Some(_) => Problem::conflict(PENDING, format!("execution \"{id}\" has begun just now"), "try again"),
        None => Problem::not_found("execution", &id.to_string()),
    })
}

/// The same, on a connection of its own.
pub(super) async fn not_there(caller: &Caller, id: ExecutionId) -> Result<Problem, Problem> {
    let mut transaction = caller.read().await?;
    let problem = unknown(&mut transaction, caller, id).await?;
    transaction.commit().await?;
    Ok(problem)
}

/// What `load` gives; if there is no such execution, the one that is pending.
pub(super) async fn begun_or_pending<T, F: Future<Output = Result<T, Problem>>>(
    caller: &Caller,
    execution_id: &str,
    load: impl Fn() -> F,
) -> Result<Begun<T>, Problem> {
    match load().await {
        Err(unknown) if unknown.status == StatusCode::NOT_FOUND || unknown.code == PENDING => {
            match pending(caller, execution_id).await? {
                Some(row) => Ok(Begun::Pending(row)),
                // It may have begun just now.
                None => load().await.map(Begun::Yes),
            }
        }
        loaded => loaded.map(Begun::Yes),
    }
}

async fn pending(caller: &Caller, execution_id: &str) -> Result<Option<PendingStart>, Problem> {
    let id: ExecutionId = id(execution_id, "execution")?;
    let mut transaction = caller.read().await?;
    let found = find_pending(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    Ok(found)
}

/// As an execution that has no step yet.
pub(super) fn show(row: &PendingStart) -> Response {
    Json(json!({
        "id": row.execution_id,
        "workflow_id": row.workflow_id,
        "version_id": row.version_id,
        "trigger": row.trigger_node_id,
        "status": "pending",
        "created_at": row.first_at,
        "held": { "rule": row.rule, "key": row.key, "until": row.due_at, "starts": row.starts },
        "steps": [],
        "edges": [],
    }))
    .into_response()
}

/// What it waits for.
pub(super) fn explain(row: &PendingStart) -> Response {
    let reason = Reason::Starts {
        rule: row.rule.clone(),
        key: row.key.clone(),
        starts: row.starts.unsigned_abs(),
        until: row.due_at,
    };
    let mut told = json!(reason);
    told["text"] = json!(reason.to_string());
    Json(json!({ "id": row.execution_id, "status": "pending", "reasons": [told] })).into_response()
}

/// Cancels it, if it is pending; 202 as for any other.
pub(super) async fn cancel(caller: &Caller, id: ExecutionId, reason: &str) -> Result<Option<Response>, Problem> {
    let mut transaction = caller.write().await?;
    if !cancel_pending(&mut transaction, id, reason).await? {
        // An idempotency key is not marked: the cancel comes again.
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some((StatusCode::ACCEPTED, Json(json!({ "id": id, "status": "cancelled" }))).into_response()))
}
