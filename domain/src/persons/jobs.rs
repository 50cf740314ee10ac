//! Making jobs, and looking at them. For the API's role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::approvals::newest_key;

/// Most jobs of a workspace that have not ended.
pub const OPEN_MAX: i64 = 100;
/// Most lines of a page.
pub const LINES_PER_PAGE: i64 = 1_000;
/// Bytes after which a page of lines takes no further one.
const PAGE_BYTES_MAX: i64 = 4 * 1024 * 1024;
/// What the key of the hash of an address is for; it signs links, too.
const PURPOSE: &[u8] = b"person:";

/// What a job does with what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tells it.
    Export,
    /// Takes it out.
    Erase,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Erase => "erase",
        }
    }
}

/// A job to be made.
pub struct NewJob<'a> {
    /// Its id, made by the caller.
    pub job_id: Uuid,
    /// What it does.
    pub kind: Kind,
    /// Of the person. It is forgotten when the job ends.
    pub address: &'a str,
    /// `key` or `user`.
    pub by_kind: &'a str,
    /// Name of the key, or address of the user.
    pub by_name: &'a str,
}

/// A job as it stands.
#[derive(Clone, Debug, FromRow)]
pub struct JobRow {
    /// Its id.
    pub job_id: Uuid,
    /// `export` or `erase`.
    pub kind: String,
    /// HMAC-SHA256 of the address in lower case, under a key of the workspace.
    pub address_hash: Vec<u8>,
    /// `running`, `waiting` for what has not ended, `completed`, `failed`.
    pub status: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// Rows that were looked at.
    pub searched: i64,
    /// Values that were told, or rows out of which something was taken.
    pub found: i64,
    /// What holds the address and has not ended.
    pub left_over: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When nothing was left to do.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What became of a job to be made. Only after [`Made::New`] the transaction is worth a commit.
#[derive(Clone, Debug)]
pub enum Made {
    /// A new job.
    New(JobRow),
    /// [`OPEN_MAX`] jobs of the workspace have not ended.
    Busy,
}

/// A line of an export.
#[derive(Clone, Debug, FromRow)]
pub struct LineRow {
    /// From 1.
    pub line_no: i64,
    /// JSON, without its line feed.
    pub line: String,
}

const JOB: &str = "j.job_id, j.kind, j.address_hash, j.status, j.reason, j.searched, j.found, \
     (SELECT count(*) FROM person_marks m WHERE m.workspace_id = j.workspace_id AND m.job_id = j.job_id \
      AND m.kind IN ('event', 'execution')) AS left_over, j.created_at, j.ended_at";

/// Makes a job in the transaction of the caller.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewJob<'_>,
) -> Result<Made, StoreError> {
    let open = sqlx::query_scalar("SELECT count(*) FROM person_jobs WHERE workspace_id = $1 AND ended_at IS NULL");
    let open: i64 = open.bind(workspace_id.0).fetch_one(&mut *connection).await?;
    if open >= OPEN_MAX {
        return Ok(Made::Busy);
    }
    let address = new.address.trim().to_lowercase();
    let key = newest_key(connection, workspace_id).await?;
    let hash = hash_of(key.secret(), &address).ok_or_else(|| StoreError::Corrupt("a key of links is empty".into()))?;
    sqlx::query(
        "INSERT INTO person_jobs (workspace_id, job_id, kind, address, address_hash, by_kind, by_name) \
         VALUES ($1, $2, $3, $4, $5, $6, left($7, 300))",
    )
    .bind(workspace_id.0)
    .bind(new.job_id)
    .bind(new.kind.as_str())
    .bind(address)
    .bind(hash)
    .bind(new.by_kind)
    .bind(new.by_name)
    .execute(&mut *connection)
    .await?;
    let made = find(connection, workspace_id, new.job_id).await?;
    made.map(Made::New).ok_or_else(|| StoreError::Corrupt(format!("job {} is not there", new.job_id)))
}

fn hash_of(secret: &[u8], address: &str) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(PURPOSE);
    mac.update(address.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

/// A job of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
) -> Result<Option<JobRow>, StoreError> {
    let sql = format!("SELECT {JOB} FROM person_jobs j WHERE j.workspace_id = $1 AND j.job_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(job_id).fetch_optional(connection).await?)
}

/// Jobs of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!(
        "SELECT {JOB} FROM person_jobs j WHERE j.workspace_id = $1 AND j.job_id < $2 ORDER BY j.job_id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Lines of an export after `after`, in their order: at most [`LINES_PER_PAGE`], and no more once they are 4 MiB.
///
/// # Errors
/// If the database does.
pub async fn lines(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
    after: i64,
) -> Result<Vec<LineRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT p.line_no, p.line FROM (SELECT l.line_no, l.line, \
           sum(octet_length(l.line)) OVER (ORDER BY l.line_no) - octet_length(l.line) AS bytes_before \
           FROM (SELECT line_no, line FROM person_lines WHERE workspace_id = $1 AND job_id = $2 AND line_no > $3 \
                 ORDER BY line_no LIMIT $4) l) p \
         WHERE p.bytes_before < $5 ORDER BY p.line_no",
    );
    let rows = rows.bind(workspace_id.0).bind(job_id).bind(after).bind(LINES_PER_PAGE).bind(PAGE_BYTES_MAX);
    Ok(rows.fetch_all(connection).await?)
}
