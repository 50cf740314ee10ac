//! What is to be done about billing without an event of the provider: plans that are not paid any more end, and cells are told what
//! has changed. Every API process does it: it is safe twice, and what one leaves undone another one does.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::Duration;

use capstan_domain::billing::{self, NewsRow, SigningSecrets};
use capstan_engine::core::ids::WorkspaceId;
use tokio::time::sleep;

use crate::problem::Problem;
use crate::{Parts, plans};

/// Time between two looks; a look that finds nothing is two statements.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Workspaces, and news, of one look.
const BITE: i64 = 100;

/// What the API has to know to take events of payments in.
#[derive(Clone, Debug)]
pub struct BillingSettings {
    /// What the provider signs with; without any, nothing is taken in.
    pub secrets: SigningSecrets,
    /// The plan of those who do not pay any more.
    pub fallback_plan: String,
}

impl BillingSettings {
    /// The plan of those who do not pay any more, unless another one is set.
    pub const FALLBACK_PLAN: &'static str = "free";
}

impl Default for BillingSettings {
    fn default() -> Self {
        Self { secrets: SigningSecrets::default(), fallback_plan: Self::FALLBACK_PLAN.into() }
    }
}

/// Looks each minute, as long as the API exists, and at once where there is more than one look takes.
pub(crate) async fn tend(api: Weak<Parts>) {
    let mut pause = LOOK_EVERY;
    loop {
        sleep(pause).await;
        let Some(api) = api.upgrade() else { return };
        pause = match round(&api).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => LOOK_EVERY,
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, "nobody knows what is to be done about billing; it will be tried again");
                LOOK_EVERY
            }
        };
    }
}

/// Looks at plans whose time has come, then tells cells; whether there may be more such plans. Each that was looked at is due no more, or
/// is put off.
pub(crate) async fn round(api: &Parts) -> Result<bool, Problem> {
    // By itself: in the head of the loop the transaction would last as long as that does.
    let due = billing::due_workspaces(&mut *api.people.pool.begin().await?, BITE).await?;
    let may_be_more = i64::try_from(due.len()).is_ok_and(|count| count == BITE);
    for workspace_id in due {
        match look(api, workspace_id).await {
            Ok(()) => plans::bring(api, workspace_id).await,
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, %workspace_id, "a plan was not looked at; it will be tried again");
                let mut control = api.people.pool.begin().await?;
                billing::put_off(&mut control, workspace_id).await?;
                control.commit().await?;
            }
        }
    }
    tell(api, None).await?;
    Ok(may_be_more)
}

/// Brings what an event has changed to the cell of its workspace. If that fails, a look does it.
pub(crate) async fn bring(api: &Parts, workspace_id: WorkspaceId) {
    plans::bring(api, workspace_id).await;
    if let Err(problem) = tell(api, Some(workspace_id)).await {
        let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
        tracing::warn!(cause, %workspace_id, "what is new of billing was not brought to its cell yet");
    }
}

async fn look(api: &Parts, workspace_id: WorkspaceId) -> Result<(), Problem> {
    let mut control = api.people.pool.begin().await?;
    billing::settle(&mut control, workspace_id, &api.settings.billing.fallback_plan).await?;
    Ok(control.commit().await?)
}

/// One workspace that fails stops no other one, and is behind them next time. Of each the news come in their order.
async fn tell(api: &Parts, workspace_id: Option<WorkspaceId>) -> Result<(), Problem> {
    let untold = billing::untold(&mut *api.people.pool.begin().await?, workspace_id, BITE).await?;
    let mut failed = HashSet::new();
    for news in &untold {
        if failed.contains(&news.workspace_id) {
            continue;
        }
        if let Err(problem) = tell_one(api, news).await {
            let (cause, workspace) = (problem.internal.as_deref().unwrap_or(&problem.detail), news.workspace_id);
            tracing::warn!(cause, %workspace, "what is new of billing was not brought to its cell; it will be tried again");
            let mut control = api.people.pool.begin().await?;
            billing::mark_tried(&mut control, news.workspace_id).await?;
            control.commit().await?;
            failed.insert(news.workspace_id);
        }
    }
    Ok(())
}

async fn tell_one(api: &Parts, news: &NewsRow) -> Result<(), Problem> {
    let cell = api.cells.get(&news.cell).await?;
    let mut transaction = cell.write(WorkspaceId(news.workspace_id)).await?;
    billing::tell_cell(&mut transaction, news).await?;
    transaction.commit().await?;
    let mut control = api.people.pool.begin().await?;
    billing::mark_told(&mut control, news).await?;
    Ok(control.commit().await?)
}
