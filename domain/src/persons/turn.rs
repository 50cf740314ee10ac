//! Turns of jobs: who has the next one, and what is kept of it. For the workers' role.

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::part::{Finds, Part};
use super::tidy::EXPORTS_KEPT_DAYS;

/// Most lines of an export.
const LINES_MAX: i64 = 100_000;
/// Bytes of lines after which an export fails.
const LINE_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Seconds until a job that waits for what has not ended looks again.
const LOOKS_AGAIN_S: f64 = 60.0;
/// Seconds until a turn that broke off is tried again.
const TRIES_AGAIN_S: f64 = 10.0;
/// Seconds until a job looks again whether another erasure of its workspace has had its turn.
const STANDS_BACK_S: f64 = 1.0;
/// Turns in a row that may break off.
const FAILURES_MAX: i32 = 20;
/// How often a page is halved at most when turns break off.
const HALVED_MAX: i32 = 10;
/// Bounds of statements in a turn, so that the database breaks off what takes too long and the turn counts: below the time
/// after which the worker would drop its connection.
const BOUNDS: &str = "SELECT set_config('statement_timeout', '10s', true), set_config('lock_timeout', '5s', true), \
     set_config('app.workspace_id', $1, true)";

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
    status: String,
    failures: i32,
    pub(super) reached: Uuid,
    pub(super) reached_item: Uuid,
    found: i64,
    line_bytes: i64,
}

impl Turn {
    pub(super) fn erases(&self) -> bool {
        self.kind == "erase"
    }

    /// Whether it has come back to what had not ended.
    pub(super) fn has_waited(&self) -> bool {
        self.status == "waiting"
    }

    /// How many rows a page has: fewer after turns that broke off.
    pub(super) fn rows(&self, rows_max: i64) -> i64 {
        (rows_max >> self.failures.clamp(0, HALVED_MAX)).max(1)
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

/// Whose turn it is.
pub(super) enum Picked {
    /// That job's.
    Turn(Box<Turn>),
    /// A job's that stood back, as another erasure of its workspace has its turn.
    StoodBack,
    /// Nobody's.
    Nobody,
}

/// The job whose turn it is, if there is one that nobody works on. Walks `person_jobs_turn`, and locks the row. Erasures of a
/// workspace have their turns one after the other, under a lock that goes with the transaction: two that write the same value
/// without different persons would each bring back the other's.
pub(super) async fn pick(connection: &mut PgConnection) -> Result<Picked, StoreError> {
    let turn: Option<Turn> = sqlx::query_as(
        "SELECT workspace_id, job_id, kind, address, by_kind, by_name, part, status, failures, reached, reached_item, found, \
           line_bytes \
         FROM person_jobs WHERE ended_at IS NULL AND turn_at <= clock_timestamp() \
         ORDER BY turn_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(turn) = turn else { return Ok(Picked::Nobody) };
    sqlx::query(BOUNDS).bind(turn.workspace_id.to_string()).execute(&mut *connection).await?;
    if turn.erases() && !is_alone(connection, &turn).await? {
        put_off(connection, &turn, STANDS_BACK_S).await?;
        return Ok(Picked::StoodBack);
    }
    Ok(Picked::Turn(Box::new(turn)))
}

async fn is_alone(connection: &mut PgConnection, turn: &Turn) -> Result<bool, StoreError> {
    let is_had = sqlx::query_scalar(
        "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '#persons'), hashtext($1::uuid::text))",
    );
    Ok(is_had.bind(turn.workspace_id).fetch_one(connection).await?)
}

async fn put_off(connection: &mut PgConnection, turn: &Turn, pause_s: f64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE person_jobs SET turn_at = clock_timestamp() + make_interval(secs => $3) \
         WHERE workspace_id = $1 AND job_id = $2",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(pause_s)
    .execute(connection)
    .await?;
    Ok(())
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
    if !ended {
        return Ok(());
    }
    if turn.erases() {
        end_exports(connection, turn).await?;
    }
    forget_marks(connection, turn).await
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

/// What exports found of the person goes with the next round of upkeep.
async fn end_exports(connection: &mut PgConnection, turn: &Turn) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE person_jobs e SET ended_at = e.ended_at - make_interval(days => $3) FROM person_jobs j \
         WHERE j.workspace_id = $1 AND j.job_id = $2 AND e.workspace_id = $1 AND e.kind = 'export' \
           AND e.ended_at IS NOT NULL AND e.address_hash = j.address_hash",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(EXPORTS_KEPT_DAYS)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends it with a reason; what it found goes as that of others does.
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
