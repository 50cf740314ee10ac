//! What the next release's migration would add to the schema, while this release works on it.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::sleep;

use crate::database::Door;

/// How often a statement is tried: each waits for its lock only for a moment, so that nobody waits for it for long.
const TRIES_MAX: usize = 60;
const LOCK_TIMEOUT: &str = "SET lock_timeout = '200ms'";
const AGAIN: Duration = Duration::from_millis(100);
/// All tables of the schema; what belongs to a month follows its parent.
const TABLES: &str = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace \
                      AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '_sqlx_migrations'";

/// Adds columns to every table, a table and an index.
pub(crate) async fn expand(door: &Door) -> anyhow::Result<()> {
    let mut connection = door.enter().await?;
    sqlx::raw_sql(LOCK_TIMEOUT).execute(&mut connection).await?;
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await?;
    for table in tables {
        let columns = "ADD COLUMN next_note text, ADD COLUMN next_count integer NOT NULL DEFAULT 0";
        patiently(&mut connection, &format!("ALTER TABLE \"{table}\" {columns}")).await?;
    }
    patiently(&mut connection, "CREATE TABLE next_release (id bigint PRIMARY KEY, note text)").await?;
    patiently(&mut connection, "CREATE INDEX next_index ON journal (workspace_id, recorded_at)").await
}

async fn patiently(connection: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    let mut result = Ok(());
    for _ in 0..TRIES_MAX {
        result = sqlx::raw_sql(sql).execute(&mut *connection).await.map(drop);
        if result.is_ok() {
            break;
        }
        sleep(AGAIN).await;
    }
    Ok(result?)
}
