//! Credentials as people see and change them: everything but the secret. For the API's role.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::tested::TestEnd;
use crate::secrets::Sealed;

/// A credential without its secret.
#[derive(Clone, Debug, FromRow)]
pub struct CredentialRow {
    /// Its id.
    pub credential_id: Uuid,
    /// What nodes call it.
    pub name: String,
    /// Name of its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// Hosts that may see it.
    pub allowed_hosts: Vec<String>,
    /// Names of the fields that it has.
    pub fields_set: Vec<String>,
    /// Rises by one with each replacement.
    pub revision: i32,
    /// Key that it is sealed under.
    pub key_id: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: String,
    /// Until when its access token holds, if there is one.
    pub token_expires_at: Option<DateTime<Utc>>,
    /// When that was fetched.
    pub token_refreshed_at: Option<DateTime<Utc>>,
    /// What its newest test came to, if it was not replaced since.
    #[sqlx(flatten)]
    pub tested: TestEnd,
}

/// A credential to be written.
#[derive(Debug)]
pub struct NewCredential<'a> {
    /// Its id.
    pub credential_id: Uuid,
    /// What nodes call it.
    pub name: &'a str,
    /// Name of its type.
    pub kind: &'a str,
    /// Hosts that may see it.
    pub allowed_hosts: &'a [String],
    /// Names of the fields that it has.
    pub fields_set: &'a [String],
    /// The secret.
    pub sealed: &'a Sealed,
    /// Who writes it.
    pub by: &'a str,
}

/// A newest version that names a credential.
#[derive(Clone, Debug, FromRow)]
pub struct CredentialUse {
    /// Its workflow.
    pub workflow_id: Uuid,
    /// The name of that.
    pub name: String,
    /// Its number.
    pub number: i32,
}

/// What came of another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// It has it now.
    Done,
    /// Another credential has that name.
    Taken,
}

const SELECT: &str = "SELECT c.credential_id, c.name, c.type, c.allowed_hosts, c.fields_set, c.revision, c.key_id, c.created_at, \
     c.created_by, c.updated_at, c.updated_by, t.expires_at AS token_expires_at, t.refreshed_at AS token_refreshed_at, \
     e.ended_at, e.outcome, e.detail, e.status_code, e.response, e.took_ms, e.token_until \
     FROM credentials c LEFT JOIN credential_tokens t \
     ON t.workspace_id = c.workspace_id AND t.credential_id = c.credential_id AND t.revision = c.revision \
     LEFT JOIN credential_tests e \
     ON e.workspace_id = c.workspace_id AND e.credential_id = c.credential_id AND e.revision = c.revision";

/// Makes one; false if the name is taken.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewCredential<'_>,
) -> Result<bool, StoreError> {
    let made = sqlx::query(
        "INSERT INTO credentials (workspace_id, credential_id, name, type, allowed_hosts, fields_set, sealed, key_id, created_by, \
         updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (workspace_id, name) DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(new.credential_id)
    .bind(new.name)
    .bind(new.kind)
    .bind(new.allowed_hosts)
    .bind(new.fields_set)
    .bind(&new.sealed.bytes)
    .bind(&new.sealed.key_id)
    .bind(new.by)
    .execute(connection)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// How many a workspace has.
///
/// # Errors
/// If the database does.
pub async fn count(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM credentials WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(count)
}

/// Those of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<CredentialRow>, StoreError> {
    let statement =
        format!("{SELECT} WHERE c.workspace_id = $1 AND c.credential_id < $2 ORDER BY c.credential_id DESC LIMIT $3");
    let rows = sqlx::query_as(&statement).bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?;
    Ok(rows)
}

/// The one of that id.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
) -> Result<Option<CredentialRow>, StoreError> {
    let statement = format!("{SELECT} WHERE c.workspace_id = $1 AND c.credential_id = $2");
    let row = sqlx::query_as(&statement).bind(workspace_id.0).bind(credential_id).fetch_optional(connection).await?;
    Ok(row)
}

/// The one of that name.
///
/// # Errors
/// If the database does.
pub async fn find_named(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<CredentialRow>, StoreError> {
    let statement = format!("{SELECT} WHERE c.workspace_id = $1 AND c.name = $2");
    Ok(sqlx::query_as(&statement).bind(workspace_id.0).bind(name).fetch_optional(connection).await?)
}

/// Replaces fields and hosts; false if there is none of that id.
///
/// # Errors
/// If the database does.
pub async fn replace(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewCredential<'_>,
) -> Result<bool, StoreError> {
    let replaced = sqlx::query(
        "UPDATE credentials SET allowed_hosts = $3, fields_set = $4, sealed = $5, key_id = $6, revision = revision + 1, \
         updated_at = clock_timestamp(), updated_by = $7 WHERE workspace_id = $1 AND credential_id = $2",
    )
    .bind(workspace_id.0)
    .bind(new.credential_id)
    .bind(new.allowed_hosts)
    .bind(new.fields_set)
    .bind(&new.sealed.bytes)
    .bind(&new.sealed.key_id)
    .bind(new.by)
    .execute(connection)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Gives it another name. Ask for its [`uses`] before, in the same transaction.
///
/// # Errors
/// If the database does.
pub async fn rename(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
    name: &str,
    by: &str,
) -> Result<Renamed, StoreError> {
    let renamed = sqlx::query(
        "UPDATE credentials SET name = $3, updated_at = clock_timestamp(), updated_by = $4 \
         WHERE workspace_id = $1 AND credential_id = $2",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(name)
    .bind(by)
    .execute(connection)
    .await;
    match renamed {
        Ok(_) => Ok(Renamed::Done),
        Err(error)
            if error.as_database_error().and_then(|error| error.constraint()) == Some("credentials_name_key") =>
        {
            Ok(Renamed::Taken)
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes it, with its token. Ask for its [`uses`] before, in the same transaction.
///
/// # Errors
/// If the database does.
pub async fn delete(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM credentials WHERE workspace_id = $1 AND credential_id = $2")
        .bind(workspace_id.0)
        .bind(credential_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Holds the credential as it is until the transaction has ended: nobody publishes another version that names it, since
/// publishing locks what it names ([`named`]).
///
/// # Errors
/// If the database does.
pub async fn hold(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM credentials WHERE workspace_id = $1 AND credential_id = $2 FOR UPDATE")
        .bind(workspace_id.0)
        .bind(credential_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Newest versions of workflows that name the credential, at most `limit`.
///
/// # Errors
/// If the database does.
pub async fn uses(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
    limit: i64,
) -> Result<Vec<CredentialUse>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT DISTINCT w.workflow_id, w.name, v.number FROM credentials c \
         JOIN workflow_nodes n ON n.workspace_id = c.workspace_id AND n.config ? 'credential' \
           AND n.config ->> 'credential' = c.name \
         JOIN workflow_versions v ON v.workspace_id = n.workspace_id AND v.version_id = n.version_id \
         JOIN workflows w ON w.workspace_id = v.workspace_id AND w.workflow_id = v.workflow_id \
         WHERE c.workspace_id = $1 AND c.credential_id = $2 AND w.deleted_at IS NULL \
           AND NOT EXISTS (SELECT FROM workflow_versions later WHERE later.workspace_id = v.workspace_id \
             AND later.workflow_id = v.workflow_id AND later.number > v.number) \
         ORDER BY w.name, w.workflow_id LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Types of the credentials of these names, by name. They stay, under these names, until the transaction has ended.
///
/// # Errors
/// If the database does.
pub async fn named(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    names: &[&str],
) -> Result<HashMap<String, String>, StoreError> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, type FROM credentials WHERE workspace_id = $1 AND name = ANY ($2) ORDER BY credential_id FOR SHARE",
    )
    .bind(workspace_id.0)
    .bind(names)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}
