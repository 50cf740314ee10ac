//! Logging in through OpenID providers: who is at one just now, and who a user is there. For the access role.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::AccessError;
use super::secrets::{hash_secret, normal_email};
use super::users::{create_user, find_user, forget_password};

/// How long somebody may take at a provider, in minutes.
pub const LOGIN_MINUTES: i32 = 10;
/// Most logins of all clients that are under way.
const UNDER_WAY_MAX: i64 = 10_000;
/// Attempts that are over, and are removed when one begins, at most.
const SWEPT_MAX: i64 = 100;
/// Most characters of a person's name.
const NAME_CHARS_MAX: usize = 100;

/// Notes that somebody goes to a provider: `state` is what the provider brings back, `browser` what the browser keeps, both
/// made by [`super::new_secret`]. False if too many are under way.
///
/// # Errors
/// If the database does.
pub async fn begin_login(
    connection: &mut PgConnection,
    provider: &str,
    state: &str,
    browser: &str,
    next: &str,
) -> Result<bool, StoreError> {
    sqlx::query(
        "DELETE FROM login_attempts WHERE state_hash = ANY(ARRAY(SELECT a.state_hash FROM login_attempts a \
         WHERE a.expires_at < clock_timestamp() ORDER BY a.expires_at LIMIT $1))",
    )
    .bind(SWEPT_MAX)
    .execute(&mut *connection)
    .await?;
    let begun = sqlx::query(
        "INSERT INTO login_attempts (state_hash, browser_hash, provider, next, expires_at) \
         SELECT $1, $2, $3, $4, clock_timestamp() + make_interval(mins => $5) \
         WHERE (SELECT count(*) FROM (SELECT FROM login_attempts LIMIT $6) a) < $6",
    )
    .bind(hash_secret(state).map(|hash| hash.to_vec()))
    .bind(hash_secret(browser).map(|hash| hash.to_vec()))
    .bind(provider)
    .bind(next)
    .bind(LOGIN_MINUTES)
    .bind(UNDER_WAY_MAX)
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Uses an attempt up: where the browser goes then. None if it was used, is over, or is of another browser or provider.
///
/// # Errors
/// If the database does.
pub async fn take_login(
    connection: &mut PgConnection,
    provider: &str,
    state: &str,
    browser: &str,
) -> Result<Option<String>, StoreError> {
    let (Some(state), Some(browser)) = (hash_secret(state), hash_secret(browser)) else { return Ok(None) };
    let next = sqlx::query_scalar(
        "DELETE FROM login_attempts WHERE state_hash = $1 AND browser_hash = $2 AND provider = $3 \
         AND expires_at > clock_timestamp() RETURNING next",
    );
    let next = next.bind(state.as_slice()).bind(browser.as_slice()).bind(provider);
    Ok(next.fetch_optional(connection).await?)
}

/// The user who is `subject` to `issuer`.
///
/// # Errors
/// If the database does.
async fn find_identity(connection: &mut PgConnection, issuer: &str, subject: &str) -> Result<Option<Uuid>, StoreError> {
    let user = sqlx::query_scalar("SELECT user_id FROM user_identities WHERE issuer = $1 AND subject = $2");
    Ok(user.bind(issuer).bind(subject).fetch_optional(connection).await?)
}

/// Links a user with who they are at a provider, which has verified that `email` is theirs. Twice is once; answers the user
/// who is linked then.
///
/// # Errors
/// If the database does.
async fn add_identity(
    connection: &mut PgConnection,
    issuer: &str,
    subject: &str,
    user_id: Uuid,
    email: &str,
) -> Result<Uuid, StoreError> {
    sqlx::query(
        "INSERT INTO user_identities (issuer, subject, user_id, email) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (issuer, subject) DO NOTHING",
    )
    .bind(issuer)
    .bind(subject)
    .bind(user_id)
    .bind(email)
    .execute(&mut *connection)
    .await?;
    Ok(find_identity(connection, issuer, subject).await?.unwrap_or(user_id))
}

/// Somebody whom a provider has let in.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Its word for them.
    pub subject: &'a str,
    /// Their address as the provider tells it.
    pub email: Option<&'a str>,
    /// Whether the provider says that it is theirs.
    pub is_verified: bool,
    /// What they are called there.
    pub name: Option<&'a str>,
}

/// Whom a provider may bring.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a> {
    /// Whether somebody may become a user.
    pub sign_up: bool,
    /// Hosts of addresses; any if there are none. Users who are linked already are not asked again.
    pub email_domains: &'a [String],
}

/// What becomes of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// They are this user.
    User(Uuid),
    /// They would become a user: ask again with the hash of a password that nobody knows.
    New,
    /// The provider does not say that the address is theirs, or tells none that can be used.
    Unverified,
    /// Their address is of a host that is not welcome.
    Elsewhere,
    /// They have no account, and may not get one.
    Unknown,
}

/// Who a visitor is here: the user that they are linked with, else the one with their verified address, who is linked from now
/// on, else a new one. In a transaction; after [`AccessError::EmailTaken`] somebody else was quicker: ask again in another one.
///
/// # Errors
/// [`AccessError::EmailTaken`], or if the database does.
pub async fn enter(
    connection: &mut PgConnection,
    visitor: &Visitor<'_>,
    welcome: Welcome<'_>,
    password_hash: Option<&str>,
) -> Result<Entry, AccessError> {
    let Visitor { issuer, subject, .. } = *visitor;
    if let Some(user_id) = find_identity(connection, issuer, subject).await? {
        return Ok(Entry::User(user_id));
    }
    let email = visitor.email.filter(|_| visitor.is_verified).and_then(normal_email);
    let Some(email) = email else { return Ok(Entry::Unverified) };
    let host = email.rsplit_once('@').map_or("", |(_, host)| host);
    if !welcome.email_domains.is_empty() && !welcome.email_domains.iter().any(|it| it.eq_ignore_ascii_case(host)) {
        return Ok(Entry::Elsewhere);
    }
    let user_id = match (find_user(connection, &email).await?, password_hash) {
        (Some(user), _) => user.user_id,
        (None, _) if !welcome.sign_up => return Ok(Entry::Unknown),
        (None, None) => return Ok(Entry::New),
        (None, Some(hash)) => {
            let user_id = create_user(connection, &email, &name_of(visitor.name, &email), hash).await?;
            forget_password(connection, user_id).await?;
            user_id
        }
    };
    Ok(Entry::User(add_identity(connection, issuer, subject, user_id, &email).await?))
}

/// A name that can be kept: what the provider says, else what stands before the @.
fn name_of(said: Option<&str>, email: &str) -> String {
    let plain = |text: &str| -> String {
        let text: String = text.chars().filter(|it| !it.is_control()).take(NAME_CHARS_MAX).collect();
        text.trim().to_owned()
    };
    let said = said.map(plain).filter(|name| !name.is_empty());
    said.unwrap_or_else(|| plain(email.split('@').next().unwrap_or(email)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_a_name_that_can_be_kept() {
        for (said, name) in [
            (Some("Ada Lovelace"), "Ada Lovelace"),
            (Some("  A\u{7}da "), "Ada"),
            (Some(" \n"), "ada"),
            (None, "ada"),
            (Some(&*"x".repeat(300)), &*"x".repeat(100)),
        ] {
            assert_eq!(name_of(said, "ada@example.com"), name);
        }
    }
}
