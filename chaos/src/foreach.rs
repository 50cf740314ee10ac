//! The proof about lists: for-each nodes over very many items, several at a time, on a few workers of which one is
//! killed in the middle. All results must be there and in order, no item may be lost, none repeated without need, and
//! exactly so many failures tolerated as the node says.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::check::Step;
use crate::crew::Crew;
use crate::proving::Ground;

/// Longest time that one drain may take.
pub(crate) const DRAIN_MAX: Duration = Duration::from_secs(1_800);
/// Time between two looks at what is left.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(100);
/// One of so many items fails.
pub(crate) const FAILS_EVERY: usize = 100;

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Items of each for-each.
    pub items: usize,
    /// Items that run at a time.
    pub concurrency: usize,
    /// Executions with a for-each each, two for each worker; the last of them tolerates one failure too few.
    pub executions: usize,
    /// Worker processes.
    pub workers: usize,
    /// How long the call of each item takes.
    pub call_ms: u64,
}

/// One drain.
#[derive(Clone, Debug, Default)]
struct Drain {
    seconds: f64,
    kills: usize,
    /// Workers that held executions at the kill, or when a third of the calls had come.
    busy: i64,
    /// Executions that lost their worker.
    lost: i64,
    /// Rows of the longest journal.
    rows: i64,
    calls: usize,
    /// Calls that came again.
    repeated: usize,
    /// What is wrong, in words.
    wrong: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    settings: Settings,
    without: Drain,
    with: Drain,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on, or a drain does not end.
pub async fn run(settings: Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    anyhow::ensure!(settings.items >= FAILS_EVERY, "fewer than {FAILS_EVERY} items have none that fails");
    let without = drain(&settings, false).await?;
    say(&format!("without a kill {without}"));
    let with = drain(&settings, true).await?;
    say(&format!("with a kill    {with}"));
    Ok(Report { settings, without, with })
}

async fn drain(settings: &Settings, kills: bool) -> anyhow::Result<Drain> {
    // As many as there are executions: each worker has its part of them.
    let slots = settings.executions.div_ceil(settings.workers);
    let ground = Ground::set(settings.binary.clone(), slots).await?;
    let tolerated = settings.items / FAILS_EVERY;
    let wide = ground.api.publish("wide", &document(settings, &ground.site.url(), tolerated)).await?;
    let strict = ground.api.publish("strict", &document(settings, &ground.site.url(), tolerated - 1)).await?;
    let crew = ground.crew(settings.workers).await?;
    let begun = Instant::now();
    let last = settings.executions - 1;
    let input = json!({ "items": (0..settings.items).map(item).collect::<Vec<_>>() });
    let starts = (0..=last).map(|nth| (if nth == last { strict } else { wide }, input.clone()));
    let ids = ground.start_all(starts.collect()).await?;

    let mut owner = ground.door.enter().await?;
    let mut drain = Drain::default();
    timeout(DRAIN_MAX, drain.until_drained(&ground, &mut owner, &crew, settings, kills)).await??;
    drain.seconds = begun.elapsed().as_secs_f64();
    for &id in &ids {
        drain.judge(&mut owner, settings, id, id == ids[last]).await?;
    }
    drain.count(&mut owner, &ground, settings, &ids).await?;
    let deaths = crew.deaths();
    if deaths != drain.kills {
        drain.wrong.push(format!("{deaths} workers died, {} were killed", drain.kills));
    }
    crew.end().await?;
    ground.leave().await?;
    Ok(drain)
}

/// Each item is called about, and comes to what it is; one in so many fails then.
pub(crate) fn document(settings: &Settings, site_url: &str, tolerated: usize) -> Value {
    let node = |id: &str, kind: &str, config: Value, parent: Option<&str>| {
        let data = json!({ "label": id, "config": config });
        let mut node = json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": data });
        parent.into_iter().for_each(|parent| node["parentId"] = json!(parent));
        node
    };
    let edge = |source: &str, target: &str, when: Option<String>| {
        json!({ "id": format!("{source}-{target}"), "source": source, "sourceHandle": "out", "target": target,
                "targetHandle": "in", "data": { "kind": "flow", "when": when } })
    };
    let each = json!({ "items": "{{ input.items }}", "concurrency": settings.concurrency,
                       "tolerated_failures": tolerated });
    let call = json!({ "method": "POST", "body": { "index": "{{ index }}" },
                       "url": format!("{site_url}/effect?takes_ms={}&refusals=0", settings.call_ms) });
    let kept = json!({ "values": { "item": "{{ item }}", "index": "{{ index }}" } });
    let fails = |is: &str| Some(format!("index % {FAILS_EVERY} {is} {}", FAILS_EVERY - 1));
    json!({
        "nodes": [
            node("start", "trigger.manual", json!({}), None),
            node("each", "logic.for_each", each, None),
            node("call", "action.http_request", call, Some("each")),
            node("fail", "debug.fail", json!({}), Some("each")),
            node("keep", "data.set", kept, Some("each")),
        ],
        "edges": [edge("start", "each", None), edge("call", "fail", fails("==")), edge("call", "keep", fails("!="))],
    })
}

/// An item, which is not its place.
pub(crate) fn item(nth: usize) -> usize {
    3 * nth + 1
}

pub(crate) fn fails(nth: usize) -> bool {
    nth % FAILS_EVERY == FAILS_EVERY - 1
}

impl Drain {
    /// Waits until all have ended. When a third of the calls has come a worker is killed, if one is to be.
    async fn until_drained(
        &mut self,
        ground: &Ground,
        owner: &mut PgConnection,
        crew: &Crew,
        settings: &Settings,
        kills: bool,
    ) -> anyhow::Result<()> {
        let (third, mut ticks) = (settings.executions * settings.items / 3, interval(LOOK_EVERY));
        loop {
            ticks.tick().await;
            if self.busy == 0 && ground.site.called() >= third {
                let busy = "SELECT count(DISTINCT worker_no) FROM leases";
                self.busy = sqlx::query_scalar(busy).fetch_one(&mut *owner).await?;
                self.kills = usize::from(kills && crew.kill9(0));
            }
            let left = "SELECT count(*) FROM executions WHERE ended_at IS NULL AND status <> 'incident'";
            let left: i64 = sqlx::query_scalar(left).fetch_one(&mut *owner).await?;
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Looks at what one execution came to.
    async fn judge(
        &mut self,
        owner: &mut PgConnection,
        settings: &Settings,
        id: Uuid,
        is_strict: bool,
    ) -> anyhow::Result<()> {
        let (status, output, rows, settled): (String, Option<Value>, i64, i64) = sqlx::query_as(
            "SELECT e.status, (SELECT j.output FROM journal j WHERE j.execution_id = e.execution_id \
                                  AND j.kind = 'settled' AND j.node_id = 'each'), \
                    (SELECT count(*) FROM journal j WHERE j.execution_id = e.execution_id), \
                    (SELECT count(*) FROM (SELECT DISTINCT node_id, scope FROM journal j \
                                            WHERE j.execution_id = e.execution_id AND j.kind = 'settled') AS steps) \
               FROM executions e WHERE e.execution_id = $1",
        )
        .bind(id)
        .fetch_one(owner)
        .await?;
        self.rows = self.rows.max(rows);
        if is_strict {
            if status != "failed" {
                self.wrong.push(format!("{id} tolerates one failure too few and is {status}"));
            }
            return Ok(());
        }
        // Two steps of each item, and the node itself; one row more opened the items.
        let wanted = 2 * settings.items as i64 + 1;
        if status != "completed" || (settled, rows) != (wanted, wanted + 1) {
            self.wrong.push(format!("{id} is {status} with {settled} steps in {rows} rows"));
        }
        let output = output.unwrap_or_default();
        let result = |nth: usize| if fails(nth) { Value::Null } else { json!({ "item": item(nth), "index": nth }) };
        let results: Vec<Value> = (0..settings.items).map(result).collect();
        let failed = settings.items / FAILS_EVERY;
        if output["results"].as_array() != Some(&results) || output["failed"].as_u64() != Some(failed as u64) {
            self.wrong.push(format!("the results of {id} are not those of the items in their order"));
        }
        Ok(())
    }

    /// Holds the calls that came against the items, and those that came again against the executions that lost their worker.
    async fn count(
        &mut self,
        owner: &mut PgConnection,
        ground: &Ground,
        settings: &Settings,
        ids: &[Uuid],
    ) -> anyhow::Result<()> {
        let lost: Vec<Uuid> = sqlx::query_scalar("SELECT execution_id FROM losses").fetch_all(owner).await?;
        self.lost = lost.len() as i64;
        let calls = ground.site.calls();
        self.calls = calls.len();
        let mut times = HashMap::<&str, usize>::new();
        calls.iter().for_each(|call| *times.entry(&call.key).or_default() += 1);
        // The last one fails, which may end it before all of its items are called about.
        for id in &ids[..ids.len() - 1] {
            let missing =
                (0..settings.items).filter(|nth| !times.contains_key(format!("{id}:call:each[{nth}]").as_str()));
            self.wrong.extend(missing.map(|nth| format!("item {nth} of {id} was never called about")));
        }
        self.repeated = calls.len() - times.len();
        if times.len() > ids.len() * settings.items {
            self.wrong.push(format!("{} keys came for {} items", times.len(), ids.len() * settings.items));
        }
        let mut again = HashMap::<Uuid, usize>::new();
        for (key, times) in times.into_iter().filter(|(_, times)| *times > 1) {
            let Some(step) = Step::of(key) else { continue };
            *again.entry(step.execution).or_default() += 1;
            if times > 2 || !lost.contains(&step.execution) {
                self.wrong.push(format!("{key} was called {times} times"));
            }
        }
        // What was not under way had its result on disk.
        let too_many = again.into_iter().filter(|(_, again)| *again > settings.concurrency);
        self.wrong.extend(too_many.map(|(id, again)| format!("{again} items of {id} were called about again")));
        Ok(())
    }
}

impl fmt::Display for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, busy, lost, calls, repeated, .. } = self;
        write!(f, "{seconds:>6.1} s, {busy} workers busy, {lost} executions hit, {calls} calls, {repeated} again")?;
        self.wrong.iter().take(10).try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

impl Report {
    /// Whether all that is promised held, and a worker with work in its hands was killed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let hit = self.with.kills == 1 && self.with.lost > 0;
        let all_worked = [&self.without, &self.with].iter().all(|it| it.busy == self.settings.workers as i64);
        hit && all_worked && self.without.wrong.is_empty() && self.with.wrong.is_empty()
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        let Self { settings, without, with } = self;
        json!({
            "items": settings.items,
            "concurrency": settings.concurrency,
            "executions": settings.executions,
            "workers": settings.workers,
            "workers_busy": with.busy,
            "call_ms": settings.call_ms,
            "failures_tolerated": settings.items / FAILS_EVERY,
            "kills": with.kills,
            "executions_hit": with.lost,
            "rows_of_one": with.rows,
            "calls": with.calls,
            "calls_repeated": with.repeated,
            "calls_repeated_without": without.repeated,
            "wrong": without.wrong.len() + with.wrong.len(),
            "seconds_without": without.seconds,
            "seconds_with": with.seconds,
            "ratio": with.seconds / without.seconds,
        })
    }
}
