//! Triggers that start an execution when one of another workflow has ended.
//!
//! Any worker reads ends from the outbox, behind a cursor that goes by the transactions that rows came with and stays below
//! the horizon under which nothing can be committed any more: no late commit is missed. The cursor moves in the transaction
//! that writes what is to be started, and there is one start for each trigger and execution.

mod handout;

pub use handout::{HandedOut, hand_out};

use std::collections::BTreeSet;

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

/// Most such triggers of a workspace.
pub const TRIGGERS_MAX: i64 = 200;

/// A trigger of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct NewExecutionTrigger {
    /// Its node.
    pub node_id: String,
    /// Whose executions count; those of all other workflows if absent.
    pub of_workflow: Option<WorkflowId>,
    /// `completed`, `failed` or `cancelled`; any of them if absent.
    pub status: Option<&'static str>,
    /// A condition over `event` that has to hold.
    pub condition: Option<String>,
    /// How long a refused start is tried again.
    pub start_within_ms: u64,
}

/// Why they cannot be those of a workflow; roll back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The workspace has too many.
    #[error("the workspace would have more than {TRIGGERS_MAX} triggers that start when another workflow has ended")]
    TooMany,
    /// It waits for itself.
    #[error("trigger \"{0}\" names its own workflow, whose executions never start it")]
    Own(String),
    /// There is no such workflow in the workspace.
    #[error("trigger \"{0}\" names workflow {1}, which this workspace does not have")]
    Unknown(String, WorkflowId),
}

/// Makes the triggers of a workflow those of its new version, in the transaction that publishes it.
///
/// # Errors
/// If the database does.
pub async fn sync(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    triggers: &[NewExecutionTrigger],
) -> Result<Result<(), Unfit>, StoreError> {
    let nodes: Vec<&str> = triggers.iter().map(|trigger| trigger.node_id.as_str()).collect();
    sqlx::query("DELETE FROM execution_triggers WHERE workspace_id = $1 AND workflow_id = $2 AND node_id <> ALL ($3)")
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .bind(&nodes)
        .execute(&mut *connection)
        .await?;
    if triggers.is_empty() {
        return Ok(Ok(()));
    }
    if let Some(own) = triggers.iter().find(|trigger| trigger.of_workflow == Some(workflow_id)) {
        return Ok(Err(Unfit::Own(own.node_id.clone())));
    }
    if let Some(unknown) = unknown(connection, workspace_id, triggers).await? {
        return Ok(Err(unknown));
    }
    let number = |trigger: &NewExecutionTrigger| i64::try_from(trigger.start_within_ms).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO execution_triggers AS t \
           (workspace_id, workflow_id, version_id, node_id, of_workflow_id, status, condition, start_within_ms) \
         SELECT $1, $2, $3, n.* FROM unnest($4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[]) AS n \
         ON CONFLICT (workspace_id, workflow_id, node_id) DO UPDATE \
         SET version_id = excluded.version_id, of_workflow_id = excluded.of_workflow_id, status = excluded.status, \
             condition = excluded.condition, start_within_ms = excluded.start_within_ms, \
             since = CASE WHEN t.of_workflow_id IS NOT DISTINCT FROM excluded.of_workflow_id THEN t.since \
                          ELSE excluded.since END, \
             since_at = CASE WHEN t.of_workflow_id IS NOT DISTINCT FROM excluded.of_workflow_id THEN t.since_at \
                             ELSE excluded.since_at END",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(version_id.0)
    .bind(&nodes)
    .bind(triggers.iter().map(|trigger| trigger.of_workflow.map(|id| id.0)).collect::<Vec<_>>())
    .bind(triggers.iter().map(|trigger| trigger.status).collect::<Vec<_>>())
    .bind(triggers.iter().map(|trigger| trigger.condition.as_deref()).collect::<Vec<_>>())
    .bind(triggers.iter().map(number).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM execution_triggers WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(if all > TRIGGERS_MAX { Err(Unfit::TooMany) } else { Ok(()) })
}

/// The first trigger whose workflow is not there.
async fn unknown(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    triggers: &[NewExecutionTrigger],
) -> Result<Option<Unfit>, StoreError> {
    let wanted: BTreeSet<Uuid> = triggers.iter().filter_map(|trigger| trigger.of_workflow).map(|id| id.0).collect();
    let found: Vec<Uuid> =
        sqlx::query_scalar("SELECT workflow_id FROM workflows WHERE workspace_id = $1 AND workflow_id = ANY ($2)")
            .bind(workspace_id.0)
            .bind(wanted.into_iter().collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    let missing = |trigger: &NewExecutionTrigger| {
        let id = trigger.of_workflow.filter(|id| !found.contains(&id.0))?;
        Some(Unfit::Unknown(trigger.node_id.clone(), id))
    };
    Ok(triggers.iter().find_map(missing))
}
