//! Orders: what persons ask of an execution, on their way to the worker that drives it. They are signals of our own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::error::StoreError;
use super::signals::Pending;
use crate::core::ids::{ExecutionId, SignalId, StepKey};
use crate::core::journal::{Asked, Resolution};

/// Most bytes of an order, as JSON: an output of a step, and what is said with it.
pub const ORDER_BYTES_MAX: usize = (1 << 20) + 64 * 1024;
/// The name of the signal that resolves an incident.
const RESOLVE: &str = "$resolve";
/// The name of the signal that has steps go on that wait for their next attempt.
pub const RETRY_NOW: &str = "$retry_now";

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The name of the key.
    pub by: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum What {
    /// How an incident goes on.
    Resolve(Resolve),
    /// Steps that wait for their next attempt go on at once.
    RetryNow {
        /// The step; none for all of them.
        step: Option<StepKey>,
    },
}

/// How an incident goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolve {
    /// The step that it is about.
    pub step: Option<StepKey>,
    /// What becomes of it.
    #[serde(flatten)]
    pub action: Action,
    /// Journal entries of the execution as the person saw it. An order for another time leads to nothing.
    pub position: u32,
    /// Why a worker had set the execution aside, where the journal does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// What becomes of a step that an incident is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// It is tried again.
    Retry {
        /// See [`crate::core::journal::Resolution::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        config: Option<Value>,
    },
    /// It counts as completed.
    Skip {
        /// One of its ports, the first one if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<String>,
        /// What it gave back.
        #[serde(default)]
        output: Value,
    },
    /// It fails.
    Fail {
        /// Class that error edges select by.
        class: String,
        /// What is said to have gone wrong.
        error: String,
    },
}

impl Action {
    /// What the journal is told.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        match self {
            Self::Retry { config } => Resolution::Retry { config: config.clone() },
            Self::Skip { .. } => Resolution::Skip,
            Self::Fail { .. } => Resolution::Fail,
        }
    }
}

impl Order {
    /// The order that a signal brings; none if it is a signal to a step, or a cancel.
    #[must_use]
    pub fn of(signal: &Pending) -> Option<Self> {
        let is_order = [RESOLVE, RETRY_NOW].contains(&signal.name.as_str());
        is_order.then(|| serde_json::from_value(signal.payload.clone()).ok()).flatten()
    }

    /// Who asked, and why.
    #[must_use]
    pub fn asked(&self, signal_id: SignalId) -> Asked {
        Asked { by: self.by.clone(), reason: self.reason.clone(), signal_id }
    }
}

/// Resolves an incident of the workspace of this transaction: it is one no more, and the order is on its way, in one
/// commit. False if it is none, or none any more. The order is to be checked before.
///
/// # Errors
/// If the database does.
pub async fn resolve(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
    signal_id: SignalId,
    order: &Order,
) -> Result<bool, StoreError> {
    let resolved = sqlx::query_scalar("SELECT resolve_1($1, $2, $3, $4)");
    let resolved = resolved.bind(execution_id.0).bind(signal_id.0).bind(RESOLVE).bind(json!(order).to_string());
    Ok(resolved.fetch_one(connection).await?)
}
