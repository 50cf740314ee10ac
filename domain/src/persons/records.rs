//! Records whose data names the address. One whose data is about the person as a whole is the person's, and why it was moved as well.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::left::mark;
use super::part::{Finds, Page};
use super::person::{ERASED, Person, Reach};
use super::turn::Turn;

/// Records that are looked at in a turn; each may have 32 KiB.
const ROWS_PER_TURN: i64 = 200;

#[derive(FromRow)]
struct Row {
    record_id: Uuid,
    #[sqlx(rename = "type")]
    type_name: String,
    state: String,
    created_at: DateTime<Utc>,
    data: Value,
}

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "SELECT p.record_id, lower(p.data::text COLLATE \"C\") LIKE ANY ($3) \
         FROM (SELECT r.record_id, r.data FROM records r WHERE r.workspace_id = $1 AND r.record_id > $2 \
               ORDER BY r.record_id LIMIT $4) p ORDER BY p.record_id",
    )
    .bind(turn.workspace_id)
    .bind(turn.reached)
    .bind(person.patterns())
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    for (record_id, _) in rows.iter().filter(|(_, may_be)| *may_be) {
        one(connection, turn, person, *record_id, &mut finds).await?;
    }
    let next = rows.last().filter(|_| rows.len() as i64 == rows_max).map(|(id, _)| (*id, Uuid::nil()));
    Ok(Page { finds, next })
}

async fn one(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
    record_id: Uuid,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let Some(row) = read(connection, turn, record_id).await? else { return Ok(()) };
    let found = person.found(&row.data, Reach::Object);
    if found.iter().any(|(pointer, _)| pointer.is_empty()) {
        mark(connection, turn, "record", record_id).await?;
    }
    if turn.erases() {
        return erase(connection, turn, person, &row, finds).await;
    }
    let place = json!({ "record_id": row.record_id, "type": row.type_name, "state": row.state, "at": row.created_at });
    for (pointer, value) in found {
        finds.tell("record", &place, "data", &pointer, &value);
    }
    Ok(())
}

/// Who erases has the row until the turn ends, as others have left it.
async fn read(connection: &mut PgConnection, turn: &Turn, record_id: Uuid) -> Result<Option<Row>, StoreError> {
    let lock = if turn.erases() { "FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT record_id, type, state, created_at, data FROM records WHERE workspace_id = $1 AND record_id = $2 {lock}"
    );
    Ok(sqlx::query_as(&sql).bind(turn.workspace_id).bind(record_id).fetch_optional(connection).await?)
}

/// The record stays, in its state; its history tells that its data was changed, by whom.
async fn erase(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
    row: &Row,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let mut left = row.data.clone();
    if !person.erase(&mut left, Reach::Object) {
        return Ok(());
    }
    sqlx::query(
        "UPDATE records SET data = $3, revision = revision + 1, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND record_id = $2",
    )
    .bind(turn.workspace_id)
    .bind(row.record_id)
    .bind(&left)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO record_history (workspace_id, record_id, entry_id, kind, reason, fields, by_kind, by_name) \
         VALUES ($1, $2, $3, 'updated', $4, $5, $6, $7)",
    )
    .bind(turn.workspace_id)
    .bind(row.record_id)
    .bind(Uuid::now_v7())
    .bind(ERASED)
    .bind(changed(&row.data, &left))
    .bind(&turn.by_kind)
    .bind(&turn.by_name)
    .execute(connection)
    .await?;
    finds.count += 1;
    Ok(())
}

/// Names of the fields that are other than before, in order.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    let fields = after.as_object().into_iter().flatten();
    let other = fields.filter(|(name, value)| before.get(name.as_str()) != Some(*value));
    let mut names: Vec<String> = other.map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names
}
