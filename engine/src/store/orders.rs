//! Orders: what persons ask of an execution, on their way to the worker that drives it. They are signals of our own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::error::StoreError;
use super::signals::{CANCEL, Pending};
use crate::core::ids::{ExecutionId, SignalId, StepKey, WorkspaceId};
use crate::core::journal::{Asked, Resolution};

/// Most bytes of an order, as JSON: an output of a step, and what is said with it.
pub const ORDER_BYTES_MAX: usize = (1 << 20) + 64 * 1024;
/// The name of the signal that resolves an incident.
pub const RESOLVE: &str = "$resolve";
/// The names of the signals that hold an execution up, and have it go on.
const PAUSE: &str = "$pause";
const RESUME: &str = "$resume";
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
    /// Nothing starts until it is resumed.
    Pause,
    /// It goes on.
    Resume,
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
        let is_order = [RESOLVE, RETRY_NOW, PAUSE, RESUME].contains(&signal.name.as_str());
        is_order.then(|| serde_json::from_value(signal.payload.clone()).ok()).flatten()
    }

    /// The name of the signal that brings it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.what {
            What::Resolve(_) => RESOLVE,
            What::RetryNow { .. } => RETRY_NOW,
            What::Pause => PAUSE,
            What::Resume => RESUME,
        }
    }

    /// Who asked, and why.
    #[must_use]
    pub fn asked(&self, signal_id: SignalId) -> Asked {
        Asked { by: self.by.clone(), reason: self.reason.clone(), signal_id }
    }
}

/// What became of an order that changes how an execution stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// It is on its way, and the status of the execution says so.
    Accepted,
    /// It is not for an execution of this status; nothing was changed.
    Unfit(String),
    /// The workspace has no such execution.
    Unknown,
}

/// An order with whom it is for.
#[derive(Clone, Debug)]
pub struct Given {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The order.
    pub order: Order,
    /// Whether the execution is held up from then on.
    pub paused: bool,
}

/// Gives orders as [`give`] does, to executions in their order, in one round trip: their rows are locked for no longer than
/// that, if nothing else follows. A row that somebody else has for longer than `lock_ms` makes it fail.
///
/// # Errors
/// If the database does.
pub async fn give_all(
    connection: &mut PgConnection,
    given: &[Given],
    lock_ms: u32,
) -> Result<Vec<Ordered>, StoreError> {
    sqlx::query(&format!("SET LOCAL lock_timeout = {lock_ms}")).execute(&mut *connection).await?;
    let verdicts: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT order_1(g.id, g.signal, g.name, g.payload, g.paused) \
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[]) AS g (id, signal, name, payload, paused)",
    )
    .bind(given.iter().map(|given| given.execution_id.0).collect::<Vec<_>>())
    .bind(given.iter().map(|_| SignalId::new().0).collect::<Vec<_>>())
    .bind(given.iter().map(|given| given.order.name()).collect::<Vec<_>>())
    .bind(given.iter().map(|given| json!(given.order).to_string()).collect::<Vec<_>>())
    .bind(given.iter().map(|given| given.paused).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query("SET LOCAL lock_timeout TO DEFAULT").execute(connection).await?;
    Ok(verdicts.into_iter().map(Ordered::of).collect())
}

/// Gives an order that changes how an execution stands: to resolve, to pause or to resume. Its status changes and the
/// order is on its way in one commit, so that of two who say something at once one is heard. `paused`: it is held up from
/// then on. Whether the order fits the execution otherwise is to be checked before.
///
/// # Errors
/// If the database does.
pub async fn give(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
    signal_id: SignalId,
    order: &Order,
    paused: bool,
) -> Result<Ordered, StoreError> {
    let given = sqlx::query_scalar("SELECT order_1($1, $2, $3, $4, $5)").bind(execution_id.0).bind(signal_id.0);
    let given = given.bind(order.name()).bind(json!(order).to_string()).bind(paused);
    let verdict: Option<String> = given.fetch_one(connection).await?;
    Ok(Ordered::of(verdict))
}

/// Lets an incident count as one that goes on, whose journal says how. What it takes for that is an order for no time: it leads
/// to nothing.
///
/// # Errors
/// If the database does.
pub async fn take_up(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<(), StoreError> {
    let action = Action::Retry { config: None };
    let what = What::Resolve(Resolve { step: None, action, position: u32::MAX, set_aside: None });
    let order = Order { by: "cancel".into(), reason: None, what };
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(workspace_id.0.to_string())
        .execute(&mut *transaction)
        .await?;
    give(&mut transaction, execution_id, SignalId::new(), &order, false).await?;
    Ok(transaction.commit().await?)
}

impl Ordered {
    fn of(verdict: Option<String>) -> Self {
        match verdict {
            None => Self::Unknown,
            Some(verdict) if verdict == "accepted" => Self::Accepted,
            Some(status) => Self::Unfit(status),
        }
    }
}

/// The order to pause an execution that no worker has taken in yet, and when it was given.
///
/// # Errors
/// If the database does.
pub async fn pause_on_its_way(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<(Order, DateTime<Utc>)>, StoreError> {
    let row: Option<(Value, DateTime<Utc>)> = sqlx::query_as(
        "SELECT payload, created_at FROM signals WHERE execution_id = $1 AND workspace_id = $2 AND name = $3 \
         ORDER BY created_at DESC LIMIT 1",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(PAUSE)
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(|(payload, at)| Some((serde_json::from_value(payload).ok()?, at))))
}

/// A cancel of an execution that no worker has taken in yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOnItsWay {
    /// Why, for people.
    pub reason: String,
    /// Whether it ends at once.
    pub force: bool,
    /// When the first of them was accepted.
    pub since: DateTime<Utc>,
}

/// The cancel of an execution that no worker has taken in yet: of several, one that forces it, else the first.
///
/// # Errors
/// If the database does.
pub async fn cancel_on_its_way(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<CancelOnItsWay>, StoreError> {
    let row: Option<(Option<String>, bool, DateTime<Utc>)> = sqlx::query_as(
        "SELECT payload ->> 'reason', coalesce(payload -> 'force' = 'true', false), min(created_at) OVER () FROM signals \
         WHERE execution_id = $1 AND workspace_id = $2 AND name = $3 \
         ORDER BY coalesce(payload -> 'force' = 'true', false) DESC, created_at LIMIT 1",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(CANCEL)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(reason, force, since)| CancelOnItsWay { reason: reason.unwrap_or_default(), force, since }))
}

/// An execution that is cancelled is held up no more. Run it with the cancel, in one transaction.
///
/// # Errors
/// If the database does.
pub async fn lift_pause(connection: &mut PgConnection, execution_id: ExecutionId) -> Result<(), StoreError> {
    sqlx::query("SELECT lift_pause_1($1)").bind(execution_id.0).execute(connection).await?;
    Ok(())
}
