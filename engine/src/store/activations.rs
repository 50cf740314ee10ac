//! Who took an execution up, and when: an activation says so once, beside the first entry that it writes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};

use super::codec::Row;
use super::error::StoreError;
use crate::core::ids::{ExecutionId, WorkspaceId};

/// A worker that takes an execution up.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Taken<'a> {
    /// The worker's name.
    pub worker: &'a str,
    /// Its number in the cell.
    #[serde(rename = "no")]
    pub worker_no: i32,
    /// Database time of the claim.
    pub at: DateTime<Utc>,
}

impl Row {
    /// Has the row say who took the execution up, as `lease` among its details. No entry has a detail of that name, and
    /// whoever reads entries passes over it.
    pub fn say_taken(&mut self, taken: &Taken<'_>) {
        let said = serde_json::to_string(taken).unwrap_or_else(|_| "null".into());
        self.detail = match self.detail.as_deref().map(|detail| detail.strip_prefix('{')) {
            None | Some(Some("}")) => Some(format!("{{\"lease\":{said}}}")),
            Some(Some(others)) => Some(format!("{{\"lease\":{said},{others}")),
            // Details are objects.
            Some(None) => return,
        };
    }
}

/// A worker, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Maker {
    /// Its name.
    pub name: Option<String>,
    /// Its number in the cell; of one that was lost before it wrote anything it is not known.
    pub worker_no: Option<i32>,
}

/// A stretch of work on an execution by one worker, as far as it is known.
#[derive(Clone, Debug, FromRow)]
pub struct Activation {
    /// The number of its lease, which orders activations; 0 for what no worker wrote.
    pub lease_no: i64,
    /// Position of its first entry, if it has written any.
    pub first: Option<i32>,
    /// Who.
    #[sqlx(flatten)]
    pub by: Maker,
    /// When it was claimed; none where a release wrote that did not say so.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When its worker was lost, if it was within a week.
    pub lost_at: Option<DateTime<Utc>>,
    /// Whether it lasts.
    pub is_held: bool,
}

/// The activations of an execution that have written something, that were lost, or that last; in order of their claims,
/// those of unknown time first. Reads its journal, leases and losses by key.
///
/// # Errors
/// If the database does.
pub async fn of_execution(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Vec<Activation>, StoreError> {
    let rows = sqlx::query_as(
        "WITH wrote AS ( \
           SELECT j.lease_no, min(j.position) AS first, \
                  (array_agg(j.detail -> 'lease') FILTER (WHERE j.lease_no > 0 AND j.detail ? 'lease'))[1] AS taken \
             FROM journal j WHERE j.execution_id = $1 AND j.workspace_id = $2 GROUP BY j.lease_no \
         ), held AS ( \
           SELECT l.lease_no, l.worker_no, l.claimed_at, \
                  (SELECT w.name FROM workers w WHERE w.worker_no = l.worker_no) AS name \
             FROM leases l WHERE l.execution_id = $1 AND l.workspace_id = $2 \
         ), lost AS ( \
           SELECT o.lease_no, o.worker_name, o.claimed_at, o.lost_at \
             FROM losses o WHERE o.execution_id = $1 AND o.workspace_id = $2 \
         ) \
         SELECT lease_no, wrote.first, \
                coalesce(wrote.taken ->> 'worker', held.name, lost.worker_name) AS name, \
                coalesce((wrote.taken ->> 'no')::int, held.worker_no) AS worker_no, \
                coalesce((wrote.taken ->> 'at')::timestamptz, held.claimed_at, lost.claimed_at) AS claimed_at, \
                lost.lost_at, held.worker_no IS NOT NULL AS is_held \
           FROM wrote FULL JOIN held USING (lease_no) FULL JOIN lost USING (lease_no) \
          ORDER BY 5 NULLS FIRST, lease_no",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
