//! How often something was tried: counted before it is, in the database, so that all processes count together. For the
//! access role.

use std::time::Duration;

use capstan_engine::store::error::StoreError;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// Counts that are over, and are removed with each try, at most.
const SWEPT_MAX: i64 = 20;

/// What is limited, and how.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What it is tried on, with what: `log-in account ada@example.com`. Kept as a hash.
    pub subject: String,
    /// How often within the span.
    pub tries_max: i32,
    /// From the first try on, in seconds.
    pub span_s: i32,
}

impl Tried {
    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.subject.as_bytes()).into()
    }
}

/// Counts one try on each; how long to wait if one has had too many. Locks in the order of the hashes. Commit in any case.
///
/// # Errors
/// If the database does.
pub async fn count_try(connection: &mut PgConnection, tried: &[Tried]) -> Result<Option<Duration>, StoreError> {
    let mut tried: Vec<&Tried> = tried.iter().collect();
    tried.sort_by_key(|tried| tried.hash());
    let mut wait_s = None;
    for it in tried {
        let (tries, left_s): (i32, f64) = sqlx::query_as(
            "INSERT INTO tries AS t (subject, tries, until_at) \
             VALUES ($1, 1, clock_timestamp() + make_interval(secs => $2)) \
             ON CONFLICT (subject) DO UPDATE SET \
               tries = CASE WHEN t.until_at < clock_timestamp() THEN 1 ELSE least(t.tries, 1000000) + 1 END, \
               since_at = CASE WHEN t.until_at < clock_timestamp() THEN clock_timestamp() ELSE t.since_at END, \
               until_at = CASE WHEN t.until_at < clock_timestamp() THEN excluded.until_at ELSE t.until_at END \
             RETURNING t.tries, extract(epoch FROM t.until_at - clock_timestamp())::float8",
        )
        .bind(it.hash().as_slice())
        .bind(f64::from(it.span_s))
        .fetch_one(&mut *connection)
        .await?;
        if tries > it.tries_max {
            wait_s = Some(left_s.max(1.0).max(wait_s.unwrap_or(1.0)));
        }
    }
    sqlx::query(
        "DELETE FROM tries WHERE subject = ANY(ARRAY(SELECT t.subject FROM tries t \
         WHERE t.until_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED))",
    )
    .bind(SWEPT_MAX)
    .execute(connection)
    .await?;
    Ok(wait_s.map(Duration::from_secs_f64))
}

/// Takes back what was counted: it was no bad try.
///
/// # Errors
/// If the database does.
pub async fn forgive_try(connection: &mut PgConnection, tried: &[Tried]) -> Result<(), StoreError> {
    let mut hashes: Vec<Vec<u8>> = tried.iter().map(|tried| tried.hash().to_vec()).collect();
    hashes.sort();
    for hash in hashes {
        sqlx::query("UPDATE tries SET tries = greatest(tries - 1, 0) WHERE subject = $1")
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
