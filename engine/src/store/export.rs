//! All rows of a workspace in a schema, from one moment. Tables are found by what they are: those with a `workspace_id`, so that
//! a new one cannot be forgotten.

use futures::TryStreamExt;
use sqlx::{Connection, FromRow, PgConnection};

use super::error::StoreError;
use crate::core::ids::WorkspaceId;

/// Roles that may read tables of workspaces, the first that may is taken: their policies let the rows through.
const READERS: [&str; 4] = ["capstan_worker", "capstan_api", "capstan_access", "capstan_resolver"];

/// A table with rows of workspaces.
#[derive(Clone, Debug, FromRow)]
struct Table {
    name: String,
    /// Its columns with commas, quoted, without those of bytes: they hold sealed secrets and hashes.
    columns: String,
    /// Who may read it.
    reader: Option<String>,
}

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database, or the login lacks a right.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No role of the product may read a table.
    #[error("nobody may read the table {0}: run `capstan migrate`, or use the login that owns it")]
    Unreadable(String),
    /// Lines cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Gives `write` each row of the workspace in the connection's schema as a line of JSON, `{"table": …, "row": …}`; answers how
/// many. The login has to be a member of the roles. Rows come as they are read: a large workspace takes no memory.
///
/// # Errors
/// See [`ExportError`]; what was written until then is not whole.
pub async fn export(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    mut write: impl FnMut(&str) -> std::io::Result<()>,
) -> Result<u64, ExportError> {
    let mut transaction = connection.begin().await.map_err(StoreError::from)?;
    let set = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    sqlx::query(set).execute(&mut *transaction).await.map_err(StoreError::from)?;
    let tables: Vec<Table> =
        sqlx::query_as(TABLES).bind(&READERS[..]).fetch_all(&mut *transaction).await.map_err(StoreError::from)?;
    let as_reader = "SELECT set_config('app.workspace_id', $1, true), set_config('role', $2, true)";
    let mut rows = 0;
    for Table { name, columns, reader } in tables {
        let reader = reader.ok_or_else(|| ExportError::Unreadable(name.clone()))?;
        let set = sqlx::query(as_reader).bind(workspace.0.to_string()).bind(reader);
        set.execute(&mut *transaction).await.map_err(StoreError::from)?;
        let sql = format!(
            "SELECT jsonb_build_object('table', $2, 'row', to_jsonb(r))::text \
               FROM (SELECT {columns} FROM \"{name}\" WHERE workspace_id = $1) r"
        );
        let mut found = sqlx::query_scalar::<_, String>(&sql).bind(workspace.0).bind(&name).fetch(&mut *transaction);
        while let Some(line) = found.try_next().await.map_err(StoreError::from)? {
            write(&line)?;
            rows += 1;
        }
    }
    transaction.rollback().await.map_err(StoreError::from)?;
    Ok(rows)
}

/// The tables of the connection's schema, by name; a partitioned one stands for its months. Without those that a month out of an archive
/// is being loaded into, which [`restore`](super::restore) names so.
const TABLES: &str = "SELECT c.relname::text AS name, \
       (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a \
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid <> 'bytea'::regtype) AS columns, \
       (SELECT r.name FROM unnest($1) WITH ORDINALITY AS r (name, nth) \
         WHERE has_table_privilege(r.name, c.oid, 'SELECT') ORDER BY r.nth LIMIT 1) AS reader \
  FROM pg_class c JOIN pg_attribute w ON w.attrelid = c.oid AND w.attname = 'workspace_id' AND NOT w.attisdropped \
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
   AND c.relname !~ '^loading_[a-z_]+_[0-9]{4}_[0-9]{2}$' \
 ORDER BY c.relname";
