//! Which executions a filter lets through, as a condition of SQL.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use uuid::Uuid;

use super::model::{Filter, Status};
use crate::core::ids::WorkspaceId;
use crate::store::executions::{OF_WORKSPACE, STATUS};
use crate::store::trials::IS_TRIAL;

/// How far the time in an execution's id may be from when it was recorded: whoever starts it makes the id.
const SLACK: TimeDelta = TimeDelta::hours(1);

/// What a filter chooses from, called `e`. Without ids that is all executions; with ids it looks each up by its key, once: whether a
/// planner would do so with a condition on many ids hangs on what it knows of the table, else it walks all that lies between them.
pub(super) fn source(filter: &Filter) -> &'static str {
    match filter.ids {
        Some(_) => {
            "(SELECT DISTINCT n.id FROM unnest($9::uuid[]) AS n (id)) AS named CROSS JOIN LATERAL ( \
               SELECT x.execution_id, x.workspace_id, x.workflow_id, x.version_id, x.status, x.created_at FROM executions x \
                WHERE x.execution_id = named.id AND x.workspace_id = $1 LIMIT 1) AS e"
        }
        None => "executions e",
    }
}

/// The condition on what [`source`] names `e`, with the parameters $1 to $9 that [`bind`] binds. Without ids it walks the
/// executions of the workspace between two ids, by its index. Trials have to be named, or their version.
pub(super) fn condition(filter: &Filter) -> String {
    let among = if filter.ids.is_some() { "$9::uuid[] IS NOT NULL" } else { "$9::uuid[] IS NULL" };
    format!(
        "{OF_WORKSPACE} AND e.execution_id BETWEEN $2 AND $3 AND {among} \
         AND ($4::timestamptz IS NULL OR e.created_at >= $4) AND ($5::timestamptz IS NULL OR e.created_at < $5) \
         AND ($6::uuid IS NULL OR e.workflow_id = $6) AND ($7::uuid IS NULL OR e.version_id = $7) \
         AND ($8::text[] IS NULL OR {STATUS} = ANY ($8)) \
         AND ($7::uuid IS NOT NULL OR $9::uuid[] IS NOT NULL OR NOT {IS_TRIAL})"
    )
}

/// Binds the parameters of [`source`] and [`condition`].
pub(super) fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    workspace_id: WorkspaceId,
    filter: &'q Filter,
) -> Query<'q, Postgres, PgArguments> {
    let ids = filter.ids.as_deref();
    let lowest = ids.and_then(|ids| ids.iter().min().copied()).unwrap_or(Uuid::nil());
    let highest = ids.and_then(|ids| ids.iter().max().copied()).unwrap_or(Uuid::max());
    let after = filter.started_after.map_or(lowest, |at| floor(at - SLACK).max(lowest));
    let before = filter.started_before.map_or(highest, |at| floor(at + SLACK).min(highest));
    let status: Option<Vec<&str>> =
        filter.status.as_ref().map(|status| status.iter().copied().map(Status::as_str).collect());
    query
        .bind(workspace_id.0)
        .bind(after)
        .bind(before)
        .bind(filter.started_after)
        .bind(filter.started_before)
        .bind(filter.workflow_id.map(|id| id.0))
        .bind(filter.version_id.map(|id| id.0))
        .bind(status)
        .bind(ids)
}

/// The lowest UUIDv7 of a moment.
fn floor(at: DateTime<Utc>) -> Uuid {
    let ms = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u64_pair(ms << 16, 0)
}
