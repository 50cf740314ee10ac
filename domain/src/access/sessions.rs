//! Sessions of people. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::permissions::Role;
use super::resolve::{Tenant, state};
use super::secrets::{hash_secret, new_secret};
use crate::cells::CellAddress;

/// A session that nobody uses ends after so many hours.
pub const IDLE_HOURS: i32 = 12;
/// Every session ends after so many days.
pub const LIFE_DAYS: i32 = 30;
/// Most sessions of one person; the oldest end.
const SESSIONS_MAX: i64 = 50;
/// Most workspaces of one person that a session knows.
const WORKSPACES_MAX: i64 = 200;
/// Sessions that are over, and are removed when somebody logs in, at most.
const SWEPT_MAX: i64 = 100;
/// Most characters of what a browser says of itself.
const USER_AGENT_CHARS_MAX: usize = 300;

/// Asked with each request of a person: the session of the hash `$1`, unless it was idle for `$2` hours. By the index on hashes.
pub const PERSON_BY_TOKEN: &str = "SELECT s.session_id, u.user_id, u.email, u.name, \
       s.last_seen_at < clock_timestamp() - interval '1 minute' AS is_stale, s.level = 'platform' AS is_platform, \
       EXISTS (SELECT FROM user_roles r WHERE r.user_id = s.user_id AND r.role = 'super_admin') AS is_super_admin \
     FROM user_sessions s JOIN users u ON u.user_id = s.user_id \
     WHERE s.token_hash = $1 AND s.expires_at > clock_timestamp() \
       AND s.last_seen_at > clock_timestamp() - make_interval(hours => $2)";
/// And then: the workspaces of the user `$1`, `$2` at most. By the index of members by user.
pub const MEMBERSHIPS: &str = "SELECT w.workspace_id, w.slug, w.name, c.cell_id, c.schema_name, c.database_name, c.server_id, w.state, \
       w.state_reason, m.role FROM members m \
     JOIN workspaces w ON w.workspace_id = m.workspace_id JOIN cells c ON c.cell_id = w.cell_id \
     WHERE m.user_id = $1 ORDER BY w.slug LIMIT $2";

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// The workspaces of its user.
    #[default]
    Workspace,
    /// The platform, and no workspace.
    Platform,
}

impl Level {
    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Platform => "platform",
        }
    }
}

/// Somebody who is logged in, and where they belong.
#[derive(Clone, Debug)]
pub struct Person {
    /// Of the session.
    pub session_id: Uuid,
    /// Of the user.
    pub user_id: Uuid,
    /// Verified.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// What the session is for.
    pub level: Level,
    /// Whether they are an administrator of the platform at this moment, whatever the session is for.
    pub is_super_admin: bool,
    /// By slug; none in a session of the platform.
    pub memberships: Vec<Membership>,
}

/// What somebody is in a workspace.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Which.
    pub tenant: Tenant,
    /// What people call the workspace.
    pub name: String,
    /// There.
    pub role: Role,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct SessionRow {
    /// Its id.
    pub id: Uuid,
    /// When somebody logged in.
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    /// At the latest.
    pub expires_at: DateTime<Utc>,
    /// Where somebody logged in from.
    pub address: Option<String>,
    /// What the browser said of itself.
    pub user_agent: Option<String>,
}

/// Where somebody logs in from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Of the client, not of a proxy.
    pub address: Option<String>,
    /// What the browser says of itself.
    pub user_agent: Option<String>,
}

/// Opens a session of a user for their workspaces. The text is the secret.
///
/// # Errors
/// If the database does.
pub async fn open_session(connection: &mut PgConnection, user_id: Uuid, origin: &Origin) -> Result<String, StoreError> {
    open_session_at(connection, user_id, origin, Level::Workspace).await
}

/// Opens a session of a user. The text is the secret.
///
/// # Errors
/// If the database does.
pub async fn open_session_at(
    connection: &mut PgConnection,
    user_id: Uuid,
    origin: &Origin,
    level: Level,
) -> Result<String, StoreError> {
    let token = new_secret();
    let agent = origin.user_agent.as_ref().map(|it| it.chars().take(USER_AGENT_CHARS_MAX).collect::<String>());
    sqlx::query(
        "INSERT INTO user_sessions (session_id, user_id, token_hash, expires_at, address, user_agent, level) \
         VALUES ($1, $2, $3, clock_timestamp() + make_interval(days => $4), $5, $6, $7)",
    )
    .bind(Uuid::now_v7())
    .bind(user_id)
    .bind(hash_secret(&token).map(|hash| hash.to_vec()))
    .bind(LIFE_DAYS)
    .bind(&origin.address)
    .bind(agent)
    .bind(level.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM user_sessions WHERE user_id = $1 AND session_id <= (SELECT s.session_id FROM user_sessions s \
         WHERE s.user_id = $1 ORDER BY s.session_id DESC OFFSET $2 LIMIT 1)",
    )
    .bind(user_id)
    .bind(SESSIONS_MAX)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM user_sessions WHERE session_id = ANY(ARRAY(SELECT s.session_id FROM user_sessions s \
         WHERE s.expires_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED))",
    )
    .bind(SWEPT_MAX)
    .execute(connection)
    .await?;
    Ok(token)
}

#[derive(FromRow)]
struct PersonRow {
    session_id: Uuid,
    user_id: Uuid,
    email: String,
    name: String,
    is_stale: bool,
    is_platform: bool,
    is_super_admin: bool,
}

#[derive(FromRow)]
struct MembershipRow {
    workspace_id: Uuid,
    slug: String,
    name: String,
    #[sqlx(flatten)]
    cell: CellAddress,
    state: String,
    state_reason: Option<String>,
    role: String,
}

/// Whose session `token` opens, unless it is over. Notes that it is used, at most once a minute.
///
/// # Errors
/// If the database does.
pub async fn find_person(connection: &mut PgConnection, token: &str) -> Result<Option<Person>, StoreError> {
    let Some(row) = find_session(connection, token).await? else { return Ok(None) };
    if row.is_stale {
        sqlx::query(
            "UPDATE user_sessions SET last_seen_at = clock_timestamp() \
             WHERE session_id = $1 AND last_seen_at < clock_timestamp() - interval '1 minute'",
        )
        .bind(row.session_id)
        .execute(&mut *connection)
        .await?;
    }
    person(connection, row).await.map(Some)
}

/// The same for what goes on while nobody may be there, such as a stream: nothing is noted, so it keeps no session open.
///
/// # Errors
/// If the database does.
pub async fn find_absent_person(connection: &mut PgConnection, token: &str) -> Result<Option<Person>, StoreError> {
    match find_session(connection, token).await? {
        Some(row) => person(connection, row).await.map(Some),
        None => Ok(None),
    }
}

async fn find_session(connection: &mut PgConnection, token: &str) -> Result<Option<PersonRow>, StoreError> {
    let Some(hash) = hash_secret(token) else { return Ok(None) };
    let asked = sqlx::query_as(PERSON_BY_TOKEN).bind(hash.as_slice()).bind(IDLE_HOURS);
    let row: Option<PersonRow> = asked.fetch_optional(connection).await?;
    Ok(row)
}

async fn person(connection: &mut PgConnection, row: PersonRow) -> Result<Person, StoreError> {
    let level = if row.is_platform { Level::Platform } else { Level::Workspace };
    let memberships = if row.is_platform { Vec::new() } else { memberships(connection, row.user_id).await? };
    let PersonRow { session_id, user_id, email, name, is_super_admin, .. } = row;
    Ok(Person { session_id, user_id, email, name, level, is_super_admin, memberships })
}

async fn memberships(connection: &mut PgConnection, user_id: Uuid) -> Result<Vec<Membership>, StoreError> {
    let asked = sqlx::query_as(MEMBERSHIPS).bind(user_id).bind(WORKSPACES_MAX);
    let rows: Vec<MembershipRow> = asked.fetch_all(connection).await?;
    let membership = |row: MembershipRow| {
        // A role of tomorrow: it gives nothing here.
        let role = row.role.parse().ok()?;
        let workspace_id = WorkspaceId(row.workspace_id);
        let (state, state_reason) = (state(&row.state), row.state_reason);
        let tenant = Tenant { workspace_id, slug: row.slug, cell: row.cell, state, state_reason };
        Some(Membership { tenant, name: row.name, role })
    };
    Ok(rows.into_iter().filter_map(membership).collect())
}

/// The sessions of a user that are not over, newest first.
///
/// # Errors
/// If the database does.
pub async fn list_sessions(connection: &mut PgConnection, user_id: Uuid) -> Result<Vec<SessionRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT session_id AS id, created_at, last_seen_at, expires_at, address, user_agent FROM user_sessions \
         WHERE user_id = $1 AND expires_at > clock_timestamp() \
           AND last_seen_at > clock_timestamp() - make_interval(hours => $2) ORDER BY session_id DESC",
    )
    .bind(user_id)
    .bind(IDLE_HOURS)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Ends one session of a user; false if there is no such session.
///
/// # Errors
/// If the database does.
pub async fn end_session(connection: &mut PgConnection, user_id: Uuid, session_id: Uuid) -> Result<bool, StoreError> {
    let ended = sqlx::query("DELETE FROM user_sessions WHERE user_id = $1 AND session_id = $2")
        .bind(user_id)
        .bind(session_id)
        .execute(connection)
        .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all sessions of a user but `kept`.
///
/// # Errors
/// If the database does.
pub async fn end_sessions(connection: &mut PgConnection, user_id: Uuid, kept: Option<Uuid>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM user_sessions WHERE user_id = $1 AND session_id IS DISTINCT FROM $2")
        .bind(user_id)
        .bind(kept)
        .execute(connection)
        .await?;
    Ok(())
}
