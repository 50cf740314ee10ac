//! What a workspace's subscriptions come to: its plan.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::news::{PLAN_CHANGED, add};
use super::prices::use_prices;
use super::subscription::{Priced, Subscription, Target, due};
use crate::quotas::{PlanChange, PlanError, set_plan};
use crate::schedules::now;

/// Most subscriptions of a workspace that are looked at, the newest first.
const SUBSCRIPTIONS_MAX: i64 = 100;

#[derive(FromRow)]
struct Row {
    status: String,
    prices: Vec<String>,
    period_ends_at: Option<DateTime<Utc>>,
}

/// The subscriptions of a workspace.
pub(super) async fn subscriptions(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<Subscription>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT status, prices, period_ends_at FROM billing_subscriptions WHERE workspace_id = $1 \
         ORDER BY changed_at DESC LIMIT $2",
    )
    .bind(workspace_id.0)
    .bind(SUBSCRIPTIONS_MAX)
    .fetch_all(connection)
    .await?;
    let read = |row: Row| {
        let status =
            row.status.parse().map_err(|()| StoreError::Corrupt(format!("the status {:?} is unknown", row.status)))?;
        Ok(Subscription { status, prices: row.prices, period_ends_at: row.period_ends_at })
    };
    rows.into_iter().map(read).collect()
}

/// Gives a workspace the plan that its subscriptions come to, if that is another one than billing gave it before: a plan that was set
/// by hand meanwhile stays until then. Whether something is paid for that is no plan. In a transaction of the caller's, for the
/// access role. Locks the use of prices, then the workspace's row of billing.
///
/// # Errors
/// If the database does.
pub async fn settle(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    fallback: &str,
) -> Result<bool, StoreError> {
    use_prices(connection).await?;
    let held: Option<(Option<String>,)> =
        sqlx::query_as("SELECT plan FROM billing_customers WHERE workspace_id = $1 FOR UPDATE")
            .bind(workspace_id.0)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((given,)) = held else { return Ok(false) };
    let at = now(connection).await?;
    let subscriptions = subscriptions(connection, workspace_id).await?;
    let due = due(&subscriptions, &priced(connection, &subscriptions).await?, at);
    let plan = match &due.target {
        // What was given was paid by a customer who pays for this workspace no more.
        Target::AsItIs if given.is_some() && !due.has_unknown_price => Some(fallback),
        Target::AsItIs => None,
        Target::Plan(plan) => Some(plan.as_str()),
        Target::Fallback => Some(fallback),
    };
    let plan = plan.filter(|plan| given.as_deref() != Some(*plan));
    if let Some(plan) = plan {
        give(connection, workspace_id, plan).await?;
    }
    sqlx::query("UPDATE billing_customers SET plan = coalesce($2, plan), look_at = $3 WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .bind(plan)
        .bind(due.look_at)
        .execute(&mut *connection)
        .await?;
    if !due.has_unknown_price {
        sqlx::query(
            "UPDATE billing_events SET outcome = 'applied' WHERE workspace_id = $1 AND outcome = 'unknown_price'",
        )
        .bind(workspace_id.0)
        .execute(connection)
        .await?;
    }
    Ok(due.has_unknown_price)
}

/// Workspaces whose plan has to be looked at again, those first that have waited longest.
///
/// # Errors
/// If the database does.
pub async fn due_workspaces(connection: &mut PgConnection, most: i64) -> Result<Vec<WorkspaceId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT workspace_id FROM billing_customers WHERE look_at <= clock_timestamp() ORDER BY look_at LIMIT $1",
    )
    .bind(most)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}

/// Puts a look off that failed, so that others come first.
///
/// # Errors
/// If the database does.
pub async fn put_off(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE billing_customers SET look_at = clock_timestamp() + interval '1 minute' WHERE workspace_id = $1",
    )
    .bind(workspace_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the prices of subscriptions are paid for.
async fn priced(
    connection: &mut PgConnection,
    subscriptions: &[Subscription],
) -> Result<HashMap<String, Priced>, StoreError> {
    let ids: Vec<&str> = subscriptions.iter().flat_map(|one| &one.prices).map(String::as_str).collect();
    let rows: Vec<(String, String, i32)> = sqlx::query_as(
        "SELECT b.price, b.plan, p.place FROM billing_prices b JOIN plans p ON p.plan = b.plan WHERE b.price = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(price, plan, place)| (price, Priced { plan, place })).collect())
}

/// Sets the plan where plans are set, and tells of it, unless it is the one that the workspace has.
async fn give(connection: &mut PgConnection, workspace_id: WorkspaceId, plan: &str) -> Result<(), StoreError> {
    let has: Option<String> = sqlx::query_scalar("SELECT plan FROM workspace_plans WHERE workspace_id = $1 FOR UPDATE")
        .bind(workspace_id.0)
        .fetch_optional(&mut *connection)
        .await?;
    if has.as_deref() == Some(plan) {
        return Ok(());
    }
    let change = PlanChange { plan: Some(plan.to_owned()), ..PlanChange::default() };
    set_plan(&mut *connection, workspace_id, &change).await.map_err(|error| match error {
        PlanError::Store(error) => error,
        unknown @ PlanError::UnknownPlan(_) => StoreError::Corrupt(unknown.to_string()),
    })?;
    let subject = format!("{} → {plan}", has.as_deref().unwrap_or("none"));
    let payload = json!({ "workspace_id": workspace_id.0, "from": has, "to": plan, "by": "billing" });
    add(connection, workspace_id, PLAN_CHANGED, &subject, &payload).await
}
