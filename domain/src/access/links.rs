//! Links that are mailed to prove an address: used once, and not for long. For the access role.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::secrets::{hash_secret, new_secret};

/// Most links of one kind that are open for an address; the oldest go.
const OPEN_MAX: i64 = 3;
/// Links that are over, and are removed when one is made, at most.
const SWEPT_MAX: i64 = 100;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// To become a user.
    SignUp,
    /// To choose another password.
    Reset,
}

impl LinkKind {
    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
        }
    }

    /// How many minutes it lasts.
    #[must_use]
    pub const fn minutes(self) -> i32 {
        match self {
            Self::SignUp => 24 * 60,
            Self::Reset => 60,
        }
    }
}

/// A link that can be used.
#[derive(Clone, Debug, FromRow)]
pub struct OpenLink {
    /// `sign_up` or `reset`.
    pub kind: String,
    /// In its normal form.
    pub email: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Makes a link for an address. The text is the secret, for that mailbox only.
///
/// # Errors
/// If the database does.
pub async fn make_link(connection: &mut PgConnection, kind: LinkKind, email: &str) -> Result<String, StoreError> {
    let token = new_secret();
    sqlx::query(
        "INSERT INTO mail_links (token_hash, kind, email, expires_at) \
         VALUES ($1, $2, $3, clock_timestamp() + make_interval(mins => $4))",
    )
    .bind(hash_secret(&token).map(|hash| hash.to_vec()))
    .bind(kind.as_str())
    .bind(email)
    .bind(kind.minutes())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM mail_links WHERE token_hash = ANY(ARRAY(SELECT l.token_hash FROM mail_links l \
         WHERE l.email = $1 AND l.kind = $2 ORDER BY l.created_at DESC OFFSET $3))",
    )
    .bind(email)
    .bind(kind.as_str())
    .bind(OPEN_MAX)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM mail_links WHERE token_hash = ANY(ARRAY(SELECT l.token_hash FROM mail_links l \
         WHERE l.expires_at < clock_timestamp() ORDER BY l.expires_at LIMIT $1))",
    )
    .bind(SWEPT_MAX)
    .execute(connection)
    .await?;
    Ok(token)
}

/// What a link is for, if it can be used. Changes nothing.
///
/// # Errors
/// If the database does.
pub async fn look_at_link(connection: &mut PgConnection, token: &str) -> Result<Option<OpenLink>, StoreError> {
    let Some(hash) = hash_secret(token) else { return Ok(None) };
    let row = sqlx::query_as(
        "SELECT kind, email, expires_at FROM mail_links WHERE token_hash = $1 AND expires_at > clock_timestamp()",
    );
    Ok(row.bind(hash.as_slice()).fetch_optional(connection).await?)
}

/// Uses a link up, in the transaction of what it is used for; answers whose address it proves. Of two that try at the
/// same time only one gets it. All other links of its kind for the address go with it.
///
/// # Errors
/// If the database does.
pub async fn use_link(
    connection: &mut PgConnection,
    kind: LinkKind,
    token: &str,
) -> Result<Option<String>, StoreError> {
    let Some(hash) = hash_secret(token) else { return Ok(None) };
    let email: Option<String> = sqlx::query_scalar(
        "DELETE FROM mail_links WHERE token_hash = $1 AND kind = $2 AND expires_at > clock_timestamp() RETURNING email",
    )
    .bind(hash.as_slice())
    .bind(kind.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(email) = &email {
        sqlx::query("DELETE FROM mail_links WHERE email = $1 AND kind = $2")
            .bind(email)
            .bind(kind.as_str())
            .execute(connection)
            .await?;
    }
    Ok(email)
}
