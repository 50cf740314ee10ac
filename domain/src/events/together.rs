//! Events that triggers alone wait for, many in one transaction: a burst is as many starts as it has events, but not as many
//! transactions.

use std::collections::HashSet;

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use super::brought::Brought;
use super::matching::{Turn, begin};
use super::wait::{NONE_BEFORE, first_key};
use crate::{event_triggers, trigger_starts};

/// Events that are looked at together.
pub const TOGETHER_MAX: usize = 100;
/// Most bytes of the data of each of them: all are in memory at once, and once more for each trigger. A larger one is looked at alone.
const TOGETHER_BYTES_MAX: i32 = 16 * 1024;
/// Most triggers that they have together: ten of each.
const TRIGGERS_MAX: i64 = 1_000;

/// What became of events that were looked at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Those that are to be looked at one at a time.
    pub left: Vec<Turn>,
    /// Starts that triggers are to make of the others, whose turns are over.
    pub starts: usize,
}

/// Writes what triggers are to start of those among so many events that no step waits for. Left are those of others, large ones,
/// those that are looked at again, and all of them where they have too many triggers. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn begin_starts(connection: &mut PgConnection, turns: &[Turn]) -> Result<Begun, StoreError> {
    let mut transaction = begin(connection).await?;
    let events = take(&mut transaction, turns).await?;
    let events: Vec<&Brought> = events.iter().collect();
    let found = event_triggers::found(&mut transaction, &events, TRIGGERS_MAX).await?;
    if events.is_empty() || found.len() as i64 > TRIGGERS_MAX {
        transaction.rollback().await?;
        return Ok(Begun { left: turns.to_vec(), starts: 0 });
    }
    let starts = event_triggers::starts(&events, found);
    trigger_starts::insert(&mut transaction, &starts).await?;
    transaction.commit().await?;
    let over: HashSet<_> = events.iter().map(|event| event.row.event_id).collect();
    let left = turns.iter().filter(|turn| !over.contains(&turn.event_id)).copied().collect();
    Ok(Begun { left, starts: starts.len() })
}

/// Ends the turns of those events that no step waits for, that were not looked at before and whose data is not large; who begins to wait
/// for one of them later finds it. By the keys of turns and events (see `pick` for their order) and event_waits_open.
async fn take(connection: &mut PgConnection, turns: &[Turn]) -> Result<Vec<Brought>, StoreError> {
    let awaited = first_key("t", NONE_BEFORE);
    let sql = format!(
        "WITH small AS MATERIALIZED ( \
           SELECT n.workspace_id, e.event_id, e.client_id, e.type, e.key, e.data, e.depth, e.received_at, e.trace \
             FROM unnest($1::uuid[], $2::uuid[]) AS n (workspace_id, event_id) \
            CROSS JOIN LATERAL (SELECT x.event_id, x.client_id, x.type, x.key, x.data, x.depth, x.received_at, x.trace FROM events x \
              WHERE x.workspace_id = n.workspace_id AND x.event_id >= n.event_id ORDER BY x.event_id LIMIT 1) AS e \
            WHERE e.event_id = n.event_id AND CASE WHEN pg_column_size(e.data) <= $3 THEN octet_length(e.data::text) <= $3 END \
         ), taken AS ( \
           DELETE FROM event_turns WHERE ctid = ANY (ARRAY( \
             SELECT p.tid FROM small s CROSS JOIN LATERAL (SELECT t.ctid AS tid FROM event_turns t \
                WHERE t.workspace_id = s.workspace_id AND t.event_id = s.event_id AND t.due_at <= clock_timestamp() \
                  AND t.reached = {NONE_BEFORE} AND NOT t.again AND {awaited} IS DISTINCT FROM t.key FOR UPDATE SKIP LOCKED) AS p)) \
           RETURNING workspace_id, event_id \
         ) \
         SELECT s.workspace_id, s.event_id, s.client_id, s.type, s.key, s.data, s.depth, s.received_at, s.trace \
           FROM small s JOIN taken t USING (workspace_id, event_id)"
    );
    let taken = sqlx::query_as(&sql)
        .bind(turns.iter().map(|turn| turn.workspace_id).collect::<Vec<_>>())
        .bind(turns.iter().map(|turn| turn.event_id).collect::<Vec<_>>())
        .bind(TOGETHER_BYTES_MAX);
    Ok(taken.fetch_all(connection).await?)
}
