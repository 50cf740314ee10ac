//! Reading and writing rows of records.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::record::{COLUMNS, RecordRow};

/// Which records are wanted; all of what is said has to be so.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this type.
    pub type_name: Option<String>,
    /// In this state, of that type.
    pub state: Option<String>,
}

/// A record that is not deleted.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<Option<RecordRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM records WHERE workspace_id = $1 AND record_id = $2 AND deleted_at IS NULL");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_optional(connection).await?)
}

/// The same, if it is deleted, too.
pub(super) async fn any(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<Option<RecordRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM records WHERE workspace_id = $1 AND record_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_optional(connection).await?)
}

/// Takes a record until the transaction ends, as others have left it.
pub(super) async fn lock(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<Option<RecordRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM records WHERE workspace_id = $1 AND record_id = $2 AND deleted_at IS NULL FOR UPDATE"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_optional(connection).await?)
}

/// Records before `before`, newest first; each way of asking by an index of its own.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut query: QueryBuilder<'_, Postgres> = QueryBuilder::new(format!("SELECT {COLUMNS} FROM records"));
    query.push(" WHERE workspace_id = ").push_bind(workspace_id.0).push(" AND deleted_at IS NULL");
    if let Some(type_name) = &filter.type_name {
        query.push(" AND type = ").push_bind(type_name);
    }
    if let Some(state) = &filter.state {
        query.push(" AND state = ").push_bind(state);
    }
    query.push(" AND record_id < ").push_bind(before).push(" ORDER BY record_id DESC LIMIT ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// Inserts a record.
pub(super) async fn insert(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    type_name: &str,
    state: &str,
    data: &Map<String, Value>,
) -> Result<RecordRow, StoreError> {
    let sql = format!(
        "INSERT INTO records (workspace_id, record_id, type, state, data) VALUES ($1, $2, $3, $4, $5) RETURNING {COLUMNS}"
    );
    let row =
        sqlx::query_as(&sql).bind(workspace_id.0).bind(Uuid::now_v7()).bind(type_name).bind(state).bind(Json(data));
    Ok(row.fetch_one(connection).await?)
}

/// Gives a record that this transaction has other data.
pub(super) async fn rewrite(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
    data: &Map<String, Value>,
) -> Result<RecordRow, StoreError> {
    let sql = format!(
        "UPDATE records SET data = $3, revision = revision + 1, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND record_id = $2 RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).bind(Json(data)).fetch_one(connection).await?)
}

/// Gives a record that this transaction has another state.
pub(super) async fn move_to(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
    state: &str,
) -> Result<RecordRow, StoreError> {
    let sql = format!(
        "UPDATE records SET state = $3, revision = revision + 1, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND record_id = $2 RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).bind(state).fetch_one(connection).await?)
}

/// Hides a record that this transaction has.
pub(super) async fn hide(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<RecordRow, StoreError> {
    let sql = format!(
        "UPDATE records SET revision = revision + 1, updated_at = clock_timestamp(), deleted_at = clock_timestamp() \
         WHERE workspace_id = $1 AND record_id = $2 RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_one(connection).await?)
}

/// Takes a record that is deleted and not emptied until the transaction ends.
pub(super) async fn lock_deleted(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<Option<RecordRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM records WHERE workspace_id = $1 AND record_id = $2 AND deleted_at IS NOT NULL \
           AND emptied_at IS NULL FOR UPDATE"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_optional(connection).await?)
}

/// Shows a record again that this transaction has.
pub(super) async fn show(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
) -> Result<RecordRow, StoreError> {
    let sql = format!(
        "UPDATE records SET revision = revision + 1, updated_at = clock_timestamp(), deleted_at = NULL \
         WHERE workspace_id = $1 AND record_id = $2 RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).fetch_one(connection).await?)
}
