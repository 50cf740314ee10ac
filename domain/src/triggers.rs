//! Triggers that start executions by themselves, in step with what is published.

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use thiserror::Error;

use crate::event_triggers::{self, NewEventTrigger, TRIGGERS_OF_TYPE_MAX};
use crate::execution_triggers::{self, NewExecutionTrigger};
use crate::schedules::{self, NewSchedule, SCHEDULES_MAX};
use crate::trigger_starts;

/// The triggers of a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    /// All of them, by id.
    pub nodes: Vec<String>,
    /// Those that fire at times.
    pub schedules: Vec<NewSchedule>,
    /// Those that wait for events.
    pub events: Vec<NewEventTrigger>,
    /// Those that wait for ends of other workflows' executions.
    pub executions: Vec<NewExecutionTrigger>,
}

/// Why a version cannot be published; roll back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotKept {
    /// Of schedules.
    #[error("the workspace would have more than {SCHEDULES_MAX} schedules")]
    Schedules,
    /// Of triggers of one type of event.
    #[error("more than {TRIGGERS_OF_TYPE_MAX} triggers of the workspace would wait for events of type \"{0}\"")]
    EventTriggers(String),
    /// Of triggers that wait for ends.
    #[error(transparent)]
    Executions(#[from] execution_triggers::Flaw),
}

/// Has a workflow's triggers be those of the version that is published, in the same transaction.
///
/// # Errors
/// If the database does.
pub async fn keep_in_step(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    triggers: &Triggers,
) -> Result<Result<(), NotKept>, StoreError> {
    let is_good = schedules::sync(connection, workspace_id, workflow_id, version_id, &triggers.schedules).await?;
    if !is_good {
        return Ok(Err(NotKept::Schedules));
    }
    let crowded = event_triggers::sync(connection, workspace_id, workflow_id, version_id, &triggers.events).await?;
    if let Some(type_name) = crowded {
        return Ok(Err(NotKept::EventTriggers(type_name)));
    }
    let kept =
        execution_triggers::sync(connection, workspace_id, workflow_id, version_id, &triggers.executions).await?;
    if let Err(flaw) = kept {
        return Ok(Err(flaw.into()));
    }
    let nodes: Vec<&str> = triggers.nodes.iter().map(String::as_str).collect();
    // After the triggers themselves: a worker may have made one more start until they were locked.
    trigger_starts::sync(connection, workspace_id, workflow_id, version_id, &nodes).await?;
    Ok(Ok(()))
}
