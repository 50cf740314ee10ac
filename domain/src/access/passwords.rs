//! Passwords: argon2id, few at a time, and as slow for a user who does not exist.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB, rounds, and lanes: what OWASP advises.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Passwords that are looked at at the same time, each on a thread and with its memory.
const AT_ONCE: usize = 4;
/// Requests that may wait for their turn; more are sent away.
const WAITING_MAX: usize = 64;
/// Fewest and most characters of a password.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 10..=200;

static LINE: Line = Line::new();
/// What the password of somebody unknown is compared with.
static NOBODY: LazyLock<String> = LazyLock::new(|| hashed("nobody has this password").unwrap_or_default());

/// A password could not be looked at.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many people log in at this moment")]
    Busy,
    /// The hash could not be made; no fault of who asks.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Whether `password` can be one: [`PASSWORD_CHARS`], and not just the address.
#[must_use]
pub fn is_strong(password: &str, email: &str) -> bool {
    PASSWORD_CHARS.contains(&password.chars().count()) && !password.eq_ignore_ascii_case(email)
}

/// What is kept of a password.
///
/// # Errors
/// See [`PasswordError`].
pub async fn hash_password(password: String) -> Result<String, PasswordError> {
    LINE.in_turn(move || hashed(&password)).await?
}

/// Whether `password` is the one that `hash` was made of. Without a hash the answer is no, and takes as long.
///
/// # Errors
/// See [`PasswordError`].
pub async fn is_password(password: String, hash: Option<String>) -> Result<bool, PasswordError> {
    LINE.in_turn(move || {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let hash = PasswordHash::new(&hash).map_err(|error| PasswordError::Hash(error.to_string()))?;
        let good = argon2()?.verify_password(password.as_bytes(), &hash).is_ok();
        Ok(good && is_known)
    })
    .await?
}

/// Where requests wait for their turn.
struct Line {
    turns: Semaphore,
    places: Semaphore,
}

impl Line {
    const fn new() -> Self {
        Self { turns: Semaphore::const_new(AT_ONCE), places: Semaphore::const_new(AT_ONCE + WAITING_MAX) }
    }

    async fn in_turn<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.try_acquire().map_err(|_| PasswordError::Busy)?;
        // Closed never.
        let turn = self.turns.acquire().await.map_err(|_| PasswordError::Busy)?;
        // The turn goes along: a request that is given up does not make room before its hash is done.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| PasswordError::Hash(error.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let (m, t, p) = COST;
    let params = Params::new(m, t, p, None).map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hashed(password: &str) -> Result<String, PasswordError> {
    let hash = argon2()?.hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_nobody_has_one() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!is_password("correct house".into(), Some(hash)).await.unwrap());
        assert!(!is_password("nobody has this password".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn sixty_eight_may_come_at_once_and_the_next_one_is_sent_away_until_there_is_room() {
        static LINE: Line = Line::new();
        // Passwords that take as long as they like.
        let turns = LINE.turns.acquire_many(AT_ONCE as u32).await.unwrap();
        let come: Vec<_> = (0..AT_ONCE + WAITING_MAX).map(|n| tokio::spawn(LINE.in_turn(move || n))).collect();
        while LINE.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(come.len(), 68);
        assert!(matches!(LINE.in_turn(|| ()).await, Err(PasswordError::Busy)), "the 69th");
        drop(turns);
        for (n, waiting) in come.into_iter().enumerate() {
            assert_eq!(waiting.await.unwrap().unwrap(), n);
        }
        assert!(LINE.in_turn(|| ()).await.is_ok(), "there is room again");
    }

    #[test]
    fn short_passwords_and_addresses_are_weak() {
        for (password, good) in
            [("123456789", false), ("1234567890", true), ("ada@example.com", false), (&"x".repeat(201), false)]
        {
            assert_eq!(is_strong(password, "Ada@example.com"), good, "{password}");
        }
    }
}
