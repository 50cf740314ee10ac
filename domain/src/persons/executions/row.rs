//! The row of an execution: input, output, error.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::super::part::Finds;
use super::super::person::Reach;
use super::super::turn::Turn;
use super::Site;

#[derive(FromRow)]
struct Row {
    workflow_id: Uuid,
    created_at: DateTime<Utc>,
    input: Value,
    output: Option<Value>,
    error: Option<Value>,
}

/// Whether nothing is written to it any more, and nobody decides on what it holds: it has ended, and so has its parent, which may
/// read its output until then; or it is parked for good, as its workspace is archived.
pub(super) async fn is_over(connection: &mut PgConnection, turn: &Turn, id: Uuid) -> Result<bool, StoreError> {
    let over: Option<bool> = sqlx::query_scalar(
        "SELECT (e.ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM children c JOIN executions p ON p.execution_id = c.parent_id \
             WHERE c.child_id = e.execution_id AND p.ended_at IS NULL)) \
           OR (coalesce((SELECT s.state = 'archived' FROM standings s WHERE s.workspace_id = $2), false) \
             AND NOT EXISTS (SELECT FROM leases l WHERE l.execution_id = e.execution_id)) \
         FROM executions e WHERE e.execution_id = $1 AND e.workspace_id = $2",
    )
    .bind(id)
    .bind(turn.workspace_id)
    .fetch_optional(connection)
    .await?;
    Ok(over.unwrap_or(true))
}

pub(super) async fn search(
    connection: &mut PgConnection,
    site: &Site<'_>,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT workflow_id, created_at, input, output, error FROM executions WHERE execution_id = $1 AND workspace_id = $2",
    )
    .bind(site.execution_id)
    .bind(site.turn.workspace_id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(mut row) = row else { return Ok(()) };
    let place = site.place(json!({ "workflow_id": row.workflow_id, "at": row.created_at }));
    let mut nothing = (Value::Null, Value::Null);
    let mut columns = [
        ("input", &mut row.input, Reach::Object),
        ("output", row.output.as_mut().unwrap_or(&mut nothing.0), Reach::Object),
        ("error", row.error.as_mut().unwrap_or(&mut nothing.1), Reach::Text),
    ];
    if site.sift("execution", &place, &mut columns, finds) {
        sqlx::query(
            "UPDATE executions SET input = $3, output = $4, error = $5 WHERE execution_id = $1 AND workspace_id = $2",
        )
        .bind(site.execution_id)
        .bind(site.turn.workspace_id)
        .bind(&row.input)
        .bind(&row.output)
        .bind(&row.error)
        .execute(connection)
        .await?;
    }
    Ok(())
}
