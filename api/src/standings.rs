//! Brings moves of workspaces from `control` to cells, where workers hear of them and events tell of them. Every API process
//! does it: it is safe twice, and what one leaves undone another one does.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::Duration;

use capstan_domain::access::{self, UntoldMove};
use capstan_domain::audit::{self, Difference, NewAudit};
use capstan_engine::core::ids::WorkspaceId;
use serde_json::json;
use sqlx::PgConnection;
use tokio::time::sleep;
use uuid::Uuid;

use crate::Parts;
use crate::problem::Problem;

/// Time between two looks; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Workspaces of one look.
const BITE: i64 = 100;

/// Looks each minute, as long as the API exists.
pub(crate) async fn sync(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        if let Err(problem) = round(&api, None).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "nobody knows which moves of workspaces cells do not know; it will be tried again");
        }
    }
}

/// Brings those of a workspace that has just moved. If that fails, a look does it.
pub(crate) async fn bring(api: &Parts, workspace_id: WorkspaceId) {
    if let Err(problem) = round(api, Some(workspace_id)).await {
        let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
        tracing::warn!(cause, %workspace_id, "a move of a workspace was not brought to its cell yet");
    }
}

/// The same, for what goes on only when the cell knows. It asks over the caller's connection: who holds one of the few and waits
/// for another one stands in the way of all who log in.
pub(crate) async fn bring_all(
    api: &Parts,
    control: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<(), Problem> {
    let untold = access::untold_moves(control, Some(workspace_id), BITE).await?;
    for one in &untold {
        tell(api, one).await?;
        access::mark_told(control, one).await?;
    }
    Ok(())
}

/// One workspace that fails stops no other one, and is behind them next time. Of each the moves come in their order.
async fn round(api: &Parts, workspace_id: Option<WorkspaceId>) -> Result<(), Problem> {
    let untold = access::untold_moves(&mut *api.people.pool.begin().await?, workspace_id, BITE).await?;
    let mut failed = HashSet::new();
    for one in &untold {
        if failed.contains(&one.workspace_id) {
            continue;
        }
        if let Err(problem) = bring_one(api, one).await {
            let (cause, workspace) = (problem.internal.as_deref().unwrap_or(&problem.detail), one.workspace_id);
            tracing::warn!(cause, %workspace, "a move was not brought to its cell; it will be tried again");
            let mut control = api.people.pool.begin().await?;
            access::mark_untold(&mut control, one.workspace_id).await?;
            control.commit().await?;
            failed.insert(one.workspace_id);
        }
    }
    Ok(())
}

async fn bring_one(api: &Parts, one: &UntoldMove) -> Result<(), Problem> {
    tell(api, one).await?;
    let mut control = api.people.pool.begin().await?;
    access::mark_told(&mut control, one).await?;
    Ok(control.commit().await?)
}

/// The cell's side is one transaction: what holds there, the event, and the line in the audit log of the workspace.
async fn tell(api: &Parts, one: &UntoldMove) -> Result<(), Problem> {
    let workspace_id = WorkspaceId(one.workspace_id);
    let cell = api.cells.get(&one.cell).await?;
    let mut transaction = cell.write(workspace_id).await?;
    if access::tell_cell(&mut transaction, one).await?
        && let Some(by_id) = one.changed_by
    {
        let moved = Difference::between(&json!({ "state": one.from_state }), &json!({ "state": one.to_state }));
        let new = NewAudit {
            by_kind: "user",
            by_id,
            by_name: &one.changed_by_name,
            action: &format!("tenant {} → {}", one.from_state, one.to_state),
            subject: one.reason.as_deref().unwrap_or_default(),
            status: 200,
            address: one.address.as_deref(),
            request_id: &one.request_id,
            changes: Some(moved.into_json()),
        };
        audit::record(&mut transaction, workspace_id, Uuid::now_v7(), &new).await?;
    }
    Ok(transaction.commit().await?)
}
