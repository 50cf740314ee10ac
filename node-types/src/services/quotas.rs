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
