//! The journal of an execution with bounded memory, and its fold: without outputs, or with those that are small enough
//! to show.

use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::state::State;
use capstan_engine::store::codec::JournalRow;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions::ExecutionRow;
use serde_json::Value;
use sqlx::PgConnection;

/// Largest output of a step that is shown, in bytes of its JSON text.
pub const OUTPUT_SHOWN_BYTES_MAX: i64 = 64 * 1024;
/// Most bytes of outputs of one execution that are shown together; the earliest steps come first.
pub const OUTPUTS_SHOWN_BYTES_MAX: i64 = 4 * 1024 * 1024;

/// The columns of [`JournalRow`] of `journal j`; outputs and payloads stay in the database, as folding needs none.
pub(crate) const OUTLINE: &str = "j.execution_id, j.position, j.kind, j.node_id, j.scope, j.status, j.port, \
    j.attempts, NULL::jsonb AS output, j.detail, j.recorded_at";

/// Journal entries of one read.
const ENTRIES_PER_READ: i64 = 1_000;

/// The journal of an execution after position `after`, to its end, with positions, and with null for outputs and
/// payloads.
///
/// # Errors
/// If the database does, or a row cannot be read.
pub async fn outline(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    after: i32,
) -> Result<Vec<(i32, Entry)>, StoreError> {
    let mut entries: Vec<(i32, Entry)> = Vec::new();
    loop {
        let from = entries.last().map_or(after, |&(position, _)| position);
        let more = piece(connection, workspace_id, execution_id, from, ENTRIES_PER_READ).await?;
        let is_last = i64::try_from(more.len()).is_ok_and(|count| count < ENTRIES_PER_READ);
        entries.extend(more);
        if is_last {
            return Ok(entries);
        }
    }
}

async fn piece(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    after: i32,
    limit: i64,
) -> Result<Vec<(i32, Entry)>, StoreError> {
    let rows: Vec<JournalRow> = sqlx::query_as(&format!(
        "SELECT {OUTLINE} FROM journal j WHERE j.execution_id = $1 AND j.workspace_id = $2 AND j.position > $3 \
         ORDER BY j.position LIMIT $4"
    ))
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.position, row.decode()?))).collect()
}

/// The state of an execution at the end of `entries`.
///
/// # Errors
/// [`StoreError::Corrupt`] if the journal does not fit the graph.
pub fn state<'a>(
    row: &ExecutionRow,
    graph: &Graph,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<State, StoreError> {
    let trigger = StepKey::root(NodeId::from(row.trigger_node_id.as_str()));
    fold(graph, &trigger, row.input.clone(), row.begun_at, entries)
        .map_err(|illegal| StoreError::Corrupt(format!("execution {} cannot be folded: {illegal}", row.execution_id)))
}

/// The outputs of settled steps by journal position; none where one is larger than [`OUTPUT_SHOWN_BYTES_MAX`], or
/// comes after [`OUTPUTS_SHOWN_BYTES_MAX`]. Those do not leave the database.
///
/// # Errors
/// If the database does.
pub async fn shown_outputs(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Vec<(i32, Option<Value>)>, StoreError> {
    // The stored size, compressed as it may be, costs nothing to read: what exceeds the bound is never unpacked.
    let rows = sqlx::query_as(
        "SELECT s.position, CASE WHEN s.bytes <= $3 AND s.bytes_so_far <= $4 THEN s.output END FROM ( \
         SELECT j.position, j.output, j.bytes, \
         sum(j.bytes) FILTER (WHERE j.bytes <= $3) OVER (ORDER BY j.position) AS bytes_so_far FROM ( \
         SELECT position, output, \
         CASE WHEN pg_column_size(output) > $3 THEN $3 + 1 ELSE octet_length(output::text) END AS bytes \
         FROM journal WHERE execution_id = $1 AND workspace_id = $2 AND kind = 'settled' AND output IS NOT NULL \
         ) AS j) AS s ORDER BY s.position",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(OUTPUT_SHOWN_BYTES_MAX)
    .bind(OUTPUTS_SHOWN_BYTES_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The newest position of a journal; 0 if it has none.
///
/// # Errors
/// If the database does.
pub async fn newest(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<i32, StoreError> {
    let newest: Option<i32> = sqlx::query_scalar(
        "SELECT position FROM journal WHERE execution_id = $1 AND workspace_id = $2 ORDER BY position DESC LIMIT 1",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(newest.unwrap_or_default())
}

/// What the first completed step of any of these nodes gave back, by journal position; a null, which is what a
/// tolerated failure leaves, does not count. Looks at the entries of one execution up to that one.
///
/// # Errors
/// If the database does.
pub async fn first_output(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    nodes: &[NodeId],
) -> Result<Option<Value>, StoreError> {
    let output = sqlx::query_scalar(
        "SELECT output FROM journal WHERE execution_id = $1 AND workspace_id = $2 AND kind = 'settled' \
         AND status = 'completed' AND node_id = ANY ($3) AND jsonb_typeof(output) <> 'null' ORDER BY position LIMIT 1",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(nodes.iter().map(NodeId::as_str).collect::<Vec<_>>())
    .fetch_optional(connection)
    .await?;
    Ok(output)
}
