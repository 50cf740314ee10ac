//! Deliveries, as their owners see them, and sending again by hand. For the API's role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::moment::id_at;
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::body::body;
use super::endpoints::wake;
use super::lines::{self, WAITS, WAITS_YEAR};
use super::schedule::DEADLINE_HOURS;

/// Deliveries that one call sends again at most.
pub const RESEND_MAX: i64 = 1_000;
/// For how many days deliveries are kept.
pub const KEPT_DAYS: i32 = 30;
/// Up to what count deliveries are counted.
const COUNT_MAX: i64 = 10_000;
/// Attempts that are shown at most, the newest.
const ATTEMPTS_MAX: i64 = 100;
/// Rows that one call of [`tidy`] removes of each kind.
const BITE: i32 = 2_000;
/// The statuses of deliveries.
pub const STATUSES: [&str; 4] = ["pending", "delivered", "failed", "cancelled"];
/// Type of the event with which an owner tries an endpoint.
pub const TEST_TYPE: &str = "webhook.test";

/// A delivery.
#[derive(Clone, Debug, FromRow)]
pub struct DeliveryRow {
    /// Its id.
    pub delivery_id: Uuid,
    /// To whom.
    pub endpoint_id: Uuid,
    /// What.
    pub event_id: Uuid,
    /// The type of that.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// One of [`STATUSES`].
    pub status: String,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    /// When it is tried next, while it is pending; of one that waits in line that is not known.
    pub due_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub settled_at: Option<DateTime<Utc>>,
}

impl DeliveryRow {
    /// Whether it waits for the end of earlier ones of the same thing.
    #[must_use]
    pub fn waits_in_line(&self) -> bool {
        self.status == "pending" && self.due_at.year() >= WAITS_YEAR
    }
}

/// An attempt of a delivery.
#[derive(Clone, Debug, FromRow)]
pub struct AttemptRow {
    /// Counted from 1.
    pub number: i32,
    /// By the database's clock.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: i64,
    /// Absent where there was no answer.
    pub status_code: Option<i32>,
    /// `delivered` or `failed`.
    pub outcome: String,
    /// The class of what went wrong.
    pub error: Option<String>,
    /// What is told of it.
    pub detail: Option<String>,
    /// How the answer's body begins.
    pub response: Option<String>,
}

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of that endpoint.
    pub endpoint_id: Option<Uuid>,
    /// In that status.
    pub status: Option<String>,
    /// Of that type.
    pub type_name: Option<String>,
}

const COLUMNS: &str = "d.delivery_id, d.endpoint_id, d.event_id, d.type, d.status, d.reason, d.attempts, d.due_at, \
    d.created_at, d.settled_at";

/// A page of deliveries, newest first.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    // Written out, so that each has its own plan, by its own index.
    let endpoint = if filter.endpoint_id.is_some() { "AND d.endpoint_id = $4" } else { "AND $4::uuid IS NULL" };
    let status = match filter.status.as_deref() {
        Some("delivered") => "AND d.status = $5",
        Some(_) => "AND d.status = $5 AND d.status <> 'delivered'",
        None => "AND $5::text IS NULL",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries d WHERE d.workspace_id = $1 AND d.delivery_id < $2 {endpoint} {status} \
           AND ($6::text IS NULL OR d.type = $6) ORDER BY d.delivery_id DESC LIMIT $3"
    );
    let rows = sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(limit).bind(filter.endpoint_id);
    Ok(rows.bind(filter.status.as_deref()).bind(filter.type_name.as_deref()).fetch_all(connection).await?)
}

/// One delivery.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    delivery_id: Uuid,
) -> Result<Option<DeliveryRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_deliveries d WHERE d.workspace_id = $1 AND d.delivery_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(delivery_id).fetch_optional(connection).await?)
}

/// What a delivery brings, as it is sent, and its attempts, newest first.
///
/// # Errors
/// If the database does.
pub async fn details(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    delivery: &DeliveryRow,
) -> Result<(Option<String>, Vec<AttemptRow>), StoreError> {
    let body = sqlx::query_scalar("SELECT body FROM webhook_events WHERE workspace_id = $1 AND event_id = $2")
        .bind(workspace_id.0)
        .bind(delivery.event_id)
        .fetch_optional(&mut *connection)
        .await?;
    let attempts = sqlx::query_as(
        "SELECT number, started_at, duration_ms, status_code, outcome, error, detail, response FROM webhook_attempts \
         WHERE workspace_id = $1 AND delivery_id = $2 ORDER BY number DESC LIMIT $3",
    );
    let attempts = attempts.bind(workspace_id.0).bind(delivery.delivery_id).bind(ATTEMPTS_MAX);
    Ok((body, attempts.fetch_all(connection).await?))
}

/// How many deliveries of an endpoint are in each of [`STATUSES`], each counted up to 10,000.
///
/// # Errors
/// If the database does.
pub async fn counts(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<Vec<(String, i64)>, StoreError> {
    let counts = sqlx::query_as(
        "SELECT s.status, (SELECT count(*) FROM (SELECT FROM webhook_deliveries d \
           WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = s.status LIMIT $4) AS counted) \
         FROM unnest($3::text[]) AS s (status)",
    );
    let counts = counts.bind(workspace_id.0).bind(endpoint_id).bind(STATUSES.as_slice()).bind(COUNT_MAX);
    Ok(counts.fetch_all(connection).await?)
}

/// Sends a test event to an endpoint, whatever it is subscribed to; answers the delivery.
///
/// # Errors
/// If the database does.
pub async fn send_test(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<Uuid, StoreError> {
    wake(connection, workspace_id, endpoint_id).await?;
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut *connection).await?;
    let (event_id, delivery_id) = (id_at(now), id_at(now));
    let data = json!({ "endpoint_id": endpoint_id, "message": "This is a test. Your endpoint works." });
    let event: Value = body(event_id, TEST_TYPE, now, &data);
    sqlx::query("INSERT INTO webhook_events (workspace_id, event_id, type, body) VALUES ($1, $2, $3, $4)")
        .bind(workspace_id.0)
        .bind(event_id)
        .bind(TEST_TYPE)
        .bind(event.to_string())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at) \
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(hours => $6))",
    )
    .bind(workspace_id.0)
    .bind(delivery_id)
    .bind(endpoint_id)
    .bind(event_id)
    .bind(TEST_TYPE)
    .bind(DEADLINE_HOURS)
    .execute(connection)
    .await?;
    Ok(delivery_id)
}

/// Sends one delivery again, at once, with a whole schedule before it. If its endpoint is ordered it goes back to its place in line.
///
/// # Errors
/// If the database does.
pub async fn resend(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    delivery: &DeliveryRow,
) -> Result<(), StoreError> {
    wake(connection, workspace_id, delivery.endpoint_id).await?;
    let is_ordered = lines::is_ordered(connection, workspace_id.0, delivery.endpoint_id).await?;
    let sql = format!(
        "UPDATE webhook_deliveries SET {} WHERE workspace_id = $1 AND delivery_id = $4 RETURNING line",
        again()
    );
    let resent = sqlx::query_scalar(&sql).bind(workspace_id.0).bind(DEADLINE_HOURS).bind(is_ordered);
    let resent: Vec<Option<String>> = resent.bind(delivery.delivery_id).fetch_all(&mut *connection).await?;
    let of: Vec<String> = resent.into_iter().flatten().collect();
    lines::begin(connection, workspace_id.0, delivery.endpoint_id, &of).await
}

/// What sending again sets, as SQL: `$2` hours until its deadline, `$3` whether its endpoint is ordered. What stands in line waits there,
/// but for what is on its way. It never leaves its line: that would have nobody to let the next one go.
fn again() -> String {
    format!(
        "status = 'pending', reason = NULL, tried = 0, settled_at = NULL, \
         deadline_at = clock_timestamp() + make_interval(hours => $2), \
         due_at = CASE WHEN $3 AND line IS NOT NULL AND (status <> 'pending' OR due_at = {WAITS}) THEN {WAITS} \
           ELSE clock_timestamp() END"
    )
}

/// By how much the time in the id of a delivery may differ from that of its row, in seconds: as long as a statement may wait for a
/// lock, and some room. Ids of the releases before are by the clock of the process that made them.
const ID_OFF_S: i64 = 60;

/// Sends deliveries of an endpoint again that were made in a time and are in one of these statuses, the oldest first, at most
/// [`RESEND_MAX`]; answers how many. What was sent again is pending, so the next call takes those that follow, unless it asks
/// for what was delivered: those it takes again, once they have arrived.
///
/// # Errors
/// If the database does.
pub async fn resend_range(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    range: (DateTime<Utc>, DateTime<Utc>),
    statuses: &[String],
) -> Result<u64, StoreError> {
    wake(connection, workspace_id, endpoint_id).await?;
    let is_ordered = lines::is_ordered(connection, workspace_id.0, endpoint_id).await?;
    // Found by the index on ids, and chosen by when the row was made.
    let sql = format!(
        "UPDATE webhook_deliveries SET {} WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM webhook_deliveries d \
           WHERE d.workspace_id = $1 AND d.endpoint_id = $4 \
             AND d.delivery_id >= uuid_floor_1($5 - interval '{ID_OFF_S} seconds') \
             AND d.delivery_id < uuid_floor_1($6 + interval '{ID_OFF_S} seconds') AND tstzrange($5, $6) @> d.created_at \
             AND d.status = ANY ($7) ORDER BY d.delivery_id LIMIT $8 FOR UPDATE SKIP LOCKED)) RETURNING line",
        again()
    );
    let resent = sqlx::query_scalar(&sql).bind(workspace_id.0).bind(DEADLINE_HOURS).bind(is_ordered).bind(endpoint_id);
    let resent = resent.bind(range.0).bind(range.1).bind(statuses).bind(RESEND_MAX);
    let resent: Vec<Option<String>> = resent.fetch_all(&mut *connection).await?;
    let (count, of): (usize, Vec<String>) = (resent.len(), resent.into_iter().flatten().collect());
    lines::begin(connection, workspace_id.0, endpoint_id, &of).await?;
    Ok(count as u64)
}

/// The types of custom events that a workspace has sent lately, at most `limit`, by the index on types.
///
/// # Errors
/// If the database does.
pub async fn custom_types(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let types = sqlx::query_scalar(
        "WITH RECURSIVE seen AS ( \
           (SELECT e.type, 1 AS n FROM events e WHERE e.workspace_id = $1 ORDER BY e.type LIMIT 1) \
           UNION ALL \
           SELECT (SELECT e.type FROM events e WHERE e.workspace_id = $1 AND e.type > s.type ORDER BY e.type LIMIT 1), \
             s.n + 1 FROM seen s WHERE s.type IS NOT NULL AND s.n < $2 \
         ) SELECT type FROM seen WHERE type IS NOT NULL",
    );
    Ok(types.bind(workspace_id.0).bind(limit).fetch_all(connection).await?)
}

/// Removes what is older than [`KEPT_DAYS`]; answers how many rows. Come again while it is not zero. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let sql = "SELECT tidy_webhooks_1(clock_timestamp() - make_interval(days => $1), $2)";
    Ok(sqlx::query_scalar(sql).bind(KEPT_DAYS).bind(BITE).fetch_one(connection).await?)
}
