//! The count of one day of one workspace, from the facts.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::day::{count_page, next_workspace};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::quotas::EMAILS;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::day;
use super::stats::{DailyStats, replace};
use super::tally::Tally;

/// A count under way: executions up to `after` are in the tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) workspace_id: WorkspaceId,
    pub(super) day: NaiveDate,
    pub(super) began_at: DateTime<Utc>,
    pub(super) after: Uuid,
    pub(super) tally: Tally,
}

impl Count {
    pub(super) fn new(workspace_id: WorkspaceId, day: NaiveDate, began_at: DateTime<Utc>) -> Self {
        Self { workspace_id, day, began_at, after: day::before_first_id(day), tally: Tally::default() }
    }

    /// Counts up to `rows` executions more; fewer were left if it answers fewer, and then all are counted.
    pub(super) async fn page(&mut self, connection: &mut PgConnection, rows: i64) -> Result<i64, StoreError> {
        let page = count_page(connection, self.workspace_id, self.after, day::end_id(self.day), rows).await?;
        self.tally.add(&page);
        self.after = page.last.unwrap_or(self.after);
        Ok(page.looked_at)
    }

    /// Counts what is beside executions, and replaces the row of the day. Reads as many rows of usage and keys of leads as
    /// there are of the day (`usage_meter`, `leads_pkey`).
    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let (emails_sent, leads_created) = sqlx::query_as(
            "SELECT (SELECT coalesce(sum(u.units), 0)::bigint FROM usage u \
                      WHERE u.workspace_id = $1 AND u.meter = $2 AND u.created_at >= $3 AND u.created_at < $4), \
                    (SELECT count(*) FROM leads l WHERE l.workspace_id = $1 AND l.lead_id > $5 AND l.lead_id < $6)",
        )
        .bind(self.workspace_id.0)
        .bind(EMAILS)
        .bind(day::begin(self.day))
        .bind(day::end(self.day))
        .bind(day::before_first_id(self.day))
        .bind(day::end_id(self.day))
        .fetch_one(&mut *connection)
        .await?;
        let stats = DailyStats {
            day: self.day,
            executions_started: self.tally.started,
            executions_completed: self.tally.completed,
            executions_failed: self.tally.failed,
            executions_cancelled: self.tally.cancelled,
            duration_ms_sum: self.tally.ms_sum,
            duration_ms_max: self.tally.ms_max,
            duration_ms_p50: self.tally.percentile_ms(50),
            duration_ms_p95: self.tally.percentile_ms(95),
            emails_sent,
            leads_created,
            counted_at: self.began_at,
        };
        replace(connection, self.workspace_id, &stats).await
    }
}

/// The workspace behind `after` that may have something to count on a day; none if there is no more.
pub(super) async fn next(
    connection: &mut PgConnection,
    after: Uuid,
    day: NaiveDate,
) -> Result<Option<WorkspaceId>, StoreError> {
    let of_engine = next_workspace(&mut *connection, after, day::month(day)).await?;
    let of_leads: Option<Uuid> = sqlx::query_scalar(
        "SELECT l.workspace_id FROM leads l WHERE l.workspace_id > $1 ORDER BY l.workspace_id, l.lead_id LIMIT 1",
    )
    .bind(after)
    .fetch_optional(connection)
    .await?;
    Ok([of_engine.map(|workspace| workspace.0), of_leads].into_iter().flatten().min().map(WorkspaceId))
}
