//! Why records were moved, and the names of what was changed: all reasons of the person's records, else what names the address.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::part::{Finds, Page};
use super::person::{ERASED, Person, Reach};
use super::turn::Turn;

/// Rows that are looked at in a turn.
const ROWS_PER_TURN: i64 = 500;

#[derive(FromRow)]
struct Row {
    record_id: Uuid,
    entry_id: Uuid,
    kind: String,
    created_at: DateTime<Utc>,
    is_theirs: bool,
    reason: Option<String>,
    /// Only where they may name the address.
    fields: Option<Vec<String>>,
}

impl Row {
    /// The reason, where it is about the person and still there.
    fn told_reason(&self, person: &Person) -> Option<&str> {
        let reason = self.reason.as_deref().filter(|reason| *reason != ERASED)?;
        (self.is_theirs || person.is_in(reason)).then_some(reason)
    }

    fn is_named(&self, person: &Person) -> bool {
        self.fields.iter().flatten().any(|name| person.is_in(name))
    }
}

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let mut rows: Vec<Row> = sqlx::query_as(
        "SELECT p.record_id, p.entry_id, p.kind, p.created_at, p.is_theirs, p.reason, \
                CASE WHEN lower(array_to_string(p.fields, ' ') COLLATE \"C\") LIKE ANY ($5) THEN p.fields END AS fields \
         FROM (SELECT h.record_id, h.entry_id, h.kind, h.created_at, h.reason, h.fields, \
                 (SELECT true FROM person_marks m WHERE m.workspace_id = $1 AND m.job_id = $2 AND m.kind = 'record' \
                  AND m.id = h.record_id LIMIT 1) IS NOT NULL AS is_theirs \
               FROM record_history h WHERE h.workspace_id = $1 AND (h.record_id, h.entry_id) > ($3, $4) \
               ORDER BY h.record_id, h.entry_id LIMIT $6) p",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(turn.reached)
    .bind(turn.reached_item)
    .bind(person.patterns())
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    rows.sort_by_key(|row| (row.record_id, row.entry_id));
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    for row in &rows {
        if row.told_reason(person).is_none() && !row.is_named(person) {
            continue;
        }
        if turn.erases() {
            erase(connection, turn, person, row).await?;
            finds.count += 1;
        } else {
            tell(row, person, &mut finds);
        }
    }
    let next = rows.last().filter(|_| rows.len() as i64 == rows_max).map(|row| (row.record_id, row.entry_id));
    Ok(Page { finds, next })
}

fn tell(row: &Row, person: &Person, finds: &mut Finds) {
    let place = json!({ "record_id": row.record_id, "entry_id": row.entry_id, "kind": row.kind, "at": row.created_at });
    if let Some(reason) = row.told_reason(person) {
        finds.tell("record_history", &place, "reason", "", &json!(reason));
    }
    if let Some(fields) = &row.fields {
        finds.tell_found(person, "record_history", &place, "fields", &json!(fields), Reach::Text);
    }
}

/// Between which states it was moved, when and by whom stays.
async fn erase(connection: &mut PgConnection, turn: &Turn, person: &Person, row: &Row) -> Result<(), StoreError> {
    let reason = row.told_reason(person).map_or(row.reason.as_deref(), |_| Some(ERASED));
    let names = row.fields.as_ref().map(|fields| {
        fields.iter().map(|name| if person.is_in(name) { ERASED } else { name.as_str() }).collect::<Vec<_>>()
    });
    sqlx::query(
        "UPDATE record_history SET reason = $4, fields = coalesce($5, fields) \
         WHERE workspace_id = $1 AND record_id = $2 AND entry_id = $3",
    )
    .bind(turn.workspace_id)
    .bind(row.record_id)
    .bind(row.entry_id)
    .bind(reason)
    .bind(names)
    .execute(connection)
    .await?;
    Ok(())
}
