//! Counting days anew at once, for an operator.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::day::held_months;
use capstan_engine::store::error::StoreError;
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::count::{Count, next};
use super::day::first_of_month;

/// Executions that are counted in one statement.
const ROWS_PER_PAGE: i64 = 20_000;

/// What a recount of one day did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recomputed {
    /// So many workspaces were counted.
    Counted(u64),
    /// The executions of that month are not held any more, or not yet: its rows are left as they are.
    NotHeld,
}

/// Counts a day anew, of one workspace or of all, and replaces its rows. As a worker, whose duty may count the same day
/// meanwhile: the count that began last stays. `tell` hears how many executions were looked at after each page. If it breaks
/// off, what was written stays, and it may be repeated.
///
/// # Errors
/// If the database does.
pub async fn recompute(
    connection: &mut PgConnection,
    day: NaiveDate,
    only: Option<WorkspaceId>,
    mut tell: impl FnMut(i64),
) -> Result<Recomputed, StoreError> {
    if !held_months(&mut *connection).await?.contains(&first_of_month(day)) {
        return Ok(Recomputed::NotHeld);
    }
    if let Some(workspace_id) = only {
        count_whole(connection, workspace_id, day, &mut tell).await?;
        return Ok(Recomputed::Counted(1));
    }
    let (mut after, mut counted) = (Uuid::nil(), 0);
    while let Some(workspace_id) = next(&mut *connection, after, day).await? {
        count_whole(&mut *connection, workspace_id, day, &mut tell).await?;
        after = workspace_id.0;
        counted += 1;
    }
    Ok(Recomputed::Counted(counted))
}

async fn count_whole(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    day: NaiveDate,
    tell: &mut impl FnMut(i64),
) -> Result<(), StoreError> {
    let now = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut *connection).await?;
    let mut count = Count::new(workspace_id, day, now);
    loop {
        let looked_at = count.page(&mut *connection, ROWS_PER_PAGE).await?;
        tell(looked_at);
        if looked_at < ROWS_PER_PAGE {
            return count.write(connection).await;
        }
    }
}
