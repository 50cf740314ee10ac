//! What facts of the outbox that are of steps say: they name a journal row, which says the rest.

use std::collections::HashMap;

use capstan_engine::core::trace::Trace;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Most bytes of the details of a row of which the error is told.
const DETAIL_BYTES_MAX: i32 = 64 * 1024;

/// A step of an execution, at one entry of its journal.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct StepTold {
    execution_id: Uuid,
    position: i32,
    node_id: Option<String>,
    scope: String,
    /// `waiting`, or how it has settled.
    status: String,
    port: Option<String>,
    attempts: Option<i32>,
    error: Option<Value>,
    waits_for: Option<String>,
    until: Option<String>,
    at: DateTime<Utc>,
    pub(crate) workflow_id: Uuid,
    workflow_name: Option<String>,
    version_id: Uuid,
    /// Whether it is a trial of a draft.
    pub(crate) trial: bool,
    trace: Option<String>,
}

/// Which row of which journal a fact of the outbox is of; none if it is of no step.
pub(crate) fn place(type_name: &str, execution_id: Uuid, payload: &Value) -> Option<(Uuid, i32)> {
    let position = payload.get("position").and_then(Value::as_i64).filter(|_| type_name.starts_with("step."))?;
    Some((execution_id, i32::try_from(position).ok()?))
}

/// Those of these rows that are kept. By keys.
pub(crate) async fn read(
    connection: &mut PgConnection,
    places: &[(Uuid, i32)],
) -> Result<HashMap<(Uuid, i32), StepTold>, StoreError> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let (ids, positions): (Vec<Uuid>, Vec<i32>) = places.iter().copied().unzip();
    let rows: Vec<StepTold> = sqlx::query_as(
        "SELECT f.execution_id, f.position, j.node_id, j.scope, coalesce(j.status, j.kind) AS status, j.port, j.attempts, \
           CASE WHEN pg_column_size(j.detail) <= $5 THEN j.detail -> 'error' END AS error, \
           CASE WHEN j.kind <> 'waiting' THEN NULL WHEN j.detail ? 'child' THEN 'child' WHEN j.detail ? 'signal' THEN 'signal' \
             ELSE 'time' END AS waits_for, \
           CASE WHEN j.kind = 'waiting' THEN j.detail ->> 'time' END AS until, j.recorded_at AS at, \
           e.workflow_id, w.name AS workflow_name, e.version_id, \
           EXISTS (SELECT FROM trial_versions v WHERE v.workspace_id = e.workspace_id AND v.version_id = e.version_id) AS trial, \
           e.trace \
         FROM unnest($1::uuid[], $2::int[]) AS f (execution_id, position) \
         CROSS JOIN LATERAL (SELECT x.kind, x.node_id, x.scope, x.status, x.port, x.attempts, x.detail, x.recorded_at \
           FROM journal x WHERE x.execution_id = f.execution_id AND x.position = f.position \
             AND x.execution_id BETWEEN $3 AND $4 LIMIT 1) AS j \
         CROSS JOIN LATERAL (SELECT y.workspace_id, y.workflow_id, y.version_id, y.trace FROM executions y \
           WHERE y.execution_id = f.execution_id AND y.execution_id BETWEEN $3 AND $4 LIMIT 1) AS e \
         LEFT JOIN workflows w ON w.workspace_id = e.workspace_id AND w.workflow_id = e.workflow_id",
    )
    .bind(&ids)
    .bind(&positions)
    .bind(ids.iter().min())
    .bind(ids.iter().max())
    .bind(DETAIL_BYTES_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.execution_id, row.position), row)).collect())
}

impl StepTold {
    /// What its event belongs to, as rows have it.
    pub(crate) fn trace(&self) -> String {
        self.trace.clone().unwrap_or_else(|| Trace::of(self.execution_id).to_string())
    }

    /// The data of `step.*`. Outputs are not told: they may be large, and are had from the execution.
    pub(crate) fn data(&self) -> Value {
        json!({
            "execution_id": self.execution_id,
            "workflow_id": self.workflow_id,
            "workflow_name": self.workflow_name,
            "version_id": self.version_id,
            "trial": self.trial,
            "node_id": self.node_id,
            "scope": self.scope,
            "position": self.position,
            "status": self.status,
            "port": self.port,
            "attempts": self.attempts,
            "error": self.error,
            "waits_for": self.waits_for,
            "until": self.until,
            "at": self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        })
    }
}

/// The data of a step whose rows are no longer kept.
pub(crate) fn bare(execution_id: Uuid, payload: &Value) -> Value {
    json!({ "execution_id": execution_id, "position": payload.get("position") })
}
