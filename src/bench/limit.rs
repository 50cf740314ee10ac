//! The raw loop: plain SQL that does only what a workflow engine cannot avoid. It runs no node and decides nothing.
//!
//! Start an execution, claim it, record three steps, end it; in batches, durably. Its tables and statements are the
//! reference of every ratio and stay as they are, so that ratios stay comparable.

use std::time::Instant;

use anyhow::ensure;
use futures::future::try_join_all;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::stats::Latencies;

const SCHEMA: &str = include_str!("limit.sql");
const OUTPUT: &str =
    r#"{"ok": true, "value": 42, "text": "a result of about a hundred bytes, as a small step would give back"}"#;
const NODE: &str = "transform_node_7";
const STEPS: i32 = 3;
/// Executions of one transaction.
pub(crate) const BATCH: usize = 100;
/// Connections that drain side by side.
pub(crate) const CONNECTIONS: usize = 4;

const ENQUEUE: &str = "WITH e AS (INSERT INTO execution (id, workflow_id, input) \
    SELECT id, 1, $2::text::jsonb FROM unnest($1::uuid[]) AS t(id)) \
    INSERT INTO queue (execution_id) SELECT unnest($1::uuid[])";
const CLAIM: &str = "UPDATE queue SET locked_until = now() + interval '30 s', attempt = attempt + 1 \
    WHERE id = ANY(ARRAY(SELECT id FROM queue WHERE locked_until < now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) \
    RETURNING id, execution_id";
const RECORD: &str = "INSERT INTO step (execution_id, seq, node, status, started_at, finished_at, output) \
    SELECT e, s, n, 2, now(), now(), o::jsonb FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS t(e, s, n, o)";
const END: &str = "WITH d AS (DELETE FROM queue WHERE id = ANY($3::bigint[])) \
    UPDATE execution SET status = 2, finished_at = now(), output = $1::text::jsonb WHERE id = ANY($2::uuid[])";
const FINISH: &str = "WITH s AS (INSERT INTO step (execution_id, seq, node, status, started_at, finished_at, output) \
    SELECT e, s, n, 2, now(), now(), o::jsonb FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS t(e, s, n, o)), \
    d AS (DELETE FROM queue WHERE id = ANY($7::bigint[])) \
    UPDATE execution SET status = 2, finished_at = now(), output = $5::text::jsonb WHERE id = ANY($6::uuid[])";

/// How often the loop commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Each step is durable before the next.
    Steps,
    /// The three steps and the end in one commit.
    Fused,
}

/// Drains a backlog of `executions`; answers executions per second.
pub(crate) async fn drain(database: &PgConnectOptions, variant: Variant, executions: usize) -> anyhow::Result<f64> {
    let mut loops = prepare(database, variant, CONNECTIONS).await?;
    let each = executions / CONNECTIONS / BATCH;
    try_join_all(loops.iter_mut().map(|one| async {
        for _ in 0..each {
            one.enqueue(BATCH).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    loops[0].connection.execute("VACUUM ANALYZE queue").await?;
    let begun = Instant::now();
    let done: usize = try_join_all(loops.iter_mut().map(|one| one.work_off(BATCH))).await?.into_iter().sum();
    let rate = done as f64 / begun.elapsed().as_secs_f64();

    let (ended, steps): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM execution WHERE status = 2), (SELECT count(*) FROM step)")
            .fetch_one(&mut loops[0].connection)
            .await?;
    ensure!(
        ended == done as i64 && steps == 3 * done as i64,
        "the raw loop lost rows: {ended} of {done}, {steps} steps"
    );
    Ok(rate)
}

/// One execution at a time, its worker woken by NOTIFY: the times from the start to the recorded end.
pub(crate) async fn latency(database: &PgConnectOptions, variant: Variant, count: usize) -> anyhow::Result<Latencies> {
    let mut loops = prepare(database, variant, 2).await?;
    let (mut worker, mut client) = (loops.remove(0), loops.remove(0));
    let pool = PgPoolOptions::new().max_connections(1).connect_with(database.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("jobs").await?;
    let done = std::sync::Arc::new(tokio::sync::Notify::new());
    let tell = std::sync::Arc::clone(&done);
    let working = tokio::spawn(async move {
        loop {
            listener.recv().await?;
            worker.work(1).await?;
            tell.notify_one();
        }
        #[expect(unreachable_code, reason = "names the error type of the block")]
        anyhow::Ok(())
    });
    let mut latencies = Latencies::default();
    for _ in 0..count {
        let begun = Instant::now();
        client.enqueue(1).await?;
        client.connection.execute("NOTIFY jobs").await?;
        done.notified().await;
        latencies.add(begun.elapsed());
    }
    working.abort();
    Ok(latencies)
}

async fn prepare(database: &PgConnectOptions, variant: Variant, connections: usize) -> anyhow::Result<Vec<RawLoop>> {
    let mut first = database.connect().await?;
    first.execute(SCHEMA).await?;
    first.execute("CHECKPOINT").await?;
    first.close().await?;
    let connections =
        (0..connections).map(|_| async { anyhow::Ok(RawLoop { connection: database.connect().await?, variant }) });
    try_join_all(connections).await
}

/// The statements of one connection. Every transaction is a single statement, so one round trip.
struct RawLoop {
    connection: PgConnection,
    variant: Variant,
}

impl RawLoop {
    async fn enqueue(&mut self, count: usize) -> anyhow::Result<()> {
        let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        sqlx::query(ENQUEUE).bind(ids).bind(OUTPUT).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn work_off(&mut self, batch: usize) -> anyhow::Result<usize> {
        let mut done = 0;
        loop {
            match self.work(batch).await? {
                0 => return Ok(done),
                worked => done += worked,
            }
        }
    }

    /// Claims up to `batch` executions, and records them; answers how many.
    async fn work(&mut self, batch: usize) -> anyhow::Result<usize> {
        let claimed: Vec<(i64, Uuid)> =
            sqlx::query_as(CLAIM).bind(batch as i64).fetch_all(&mut self.connection).await?;
        let (jobs, ids): (Vec<i64>, Vec<Uuid>) = claimed.into_iter().unzip();
        let count = ids.len();
        match self.variant {
            _ if ids.is_empty() => {}
            Variant::Steps => {
                for step in 0..STEPS {
                    let rows = Rows::new(&ids, step..step + 1);
                    rows.bind(sqlx::query(RECORD)).execute(&mut self.connection).await?;
                }
                sqlx::query(END).bind(OUTPUT).bind(ids).bind(jobs).execute(&mut self.connection).await?;
            }
            Variant::Fused => {
                let rows = Rows::new(&ids, 0..STEPS);
                rows.bind(sqlx::query(FINISH)).bind(OUTPUT).bind(ids).bind(jobs).execute(&mut self.connection).await?;
            }
        }
        Ok(count)
    }
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// The arrays of the step rows.
struct Rows(Vec<Uuid>, Vec<i32>, Vec<&'static str>, Vec<&'static str>);

impl Rows {
    fn new(ids: &[Uuid], steps: std::ops::Range<i32>) -> Self {
        let all = ids.iter().flat_map(|id| steps.clone().map(move |step| (*id, step)));
        let (ids, steps): (Vec<_>, Vec<_>) = all.unzip();
        let (nodes, outputs) = (vec![NODE; ids.len()], vec![OUTPUT; ids.len()]);
        Self(ids, steps, nodes, outputs)
    }

    fn bind<'q>(self, statement: Statement<'q>) -> Statement<'q> {
        statement.bind(self.0).bind(self.1).bind(self.2).bind(self.3)
    }
}
