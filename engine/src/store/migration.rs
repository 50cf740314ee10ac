//! Executions that go on with another version of their workflow.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::{ExecutionId, VersionId, WorkspaceId};

/// Migrations of an execution that are shown.
const SHOWN_MAX: i64 = 100;

/// An execution that is to go on with another version, as it stood when that was found to fit.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its version.
    pub from: VersionId,
    /// The version that it goes on with.
    pub to: VersionId,
    /// Entries of its journal.
    pub position: u32,
    /// The name of the key.
    pub by: String,
    /// Why, for people.
    pub reason: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// It goes on with the other version.
    Done,
    /// A worker holds its lease.
    Running,
    /// It has got on, has ended, or has another version by now.
    Changed,
    /// The workspace has no such execution, or its workflow no such version.
    Unknown,
}

/// A migration that was done.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct MigrationRow {
    /// The version before.
    pub from_version_id: Uuid,
    /// The version after.
    pub to_version_id: Uuid,
    /// Journal entries that there were.
    pub position: i32,
    /// The name of the key.
    #[sqlx(rename = "migrated_by")]
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    #[sqlx(rename = "created_at")]
    pub at: DateTime<Utc>,
}

/// Has executions go on with other versions, in execution order, in one round trip. Nobody can claim them until the transaction
/// of the caller ends. A lease that somebody is about to take or to give up is waited for, `lock_ms` at most.
///
/// # Errors
/// If the database does.
pub async fn migrate(
    connection: &mut PgConnection,
    migrations: &[Migration],
    lock_ms: u32,
) -> Result<Vec<Migrated>, StoreError> {
    sqlx::query(&format!("SET LOCAL lock_timeout = {lock_ms}")).execute(&mut *connection).await?;
    let position = |migration: &Migration| i32::try_from(migration.position).unwrap_or(i32::MAX);
    let verdicts: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT migrate_1(m.id, m.from_id, m.to_id, m.position, m.by, m.reason) \
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[]) \
           AS m (id, from_id, to_id, position, by, reason)",
    )
    .bind(migrations.iter().map(|migration| migration.execution_id.0).collect::<Vec<_>>())
    .bind(migrations.iter().map(|migration| migration.from.0).collect::<Vec<_>>())
    .bind(migrations.iter().map(|migration| migration.to.0).collect::<Vec<_>>())
    .bind(migrations.iter().map(position).collect::<Vec<_>>())
    .bind(migrations.iter().map(|migration| migration.by.as_str()).collect::<Vec<_>>())
    .bind(migrations.iter().map(|migration| migration.reason.as_deref()).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query("SET LOCAL lock_timeout TO DEFAULT").execute(connection).await?;
    Ok(verdicts.iter().map(|verdict| Migrated::of(verdict.as_deref())).collect())
}

impl Migrated {
    fn of(verdict: Option<&str>) -> Self {
        match verdict {
            Some("migrated") => Self::Done,
            Some("running") => Self::Running,
            Some(_) => Self::Changed,
            None => Self::Unknown,
        }
    }
}

/// The migrations of an execution, oldest first.
///
/// # Errors
/// If the database does.
pub async fn of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Vec<MigrationRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT from_version_id, to_version_id, position, migrated_by, reason, created_at FROM execution_migrations \
         WHERE execution_id = $1 AND workspace_id = $2 ORDER BY created_at LIMIT $3",
    );
    Ok(rows.bind(execution_id.0).bind(workspace_id.0).bind(SHOWN_MAX).fetch_all(connection).await?)
}
