//! Plans, and which one a workspace has. In `control`.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use thiserror::Error;

/// What may be used for what is paid.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Plan {
    /// Its id, such as `free`.
    pub plan: String,
    /// What people call it.
    pub name: String,
    /// Quota to units. What is not in it has no limit.
    pub limits: Value,
    /// How much more is served before anything is refused, in percent of a limit.
    pub buffer_percent: i32,
}

/// The plan of a workspace.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct WorkspacePlan {
    /// Its id.
    pub plan: String,
    /// Limits that hold: the plan's, with those of the workspace over them.
    pub limits: Value,
    /// Limits of the workspace instead of the plan's; null is none.
    pub overrides: Value,
    /// That of the plan, or the workspace's own.
    pub buffer_percent: i32,
    /// Rises with each change.
    pub revision: i64,
    /// The one that the cell goes by.
    pub synced_revision: i64,
}

/// What is to become of a workspace's plan.
#[derive(Clone, Debug, Default)]
pub struct PlanChange {
    /// Another plan.
    pub plan: Option<String>,
    /// All limits that differ from the plan's; none leaves them as they are.
    pub overrides: Option<Value>,
    /// Percent that are served beyond a limit.
    pub buffer_percent: Option<i32>,
}

/// The plan was not changed.
#[derive(Debug, Error)]
pub enum PlanError {
    /// No such plan.
    #[error("there is no plan {0:?}: see `capstan plan list`")]
    UnknownPlan(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for PlanError {
    fn from(error: sqlx::Error) -> Self {
        let is_unknown =
            error.as_database_error().and_then(|error| error.constraint()) == Some("workspace_plans_plan_fkey");
        if is_unknown { Self::UnknownPlan(String::new()) } else { Self::Store(error.into()) }
    }
}

/// All plans, the smallest first.
///
/// # Errors
/// If the database does.
pub async fn list_plans(control: &mut PgConnection) -> Result<Vec<Plan>, StoreError> {
    let rows = sqlx::query_as("SELECT plan, name, limits, buffer_percent FROM plans ORDER BY place, plan");
    Ok(rows.fetch_all(control).await?)
}

/// The plan of a workspace; none is unlimited. For its owner, or in a transaction of the workspace.
///
/// # Errors
/// If the database does.
pub async fn plan_of(
    control: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Option<WorkspacePlan>, StoreError> {
    let row = sqlx::query_as(
        "SELECT s.plan, jsonb_strip_nulls(p.limits || s.overrides) AS limits, s.overrides, \
         coalesce(s.buffer_percent, p.buffer_percent) AS buffer_percent, s.revision, s.synced_revision \
         FROM workspace_plans s JOIN plans p ON p.plan = s.plan WHERE s.workspace_id = $1",
    );
    Ok(row.bind(workspace_id.0).fetch_optional(control).await?)
}

/// Gives a new workspace its first plan, unless it has one.
///
/// # Errors
/// [`PlanError`].
pub async fn give_plan(control: &mut PgConnection, workspace_id: WorkspaceId, plan: &str) -> Result<(), PlanError> {
    let given = sqlx::query("SELECT give_plan_1($1, $2)").bind(workspace_id.0).bind(plan).execute(control).await;
    given.map(|_| ()).map_err(|error| named(error.into(), plan))
}

/// Changes the plan of a workspace, or gives it one. For the owner of `control`; the cell learns of it by a sync.
///
/// # Errors
/// [`PlanError`].
pub async fn set_plan(
    control: &mut PgConnection,
    workspace_id: WorkspaceId,
    change: &PlanChange,
) -> Result<(), PlanError> {
    let set = sqlx::query(
        "INSERT INTO workspace_plans AS s (workspace_id, plan, overrides, buffer_percent) \
         VALUES ($1, coalesce($2, 'unlimited'), coalesce($3, '{}'::jsonb), $4) \
         ON CONFLICT (workspace_id) DO UPDATE SET plan = coalesce($2, s.plan), overrides = coalesce($3, s.overrides), \
         buffer_percent = coalesce($4, s.buffer_percent), revision = s.revision + 1, changed_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(change.plan.as_deref())
    .bind(change.overrides.as_ref())
    .bind(change.buffer_percent)
    .execute(control)
    .await;
    set.map(|_| ()).map_err(|error| named(error.into(), change.plan.as_deref().unwrap_or_default()))
}

/// Has all workspaces synced anew, after what plans contain was changed.
///
/// # Errors
/// If the database does.
pub async fn touch_all(control: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE workspace_plans SET revision = revision + 1").execute(control).await?;
    Ok(())
}

fn named(error: PlanError, plan: &str) -> PlanError {
    match error {
        PlanError::UnknownPlan(_) => PlanError::UnknownPlan(plan.into()),
        other => other,
    }
}
