//! What can be seen of a silent worker and of those who are to give it up: told where nobody does.

use sqlx::PgConnection;

/// Longest part of a statement that is shown.
const SQL_MAX: i32 = 90;

/// The silent worker, with what it holds.
const WORKER: &str = "\
    SELECT format('worker %s (%s): %s, last beat %s s ago, %s leases', w.worker_no, w.name, \
                  CASE WHEN w.fenced THEN 'fenced' ELSE 'not fenced' END, \
                  round(extract(epoch FROM clock_timestamp() - w.heartbeat_at), 1), \
                  (SELECT count(*) FROM leases l WHERE l.worker_no = w.worker_no)) \
      FROM workers w WHERE w.worker_no = $1 AND $2 > 0";

/// Its peers, with what their control connections are doing: it is there that one takes over.
const PEERS: &str = "\
    SELECT format('peer %s (%s): last beat %s s ago, registered %s s ago, %s', w.worker_no, w.name, \
                  round(extract(epoch FROM clock_timestamp() - w.heartbeat_at), 1), \
                  round(extract(epoch FROM clock_timestamp() - w.created_at), 1), \
                  coalesce((SELECT string_agg(format('connected for %s s as %s, %s for %s s%s: %s', \
                                                     round(extract(epoch FROM clock_timestamp() - a.backend_start), 1), \
                                                     a.pid, a.state, \
                                                     round(extract(epoch FROM clock_timestamp() - a.state_change), 1), \
                                                     ', waits for ' || a.wait_event, left(a.query, $2)), '; ') \
                              FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                             WHERE l.locktype = 'advisory' AND l.granted AND l.objid::bigint = w.worker_no \
                               AND l.classid::bigint = (alive_lock_1()::bigint & 4294967295)), 'not connected')) \
      FROM workers w WHERE NOT w.fenced AND w.worker_no <> $1 ORDER BY w.worker_no";

/// Who has, or waits for, a lock that a take-over needs.
const LOCKS: &str = "\
    SELECT format('lock %s of %s: %s %s, blocked by %s, %s for %s s: %s', \
                  CASE l.classid::bigint WHEN worker_lock_1()::bigint & 4294967295 THEN 'on its commits' \
                                         WHEN alive_lock_1()::bigint & 4294967295 THEN 'of its life' \
                                         ELSE 'of its reaper' END, \
                  l.pid, CASE WHEN l.granted THEN 'has' ELSE 'waits for' END, l.mode, pg_blocking_pids(l.pid), a.state, \
                  round(extract(epoch FROM clock_timestamp() - a.state_change), 1), left(a.query, $2)) \
      FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
     WHERE l.locktype = 'advisory' AND l.objid::bigint = $1 \
       AND l.classid::bigint IN (worker_lock_1()::bigint & 4294967295, alive_lock_1()::bigint & 4294967295, \
                                 hashtext(current_schema() || '#reaper')::bigint & 4294967295)";

/// All that is going on besides: the oldest transactions first.
const SESSIONS: &str = "\
    SELECT format('session %s: %s for %s s, in a transaction for %s s, waits for %s, blocked by %s: %s', a.pid, a.state, \
                  round(extract(epoch FROM clock_timestamp() - a.state_change), 1), \
                  round(extract(epoch FROM clock_timestamp() - a.xact_start), 1), \
                  coalesce(a.wait_event, 'nothing'), pg_blocking_pids(a.pid), left(a.query, $2)) \
      FROM pg_stat_activity a \
     WHERE a.datname = current_database() AND a.xact_start IS NOT NULL AND a.pid NOT IN (pg_backend_pid(), $1) \
     ORDER BY a.xact_start LIMIT 20";

/// What the database knows, a line each.
///
/// # Errors
/// If it cannot be asked.
pub(crate) async fn seen(connection: &mut PgConnection, worker_no: i32) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (sql, asked_of) in [(WORKER, worker_no), (PEERS, worker_no), (LOCKS, worker_no), (SESSIONS, 0)] {
        let told: Vec<String> =
            sqlx::query_scalar(sql).bind(asked_of).bind(SQL_MAX).fetch_all(&mut *connection).await?;
        lines.extend(told);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use capstan_engine::store::connect::Place;
    use capstan_engine::store::migrate::{Kind, migrate};

    use super::seen;
    use crate::database::{Database, SCHEMA};

    #[tokio::test(flavor = "multi_thread")]
    async fn who_stands_in_the_way_of_a_take_over_is_seen() {
        let database = Database::start(None).unwrap();
        migrate(&Place::new(&database.url, SCHEMA).unwrap(), Kind::Cell).await.unwrap();
        let (mut ours, mut theirs) =
            (database.door().unwrap().enter().await.unwrap(), database.door().unwrap().enter().await.unwrap());
        let sql = "INSERT INTO workers (worker_no, name) VALUES (1, 'pid-1'), (2, 'pid-2'); \
                   SELECT pg_advisory_lock_shared(worker_lock_1(), 1), pg_advisory_lock_shared(alive_lock_1(), 2)";
        sqlx::raw_sql(sql).execute(&mut theirs).await.unwrap();
        let told = seen(&mut ours, 1).await.unwrap().join("\n");
        for part in
            ["worker 1 (pid-1): not fenced", "peer 2 (pid-2)", "connected for", "lock on its commits", "ShareLock"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
