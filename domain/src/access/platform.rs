//! The platform's own administrators, and tenants as they see them. For the access role, but where it says otherwise.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::lifecycle::TenantState;

/// Most moves that are shown of a workspace.
const MOVES_SHOWN_MAX: i64 = 200;

/// A workspace as the platform sees it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct TenantRow {
    /// Its id.
    pub id: Uuid,
    /// Its part of addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// See [`TenantState`].
    pub state: String,
    /// Why it is where it is, for people.
    pub state_reason: Option<String>,
    /// Since when.
    pub state_changed_at: DateTime<Utc>,
    /// `pooled` or `dedicated`.
    pub placement: String,
    /// Its plan; absent if it has none.
    pub plan: Option<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

/// A move of a workspace.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct TransitionRow {
    /// Where it was.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// An address, or what else moved it.
    pub by: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// An administrator of the platform.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct AdminRow {
    /// Of the user.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// Since when.
    pub granted_at: DateTime<Utc>,
}

const COLUMNS: &str = "w.workspace_id AS id, w.slug, w.name, w.state, w.state_reason, w.state_changed_at, w.placement, \
                       p.plan, w.created_at";

/// Workspaces before `before`, newest first: those of a state, and with `words` in slug or name, if these are given.
///
/// # Errors
/// If the database does.
pub async fn list_tenants(
    connection: &mut PgConnection,
    words: Option<&str>,
    state: Option<TenantState>,
    before: Uuid,
    limit: i64,
) -> Result<Vec<TenantRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces w LEFT JOIN workspace_plans p ON p.workspace_id = w.workspace_id \
         WHERE w.workspace_id < $1 AND ($2::text IS NULL OR w.state = $2) \
           AND ($3::text IS NULL OR position(lower($3) IN w.slug) > 0 OR position(lower($3) IN lower(w.name)) > 0) \
         ORDER BY w.workspace_id DESC LIMIT $4"
    );
    let rows = sqlx::query_as(&sql).bind(before).bind(state.map(TenantState::as_str)).bind(words).bind(limit);
    Ok(rows.fetch_all(connection).await?)
}

/// One workspace.
///
/// # Errors
/// If the database does.
pub async fn get_tenant(connection: &mut PgConnection, id: WorkspaceId) -> Result<Option<TenantRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces w LEFT JOIN workspace_plans p ON p.workspace_id = w.workspace_id \
         WHERE w.workspace_id = $1"
    );
    Ok(sqlx::query_as(&sql).bind(id.0).fetch_optional(connection).await?)
}

/// The moves of a workspace, newest first.
///
/// # Errors
/// If the database does.
pub async fn tenant_history(connection: &mut PgConnection, id: WorkspaceId) -> Result<Vec<TransitionRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT from_state AS \"from\", to_state AS \"to\", changed_by_name AS by, reason, changed_at AS at \
         FROM tenant_transitions WHERE workspace_id = $1 ORDER BY revision DESC LIMIT $2",
    );
    Ok(rows.bind(id.0).bind(MOVES_SHOWN_MAX).fetch_all(connection).await?)
}

/// Whether a user is an administrator of the platform.
///
/// # Errors
/// If the database does.
pub async fn is_super_admin(connection: &mut PgConnection, user_id: Uuid) -> Result<bool, StoreError> {
    let is_so =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM user_roles r WHERE r.user_id = $1 AND r.role = 'super_admin')");
    Ok(is_so.bind(user_id).fetch_one(connection).await?)
}

/// Whether a user belongs to the workspace of that slug.
///
/// # Errors
/// If the database does.
pub async fn is_member(connection: &mut PgConnection, user_id: Uuid, slug: &str) -> Result<bool, StoreError> {
    let is_so = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM members m JOIN workspaces w ON w.workspace_id = m.workspace_id \
         WHERE m.user_id = $1 AND w.slug = $2)",
    );
    Ok(is_so.bind(user_id).bind(slug).fetch_one(connection).await?)
}

/// Makes a user an administrator of the platform; false if they are one. For the owner.
///
/// # Errors
/// If the database does.
pub async fn make_super_admin(connection: &mut PgConnection, user_id: Uuid) -> Result<bool, StoreError> {
    let made = sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, 'super_admin') ON CONFLICT DO NOTHING");
    Ok(made.bind(user_id).execute(connection).await?.rows_affected() == 1)
}

/// Takes that from a user, whose sessions of the platform open nothing from then on; false if they are none. For the owner.
///
/// # Errors
/// If the database does.
pub async fn revoke_super_admin(connection: &mut PgConnection, user_id: Uuid) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM user_roles WHERE user_id = $1 AND role = 'super_admin'");
    Ok(gone.bind(user_id).execute(connection).await?.rows_affected() == 1)
}

/// All administrators of the platform. For the owner.
///
/// # Errors
/// If the database does.
pub async fn list_super_admins(connection: &mut PgConnection) -> Result<Vec<AdminRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT u.user_id, u.email, u.name, r.granted_at FROM user_roles r JOIN users u ON u.user_id = r.user_id \
         WHERE r.role = 'super_admin' ORDER BY u.email",
    );
    Ok(rows.fetch_all(connection).await?)
}
