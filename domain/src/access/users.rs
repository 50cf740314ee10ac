//! Users: people with an address that they have proved to be theirs. For the access role.

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::{AccessError, check_name, violates};

/// Fewest and most characters of a person's name.
pub(crate) const NAME_CHARS: (usize, usize) = (1, 100);

/// Whom somebody who logs in says to be.
#[derive(Clone, Debug, FromRow)]
pub struct UserRow {
    /// Its id.
    pub user_id: Uuid,
    /// What people call them.
    pub name: String,
    /// As a PHC string.
    pub password_hash: String,
}

/// Fails unless a person can be called so.
///
/// # Errors
/// [`AccessError::BadName`].
pub fn check_user_name(name: &str) -> Result<(), AccessError> {
    check_name(name, NAME_CHARS.0, NAME_CHARS.1).map(|_| ())
}

/// The user with that address, in its normal form.
///
/// # Errors
/// If the database does.
pub async fn find_user(connection: &mut PgConnection, email: &str) -> Result<Option<UserRow>, StoreError> {
    let row = sqlx::query_as("SELECT user_id, name, password_hash FROM users WHERE email = $1");
    Ok(row.bind(email).fetch_optional(connection).await?)
}

/// Whether the password of a user is still the one of that hash; it stays so until the transaction has ended.
///
/// # Errors
/// If the database does.
pub async fn hold_password(connection: &mut PgConnection, user_id: Uuid, hash: &str) -> Result<bool, StoreError> {
    let held = sqlx::query("SELECT FROM users WHERE user_id = $1 AND password_hash = $2 FOR NO KEY UPDATE");
    Ok(held.bind(user_id).bind(hash).fetch_optional(connection).await?.is_some())
}

/// Makes a user. The address, in its normal form, has to be proved before.
///
/// # Errors
/// [`AccessError::BadName`], [`AccessError::EmailTaken`], or if the database does.
pub async fn create_user(
    connection: &mut PgConnection,
    email: &str,
    name: &str,
    password_hash: &str,
) -> Result<Uuid, AccessError> {
    let name = check_name(name, NAME_CHARS.0, NAME_CHARS.1)?;
    let user_id = Uuid::now_v7();
    let made = sqlx::query("INSERT INTO users (user_id, email, name, password_hash) VALUES ($1, $2, $3, $4)")
        .bind(user_id)
        .bind(email)
        .bind(name)
        .bind(password_hash)
        .execute(connection)
        .await;
    match made {
        Ok(_) => Ok(user_id),
        Err(error) if violates(&error, "users_email_key") => Err(AccessError::EmailTaken),
        Err(error) => Err(error.into()),
    }
}

/// Gives a user another name.
///
/// # Errors
/// [`AccessError::BadName`], or if the database does.
pub async fn rename_user(connection: &mut PgConnection, user_id: Uuid, name: &str) -> Result<(), AccessError> {
    let name = check_name(name, NAME_CHARS.0, NAME_CHARS.1)?;
    sqlx::query("UPDATE users SET name = $2, updated_at = clock_timestamp() WHERE user_id = $1")
        .bind(user_id)
        .bind(name)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a user another password, which they know.
///
/// # Errors
/// If the database does.
pub async fn set_password(connection: &mut PgConnection, user_id: Uuid, hash: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET password_hash = $2, password_known = true, updated_at = clock_timestamp() WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(hash)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that nobody knows the password of a user.
///
/// # Errors
/// If the database does.
pub async fn forget_password(connection: &mut PgConnection, user_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("UPDATE users SET password_known = false WHERE user_id = $1").bind(user_id).execute(connection).await?;
    Ok(())
}
