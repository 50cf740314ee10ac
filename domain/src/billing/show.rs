//! What is shown of billing: to the owner of a workspace, and to the platform. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::take::Outcome;

/// Most subscriptions of a workspace that are shown.
const SUBSCRIPTIONS_SHOWN_MAX: i64 = 20;
/// Most invoices, and for the platform events, of a workspace that are shown.
const EVENTS_SHOWN_MAX: i64 = 50;

/// A workspace as the provider knows it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct CustomerRow {
    /// Its id there.
    pub customer_id: String,
    /// The plan that billing gave last.
    pub given_plan: Option<String>,
    /// When its plan is looked at again; where nothing is paid any more, when that ends.
    pub look_at: Option<DateTime<Utc>>,
    /// The event that said so, or who did.
    pub linked_by: String,
    /// When.
    pub linked_at: DateTime<Utc>,
}

/// A subscription.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct SubscriptionRow {
    /// Its id at the provider.
    pub subscription_id: String,
    /// How it stands.
    pub status: String,
    /// Until when it is paid, or would be.
    pub period_ends_at: Option<DateTime<Utc>>,
    /// When it ends, or has ended, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
    /// When that was so.
    pub as_of: DateTime<Utc>,
}

/// An event, as it was taken in.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct EventRow {
    /// For paging.
    pub id: Uuid,
    /// Its id at the provider.
    pub event_id: String,
    /// Its type there.
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub type_name: String,
    /// What became of it.
    pub outcome: String,
    /// Whose, if that is known.
    pub workspace_id: Option<Uuid>,
    /// Of the customer, if it names one.
    pub customer_id: Option<String>,
    /// Of the subscription or invoice.
    pub object_id: Option<String>,
    /// Of an invoice, in the smallest unit of its currency.
    pub amount: Option<i64>,
    /// Of an invoice.
    pub currency: Option<String>,
    /// Of an invoice: how often it was tried.
    pub attempts: Option<i32>,
    /// Of an invoice: when it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

const EVENT: &str = "entry_id AS id, event_id, type, outcome, workspace_id, customer_id, object_id, amount, currency, attempts, \
                     next_attempt_at, happened_at, received_at";

/// The customer that a workspace is.
///
/// # Errors
/// If the database does.
pub async fn customer_of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Option<CustomerRow>, StoreError> {
    let row = sqlx::query_as(
        "SELECT customer_id, plan AS given_plan, look_at, linked_by, linked_at FROM billing_customers WHERE workspace_id = $1",
    );
    Ok(row.bind(workspace_id.0).fetch_optional(connection).await?)
}

/// Its subscriptions, the one that changed last first.
///
/// # Errors
/// If the database does.
pub async fn subscriptions_of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT subscription_id, status, period_ends_at, ends_at, event_at AS as_of FROM billing_subscriptions \
         WHERE workspace_id = $1 ORDER BY changed_at DESC LIMIT $2",
    );
    Ok(rows.bind(workspace_id.0).bind(SUBSCRIPTIONS_SHOWN_MAX).fetch_all(connection).await?)
}

/// What is known of its invoices, the newest first.
///
/// # Errors
/// If the database does.
pub async fn invoices_of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<EventRow>, StoreError> {
    let sql = format!(
        "SELECT {EVENT} FROM billing_events WHERE workspace_id = $1 AND type IN ('invoice.paid', 'invoice.payment_failed') \
         ORDER BY entry_id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(EVENTS_SHOWN_MAX).fetch_all(connection).await?)
}

/// What was told of it, the newest first.
///
/// # Errors
/// If the database does.
pub async fn events_of(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<EventRow>, StoreError> {
    let sql = format!("SELECT {EVENT} FROM billing_events WHERE workspace_id = $1 ORDER BY entry_id DESC LIMIT $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(EVENTS_SHOWN_MAX).fetch_all(connection).await?)
}

/// Events of all workspaces and of none that came before `before`, the newest first: those with an outcome if it is named, else those
/// that somebody has to look at.
///
/// # Errors
/// If the database does.
pub async fn list_events(
    connection: &mut PgConnection,
    outcome: Option<Outcome>,
    before: Uuid,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let all = Outcome::ALL.into_iter();
    let wanted: Vec<&str> =
        all.filter(|one| outcome.map_or(one.is_unmatched(), |outcome| outcome == *one)).map(Outcome::as_str).collect();
    let sql = format!(
        "SELECT {EVENT} FROM billing_events WHERE entry_id < $1 AND outcome = ANY ($2) ORDER BY entry_id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(&sql).bind(before).bind(wanted).bind(limit).fetch_all(connection).await?)
}
