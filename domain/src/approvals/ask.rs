//! The side of the worker: asking, and giving up when the time is over.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::close::close;
use super::step::ApprovalStep;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// One line, from the author of the workflow and its data: never show it unescaped.
    pub title: String,
    /// What there is to know; never show it unescaped.
    pub body: Option<String>,
    /// The fields to fill in, as `trigger.form` has them.
    pub fields: Value,
    /// Whether any API key of the workspace may answer.
    pub by_api_key: bool,
    /// Whether holders of a signed link may answer.
    pub by_link: bool,
    /// From when on nobody may answer any more.
    pub deadline_at: Option<DateTime<Utc>>,
}

/// Asks, once: a step that asked before has asked already. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn ask(connection: &mut PgConnection, asking: &ApprovalStep, ask: &Ask) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO approvals (workspace_id, approval_id, execution_id, node_id, scope, title, body, fields, \
           by_api_key, by_link, deadline_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (workspace_id, execution_id, node_id, scope) DO NOTHING",
    )
    .bind(asking.workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .bind(&ask.title)
    .bind(&ask.body)
    .bind(&ask.fields)
    .bind(ask.by_api_key)
    .bind(ask.by_link)
    .bind(ask.deadline_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes no more answers, as the time is over; the answer, if one came first. Repeating it changes nothing. For the
/// worker's role.
///
/// # Errors
/// If the database does.
pub async fn expire(connection: &mut PgConnection, asking: &ApprovalStep) -> Result<Option<Value>, StoreError> {
    close(connection, asking, "expired").await?;
    let answer: Option<Option<Value>> = sqlx::query_scalar(
        "SELECT answer FROM approvals WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4",
    )
    .bind(asking.workspace_id.0)
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(answer.flatten())
}
