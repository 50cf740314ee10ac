//! One look at several workspaces of a cell: one statement.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::position::Position;

/// Most rows of the outbox, and of events, that a look reads, whoever they are of.
pub const FACTS_MAX: i32 = 5_000;
/// Most facts of one topic and workspace that a look tells one by one.
pub const EACH_MAX: i32 = 100;
/// Most executions, changes and open approvals of one workspace in a look.
pub const NEWEST_MAX: i32 = 50;
/// How long before a position changes may have begun whose records are written after it: twice as long as a request may take,
/// and some.
const CHANGES_LATE_S: f64 = 90.0;

/// One row of a look. What it holds depends on its topic; `cell/0083_changes.sql` tells which.
#[derive(Clone, Debug, Default, FromRow)]
pub struct ChangeRow {
    /// Absent where it is of no workspace.
    pub workspace_id: Option<Uuid>,
    /// `execution`, `lead`, `record`, `alert`: something was told of it; without an id, of too many of them. `newest`, `change`,
    /// `open`: how things stand.
    pub topic: String,
    /// Of the thing; of an alert its rule.
    pub id: Option<String>,
    /// Of executions.
    pub workflow_id: Option<Uuid>,
    /// Of executions.
    pub version_id: Option<Uuid>,
    /// Of an execution or record, or the subject of a change.
    pub status: Option<String>,
    /// What happened to it, or the action of a change.
    pub changed: Option<String>,
    /// Of executions.
    pub created_at: Option<DateTime<Utc>>,
    /// Of executions that have ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What a look found.
#[derive(Debug)]
pub struct Look {
    /// Where the next one goes on.
    pub position: Position,
    /// Whether more was told than a look reads: what is in it is not all.
    pub is_full: bool,
    /// Whether the position before is of another server: nothing is known of what happened since.
    pub is_foreign: bool,
    /// All else, of the workspaces that were asked for.
    pub rows: Vec<ChangeRow>,
}

/// What was told of `workspaces` since a position, if there is one, and how things stand in those of `turn`. In a transaction of
/// the API's role for no workspace.
///
/// # Errors
/// If the database does.
pub async fn look(
    connection: &mut PgConnection,
    workspaces: &[WorkspaceId],
    turn: &[WorkspaceId],
    since: Option<&Position>,
) -> Result<Look, StoreError> {
    let ids = |workspaces: &[WorkspaceId]| workspaces.iter().map(|id| id.0).collect::<Vec<Uuid>>();
    let rows: Vec<ChangeRow> = sqlx::query_as(
        "SELECT workspace_id, topic, id, workflow_id, version_id, status, changed, created_at, ended_at \
         FROM changes_1($1, $2, $3, coalesce($4, clock_timestamp()) - make_interval(secs => $5), $6, $7, $8)",
    )
    .bind(ids(workspaces))
    .bind(ids(turn))
    .bind(since.map(Position::snapshot))
    .bind(since.map(|since| since.at))
    .bind(CHANGES_LATE_S)
    .bind(FACTS_MAX)
    .bind(EACH_MAX)
    .bind(NEWEST_MAX)
    .fetch_all(connection)
    .await?;
    let (mut snapshot, mut is_full, mut is_foreign) = (None, false, false);
    let mut others = Vec::with_capacity(rows.len());
    for row in rows {
        match row.topic.as_str() {
            "position" => {
                is_foreign = row.status.is_some();
                snapshot = row.id.zip(row.created_at);
            }
            "full" => is_full = true,
            _ => others.push(row),
        }
    }
    let position = snapshot.and_then(|(snapshot, at)| Position::of_snapshot(&snapshot, at).ok());
    let position = position.ok_or_else(|| StoreError::Corrupt("a look has no position".into()))?;
    Ok(Look { position, is_full, is_foreign, rows: others })
}
