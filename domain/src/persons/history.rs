//! What was done to the person's leads, and what else of the history of leads names the address.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::part::{Finds, Page};
use super::person::{Person, Reach, blank};
use super::turn::Turn;

/// Rows that are looked at in a turn.
const ROWS_PER_TURN: i64 = 500;

#[derive(FromRow)]
struct Row {
    lead_id: Uuid,
    event_id: Uuid,
    #[sqlx(rename = "type")]
    type_name: String,
    created_at: DateTime<Utc>,
    is_theirs: bool,
    /// Only where it may be about the person.
    data: Option<Value>,
}

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let mut rows: Vec<Row> = sqlx::query_as(
        "SELECT p.lead_id, p.event_id, p.type, p.created_at, p.is_theirs, \
                CASE WHEN p.is_theirs OR lower(p.data::text COLLATE \"C\") LIKE ANY ($5) THEN p.data END AS data \
         FROM (SELECT e.lead_id, e.event_id, e.type, e.created_at, e.data, \
                 (SELECT true FROM person_marks m WHERE m.workspace_id = $1 AND m.job_id = $2 AND m.kind = 'lead' \
                  AND m.id = e.lead_id LIMIT 1) IS NOT NULL AS is_theirs \
               FROM lead_events e WHERE e.workspace_id = $1 AND (e.lead_id, e.event_id) > ($3, $4) \
               ORDER BY e.lead_id, e.event_id LIMIT $6) p",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(turn.reached)
    .bind(turn.reached_item)
    .bind(person.patterns())
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    rows.sort_by_key(|row| (row.lead_id, row.event_id));
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    for row in &rows {
        let Some(data) = &row.data else { continue };
        if turn.erases() {
            let mut left = data.clone();
            erase(row, person, &mut left);
            if left != *data {
                write(connection, turn, row, &left).await?;
                finds.count += 1;
            }
        } else {
            tell(row, person, data, &mut finds);
        }
    }
    let next = rows.last().filter(|_| rows.len() as i64 == rows_max).map(|row| (row.lead_id, row.event_id));
    Ok(Page { finds, next })
}

fn tell(row: &Row, person: &Person, data: &Value, finds: &mut Finds) {
    let place =
        json!({ "lead_id": row.lead_id, "event_id": row.event_id, "type": row.type_name, "at": row.created_at });
    if row.is_theirs {
        finds.tell("lead_event", &place, "data", "", data);
    } else {
        finds.tell_found(person, "lead_event", &place, "data", data, Reach::Object);
    }
}

/// Of the person's own leads all goes but between which states they moved: the pipeline is counted by that.
fn erase(row: &Row, person: &Person, data: &mut Value) {
    if !row.is_theirs {
        person.erase(data, Reach::Object);
        return;
    }
    let kept = (row.type_name == "status_changed").then(|| (data["from"].clone(), data["to"].clone()));
    blank(data);
    if let Some((from, to)) = kept {
        data["from"] = from;
        data["to"] = to;
    }
}

async fn write(connection: &mut PgConnection, turn: &Turn, row: &Row, data: &Value) -> Result<(), StoreError> {
    sqlx::query("UPDATE lead_events SET data = $4 WHERE workspace_id = $1 AND lead_id = $2 AND event_id = $3")
        .bind(turn.workspace_id)
        .bind(row.lead_id)
        .bind(row.event_id)
        .bind(data)
        .execute(connection)
        .await?;
    Ok(())
}
