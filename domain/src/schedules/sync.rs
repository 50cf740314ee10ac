//! Schedules in step with what is published.

use std::collections::HashMap;

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rules::Rules;

/// Most schedules of a workspace.
pub const SCHEDULES_MAX: i64 = 1_000;

/// A schedule of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule {
    /// Its trigger.
    pub node_id: String,
    /// When it fires.
    pub rules: Rules,
}

#[derive(FromRow)]
struct Old {
    node_id: String,
    rules: Json<Rules>,
    next_at: Option<DateTime<Utc>>,
    is_paused: bool,
}

/// Makes the schedules of a workflow those of its new version, in the transaction that publishes it and has the row of the
/// workflow locked. One that fires as before keeps its next fire time, one that is paused stays so. Answers whether the workspace has no more than
/// [`SCHEDULES_MAX`]; roll back if it has.
///
/// # Errors
/// If the database does, or [`StoreError::Corrupt`] if the rules were not checked before.
pub async fn sync(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    schedules: &[NewSchedule],
) -> Result<bool, StoreError> {
    let old = lock(connection, workspace_id, workflow_id).await?;
    if old.is_empty() && schedules.is_empty() {
        return Ok(true);
    }
    let nodes: Vec<&str> = schedules.iter().map(|new| new.node_id.as_str()).collect();
    sqlx::query("DELETE FROM schedules WHERE workspace_id = $1 AND workflow_id = $2 AND node_id <> ALL ($3)")
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .bind(&nodes)
        .execute(&mut *connection)
        .await?;
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut *connection).await?;
    let mut next = Vec::with_capacity(schedules.len());
    for new in schedules {
        next.push(next_at(old.get(&new.node_id), &new.rules, now)?);
    }
    sqlx::query(
        "INSERT INTO schedules AS s (workspace_id, schedule_id, workflow_id, node_id, version_id, rules, next_at) \
         SELECT $1, n.schedule_id, $2, n.node_id, $3, n.rules, n.next_at \
           FROM unnest($4::uuid[], $5::text[], $6::jsonb[], $7::timestamptz[]) AS n (schedule_id, node_id, rules, next_at) \
         ON CONFLICT (workspace_id, workflow_id, node_id) DO UPDATE \
         SET version_id = excluded.version_id, rules = excluded.rules, next_at = excluded.next_at, \
             updated_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(version_id.0)
    .bind(schedules.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(&nodes)
    .bind(schedules.iter().map(|new| Json(&new.rules)).collect::<Vec<_>>())
    .bind(&next)
    .execute(&mut *connection)
    .await?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM schedules WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(count <= SCHEDULES_MAX)
}

/// Their rows, locked: no worker moves one on until the new version is there.
async fn lock(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<HashMap<String, Old>, StoreError> {
    let rows: Vec<Old> = sqlx::query_as(
        "SELECT node_id, rules, next_at, paused_at IS NOT NULL AS is_paused FROM schedules \
         WHERE workspace_id = $1 AND workflow_id = $2 ORDER BY schedule_id FOR UPDATE",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.node_id.clone(), row)).collect())
}

fn next_at(old: Option<&Old>, rules: &Rules, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    match old {
        Some(old) if old.is_paused => Ok(None),
        Some(old) if old.rules.fires_as(rules) => Ok(old.next_at),
        _ => {
            let calendar = rules.calendar().map_err(|flaw| StoreError::Corrupt(flaw.to_string()))?;
            Ok(calendar.next(now))
        }
    }
}
