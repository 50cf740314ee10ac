//! Why an execution was not started.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use thiserror::Error;

use crate::problem::Problem;

/// An execution was not started, or it is not known whether it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// Too many starts wait already; nothing was started.
    #[error("too many starts wait for the database")]
    Overloaded,
    /// The database cannot be reached; nothing was started.
    #[error("the database does not answer")]
    Unavailable,
    /// The database was lost while it was asked.
    #[error("the database was lost while the execution was being started: whether it started is not known")]
    Unknown,
    /// The workspace has used up its quota, with the tolerance; nothing was started.
    #[error("the quota of executions is used up")]
    QuotaExceeded {
        /// Seconds until the next month begins.
        resets_in_s: u64,
    },
    /// The database refuses the data; nothing was started.
    #[error("the database refused the start: {0}")]
    Refused(String),
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Overloaded => Self::unavailable(
                "overloaded",
                "too many executions are being started at the moment; this one was not",
                "try again in a moment",
            ),
            StartError::Unavailable => Self::unavailable(
                "database_unavailable",
                "the database does not answer at the moment; nothing was started",
                "try again in a moment",
            ),
            StartError::Unknown => Self::unavailable(
                "start_unknown",
                "the database was lost at the wrong moment: whether the execution started is not known",
                "list the executions before you try again; with an Idempotency-Key repeating is always safe",
            ),
            StartError::QuotaExceeded { resets_in_s } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "quota_exceeded",
                "this workspace has used up its executions of this month; nothing was started",
                "wait for the next month, or have the quota raised",
            )
            .header(RETRY_AFTER, HeaderValue::from(resets_in_s)),
            StartError::Refused(cause) => Self::new(
                StatusCode::BAD_REQUEST,
                "not_storable",
                "the input cannot be stored",
                "check its numbers, lengths and characters",
            )
            .because(cause),
        }
    }
}
