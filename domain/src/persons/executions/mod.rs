//! Executions: input, output, error, journal, log, what they ask of people and wait for. An erasure leaves alone what has not
//! ended: it comes back to it.

mod asides;
mod journal;
mod row;

use std::time::{Duration, Instant};

use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::left::mark;
use super::part::{Finds, Page};
use super::person::{Person, Reach};
use super::turn::Turn;
use crate::search::rewrite;

/// Executions that are looked at in a turn.
const ROWS_PER_TURN: i64 = 100;
/// Time after which a turn takes up no further execution.
const TURN_TIME: Duration = Duration::from_secs(1);
/// Longest time of one execution: the turn breaks off then, before its worker gives it up.
const ONE_TIME_MAX: Duration = Duration::from_secs(30);

/// What is done with what is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Tell,
    Erase,
    /// Only whether there is something.
    Look,
}

/// One execution that is searched.
struct Site<'a> {
    turn: &'a Turn,
    person: &'a Person,
    execution_id: Uuid,
    act: Act,
    until: Instant,
}

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let rows = may_be(connection, turn, person, rows_max).await?;
    let (until, mut finds, mut reached) = (Instant::now() + TURN_TIME, Finds::default(), None);
    for (execution_id, may_be) in &rows {
        finds.searched += 1;
        reached = Some(*execution_id);
        if *may_be {
            one(connection, turn, person, *execution_id, &mut finds).await?;
            if Instant::now() >= until {
                break;
            }
        }
    }
    let is_last = finds.searched == rows.len() as i64 && finds.searched < rows_max;
    Ok(Page { finds, next: reached.filter(|_| !is_last).map(|id| (id, Uuid::nil())) })
}

/// The next executions, and whether one may be about the person. Walks `executions_workspace` from month to month, and looks
/// into the rest by the key of each: a join could be planned as a scan of all months.
async fn may_be(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
    rows_max: i64,
) -> Result<Vec<(Uuid, bool)>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT e.execution_id, \
           lower(concat_ws(' ', e.input::text, e.output::text, e.error::text) COLLATE \"C\") LIKE ANY ($3) \
           OR (SELECT true FROM journal j WHERE j.execution_id = e.execution_id AND j.workspace_id = $1 \
               AND lower(concat_ws(' ', j.output::text, j.detail::text) COLLATE \"C\") LIKE ANY ($3) LIMIT 1) IS NOT NULL \
           OR (SELECT true FROM execution_logs l WHERE l.execution_id = e.execution_id AND l.workspace_id = $1 \
               AND lower(l.message COLLATE \"C\") LIKE ANY ($3) LIMIT 1) IS NOT NULL \
           OR (SELECT true FROM event_waits w WHERE w.workspace_id = $1 AND w.execution_id = e.execution_id \
               AND lower(concat_ws(' ', w.key, w.condition, w.event::text) COLLATE \"C\") LIKE ANY ($3) LIMIT 1) IS NOT NULL \
           OR (SELECT true FROM approvals a WHERE a.workspace_id = $1 AND a.execution_id = e.execution_id \
               AND lower(concat_ws(' ', a.title, a.body, a.fields::text, a.answer::text) COLLATE \"C\") LIKE ANY ($3) \
               LIMIT 1) IS NOT NULL \
         FROM (SELECT x.execution_id, x.input, x.output, x.error FROM executions x \
               WHERE x.workspace_id = $1 AND x.workspace_id >= $1 AND x.workspace_id <= $1 AND x.execution_id > $2 \
               ORDER BY x.execution_id LIMIT $4) e ORDER BY e.execution_id",
    )
    .bind(turn.workspace_id)
    .bind(turn.reached)
    .bind(person.patterns())
    .bind(rows_max);
    Ok(rows.fetch_all(connection).await?)
}

/// Does one; whether nothing is left to do for it. One that holds the address and has not ended is marked.
pub(super) async fn one(
    connection: &mut PgConnection,
    turn: &Turn,
    person: &Person,
    execution_id: Uuid,
    finds: &mut Finds,
) -> Result<bool, StoreError> {
    let act = match turn.erases() {
        false => Act::Tell,
        true if row::is_over(connection, turn, execution_id).await? => Act::Erase,
        true => Act::Look,
    };
    let site = Site { turn, person, execution_id, act, until: Instant::now() + ONE_TIME_MAX };
    let before = finds.count;
    row::search(connection, &site, finds).await?;
    journal::search(connection, &site, finds).await?;
    asides::logs(connection, &site, finds).await?;
    asides::waits(connection, &site, finds).await?;
    asides::approvals(connection, &site, finds).await?;
    if act == Act::Erase && finds.count > before {
        rewrite(connection, execution_id).await?;
    }
    if act != Act::Look {
        return Ok(true);
    }
    let is_found = finds.count > before;
    finds.count = before;
    if is_found {
        mark(connection, turn, "execution", execution_id).await?;
    }
    Ok(!is_found)
}

impl Site<'_> {
    /// Fails once it takes too long.
    fn go_on(&self) -> Result<(), StoreError> {
        if Instant::now() < self.until {
            return Ok(());
        }
        Err(StoreError::Unsupported(format!("execution {} takes longer than a turn may", self.execution_id)))
    }

    /// Tells what of a row's columns is about the person, or takes it out of them; whether the row is to be written.
    fn sift(&self, part: &str, place: &Value, columns: &mut [(&str, &mut Value, Reach)], finds: &mut Finds) -> bool {
        if self.act == Act::Tell {
            for (column, value, reach) in columns.iter() {
                finds.tell_found(self.person, part, place, column, value, *reach);
            }
            return false;
        }
        let any = columns.iter_mut().fold(false, |any, (_, value, reach)| self.person.erase(value, *reach) | any);
        finds.count += i64::from(any);
        any && self.act == Act::Erase
    }

    /// Where something was found.
    fn place(&self, more: Value) -> Value {
        let mut place = json!({ "execution_id": self.execution_id });
        if let (Some(place), Value::Object(more)) = (place.as_object_mut(), more) {
            place.extend(more);
        }
        place
    }
}
