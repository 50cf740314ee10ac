//! The states of leads, as the workspace has them.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::machine::{Machine, StateKind};

/// A pipeline, and how often it was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// States and ways.
    pub machine: Machine,
    /// 0 as it is shipped.
    pub revision: i32,
}

/// What became of a new pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum PutPipeline {
    /// It holds.
    Put(Pipeline),
    /// Leads are in this state, which it has not.
    InUse(String),
    /// It has another revision than who replaces it knows.
    Stale,
}

/// The states of leads where a workspace has not said its own.
#[must_use]
pub fn leads_machine() -> Machine {
    use StateKind::{Lost, Open, Won};
    let states = [
        ("new", "New", Open),
        ("qualified", "Qualified", Open),
        ("booked", "Booked", Open),
        ("proposal", "Proposal", Open),
        ("won", "Won", Won),
        ("delivered", "Delivered", Won),
        ("lost", "Lost", Lost),
        ("disqualified", "Disqualified", Lost),
    ];
    let ways: [(&str, &[&str]); 5] = [
        ("new", &["qualified", "booked", "disqualified"]),
        ("qualified", &["booked", "proposal", "lost", "disqualified"]),
        ("booked", &["qualified", "proposal", "won", "lost"]),
        ("proposal", &["booked", "won", "lost"]),
        ("won", &["delivered"]),
    ];
    Machine::drawn("new", &states, &ways)
}

/// The pipeline of a workspace.
///
/// # Errors
/// If the database does, or a stored one cannot be read.
pub async fn pipeline(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Pipeline, StoreError> {
    let found: Option<(Value, i32)> =
        sqlx::query_as("SELECT machine, revision FROM lead_pipelines WHERE workspace_id = $1")
            .bind(workspace_id.0)
            .fetch_optional(connection)
            .await?;
    let Some((machine, revision)) = found else { return Ok(Pipeline { machine: leads_machine(), revision: 0 }) };
    let machine = serde_json::from_value(machine)
        .map_err(|error| StoreError::Corrupt(format!("the pipeline of leads cannot be read: {error}")))?;
    Ok(Pipeline { machine, revision })
}

/// Replaces the pipeline of that revision by one that was checked, unless a state that it has not holds leads. A lead that
/// comes into such a state at the same time is shown in it, and may leave it for any other. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn put_pipeline(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    expected: i32,
    machine: Machine,
) -> Result<PutPipeline, StoreError> {
    let old = pipeline(&mut *connection, workspace_id).await?;
    if old.revision != expected {
        return Ok(PutPipeline::Stale);
    }
    for state in old.machine.states.iter().filter(|state| machine.state(&state.name).is_none()) {
        let is_used: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM leads WHERE workspace_id = $1 AND status = $2 AND deleted_at IS NULL)",
        )
        .bind(workspace_id.0)
        .bind(&state.name)
        .fetch_one(&mut *connection)
        .await?;
        if is_used {
            return Ok(PutPipeline::InUse(state.name.clone()));
        }
    }
    // Who comes at the same time waits here, and finds another revision.
    let revision: Option<i32> = sqlx::query_scalar(
        "INSERT INTO lead_pipelines AS p (workspace_id, machine, revision) VALUES ($1, $2, 1) \
         ON CONFLICT (workspace_id) DO UPDATE \
           SET machine = excluded.machine, revision = p.revision + 1, updated_at = clock_timestamp() WHERE p.revision = $3 \
         RETURNING revision",
    )
    .bind(workspace_id.0)
    .bind(json!(machine))
    .bind(expected)
    .fetch_optional(connection)
    .await?;
    Ok(revision.map_or(PutPipeline::Stale, |revision| PutPipeline::Put(Pipeline { machine, revision })))
}
