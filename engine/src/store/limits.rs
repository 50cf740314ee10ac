//! Limits on how many executions are at work at a time, as they are set and as they stand.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::gate::Gate;
use crate::core::ids::{ExecutionId, WorkspaceId};

/// Most limits of a workspace that are listed.
pub const LISTED_MAX: i64 = 1_000;
/// Most holders of slots that are named.
const NAMED_MAX: i32 = 10;
/// Most places before an execution's own that are counted.
pub const BEFORE_MAX: i64 = 1_000;

/// A limit that was set.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Limit {
    /// `workspace`, `workflow:<id>` or `key:<workflow id>`.
    pub name: String,
    /// How many executions may be at work; of a key, for each of its values.
    pub slots_max: i32,
    /// How many are.
    pub held: i64,
    /// When it was set last.
    pub updated_at: DateTime<Utc>,
}

/// Sets a limit, or, with none, removes it. Workers hear of it within about a second.
///
/// # Errors
/// If the database does.
pub async fn set(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    gate: &Gate,
    slots_max: Option<u32>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO limits AS l (workspace_id, name, slots_max) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET slots_max = excluded.slots_max, updated_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(gate.as_str())
    .bind(slots_max.map(i64::from).and_then(|most| i32::try_from(most).ok()))
    .execute(connection)
    .await?;
    Ok(())
}

/// The limit of a gate, if it is set.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    gate: &Gate,
) -> Result<Option<i32>, StoreError> {
    let slots_max: Option<Option<i32>> =
        sqlx::query_scalar("SELECT l.slots_max FROM limits l WHERE l.workspace_id = $1 AND l.name = $2")
            .bind(workspace_id.0)
            .bind(gate.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(slots_max.flatten())
}

/// The limits that are set in a workspace, by name, at most [`LISTED_MAX`].
///
/// # Errors
/// If the database does.
pub async fn list(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<Limit>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT l.name, l.slots_max, l.updated_at, \
                (SELECT count(*) FROM slots s WHERE s.workspace_id = $1 \
                    AND (s.gate = l.name OR (s.gate > l.name || ':' AND s.gate < l.name || ';'))) AS held \
           FROM limits l WHERE l.workspace_id = $1 AND l.slots_max IS NOT NULL ORDER BY l.name LIMIT $2",
    );
    Ok(rows.bind(workspace_id.0).bind(LISTED_MAX).fetch_all(connection).await?)
}

/// A limit of a workspace or a workflow that has changed; those of keys come with the versions.
#[derive(Clone, Debug, FromRow)]
pub struct Changed {
    /// The tenant.
    pub workspace_id: Uuid,
    /// `workspace` or `workflow:<id>`.
    pub name: String,
    /// Whether there is a limit.
    pub is_set: bool,
    /// When.
    pub updated_at: DateTime<Utc>,
}

/// Limits of workspaces and workflows that changed since then; none asks for all.
///
/// # Errors
/// If the database does.
pub async fn changed(connection: &mut PgConnection, since: Option<DateTime<Utc>>) -> Result<Vec<Changed>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT l.workspace_id, l.name, l.slots_max IS NOT NULL AS is_set, l.updated_at FROM limits l \
          WHERE l.updated_at >= coalesce($1, '-infinity') AND l.name NOT LIKE 'key:%' ORDER BY l.updated_at",
    );
    Ok(rows.bind(since).fetch_all(connection).await?)
}

/// How an execution waits for a slot.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Wait {
    /// The gate that is full.
    pub gate: String,
    /// Its limit, if it has one still.
    pub slots_max: Option<i32>,
    /// Slots that are held there.
    pub held: i64,
    /// Who holds some of them.
    pub held_by: Vec<Uuid>,
    /// Those before it in line, at most [`BEFORE_MAX`].
    pub before: i64,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What an execution of the workspace waits for at a gate; none if it does not.
///
/// # Errors
/// If the database does.
pub async fn wait(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<Wait>, StoreError> {
    let row = sqlx::query_as(
        "SELECT g.gate, g.created_at AS since, \
                coalesce((SELECT l.slots_max FROM limits l WHERE l.workspace_id = $1 \
                            AND l.name = substring(g.gate FROM '^(workspace|workflow:[^:]*|key:[^:]*)')), \
                         CASE WHEN g.gate LIKE 'key:%' THEN g.key_max END) AS slots_max, \
                (SELECT count(*) FROM slots s WHERE s.workspace_id = $1 AND s.gate = g.gate) AS held, \
                ARRAY(SELECT s.execution_id FROM slots s WHERE s.workspace_id = $1 AND s.gate = g.gate \
                       ORDER BY s.execution_id LIMIT $3) AS held_by, \
                (SELECT count(*) FROM (SELECT FROM gated b WHERE b.workspace_id = $1 AND b.gate = g.gate \
                    AND (b.vt, b.execution_id) < (g.vt, g.execution_id) LIMIT $4) AS b) AS before \
           FROM gated g WHERE g.execution_id = $2 AND g.workspace_id = $1",
    );
    let row = row.bind(workspace_id.0).bind(execution_id.0).bind(NAMED_MAX).bind(BEFORE_MAX);
    Ok(row.fetch_optional(connection).await?)
}
