//! What is done before migrations run, so that none of them holds up those who write: indexes of months that are there, made
//! while rows go on being written, and removing what an interrupted run left of an index.

use sqlx::migrate::Migrator;
use sqlx::{Executor, PgConnection};

use super::error::StoreError;

/// Indexes of partitioned tables that a migration makes: their name, table and columns. Made like this on each partition
/// before, the migration only attaches them.
const PARTITIONED: [(&str, &str, &str); 2] = [
    ("usage_meter", "usage", "workspace_id, meter, created_at"),
    ("usage_workspace", "usage", "workspace_id, execution_id, position"),
];

/// Prepares a cell for what `migrator` is about to run. Under the lock of migrations.
pub(super) async fn prepare(connection: &mut PgConnection, migrator: &Migrator) -> Result<(), StoreError> {
    for migration in migrator.iter().filter(|migration| migration.no_tx) {
        if let Some(name) = made_by(&migration.sql) {
            drop_invalid(connection, name).await?;
        }
    }
    for (name, table, columns) in PARTITIONED {
        for partition in partitions_without(connection, name, table).await? {
            let of_partition = format!("{partition}{}", name.trim_start_matches(table));
            drop_invalid(connection, &of_partition).await?;
            let make = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {of_partition} ON {partition} ({columns})");
            connection.execute(make.as_str()).await?;
        }
    }
    Ok(())
}

/// The index that a migration without a transaction makes.
fn made_by(sql: &str) -> Option<&str> {
    sql.split_once("CONCURRENTLY IF NOT EXISTS ")?.1.split_whitespace().next()
}

/// The partitions of a table that has not got that index yet. A new database has no tables yet, and so none.
async fn partitions_without(connection: &mut PgConnection, name: &str, table: &str) -> Result<Vec<String>, StoreError> {
    let partitions = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = to_regclass($1) AND to_regclass($2) IS NULL ORDER BY c.relname",
    );
    Ok(partitions.bind(table).bind(name).fetch_all(connection).await?)
}

async fn drop_invalid(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    const INVALID: &str =
        "SELECT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = to_regclass($1) AND NOT i.indisvalid)";
    if sqlx::query_scalar(INVALID).bind(name).fetch_one(&mut *connection).await? {
        connection.execute(format!("DROP INDEX CONCURRENTLY IF EXISTS {name}").as_str()).await?;
    }
    Ok(())
}
