//! The proof about one list that a whole fleet shares: a for-each hands its items over in chunks, and one of the workers that
//! run them is killed in the middle. All results must be there and in order, no more items under way than the node allows,
//! and the failures tolerated those of the whole list.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::crew::Crew;
use crate::foreach::{DRAIN_MAX, FAILS_EVERY, LOOK_EVERY, Settings, document, fails, item};
use crate::proving::Ground;

/// Items of each chunk.
const CHUNK: usize = 100;
/// Slots of each worker: too few for fewer workers than all to run the chunks that run at a time.
const SLOTS: usize = 3;
/// Longest time until what a list that has failed left behind is gone.
const TIDY_MAX: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    seconds: f64,
    items: usize,
    concurrency: usize,
    workers: usize,
    /// Workers that ran chunks of the list when a third of the calls had come.
    busy: i64,
    kills: usize,
    /// Chunks that lost their worker.
    lost: i64,
    chunks: i64,
    /// Chunks of a list that fails half way.
    chunks_of_failed: i64,
    calls: usize,
    repeated: usize,
    /// Most calls at the same time, as the other side saw them.
    most: usize,
    wrong: Vec<String>,
}

/// Runs.
///
/// # Errors
/// If the harness itself cannot go on, or the list does not end.
pub async fn run(settings: &Settings) -> anyhow::Result<Report> {
    anyhow::ensure!(settings.items > 2 * CHUNK, "so few items are not handed over");
    let ground = Ground::set(settings.binary.clone(), SLOTS).await?;
    let tolerated = settings.items / FAILS_EVERY;
    let spill = json!({ "above": CHUNK, "chunk": CHUNK });
    let of = |tolerated: usize| {
        let mut document = document(settings, &ground.site.url(), tolerated);
        document["nodes"][1]["data"]["config"]["spill"] = spill.clone();
        document
    };
    let wide = ground.api.publish("wide", &of(tolerated)).await?;
    let strict = ground.api.publish("strict", &of(tolerated / 2)).await?;
    let crew = ground.crew(settings.workers).await?;
    let input = json!({ "items": (0..settings.items).map(item).collect::<Vec<_>>() });
    let mut owner = ground.door.enter().await?;
    let (items, concurrency, workers) = (settings.items, settings.concurrency, settings.workers);
    let mut report = Report { items, concurrency, workers, ..Report::default() };
    let begun = Instant::now();
    let id = ground.start_all(vec![(wide, input.clone())]).await?[0];
    timeout(DRAIN_MAX, report.until_ended(&ground, &mut owner, &crew, id)).await??;
    report.seconds = begun.elapsed().as_secs_f64();
    report.judge(&mut owner, id).await?;
    report.count(&mut owner, &ground).await?;
    report.fail(&ground, &mut owner, strict, input).await?;
    report.most = ground.site.most();
    if report.most > concurrency {
        report.wrong.push(format!("{} calls were under way at the same time", report.most));
    }
    if crew.deaths() != report.kills {
        report.wrong.push(format!("{} workers died, {} were killed", crew.deaths(), report.kills));
    }
    crew.end().await?;
    ground.leave().await?;
    Ok(report)
}

impl Report {
    /// Waits until the execution has ended. When a third of the calls has come a worker is killed.
    async fn until_ended(
        &mut self,
        ground: &Ground,
        owner: &mut PgConnection,
        crew: &Crew,
        id: Uuid,
    ) -> anyhow::Result<()> {
        let mut ticks = interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            if self.kills == 0 && ground.site.called() >= self.items / 3 {
                let busy = "SELECT count(DISTINCT l.worker_no) FROM leases l \
                            JOIN children c ON c.child_id = l.execution_id WHERE c.parent_id = $1";
                self.busy = sqlx::query_scalar(busy).bind(id).fetch_one(&mut *owner).await?;
                self.kills = usize::from(crew.kill9(0));
            }
            if alive(owner).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Looks at what the list came to.
    async fn judge(&mut self, owner: &mut PgConnection, id: Uuid) -> anyhow::Result<()> {
        let (status, output): (String, Option<Value>) =
            sqlx::query_as("SELECT status, output FROM executions WHERE execution_id = $1")
                .bind(id)
                .fetch_one(&mut *owner)
                .await?;
        let output = output.unwrap_or_default();
        let result = |nth: usize| if fails(nth) { Value::Null } else { json!({ "item": item(nth), "index": nth }) };
        let results: Vec<Value> = (0..self.items).map(result).collect();
        let failed = self.items / FAILS_EVERY;
        if status != "completed" || output["failed"].as_u64() != Some(failed as u64) {
            self.wrong.push(format!("{id} is {status}, and {} of its items failed", output["failed"]));
        }
        if output["results"].as_array() != Some(&results) {
            self.wrong.push(format!("the results of {id} are not those of the items in their order"));
        }
        self.chunks = chunks(owner, id).await?;
        Ok(())
    }

    /// Holds the calls that came against the items, and those that came again against the chunks that lost their worker.
    async fn count(&mut self, owner: &mut PgConnection, ground: &Ground) -> anyhow::Result<()> {
        let lost: Vec<Uuid> = sqlx::query_scalar("SELECT execution_id FROM losses").fetch_all(owner).await?;
        self.lost = lost.len() as i64;
        let calls = ground.site.calls();
        self.calls = calls.len();
        let mut times = HashMap::<&str, usize>::new();
        let mut seen = vec![false; self.items];
        for call in &calls {
            *times.entry(&call.key).or_default() += 1;
            if let Some(seen) = call.index.and_then(|index| seen.get_mut(index as usize)) {
                *seen = true;
            }
        }
        let missing = seen.iter().filter(|seen| !**seen).count();
        if missing > 0 || times.len() != self.items {
            self.wrong.push(format!("{} keys came for {} items, {missing} of which never", times.len(), self.items));
        }
        self.repeated = calls.len() - times.len();
        let of_lost = |key: &str| lost.iter().any(|id| key.starts_with(&id.to_string()));
        let strange = times.iter().filter(|(key, times)| **times > 2 || **times > 1 && !of_lost(key));
        self.wrong.extend(strange.map(|(key, times)| format!("{key} was called {times} times")));
        if self.repeated > self.concurrency {
            self.wrong.push(format!("{} items were called about again", self.repeated));
        }
        Ok(())
    }

    /// A list that tolerates half of its failures stops half way, and leaves nothing behind.
    async fn fail(
        &mut self,
        ground: &Ground,
        owner: &mut PgConnection,
        strict: Uuid,
        input: Value,
    ) -> anyhow::Result<()> {
        let id = ground.start_all(vec![(strict, input)]).await?[0];
        let mut ticks = interval(LOOK_EVERY);
        let ended = async {
            while alive(owner).await? > 0 {
                ticks.tick().await;
            }
            anyhow::Ok(())
        };
        timeout(DRAIN_MAX.max(TIDY_MAX), ended).await??;
        let status: String = sqlx::query_scalar("SELECT status FROM executions WHERE execution_id = $1")
            .bind(id)
            .fetch_one(&mut *owner)
            .await?;
        self.chunks_of_failed = chunks(owner, id).await?;
        if status != "failed" || self.chunks_of_failed >= self.chunks {
            let chunks = self.chunks_of_failed;
            self.wrong.push(format!("{id} tolerates half of its failures and is {status} after {chunks} chunks"));
        }
        Ok(())
    }

    /// Whether all that is promised held, all workers had a part, and one with chunks in its hands was killed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.wrong.is_empty() && self.kills == 1 && self.lost > 0 && self.busy == self.workers as i64
    }

    /// As it is printed last.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "items": self.items, "concurrency": self.concurrency, "workers": self.workers, "workers_busy": self.busy,
            "kills": self.kills, "chunks": self.chunks, "chunks_hit": self.lost, "calls": self.calls,
            "calls_repeated": self.repeated, "calls_at_a_time": self.most, "chunks_of_failed": self.chunks_of_failed,
            "wrong": self.wrong.len(), "seconds": self.seconds,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, busy, lost, chunks, calls, repeated, most, .. } = self;
        write!(
            f,
            "{seconds:>6.1} s, {busy} workers busy, {lost} of {chunks} chunks hit, {calls} calls, {repeated} again, "
        )?;
        write!(f, "{most} at a time")?;
        self.wrong.iter().take(10).try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

async fn alive(owner: &mut PgConnection) -> anyhow::Result<i64> {
    let alive = "SELECT count(*) FROM executions WHERE ended_at IS NULL AND status <> 'incident'";
    Ok(sqlx::query_scalar(alive).fetch_one(owner).await?)
}

async fn chunks(owner: &mut PgConnection, id: Uuid) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM children WHERE parent_id = $1").bind(id).fetch_one(owner).await?)
}
