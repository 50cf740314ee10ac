//! What is paid for which plan, as administrators of the platform say. For the access role.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use thiserror::Error;
use uuid::Uuid;

use crate::access::Mover;

/// Most prices and products that stand for plans.
pub const PRICES_MAX: i64 = 1_000;
/// Longest id of one, in bytes.
const PRICE_BYTES_MAX: usize = 255;

/// A price or product that stands for a plan.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct PriceRow {
    /// Its id at the provider.
    pub price: String,
    /// The plan that is paid for.
    pub plan: String,
    /// Who said so.
    pub set_by: String,
    /// When.
    pub set_at: DateTime<Utc>,
}

/// A price was not set.
#[derive(Debug, Error)]
pub enum PriceError {
    /// No such plan.
    #[error("there is no plan {0:?}")]
    UnknownPlan(String),
    /// There are [`PRICES_MAX`].
    #[error("there are {PRICES_MAX} prices")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for PriceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whether something at the provider can have that id.
#[must_use]
pub fn is_price(text: &str) -> bool {
    (1..=PRICE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Nobody changes what is paid for which plan until the transaction ends: else a subscription that comes meanwhile would neither be
/// found by that change nor know of it. Before all rows of workspaces.
pub(super) async fn use_prices(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '#billing_prices'), 0)")
        .execute(connection)
        .await?;
    Ok(())
}

/// Nobody uses prices, or changes others, until the transaction ends.
async fn lock_prices(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#billing_prices'), 0)")
        .execute(connection)
        .await?;
    Ok(())
}

/// All of them, by their ids.
///
/// # Errors
/// If the database does.
pub async fn list_prices(connection: &mut PgConnection) -> Result<Vec<PriceRow>, StoreError> {
    let rows = sqlx::query_as("SELECT price, plan, set_by, set_at FROM billing_prices ORDER BY price LIMIT $1");
    Ok(rows.bind(PRICES_MAX).fetch_all(connection).await?)
}

/// Has a price stand for a plan, and those who pay it looked at again. In a transaction of the caller's.
///
/// # Errors
/// [`PriceError`]
pub async fn set_price(
    connection: &mut PgConnection,
    price: &str,
    plan: &str,
    by: &Mover,
) -> Result<PriceRow, PriceError> {
    lock_prices(connection).await?;
    let is_known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM plans WHERE plan = $1)")
        .bind(plan)
        .fetch_one(&mut *connection)
        .await?;
    if !is_known {
        return Err(PriceError::UnknownPlan(plan.into()));
    }
    let row: Option<PriceRow> = sqlx::query_as(
        "INSERT INTO billing_prices AS b (price, plan, set_by) SELECT $1, $2, $3 \
          WHERE (SELECT count(*) FROM billing_prices WHERE price <> $1) < $4 \
         ON CONFLICT (price) DO UPDATE SET plan = excluded.plan, set_by = excluded.set_by, set_at = clock_timestamp() \
         RETURNING price, plan, set_by, set_at",
    )
    .bind(price)
    .bind(plan)
    .bind(&by.name)
    .bind(PRICES_MAX)
    .fetch_optional(&mut *connection)
    .await?;
    let row = row.ok_or(PriceError::TooMany)?;
    changed(connection, price, Some(plan), by).await?;
    Ok(row)
}

/// Has a price stand for nothing; whether it stood for something. Who pays it keeps the plan until something changes.
///
/// # Errors
/// If the database does.
pub async fn remove_price(connection: &mut PgConnection, price: &str, by: &Mover) -> Result<bool, StoreError> {
    lock_prices(connection).await?;
    let gone = sqlx::query("DELETE FROM billing_prices WHERE price = $1").bind(price).execute(&mut *connection).await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    changed(connection, price, None, by).await?;
    Ok(true)
}

/// Writes down who did it, and has the workspaces looked at that pay it; they are locked in their order.
async fn changed(connection: &mut PgConnection, price: &str, plan: Option<&str>, by: &Mover) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO billing_price_changes (change_id, price, plan, changed_by, changed_by_name, address, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(Uuid::now_v7())
    .bind(price)
    .bind(plan)
    .bind(by.user_id)
    .bind(&by.name)
    .bind(&by.address)
    .bind(&by.request_id)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "WITH c AS MATERIALIZED ( \
           SELECT x.workspace_id FROM billing_customers x WHERE x.workspace_id IN \
             (SELECT s.workspace_id FROM billing_subscriptions s WHERE $1 = ANY (s.prices)) \
            ORDER BY x.workspace_id FOR UPDATE \
         ) \
         UPDATE billing_customers b SET look_at = clock_timestamp() FROM c WHERE b.workspace_id = c.workspace_id",
    )
    .bind(price)
    .execute(connection)
    .await?;
    Ok(())
}
