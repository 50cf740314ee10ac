//! Events that came in together: one row is for all of them, until workers have looked who waits for which.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use super::matching::spaces;
use super::wait::{NONE_BEFORE, first_key};

/// Arrivals that are looked at together; beside them the first of so many workspaces.
const ARRIVALS_MAX: i64 = 20;

/// Gives those a turn of their own that somebody waits for, of the oldest arrivals and the first of each workspace; whether there may be
/// more. In the transaction of whoever passes events by: nobody else does it meanwhile. Uses event_arrivals_due, events_xid, event_waits_open and the key
/// of the triggers. Events are read by the number of their transaction alone: among conditions on the workspace and the time, which
/// stand outside for that, a planner that knows little of the table would choose an index of all events of the workspace.
///
/// Events of before a restore may have the number of a transaction of after it; those are older.
pub(super) async fn unpack(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let (awaited, spaces) = (first_key("e", NONE_BEFORE), spaces("event_arrivals", "xid", "$1"));
    let sql = format!(
        "WITH RECURSIVE {spaces}, taken AS ( \
           DELETE FROM event_arrivals WHERE ctid = ANY (ARRAY( \
             (SELECT a.ctid FROM event_arrivals a WHERE a.due_at <= clock_timestamp() ORDER BY a.due_at LIMIT $1) \
             UNION \
             SELECT f.tid FROM spaces s CROSS JOIN LATERAL (SELECT a.ctid AS tid FROM event_arrivals a \
               WHERE a.workspace_id = s.workspace_id ORDER BY a.workspace_id, a.xid LIMIT 1) AS f)) \
           RETURNING workspace_id, xid, due_at \
         ), turns AS ( \
           INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
           SELECT e.workspace_id, e.event_id, e.type, e.key, e.due_at FROM taken t \
            CROSS JOIN LATERAL (SELECT x.workspace_id, x.event_id, x.type, x.key, x.due_at, x.received_at FROM events x \
              WHERE x.xid = t.xid OFFSET 0) AS e \
            WHERE e.workspace_id = t.workspace_id AND e.received_at > t.due_at - interval '1 hour' \
              AND ((SELECT true FROM event_triggers g WHERE g.workspace_id = e.workspace_id AND g.type = e.type LIMIT 1) \
                OR {awaited} IS NOT DISTINCT FROM e.key) \
           ON CONFLICT DO NOTHING \
         ) SELECT count(*) >= $1 FROM taken"
    );
    Ok(sqlx::query_scalar(&sql).bind(ARRIVALS_MAX).fetch_one(connection).await?)
}
