//! The journal: what steps gave back, and what else each entry holds. Kinds, steps, ports, times and the order stay, so that
//! what happened can be read and counted as before.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};

use super::super::part::Finds;
use super::super::person::Reach;
use super::Site;

/// Entries that are read at a time.
const ROWS_PER_PAGE: i64 = 100;

#[derive(FromRow)]
struct Row {
    position: i32,
    kind: String,
    node_id: Option<String>,
    recorded_at: DateTime<Utc>,
    output: Option<Value>,
    detail: Option<Value>,
}

pub(super) async fn search(
    connection: &mut PgConnection,
    site: &Site<'_>,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        site.go_on()?;
        let rows = read(connection, site, after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.position;
        let is_last = (rows.len() as i64) < ROWS_PER_PAGE;
        for row in rows {
            one(connection, site, row, finds).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn read(connection: &mut PgConnection, site: &Site<'_>, after: i32) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT position, kind, node_id, recorded_at, output, detail FROM journal \
         WHERE execution_id = $1 AND workspace_id = $2 AND position > $3 \
           AND lower(concat_ws(' ', output::text, detail::text) COLLATE \"C\") LIKE ANY ($4) \
         ORDER BY position LIMIT $5",
    )
    .bind(site.execution_id)
    .bind(site.turn.workspace_id)
    .bind(after)
    .bind(site.person.patterns())
    .bind(ROWS_PER_PAGE);
    Ok(rows.fetch_all(connection).await?)
}

async fn one(
    connection: &mut PgConnection,
    site: &Site<'_>,
    mut row: Row,
    finds: &mut Finds,
) -> Result<(), StoreError> {
    let place = site.place(json!({
        "position": row.position, "kind": row.kind, "node_id": row.node_id, "at": row.recorded_at,
    }));
    let mut nothing = (Value::Null, Value::Null);
    let mut columns = [
        ("output", row.output.as_mut().unwrap_or(&mut nothing.0), Reach::Object),
        ("detail", row.detail.as_mut().unwrap_or(&mut nothing.1), Reach::Text),
    ];
    if site.sift("journal", &place, &mut columns, finds) {
        sqlx::query(
            "UPDATE journal SET output = $4, detail = $5 WHERE execution_id = $1 AND position = $2 AND workspace_id = $3",
        )
        .bind(site.execution_id)
        .bind(row.position)
        .bind(site.turn.workspace_id)
        .bind(&row.output)
        .bind(&row.detail)
        .execute(connection)
        .await?;
    }
    Ok(())
}
