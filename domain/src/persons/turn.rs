//! Turns of jobs: who has the next one, and what is kept of it. For the workers' role.

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::part::{Finds, Part};

/// Most lines of an export.
const LINES_MAX: i64 = 100_000;
/// Bytes of lines after which an export fails.
const LINE_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Seconds until a job that waits for what has not ended looks again.
const LOOKS_AGAIN_S: f64 = 60.0;
/// Seconds until a turn that broke off is tried again.
const TRIES_AGAIN_S: f64 = 10.0;
/// Turns in a row that may break off.
const FAILURES_MAX: i32 = 20;

/// A job that has its turn. Nobody else works on it until the transaction ends.
#[derive(Clone, FromRow)]
pub(super) struct Turn {
    pub(super) workspace_id: Uuid,
    pub(super) job_id: Uuid,
    kind: String,
    pub(super) address: String,
    pub(super) by_kind: String,
    pub(super) by_name: String,
    part: String,
    pub(super) reached: Uuid,
    pub(super) reached_item: Uuid,
    found: i64,
    line_bytes: i64,
}

impl Turn {
    pub(super) fn erases(&self) -> bool {
        self.kind == "erase"
    }

    /// Where it is.
    pub(super) fn part(&self) -> Result<Part, StoreError> {
        Part::parse(&self.part).ok_or_else(|| {
            StoreError::Unsupported(format!("job {} is in the part {:?} of a newer build", self.job_id, self.part))
        })
    }
}

/// What a turn came to.
pub(super) enum Next {
    /// It goes on there, in the same part.
    Page(Uuid, Uuid),
    /// It goes on with that part.
    Part(Part),
    /// All was searched, and something has not ended.
    Wait,
    /// Nothing is left.
    Done,
}

/// The job whose turn it is, if there is one that nobody works on. Walks `person_jobs_turn`, and locks the row.
pub(super) async fn pick(connection: &mut PgConnection) -> Result<Option<Turn>, StoreError> {
    let turn: Option<Turn> = sqlx::query_as(
        "SELECT workspace_id, job_id, kind, address, by_kind, by_name, part, reached, reached_item, found, line_bytes \
         FROM person_jobs WHERE ended_at IS NULL AND turn_at <= clock_timestamp() \
         ORDER BY turn_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(turn) = &turn {
        sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
            .bind(turn.workspace_id.to_string())
            .execute(connection)
            .await?;
    }
    Ok(turn)
}

/// Keeps what a turn found, and where the next one begins.
pub(super) async fn finish(
    connection: &mut PgConnection,
    turn: &Turn,
    finds: &Finds,
    next: &Next,
) -> Result<(), StoreError> {
    let bytes = i64::try_from(finds.lines.iter().map(String::len).sum::<usize>()).unwrap_or(i64::MAX);
    if turn.found + finds.count > LINES_MAX && !turn.erases() || turn.line_bytes.saturating_add(bytes) > LINE_BYTES_MAX
    {
        let reason = "more was found than an export may hold; whoever runs this server can export the whole workspace";
        return fail(connection, turn, reason).await;
    }
    insert_lines(connection, turn, finds).await?;
    let (part, reached, reached_item) = match *next {
        Next::Page(reached, item) => (turn.part.as_str(), reached, item),
        Next::Part(part) => (part.as_str(), Uuid::nil(), Uuid::nil()),
        Next::Wait | Next::Done => (turn.part.as_str(), Uuid::nil(), Uuid::nil()),
    };
    let (status, ended, pause_s) = match next {
        Next::Page(..) if turn.part == Part::Left.as_str() => ("waiting", false, 0.0),
        Next::Page(..) | Next::Part(_) => ("running", false, 0.0),
        Next::Wait => ("waiting", false, LOOKS_AGAIN_S),
        Next::Done => ("completed", true, 0.0),
    };
    sqlx::query(
        "UPDATE person_jobs SET part = $3, reached = $4, reached_item = $5, searched = searched + $6, found = found + $7, \
         line_bytes = line_bytes + $8, failures = 0, status = $9, turn_at = clock_timestamp() + make_interval(secs => $10), \
         ended_at = CASE WHEN $11 THEN clock_timestamp() END, address = CASE WHEN $11 THEN NULL ELSE address END \
         WHERE workspace_id = $1 AND job_id = $2",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(part)
    .bind(reached)
    .bind(reached_item)
    .bind(finds.searched)
    .bind(finds.count)
    .bind(bytes)
    .bind(status)
    .bind(pause_s)
    .bind(ended)
    .execute(&mut *connection)
    .await?;
    if ended { forget_marks(connection, turn).await } else { Ok(()) }
}

async fn insert_lines(connection: &mut PgConnection, turn: &Turn, finds: &Finds) -> Result<(), StoreError> {
    if finds.lines.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO person_lines (workspace_id, job_id, line_no, line) \
         SELECT $1, $2, $3 + l.n, l.line FROM unnest($4::text[]) WITH ORDINALITY AS l (line, n)",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(turn.found)
    .bind(&finds.lines)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends it with a reason, and without what it found.
async fn fail(connection: &mut PgConnection, turn: &Turn, reason: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE person_jobs SET status = 'failed', reason = $3, address = NULL, ended_at = clock_timestamp() \
         WHERE workspace_id = $1 AND job_id = $2",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(reason)
    .execute(&mut *connection)
    .await?;
    forget_marks(connection, turn).await
}

async fn forget_marks(connection: &mut PgConnection, turn: &Turn) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM person_marks WHERE workspace_id = $1 AND job_id = $2")
        .bind(turn.workspace_id)
        .bind(turn.job_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets others have their turn before a job whose turn broke off; it fails once too many in a row did.
pub(super) async fn give_up_turn(connection: &mut PgConnection, turn: &Turn) -> Result<(), StoreError> {
    let failures: i32 = sqlx::query_scalar(
        "UPDATE person_jobs SET failures = failures + 1, turn_at = clock_timestamp() + make_interval(secs => $3) \
         WHERE workspace_id = $1 AND job_id = $2 RETURNING failures",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(TRIES_AGAIN_S)
    .fetch_one(&mut *connection)
    .await?;
    if failures < FAILURES_MAX {
        return Ok(());
    }
    fail(connection, turn, "the database refused it again and again; the worker's log says why").await
}
