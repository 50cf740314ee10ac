//! Every table that holds sealed secrets, and how their rows come under the newest key.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{KeyRing, OpenError, Sealed, open, reseal};

/// Most rows of one round.
const ROUND_ROWS_MAX: i64 = 100;

/// A table of sealed secrets. All but its kind is SQL.
#[derive(Debug)]
pub struct SealedTable {
    /// Its name.
    pub table: &'static str,
    /// What its secrets are bound to, beside workspace and id.
    pub kind: &'static str,
    /// The id that a secret is bound to, as text.
    pub id: &'static str,
    /// Column of the sealed bytes.
    pub bytes: &'static str,
    /// Column of the key that they are sealed under.
    pub key_id: &'static str,
}

/// The one list of them. The worker's role may read these tables, and change both columns.
pub const SEALED: &[SealedTable] = &[
    SealedTable {
        table: "credentials",
        kind: "credential",
        id: "credential_id::text",
        bytes: "sealed",
        key_id: "key_id",
    },
    SealedTable {
        table: "credential_tokens",
        kind: "credential_token",
        id: "credential_id::text",
        bytes: "sealed",
        key_id: "key_id",
    },
    SealedTable {
        table: "webhook_secrets",
        kind: "webhook_secret",
        id: "secret_id::text",
        bytes: "sealed",
        key_id: "key_id",
    },
    SealedTable {
        table: "webhook_secrets",
        kind: "webhook_pair",
        id: "secret_id::text",
        bytes: "pair_sealed",
        key_id: "pair_key_id",
    },
    SealedTable {
        table: "webhook_endpoints",
        kind: "webhook_certificate",
        id: "endpoint_id::text",
        bytes: "certificate_sealed",
        key_id: "certificate_key_id",
    },
    SealedTable {
        table: "hook_secrets",
        kind: "hook_secret",
        id: "hook_secret_id::text",
        bytes: "sealed",
        key_id: "key_id",
    },
];

/// How many rows of a table are sealed under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Under {
    /// The table.
    pub table: &'static str,
    /// The key.
    pub key_id: String,
    /// Rows.
    pub rows: i64,
}

/// How far a walk through the tables has come, and what it has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    table: usize,
    after: Option<(Uuid, String)>,
    /// Rows that are under the newest key now.
    pub moved: u64,
    /// Rows that do not open.
    pub damaged: u64,
}

impl Walk {
    /// Whether all tables have been walked through.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.table >= SEALED.len()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    place: String,
    workspace_id: Uuid,
    id: String,
    bytes: Vec<u8>,
    key_id: String,
}

/// How many rows of the cell hang on which key. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn census(connection: &mut PgConnection) -> Result<Vec<Under>, StoreError> {
    let mut found = Vec::new();
    for SealedTable { table, key_id, .. } in SEALED {
        let statement = format!(
            "SELECT {key_id}, count(*) FROM {table} WHERE {key_id} IS NOT NULL GROUP BY {key_id} ORDER BY {key_id}"
        );
        let rows: Vec<(String, i64)> = sqlx::query_as(&statement).fetch_all(&mut *connection).await?;
        found.extend(rows.into_iter().map(|(key_id, rows)| Under { table, key_id, rows }));
    }
    Ok(found)
}

/// Tables and keys of the ring of which the last row that was sealed does not open: the ring has another key of that name, or
/// the row is damaged. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn unopened(
    connection: &mut PgConnection,
    ring: &KeyRing,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let mut found = Vec::new();
    let ids: Vec<&str> = ring.ids().collect();
    for SealedTable { table, kind, id, bytes, key_id } in SEALED {
        let statement = format!(
            "SELECT DISTINCT ON ({key_id}) ctid::text AS place, workspace_id, {id} AS id, {bytes} AS bytes, \
             {key_id} AS key_id FROM {table} WHERE {key_id} = ANY ($1) ORDER BY {key_id}, {id} DESC"
        );
        let rows: Vec<Row> = sqlx::query_as(&statement).bind(&ids).fetch_all(&mut *connection).await?;
        for row in rows {
            let sealed = Sealed { key_id: row.key_id.clone(), bytes: row.bytes };
            if open(ring, WorkspaceId(row.workspace_id), kind, &row.id, &sealed).is_err() {
                found.push((*table, row.key_id));
            }
        }
    }
    Ok(found)
}

/// The next rows that are sealed under an older key of the ring come under its newest. Rows under keys that the ring lacks stay as
/// they are. May run in several processes at the same time: a row that has changed meanwhile is left alone. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn rotate_some(connection: &mut PgConnection, ring: &KeyRing, walk: Walk) -> Result<Walk, StoreError> {
    let older: Vec<&str> = ring.ids().skip(1).collect();
    let Some(table) = SEALED.get(walk.table).filter(|_| !older.is_empty()) else {
        return Ok(Walk { table: SEALED.len(), ..walk });
    };
    let SealedTable { table: name, id, bytes, key_id, .. } = table;
    let (after_workspace, after_id) = walk.after.clone().unwrap_or_default();
    let statement = format!(
        "SELECT ctid::text AS place, workspace_id, {id} AS id, {bytes} AS bytes, {key_id} AS key_id FROM {name} \
         WHERE {key_id} = ANY ($1) AND (workspace_id, {id}) > ($2, $3) ORDER BY workspace_id, {id} LIMIT $4"
    );
    let query = sqlx::query_as(&statement).bind(&older).bind(after_workspace).bind(after_id).bind(ROUND_ROWS_MAX);
    let rows: Vec<Row> = query.fetch_all(&mut *connection).await?;
    let mut walk = match rows.last() {
        Some(last) => Walk { after: Some((last.workspace_id, last.id.clone())), ..walk },
        None => Walk { table: walk.table + 1, after: None, ..walk },
    };
    for row in rows {
        match move_row(connection, ring, table, row).await? {
            Ok(moved) => walk.moved += moved,
            Err(error) => {
                tracing::warn!(table = name, %error, "a sealed secret cannot come under the newest key");
                walk.damaged += 1;
            }
        }
    }
    Ok(walk)
}

async fn move_row(
    connection: &mut PgConnection,
    ring: &KeyRing,
    table: &SealedTable,
    row: Row,
) -> Result<Result<u64, OpenError>, StoreError> {
    let SealedTable { table: name, kind, bytes, key_id, .. } = table;
    let old = Sealed { key_id: row.key_id, bytes: row.bytes };
    let new = match reseal(ring, WorkspaceId(row.workspace_id), kind, &row.id, &old) {
        Ok(Some(new)) => new,
        Ok(None) => return Ok(Ok(0)),
        Err(error) => return Ok(Err(error)),
    };
    let statement = format!(
        "UPDATE {name} SET {bytes} = $4, {key_id} = $5 WHERE ctid = $1::tid AND workspace_id = $2 AND {bytes} = $3"
    );
    let query = sqlx::query(&statement).bind(row.place).bind(row.workspace_id).bind(old.bytes);
    let updated = query.bind(new.bytes).bind(new.key_id).execute(connection).await?;
    Ok(Ok(updated.rows_affected()))
}
