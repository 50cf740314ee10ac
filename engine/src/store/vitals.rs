//! How a database and the fleet on it are, for those who look after them. Every look only reads, and is bounded.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::error::StoreError;
use super::migrate::Kind;
use super::retention::BY_MONTH;

/// What a server says of itself.
#[derive(Clone, Debug, FromRow)]
pub struct Server {
    /// As it calls itself, such as `17.6`.
    pub version: String,
    /// Its clock.
    pub now: DateTime<Utc>,
    /// A standby that only reads.
    pub in_recovery: bool,
    /// Connections that logins without special rights may have in all.
    pub connections_max: i32,
    /// Connections of clients now.
    pub connections: i64,
    /// Bytes of this database on disk.
    pub database_bytes: i64,
    /// Transactions since the oldest row of this database that is not frozen; at two thousand million it stops.
    pub xid_age: i32,
    /// Seconds since the oldest transaction of this database began, as far as this login may see it.
    pub oldest_transaction_s: Option<f64>,
    /// Bytes of log that a replication slot nobody uses keeps from being removed.
    pub idle_slot_bytes: Option<i64>,
    /// Whether the login passes over all rights, row-level security among them.
    pub login_is_superuser: bool,
    /// Whether it passes over row-level security.
    pub login_bypasses_rls: bool,
    /// Whether it may make databases.
    pub login_makes_databases: bool,
}

/// Reads that, with the rights of the login.
///
/// # Errors
/// If the database does.
pub async fn server(connection: &mut PgConnection) -> Result<Server, StoreError> {
    let sql = "SELECT current_setting('server_version') AS version, clock_timestamp() AS now, \
         pg_is_in_recovery() AS in_recovery, \
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int \
           AS connections_max, \
         (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections, \
         pg_database_size(current_database()) AS database_bytes, \
         (SELECT age(d.datfrozenxid) FROM pg_database d WHERE d.datname = current_database()) AS xid_age, \
         (SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start))::float8 FROM pg_stat_activity a \
           WHERE a.datname = current_database() AND a.backend_type = 'client backend') AS oldest_transaction_s, \
         (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))::bigint FROM pg_replication_slots s \
           WHERE NOT s.active AND NOT pg_is_in_recovery()) AS idle_slot_bytes, \
         r.rolsuper AS login_is_superuser, r.rolbypassrls AS login_bypasses_rls, \
         r.rolcreatedb AS login_makes_databases \
         FROM pg_roles r WHERE r.rolname = session_user";
    Ok(sqlx::query_as(sql).fetch_one(connection).await?)
}

/// A role of the product, and whether it is as it has to be.
#[derive(Clone, Debug, FromRow)]
pub struct RoleStanding {
    /// Its name.
    pub name: String,
    /// Whether there is such a role.
    pub exists: bool,
    /// Whether the login may work as it.
    pub is_member: bool,
    /// Whether it passes over row-level security or all rights.
    pub bypasses: bool,
}

/// All roles that connections of the product work as.
///
/// # Errors
/// If the database does.
pub async fn roles(connection: &mut PgConnection) -> Result<Vec<RoleStanding>, StoreError> {
    let sql = "SELECT n.name, r.oid IS NOT NULL AS exists, \
                      coalesce(pg_has_role(session_user, r.oid, 'MEMBER'), false) AS is_member, \
                      coalesce(r.rolsuper OR r.rolbypassrls, false) AS bypasses \
                 FROM unnest(ARRAY['capstan_api', 'capstan_access', 'capstan_starter', 'capstan_worker', \
                                   'capstan_tenant', 'capstan_resolver']) AS n (name) \
                 LEFT JOIN pg_roles r ON r.rolname = n.name";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

/// Tables of the connection's schema that name a workspace and whose row-level security is not both enabled and forced.
///
/// # Errors
/// If the database does.
pub async fn unguarded(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT c.relname::text FROM pg_class c \
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped \
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
                  AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY c.relname";
    Ok(sqlx::query_scalar(sql).fetch_all(connection).await?)
}

/// Partitions of this month and the next that are not there, as their names.
///
/// # Errors
/// If the database does.
pub async fn missing_months(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT m.name FROM unnest($1) AS t (parent), generate_series(0, 1) AS n (n), \
                 LATERAL (SELECT t.parent || to_char(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') \
                                                     + make_interval(months => n.n), '_YYYY_MM') AS name) m \
                WHERE NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = to_regclass(m.name) \
                                     AND i.inhparent = to_regclass(t.parent)) ORDER BY m.name";
    Ok(sqlx::query_scalar(sql).bind(&BY_MONTH[..]).fetch_all(connection).await?)
}

/// How a schema's migrations stand against those of this build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Versions of this build that the database does not have.
    pub missing: Vec<i64>,
    /// Versions that the database has in another form, or half.
    pub different: Vec<i64>,
    /// Versions that only the database has: a newer build has migrated it.
    pub newer: Vec<i64>,
}

/// Compares them, in the connection's schema.
///
/// # Errors
/// If the database does.
pub async fn migrations(connection: &mut PgConnection, kind: Kind) -> Result<Migrations, StoreError> {
    let is_there = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    let mut applied: Vec<(i64, bool, Vec<u8>)> = Vec::new();
    if is_there.fetch_one(&mut *connection).await? {
        let sql = "SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version";
        applied = sqlx::query_as(sql).fetch_all(connection).await?;
    }
    let mut found = Migrations::default();
    for (version, sum) in kind.sums() {
        match applied.iter().find(|(applied, ..)| *applied == version) {
            None => found.missing.push(version),
            Some((_, success, applied)) if !success || applied != sum => found.different.push(version),
            Some(_) => {}
        }
    }
    let is_known = |wanted: i64| kind.sums().any(|(version, _)| version == wanted);
    found.newer = applied.into_iter().map(|(version, ..)| version).filter(|&version| !is_known(version)).collect();
    Ok(found)
}

/// How work flows in a cell. Ages are in seconds; none where there is nothing to wait.
#[derive(Clone, Debug, FromRow)]
pub struct Flow {
    /// Workers that have beaten within ten seconds.
    pub workers: i64,
    /// How long ago the last worker beat.
    pub last_beat_s: Option<f64>,
    /// Since when the oldest execution waits that no worker has taken yet.
    pub queue_age_s: Option<f64>,
    /// By how much the timer is late that is due longest.
    pub timer_late_s: Option<f64>,
    /// Since when the oldest event waits that has not been handed out to webhooks. None without endpoints.
    pub outbox_age_s: Option<f64>,
    /// Days since counters of quotas were last compared with their facts.
    pub reconciled_days: Option<i32>,
}

/// Reads that, as the worker's role. The queue is read whole: a second for a million tokens.
///
/// # Errors
/// If the database does.
pub async fn flow(connection: &mut PgConnection) -> Result<Flow, StoreError> {
    // The first 48 bits of an execution's id are the milliseconds of its start.
    let sql = "SELECT \
         (SELECT count(*) FROM workers w WHERE NOT w.fenced AND w.heartbeat_at > clock_timestamp() - interval '10 s') \
           AS workers, \
         (SELECT extract(epoch FROM clock_timestamp() - max(w.heartbeat_at))::float8 FROM workers w) AS last_beat_s, \
         (SELECT extract(epoch FROM clock_timestamp())::float8 \
                 - ('x' || left(replace(q.execution_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0::float8 \
            FROM queue q WHERE q.fresh ORDER BY q.execution_id LIMIT 1) AS queue_age_s, \
         (SELECT extract(epoch FROM clock_timestamp() - min(t.due_at))::float8 FROM timers t \
           WHERE t.due_at < clock_timestamp()) AS timer_late_s, \
         (SELECT extract(epoch FROM clock_timestamp() - o.created_at)::float8 \
            FROM webhook_cursors c CROSS JOIN LATERAL ( \
              SELECT x.created_at FROM outbox x WHERE x.xid >= c.xid AND (x.xid, x.event_id) > (c.xid, c.event_id) \
                 AND x.xid < CASE WHEN c.xid > pg_snapshot_xmax(pg_current_snapshot()) THEN '18446744073709551615'::xid8 \
                                  ELSE pg_snapshot_xmax(pg_current_snapshot()) END \
               ORDER BY x.xid, x.event_id LIMIT 1) o \
           WHERE c.source = 'outbox' AND EXISTS (SELECT FROM webhook_endpoints)) AS outbox_age_s, \
         (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date - r.day FROM quota_rounds r \
           WHERE EXISTS (SELECT FROM quota_counters)) AS reconciled_days";
    Ok(sqlx::query_as(sql).fetch_one(connection).await?)
}
