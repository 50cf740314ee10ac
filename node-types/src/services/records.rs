//! Where steps act on records.

use capstan_domain::records::{Act, Desk, Done, RecordRow, Sought};
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

use crate::own_database::unanswered;

/// Keeps records. Everything may be repeated.
pub trait RecordDesk: Send + Sync {
    /// Does it for a step, once for each key; nothing if too many events led to it.
    fn act<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        what: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, RecordsAway>>;

    /// The newest `limit` records that are sought.
    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        sought: &'a Sought,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<RecordRow>, RecordsAway>>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RecordsAway(#[from] StoreError);

impl From<RecordsAway> for Outcome {
    fn from(RecordsAway(error): RecordsAway) -> Self {
        if matches!(error, StoreError::Data(_)) {
            return Self::fail("config", format!("the record cannot be stored; check its data: {error}"));
        }
        unanswered(&error, "records", format!("records cannot be reached at the moment: {error}"))
    }
}

impl RecordDesk for Desk {
    fn act<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &'a str,
        what: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, RecordsAway>> {
        Box::pin(async move { Ok(Self::act(self, workspace_id, execution_id, once, what).await?) })
    }

    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        sought: &'a Sought,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<RecordRow>, RecordsAway>> {
        Box::pin(async move { Ok(Self::find(self, workspace_id, sought, limit).await?) })
    }
}

/// There are no records: where nothing outside is reached.
pub struct NoRecords;

impl RecordDesk for NoRecords {
    fn act<'a>(
        &'a self,
        _: WorkspaceId,
        _: ExecutionId,
        _: &'a str,
        _: &'a Act,
    ) -> BoxFuture<'a, Result<Option<Done>, RecordsAway>> {
        Box::pin(async { Ok(Some(Done::NotFound)) })
    }

    fn find<'a>(&'a self, _: WorkspaceId, _: &'a Sought, _: i64) -> BoxFuture<'a, Result<Vec<RecordRow>, RecordsAway>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
