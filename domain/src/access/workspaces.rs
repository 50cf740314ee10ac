//! Workspaces and the cells that hold their rows.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::{AccessError, check_name, violates};
use super::lifecycle::TenantState;
use super::operations::{Placement, WantedWorkspace};
use super::resolve::is_slug;
use crate::cells::{DEDICATED_SCHEMA, database_name};

/// Fewest and most characters of a workspace's name.
pub(crate) const NAME_CHARS: (usize, usize) = (2, 100);
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
/// Words that no slug or name has: they would pass for us, or insult.
const BLOCKED: &[&str] =
    &["capstan", "official", "phishing", "malware", "fuck", "shit", "cunt", "nazi", "nigger", "porn", "rape"];
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
    sqlx::query(
        "INSERT INTO cells (cell_id, schema_name) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT cells_place_key DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(schema)
    .execute(connection)
    .await?;
    Ok(())
}

/// The schemas of all pooled cells. For the access role.
///
/// # Errors
/// If the database does.
pub async fn cell_schemas(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let schemas = sqlx::query_scalar("SELECT schema_name FROM cells WHERE database_name IS NULL ORDER BY schema_name");
    Ok(schemas.fetch_all(connection).await?)
}

/// A workspace that is to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewTenant<'a> {
    /// Its part of addresses.
    pub slug: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// `pooled`, also if it is absent: its rows live among those of others. `dedicated`: in the cell that has its id.
    pub placement: Option<&'a str>,
    /// Where its rows live, if it is pooled.
    pub cell_schema: &'a str,
    /// Where its life begins.
    pub state: TenantState,
}

/// Fails unless such a workspace could be made, but for a slug that is taken.
///
/// # Errors
/// See [`AccessError`].
pub fn check_tenant(slug: &str, name: &str, placement: Option<&str>) -> Result<(), AccessError> {
    if !is_slug(slug) {
        return Err(AccessError::BadSlug(slug.into()));
    }
    if RESERVED.contains(&slug) {
        return Err(AccessError::SlugReserved(slug.into()));
    }
    let name = check_name(name, NAME_CHARS.0, NAME_CHARS.1)?;
    if let Some(word) = blocked(slug).or_else(|| blocked(name)) {
        return Err(AccessError::Blocked(word));
    }
    match placement {
        None | Some("pooled" | "dedicated") => Ok(()),
        Some(other) => Err(AccessError::Placement(other.into())),
    }
}

/// A word between others, not a part of one: nobody is refused for where they live.
fn blocked(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let is_there = |word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    BLOCKED.iter().copied().find(|word| is_there(word))
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
    let new = NewTenant { slug, name, placement: None, cell_schema, state: TenantState::Active };
    create_tenant(connection, &new).await
}

/// Writes a workspace down, in the first state of its life.
///
/// # Errors
/// See [`AccessError`].
pub async fn create_tenant(connection: &mut PgConnection, new: &NewTenant<'_>) -> Result<WorkspaceId, AccessError> {
    let workspace_id = WorkspaceId::new();
    create_tenant_as(connection, workspace_id, new).await?;
    Ok(workspace_id)
}

/// The same, with an id that was chosen before.
///
/// # Errors
/// See [`AccessError`].
pub async fn create_tenant_as(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewTenant<'_>,
) -> Result<(), AccessError> {
    check_tenant(new.slug, new.name, new.placement)?;
    let made = sqlx::query(
        "INSERT INTO workspaces (workspace_id, slug, name, cell_id, state, placement) \
         SELECT $1, $2, $3, cell_id, $5, placement FROM cells \
          WHERE CASE WHEN $6 THEN cell_id = $1 ELSE schema_name = $4 AND database_name IS NULL END",
    )
    .bind(workspace_id.0)
    .bind(new.slug)
    .bind(new.name.trim())
    .bind(new.cell_schema)
    .bind(new.state.as_str())
    .bind(new.placement == Some(Placement::Dedicated.as_str()))
    .execute(connection)
    .await;
    match made {
        Ok(made) if made.rows_affected() == 0 => Err(AccessError::UnknownCell(new.cell_schema.into())),
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "workspaces_slug_key") => Err(AccessError::SlugTaken(new.slug.into())),
        Err(error) => Err(error.into()),
    }
}

/// Writes a workspace down that is asked for, as a draft. One that is to have a database of its own gets the entry of its cell, too;
/// nothing is made there yet.
///
/// # Errors
/// See [`AccessError`].
pub async fn draft_tenant(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    wanted: &WantedWorkspace,
    first_cell: &str,
) -> Result<(), AccessError> {
    if wanted.placement == Placement::Dedicated {
        sqlx::query(
            "INSERT INTO cells (cell_id, schema_name, placement, server_id, database_name) \
             VALUES ($1, $2, 'dedicated', $3, $4)",
        )
        .bind(workspace_id.0)
        .bind(DEDICATED_SCHEMA)
        .bind(wanted.server_id)
        .bind(database_name(workspace_id))
        .execute(&mut *connection)
        .await?;
    }
    let new = NewTenant {
        slug: &wanted.slug,
        name: &wanted.name,
        placement: Some(wanted.placement.as_str()),
        cell_schema: first_cell,
        state: TenantState::Draft,
    };
    create_tenant_as(connection, workspace_id, &new).await
}

/// Whether there is such a plan.
///
/// # Errors
/// If the database does.
pub async fn is_plan(connection: &mut PgConnection, plan: &str) -> Result<bool, AccessError> {
    let is_so = sqlx::query_scalar("SELECT EXISTS (SELECT FROM plans p WHERE p.plan = $1)");
    Ok(is_so.bind(plan).fetch_one(connection).await?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workspace_can_be_called() {
        for (slug, name, placement, good) in [
            ("acme", "Acme", None, true),
            ("abc", "Ab", Some("pooled"), true),
            (&"x".repeat(63), &"x".repeat(100), None, true),
            ("ab", "Acme", None, false),
            (&"x".repeat(64), "Acme", None, false),
            ("acme", "A", None, false),
            ("acme", &"x".repeat(101), None, false),
            ("admin", "Acme", None, false),
            ("acme-official", "Acme", None, false),
            ("acme", "Capstan Support", None, false),
            ("scunthorpe", "Scunthorpe United", None, true),
            ("acme", "Acme", Some("dedicated"), true),
            ("acme", "Acme", Some("moon"), false),
        ] {
            assert_eq!(check_tenant(slug, name, placement).is_ok(), good, "{slug} {name} {placement:?}");
        }
    }
}
