//! Records that a step looks for.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::record::{COLUMNS, RecordRow};

/// Records whose data is compared: the newest of the type and state. No index serves data, and nobody makes the database read
/// a workspace of millions from end to end.
pub const COMPARED_MAX: i64 = 10_000;

/// Which records a step looks for; all of what is said has to be so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sought {
    /// This one.
    pub record_id: Option<Uuid>,
    /// Of this type.
    pub type_name: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// What its data holds, by name: texts, numbers, true or false.
    pub data: Map<String, Value>,
}

/// The newest `limit` of them.
pub(super) async fn seek(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    sought: &Sought,
    limit: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    let begin = format!("SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM records WHERE workspace_id = ");
    let mut query: QueryBuilder<'_, Postgres> = QueryBuilder::new(begin);
    query.push_bind(workspace_id.0).push(" AND deleted_at IS NULL");
    if let Some(record_id) = sought.record_id {
        query.push(" AND record_id = ").push_bind(record_id);
    }
    if let Some(type_name) = &sought.type_name {
        query.push(" AND type = ").push_bind(type_name);
    }
    if let Some(state) = &sought.state {
        query.push(" AND state = ").push_bind(state);
    }
    query.push(" ORDER BY record_id DESC LIMIT ").push_bind(COMPARED_MAX).push(") AS r");
    if !sought.data.is_empty() {
        query.push(" WHERE r.data @> ").push_bind(Json(&sought.data));
    }
    query.push(" ORDER BY record_id DESC LIMIT ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(connection).await?)
}
