//! Moves of workspaces on their way from `control` to cells, where they are told as events.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::cells::CellAddress;

/// A move that the cell of its workspace does not know yet.
#[derive(Clone, Debug, FromRow)]
pub struct UntoldMove {
    /// Which workspace.
    pub workspace_id: Uuid,
    /// Its cell.
    #[sqlx(flatten)]
    pub cell: CellAddress,
    /// Rises with each move of the workspace.
    pub revision: i64,
    /// Where it was.
    pub from_state: String,
    /// Where it went.
    pub to_state: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// A user; absent for the command line.
    pub changed_by: Option<Uuid>,
    /// Their address, or what else moved it.
    pub changed_by_name: String,
    /// Of the client.
    pub address: Option<String>,
    /// As the answer told it.
    pub request_id: String,
}

impl UntoldMove {
    /// The event that it is; none for the moves of a workspace that is not made yet.
    #[must_use]
    pub fn event_type(&self) -> Option<&'static str> {
        match (self.from_state.as_str(), self.to_state.as_str()) {
            ("provisioning", "active") => Some("tenant.activated"),
            ("suspended", "active") => Some("tenant.resumed"),
            (_, "suspended") => Some("tenant.suspended"),
            (_, "archived") => Some("tenant.archived"),
            _ => None,
        }
    }
}

/// Moves that cells do not know, of each workspace in their order: of one workspace if it is named, else of `most`, those first
/// that have waited longest since they moved or were tried in vain, but for those whose own cell is not made yet. For the access role.
///
/// # Errors
/// If the database does.
pub async fn untold_moves(
    control: &mut PgConnection,
    workspace_id: Option<WorkspaceId>,
    most: i64,
) -> Result<Vec<UntoldMove>, StoreError> {
    let rows = sqlx::query_as(
        "WITH w AS MATERIALIZED ( \
           SELECT x.workspace_id, x.cell_id, x.synced_revision, x.state_tried_at FROM workspaces x \
            WHERE x.synced_revision < x.state_revision \
              AND CASE WHEN $1::uuid IS NULL THEN x.placement = 'pooled' OR x.state NOT IN ('draft', 'provisioning') \
                       ELSE x.workspace_id = $1 END \
            ORDER BY x.state_tried_at LIMIT $2 \
         ) \
         SELECT t.workspace_id, c.cell_id, c.schema_name, c.database_name, c.server_id, t.revision, t.from_state, t.to_state, t.reason, t.changed_by, \
                t.changed_by_name, t.address, t.request_id \
           FROM w JOIN cells c ON c.cell_id = w.cell_id \
           JOIN tenant_transitions t ON t.workspace_id = w.workspace_id AND t.revision > w.synced_revision \
          ORDER BY w.state_tried_at, t.workspace_id, t.revision",
    );
    Ok(rows.bind(workspace_id.map(|id| id.0)).bind(most).fetch_all(control).await?)
}

/// Tells the cell; whether it was news there. For the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn tell_cell(cell: &mut PgConnection, untold: &UntoldMove) -> Result<bool, StoreError> {
    let payload = json!({
        "workspace_id": untold.workspace_id, "from": untold.from_state, "to": untold.to_state,
        "reason": untold.reason, "by": untold.changed_by_name,
    });
    let told = sqlx::query_scalar("SELECT set_standing_1($1, $2, $3, $4, $5)")
        .bind(untold.revision)
        .bind(&untold.to_state)
        .bind(&untold.reason)
        .bind(untold.event_type())
        .bind(payload)
        .fetch_one(cell)
        .await?;
    Ok(told)
}

/// Notes that the cell knows. For the access role.
///
/// # Errors
/// If the database does.
pub async fn mark_told(control: &mut PgConnection, untold: &UntoldMove) -> Result<(), StoreError> {
    sqlx::query("UPDATE workspaces SET synced_revision = greatest(synced_revision, $2) WHERE workspace_id = $1")
        .bind(untold.workspace_id)
        .bind(untold.revision)
        .execute(control)
        .await?;
    Ok(())
}

/// Notes that the cell could not be told, so that others come first. For the access role.
///
/// # Errors
/// If the database does.
pub async fn mark_untold(control: &mut PgConnection, workspace_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("UPDATE workspaces SET state_tried_at = clock_timestamp() WHERE workspace_id = $1")
        .bind(workspace_id)
        .execute(control)
        .await?;
    Ok(())
}
