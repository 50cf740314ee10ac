//! Reads what executions hold that have ended, and writes their words.

use std::collections::HashMap;

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::text::Words;

/// Most words of an execution that are kept, and most of its log.
const WORDS_MAX: usize = 400;
const LOG_WORDS_MAX: usize = 400;
/// Characters of the JSON text of input, output and error that are read. One whose stored size is larger than that many bytes is not
/// read at all.
const TEXT_CHARS_MAX: i32 = 16 * 1024;
const STORED_BYTES_MAX: i32 = 256 * 1024;
/// Lines of a log that are read, and characters of each.
const LINES_MAX: i64 = 200;
const LINE_CHARS_MAX: i32 = 1_000;
/// Nodes of a version whose labels are read.
const LABELS_MAX: i64 = 200;

/// The lock of the cell under which words are written, until the transaction ends: an erasure and the duty take turns, so that none
/// writes words of what the other has changed meanwhile.
pub(super) const LOCK: &str = "hashtext(current_schema() || '#words'), 0";

#[derive(FromRow)]
struct Row {
    execution_id: Uuid,
    workspace_id: Uuid,
    version_id: Uuid,
    trigger_node_id: String,
    workflow_name: Option<String>,
    input: Option<String>,
    output: Option<String>,
    error: Option<String>,
    log: Option<String>,
}

/// Writes the words of an execution anew, after what it holds was changed in this transaction. For the workers' role.
pub(crate) async fn rewrite(connection: &mut PgConnection, execution_id: Uuid) -> Result<(), StoreError> {
    sqlx::query(&format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(&mut *connection).await?;
    write(connection, &[execution_id]).await?;
    Ok(())
}

/// Writes the words of those of these executions that have ended; how many that are. Under [`LOCK`].
pub(super) async fn write(connection: &mut PgConnection, execution_ids: &[Uuid]) -> Result<i32, StoreError> {
    if execution_ids.is_empty() {
        return Ok(0);
    }
    let rows = read(connection, execution_ids).await?;
    let labels = labels(connection, &rows).await?;
    let words: Vec<(String, String)> =
        rows.iter().map(|row| row.words(labels.get(&row.version_id).map(String::as_str))).collect();
    let written = sqlx::query_scalar("SELECT write_words_1($1, $2, $3, $4)")
        .bind(rows.iter().map(|row| row.execution_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.workspace_id).collect::<Vec<_>>())
        .bind(words.iter().map(|(words, _)| words.as_str()).collect::<Vec<_>>())
        .bind(words.iter().map(|(_, log)| log.as_str()).collect::<Vec<_>>());
    Ok(written.fetch_one(connection).await?)
}

/// By the keys of executions and of their logs.
async fn read(connection: &mut PgConnection, execution_ids: &[Uuid]) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT e.execution_id, e.workspace_id, e.version_id, e.trigger_node_id, w.name AS workflow_name, \
           CASE WHEN pg_column_size(e.input) <= $5 THEN left(e.input::text, $4) END AS input, \
           CASE WHEN pg_column_size(e.output) <= $5 THEN left(e.output::text, $4) END AS output, \
           CASE WHEN pg_column_size(e.error) <= $5 THEN left(e.error::text, $4) END AS error, \
           (SELECT string_agg(l.message, ' ') FROM (SELECT left(x.message, $7) AS message FROM execution_logs x \
              WHERE x.execution_id = e.execution_id AND x.workspace_id = e.workspace_id \
              ORDER BY x.log_id LIMIT $6) AS l) AS log \
         FROM executions e LEFT JOIN workflows w ON w.workspace_id = e.workspace_id AND w.workflow_id = e.workflow_id \
         WHERE e.execution_id = ANY ($1) AND e.execution_id BETWEEN $2 AND $3 AND e.ended_at IS NOT NULL",
    )
    .bind(execution_ids)
    .bind(execution_ids.iter().min())
    .bind(execution_ids.iter().max())
    .bind(TEXT_CHARS_MAX)
    .bind(STORED_BYTES_MAX)
    .bind(LINES_MAX)
    .bind(LINE_CHARS_MAX);
    Ok(rows.fetch_all(connection).await?)
}

/// What the nodes of these versions are called, by version.
async fn labels(connection: &mut PgConnection, rows: &[Row]) -> Result<HashMap<Uuid, String>, StoreError> {
    let mut versions: Vec<(Uuid, Uuid)> = rows.iter().map(|row| (row.workspace_id, row.version_id)).collect();
    versions.sort_unstable();
    versions.dedup();
    let found: Vec<(Uuid, Option<String>)> = sqlx::query_as(
        "SELECT v.version_id, (SELECT string_agg(l.label, ' ') FROM (SELECT n.label FROM workflow_nodes n \
            WHERE n.workspace_id = v.workspace_id AND n.version_id = v.version_id ORDER BY n.node_id LIMIT $3) AS l) \
         FROM unnest($1::uuid[], $2::uuid[]) AS v (workspace_id, version_id)",
    )
    .bind(versions.iter().map(|(workspace_id, _)| *workspace_id).collect::<Vec<_>>())
    .bind(versions.iter().map(|(_, version_id)| *version_id).collect::<Vec<_>>())
    .bind(LABELS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().filter_map(|(version_id, labels)| Some((version_id, labels?))).collect())
}

impl Row {
    /// The words of the execution and those of its log. What went wrong comes first, then what all of its workflow have.
    fn words(&self, labels: Option<&str>) -> (String, String) {
        let (mut words, mut log) = (Words::up_to(WORDS_MAX), Words::up_to(LOG_WORDS_MAX));
        words.add_json(self.error.as_deref().unwrap_or_default());
        words.add(self.workflow_name.as_deref().unwrap_or_default());
        words.add(&self.trigger_node_id);
        words.add(labels.unwrap_or_default());
        words.add_json(self.input.as_deref().unwrap_or_default());
        words.add_json(self.output.as_deref().unwrap_or_default());
        log.add(self.log.as_deref().unwrap_or_default());
        (words.joined(), log.joined())
    }
}
