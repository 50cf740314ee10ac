//! Invitations into a workspace, by mail. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::AccessError;
use super::permissions::Role;
use super::resolve::KeyName;
use super::secrets::{hash_secret, new_secret};

/// How long an invitation lasts.
const LIFE_DAYS: i32 = 7;
/// Most open invitations of a workspace.
pub const INVITATIONS_MAX: i64 = 100;

/// An invitation that is open.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct InvitationRow {
    /// Its id.
    pub id: Uuid,
    /// Who is invited.
    pub email: String,
    /// What they will be.
    pub role: String,
    /// The address or key of who invited them.
    pub invited_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What the link of an invitation tells.
#[derive(Clone, Debug, FromRow)]
pub struct OpenInvitation {
    /// Where to.
    pub workspace_id: Uuid,
    /// Its part of addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Who is invited.
    pub email: String,
    /// What they will be.
    pub role: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Invites somebody, or renews the invitation of that address, whose link before then opens nothing. The text is the
/// secret, for that mailbox only. In a transaction that names the workspace.
///
/// # Errors
/// [`AccessError::AlreadyMember`], [`AccessError::TooMany`], or if the database does.
pub async fn invite(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    email: &str,
    role: Role,
    invited_by: &KeyName,
) -> Result<(InvitationRow, String), AccessError> {
    // Those that are over make room.
    sqlx::query("DELETE FROM invitations WHERE workspace_id = $1 AND expires_at < clock_timestamp()")
        .bind(workspace_id.0)
        .execute(&mut *connection)
        .await?;
    let (members, open): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM members m JOIN users u ON u.user_id = m.user_id \
                  WHERE m.workspace_id = $1 AND u.email = $2), \
                (SELECT count(*) FROM invitations i WHERE i.workspace_id = $1 AND i.email <> $2)",
    )
    .bind(workspace_id.0)
    .bind(email)
    .fetch_one(&mut *connection)
    .await?;
    if members > 0 {
        return Err(AccessError::AlreadyMember);
    }
    if open >= INVITATIONS_MAX {
        return Err(AccessError::TooMany { what: "open invitations", most: INVITATIONS_MAX });
    }
    let token = new_secret();
    let row = sqlx::query_as(
        "INSERT INTO invitations AS i (workspace_id, invitation_id, email, role, token_hash, invited_by, expires_at, \
           invited_by_id) \
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(days => $7), $8) \
         ON CONFLICT (workspace_id, email) DO UPDATE SET role = excluded.role, token_hash = excluded.token_hash, \
           invited_by = excluded.invited_by, invited_by_id = excluded.invited_by_id, \
           created_at = clock_timestamp(), expires_at = excluded.expires_at \
         RETURNING i.invitation_id AS id, i.email, i.role, i.invited_by, i.created_at, i.expires_at",
    )
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(email)
    .bind(role.as_str())
    .bind(hash_secret(&token).map(|hash| hash.to_vec()))
    .bind(&invited_by.name)
    .bind(LIFE_DAYS)
    .bind(invited_by.key_id)
    .fetch_one(connection)
    .await?;
    Ok((row, token))
}

/// The open invitations of a workspace, oldest first.
///
/// # Errors
/// If the database does.
pub async fn list_invitations(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Vec<InvitationRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT invitation_id AS id, email, role, invited_by, created_at, expires_at FROM invitations \
         WHERE workspace_id = $1 AND expires_at > clock_timestamp() ORDER BY invitation_id LIMIT $2",
    )
    .bind(workspace_id.0)
    .bind(INVITATIONS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Takes an invitation back; false if there is none of that id.
///
/// # Errors
/// If the database does.
pub async fn revoke_invitation(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    invitation_id: Uuid,
) -> Result<bool, StoreError> {
    let revoked = sqlx::query("DELETE FROM invitations WHERE workspace_id = $1 AND invitation_id = $2")
        .bind(workspace_id.0)
        .bind(invitation_id)
        .execute(connection)
        .await?;
    Ok(revoked.rows_affected() == 1)
}

/// What the link `token` invites to, if it is open. Changes nothing.
///
/// # Errors
/// If the database does.
pub async fn look_at_invitation(
    connection: &mut PgConnection,
    token: &str,
) -> Result<Option<OpenInvitation>, StoreError> {
    let Some(hash) = hash_secret(token) else { return Ok(None) };
    let row = sqlx::query_as(
        "SELECT w.workspace_id, w.slug, w.name, i.email, i.role, i.expires_at \
         FROM invitations i JOIN workspaces w ON w.workspace_id = i.workspace_id \
         WHERE i.token_hash = $1 AND i.expires_at > clock_timestamp()",
    );
    Ok(row.bind(hash.as_slice()).fetch_optional(connection).await?)
}

/// Uses an invitation up, in the transaction in which the invited one becomes a member. Of two that try at the same time
/// only one gets it.
///
/// # Errors
/// If the database does.
pub async fn use_invitation(connection: &mut PgConnection, token: &str) -> Result<bool, StoreError> {
    let Some(hash) = hash_secret(token) else { return Ok(false) };
    let used = sqlx::query("DELETE FROM invitations WHERE token_hash = $1 AND expires_at > clock_timestamp()")
        .bind(hash.as_slice())
        .execute(connection)
        .await?;
    Ok(used.rows_affected() == 1)
}
