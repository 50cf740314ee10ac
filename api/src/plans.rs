//! Brings limits of plans from `control` to cells. Every API process does it: it is safe twice, and what one leaves undone
//! another one does.

use std::sync::Weak;
use std::time::Duration;

use capstan_domain::quotas::{self, Unsynced};
use capstan_engine::core::ids::WorkspaceId;
use tokio::time::sleep;

use crate::Parts;
use crate::problem::Problem;

/// Time between two looks; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Workspaces of one look.
const BITE: i32 = 100;

/// Looks each minute, as long as the API exists.
pub(crate) async fn sync(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        if let Err(problem) = round(&api, None).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "nobody knows which limits of plans cells do not have; it will be tried again");
        }
    }
}

/// Brings those of a workspace that is new, or has another plan, at once. If that fails, a look does it.
pub(crate) async fn bring(api: &Parts, workspace_id: WorkspaceId) {
    if let Err(problem) = round(api, Some(workspace_id)).await {
        let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
        tracing::warn!(cause, %workspace_id, "limits of a workspace were not brought to its cell yet");
    }
}

/// The same, for what goes on only when they are there.
pub(crate) async fn bring_all(api: &Parts, workspace_id: WorkspaceId) -> Result<(), Problem> {
    let unsynced = quotas::to_sync(&mut *api.directory.pool.begin().await?, Some(workspace_id), BITE).await?;
    for one in &unsynced {
        bring_one(api, one).await?;
    }
    Ok(())
}

/// One that fails stops no other one, and is behind them next time.
async fn round(api: &Parts, workspace_id: Option<WorkspaceId>) -> Result<(), Problem> {
    let unsynced = quotas::to_sync(&mut *api.directory.pool.begin().await?, workspace_id, BITE).await?;
    for one in unsynced {
        if let Err(problem) = bring_one(api, &one).await {
            let (cause, workspace) = (problem.internal.as_deref().unwrap_or(&problem.detail), one.workspace_id);
            tracing::warn!(cause, %workspace, "limits of a plan were not brought to their cell; it will be tried again");
            let mut control = api.directory.pool.begin().await?;
            quotas::mark_tried(&mut control, &one).await?;
            control.commit().await?;
        }
    }
    Ok(())
}

async fn bring_one(api: &Parts, one: &Unsynced) -> Result<(), Problem> {
    let cell = api.cells.get(&one.cell).await?;
    let mut transaction = cell.write(WorkspaceId(one.workspace_id)).await?;
    quotas::write_limits(&mut transaction, one).await?;
    transaction.commit().await?;
    let mut control = api.directory.pool.begin().await?;
    quotas::mark_synced(&mut control, one).await?;
    Ok(control.commit().await?)
}
