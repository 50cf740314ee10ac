//! Removing events that are past their time, and waits whose executions have ended.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::event::KEPT_DAYS;

/// Rows that one call removes or looks at, at most.
const BITE: i64 = 2_000;

/// Removes old events. Answers how many; come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let events = sqlx::query_scalar(
        "WITH gone AS ( \
           DELETE FROM events WHERE ctid = ANY (ARRAY(SELECT e.ctid FROM events e \
             WHERE e.received_at < statement_timestamp() - make_interval(days => $1) ORDER BY e.received_at LIMIT $2)) \
           RETURNING workspace_id, event_id \
         ), turns AS ( \
           DELETE FROM event_turns t USING gone g WHERE t.workspace_id = g.workspace_id AND t.event_id = g.event_id \
         ) SELECT count(*) FROM gone",
    );
    let gone: i64 = events.bind(i32::from(KEPT_DAYS)).bind(BITE).fetch_one(connection).await?;
    Ok(gone.unsigned_abs())
}

/// Removes those waits behind `after` whose executions have ended or are not kept any more. Answers where to go on;
/// nothing at the end.
///
/// # Errors
/// If the database does.
pub async fn tidy_waits(
    connection: &mut PgConnection,
    after: (Uuid, Uuid),
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let waits: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(
        "SELECT workspace_id, wait_id, execution_id FROM event_waits WHERE (workspace_id, wait_id) > ($1, $2) \
         ORDER BY workspace_id, wait_id LIMIT $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(BITE)
    .fetch_all(&mut *connection)
    .await?;
    let executions: Vec<Uuid> = waits.iter().map(|&(_, _, execution_id)| execution_id).collect();
    let live: Vec<Uuid> = sqlx::query_scalar(
        "SELECT execution_id FROM executions WHERE execution_id BETWEEN $1 AND $2 AND execution_id = ANY ($3) \
         AND ended_at IS NULL",
    )
    .bind(executions.iter().min())
    .bind(executions.iter().max())
    .bind(&executions)
    .fetch_all(&mut *connection)
    .await?;
    let live: std::collections::HashSet<Uuid> = live.into_iter().collect();
    let over = waits.iter().filter(|(_, _, execution_id)| !live.contains(execution_id));
    let (workspaces, ids): (Vec<Uuid>, Vec<Uuid>) =
        over.map(|&(workspace_id, wait_id, _)| (workspace_id, wait_id)).unzip();
    // The order names the key: else, where little is known of the table, all waits of a workspace are read for each. A row that
    // somebody changes at this moment is left for the next round.
    sqlx::query(
        "DELETE FROM event_waits w WHERE w.ctid = ANY (ARRAY(SELECT x.ctid \
           FROM unnest($1::uuid[], $2::uuid[]) AS o (workspace_id, wait_id) \
           CROSS JOIN LATERAL (SELECT e.ctid FROM event_waits e WHERE e.workspace_id = o.workspace_id \
             AND e.wait_id >= o.wait_id AND e.wait_id <= o.wait_id ORDER BY e.wait_id LIMIT 1) AS x))",
    )
    .bind(workspaces)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(waits.last().map(|&(workspace_id, wait_id, _)| (workspace_id, wait_id)))
}
