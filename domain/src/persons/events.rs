//! Custom events, as they were sent. One that may still be on its way to steps and triggers is done later.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::left::mark;
use super::part::{Finds, Page};
use super::person::{ERASED, Person, Reach};
use super::turn::Turn;

/// Events that are looked at in a turn.
const ROWS_PER_TURN: i64 = 500;
/// Minutes for which an event counts as on its way.
const ON_ITS_WAY_MIN: i32 = 10;

#[derive(FromRow)]
struct Row {
    event_id: Uuid,
    r#type: String,
    received_at: DateTime<Utc>,
    is_on_its_way: bool,
    client_id: String,
    key: String,
    data: Value,
}

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "SELECT p.event_id, lower((p.client_id || ' ' || p.key || ' ' || p.data::text) COLLATE \"C\") LIKE ANY ($3) \
         FROM (SELECT e.event_id, e.client_id, e.key, e.data FROM events e \
               WHERE e.workspace_id = $1 AND e.event_id > $2 ORDER BY e.event_id LIMIT $4) p ORDER BY p.event_id",
    )
    .bind(turn.workspace_id)
    .bind(turn.reached)
    .bind(person.patterns())
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    for (event_id, _) in rows.iter().filter(|(_, may_be)| *may_be) {
        one(connection, turn, person, *event_id, &mut finds).await?;
    }
    let next = rows.last().filter(|_| rows.len() as i64 == rows_max).map(|(id, _)| (*id, Uuid::nil()));
    Ok(Page { finds, next })
}

/// Does one; whether nothing is left to do for it. One that is on its way is marked.
pub(super) async fn one(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
    event_id: Uuid,
    finds: &mut Finds,
) -> Result<bool, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT event_id, type, received_at, client_id, key, data, \
           status = 'pending' OR received_at > clock_timestamp() - make_interval(mins => $3) \
             OR EXISTS (SELECT FROM event_turns t WHERE t.workspace_id = $1 AND t.event_id = $2) \
             OR EXISTS (SELECT FROM event_arrivals a WHERE a.workspace_id = $1 AND a.xid = events.xid) \
             OR EXISTS (SELECT FROM person_marks m WHERE m.workspace_id = $1 AND m.job_id = $4 AND m.kind = 'execution') \
             AS is_on_its_way \
         FROM events WHERE workspace_id = $1 AND event_id = $2",
    )
    .bind(turn.workspace_id)
    .bind(event_id)
    .bind(ON_ITS_WAY_MIN)
    .bind(turn.job_id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(mut row) = row else { return Ok(true) };
    if !turn.erases() {
        tell(&row, person, finds);
        return Ok(true);
    }
    if !person.is_in(&row.client_id) && !person.is_in(&row.key) && person.found(&row.data, Reach::Object).is_empty() {
        return Ok(true);
    }
    if row.is_on_its_way {
        mark(connection, turn, "event", event_id).await?;
        return Ok(false);
    }
    erase(&mut row, person);
    sqlx::query("UPDATE events SET client_id = $3, key = $4, data = $5 WHERE workspace_id = $1 AND event_id = $2")
        .bind(turn.workspace_id)
        .bind(event_id)
        .bind(row.client_id)
        .bind(row.key)
        .bind(row.data)
        .execute(connection)
        .await?;
    finds.count += 1;
    Ok(true)
}

fn tell(row: &Row, person: &Person, finds: &mut Finds) {
    let place = json!({ "event_id": row.event_id, "type": row.r#type, "at": row.received_at });
    for (column, text) in [("id", &row.client_id), ("key", &row.key)] {
        finds.tell_found(person, "event", &place, column, &json!(text), Reach::Text);
    }
    finds.tell_found(person, "event", &place, "data", &row.data, Reach::Object);
}

/// What it is called by has to stay different from others.
fn erase(row: &mut Row, person: &Person) {
    if person.is_in(&row.client_id) {
        row.client_id = format!("{ERASED} {}", row.event_id);
    }
    if person.is_in(&row.key) {
        row.key = ERASED.to_owned();
    }
    person.erase(&mut row.data, Reach::Object);
}
