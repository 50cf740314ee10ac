//! What stands beside the journal: the log, events that were waited for, approvals.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::part::Finds;
use super::super::person::{ERASED, Reach};
use super::{Act, Site};

/// Lines of a log that are read at a time.
const LINES_PER_PAGE: i64 = 500;

pub(super) async fn logs(connection: &mut PgConnection, site: &Site<'_>, finds: &mut Finds) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        site.go_on()?;
        let lines = lines(connection, site, after).await?;
        let Some((last, ..)) = lines.last() else { return Ok(()) };
        after = *last;
        let is_last = (lines.len() as i64) < LINES_PER_PAGE;
        let theirs = lines.into_iter().filter(|(_, _, _, message)| site.person.is_in(message));
        let mut ids = Vec::new();
        for (log_id, node_id, at, message) in theirs {
            ids.push(log_id);
            if site.act == Act::Tell {
                let place = site.place(json!({ "log_id": log_id, "node_id": node_id, "at": at }));
                finds.tell("log", &place, "message", "", &json!(message));
            } else {
                finds.count += 1;
            }
        }
        if site.act == Act::Erase {
            sqlx::query("UPDATE execution_logs SET message = $4 WHERE execution_id = $1 AND workspace_id = $2 AND log_id = ANY ($3)")
                .bind(site.execution_id)
                .bind(site.turn.workspace_id)
                .bind(ids)
                .bind(ERASED)
                .execute(&mut *connection)
                .await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn lines(
    connection: &mut PgConnection,
    site: &Site<'_>,
    after: Uuid,
) -> Result<Vec<(Uuid, String, DateTime<Utc>, String)>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT log_id, node_id, created_at, message FROM execution_logs \
         WHERE execution_id = $1 AND workspace_id = $2 AND log_id > $3 AND lower(message COLLATE \"C\") LIKE ANY ($4) \
         ORDER BY log_id LIMIT $5",
    )
    .bind(site.execution_id)
    .bind(site.turn.workspace_id)
    .bind(after)
    .bind(site.person.patterns())
    .bind(LINES_PER_PAGE);
    Ok(rows.fetch_all(connection).await?)
}

/// A wait, its step, its key, condition and matched event.
type WaitRow = (Uuid, String, String, Option<String>, Option<Value>);

/// An approval, its title, body, fields and answer.
type ApprovalRow = (Uuid, String, Option<String>, Value, Option<Value>);

/// One for each step at most, like approvals.
pub(super) async fn waits(connection: &mut PgConnection, site: &Site<'_>, finds: &mut Finds) -> Result<(), StoreError> {
    let rows: Vec<WaitRow> = sqlx::query_as(
        "SELECT wait_id, node_id, key, condition, event FROM event_waits WHERE workspace_id = $1 AND execution_id = $2 \
           AND lower(concat_ws(' ', key, condition, event::text) COLLATE \"C\") LIKE ANY ($3) ORDER BY wait_id",
    )
    .bind(site.turn.workspace_id)
    .bind(site.execution_id)
    .bind(site.person.patterns())
    .fetch_all(&mut *connection)
    .await?;
    for (wait_id, node_id, key, condition, event) in rows {
        let place = site.place(json!({ "wait_id": wait_id, "node_id": node_id }));
        let is_matched = event.is_some();
        let (mut key, mut condition, mut event) = (json!(key), json!(condition), event.unwrap_or_default());
        let mut columns = [
            ("key", &mut key, Reach::Text),
            ("condition", &mut condition, Reach::Text),
            ("event", &mut event, Reach::Object),
        ];
        if site.sift("event_wait", &place, &mut columns, finds) {
            sqlx::query(
                "UPDATE event_waits SET key = $3, condition = $4, event = $5 \
                 WHERE workspace_id = $1 AND wait_id = $2 AND execution_id = $6",
            )
            .bind(site.turn.workspace_id)
            .bind(wait_id)
            .bind(key.as_str())
            .bind(condition.as_str())
            .bind(is_matched.then_some(event))
            .bind(site.execution_id)
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

pub(super) async fn approvals(
    connection: &mut PgConnection,
    site: &Site<'_>,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let rows: Vec<ApprovalRow> = sqlx::query_as(
        "SELECT approval_id, title, body, fields, answer FROM approvals WHERE workspace_id = $1 AND execution_id = $2 \
           AND lower(concat_ws(' ', title, body, fields::text, answer::text) COLLATE \"C\") LIKE ANY ($3) ORDER BY approval_id",
    )
    .bind(site.turn.workspace_id)
    .bind(site.execution_id)
    .bind(site.person.patterns())
    .fetch_all(&mut *connection)
    .await?;
    for (approval_id, title, body, mut fields, answer) in rows {
        let place = site.place(json!({ "approval_id": approval_id }));
        let is_answered = answer.is_some();
        let (mut title, mut body, mut answer) = (json!(title), json!(body), answer.unwrap_or_default());
        // Fields have a shape of ours.
        let mut columns = [
            ("title", &mut title, Reach::Text),
            ("body", &mut body, Reach::Text),
            ("fields", &mut fields, Reach::Text),
            ("answer", &mut answer, Reach::Object),
        ];
        if site.sift("approval", &place, &mut columns, finds) {
            sqlx::query(
                "UPDATE approvals SET title = $3, body = $4, fields = $5, answer = $6 \
                 WHERE workspace_id = $1 AND approval_id = $2",
            )
            .bind(site.turn.workspace_id)
            .bind(approval_id)
            .bind(title.as_str())
            .bind(body.as_str())
            .bind(fields)
            .bind(is_answered.then_some(answer))
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}
