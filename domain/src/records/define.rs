//! Defining types of records.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::shipped::shipped;
use super::types::{RecordType, record_type, take_types};
use crate::machine::{Machine, MachineFlaw, TEXT_CHARS_MAX, is_name, is_text};

/// Most types that a workspace defines.
pub const TYPES_MAX: i64 = 50;
/// Records that are named of those in the way of a change.
pub const IN_USE_SHOWN: usize = 5;

/// A definition.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeWish {
    /// For people.
    pub label: String,
    /// States and ways.
    pub machine: Machine,
}

impl TypeWish {
    /// Everything that is wrong with it, under that name.
    #[must_use]
    pub fn check(&self, name: &str) -> Vec<MachineFlaw> {
        let mut flaws = Vec::new();
        if !is_name(name) {
            let detail = "the name of a type is a lower-case letter, then letters, digits and _, at most 40 bytes";
            flaws.push(MachineFlaw { pointer: String::new(), detail: detail.into() });
        }
        if self.label.trim().is_empty() || !is_text(&self.label) {
            let detail = format!("a label has 1 to {TEXT_CHARS_MAX} characters");
            flaws.push(MachineFlaw { pointer: "/label".into(), detail });
        }
        flaws.extend(self.machine.check());
        flaws
    }
}

/// What became of a definition. Anything but [`PutType::Put`] is to be rolled back.
#[derive(Clone, Debug, PartialEq)]
pub enum PutType {
    /// It holds.
    Put(RecordType),
    /// These records, and perhaps more, are in states that it has not.
    InUse(Vec<RecordInUse>),
    /// It has another revision than who defines it knows.
    Stale,
    /// There are [`TYPES_MAX`] others.
    TooMany,
}

/// What became of a deletion. Anything but [`DeleteType::Deleted`] is to be rolled back.
#[derive(Clone, Debug, PartialEq)]
pub enum DeleteType {
    /// It is gone, or as it is shipped: this was it.
    Deleted(Box<RecordType>),
    /// These records, and perhaps more, are of it, or in states that the shipped one has not.
    InUse(Vec<RecordInUse>),
    /// Nobody has defined it.
    NotFound,
}

/// A record in the way: its id and state.
pub type RecordInUse = (Uuid, String);

/// Defines a type that was checked, whose revision is `expected`; nothing there if absent. No state that holds records
/// is taken away. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn put_type(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
    expected: Option<i32>,
    wish: TypeWish,
) -> Result<PutType, StoreError> {
    take_types(connection, workspace_id).await?;
    let old = record_type(connection, workspace_id, name).await?;
    if old.as_ref().map(|old| old.revision) != expected {
        return Ok(PutType::Stale);
    }
    if let Some(old) = &old {
        let lost = lost(&old.machine, Some(&wish.machine));
        let in_use = in_use(connection, workspace_id, name, &lost).await?;
        if !in_use.is_empty() {
            return Ok(PutType::InUse(in_use));
        }
    }
    let written: Option<(i32, DateTime<Utc>)> = sqlx::query_as(
        "INSERT INTO record_types AS t (workspace_id, name, label, machine, revision) \
         SELECT $1, $2, $3, $4, 1 \
          WHERE (SELECT count(*) FROM record_types o WHERE o.workspace_id = $1 AND o.name <> $2) < $5 \
         ON CONFLICT (workspace_id, name) DO UPDATE SET label = excluded.label, machine = excluded.machine, \
           revision = t.revision + 1, updated_at = clock_timestamp() \
         RETURNING revision, updated_at",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(wish.label.trim())
    .bind(json!(wish.machine))
    .bind(TYPES_MAX)
    .fetch_optional(connection)
    .await?;
    let Some((revision, updated_at)) = written else { return Ok(PutType::TooMany) };
    let TypeWish { label, machine } = wish;
    let label = label.trim().to_owned();
    Ok(PutType::Put(RecordType { name: name.into(), label, machine, revision, updated_at: Some(updated_at) }))
}

/// Takes a definition back: a type of that name that is shipped holds again. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn delete_type(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<DeleteType, StoreError> {
    take_types(connection, workspace_id).await?;
    let old = record_type(connection, workspace_id, name).await?.filter(|old| old.revision > 0);
    let Some(old) = old else { return Ok(DeleteType::NotFound) };
    let shipped = shipped().into_iter().find(|shipped| shipped.name == name);
    let lost = lost(&old.machine, shipped.as_ref().map(|shipped| &shipped.machine));
    let in_use = in_use(connection, workspace_id, name, &lost).await?;
    if !in_use.is_empty() {
        return Ok(DeleteType::InUse(in_use));
    }
    let gone = sqlx::query("DELETE FROM record_types WHERE workspace_id = $1 AND name = $2");
    gone.bind(workspace_id.0).bind(name).execute(connection).await?;
    Ok(DeleteType::Deleted(Box::new(old)))
}

/// States that only the old one has.
fn lost<'a>(old: &'a Machine, new: Option<&Machine>) -> Vec<&'a str> {
    let is_kept = |name: &str| new.is_some_and(|new| new.state(name).is_some());
    old.states.iter().map(|state| state.name.as_str()).filter(|name| !is_kept(name)).collect()
}

/// Some of the records in these states, one more than are shown. By the index of states.
async fn in_use(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    type_name: &str,
    states: &[&str],
) -> Result<Vec<RecordInUse>, StoreError> {
    let mut found: Vec<RecordInUse> = Vec::new();
    for state in states {
        let rows: Vec<RecordInUse> = sqlx::query_as(
            "SELECT record_id, state FROM records \
              WHERE workspace_id = $1 AND type = $2 AND state = $3 AND deleted_at IS NULL ORDER BY record_id LIMIT $4",
        )
        .bind(workspace_id.0)
        .bind(type_name)
        .bind(*state)
        .bind(i64::try_from(IN_USE_SHOWN + 1 - found.len()).unwrap_or_default())
        .fetch_all(&mut *connection)
        .await?;
        found.extend(rows);
        if found.len() > IN_USE_SHOWN {
            break;
        }
    }
    Ok(found)
}
