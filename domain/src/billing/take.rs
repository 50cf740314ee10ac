//! Taking an event in, once, with all that it changes.

use std::fmt;
use std::str::FromStr;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::event::{Checkout, Event, SubscriptionEvent, What};
use super::link::{customer_workspace, hold_customer_workspace, link_by_checkout, lock_customer};
use super::news::{Fact, add_invoice};
use super::settle::settle;
use super::subscription::{Seen, is_overtaken};

/// For how many days an event is kept, longer than any sender repeats one.
const KEPT_DAYS: i32 = 60;
/// For how many days a fact of a workspace is kept.
pub(super) const FACT_KEPT_DAYS: i32 = 400;
/// Most events that belong to no workspace, and subscriptions likewise; the newest are kept.
const UNMATCHED_MAX: i64 = 1_000;
/// Rows that one event removes at most of those that are not kept any more.
const TIDIED_MAX: i64 = 20;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Applied,
    /// A newer one had come before it.
    Overtaken,
    /// It is of a type that nothing here goes by.
    NotUsed,
    /// It has another shape than its type should.
    Unreadable,
    /// A checkout that names no workspace that there is.
    NoWorkspace,
    /// Nobody knows whose customer it is. Once that is known, it holds.
    UnknownCustomer,
    /// The workspace pays as another customer, or the customer pays for another workspace.
    OtherCustomer,
    /// Something is paid for that is no plan. Once it is one, it holds.
    UnknownPrice,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Applied,
        Self::Overtaken,
        Self::NotUsed,
        Self::Unreadable,
        Self::NoWorkspace,
        Self::UnknownCustomer,
        Self::OtherCustomer,
        Self::UnknownPrice,
    ];

    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Overtaken => "overtaken",
            Self::NotUsed => "not_used",
            Self::Unreadable => "unreadable",
            Self::NoWorkspace => "no_workspace",
            Self::UnknownCustomer => "unknown_customer",
            Self::OtherCustomer => "other_customer",
            Self::UnknownPrice => "unknown_price",
        }
    }

    /// Whether somebody has to look at it.
    #[must_use]
    pub const fn is_unmatched(self) -> bool {
        !matches!(self, Self::Applied | Self::Overtaken | Self::NotUsed)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(())
    }
}

/// An event that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What became of it; of a repetition, at its first time or since.
    pub outcome: Outcome,
    /// The workspace that it is about, if that is known.
    pub workspace_id: Option<WorkspaceId>,
    /// Whether it had come before, so that nothing was done.
    pub is_repeated: bool,
}

#[derive(FromRow)]
struct KeptRow {
    workspace_id: Option<Uuid>,
    customer_id: String,
    status: String,
    status_before: Option<String>,
    event_at: chrono::DateTime<chrono::Utc>,
    event_rank: i16,
}

/// Takes an event in; a repetition changes nothing. `fallback` is the plan of those who do not pay any more. In a transaction of the
/// caller's, for the access role. Locks: the key of the event, the use of prices, the customer, the workspace, its customer, their
/// subscriptions.
///
/// # Errors
/// If the database does.
pub async fn take_in(connection: &mut PgConnection, event: &Event, fallback: &str) -> Result<Taken, StoreError> {
    if !note(connection, event).await? {
        return repeated(connection, &event.id).await;
    }
    if let Some(customer_id) = event.customer_id() {
        lock_customer(connection, customer_id).await?;
    }
    let (outcome, workspace_id) = match &event.what {
        What::Other => (Outcome::NotUsed, None),
        What::Unreadable => (Outcome::Unreadable, None),
        What::Checkout(it) => (checkout(connection, event, it, fallback).await?, it.workspace_id),
        What::Subscription(it) => subscription(connection, event, it, fallback).await?,
        What::Invoice(it) => match customer_workspace(connection, &it.customer_id).await? {
            Some(workspace_id) => {
                add_invoice(connection, workspace_id, &Fact::of(event, it)).await?;
                (Outcome::Applied, Some(workspace_id))
            }
            None => (Outcome::UnknownCustomer, None),
        },
    };
    // What was refused for a workspace is none of its own history.
    let is_refused = matches!(outcome, Outcome::NoWorkspace | Outcome::OtherCustomer);
    let workspace_id = workspace_id.filter(|_| !is_refused);
    conclude(connection, event, outcome, workspace_id).await?;
    Ok(Taken { outcome, workspace_id, is_repeated: false })
}

/// Writes the event down; false if it is there. Who brings the same one meanwhile waits here until this transaction ends.
async fn note(connection: &mut PgConnection, event: &Event) -> Result<bool, StoreError> {
    let invoice = match &event.what {
        What::Invoice(it) => Some(it),
        _ => None,
    };
    let added = sqlx::query(
        "INSERT INTO billing_events (event_id, entry_id, type, customer_id, object_id, outcome, amount, currency, attempts, \
           next_attempt_at, happened_at, kept_until) \
         VALUES ($1, $2, $3, $4, $5, 'not_used', $6, $7, $8, $9, $10, clock_timestamp() + make_interval(days => $11)) \
         ON CONFLICT (event_id) DO NOTHING",
    )
    .bind(&event.id)
    .bind(Uuid::now_v7())
    .bind(&event.type_name)
    .bind(event.customer_id())
    .bind(event.object_id())
    .bind(invoice.map(|it| it.amount))
    .bind(invoice.map(|it| it.currency.as_str()))
    .bind(invoice.and_then(|it| it.attempts))
    .bind(invoice.and_then(|it| it.next_attempt_at))
    .bind(event.at)
    .bind(KEPT_DAYS)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

async fn repeated(connection: &mut PgConnection, event_id: &str) -> Result<Taken, StoreError> {
    let row: Option<(String, Option<Uuid>)> =
        sqlx::query_as("SELECT outcome, workspace_id FROM billing_events WHERE event_id = $1")
            .bind(event_id)
            .fetch_optional(connection)
            .await?;
    // It may have been tidied away at this very moment.
    let (outcome, workspace_id) = row.unwrap_or_else(|| (Outcome::NotUsed.to_string(), None));
    let outcome = outcome.parse().map_err(|()| StoreError::Corrupt(format!("the outcome {outcome:?} is unknown")))?;
    Ok(Taken { outcome, workspace_id: workspace_id.map(WorkspaceId), is_repeated: true })
}

async fn checkout(
    connection: &mut PgConnection,
    event: &Event,
    checkout: &Checkout,
    fallback: &str,
) -> Result<Outcome, StoreError> {
    let Some(workspace_id) = checkout.workspace_id else { return Ok(Outcome::NoWorkspace) };
    link_by_checkout(connection, workspace_id, &checkout.customer_id, &event.id, fallback).await
}

/// The newest event of a subscription is kept, whoever's it is; if that is known, its workspace gets the plan, and one that it is moved
/// away from what is left.
async fn subscription(
    connection: &mut PgConnection,
    event: &Event,
    it: &SubscriptionEvent,
    fallback: &str,
) -> Result<(Outcome, Option<WorkspaceId>), StoreError> {
    let linked = hold_customer_workspace(connection, &it.customer_id).await?;
    let kept: Option<KeptRow> = sqlx::query_as(
        "SELECT workspace_id, customer_id, status, status_before, event_at, event_rank FROM billing_subscriptions \
         WHERE subscription_id = $1 FOR UPDATE",
    )
    .bind(&it.subscription_id)
    .fetch_optional(&mut *connection)
    .await?;
    let workspace_id = linked.or_else(|| kept.as_ref().and_then(|kept| kept.workspace_id).map(WorkspaceId));
    if let Some(kept) = &kept {
        if kept.customer_id != it.customer_id {
            return Ok((Outcome::OtherCustomer, None));
        }
        if is_overtaken(&it.seen, &seen(kept)?) {
            return Ok((Outcome::Overtaken, workspace_id));
        }
    }
    keep(connection, event, it, workspace_id).await?;
    // Of a workspace that it is none of any more: its customer pays for another one since.
    let left = kept.and_then(|kept| kept.workspace_id).map(WorkspaceId).filter(|left| Some(*left) != workspace_id);
    if let Some(left) = left {
        settle(connection, left, fallback).await?;
    }
    let Some(workspace_id) = workspace_id else { return Ok((Outcome::UnknownCustomer, None)) };
    let has_unknown_price = settle(connection, workspace_id, fallback).await?;
    let outcome = if has_unknown_price { Outcome::UnknownPrice } else { Outcome::Applied };
    Ok((outcome, Some(workspace_id)))
}

fn seen(kept: &KeptRow) -> Result<Seen, StoreError> {
    let known = |text: &str| {
        text.parse().map_err(|()| StoreError::Corrupt(format!("the status {text:?} of a subscription is unknown")))
    };
    let before = kept.status_before.as_deref().map(known).transpose()?;
    Ok(Seen { at: kept.event_at, rank: kept.event_rank, status: known(&kept.status)?, before })
}

async fn keep(
    connection: &mut PgConnection,
    event: &Event,
    it: &SubscriptionEvent,
    workspace_id: Option<WorkspaceId>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO billing_subscriptions (subscription_id, customer_id, workspace_id, status, status_before, prices, \
           period_ends_at, ends_at, event_id, event_at, event_rank) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (subscription_id) DO UPDATE SET workspace_id = excluded.workspace_id, status = excluded.status, \
           status_before = excluded.status_before, prices = excluded.prices, period_ends_at = excluded.period_ends_at, \
           ends_at = excluded.ends_at, event_id = excluded.event_id, event_at = excluded.event_at, \
           event_rank = excluded.event_rank, changed_at = clock_timestamp()",
    )
    .bind(&it.subscription_id)
    .bind(&it.customer_id)
    .bind(workspace_id.map(|id| id.0))
    .bind(it.seen.status.as_str())
    .bind(it.seen.before.map(super::Status::as_str))
    .bind(&it.prices)
    .bind(it.period_ends_at)
    .bind(it.ends_at)
    .bind(&event.id)
    .bind(event.at)
    .bind(it.seen.rank)
    .execute(&mut *connection)
    .await?;
    if workspace_id.is_none() {
        // Where to cut is read apart, as rows that are skipped to get there would be locked, too.
        sqlx::query(
            "DELETE FROM billing_subscriptions WHERE subscription_id IN ( \
               SELECT s.subscription_id FROM billing_subscriptions s WHERE s.workspace_id IS NULL AND s.changed_at <= ( \
                 SELECT x.changed_at FROM billing_subscriptions x WHERE x.workspace_id IS NULL \
                  ORDER BY x.changed_at DESC OFFSET $1 LIMIT 1) \
                ORDER BY s.changed_at LIMIT $2 FOR UPDATE OF s SKIP LOCKED)",
        )
        .bind(UNMATCHED_MAX)
        .bind(TIDIED_MAX)
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Writes down what became of it, and removes some of what is not kept any more.
async fn conclude(
    connection: &mut PgConnection,
    event: &Event,
    outcome: Outcome,
    workspace_id: Option<WorkspaceId>,
) -> Result<(), StoreError> {
    let is_fact = matches!(event.what, What::Invoice(_)) && workspace_id.is_some();
    sqlx::query(
        "UPDATE billing_events SET outcome = $2, workspace_id = $3, \
           kept_until = clock_timestamp() + make_interval(days => $4) WHERE event_id = $1",
    )
    .bind(&event.id)
    .bind(outcome.as_str())
    .bind(workspace_id.map(|id| id.0))
    .bind(if is_fact { FACT_KEPT_DAYS } else { KEPT_DAYS })
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM billing_events WHERE event_id IN ( \
           SELECT event_id FROM billing_events WHERE kept_until < clock_timestamp() \
            ORDER BY kept_until LIMIT $1 FOR UPDATE SKIP LOCKED)",
    )
    .bind(TIDIED_MAX)
    .execute(&mut *connection)
    .await?;
    if outcome.is_unmatched() {
        // As above.
        let is_unmatched =
            "outcome IN ('unreadable', 'no_workspace', 'unknown_customer', 'other_customer', 'unknown_price')";
        sqlx::query(&format!(
            "DELETE FROM billing_events WHERE event_id IN ( \
               SELECT e.event_id FROM billing_events e WHERE e.{is_unmatched} AND e.entry_id <= ( \
                 SELECT x.entry_id FROM billing_events x WHERE x.{is_unmatched} ORDER BY x.entry_id DESC OFFSET $1 LIMIT 1) \
                ORDER BY e.entry_id LIMIT $2 FOR UPDATE OF e SKIP LOCKED)"
        ))
        .bind(UNMATCHED_MAX)
        .bind(TIDIED_MAX)
        .execute(connection)
        .await?;
    }
    Ok(())
}
