//! What past executions recorded, with all that their steps gave back, within bounds: so that others can be simulated
//! over it.

use capstan_engine::core::chunk::CHUNK_SUFFIX;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkflowId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::restart::Past;
use capstan_engine::core::simulate::{Recording, Runner, recorded};
use capstan_engine::core::state::State;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions::{ExecutionRow, journal};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::history;

/// Most journal entries of an execution that is read whole.
pub const ENTRIES_MAX: i64 = 20_000;
/// Most bytes of its outputs, items and payloads, as JSON.
pub const BYTES_MAX: i64 = 16 << 20;
/// Most executions, the newest of a workspace, that are looked through for those of a workflow that have ended.
const LOOKED_THROUGH_MAX: i64 = 10_000;
/// Journal entries of one read.
const ENTRIES_PER_READ: i64 = 1_000;

/// The last executions of a workflow that have ended, newest first, at most `limit`; no trials, and no chunks of others.
///
/// # Errors
/// If the database does.
pub async fn ended(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    limit: i64,
) -> Result<Vec<ExecutionId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT newest.execution_id FROM ( \
         SELECT execution_id, workflow_id, version_id, ended_at FROM executions \
          WHERE workspace_id = $1 AND workspace_id >= $1 AND workspace_id <= $1 \
         ORDER BY execution_id DESC LIMIT $4) AS newest \
         WHERE workflow_id = $2 AND ended_at IS NOT NULL AND NOT EXISTS ( \
           SELECT FROM trial_versions t WHERE t.workspace_id = $1 AND t.version_id = newest.version_id) \
           AND NOT EXISTS ( \
           SELECT FROM children c WHERE c.child_id = newest.execution_id AND c.node_id LIKE '%' || $5) \
         ORDER BY execution_id DESC LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(limit)
    .bind(LOOKED_THROUGH_MAX)
    .bind(CHUNK_SUFFIX)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// How much an execution has recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Size {
    /// Journal entries.
    pub entries: i64,
    /// Bytes of outputs, items and payloads; as they are stored, if already that is more than [`BYTES_MAX`].
    pub bytes: i64,
}

impl Size {
    /// Whether it is read whole.
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.entries <= ENTRIES_MAX && self.bytes <= BYTES_MAX
    }
}

/// How much an execution has recorded; nothing of it leaves the database.
///
/// # Errors
/// If the database does.
pub async fn size(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Size, StoreError> {
    // The stored size costs nothing to read: what exceeds the bound already so is never unpacked.
    let size = sqlx::query_as(
        "SELECT s.entries, CASE WHEN s.entries > $4 OR s.stored > $3 THEN s.stored ELSE ( \
         SELECT coalesce(sum(octet_length(output::text)), 0) FROM journal \
         WHERE execution_id = $1 AND workspace_id = $2) END AS bytes \
         FROM (SELECT count(*) AS entries, coalesce(sum(pg_column_size(output)), 0) AS stored FROM journal \
         WHERE execution_id = $1 AND workspace_id = $2) AS s",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(BYTES_MAX)
    .bind(ENTRIES_MAX)
    .fetch_one(connection)
    .await?;
    Ok(size)
}

/// The whole journal of an execution whose [`Size`] is small, with positions.
///
/// # Errors
/// If the database does, or a row cannot be read.
pub async fn entries(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Vec<(i32, Entry)>, StoreError> {
    let mut entries: Vec<(i32, Entry)> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |&(position, _)| position);
        let more = journal(connection, workspace_id, execution_id, after, ENTRIES_PER_READ).await?;
        let is_last = i64::try_from(more.len()).is_ok_and(|count| count < ENTRIES_PER_READ);
        entries.extend(more);
        if is_last {
            return Ok(entries);
        }
    }
}

/// An execution as it is recorded, whole.
#[derive(Debug)]
pub struct Record<'a> {
    /// Its row.
    pub row: &'a ExecutionRow,
    /// The graph of its version.
    pub graph: &'a Graph,
    /// How it stood in the end.
    pub state: State,
    entries: Vec<Entry>,
}

impl<'a> Record<'a> {
    /// Of an execution on `graph`, with its whole journal.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the journal does not fit the graph.
    pub fn new(row: &'a ExecutionRow, graph: &'a Graph, entries: &[(i32, Entry)]) -> Result<Self, StoreError> {
        let entries: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
        let state = history::state(row, graph, &entries)?;
        Ok(Self { row, graph, state, entries })
    }

    /// What came from outside, as far as it fits `graph`.
    #[must_use]
    pub fn on(&self, graph: &Graph, runner: &dyn Runner) -> Recording {
        let trigger = StepKey::root(NodeId::from(self.row.trigger_node_id.as_str()));
        let (state, entries, input) = (&self.state, self.entries.as_slice(), &self.row.input);
        let past = Past { graph: self.graph, state, entries, trigger: &trigger, input };
        recorded(past, self.row.begun_at, graph, runner)
    }

    /// The longest time that it would have on `graph`: its own, if it was started with one.
    #[must_use]
    pub fn timeout_ms(&self, graph: &Graph) -> Option<u64> {
        let given = |deadline: DateTime<Utc>| u64::try_from((deadline - self.row.created_at).num_milliseconds()).ok();
        let own = self.row.deadline_at.and_then(given);
        if own == self.graph.timeout_ms { graph.timeout_ms } else { own }
    }
}
