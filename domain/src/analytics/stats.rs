//! The rows of days.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgConnection};

/// What a workspace did on a day. Durations are of executions that completed or failed, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DailyStats {
    /// The day, of UTC.
    pub day: NaiveDate,
    /// Executions that were asked for on it, without trials of drafts.
    pub executions_started: i64,
    /// Those of them that have completed since.
    pub executions_completed: i64,
    /// Those that have failed.
    pub executions_failed: i64,
    /// Those that were cancelled.
    pub executions_cancelled: i64,
    /// All durations together.
    pub duration_ms_sum: i64,
    /// The longest.
    pub duration_ms_max: Option<i64>,
    /// The one that half of them do not exceed, off by less than 5 %.
    pub duration_ms_p50: Option<i64>,
    /// The one that 95 of 100 do not exceed, off by less than 5 %.
    pub duration_ms_p95: Option<i64>,
    /// Mails that steps sent on that day.
    pub emails_sent: i64,
    /// Leads that were made on it, those that were hidden since among them.
    pub leads_created: i64,
    /// When the count began.
    pub counted_at: DateTime<Utc>,
}

impl DailyStats {
    /// Completed ones among those that completed or failed, from 0 to 1; none if none did. What was cancelled says nothing.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let ended = self.executions_completed + self.executions_failed;
        (ended > 0).then(|| self.executions_completed as f64 / ended as f64)
    }

    /// The mean duration in milliseconds; none if nothing completed or failed.
    #[must_use]
    pub fn duration_ms_mean(&self) -> Option<i64> {
        self.duration_ms_sum.checked_div(self.executions_completed + self.executions_failed)
    }

    /// Whether there is nothing to tell of the day.
    pub(super) fn is_empty(&self) -> bool {
        self.executions_started == 0 && self.emails_sent == 0 && self.leads_created == 0
    }
}

/// The days of a workspace from the first to the last of these, both included, the oldest first. A day without a row had
/// nothing to count, or has not been counted yet.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<DailyStats>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT day, executions_started, executions_completed, executions_failed, executions_cancelled, duration_ms_sum, \
                duration_ms_max, duration_ms_p50, duration_ms_p95, emails_sent, leads_created, counted_at \
           FROM workspace_daily_stats WHERE workspace_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day",
    );
    Ok(rows.bind(workspace_id.0).bind(from).bind(to).fetch_all(connection).await?)
}

/// Replaces the row of a day, unless it is of a count that began later. Where there is nothing to tell there is no row.
pub(super) async fn replace(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    stats: &DailyStats,
) -> Result<(), StoreError> {
    if stats.is_empty() {
        sqlx::query("DELETE FROM workspace_daily_stats WHERE workspace_id = $1 AND day = $2 AND counted_at <= $3")
            .bind(workspace_id.0)
            .bind(stats.day)
            .bind(stats.counted_at)
            .execute(connection)
            .await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO workspace_daily_stats AS s (workspace_id, day, executions_started, executions_completed, \
           executions_failed, executions_cancelled, duration_ms_sum, duration_ms_max, duration_ms_p50, duration_ms_p95, \
           emails_sent, leads_created, counted_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (workspace_id, day) DO UPDATE SET \
           executions_started = excluded.executions_started, executions_completed = excluded.executions_completed, \
           executions_failed = excluded.executions_failed, executions_cancelled = excluded.executions_cancelled, \
           duration_ms_sum = excluded.duration_ms_sum, duration_ms_max = excluded.duration_ms_max, \
           duration_ms_p50 = excluded.duration_ms_p50, duration_ms_p95 = excluded.duration_ms_p95, \
           emails_sent = excluded.emails_sent, leads_created = excluded.leads_created, counted_at = excluded.counted_at \
         WHERE s.counted_at <= excluded.counted_at",
    )
    .bind(workspace_id.0)
    .bind(stats.day)
    .bind(stats.executions_started)
    .bind(stats.executions_completed)
    .bind(stats.executions_failed)
    .bind(stats.executions_cancelled)
    .bind(stats.duration_ms_sum)
    .bind(stats.duration_ms_max)
    .bind(stats.duration_ms_p50)
    .bind(stats.duration_ms_p95)
    .bind(stats.emails_sent)
    .bind(stats.leads_created)
    .bind(stats.counted_at)
    .execute(connection)
    .await?;
    Ok(())
}
