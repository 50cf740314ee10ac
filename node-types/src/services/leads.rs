//! Where steps act on leads.

use capstan_domain::leads::{Act, Desk, Done, Filter, LeadRow, Mailed};
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

use crate::own_database::unanswered;

/// Keeps leads. Everything may be repeated.
pub trait LeadDesk: Send + Sync {
    /// Does it for a step, once for each key; nothing if too many events led to it.
    fn act<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        what: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, LeadsAway>>;

    /// Notes a mail that a step has sent on the leads whose address it went to, once for each key.
    fn mailed<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        mail: &'a Mailed,
    ) -> BoxFuture<'a, Result<(), LeadsAway>>;

    /// The newest `limit` leads that are sought.
    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        filter: &'a Filter,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LeadsAway(#[from] StoreError);

impl From<LeadsAway> for Outcome {
    fn from(LeadsAway(error): LeadsAway) -> Self {
        if matches!(error, StoreError::Data(_)) {
            return Self::fail("config", format!("the lead cannot be stored; check its values: {error}"));
        }
        unanswered(&error, "leads", format!("leads cannot be reached at the moment: {error}"))
    }
}

impl LeadDesk for Desk {
    fn act<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        what: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, LeadsAway>> {
        Box::pin(async move { Ok(Self::act(self, workspace_id, execution_id, once, what).await?) })
    }

    fn mailed<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        mail: &'a Mailed,
    ) -> BoxFuture<'a, Result<(), LeadsAway>> {
        Box::pin(async move {
            Self::mailed(self, workspace_id, execution_id, once, mail).await?;
            Ok(())
        })
    }

    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        filter: &'a Filter,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>> {
        Box::pin(async move { Ok(Self::find(self, workspace_id, filter, limit).await?) })
    }
}

/// There are no leads: where nothing outside is reached.
pub struct NoLeads;

impl LeadDesk for NoLeads {
    fn act<'a>(
        &'a self,
        _: WorkspaceId,
        _: ExecutionId,
        _: &'a str,
        _: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, LeadsAway>> {
        Box::pin(async { Ok(Some(Done::NotFound)) })
    }

    fn mailed<'a>(
        &'a self,
        _: WorkspaceId,
        _: ExecutionId,
        _: &'a str,
        _: &'a Mailed,
    ) -> BoxFuture<'a, Result<(), LeadsAway>> {
        Box::pin(async { Ok(()) })
    }

    fn find<'a>(&'a self, _: WorkspaceId, _: &'a Filter, _: i64) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
