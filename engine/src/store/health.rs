//! How a cell, its fleet and its database are, taken again and again and kept for some days: what a page of its standing is made of.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};

use super::error::StoreError;
use super::vitals::{self, Flow};

/// Age of the oldest execution that no worker has taken, in seconds: what is told, and what is bad.
pub const QUEUE_S: (f64, f64) = (30.0, 900.0);
/// Delay of the timer that is due longest, in seconds.
pub const TIMER_S: (f64, f64) = (10.0, 300.0);
/// Age of the oldest event that was not handed out to webhooks, in seconds.
pub const OUTBOX_S: (f64, f64) = (60.0, 3_600.0);
/// Age of the oldest transaction, in seconds: rows that are gone stay on disk as long as it lasts.
pub const TRANSACTION_S: (f64, f64) = (300.0, 3_600.0);
/// Share of connections that are in use.
pub const CONNECTIONS: (f64, f64) = (0.8, 0.95);
/// Days for which figures are kept.
pub const KEPT_DAYS: i32 = 14;
/// Seconds without new figures after which nobody seems to take any.
const LATE_S: f64 = 300.0;
/// Tokens, and leases, that are counted at most.
const COUNTED_MAX: i64 = 1_000_000;
/// Open alerts, and deliveries to webhooks, that are counted at most.
const FEW_COUNTED_MAX: i64 = 100_000;
/// Old rows that one round removes: it makes one.
const TIDIED_MAX: i64 = 1_000;

/// Figures of a moment, or means of a stretch of time. Ages are in seconds; none where there is nothing to wait, or nobody knows.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Health {
    /// When.
    pub at: DateTime<Utc>,
    /// Workers that have beaten within ten seconds.
    pub workers: f64,
    /// Tokens that wait in the queue.
    pub queued: f64,
    /// Executions that a worker is at.
    pub active: f64,
    /// Since when the oldest execution waits that no worker has taken yet.
    pub queue_age_s: Option<f64>,
    /// By how much the timer is late that is due longest.
    pub timer_late_s: Option<f64>,
    /// Since when the oldest event waits that has not been handed out to webhooks.
    pub outbox_age_s: Option<f64>,
    /// Tokens that left the queue in a second since the figures before.
    pub claims_per_s: Option<f64>,
    /// Since when the oldest transaction of the database goes on.
    pub oldest_transaction_s: Option<f64>,
    /// Rows of the cell's tables.
    pub live_rows: f64,
    /// Rows that are gone and take room still.
    pub dead_rows: f64,
    /// Months of history that are made ahead.
    pub months_ahead: f64,
    /// Connections of clients to the server.
    pub connections: f64,
    /// How many it may have.
    pub connections_max: f64,
    /// Bytes of the database on disk.
    pub database_bytes: Option<f64>,
}

/// The figures of a cell that were taken last. Ages are in seconds; none where there is nothing to wait, or nobody knows.
#[derive(Clone, Debug, FromRow)]
pub struct Newest {
    /// How long ago they were taken, by the clock of the database.
    pub age_s: f64,
    /// Workers that had beaten within ten seconds.
    pub workers: i64,
    /// Tokens that waited in the queue.
    pub queued: i64,
    /// Executions that a worker was at.
    pub active: i64,
    /// Since when the oldest execution waited that no worker had taken.
    pub queue_age_s: Option<f64>,
    /// By how much the timer was late that was due longest.
    pub timer_late_s: Option<f64>,
    /// Since when the oldest event waited that had not been handed out to webhooks.
    pub outbox_age_s: Option<f64>,
    /// Alerts of all workspaces that were open, at most a hundred thousand. None if a worker of an older release took the figures.
    pub alerts_open: Option<i64>,
    /// Deliveries to webhooks that waited for an attempt, at most a hundred thousand. None as with alerts.
    pub deliveries_waiting: Option<i64>,
    /// Since when the oldest transaction of the database went on.
    pub oldest_transaction_s: Option<f64>,
    /// Connections of clients to the server.
    pub connections: i64,
    /// How many it may have.
    pub connections_max: i32,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// As it should be.
    Good,
    /// Somebody should look.
    Warn,
    /// Something is wrong.
    Bad,
}

/// One thing that was judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// A stable word.
    pub check: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// The figure, for people.
    pub detail: String,
}

/// Takes the figures of this moment, and removes what is too old. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn take(connection: &mut PgConnection) -> Result<(), StoreError> {
    let Flow { workers, queue_age_s, timer_late_s, outbox_age_s, .. } = vitals::flow(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO system_health_metrics \
           (taken_at, workers, queued, active, queue_age_s, timer_late_s, outbox_age_s, claimed_total, oldest_transaction_s, \
            live_rows, dead_rows, months_ahead, connections, connections_max, database_bytes, alerts_open, deliveries_waiting) \
         SELECT clock_timestamp(), $1, (SELECT count(*) FROM (SELECT FROM queue LIMIT $5) q), \
                (SELECT count(*) FROM (SELECT FROM leases LIMIT $5) l), $2, $3, $4, s.claimed_total, s.oldest_transaction_s, \
                s.live_rows, s.dead_rows, s.months_ahead, s.connections, s.connections_max, s.database_bytes, \
                (SELECT count(*) FROM (SELECT FROM alerts x WHERE x.cleared_at IS NULL LIMIT $6) a), \
                (SELECT count(*) FROM (SELECT FROM webhook_deliveries x WHERE x.status = 'pending' LIMIT $6) d) \
           FROM server_health_1() s",
    )
    .bind(workers)
    .bind(queue_age_s)
    .bind(timer_late_s)
    .bind(outbox_age_s)
    .bind(COUNTED_MAX)
    .bind(FEW_COUNTED_MAX)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM system_health_metrics WHERE taken_at IN ( \
           SELECT m.taken_at FROM system_health_metrics m \
            WHERE m.taken_at < statement_timestamp() - make_interval(days => $1) ORDER BY m.taken_at LIMIT $2)",
    )
    .bind(KEPT_DAYS)
    .bind(TIDIED_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// The figures since so many hours ago, oldest first, as means of stretches of so many seconds. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn series(connection: &mut PgConnection, hours: i32, stretch_s: i32) -> Result<Vec<Health>, StoreError> {
    // Where the server's statistics were reset meanwhile, the counter falls: that stretch is left out.
    let sql = "WITH taken AS ( \
                 SELECT m.taken_at, m.workers, m.queued, m.active, m.queue_age_s, m.timer_late_s, m.outbox_age_s, \
                        m.oldest_transaction_s, m.live_rows, m.dead_rows, m.months_ahead, m.connections, m.connections_max, \
                        m.database_bytes, m.claimed_total - lag(m.claimed_total) OVER o AS claimed, \
                        extract(epoch FROM m.taken_at - lag(m.taken_at) OVER o)::float8 AS lasted_s \
                   FROM system_health_metrics m WHERE m.taken_at >= statement_timestamp() - make_interval(hours => $1) \
                 WINDOW o AS (ORDER BY m.taken_at)) \
               SELECT max(t.taken_at) AS at, avg(t.workers)::float8 AS workers, avg(t.queued)::float8 AS queued, \
                      avg(t.active)::float8 AS active, max(t.queue_age_s) AS queue_age_s, max(t.timer_late_s) AS timer_late_s, \
                      max(t.outbox_age_s) AS outbox_age_s, \
                      (sum(t.claimed) FILTER (WHERE t.claimed >= 0))::float8 \
                        / nullif(sum(t.lasted_s) FILTER (WHERE t.claimed >= 0), 0) AS claims_per_s, \
                      max(t.oldest_transaction_s) AS oldest_transaction_s, avg(t.live_rows)::float8 AS live_rows, \
                      avg(t.dead_rows)::float8 AS dead_rows, min(t.months_ahead)::float8 AS months_ahead, \
                      avg(t.connections)::float8 AS connections, max(t.connections_max)::float8 AS connections_max, \
                      max(t.database_bytes)::float8 AS database_bytes \
                 FROM taken t GROUP BY date_bin(make_interval(secs => $2), t.taken_at, '2000-01-01T00:00:00Z'::timestamptz) \
                ORDER BY 1";
    Ok(sqlx::query_as(sql).bind(hours).bind(f64::from(stretch_s)).fetch_all(connection).await?)
}

/// The figures that were taken last, if any were: one row, by the key. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn newest(connection: &mut PgConnection) -> Result<Option<Newest>, StoreError> {
    let sql = "SELECT extract(epoch FROM clock_timestamp() - m.taken_at)::float8 AS age_s, m.workers, m.queued, m.active, \
                      m.queue_age_s, m.timer_late_s, m.outbox_age_s, m.alerts_open, m.deliveries_waiting, \
                      m.oldest_transaction_s, m.connections, m.connections_max \
                 FROM system_health_metrics m ORDER BY m.taken_at DESC LIMIT 1";
    Ok(sqlx::query_as(sql).fetch_optional(connection).await?)
}

/// How things stand by the newest figures, which are `age_s` seconds old; none were taken if they are absent.
#[must_use]
pub fn judge(newest: Option<&Health>, age_s: f64) -> Vec<Judged> {
    let Some(health) = newest else {
        let detail = "no figures were taken yet; is a worker running?".to_owned();
        return vec![Judged { check: "figures", standing: Standing::Warn, detail }];
    };
    let by = |value: f64, limits: (f64, f64)| match value {
        over if over > limits.1 => Standing::Bad,
        over if over > limits.0 => Standing::Warn,
        _ => Standing::Good,
    };
    let age = |check, what: &str, value: Option<f64>, limits| Judged {
        check,
        standing: value.map_or(Standing::Good, |value| by(value, limits)),
        detail: value.map_or_else(|| format!("{what}: nothing"), |value| format!("{what}: {value:.1} s")),
    };
    let used = health.connections / health.connections_max.max(1.0);
    let nobody = if health.queued > 0.0 { Standing::Bad } else { Standing::Warn };
    vec![
        age("figures", "the newest figures are old by", Some(age_s), (LATE_S, LATE_S * 12.0)),
        Judged {
            check: "workers",
            standing: if health.workers >= 1.0 { Standing::Good } else { nobody },
            detail: format!("{:.0} beat", health.workers),
        },
        age("queue", "the oldest execution waits", health.queue_age_s, QUEUE_S),
        age("timers", "the latest timer is late by", health.timer_late_s, TIMER_S),
        age("outbox", "the oldest event waits", health.outbox_age_s, OUTBOX_S),
        age("transactions", "the oldest goes on", health.oldest_transaction_s, TRANSACTION_S),
        Judged {
            check: "connections",
            standing: by(used, CONNECTIONS),
            detail: format!("{:.0} of {:.0} are in use", health.connections, health.connections_max),
        },
        Judged {
            check: "months",
            standing: if health.months_ahead >= 1.0 { Standing::Good } else { Standing::Bad },
            detail: format!("{:.0} are made ahead", health.months_ahead),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm() -> Health {
        Health {
            at: Utc::now(),
            workers: 2.0,
            queued: 0.0,
            active: 0.0,
            queue_age_s: None,
            timer_late_s: None,
            outbox_age_s: None,
            claims_per_s: None,
            oldest_transaction_s: None,
            live_rows: 0.0,
            dead_rows: 0.0,
            months_ahead: 2.0,
            connections: 10.0,
            connections_max: 97.0,
            database_bytes: None,
        }
    }

    #[test]
    fn the_worst_figure_shows() {
        let judged = |change: fn(&mut Health)| {
            let mut health = calm();
            change(&mut health);
            judge(Some(&health), 30.0).into_iter().map(|it| it.standing).max()
        };
        type Change = fn(&mut Health);
        let cases: [(Change, Standing); 8] = [
            (|_| (), Standing::Good),
            (|it| it.workers = 0.0, Standing::Warn),
            (|it| (it.workers, it.queued) = (0.0, 1.0), Standing::Bad),
            (|it| it.queue_age_s = Some(31.0), Standing::Warn),
            (|it| it.timer_late_s = Some(301.0), Standing::Bad),
            (|it| it.oldest_transaction_s = Some(301.0), Standing::Warn),
            (|it| it.connections = 96.0, Standing::Bad),
            (|it| it.months_ahead = 0.0, Standing::Bad),
        ];
        for (change, expected) in cases {
            assert_eq!(judged(change), Some(expected));
        }
        assert_eq!(judge(Some(&calm()), 301.0)[0].standing, Standing::Warn);
        assert_eq!(judge(None, 0.0)[0].standing, Standing::Warn);
    }
}
