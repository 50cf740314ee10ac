//! Who belongs to a workspace. For the access role, in a transaction that names the workspace.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::departures::take_back;
use super::error::{AccessError, violates};
use super::permissions::Role;

/// Most members of a workspace.
pub const MEMBERS_MAX: i64 = 1_000;

/// One member.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct MemberRow {
    /// Of the user.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// `owner`, `admin`, `member` or `viewer`.
    pub role: String,
    /// Since when.
    pub joined_at: DateTime<Utc>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is so.
    Done,
    /// There is no such member.
    Unknown,
    /// The owner stays, until they give the workspace away.
    OwnerStays,
}

/// Adds somebody. One who belongs to it already stays what they are.
///
/// # Errors
/// [`AccessError::TooMany`], [`AccessError::SecondOwner`], or if the database does.
pub async fn add_member(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
    role: Role,
) -> Result<(), AccessError> {
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM (SELECT FROM members WHERE workspace_id = $1 LIMIT $2) AS them")
            .bind(workspace_id.0)
            .bind(MEMBERS_MAX)
            .fetch_one(&mut *connection)
            .await?;
    if count >= MEMBERS_MAX {
        return Err(AccessError::TooMany { what: "members", most: MEMBERS_MAX });
    }
    let added = sqlx::query(
        "INSERT INTO members (workspace_id, user_id, role) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id, user_id) DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(user_id)
    .bind(role.as_str())
    .execute(connection)
    .await;
    match added {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "members_one_owner") => Err(AccessError::SecondOwner),
        Err(error) => Err(error.into()),
    }
}

/// All members, those who came first at the top.
///
/// # Errors
/// If the database does.
pub async fn list_members(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<MemberRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT u.user_id, u.email, u.name, m.role, m.joined_at FROM members m JOIN users u ON u.user_id = m.user_id \
         WHERE m.workspace_id = $1 ORDER BY m.joined_at, u.user_id LIMIT $2",
    )
    .bind(workspace_id.0)
    .bind(MEMBERS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// One member, if they are one.
///
/// # Errors
/// If the database does.
pub async fn find_member(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
) -> Result<Option<MemberRow>, StoreError> {
    let row = sqlx::query_as(
        "SELECT u.user_id, u.email, u.name, m.role, m.joined_at FROM members m JOIN users u ON u.user_id = m.user_id \
         WHERE m.workspace_id = $1 AND m.user_id = $2",
    );
    Ok(row.bind(workspace_id.0).bind(user_id).fetch_optional(connection).await?)
}

/// What a member is, who stays that until the transaction has ended.
///
/// # Errors
/// If the database does.
pub async fn hold_role(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
) -> Result<Option<Role>, StoreError> {
    let role: Option<String> =
        sqlx::query_scalar("SELECT role FROM members WHERE workspace_id = $1 AND user_id = $2 FOR UPDATE")
            .bind(workspace_id.0)
            .bind(user_id)
            .fetch_optional(connection)
            .await?;
    Ok(role.and_then(|role| role.parse().ok()))
}

/// Gives a member another role, which is not the owner's, as theirs is not. Keys of theirs that may do more are revoked, and
/// open invitations of one who may not invite any more are gone.
///
/// # Errors
/// If the database does.
pub async fn change_role(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
    role: Role,
) -> Result<Changed, StoreError> {
    if role == Role::Owner {
        return Ok(Changed::OwnerStays);
    }
    let changed =
        sqlx::query("UPDATE members SET role = $3 WHERE workspace_id = $1 AND user_id = $2 AND role <> 'owner'")
            .bind(workspace_id.0)
            .bind(user_id)
            .bind(role.as_str())
            .execute(&mut *connection)
            .await?;
    if changed.rows_affected() == 1 {
        take_back(connection, workspace_id, user_id, Some(role)).await?;
    }
    told(connection, workspace_id, user_id, changed.rows_affected()).await
}

/// Takes somebody out of a workspace, with the keys that they made and the open invitations that they sent; not the owner.
///
/// # Errors
/// If the database does.
pub async fn remove_member(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
) -> Result<Changed, StoreError> {
    let removed = sqlx::query("DELETE FROM members WHERE workspace_id = $1 AND user_id = $2 AND role <> 'owner'")
        .bind(workspace_id.0)
        .bind(user_id)
        .execute(&mut *connection)
        .await?;
    if removed.rows_affected() == 1 {
        take_back(connection, workspace_id, user_id, None).await?;
    }
    told(connection, workspace_id, user_id, removed.rows_affected()).await
}

async fn told(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
    rows: u64,
) -> Result<Changed, StoreError> {
    if rows == 1 {
        return Ok(Changed::Done);
    }
    let there: Option<String> = sqlx::query_scalar("SELECT role FROM members WHERE workspace_id = $1 AND user_id = $2")
        .bind(workspace_id.0)
        .bind(user_id)
        .fetch_optional(connection)
        .await?;
    Ok(if there.is_some() { Changed::OwnerStays } else { Changed::Unknown })
}

/// Makes `heir` the owner in place of `owner`, who is an admin then. Locks both rows in the order of the users; roll back
/// unless it is done.
///
/// # Errors
/// If the database does.
pub async fn transfer(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    owner: Uuid,
    heir: Uuid,
) -> Result<Changed, StoreError> {
    let locked: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT user_id, role FROM members WHERE workspace_id = $1 AND user_id = ANY($2) ORDER BY user_id FOR UPDATE",
    )
    .bind(workspace_id.0)
    .bind(vec![owner, heir])
    .fetch_all(&mut *connection)
    .await?;
    if !locked.iter().any(|(user_id, _)| *user_id == heir) {
        return Ok(Changed::Unknown);
    }
    if !locked.iter().any(|(user_id, role)| *user_id == owner && role == Role::Owner.as_str()) {
        return Ok(Changed::OwnerStays);
    }
    for (user_id, role) in [(owner, Role::Admin), (heir, Role::Owner)] {
        sqlx::query("UPDATE members SET role = $3 WHERE workspace_id = $1 AND user_id = $2")
            .bind(workspace_id.0)
            .bind(user_id)
            .bind(role.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(Changed::Done)
}
