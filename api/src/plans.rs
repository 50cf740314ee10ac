//! Brings limits of plans from `control` to cells. Every API process does it: it is safe twice, and what one leaves undone
//! another one does.

use std::sync::Weak;
use std::time::Duration;

use capstan_domain::quotas;
use capstan_engine::core::ids::WorkspaceId;
use tokio::time::sleep;

use crate::Parts;
use crate::problem::Problem;
use crate::tenant;

/// Time between two looks; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Workspaces of one look.
const BITE: i32 = 100;

/// Looks each minute, as long as the API exists.
pub(crate) async fn sync(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        if let Err(problem) = round(&api).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "limits of plans were not brought to their cells; it will be tried again");
        }
    }
}

async fn round(api: &Parts) -> Result<(), Problem> {
    let unsynced = quotas::to_sync(&mut *api.directory.pool.acquire().await?, None, BITE).await?;
    for one in unsynced {
        let cell = api.cells.get(&one.schema_name);
        let mut transaction = tenant::write(&cell.pool, WorkspaceId(one.workspace_id)).await?;
        quotas::write_limits(&mut transaction, &one).await?;
        transaction.commit().await?;
        quotas::mark_synced(&mut *api.directory.pool.acquire().await?, &one).await?;
    }
    Ok(())
}
