//! Which types of records a workspace has.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

use super::shipped::shipped;
use crate::machine::Machine;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordType {
    /// In paths, events and refusals.
    pub name: String,
    /// For people.
    pub label: String,
    /// States and ways.
    pub machine: Machine,
    /// 0 as it is shipped.
    pub revision: i32,
    /// When it was last defined; never, as it is shipped.
    pub updated_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct TypeRow {
    name: String,
    label: String,
    machine: Value,
    revision: i32,
    updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "name, label, machine, revision, updated_at";

impl TypeRow {
    fn read(self) -> Result<RecordType, StoreError> {
        let Self { name, label, machine, revision, updated_at } = self;
        let machine = serde_json::from_value(machine)
            .map_err(|error| StoreError::Corrupt(format!("the type {name:?} of records cannot be read: {error}")))?;
        Ok(RecordType { name, label, machine, revision, updated_at: Some(updated_at) })
    }
}

/// The type of that name.
///
/// # Errors
/// If the database does, or a stored one cannot be read.
pub async fn record_type(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<RecordType>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM record_types WHERE workspace_id = $1 AND name = $2");
    let row: Option<TypeRow> = sqlx::query_as(&sql).bind(workspace_id.0).bind(name).fetch_optional(connection).await?;
    match row {
        Some(row) => row.read().map(Some),
        None => Ok(shipped().into_iter().find(|shipped| shipped.name == name)),
    }
}

/// All types, by name; at most [`super::TYPES_MAX`] and those that are shipped.
///
/// # Errors
/// As [`record_type`].
pub async fn record_types(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<RecordType>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM record_types WHERE workspace_id = $1");
    let rows: Vec<TypeRow> = sqlx::query_as(&sql).bind(workspace_id.0).fetch_all(connection).await?;
    let mut types = rows.into_iter().map(TypeRow::read).collect::<Result<Vec<_>, _>>()?;
    for shipped in shipped() {
        if types.iter().all(|own| own.name != shipped.name) {
            types.push(shipped);
        }
    }
    types.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(types)
}

/// Has the types of the workspace stay as they are until the transaction ends. Others may do the same.
pub(super) async fn hold_types(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), StoreError> {
    let sql = "SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '#record_types'), hashtext($1::text))";
    sqlx::query(sql).bind(workspace_id.0).execute(connection).await?;
    Ok(())
}

/// The same for who changes them: nobody else writes types or records meanwhile.
pub(super) async fn take_types(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), StoreError> {
    let sql = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#record_types'), hashtext($1::text))";
    sqlx::query(sql).bind(workspace_id.0).execute(connection).await?;
    Ok(())
}
