//! Where steps ask people, and the links with which these answer.

use capstan_domain::approvals::{ApprovalStep, Ask, Desk, Link};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::own_database::unanswered;

/// Keeps what is asked until a person answers or the time is over. Everything may be repeated.
pub trait ApprovalDesk: Send + Sync {
    /// Asks, once for each step.
    fn ask<'a>(&'a self, asking: &'a ApprovalStep, what: &'a Ask) -> BoxFuture<'a, Result<(), DeskError>>;
    /// Takes no more answers; the answer, if one came first.
    fn expire<'a>(&'a self, asking: &'a ApprovalStep) -> BoxFuture<'a, Result<Option<Value>, DeskError>>;
    /// The secret part of a link's address: the same every time.
    fn token<'a>(&'a self, link: &'a Link) -> BoxFuture<'a, Result<String, DeskError>>;
}

/// The desk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// What is asked cannot be stored.
    #[error("what is asked cannot be stored; check its characters: {0}")]
    Unfit(#[source] StoreError),
    /// Worth another attempt.
    #[error("the approval cannot be kept at the moment: {0}")]
    Away(#[source] StoreError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Data(_)) { Self::Unfit(error) } else { Self::Away(error) }
    }
}

impl From<DeskError> for Outcome {
    fn from(error: DeskError) -> Self {
        let reason = error.to_string();
        match error {
            DeskError::Unfit(_) => Self::fail("config", reason),
            DeskError::Away(error) => unanswered(&error, "approvals", reason),
        }
    }
}

impl ApprovalDesk for Desk {
    fn ask<'a>(&'a self, asking: &'a ApprovalStep, what: &'a Ask) -> BoxFuture<'a, Result<(), DeskError>> {
        Box::pin(async move { Ok(Desk::ask(self, asking, what).await?) })
    }

    fn expire<'a>(&'a self, asking: &'a ApprovalStep) -> BoxFuture<'a, Result<Option<Value>, DeskError>> {
        Box::pin(async move { Ok(Desk::expire(self, asking).await?) })
    }

    fn token<'a>(&'a self, link: &'a Link) -> BoxFuture<'a, Result<String, DeskError>> {
        Box::pin(async move { Ok(Desk::token(self, link).await?) })
    }
}
