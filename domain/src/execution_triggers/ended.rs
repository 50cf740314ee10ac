//! What is known of an execution that has ended, as those that its end starts are given it.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::OUTPUT_BYTES_MAX;

/// An execution that has ended.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Ended {
    pub(super) execution_id: Uuid,
    workflow_id: Uuid,
    workflow_name: Option<String>,
    version_id: Uuid,
    trigger_node_id: String,
    error: Option<Value>,
    output: Option<Value>,
    /// Whether it has an output that is longer than [`OUTPUT_BYTES_MAX`].
    output_left_out: bool,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// How deep what its end starts is: one deeper than itself.
    pub(super) depth: i32,
}

impl Ended {
    /// As workflows see it.
    pub(super) fn shown(&self, outcome: &str) -> Value {
        json!({
            "execution_id": self.execution_id,
            "workflow_id": self.workflow_id,
            "workflow_name": self.workflow_name,
            "version_id": self.version_id,
            "trigger_node_id": self.trigger_node_id,
            "outcome": outcome,
            "output": self.output,
            "output_left_out": self.output_left_out,
            "error": self.error,
            "created_at": time(self.created_at),
            "ended_at": self.ended_at.map(time),
        })
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Those of these ids that are kept, with how deep they are: by the events that they took, their callers, and what started
/// them. The last stays known when their waits are gone, so a circle is as deep as it is long. By keys, and `trigger_starts_deep`.
pub(super) async fn ended(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Ended>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as(
        "SELECT e.execution_id, e.workflow_id, w.name AS workflow_name, e.version_id, e.trigger_node_id, e.error, s.output, \
           e.output IS NOT NULL AND s.output IS NULL AS output_left_out, e.created_at, e.ended_at, \
           greatest(1, event_depth_1(e.workspace_id, e.execution_id), 1 + ( \
             SELECT max(t.depth) FROM trigger_starts t \
              WHERE t.workspace_id = e.workspace_id AND t.execution_id = e.execution_id AND t.depth > 0)) AS depth \
         FROM executions e \
         LEFT JOIN workflows w ON w.workspace_id = e.workspace_id AND w.workflow_id = e.workflow_id \
         CROSS JOIN LATERAL (SELECT CASE WHEN pg_column_size(e.output) <= $4 \
           THEN CASE WHEN octet_length(e.output::text) <= $4 THEN e.output END END AS output) AS s \
         WHERE e.execution_id = ANY ($1) AND e.execution_id BETWEEN $2 AND $3",
    )
    .bind(ids)
    .bind(ids.iter().min())
    .bind(ids.iter().max())
    .bind(i32::try_from(OUTPUT_BYTES_MAX).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
