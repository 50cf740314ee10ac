//! Where steps send custom events and wait for them.

use capstan_domain::events::{Desk, Emitted, NewEvent, Wait, WaitingStep};
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::own_database::unanswered;

/// Keeps events, and who waits for them. Everything may be repeated.
pub trait EventDesk: Send + Sync {
    /// Waits, once for each step; the event, if one is there that no signal brings.
    fn wait<'a>(&'a self, waiting: &'a WaitingStep, what: &'a Wait)
    -> BoxFuture<'a, Result<Option<Value>, EventsAway>>;
    /// Takes no more events; the event, if one came first.
    fn expire<'a>(
        &'a self,
        waiting: &'a WaitingStep,
        what: &'a Wait,
    ) -> BoxFuture<'a, Result<Option<Value>, EventsAway>>;
    /// Sends an event of an execution, once for each id.
    fn emit<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        event: &'a NewEvent,
    ) -> BoxFuture<'a, Result<Emitted, EventsAway>>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EventsAway(#[from] StoreError);

impl From<EventsAway> for Outcome {
    fn from(EventsAway(error): EventsAway) -> Self {
        if matches!(error, StoreError::Data(_)) {
            return Self::fail("config", format!("the event cannot be stored; check its characters: {error}"));
        }
        unanswered(&error, "events", format!("events cannot be kept at the moment: {error}"))
    }
}

impl EventDesk for Desk {
    fn wait<'a>(
        &'a self,
        waiting: &'a WaitingStep,
        what: &'a Wait,
    ) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        Box::pin(async move { Ok(Self::wait(self, waiting, what).await?) })
    }

    fn expire<'a>(
        &'a self,
        waiting: &'a WaitingStep,
        what: &'a Wait,
    ) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        Box::pin(async move { Ok(Self::expire(self, waiting, what).await?) })
    }

    fn emit<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        event: &'a NewEvent,
    ) -> BoxFuture<'a, Result<Emitted, EventsAway>> {
        Box::pin(async move { Ok(Self::emit(self, workspace_id, execution_id, event).await?) })
    }
}
