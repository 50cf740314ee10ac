//! Tests of credentials against their providers: asked for through the API, begun once by a worker, kept until the next one.

use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Tests of a workspace that may be under way at a time: what is tested is no way to try out many addresses.
pub const TESTS_MAX: i64 = 3;
/// How long a test waits for a worker that begins it. `credential_tests_asked_1` looks as far back.
pub const BEGIN_WITHIN: Duration = Duration::from_secs(10);
/// Longest time of a test, once a worker has begun it.
pub const TEST_TIME_MAX: Duration = Duration::from_secs(30);
/// After which a test without an end counts as lost, and gives way to the next one.
pub const LOST_AFTER: Duration = Duration::from_secs(45);
/// Longest address that is asked, in bytes.
pub const TEST_URL_BYTES_MAX: usize = 2_048;
/// Most characters of what is told of a test, and of an answer.
const TOLD_CHARS_MAX: usize = 1_000;

/// What a test came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The provider took the credential.
    Passed,
    /// The provider did not.
    Refused,
    /// The provider answered something else.
    Unclear,
    /// The provider did not answer.
    Unreachable,
    /// Nothing was sent: the address is not among the credential's hosts, or not for workflows.
    NotAllowed,
    /// It took longer than [`TEST_TIME_MAX`].
    TimedOut,
    /// The credential cannot be opened, or not be sent as it is.
    Unusable,
}

/// What came of a test; without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// In a word.
    pub verdict: Verdict,
    /// For people.
    pub detail: String,
    /// Of an answer over HTTP.
    pub status_code: Option<u16>,
    /// How an answer begins that is no good one.
    pub response: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// The newest test of a credential.
#[derive(Clone, Debug, FromRow)]
pub struct TestRow {
    /// Its id.
    pub test_id: Uuid,
    /// When a worker began it.
    pub begun_at: Option<DateTime<Utc>>,
    /// Whether it has waited for a worker for longer than [`BEGIN_WITHIN`].
    pub is_late: bool,
    /// What came of it; absent before.
    #[sqlx(flatten)]
    pub end: TestEnd,
}

/// What is kept of a test that has ended.
#[derive(Clone, Debug, FromRow)]
pub struct TestEnd {
    /// When; absent before.
    pub ended_at: Option<DateTime<Utc>>,
    /// A [`Verdict`] as a word.
    pub outcome: Option<String>,
    /// For people.
    pub detail: Option<String>,
    /// Of an answer over HTTP.
    pub status_code: Option<i32>,
    /// How an answer begins that is no good one.
    pub response: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<i64>,
    /// Until when the token holds that was fetched for it.
    pub token_until: Option<DateTime<Utc>>,
}

/// What becomes of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A worker will begin it.
    Noted,
    /// Another test of this credential is under way.
    UnderWay,
    /// [`TESTS_MAX`] others are.
    TooMany,
}

/// A test that this worker has begun.
#[derive(Clone, Debug, FromRow)]
pub struct Begun {
    /// The tenant.
    pub workspace_id: Uuid,
    /// What is tested.
    pub credential_id: Uuid,
    /// The test.
    pub test_id: Uuid,
    /// Name of the credential.
    pub name: String,
    /// What is to be asked with it.
    pub url: Option<String>,
    /// Time of the database.
    pub begun_at: DateTime<Utc>,
}

impl Verdict {
    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not_allowed",
            Self::TimedOut => "timed_out",
            Self::Unusable => "unusable",
        }
    }
}

/// Asks for a test in place of the one before. In a transaction for the workspace, which has others that ask wait to its end.
///
/// # Errors
/// If the database does.
pub async fn ask(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    (credential_id, revision): (Uuid, i32),
    (test_id, url): (Uuid, Option<&str>),
) -> Result<Asked, StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#credential_tests'), hashtext($1::text))")
        .bind(workspace_id.0.to_string())
        .execute(&mut *connection)
        .await?;
    let (others, is_under_way): (i64, bool) = sqlx::query_as(
        "SELECT count(*), coalesce(bool_or(credential_id = $2), false) FROM credential_tests \
         WHERE workspace_id = $1 AND ended_at IS NULL AND asked_at > clock_timestamp() - make_interval(secs => $3)",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(LOST_AFTER.as_secs_f64())
    .fetch_one(&mut *connection)
    .await?;
    if is_under_way {
        return Ok(Asked::UnderWay);
    }
    if others >= TESTS_MAX {
        return Ok(Asked::TooMany);
    }
    sqlx::query("DELETE FROM credential_tests WHERE workspace_id = $1 AND credential_id = $2")
        .bind(workspace_id.0)
        .bind(credential_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO credential_tests (workspace_id, credential_id, test_id, revision, url) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(test_id)
    .bind(revision)
    .bind(url)
    .execute(connection)
    .await?;
    Ok(Asked::Noted)
}

/// How a test stands; none if it is gone.
///
/// # Errors
/// If the database does.
pub async fn look(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
    test_id: Uuid,
) -> Result<Option<TestRow>, StoreError> {
    let row = sqlx::query_as(
        "SELECT test_id, begun_at, begun_at IS NULL AND asked_at <= clock_timestamp() - make_interval(secs => $4) AS is_late, \
         ended_at, outcome, detail, status_code, response, took_ms, token_until \
         FROM credential_tests WHERE workspace_id = $1 AND credential_id = $2 AND test_id = $3",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(test_id)
    .bind(BEGIN_WITHIN.as_secs_f64())
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Asks no more for a test that no worker has begun; false if one has.
///
/// # Errors
/// If the database does.
pub async fn withdraw(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    credential_id: Uuid,
    test_id: Uuid,
) -> Result<bool, StoreError> {
    let gone = sqlx::query(
        "DELETE FROM credential_tests WHERE workspace_id = $1 AND credential_id = $2 AND test_id = $3 AND begun_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(credential_id)
    .bind(test_id)
    .execute(connection)
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Begins tests that wait, of all workspaces, the oldest first; what somebody has withdrawn or begun meanwhile is passed over. From then
/// on only the caller knows the address. For a worker's role, outside of a transaction: it looks back from when that began.
///
/// # Errors
/// If the database does.
pub async fn begin(connection: &mut PgConnection, most: usize) -> Result<Vec<Begun>, StoreError> {
    let begun = sqlx::query_as(
        "WITH asked AS MATERIALIZED ( \
           SELECT t.workspace_id, t.credential_id, t.test_id, t.url FROM credential_tests t \
            WHERE t.begun_at IS NULL AND t.asked_at > now() - make_interval(secs => $2) \
            ORDER BY t.asked_at LIMIT $1 FOR UPDATE SKIP LOCKED) \
         UPDATE credential_tests t SET begun_at = clock_timestamp(), url = NULL \
           FROM asked a JOIN credentials c ON c.workspace_id = a.workspace_id AND c.credential_id = a.credential_id \
          WHERE t.workspace_id = a.workspace_id AND t.credential_id = a.credential_id AND t.test_id = a.test_id \
            AND t.begun_at IS NULL \
         RETURNING t.workspace_id, t.credential_id, t.test_id, c.name, a.url, t.begun_at",
    )
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .bind(BEGIN_WITHIN.as_secs_f64())
    .fetch_all(connection)
    .await?;
    Ok(begun)
}

/// Ends a test; false if another one has taken its place. For a worker's role.
///
/// # Errors
/// If the database does.
pub async fn end(connection: &mut PgConnection, begun: &Begun, tested: &Tested) -> Result<bool, StoreError> {
    // A server may say NUL, which the store cannot hold.
    let cut = |text: &str| text.chars().take(TOLD_CHARS_MAX).collect::<String>().replace('\0', "\u{fffd}");
    let ended = sqlx::query(
        "UPDATE credential_tests t SET ended_at = clock_timestamp(), outcome = $4, detail = $5, status_code = $6, \
         response = $7, took_ms = $8, token_until = CASE WHEN $4 = 'passed' THEN (SELECT k.expires_at FROM credential_tokens k \
           WHERE k.workspace_id = t.workspace_id AND k.credential_id = t.credential_id AND k.revision = t.revision) END \
         WHERE t.workspace_id = $1 AND t.credential_id = $2 AND t.test_id = $3 AND t.begun_at IS NOT NULL AND t.ended_at IS NULL",
    )
    .bind(begun.workspace_id)
    .bind(begun.credential_id)
    .bind(begun.test_id)
    .bind(tested.verdict.as_str())
    .bind(cut(&tested.detail))
    .bind(tested.status_code.map(i32::from))
    .bind(tested.response.as_deref().map(cut))
    .bind(i64::try_from(tested.took.as_millis()).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}
