//! Which workspace a customer pays for.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use thiserror::Error;
use uuid::Uuid;

use super::news::{Fact, add_invoice};
use super::prices::use_prices;
use super::settle::{settle, subscriptions};
use super::take::{FACT_KEPT_DAYS, Outcome};
use crate::schedules::now;

/// A customer was not given to a workspace.
#[derive(Debug, Error)]
pub enum LinkError {
    /// There is none.
    #[error("there is no workspace {0}")]
    UnknownWorkspace(WorkspaceId),
    /// It pays for another one.
    #[error("the customer pays for another workspace, {0}")]
    Taken(WorkspaceId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for LinkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An invoice that was told before anybody knew whose it is.
#[derive(FromRow)]
struct AdoptedRow {
    type_name: String,
    object_id: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    attempts: Option<i32>,
    next_attempt_at: Option<DateTime<Utc>>,
    happened_at: DateTime<Utc>,
    entry_id: Uuid,
}

/// All that is done about a customer goes one after the other, until the transaction ends. Before all rows but that of an event.
pub(super) async fn lock_customer(connection: &mut PgConnection, customer_id: &str) -> Result<(), StoreError> {
    use_prices(connection).await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#billing'), hashtext($1))")
        .bind(customer_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The workspace that a customer pays for.
pub(super) async fn customer_workspace(
    connection: &mut PgConnection,
    customer_id: &str,
) -> Result<Option<WorkspaceId>, StoreError> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT workspace_id FROM billing_customers WHERE customer_id = $1")
        .bind(customer_id)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(WorkspaceId))
}

/// The same. Nobody gives that workspace another customer until the transaction ends.
pub(super) async fn hold_customer_workspace(
    connection: &mut PgConnection,
    customer_id: &str,
) -> Result<Option<WorkspaceId>, StoreError> {
    let id: Option<Uuid> =
        sqlx::query_scalar("SELECT workspace_id FROM billing_customers WHERE customer_id = $1 FOR UPDATE")
            .bind(customer_id)
            .fetch_optional(connection)
            .await?;
    Ok(id.map(WorkspaceId))
}

/// A checkout says who pays for a workspace. It takes a workspace from nobody who pays for it, and a customer from no workspace. The
/// caller has the customer's lock.
pub(super) async fn link_by_checkout(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    customer_id: &str,
    event_id: &str,
    fallback: &str,
) -> Result<Outcome, StoreError> {
    if !lock_workspace(connection, workspace_id).await? {
        return Ok(Outcome::NoWorkspace);
    }
    if customer_workspace(connection, customer_id).await?.is_some_and(|other| other != workspace_id) {
        return Ok(Outcome::OtherCustomer);
    }
    if let Some(kept) = hold_kept_customer(connection, workspace_id).await?
        && kept != customer_id
    {
        let at = now(connection).await?;
        if subscriptions(connection, workspace_id).await?.iter().any(|one| one.holds(at)) {
            return Ok(Outcome::OtherCustomer);
        }
    }
    let has_unknown_price = put(connection, workspace_id, customer_id, event_id, fallback).await?;
    Ok(if has_unknown_price { Outcome::UnknownPrice } else { Outcome::Applied })
}

/// Somebody of the platform says who pays for a workspace; what was known of it as another customer counts no more. In a transaction
/// of the caller's, for the access role.
///
/// # Errors
/// [`LinkError`]
pub async fn link_by_hand(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    customer_id: &str,
    by: &str,
    fallback: &str,
) -> Result<(), LinkError> {
    lock_customer(connection, customer_id).await?;
    if !lock_workspace(connection, workspace_id).await? {
        return Err(LinkError::UnknownWorkspace(workspace_id));
    }
    if let Some(other) = customer_workspace(connection, customer_id).await?.filter(|other| *other != workspace_id) {
        return Err(LinkError::Taken(other));
    }
    // Before the subscriptions: a new one of the customer before comes either before this, or when that is nobody's customer.
    hold_kept_customer(connection, workspace_id).await?;
    sqlx::query("UPDATE billing_subscriptions SET workspace_id = NULL WHERE workspace_id = $1 AND customer_id <> $2")
        .bind(workspace_id.0)
        .bind(customer_id)
        .execute(&mut *connection)
        .await?;
    put(connection, workspace_id, customer_id, by, fallback).await?;
    Ok(())
}

/// Whether there is such a workspace. Nobody else gives it a customer until the transaction ends.
async fn lock_workspace(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
    let found: Option<bool> =
        sqlx::query_scalar("SELECT true FROM workspaces WHERE workspace_id = $1 FOR NO KEY UPDATE")
            .bind(workspace_id.0)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// The customer that pays for it, of whom nothing is taken in for it until the transaction ends.
async fn hold_kept_customer(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Option<String>, StoreError> {
    let kept = sqlx::query_scalar("SELECT customer_id FROM billing_customers WHERE workspace_id = $1 FOR UPDATE");
    Ok(kept.bind(workspace_id.0).fetch_optional(connection).await?)
}

/// Writes it down, and has all that was told of the customer before hold now. Whether something is paid for that is no plan.
async fn put(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    customer_id: &str,
    by: &str,
    fallback: &str,
) -> Result<bool, StoreError> {
    sqlx::query(
        "INSERT INTO billing_customers AS c (workspace_id, customer_id, linked_by) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id) DO UPDATE SET customer_id = excluded.customer_id, linked_by = excluded.linked_by, \
           linked_at = clock_timestamp() WHERE c.customer_id <> excluded.customer_id",
    )
    .bind(workspace_id.0)
    .bind(customer_id)
    .bind(by)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE billing_subscriptions SET workspace_id = $1 WHERE customer_id = $2 AND workspace_id IS NULL")
        .bind(workspace_id.0)
        .bind(customer_id)
        .execute(&mut *connection)
        .await?;
    let mut adopted: Vec<AdoptedRow> = sqlx::query_as(
        "UPDATE billing_events SET workspace_id = $1, outcome = 'applied', kept_until = kept_until + \
             CASE WHEN amount IS NULL THEN interval '0' ELSE make_interval(days => $3) END \
          WHERE customer_id = $2 AND workspace_id IS NULL AND outcome = 'unknown_customer' \
         RETURNING type AS type_name, object_id, amount, currency, attempts, next_attempt_at, happened_at, entry_id",
    )
    .bind(workspace_id.0)
    .bind(customer_id)
    .bind(FACT_KEPT_DAYS)
    .fetch_all(&mut *connection)
    .await?;
    adopted.sort_unstable_by_key(|row| row.entry_id);
    for row in &adopted {
        let (Some(invoice_id), Some(amount), Some(currency)) = (&row.object_id, row.amount, &row.currency) else {
            continue;
        };
        let fact = Fact {
            invoice_id,
            is_paid: row.type_name == "invoice.paid",
            amount,
            currency,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            at: row.happened_at,
        };
        add_invoice(connection, workspace_id, &fact).await?;
    }
    settle(connection, workspace_id, fallback).await
}
