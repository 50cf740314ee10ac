//! Which executions are ending, as far as rows tell without a fold.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::signals::CANCEL;
use crate::core::clean_up::{Ending, Fate};
use crate::core::ids::{ExecutionId, WorkspaceId};

/// How far back a journal is looked at for what began its end: clean-up is short. Of longer ones only a fold tells, as that of
/// one execution that is asked for.
pub const ENTRIES_LOOKED_AT_MAX: i64 = 100;

#[derive(FromRow)]
struct CancelRow {
    execution_id: Uuid,
    reason: Option<String>,
    forced: bool,
    since: DateTime<Utc>,
}

/// Those of some executions that have not ended which are being cancelled: a cancel waits for a worker, or is among the newest
/// [`ENTRIES_LOOKED_AT_MAX`] entries of the journal. Of several the first is told, and whether one of them is forced.
///
/// # Errors
/// If the database does.
pub async fn being_cancelled(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    executions: &[Uuid],
) -> Result<Vec<(Uuid, Ending)>, StoreError> {
    if executions.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<CancelRow> = sqlx::query_as(
        "SELECT i.id AS execution_id, (array_agg(c.reason ORDER BY c.at))[1] AS reason, \
           coalesce(bool_or(c.forced), false) AS forced, min(c.at) AS since \
         FROM unnest($2::uuid[]) AS i (id) CROSS JOIN LATERAL ( \
           SELECT s.payload ->> 'reason' AS reason, s.payload -> 'force' = 'true' AS forced, s.created_at AS at \
             FROM signals s WHERE s.execution_id = i.id AND s.workspace_id = $1 AND s.name = $3 \
           UNION ALL \
           SELECT n.detail ->> 'reason', n.detail -> 'forced' = 'true', n.recorded_at \
             FROM (SELECT j.kind, j.detail, j.recorded_at FROM journal j \
                    WHERE j.execution_id = i.id AND j.workspace_id = $1 ORDER BY j.position DESC LIMIT $4) AS n \
            WHERE n.kind = 'cancelled') AS c \
         GROUP BY i.id",
    )
    .bind(workspace_id.0)
    .bind(executions)
    .bind(CANCEL)
    .bind(ENTRIES_LOOKED_AT_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.execution_id, row.into())).collect())
}

impl From<CancelRow> for Ending {
    fn from(CancelRow { reason, forced, since, .. }: CancelRow) -> Self {
        let reason = reason.unwrap_or_default();
        Self { outcome: Fate::Cancelled, stage: None, since, reason, class: None, step: None, forced }
    }
}

/// Whether an execution may be ending: a cancel waits for a worker, or the newest entries of its journal tell of a cancel, a
/// failure, what a person said, or that its time is over. If not, it is not, unless its clean-up has become longer than that; else
/// a fold tells.
///
/// # Errors
/// If the database does.
pub async fn may_be_ending(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<bool, StoreError> {
    let may_be = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM signals s WHERE s.execution_id = $1 AND s.workspace_id = $2 AND s.name = $3) \
           OR EXISTS (SELECT FROM (SELECT j.kind, j.status FROM journal j \
                WHERE j.execution_id = $1 AND j.workspace_id = $2 ORDER BY j.position DESC LIMIT $4) AS n \
              WHERE n.kind IN ('cancelled', 'timed_out', 'resolved') OR n.status IN ('failed', 'outcome_unknown'))",
    );
    let may_be = may_be.bind(execution_id.0).bind(workspace_id.0).bind(CANCEL).bind(ENTRIES_LOOKED_AT_MAX);
    Ok(may_be.fetch_one(connection).await?)
}
