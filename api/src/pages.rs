//! Which pages workspaces have, remembered for a moment: no request of a workspace asks for itself.

use std::time::Duration;

use axum::http::StatusCode;
use capstan_domain::access::{Page, Pages, Tenant};
use capstan_domain::platform;
use capstan_engine::core::ids::WorkspaceId;

use crate::Api;
use crate::problem::Problem;
use crate::remembered::Remembered;
use crate::standing::Deed;
use crate::tenant;

/// How long an answer is used again; what was assigned or taken away holds in all processes after that long.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);

/// What was assigned, by workspace.
pub(crate) struct Assigned(Remembered<WorkspaceId, Pages>);

impl Assigned {
    pub(crate) fn new() -> Self {
        Self(Remembered::for_at_most(REMEMBERED_FOR))
    }

    /// The next one looks anew: something else was assigned.
    pub(crate) async fn forget(&self, workspace_id: WorkspaceId) {
        self.0.forget(&workspace_id).await;
    }
}

/// The pages of a workspace.
pub(crate) async fn of(api: &Api, workspace_id: WorkspaceId) -> Result<Pages, Problem> {
    let ask = async {
        let mut transaction = tenant::read(&api.directory.pool, workspace_id).await?;
        let pages = platform::pages_of(&mut transaction, workspace_id).await?;
        transaction.commit().await?;
        Ok::<_, Problem>(Some(pages))
    };
    Ok(api.assigned.0.answer(workspace_id, ask).await?.unwrap_or_default())
}

/// Refuses what belongs to a page that the workspace does not have. Somebody's access can be taken away, and what the law asks for can
/// be done, in any case. 403 `page_not_assigned`.
pub(crate) async fn require(api: &Api, tenant: &Tenant, deed: Deed, page: Page) -> Result<(), Problem> {
    if matches!(deed, Deed::Withdraw | Deed::Lawful) || of(api, tenant.workspace_id).await?.has(page) {
        return Ok(());
    }
    let detail = format!("the workspace \"{}\" does not have the page {page}", tenant.slug);
    let hint = "ask whoever operates this server to assign it; GET /api/v1/me tells the pages that one has";
    Err(Problem::new(StatusCode::FORBIDDEN, "page_not_assigned", detail, hint))
}
