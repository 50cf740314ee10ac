//! What held the address and had not ended when it was searched: it is come back to until it has.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::part::{Finds, Part};
use super::person::Person;
use super::turn::{Next, Turn};
use super::{events, executions};

/// Marks that are looked at in a turn.
const MARKS_PER_TURN: i64 = 20;

/// Notes that something has to be come back to.
pub(super) async fn mark(connection: &mut PgConnection, turn: &Turn, kind: &str, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO person_marks (workspace_id, job_id, kind, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(kind)
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn page(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
) -> Result<(Finds, Next), StoreError> {
    let marks: Vec<(String, Uuid)> = sqlx::query_as(
        "SELECT kind, id FROM person_marks WHERE workspace_id = $1 AND job_id = $2 AND kind IN ('event', 'execution') \
         AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(turn.reached)
    .bind(MARKS_PER_TURN)
    .fetch_all(&mut *connection)
    .await?;
    let mut finds = Finds::default();
    for (kind, id) in &marks {
        let is_done = match kind.as_str() {
            "event" => events::one(connection, turn, person, *id, &mut finds).await?,
            _ => executions::one(connection, turn, person, *id, &mut finds).await?,
        };
        if is_done {
            forget(connection, turn, kind, *id).await?;
        }
    }
    if let Some((_, id)) = marks.last().filter(|_| marks.len() as i64 == MARKS_PER_TURN) {
        return Ok((finds, Next::Page(*id, Uuid::nil())));
    }
    let next = match are_left(connection, turn).await? {
        true => Next::Wait,
        // What was waited for may have written the person anew.
        false if turn.has_waited() => Next::Part(Part::Leads),
        false => Next::Done,
    };
    Ok((finds, next))
}

async fn forget(connection: &mut PgConnection, turn: &Turn, kind: &str, id: Uuid) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM person_marks WHERE workspace_id = $1 AND job_id = $2 AND kind = $3 AND id = $4")
        .bind(turn.workspace_id)
        .bind(turn.job_id)
        .bind(kind)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

async fn are_left(connection: &mut PgConnection, turn: &Turn) -> Result<bool, StoreError> {
    let left = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM person_marks WHERE workspace_id = $1 AND job_id = $2 AND kind IN ('event', 'execution'))",
    );
    Ok(left.bind(turn.workspace_id).bind(turn.job_id).fetch_one(connection).await?)
}
