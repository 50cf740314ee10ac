//! Database servers beside the home server, as administrators of the platform configure them. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use thiserror::Error;
use uuid::Uuid;

use super::place::{CREATOR_PASSWORD, SERVER_PASSWORD};
use super::wish::ServerWish;
use crate::access::Mover;
use crate::secrets::{KeyRing, SealError, Sealed, reseal, seal};

/// Most servers of an installation.
pub const SERVERS_MAX: i64 = 100;

/// A server as administrators see it. No secret is in it, sealed or not.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct ServerRow {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Name, address, or folder of a Unix socket.
    pub host: String,
    /// TCP port.
    pub port: i32,
    /// How connections are secured.
    pub tls: String,
    /// Who works there.
    pub login: String,
    /// Who makes databases there.
    pub creator_login: String,
    /// `unchecked`, `valid` or `invalid`.
    pub status: String,
    /// When that was found.
    pub checked_at: Option<DateTime<Utc>>,
    /// What was found.
    pub diagnosis: Option<Value>,
    /// Rises with each change.
    pub revision: i64,
    /// Cells on it.
    pub cells: i64,
    /// Who made it known.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "s.server_id AS id, s.name, s.host, s.port, s.tls, s.login, s.creator_login, s.status, s.checked_at, \
                       s.diagnosis, s.revision, (SELECT count(*) FROM cells c WHERE c.server_id = s.server_id) AS cells, \
                       s.created_by, s.created_at, s.updated_at";

/// A server was not written down, changed or taken out.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Another one has the name.
    #[error("there is a database server of this name already")]
    NameTaken,
    /// There are [`SERVERS_MAX`].
    #[error("there are {SERVERS_MAX} database servers, which is the most")]
    TooMany,
    /// Cells are on it, or are being made there.
    #[error("workspaces have their databases on this server, or are being made there")]
    InUse,
    /// A password is needed anew: the server or a login is another one.
    #[error("both passwords are needed: the server is new, or its address or a login is another one than before")]
    PasswordNeeded,
    /// A password cannot be kept.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ServerError {
    fn from(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(|error| error.constraint());
        match constraint {
            Some("database_servers_name_key") => Self::NameTaken,
            Some("cells_server") => Self::InUse,
            _ => Self::Store(error.into()),
        }
    }
}

/// All of them, by name.
///
/// # Errors
/// If the database does.
pub async fn list_servers(control: &mut PgConnection) -> Result<Vec<ServerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM database_servers s ORDER BY s.name LIMIT $1");
    Ok(sqlx::query_as(&sql).bind(SERVERS_MAX).fetch_all(control).await?)
}

/// One of them.
///
/// # Errors
/// If the database does.
pub async fn get_server(control: &mut PgConnection, id: Uuid) -> Result<Option<ServerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM database_servers s WHERE s.server_id = $1");
    Ok(sqlx::query_as(&sql).bind(id).fetch_optional(control).await?)
}

/// Id and status of the server of that name, which stays until the transaction has ended.
///
/// # Errors
/// If the database does.
pub async fn hold_server(control: &mut PgConnection, name: &str) -> Result<Option<(Uuid, String)>, StoreError> {
    let row = sqlx::query_as("SELECT server_id, status FROM database_servers WHERE name = $1 FOR KEY SHARE");
    Ok(row.bind(name).fetch_optional(control).await?)
}

/// Writes a server down. In a transaction of the caller's.
///
/// # Errors
/// [`ServerError`]
pub async fn create_server(
    control: &mut PgConnection,
    keys: &KeyRing,
    wish: &ServerWish,
    by: &Mover,
) -> Result<Uuid, ServerError> {
    let id = Uuid::now_v7();
    let password = sealed(keys, SERVER_PASSWORD, id, wish.password.as_deref())?.ok_or(ServerError::PasswordNeeded)?;
    let creator = sealed(keys, CREATOR_PASSWORD, id, wish.creator_password.as_deref())?;
    let creator = creator.ok_or(ServerError::PasswordNeeded)?;
    let made = sqlx::query(
        "INSERT INTO database_servers (server_id, name, host, port, tls, login, password_sealed, password_key_id, \
           creator_login, creator_password_sealed, creator_key_id, created_by) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 WHERE (SELECT count(*) FROM database_servers) < $13",
    )
    .bind(id)
    .bind(&wish.name)
    .bind(&wish.host)
    .bind(wish.port)
    .bind(&wish.tls)
    .bind(&wish.login)
    .bind(password.bytes)
    .bind(password.key_id)
    .bind(&wish.creator_login)
    .bind(creator.bytes)
    .bind(creator.key_id)
    .bind(&by.name)
    .bind(SERVERS_MAX)
    .execute(&mut *control)
    .await?;
    if made.rows_affected() == 0 {
        return Err(ServerError::TooMany);
    }
    note(control, (id, &wish.name), "created", by).await?;
    Ok(id)
}

/// Changes a server; false if there is none. A password that is left out stays, as long as it goes to the same login at the same
/// address. What was found of it before holds no more. In a transaction of the caller's.
///
/// # Errors
/// [`ServerError`]
pub async fn change_server(
    control: &mut PgConnection,
    keys: &KeyRing,
    id: Uuid,
    wish: &ServerWish,
    by: &Mover,
) -> Result<bool, ServerError> {
    let old: Option<(String, i32, String, String, String)> = sqlx::query_as(
        "SELECT host, port, tls, login, creator_login FROM database_servers WHERE server_id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .fetch_optional(&mut *control)
    .await?;
    let Some((host, port, tls, login, creator_login)) = old else { return Ok(false) };
    let is_there = (&host, port, &tls) == (&wish.host, wish.port, &wish.tls);
    let password = sealed(keys, SERVER_PASSWORD, id, wish.password.as_deref())?;
    let creator = sealed(keys, CREATOR_PASSWORD, id, wish.creator_password.as_deref())?;
    let is_kept = |given: bool, old: &str, new: &str| given || (is_there && old == new);
    if !is_kept(password.is_some(), &login, &wish.login)
        || !is_kept(creator.is_some(), &creator_login, &wish.creator_login)
    {
        return Err(ServerError::PasswordNeeded);
    }
    let (password, password_key) = password.map(|it| (it.bytes, it.key_id)).unzip();
    let (creator, creator_key) = creator.map(|it| (it.bytes, it.key_id)).unzip();
    sqlx::query(
        "UPDATE database_servers SET name = $2, host = $3, port = $4, tls = $5, login = $6, \
           password_sealed = coalesce($7, password_sealed), password_key_id = coalesce($8, password_key_id), \
           creator_login = $9, creator_password_sealed = coalesce($10, creator_password_sealed), \
           creator_key_id = coalesce($11, creator_key_id), revision = revision + 1, updated_at = clock_timestamp(), \
           status = 'unchecked', checked_at = NULL, diagnosis = NULL \
         WHERE server_id = $1",
    )
    .bind(id)
    .bind(&wish.name)
    .bind(&wish.host)
    .bind(wish.port)
    .bind(&wish.tls)
    .bind(&wish.login)
    .bind(password)
    .bind(password_key)
    .bind(&wish.creator_login)
    .bind(creator)
    .bind(creator_key)
    .execute(&mut *control)
    .await?;
    note(control, (id, &wish.name), "changed", by).await?;
    Ok(true)
}

/// Takes a server out that nothing is on; false if there is none. In a transaction of the caller's.
///
/// # Errors
/// [`ServerError`]
pub async fn delete_server(control: &mut PgConnection, id: Uuid, by: &Mover) -> Result<bool, ServerError> {
    let gone: Option<String> = sqlx::query_scalar("DELETE FROM database_servers WHERE server_id = $1 RETURNING name")
        .bind(id)
        .fetch_optional(&mut *control)
        .await?;
    let Some(name) = gone else { return Ok(false) };
    note(control, (id, &name), "deleted", by).await?;
    Ok(true)
}

/// Keeps what a check of revision `revision` has found; false if the server was changed or taken out meanwhile. Its passwords come
/// under the newest key. In a transaction of the caller's.
///
/// # Errors
/// If the database does.
pub async fn note_check(
    control: &mut PgConnection,
    keys: &KeyRing,
    (id, revision): (Uuid, i64),
    (is_valid, diagnosis): (bool, &Value),
    by: &Mover,
) -> Result<bool, StoreError> {
    let name: Option<String> = sqlx::query_scalar(
        "UPDATE database_servers SET status = CASE WHEN $3 THEN 'valid' ELSE 'invalid' END, \
           checked_at = clock_timestamp(), diagnosis = $4 WHERE server_id = $1 AND revision = $2 RETURNING name",
    )
    .bind(id)
    .bind(revision)
    .bind(is_valid)
    .bind(diagnosis)
    .fetch_optional(&mut *control)
    .await?;
    let Some(name) = name else { return Ok(false) };
    renew(control, keys, id).await?;
    note(control, (id, &name), "checked", by).await?;
    Ok(true)
}

/// Keys that passwords of servers are sealed under, with how many. For the owner of `control`, or the access role.
///
/// # Errors
/// If the database does.
pub async fn server_keys(control: &mut PgConnection) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT k.key_id, count(*) FROM database_servers s \
               CROSS JOIN LATERAL (VALUES (s.password_key_id), (s.creator_key_id)) AS k (key_id) GROUP BY k.key_id";
    Ok(sqlx::query_as(sql).fetch_all(control).await?)
}

/// Brings the passwords of all servers under the newest key: how many came there, and how many do not open. For the owner of `control`,
/// or the access role.
///
/// # Errors
/// If the database does.
pub async fn rotate_servers(control: &mut PgConnection, keys: &KeyRing) -> Result<(u64, u64), StoreError> {
    let (mut moved, mut damaged) = (0, 0);
    let mut transaction = control.begin().await?;
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT server_id FROM database_servers ORDER BY server_id LIMIT $1 FOR NO KEY UPDATE")
            .bind(SERVERS_MAX)
            .fetch_all(&mut *transaction)
            .await?;
    for id in ids {
        let (more, unopened) = renew(&mut transaction, keys, id).await?;
        (moved, damaged) = (moved + more, damaged + unopened);
    }
    transaction.commit().await?;
    Ok((moved, damaged))
}

/// Brings both passwords of a server, whose row the caller has locked, under the newest key: how many came there, and how many do not
/// open and stay as they are.
async fn renew(control: &mut PgConnection, keys: &KeyRing, id: Uuid) -> Result<(u64, u64), StoreError> {
    let (mut moved, mut damaged) = (0, 0);
    for (kind, bytes, key) in [
        (SERVER_PASSWORD, "password_sealed", "password_key_id"),
        (CREATOR_PASSWORD, "creator_password_sealed", "creator_key_id"),
    ] {
        let sql = format!("SELECT {bytes}, {key} FROM database_servers WHERE server_id = $1");
        let (old, key_id): (Vec<u8>, String) = sqlx::query_as(&sql).bind(id).fetch_one(&mut *control).await?;
        match reseal(keys, NOBODY, kind, &id.to_string(), &Sealed { key_id, bytes: old }) {
            Ok(None) => {}
            Ok(Some(new)) => {
                let sql = format!("UPDATE database_servers SET {bytes} = $2, {key} = $3 WHERE server_id = $1");
                sqlx::query(&sql).bind(id).bind(new.bytes).bind(new.key_id).execute(&mut *control).await?;
                moved += 1;
            }
            Err(_) => damaged += 1,
        }
    }
    Ok((moved, damaged))
}

/// Servers belong to no workspace.
const NOBODY: WorkspaceId = WorkspaceId(Uuid::nil());

fn sealed(keys: &KeyRing, kind: &str, id: Uuid, text: Option<&str>) -> Result<Option<Sealed>, SealError> {
    text.map(|text| seal(keys, NOBODY, kind, &id.to_string(), text.as_bytes())).transpose()
}

async fn note(
    control: &mut PgConnection,
    (id, name): (Uuid, &str),
    action: &str,
    by: &Mover,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO database_server_changes \
           (change_id, server_id, name, action, changed_by, changed_by_name, address, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(Uuid::now_v7())
    .bind(id)
    .bind(name)
    .bind(action)
    .bind(by.user_id)
    .bind(&by.name)
    .bind(&by.address)
    .bind(&by.request_id)
    .execute(control)
    .await?;
    Ok(())
}
