//! Where steps ask before they use something that a plan limits.

use std::sync::Arc;

use capstan_domain::quotas::{Refused, Till};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

/// Spends what a plan allows.
pub trait QuotaDesk: Send + Sync {
    /// Spends one unit of a meter, or says that it is used up.
    fn admit(
        &self,
        workspace_id: WorkspaceId,
        meter: &'static str,
    ) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>>;
    /// What it was spent on is, or soon will be, written as a fact.
    fn confirm(&self, workspace_id: WorkspaceId, meter: &'static str);
    /// It was spent on nothing.
    fn give_back(&self, workspace_id: WorkspaceId, meter: &'static str);
}

impl QuotaDesk for Arc<Till> {
    fn admit(
        &self,
        workspace_id: WorkspaceId,
        meter: &'static str,
    ) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        Box::pin(Till::admit(self, workspace_id, meter))
    }

    fn confirm(&self, workspace_id: WorkspaceId, meter: &'static str) {
        Till::confirm(self, workspace_id, meter);
    }

    fn give_back(&self, workspace_id: WorkspaceId, meter: &'static str) {
        Till::give_back(self, workspace_id, meter);
    }
}

/// A unit that was spent. Unless it is used, it goes back, also if whoever spent it is dropped in the middle.
pub(crate) struct Spent<'a> {
    desk: &'a dyn QuotaDesk,
    workspace_id: WorkspaceId,
    meter: &'static str,
    is_used: bool,
}

impl<'a> Spent<'a> {
    /// Spends one unit, or says that it is used up.
    ///
    /// # Errors
    /// If the database does; then nothing was spent.
    pub(crate) async fn one(
        desk: &'a dyn QuotaDesk,
        workspace_id: WorkspaceId,
        meter: &'static str,
    ) -> Result<Result<Self, Refused>, StoreError> {
        let admitted = desk.admit(workspace_id, meter).await?;
        Ok(admitted.map(|()| Self { desk, workspace_id, meter, is_used: false }))
    }

    /// What it was spent on is, or soon will be, written as a fact.
    pub(crate) fn confirm(mut self) {
        self.is_used = true;
        self.desk.confirm(self.workspace_id, self.meter);
    }
}

impl Drop for Spent<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.desk.give_back(self.workspace_id, self.meter);
        }
    }
}

/// Allows everything: for what has no effect.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoQuotas;

impl QuotaDesk for NoQuotas {
    fn admit(&self, _: WorkspaceId, _: &'static str) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        Box::pin(async { Ok(Ok(())) })
    }

    fn confirm(&self, _: WorkspaceId, _: &'static str) {}

    fn give_back(&self, _: WorkspaceId, _: &'static str) {}
}
