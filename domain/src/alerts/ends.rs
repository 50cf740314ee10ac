//! Adds ends of executions up, out of the outbox: by a cursor over transactions that stays below the horizon under which nothing
//! can be committed any more, and moves in the transaction that adds. So each end is counted once.

use capstan_engine::store::error::StoreError;
use capstan_engine::store::watching::ends_page;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Events of one turn.
const EVENTS_MAX: i64 = 5_000;

/// How far ends were added up.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Cursor {
    pub(super) xid: String,
    pub(super) event_id: Uuid,
}

/// Adds up the next events; whether there may be more.
pub(super) async fn add_up(connection: &mut PgConnection, cursor: &mut Cursor) -> Result<bool, StoreError> {
    let page = ends_page(&mut *connection, (&cursor.xid, cursor.event_id), EVENTS_MAX).await?;
    let Some(page) = page else { return Ok(false) };
    if !page.workspaces.is_empty() {
        sqlx::query(
            "INSERT INTO alert_ends AS a (workspace_id, workflow_id, bucket_at, completed, failed) \
             SELECT n.workspace_id, n.workflow_id, n.bucket_at, n.completed, n.failed \
               FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[]) \
                 AS n (workspace_id, workflow_id, bucket_at, completed, failed) \
             ON CONFLICT (workspace_id, workflow_id, bucket_at) DO UPDATE \
                SET completed = a.completed + excluded.completed, failed = a.failed + excluded.failed",
        )
        .bind(&page.workspaces)
        .bind(&page.workflows)
        .bind(&page.begins)
        .bind(&page.completed)
        .bind(&page.failed)
        .execute(connection)
        .await?;
    }
    *cursor = Cursor { xid: page.xid, event_id: page.event_id };
    Ok(page.looked_at == EVENTS_MAX)
}
