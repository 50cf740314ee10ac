//! Workspaces and the cells that hold their rows.

use capstan_engine::core::ids::WorkspaceId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::{AccessError, check_name, violates};
use super::resolve::is_slug;

/// Fewest and most characters of a workspace's name.
const NAME_CHARS: (usize, usize) = (2, 100);
/// Slugs that nobody can have: they would look as if they were ours.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "approve",
    "assets",
    "auth",
    "billing",
    "blog",
    "capstan",
    "contact",
    "control",
    "dev",
    "docs",
    "editor",
    "forms",
    "healthz",
    "help",
    "hooks",
    "internal",
    "invitation",
    "login",
    "logout",
    "mail",
    "members",
    "metrics",
    "new",
    "null",
    "operator",
    "password",
    "postmaster",
    "public",
    "readyz",
    "root",
    "security",
    "session",
    "settings",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "static",
    "status",
    "support",
    "system",
    "undefined",
    "users",
    "verify",
    "webhooks",
    "workspace",
    "workspaces",
    "www",
];
/// Most workspaces that one listing returns.
pub const WORKSPACES_LISTED_MAX: i64 = 1_000;

/// A workspace as the operator sees it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct WorkspaceRow {
    /// Its id.
    pub workspace_id: Uuid,
    /// Its part of addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Schema of its cell.
    pub schema_name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Makes the cell `schema` known, once.
///
/// # Errors
/// If the database does, also when the name cannot be that of a schema.
pub async fn ensure_cell(connection: &mut PgConnection, schema: &str) -> Result<(), AccessError> {
    sqlx::query("INSERT INTO cells (cell_id, schema_name) VALUES ($1, $2) ON CONFLICT (schema_name) DO NOTHING")
        .bind(Uuid::now_v7())
        .bind(schema)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a workspace whose rows live in the cell `cell_schema`.
///
/// # Errors
/// See [`AccessError`].
pub async fn create_workspace(
    connection: &mut PgConnection,
    slug: &str,
    name: &str,
    cell_schema: &str,
) -> Result<WorkspaceId, AccessError> {
    if !is_slug(slug) {
        return Err(AccessError::BadSlug(slug.into()));
    }
    if RESERVED.contains(&slug) {
        return Err(AccessError::SlugReserved(slug.into()));
    }
    let name = check_name(name, NAME_CHARS.0, NAME_CHARS.1)?;
    let workspace_id = WorkspaceId::new();
    let made = sqlx::query(
        "INSERT INTO workspaces (workspace_id, slug, name, cell_id) \
         SELECT $1, $2, $3, cell_id FROM cells WHERE schema_name = $4",
    )
    .bind(workspace_id.0)
    .bind(slug)
    .bind(name)
    .bind(cell_schema)
    .execute(connection)
    .await;
    match made {
        Ok(made) if made.rows_affected() == 0 => Err(AccessError::UnknownCell(cell_schema.into())),
        Ok(_) => Ok(workspace_id),
        Err(error) if violates(&error, "workspaces_slug_key") => Err(AccessError::SlugTaken(slug.into())),
        Err(error) => Err(error.into()),
    }
}

/// All workspaces by slug, at most [`WORKSPACES_LISTED_MAX`]. For the owner.
///
/// # Errors
/// If the database does.
pub async fn list_workspaces(connection: &mut PgConnection) -> Result<Vec<WorkspaceRow>, AccessError> {
    let rows = sqlx::query_as(
        "SELECT w.workspace_id, w.slug, w.name, c.schema_name, w.created_at \
         FROM workspaces w JOIN cells c ON c.cell_id = w.cell_id ORDER BY w.slug LIMIT $1",
    )
    .bind(WORKSPACES_LISTED_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
