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
    sweep(connection).await?;
    Ok(wait_s.map(Duration::from_secs_f64))
}

/// Removes some counts that are over.
async fn sweep(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM tries WHERE subject = ANY(ARRAY(SELECT t.subject FROM tries t \
         WHERE t.until_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED))",
    )
    .bind(SWEPT_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// What a process got of what a span allows, for it to give out by itself.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// How many may be made.
    pub granted: i32,
    /// How many nobody has taken yet, after this.
    pub rest: i32,
    /// Until all may be taken anew.
    pub ends_in: Duration,
}

/// Takes up to `wanted` of the tries of a span at once, for all processes exactly: what was granted comes to no more than
/// `tries_max`. Locks one row.
///
/// # Errors
/// If the database does.
pub async fn take_share(connection: &mut PgConnection, tried: &Tried, wanted: i32) -> Result<Share, StoreError> {
    let (taken, left_s): (i64, f64) = sqlx::query_as(
        "INSERT INTO tries AS t (subject, tries, until_at) \
         VALUES ($1, $3, clock_timestamp() + make_interval(secs => $2)) \
         ON CONFLICT (subject) DO UPDATE SET \
           tries = CASE WHEN t.until_at < clock_timestamp() THEN $3 ELSE least(t.tries, $4) + $3 END, \
           since_at = CASE WHEN t.until_at < clock_timestamp() THEN clock_timestamp() ELSE t.since_at END, \
           until_at = CASE WHEN t.until_at < clock_timestamp() THEN excluded.until_at ELSE t.until_at END \
         RETURNING t.tries::bigint, extract(epoch FROM t.until_at - clock_timestamp())::float8",
    )
    .bind(tried.hash().as_slice())
    .bind(f64::from(tried.span_s))
    .bind(wanted)
    .bind(tried.tries_max)
    .fetch_one(&mut *connection)
    .await?;
    sweep(connection).await?;
    let max = i64::from(tried.tries_max);
    let granted = (max - (taken - i64::from(wanted))).clamp(0, i64::from(wanted));
    Ok(Share {
        granted: i32::try_from(granted).unwrap_or_default(),
        rest: i32::try_from((max - taken).max(0)).unwrap_or_default(),
        ends_in: Duration::from_secs_f64(left_s.max(0.0)),
    })
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
