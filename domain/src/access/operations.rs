//! Workspaces that are being made: what was asked for, and how far it is. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::notifications::tell_of_operation;

/// What is done for a pooled workspace, in this order.
pub const STEPS: [&str; 6] = ["create", "schema", "seed", "first_user", "register", "verify"];
/// The same for one with a database of its own. Provisioners do the second and the third step, all else any API process does.
pub const DEDICATED_STEPS: [&str; 7] = ["create", "database", "schema", "seed", "first_user", "register", "verify"];
/// The steps that make things on a database server.
pub const DDL_STEPS: [&str; 2] = ["database", "schema"];
/// Tries of one step, after which the operation has failed.
pub const TRIES_MAX: i32 = 50;
/// Longest pause before a step is tried again, in seconds; the first is one second, each twice as long as the one before.
const PAUSE_S_MAX: f64 = 60.0;
/// Most characters of what is kept of an error.
const DETAIL_CHARS_MAX: usize = 500;

/// Where the rows of a workspace live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Among those of others.
    #[default]
    Pooled,
    /// In a database of its own.
    Dedicated,
}

impl Placement {
    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::Dedicated => "dedicated",
        }
    }
}

/// The steps of making a workspace with that placement.
#[must_use]
pub fn steps_of(placement: &str) -> &'static [&'static str] {
    if placement == Placement::Dedicated.as_str() { &DEDICATED_STEPS } else { &STEPS }
}

/// A workspace that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WantedWorkspace {
    /// Its part of addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Its plan.
    pub plan: String,
    /// Address of its owner, in its normal form.
    pub owner_email: String,
    /// What people call them, if they are no user yet.
    pub owner_name: Option<String>,
    /// Where its rows are to live.
    #[serde(default)]
    pub placement: Placement,
    /// The server of its own database; absent for the home server.
    #[serde(default)]
    pub server_id: Option<Uuid>,
}

/// An operation as it is.
#[derive(Clone, Debug, FromRow)]
pub struct OperationRow {
    /// Its id.
    pub operation_id: Uuid,
    /// What it does.
    pub kind: String,
    /// The user who asked for it.
    pub requested_by: Uuid,
    /// Their address.
    pub requested_by_name: String,
    /// Of what was asked for.
    pub request_hash: Vec<u8>,
    /// What was asked for.
    pub request: Json<WantedWorkspace>,
    /// The workspace that it makes.
    pub workspace_id: Uuid,
    /// `pending`, `running`, `completed` or `failed`.
    pub status: String,
    /// `pooled` or `dedicated`.
    pub placement: String,
    /// How many of its steps ([`steps_of`]) are done.
    pub step: i32,
    /// When each was done, by its name.
    pub steps: Value,
    /// Why it failed.
    pub error_code: Option<String>,
    /// For people.
    pub error_detail: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was completed, or failed.
    pub ended_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "operation_id, kind, requested_by, requested_by_name, request_hash, request, workspace_id, status, \
                       placement, step, steps, error_code, error_detail, created_at, ended_at";

impl OperationRow {
    /// The step that is to be done next; absent once all are done.
    #[must_use]
    pub fn next_step(&self) -> Option<&'static str> {
        steps_of(&self.placement).get(usize::try_from(self.step).ok()?).copied()
    }
}

/// Of an operation whose next step only a provisioner does.
const NEEDS_DDL: &str = "(placement = 'dedicated' AND step IN (1, 2))";

/// Who asks, under which key.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// A user.
    pub by: Uuid,
    /// Their address.
    pub by_name: &'a str,
    /// The same for the same wish.
    pub key: &'a str,
    /// Of all that was asked for.
    pub request_hash: &'a [u8],
}

/// Writes an operation down, unless that user has asked under that key before; the id of the workspace to be, if it is new.
///
/// # Errors
/// If the database does.
pub async fn ask_operation(
    connection: &mut PgConnection,
    asked: &Asked<'_>,
    wanted: &WantedWorkspace,
) -> Result<Option<WorkspaceId>, StoreError> {
    let workspace_id = WorkspaceId::new();
    let asked = sqlx::query(
        "INSERT INTO operations \
           (operation_id, kind, requested_by, requested_by_name, idempotency_key, request_hash, request, workspace_id, \
            placement) \
         VALUES ($1, 'workspace.create', $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT ON CONSTRAINT operations_idempotency_key DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(asked.by)
    .bind(asked.by_name)
    .bind(asked.key)
    .bind(asked.request_hash)
    .bind(Json(wanted))
    .bind(workspace_id.0)
    .bind(wanted.placement.as_str())
    .execute(connection)
    .await?;
    Ok((asked.rows_affected() == 1).then_some(workspace_id))
}

/// What a user asked for under a key.
///
/// # Errors
/// If the database does.
pub async fn find_operation(
    connection: &mut PgConnection,
    by: Uuid,
    key: &str,
) -> Result<Option<OperationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM operations WHERE requested_by = $1 AND idempotency_key = $2");
    Ok(sqlx::query_as(&sql).bind(by).bind(key).fetch_optional(connection).await?)
}

/// One operation.
///
/// # Errors
/// If the database does.
pub async fn get_operation(connection: &mut PgConnection, id: Uuid) -> Result<Option<OperationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM operations WHERE operation_id = $1");
    Ok(sqlx::query_as(&sql).bind(id).fetch_optional(connection).await?)
}

/// Lets an operation that failed go on at the step where it did, with all of its tries; one that did not fail is left as it is.
/// Whether it was let go on.
///
/// # Errors
/// If the database does.
pub async fn retry_operation(connection: &mut PgConnection, id: Uuid) -> Result<bool, StoreError> {
    let retried = sqlx::query(
        "UPDATE operations SET status = CASE WHEN step = 0 THEN 'pending' ELSE 'running' END, tries = 0, \
           due_at = clock_timestamp(), error_code = NULL, error_detail = NULL, ended_at = NULL \
         WHERE operation_id = $1 AND status = 'failed'",
    );
    Ok(retried.bind(id).execute(connection).await?.rows_affected() == 1)
}

/// How many operations of a user have not ended.
///
/// # Errors
/// If the database does.
pub async fn open_operations(connection: &mut PgConnection, by: Uuid) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM operations WHERE requested_by = $1 AND ended_at IS NULL");
    Ok(count.bind(by).fetch_one(connection).await?)
}

/// Operations that an API process should go on with, at most `most`. Uses operations_due.
///
/// # Errors
/// If the database does.
pub async fn due_operations(connection: &mut PgConnection, most: i64) -> Result<Vec<Uuid>, StoreError> {
    due(connection, &format!("NOT {NEEDS_DDL}"), most).await
}

/// Operations that a provisioner should go on with, at most `most`. Uses operations_due.
///
/// # Errors
/// If the database does.
pub async fn due_ddl_operations(connection: &mut PgConnection, most: i64) -> Result<Vec<Uuid>, StoreError> {
    due(connection, NEEDS_DDL, most).await
}

/// Since when, in seconds, the operation waits for a provisioner that waits longest; none if none waits.
///
/// # Errors
/// If the database does.
pub async fn ddl_waits_s(connection: &mut PgConnection) -> Result<Option<f64>, StoreError> {
    let sql = format!(
        "SELECT extract(epoch FROM clock_timestamp() - min(due_at))::float8 FROM operations \
         WHERE ended_at IS NULL AND due_at <= clock_timestamp() AND {NEEDS_DDL}"
    );
    Ok(sqlx::query_scalar(&sql).fetch_one(connection).await?)
}

async fn due(connection: &mut PgConnection, which: &str, most: i64) -> Result<Vec<Uuid>, StoreError> {
    let sql = format!(
        "SELECT operation_id FROM operations WHERE ended_at IS NULL AND due_at <= clock_timestamp() AND {which} \
         ORDER BY due_at LIMIT $1"
    );
    Ok(sqlx::query_scalar(&sql).bind(most).fetch_all(connection).await?)
}

/// Takes an operation that is due, until the transaction has ended; nothing if another process has it, or a provisioner is to go on
/// with it. One that waits after a failure is left alone whoever asks for it, or its tries would be used up in a moment.
///
/// # Errors
/// If the database does.
pub async fn take_operation(connection: &mut PgConnection, id: Uuid) -> Result<Option<OperationRow>, StoreError> {
    take(connection, &format!("NOT {NEEDS_DDL}"), id).await
}

/// The same for a provisioner, of an operation that only a provisioner goes on with.
///
/// # Errors
/// If the database does.
pub async fn take_ddl_operation(connection: &mut PgConnection, id: Uuid) -> Result<Option<OperationRow>, StoreError> {
    take(connection, NEEDS_DDL, id).await
}

async fn take(connection: &mut PgConnection, which: &str, id: Uuid) -> Result<Option<OperationRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM operations WHERE operation_id = $1 AND ended_at IS NULL AND due_at <= clock_timestamp() \
         AND {which} FOR NO KEY UPDATE SKIP LOCKED"
    );
    Ok(sqlx::query_as(&sql).bind(id).fetch_optional(connection).await?)
}

/// Notes that the step is done, in the transaction that has the operation and did it. After the last one people are told.
///
/// # Errors
/// If the database does.
pub async fn step_done(connection: &mut PgConnection, row: &OperationRow) -> Result<(), StoreError> {
    let name = row.next_step().unwrap_or_default();
    sqlx::query(
        "UPDATE operations SET step = step + 1, tries = 0, due_at = clock_timestamp(), \
           steps = steps || jsonb_build_object($2::text, clock_timestamp()), \
           status = CASE WHEN step + 1 = $3 THEN 'completed' ELSE 'running' END, \
           ended_at = CASE WHEN step + 1 = $3 THEN clock_timestamp() END \
         WHERE operation_id = $1",
    )
    .bind(row.operation_id)
    .bind(name)
    .bind(i32::try_from(steps_of(&row.placement).len()).unwrap_or(i32::MAX))
    .execute(&mut *connection)
    .await?;
    tell_of_operation(connection, row.operation_id).await
}

/// Notes that a step failed: for good, if `code` says why, or if it was tried too often; else it comes again after a pause.
/// Of what has failed people are told.
///
/// # Errors
/// If the database does.
pub async fn step_failed(
    connection: &mut PgConnection,
    row: &OperationRow,
    code: Option<&str>,
    detail: &str,
) -> Result<(), StoreError> {
    let detail: String = detail.chars().take(DETAIL_CHARS_MAX).collect();
    sqlx::query(
        "UPDATE operations SET tries = tries + 1, status = CASE WHEN f.is_over THEN 'failed' ELSE 'running' END, \
           error_code = CASE WHEN f.is_over THEN coalesce($3, 'given_up') END, \
           error_detail = CASE WHEN f.is_over THEN $4 END, \
           ended_at = CASE WHEN f.is_over THEN clock_timestamp() END, \
           due_at = clock_timestamp() + least($6, 2 ^ least(tries, 20)) * interval '1 second' \
         FROM (SELECT $3::text IS NOT NULL OR o.tries + 1 >= $5 AS is_over FROM operations o WHERE o.operation_id = $1) AS f \
         WHERE operation_id = $1 AND step = $2 AND ended_at IS NULL",
    )
    .bind(row.operation_id)
    .bind(row.step)
    .bind(code)
    .bind(detail)
    .bind(TRIES_MAX)
    .bind(PAUSE_S_MAX)
    .execute(&mut *connection)
    .await?;
    tell_of_operation(connection, row.operation_id).await
}
