//! Endpoints, as their owners keep them. For the API's role.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::certificates::remove_certificate;
use super::secrets::{SecretRow, secrets_of};

/// Most endpoints of a workspace.
pub const ENDPOINTS_MAX: i64 = 50;
/// Requests to an endpoint at a time, if nothing else is said, and at most.
pub const CONCURRENCY_DEFAULT: i32 = 10;
/// See [`CONCURRENCY_DEFAULT`].
pub const CONCURRENCY_MAX: i32 = 50;
/// Most requests a second that an endpoint may be given.
pub const RATE_MAX: i32 = 1_000;

/// What an owner says of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Where to.
    pub url: String,
    /// Patterns of types.
    pub types: Vec<String>,
    /// A condition over `event`.
    pub filter: Option<String>,
    /// For people.
    pub description: String,
    /// Requests a second at most.
    pub rate_per_s: Option<i32>,
    /// Requests at a time at most.
    pub concurrency: i32,
    /// Whether a key pair signs along; absent for what it was, which is no for a new one.
    pub asymmetric: Option<bool>,
    /// Whether deliveries of one thing go one after the other; absent for what it was, which is no for a new one.
    pub ordered: Option<bool>,
}

/// An endpoint as it is.
#[derive(Clone, Debug, FromRow)]
pub struct EndpointRow {
    /// Its id.
    pub endpoint_id: Uuid,
    /// Where to.
    pub url: String,
    /// Patterns of types.
    pub types: Vec<String>,
    /// A condition over `event`.
    pub filter: Option<String>,
    /// For people.
    pub description: String,
    /// `enabled`, `failing` or `disabled`.
    pub status: String,
    /// Why it is disabled.
    pub reason: Option<String>,
    /// Requests a second at most.
    pub rate_per_s: Option<i32>,
    /// Requests at a time at most.
    pub concurrency: i32,
    /// Whether a key pair signs along.
    pub is_asymmetric: bool,
    /// Whether deliveries of one thing go one after the other.
    pub is_ordered: bool,
    /// SHA-256 of the certificate that is shown to the receiver if it asks for one, if there is one.
    pub certificate_fingerprint: Option<String>,
    /// Since when.
    pub certificate_set_at: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub failures: i32,
    /// Since when it only fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its owner last changed it.
    pub updated_at: DateTime<Utc>,
    /// What signs for it, newest first.
    #[sqlx(skip)]
    pub secrets: Vec<SecretRow>,
}

const COLUMNS: &str = "p.endpoint_id, p.url, p.types, p.filter, p.description, p.status, p.reason, p.rate_per_s, \
    p.concurrency, p.is_asymmetric, p.is_ordered, p.certificate_fingerprint, p.certificate_set_at, l.failures, \
    l.failing_since, p.created_at, p.updated_at";
const TABLES: &str = "webhook_endpoints p \
    JOIN webhook_lanes l ON l.workspace_id = p.workspace_id AND l.endpoint_id = p.endpoint_id";

/// All endpoints of a workspace, newest first.
///
/// # Errors
/// If the database does.
pub async fn list(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<EndpointRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE p.workspace_id = $1 AND p.status <> 'deleted' \
         ORDER BY p.endpoint_id DESC LIMIT $2"
    );
    let mut rows: Vec<EndpointRow> =
        sqlx::query_as(&sql).bind(workspace_id.0).bind(ENDPOINTS_MAX).fetch_all(&mut *connection).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.endpoint_id).collect();
    let mut secrets: HashMap<Uuid, Vec<SecretRow>> = secrets_of(connection, workspace_id, &ids).await?;
    for row in &mut rows {
        row.secrets = secrets.remove(&row.endpoint_id).unwrap_or_default();
    }
    Ok(rows)
}

/// One endpoint.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<Option<EndpointRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE p.workspace_id = $1 AND p.endpoint_id = $2 AND p.status <> 'deleted'"
    );
    let row: Option<EndpointRow> =
        sqlx::query_as(&sql).bind(workspace_id.0).bind(endpoint_id).fetch_optional(&mut *connection).await?;
    let Some(mut row) = row else { return Ok(None) };
    row.secrets = secrets_of(connection, workspace_id, &[endpoint_id]).await?.remove(&endpoint_id).unwrap_or_default();
    Ok(Some(row))
}

/// Makes an endpoint; false if there are [`ENDPOINTS_MAX`]. Its first secret is for the caller to add.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    wish: &Wish,
) -> Result<bool, StoreError> {
    // One at a time in a workspace, so that the limit holds.
    sqlx::query(
        "SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoints ' || current_schema() || $1::text, 0))",
    )
    .bind(workspace_id.0)
    .execute(&mut *connection)
    .await?;
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_endpoints WHERE workspace_id = $1 AND status <> 'deleted'")
            .bind(workspace_id.0)
            .fetch_one(&mut *connection)
            .await?;
    if count >= ENDPOINTS_MAX {
        return Ok(false);
    }
    sqlx::query("INSERT INTO webhook_lanes (workspace_id, endpoint_id) VALUES ($1, $2)")
        .bind(workspace_id.0)
        .bind(endpoint_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO webhook_endpoints (workspace_id, endpoint_id, url, types, filter, description, rate_per_s, \
           concurrency, is_asymmetric, is_ordered, has_lines) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .bind(&wish.url)
    .bind(&wish.types)
    .bind(&wish.filter)
    .bind(&wish.description)
    .bind(wish.rate_per_s)
    .bind(wish.concurrency)
    .bind(wish.asymmetric.unwrap_or(false))
    .bind(wish.ordered.unwrap_or(false))
    .execute(connection)
    .await?;
    Ok(true)
}

/// Changes what an owner says of an endpoint; whether there is one. Its key pairs are for the caller to fit. What waits in line is let go
/// by a worker if it is not ordered any more.
///
/// # Errors
/// If the database does.
pub async fn update(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    wish: &Wish,
) -> Result<bool, StoreError> {
    let updated = sqlx::query_scalar(
        "UPDATE webhook_endpoints SET url = $3, types = $4, filter = $5, description = $6, rate_per_s = $7, \
           concurrency = $8, is_asymmetric = coalesce($9, is_asymmetric), is_ordered = coalesce($10, is_ordered), \
           has_lines = has_lines OR coalesce($10, is_ordered), updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND status <> 'deleted' RETURNING has_lines AND NOT is_ordered",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .bind(&wish.url)
    .bind(&wish.types)
    .bind(&wish.filter)
    .bind(&wish.description)
    .bind(wish.rate_per_s)
    .bind(wish.concurrency)
    .bind(wish.asymmetric)
    .bind(wish.ordered);
    let is_loose: Option<bool> = updated.fetch_optional(&mut *connection).await?;
    if is_loose == Some(true) {
        wake(connection, workspace_id, endpoint_id).await?;
    }
    Ok(is_loose.is_some())
}

/// Has an endpoint get events from now on, as if it had never failed; whether there is one.
///
/// # Errors
/// If the database does.
pub async fn enable(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<bool, StoreError> {
    let enabled = sqlx::query(
        "UPDATE webhook_endpoints \
         SET since = CASE WHEN status = 'disabled' THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE since END, \
           status = 'enabled', reason = NULL, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND status <> 'deleted'",
    );
    let enabled = enabled.bind(workspace_id.0).bind(endpoint_id).execute(&mut *connection).await?.rows_affected() > 0;
    if enabled {
        sqlx::query(
            "UPDATE webhook_lanes SET failures = 0, failing_since = NULL, warned = false, rests_until = '-infinity', \
               due_at = clock_timestamp() WHERE workspace_id = $1 AND endpoint_id = $2",
        )
        .bind(workspace_id.0)
        .bind(endpoint_id)
        .execute(connection)
        .await?;
    }
    Ok(enabled)
}

/// Has an endpoint get nothing any more. What waits for it is cancelled by a worker. Whether there is one.
///
/// # Errors
/// If the database does.
pub async fn disable(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    reason: &str,
) -> Result<bool, StoreError> {
    end(connection, workspace_id, endpoint_id, "disabled", Some(reason)).await
}

/// Deletes an endpoint, its secrets and its certificate. What waits for it is cancelled by a worker, and its deliveries are
/// still told of until they are old. Whether there was one.
///
/// # Errors
/// If the database does.
pub async fn delete(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<bool, StoreError> {
    let deleted = end(connection, workspace_id, endpoint_id, "deleted", None).await?;
    if deleted {
        sqlx::query("DELETE FROM webhook_secrets WHERE workspace_id = $1 AND endpoint_id = $2")
            .bind(workspace_id.0)
            .bind(endpoint_id)
            .execute(&mut *connection)
            .await?;
        remove_certificate(connection, workspace_id, endpoint_id).await?;
    }
    Ok(deleted)
}

async fn end(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    status: &str,
    reason: Option<&str>,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(
        "UPDATE webhook_endpoints SET status = $3, reason = $4, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND status <> 'deleted'",
    );
    let ended = ended.bind(workspace_id.0).bind(endpoint_id).bind(status).bind(reason);
    let ended = ended.execute(&mut *connection).await?.rows_affected() > 0;
    if ended {
        wake(connection, workspace_id, endpoint_id).await?;
    }
    Ok(ended)
}

/// Has a worker look at an endpoint's queue at once. Before deliveries are added to it, so that nobody who gives the queue
/// back meanwhile misses them: the row stays locked until the commit.
pub(super) async fn wake(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE webhook_lanes SET due_at = clock_timestamp() WHERE workspace_id = $1 AND endpoint_id = $2")
        .bind(workspace_id.0)
        .bind(endpoint_id)
        .execute(connection)
        .await?;
    Ok(())
}
