//! Triggers in step with what is published.

use std::collections::HashMap;

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use super::TRIGGERS_MAX;

/// A trigger of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct NewExecutionTrigger {
    /// Its node.
    pub node_id: String,
    /// Ids or names of the workflows whose ends count; those of all others if absent.
    pub workflows: Option<Vec<String>>,
    /// Which of [`super::OUTCOMES`] count.
    pub outcomes: Vec<&'static str>,
    /// Whether ends of executions count that another workflow has called.
    pub called: bool,
    /// A condition over `event` that has to hold.
    pub condition: Option<String>,
    /// How long a refused start is tried again.
    pub start_within_ms: u64,
}

/// Why triggers cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// Of a workspace.
    #[error("more than {TRIGGERS_MAX} triggers of the workspace would wait for ends of executions")]
    TooMany,
    /// No workflow has that id or name.
    #[error(
        "trigger \"{node_id}\" waits for executions of the workflow \"{workflow}\", which this workspace does not have"
    )]
    Unknown {
        /// The trigger.
        node_id: String,
        /// What it says.
        workflow: String,
    },
    /// It names its own workflow.
    #[error("trigger \"{node_id}\" waits for executions of its own workflow, which would start itself for ever")]
    Itself {
        /// The trigger.
        node_id: String,
    },
}

/// What is wrong with the workflows that triggers name, the first of each trigger; `own` is the workflow that they are of, if it
/// is there already.
///
/// # Errors
/// If the database does.
pub async fn flaws(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    own: Option<WorkflowId>,
    triggers: &[NewExecutionTrigger],
) -> Result<Vec<Flaw>, StoreError> {
    let found = found(connection, workspace_id, triggers).await?;
    Ok(triggers.iter().filter_map(|trigger| sources(trigger, own, &found).err()).collect())
}

/// The workflows of the ids or names that triggers say: of several of one name the newest.
async fn found(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    triggers: &[NewExecutionTrigger],
) -> Result<HashMap<String, WorkflowId>, StoreError> {
    let mut said: Vec<&str> = triggers.iter().flat_map(named).collect();
    said.sort_unstable();
    said.dedup();
    if said.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Uuid)> = sqlx::query_as(
        "SELECT n.said, f.workflow_id FROM unnest($2::text[], $3::uuid[]) AS n (said, id) CROSS JOIN LATERAL ( \
           SELECT w.workflow_id FROM workflows w WHERE w.workspace_id = $1 AND w.deleted_at IS NULL \
              AND (w.workflow_id = n.id OR n.id IS NULL AND w.name = n.said) ORDER BY w.workflow_id DESC LIMIT 1) AS f",
    )
    .bind(workspace_id.0)
    .bind(&said)
    .bind(said.iter().map(|said| Uuid::parse_str(said).ok()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(said, id)| (said, WorkflowId(id))).collect())
}

impl Flaw {
    /// Where it is to be corrected, if that is at one trigger.
    #[must_use]
    pub fn node_id(&self) -> Option<&str> {
        match self {
            Self::TooMany => None,
            Self::Unknown { node_id, .. } | Self::Itself { node_id } => Some(node_id),
        }
    }
}

/// Makes the triggers of a workflow those of its new version, in the transaction that publishes it; roll back on a flaw. Ends
/// count from then on; those that a trigger counted before go on counting.
///
/// # Errors
/// If the database does.
pub async fn sync(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    triggers: &[NewExecutionTrigger],
) -> Result<Result<(), Flaw>, StoreError> {
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
    let found = found(connection, workspace_id, triggers).await?;
    for trigger in triggers {
        let sources = match sources(trigger, Some(workflow_id), &found) {
            Ok(sources) => sources,
            Err(flaw) => return Ok(Err(flaw)),
        };
        write(connection, (workspace_id, workflow_id, version_id), trigger, sources.as_deref()).await?;
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM execution_triggers WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(if count > TRIGGERS_MAX { Err(Flaw::TooMany) } else { Ok(()) })
}

fn named(trigger: &NewExecutionTrigger) -> impl Iterator<Item = &str> {
    trigger.workflows.iter().flatten().map(String::as_str)
}

/// The workflows whose ends count; none for those of all others.
fn sources(
    trigger: &NewExecutionTrigger,
    own: Option<WorkflowId>,
    found: &HashMap<String, WorkflowId>,
) -> Result<Option<Vec<Uuid>>, Flaw> {
    if trigger.workflows.is_none() {
        return Ok(None);
    }
    let node_id = || trigger.node_id.clone();
    let source = |said: &str| match found.get(said) {
        None => Err(Flaw::Unknown { node_id: node_id(), workflow: said.to_owned() }),
        Some(id) if Some(*id) == own => Err(Flaw::Itself { node_id: node_id() }),
        Some(id) => Ok(id.0),
    };
    named(trigger).map(source).collect::<Result<_, _>>().map(Some)
}

async fn write(
    connection: &mut PgConnection,
    (workspace_id, workflow_id, version_id): (WorkspaceId, WorkflowId, VersionId),
    trigger: &NewExecutionTrigger,
    sources: Option<&[Uuid]>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO execution_triggers AS t (workspace_id, workflow_id, node_id, version_id, sources, outcomes, called, condition, \
           start_within_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (workspace_id, workflow_id, node_id) DO UPDATE \
         SET version_id = excluded.version_id, sources = excluded.sources, outcomes = excluded.outcomes, \
             called = excluded.called, condition = excluded.condition, start_within_ms = excluded.start_within_ms, \
             since_at = CASE WHEN (t.sources, t.outcomes, t.called) IS NOT DISTINCT FROM \
               (excluded.sources, excluded.outcomes, excluded.called) THEN t.since_at ELSE excluded.since_at END",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(&trigger.node_id)
    .bind(version_id.0)
    .bind(sources)
    .bind(&trigger.outcomes)
    .bind(trigger.called)
    .bind(&trigger.condition)
    .bind(i64::try_from(trigger.start_within_ms).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(workflows: Option<&[&str]>) -> NewExecutionTrigger {
        NewExecutionTrigger {
            node_id: "ended".into(),
            workflows: workflows.map(|said| said.iter().map(ToString::to_string).collect()),
            outcomes: vec!["failed"],
            called: false,
            condition: None,
            start_within_ms: 1,
        }
    }

    #[test]
    fn a_trigger_names_workflows_that_are_there_and_not_its_own() {
        let (own, other) = (WorkflowId::new(), WorkflowId::new());
        let found = HashMap::from([("me".to_owned(), own), ("billing".to_owned(), other)]);
        assert_eq!(sources(&trigger(None), Some(own), &found), Ok(None));
        assert_eq!(sources(&trigger(Some(&["billing"])), Some(own), &found), Ok(Some(vec![other.0])));
        assert_eq!(
            sources(&trigger(Some(&["billing", "me"])), Some(own), &found),
            Err(Flaw::Itself { node_id: "ended".into() })
        );
        let unknown = Flaw::Unknown { node_id: "ended".into(), workflow: "gone".into() };
        assert_eq!(sources(&trigger(Some(&["gone"])), Some(own), &found), Err(unknown));
    }
}
