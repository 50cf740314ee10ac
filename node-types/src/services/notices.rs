//! Where steps tell members of their workspace something.

use capstan_domain::notifications::{Desk, Told};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

use crate::own_database::unanswered;

/// Keeps what steps tell, until people are told. Everything may be repeated.
pub trait NoticeDesk: Send + Sync {
    /// Tells it, once for each key; false if too much waits to be told already.
    fn tell<'a>(&'a self, workspace_id: WorkspaceId, told: &'a Told) -> BoxFuture<'a, Result<bool, NoticesAway>>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NoticesAway(#[from] StoreError);

impl From<NoticesAway> for Outcome {
    fn from(NoticesAway(error): NoticesAway) -> Self {
        unanswered(&error, "notices", format!("what people are told cannot be kept at the moment: {error}"))
    }
}

impl NoticeDesk for Desk {
    fn tell<'a>(&'a self, workspace_id: WorkspaceId, told: &'a Told) -> BoxFuture<'a, Result<bool, NoticesAway>> {
        Box::pin(async move { Ok(Self::tell(self, workspace_id, told).await?) })
    }
}

/// Nobody is told anything: where nothing outside is reached.
pub struct NoNotices;

impl NoticeDesk for NoNotices {
    fn tell<'a>(&'a self, _: WorkspaceId, _: &'a Told) -> BoxFuture<'a, Result<bool, NoticesAway>> {
        Box::pin(async { Ok(true) })
    }
}
