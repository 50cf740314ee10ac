//! Who a user is at providers: looked at, and taken back. For the access role.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Who a user is at a provider.
#[derive(Clone, Debug, FromRow)]
pub struct IdentityRow {
    /// Its id.
    pub identity_id: Uuid,
    /// The provider.
    pub issuer: String,
    /// The address that the provider told when the two were linked.
    pub email: String,
    /// When they were linked.
    pub created_at: DateTime<Utc>,
}

/// What became of an identity that was to be taken back. Only after [`Unlinked::Done`] the transaction is worth a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It is no more, with the commit.
    Done,
    /// The user has no such identity.
    NotFound,
    /// The user can log in through no other, and has no password that anybody knows.
    LastWay,
}

/// Who a user is at providers, the oldest first.
///
/// # Errors
/// If the database does.
pub async fn list_identities(connection: &mut PgConnection, user_id: Uuid) -> Result<Vec<IdentityRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT identity_id, issuer, email, created_at FROM user_identities WHERE user_id = $1 \
         ORDER BY created_at, identity_id",
    );
    Ok(rows.bind(user_id).fetch_all(connection).await?)
}

/// Takes an identity back; `issuers` are the providers through which one can log in. Locks the user: of two that are taken back at the same time the second sees the first gone. In a
/// transaction of the caller.
///
/// # Errors
/// If the database does.
pub async fn unlink_identity(
    connection: &mut PgConnection,
    user_id: Uuid,
    identity_id: Uuid,
    issuers: &[&str],
) -> Result<Unlinked, StoreError> {
    let knows_password: Option<bool> =
        sqlx::query_scalar("SELECT password_known FROM users WHERE user_id = $1 FOR NO KEY UPDATE")
            .bind(user_id)
            .fetch_optional(&mut *connection)
            .await?;
    let gone = sqlx::query("DELETE FROM user_identities WHERE user_id = $1 AND identity_id = $2")
        .bind(user_id)
        .bind(identity_id)
        .execute(&mut *connection)
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(Unlinked::NotFound);
    }
    let others = "SELECT EXISTS (SELECT FROM user_identities WHERE user_id = $1 AND issuer = ANY ($2))";
    let others: bool = sqlx::query_scalar(others).bind(user_id).bind(issuers).fetch_one(connection).await?;
    Ok(if others || knows_password == Some(true) { Unlinked::Done } else { Unlinked::LastWay })
}
