//! Quotas: a process takes a slice by one conditional update and spends it in memory.

use std::time::Duration;

use chrono::NaiveDate;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::WorkspaceId;

/// The meter of started executions.
pub const EXECUTIONS: &str = "executions";
/// The meter of mails that were sent.
pub const EMAILS: &str = "emails";
/// Longest count of the facts of one counter. It holds no lock meanwhile.
pub const COUNT_MAX: Duration = Duration::from_secs(300);
/// Longest wait for the counter after that; whoever has its lock has it for a moment.
const LOCK_TIMEOUT_MS: u32 = 5_000;

/// What plans and clients call a meter.
#[must_use]
pub fn quota_of(meter: &str) -> &str {
    match meter {
        EXECUTIONS => "executions_per_month",
        EMAILS => "email_sends_per_month",
        other => other,
    }
}

/// The meter of a quota. `executions` is taken for `executions_per_month`, too.
#[must_use]
pub fn meter_of(quota: &str) -> &str {
    match quota {
        "executions_per_month" => EXECUTIONS,
        "email_sends_per_month" => EMAILS,
        other => other,
    }
}

/// A wish for units.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Whose quota.
    pub workspace_id: WorkspaceId,
    /// Of what.
    pub meter: &'static str,
    /// Who asks.
    pub holder: Uuid,
    /// What it holds, spent on what may not be written yet.
    pub held: i64,
    /// What it has use for at once.
    pub need: i64,
    /// What it would spend by and by.
    pub want: i64,
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, FromRow)]
pub struct Grant {
    /// Units; none is a refusal where there is a limit.
    pub granted: i64,
    /// Whether there is a limit.
    pub limited: bool,
    /// The limit, without what is served beyond it.
    pub units_max: Option<i64>,
    /// Whether the limit has been reached.
    pub soft: bool,
    /// Whether fewer were granted than wanted: a limit is near.
    pub cut: bool,
    /// The month that the units are of.
    pub period: NaiveDate,
    /// Milliseconds to its end, by the database's clock.
    pub ends_ms: i64,
}

/// What a holder has of a counter now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Whose quota.
    pub workspace_id: WorkspaceId,
    /// Of what.
    pub meter: &'static str,
    /// Of which month.
    pub period: NaiveDate,
    /// Who.
    pub holder: Uuid,
    /// What it keeps.
    pub held: i64,
    /// What it gives back.
    pub back: i64,
}

/// What was used where no limit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Of what.
    pub meter: &'static str,
    /// How much.
    pub units: i64,
}

/// What one call of [`reconcile`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// There is no more to do today.
    Over,
    /// The counter was right, or is used too much at the moment to say.
    Right,
    /// It was wrong.
    Mended,
}

/// Key of a counter.
type Counter = (Uuid, String, NaiveDate);

/// Takes units of this month.
///
/// # Errors
/// If the database does; what was granted then comes back when its lease is over.
pub async fn take_slice(connection: &mut PgConnection, ask: &Ask) -> Result<Grant, StoreError> {
    let grant = sqlx::query_as(
        "SELECT granted, limited, units_max, soft, cut, period, ends_ms FROM take_slice_2($1, $2, $3, $4, $5, $6)",
    )
    .bind(ask.workspace_id.0)
    .bind(ask.meter)
    .bind(ask.holder)
    .bind(ask.held)
    .bind(ask.need)
    .bind(ask.want)
    .fetch_one(connection)
    .await?;
    Ok(grant)
}

/// Tells what holders have, and gives units back. May be repeated.
///
/// # Errors
/// If the database does.
pub async fn settle_slices(connection: &mut PgConnection, all: &[Settlement]) -> Result<(), StoreError> {
    sqlx::query("SELECT settle_slices_1($1, $2, $3, $4, $5, $6)")
        .bind(all.iter().map(|one| one.workspace_id.0).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.meter).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.period).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.holder).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.held).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.back).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts what was used without a limit; answers who has one by now. Must not be repeated.
///
/// # Errors
/// If the database does; then it may have been counted.
pub async fn note_usage(
    connection: &mut PgConnection,
    notes: &[Note],
) -> Result<Vec<(WorkspaceId, String)>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as("SELECT workspace_id, meter FROM note_usage_1($1, $2, $3)")
        .bind(notes.iter().map(|note| note.workspace_id.0).collect::<Vec<_>>())
        .bind(notes.iter().map(|note| note.meter).collect::<Vec<_>>())
        .bind(notes.iter().map(|note| note.units).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|(workspace, meter)| (WorkspaceId(workspace), meter)).collect())
}

/// Whether [`reclaim`] or [`reconcile`] may find something. For workers.
///
/// # Errors
/// If the database does.
pub async fn is_any(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM quota_slices s WHERE s.until_at < clock_timestamp()) \
           OR EXISTS (SELECT FROM quota_rounds r WHERE r.day < (clock_timestamp() AT TIME ZONE 'UTC')::date \
                OR (r.day = (clock_timestamp() AT TIME ZONE 'UTC')::date AND NOT r.is_over))",
    );
    Ok(any.fetch_one(connection).await?)
}

/// Compares the next counter with its facts, if that was not done today. For workers. Takes up to [`COUNT_MAX`].
///
/// # Errors
/// If the database does; the counter is not met again today, and the next call goes on behind it.
pub async fn reconcile(connection: &mut PgConnection) -> Result<Reconciled, StoreError> {
    let next = sqlx::query_as("SELECT workspace_id, meter, period FROM next_quota_1(clock_timestamp())");
    let Some(counter) = next.fetch_optional(&mut *connection).await? else { return Ok(Reconciled::Over) };
    Ok(if recount(connection, counter).await? { Reconciled::Mended } else { Reconciled::Right })
}

/// Takes slices of a dead process back; false if there are none. For workers. Takes up to [`COUNT_MAX`].
///
/// # Errors
/// If the database does.
pub async fn reclaim(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let lost = sqlx::query_as("SELECT workspace_id, meter, period FROM lost_quota_1(clock_timestamp())");
    let Some(counter) = lost.fetch_optional(&mut *connection).await? else { return Ok(false) };
    recount(connection, counter).await?;
    Ok(true)
}

async fn recount(connection: &mut PgConnection, (workspace, meter, period): Counter) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    let count_ms = COUNT_MAX.as_millis();
    sqlx::query(&format!("SET LOCAL statement_timeout = {count_ms}")).execute(&mut *transaction).await?;
    sqlx::query(&format!("SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")).execute(&mut *transaction).await?;
    let mended = sqlx::query_scalar("SELECT reconcile_quota_1(clock_timestamp(), $1, $2, $3)")
        .bind(workspace)
        .bind(meter)
        .bind(period)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(mended)
}
