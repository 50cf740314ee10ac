//! A change of a workspace's plan, with its record in the audit log.

use capstan_engine::core::ids::WorkspaceId;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::plans::{PlanChange, PlanError, WorkspacePlan, plan_of, set_plan};
use crate::audit::{Difference, NewAudit, hold, note};

/// [`set_plan`], and its record, which the next look at the log brings to the workspace's cell. In a transaction of `control`; `record`
/// says who does it, and what differs is added here.
///
/// # Errors
/// [`PlanError`].
pub async fn change_plan(
    control: &mut PgConnection,
    workspace_id: WorkspaceId,
    change: &PlanChange,
    record: NewAudit<'_>,
) -> Result<(), PlanError> {
    hold(control, workspace_id, "plan").await?;
    let before = plan_of(control, workspace_id).await?;
    set_plan(control, workspace_id, change).await?;
    let after = plan_of(control, workspace_id).await?;
    let difference = Difference::between(&shown(before), &shown(after));
    note(control, workspace_id, &NewAudit { changes: Some(difference.into_json()), ..record }).await?;
    Ok(())
}

fn shown(plan: Option<WorkspacePlan>) -> Value {
    json!(plan.map(|it| json!({ "plan": it.plan, "limits": it.limits, "buffer_percent": it.buffer_percent })))
}
