//! What a role gave somebody, and is taken back with it.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::permissions::{Permission, Permissions, Role};

/// A key that somebody made, or that was made with one of these.
#[derive(FromRow)]
struct MadeKey {
    key_id: Uuid,
    scopes: Option<Vec<String>>,
    is_revoked: bool,
}

/// Revokes the keys of somebody that may do more than `role`, and takes back what they or these keys invited to, unless the
/// role may invite. Without a role that is everything. For the transaction that changes the role, after that change.
pub(super) async fn take_back(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
    role: Option<Role>,
) -> Result<(), StoreError> {
    let left = role.map(Role::permissions);
    let is_too_much = |key: &MadeKey| {
        let has = Permissions::of_scopes(key.scopes.as_deref());
        !left.is_some_and(|left| left.covers(has))
    };
    let mut by: Vec<Uuid> = loop {
        let mut keys = made_by(connection, workspace_id, user_id).await?;
        keys.retain(is_too_much);
        // One that makes another key just now is waited for, and that one is seen with the next look.
        let open: Vec<Uuid> = keys.iter().filter(|key| !key.is_revoked).map(|key| key.key_id).collect();
        if open.is_empty() {
            break keys.into_iter().map(|key| key.key_id).collect();
        }
        sqlx::query(
            "UPDATE api_keys SET revoked_at = clock_timestamp() \
             WHERE workspace_id = $1 AND key_id = ANY($2) AND revoked_at IS NULL",
        )
        .bind(workspace_id.0)
        .bind(open)
        .execute(&mut *connection)
        .await?;
    };
    if !left.is_some_and(|left| left.has(Permission::MembersWrite)) {
        by.push(user_id);
    }
    sqlx::query("DELETE FROM invitations WHERE workspace_id = $1 AND invited_by_id = ANY($2)")
        .bind(workspace_id.0)
        .bind(by)
        .execute(connection)
        .await?;
    Ok(())
}

/// By the index `api_keys_by_maker`, also through keys that are revoked.
async fn made_by(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
) -> Result<Vec<MadeKey>, StoreError> {
    let rows = sqlx::query_as(
        "WITH RECURSIVE made AS ( \
           SELECT k.key_id, k.scopes, k.revoked_at IS NOT NULL AS is_revoked FROM api_keys k \
           WHERE k.workspace_id = $1 AND k.created_by = $2 \
           UNION \
           SELECT k.key_id, k.scopes, k.revoked_at IS NOT NULL FROM made m \
           JOIN api_keys k ON k.workspace_id = $1 AND k.created_by = m.key_id) \
         SELECT key_id, scopes, is_revoked FROM made",
    );
    Ok(rows.bind(workspace_id.0).bind(user_id).fetch_all(connection).await?)
}
