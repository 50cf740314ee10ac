//! News of a cell, until it was brought to people.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::kind::Kind;
use crate::access::Role;

/// Days after which nobody is told any more.
const KEPT_DAYS: i32 = 7;
/// Notices that one round removes.
const TIDIED_MAX: i64 = 1_000;
/// Notices of a workspace that may wait when a step leaves another one: no person keeps more.
pub const WAITING_MAX: i64 = 200;
/// Most characters of a summary.
pub const SUMMARY_CHARS_MAX: usize = 500;

/// Something that has happened in a cell.
#[derive(Clone, Debug, FromRow)]
pub struct Notice {
    /// Where.
    pub workspace_id: Uuid,
    /// The same for the same news.
    pub notice_key: String,
    /// See [`Kind`].
    pub kind: String,
    /// A sentence for people.
    pub summary: String,
    /// Where to look, below the editor.
    pub page: String,
    /// Roles whose members are told.
    pub told_roles: Vec<String>,
    /// Members who are told, whatever their role.
    pub told_ids: Vec<Uuid>,
}

impl Notice {
    /// Whether it names no members, and so is for those who head the workspace.
    #[must_use]
    pub fn is_for_heads(&self) -> bool {
        self.told_roles.is_empty() && self.told_ids.is_empty()
    }
}

/// What a step tells members of its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The same in each attempt of the step; at most 200 bytes.
    pub key: String,
    /// What is told, which is cut to [`SUMMARY_CHARS_MAX`].
    pub summary: String,
    /// Where to look, below the editor.
    pub page: String,
    /// Roles whose members are told; those who head the workspace, if nobody is named.
    pub roles: Vec<Role>,
    /// Members who are told, whatever their role.
    pub ids: Vec<Uuid>,
}

/// Leaves a notice in the transaction of what it tells of. Left again, it is there once. For the worker's role, in a cell.
///
/// # Errors
/// If the database does.
pub async fn leave(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    kind: Kind,
    key: &str,
    summary: &str,
    page: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notices (workspace_id, notice_key, kind, summary, page) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, notice_key) DO NOTHING",
    )
    .bind(workspace_id)
    .bind(key)
    .bind(kind.as_str())
    .bind(summary.chars().take(SUMMARY_CHARS_MAX).collect::<String>())
    .bind(page)
    .execute(connection)
    .await?;
    Ok(())
}

/// Leaves what a step tells, once; false if [`WAITING_MAX`] wait already. For the worker's role.
pub(super) async fn leave_of_step(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    told: &Told,
) -> Result<bool, StoreError> {
    // By the primary key.
    let sql = "WITH waiting AS ( \
           SELECT count(*) < $8 OR EXISTS (SELECT FROM notices o WHERE o.workspace_id = $1 AND o.notice_key = $2) AS is_room \
             FROM (SELECT FROM notices n WHERE n.workspace_id = $1 LIMIT $8) AS first), \
         kept AS ( \
           INSERT INTO notices (workspace_id, notice_key, kind, summary, page, told_roles, told_ids) \
           SELECT $1, $2, $3, $4, $5, $6, $7 FROM waiting w WHERE w.is_room \
           ON CONFLICT (workspace_id, notice_key) DO NOTHING) \
         SELECT w.is_room FROM waiting w";
    let is_room = sqlx::query_scalar(sql)
        .bind(workspace_id.0)
        .bind(&told.key)
        .bind(Kind::WorkflowNotice.as_str())
        .bind(told.summary.chars().take(SUMMARY_CHARS_MAX).collect::<String>())
        .bind(&told.page)
        .bind(told.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>())
        .bind(&told.ids)
        .bind(WAITING_MAX);
    Ok(is_room.fetch_one(connection).await?)
}

/// Notices of all workspaces of the cell, the oldest first. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn waiting(connection: &mut PgConnection, most: i32) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT workspace_id, notice_key, kind, summary, page, told_roles, told_ids FROM notices_to_tell_2($1)",
    );
    Ok(rows.bind(most).fetch_all(connection).await?)
}

/// Forgets notices that people were told. For the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn forget(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    keys: &[String],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM notices WHERE workspace_id = $1 AND notice_key = ANY($2)")
        .bind(workspace_id.0)
        .bind(keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes notices that nobody came for, a round of them; how many. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let sql = "DELETE FROM notices WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM notices n \
               WHERE n.noticed_at < statement_timestamp() - make_interval(days => $1) LIMIT $2))";
    Ok(sqlx::query(sql).bind(KEPT_DAYS).bind(TIDIED_MAX).execute(connection).await?.rows_affected())
}
