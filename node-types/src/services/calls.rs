//! Where steps ask before they start an execution of another workflow.

use capstan_domain::calls::{self, Callee, Calling, Started};
use capstan_engine::core::child::{DEPTH_MAX, OnCancel};
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

use crate::own_database::unanswered;

/// What a new child is to know of those above it, and its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The execution that all of this began with.
    pub root_id: ExecutionId,
    /// How many executions lie above the child.
    pub depth: u32,
    /// Virtual time that the workspace's share asks for.
    pub vt: i64,
}

/// What an execution hands a part of itself over with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// Its version.
    pub version_id: VersionId,
    /// Where the part stands.
    pub admission: Admission,
}

/// Finds what is called, and lets it start. Everything may be repeated.
pub trait CallDesk: Send + Sync {
    /// The workflow of that id or name with the version that is meant; none if there is no such workflow.
    fn find<'a>(
        &'a self,
        calling: &'a Calling,
        workflow: &'a str,
        number: Option<i32>,
    ) -> BoxFuture<'a, Result<Option<Callee>, CallError>>;
    /// Whether a child of this step may start; it then counts as a start.
    fn admit<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Admission, CallError>>;
    /// Whether an execution of the same version may run a part of this one; it then counts as a start. It calls nothing, so
    /// that its depth is not bounded: what it calls itself is.
    fn divide<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Division, CallError>>;
    /// The child that this step has started before.
    fn started<'a>(
        &'a self,
        calling: &'a Calling,
        on_cancel: OnCancel,
    ) -> BoxFuture<'a, Result<Option<Started>, CallError>>;
    /// Gives back what it holds, before the process ends.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Too many executions lie above.
    #[error(
        "the calls are {DEPTH_MAX} deep: {}; no more may follow, so end the chain, or start the next one by an event",
        .0.join(" → ")
    )]
    TooDeep(Vec<String>),
    /// The quota of executions is used up.
    #[error("this workspace has used up its executions of this month; wait for the next, or have the quota raised")]
    QuotaExceeded,
    /// Worth another attempt.
    #[error("what is called cannot be looked up at the moment: {0}")]
    Away(#[from] StoreError),
}

impl From<CallError> for Outcome {
    fn from(error: CallError) -> Self {
        let reason = error.to_string();
        match error {
            CallError::TooDeep(_) => Self::fail("call_depth", reason),
            CallError::QuotaExceeded => Self::retry("quota_exceeded", reason, None),
            CallError::Away(error) => unanswered(&error, "calls", reason),
        }
    }
}

impl CallDesk for calls::CallDesk {
    fn find<'a>(
        &'a self,
        calling: &'a Calling,
        workflow: &'a str,
        number: Option<i32>,
    ) -> BoxFuture<'a, Result<Option<Callee>, CallError>> {
        Box::pin(async move { Ok(calls::CallDesk::find(self, calling.workspace_id, workflow, number).await?) })
    }

    fn admit<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Admission, CallError>> {
        Box::pin(async move {
            let above = self.lineage(calling).await?;
            if above.depth >= DEPTH_MAX {
                return Err(CallError::TooDeep(self.names_above(calling).await?));
            }
            let admitted = calls::CallDesk::admit(self, calling.workspace_id).await?;
            let vt = admitted.map_err(|calls::Refused| CallError::QuotaExceeded)?;
            Ok(Admission { root_id: above.root_id, depth: above.depth + 1, vt })
        })
    }

    fn divide<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Division, CallError>> {
        Box::pin(async move {
            let above = self.lineage(calling).await?;
            let (workflow_id, version_id) = self.own(calling).await?;
            let admitted = calls::CallDesk::admit(self, calling.workspace_id).await?;
            let vt = admitted.map_err(|calls::Refused| CallError::QuotaExceeded)?;
            let admission = Admission { root_id: above.root_id, depth: above.depth + 1, vt };
            Ok(Division { workflow_id, version_id, admission })
        })
    }

    fn started<'a>(
        &'a self,
        calling: &'a Calling,
        on_cancel: OnCancel,
    ) -> BoxFuture<'a, Result<Option<Started>, CallError>> {
        Box::pin(async move { Ok(calls::CallDesk::started(self, calling, on_cancel).await?) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(calls::CallDesk::close(self))
    }
}
