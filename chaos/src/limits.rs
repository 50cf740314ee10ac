//! The proof about limits: very many executions with keys in common, under a limit of each key and one of their workflow, which
//! go up and down, on workers that are killed. No more may ever be at work than the limits say, as the server that they call
//! and the table of slots tell; all have to get through; and no slot may be left behind.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::ceiling::{Ceiling, Holders};
use crate::check::Step;
use crate::crew::Crew;
use crate::proving::Ground;

/// Longest time without an end of any execution: then slots are stuck.
const STILL_MAX: Duration = Duration::from_secs(60);
/// Longest time until the last slot is given back.
const EMPTY_MAX: Duration = Duration::from_secs(30);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks between two changes of a limit. Each stays lowered for two of these spans.
const CHANGE_EVERY: u32 = 30;
/// Names of the limits.
const EXECUTIONS: &str = "executions";
const KEY: &str = "key";
/// Looks between two lines of progress.
const TELL_EVERY: u32 = 100;

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Executions.
    pub executions: usize,
    /// Values of their key.
    pub keys: usize,
    /// Executions of one value that may be at work, at most.
    pub key_max: usize,
    /// Executions of the workflow that may be at work, at most.
    pub workflow_max: usize,
    /// Worker processes.
    pub workers: usize,
    /// Executions that a worker has active at a time.
    pub slots: usize,
    /// How long each call takes.
    pub call_ms: u64,
    /// Workers that are killed.
    pub kills: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    settings: Settings,
    seconds: f64,
    kills: usize,
    /// Executions that lost their worker.
    hit: i64,
    /// Changes of a limit.
    changes: u32,
    /// The limit of each key, and that of the workflow.
    of_key: Ceiling,
    of_workflow: Ceiling,
    /// Looks at the slots.
    looks: u32,
    /// The most that waited at a time, and the most slots of the workflow that were held.
    waiting_most: i64,
    held_most: usize,
    /// Times that more were at work than a limit says.
    over_limit: Vec<String>,
    /// Executions that did not get through, slots and places in line that were left.
    stuck: i64,
    /// What else is wrong, in words.
    wrong: Vec<String>,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn run(settings: Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let ground = Ground::set(settings.binary.clone(), settings.slots).await?;
    let workflow = ground.api.publish("limited", &document(&settings, &ground.site.url())).await?;
    set_limit(&ground, workflow, EXECUTIONS, settings.workflow_max).await?;
    let customer = |nth: usize| json!({ "customer": format!("c{}", nth % settings.keys) });
    let ids = ground.start_all((0..settings.executions).map(|nth| (workflow, customer(nth))).collect()).await?;
    say(&format!("{} executions started", ids.len()));
    let crew = ground.crew(settings.workers).await?;
    let mut owner = ground.door.enter().await?;
    let begun = Instant::now();
    let mut report = Report::new(settings);
    report.watch(&ground, &mut owner, &crew, workflow, &say).await?;
    report.seconds = begun.elapsed().as_secs_f64();
    report.judge(&mut owner, &ground, &crew, &ids).await?;
    crew.end().await?;
    ground.leave().await?;
    say(&report.to_string());
    Ok(report)
}

/// A call that tells whose it is.
fn document(settings: &Settings, site_url: &str) -> Value {
    let node = |id: &str, kind: &str, config: Value| json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } });
    let call = json!({ "method": "POST", "body": { "kind": "{{ input.customer }}" },
                       "url": format!("{site_url}/effect?takes_ms={}&refusals=0", settings.call_ms) });
    let edge = |source: &str, target: &str| {
        json!({ "id": format!("{source}-{target}"), "source": source, "sourceHandle": "out", "target": target,
                "targetHandle": "in", "data": { "kind": "flow" } })
    };
    json!({
        "settings": { "concurrency": { "key": "{{ input.customer }}", "limit": settings.key_max } },
        "nodes": [node("start", "trigger.manual", json!({})), node("call", "action.http_request", call)],
        "edges": [edge("start", "call")],
    })
}

async fn set_limit(ground: &Ground, workflow: Uuid, of: &str, slots_max: usize) -> anyhow::Result<()> {
    let path = format!("workflows/{workflow}/limits/{of}");
    ground.api.put(&path, &json!({ "slots_max": slots_max })).await
}

impl Report {
    fn new(settings: Settings) -> Self {
        Self {
            of_key: Ceiling::new(settings.key_max),
            of_workflow: Ceiling::new(settings.workflow_max),
            settings,
            seconds: 0.0,
            kills: 0,
            hit: 0,
            changes: 0,
            looks: 0,
            waiting_most: 0,
            held_most: 0,
            over_limit: Vec::new(),
            stuck: 0,
            wrong: Vec::new(),
        }
    }

    /// Looks until all have ended, or none ends any more. Meanwhile workers are killed and limits change.
    async fn watch(
        &mut self,
        ground: &Ground,
        owner: &mut PgConnection,
        crew: &Crew,
        workflow: Uuid,
        say: &impl Fn(&str),
    ) -> anyhow::Result<()> {
        let (mut ticks, mut left_before, mut moved) = (interval(LOOK_EVERY), i64::MAX, Instant::now());
        loop {
            ticks.tick().await;
            self.looks += 1;
            let left = self.look(owner).await?;
            if left < left_before {
                (left_before, moved) = (left, Instant::now());
            }
            if left == 0 || moved.elapsed() > STILL_MAX {
                self.stuck = left;
                return Ok(());
            }
            let done = self.settings.executions - usize::try_from(left).unwrap_or_default();
            if self.kills < self.settings.kills
                && done * (self.settings.kills + 1) > self.settings.executions * (self.kills + 1)
            {
                self.kills += usize::from(crew.kill9(self.kills % self.settings.workers));
            }
            if self.looks.is_multiple_of(CHANGE_EVERY) {
                self.change(ground, workflow).await?;
            }
            if self.looks.is_multiple_of(TELL_EVERY) {
                say(&format!("{left} left, {} workers killed", self.kills));
            }
        }
    }

    /// Halves the limit of the workflow, then that of its keys, then raises the one and the other again.
    async fn change(&mut self, ground: &Ground, workflow: Uuid) -> anyhow::Result<()> {
        let (of, ceiling, high) = match self.changes % 2 {
            0 => (EXECUTIONS, &mut self.of_workflow, self.settings.workflow_max),
            _ => (KEY, &mut self.of_key, self.settings.key_max),
        };
        let most = if self.changes % 4 < 2 { (high / 2).max(1) } else { high };
        set_limit(ground, workflow, of, most).await?;
        ceiling.set(most, Instant::now());
        self.changes += 1;
        Ok(())
    }

    /// Counts the slots; answers how many executions are left.
    async fn look(&mut self, owner: &mut PgConnection) -> anyhow::Result<i64> {
        let (left, waiting): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM executions WHERE ended_at IS NULL AND status <> 'incident'), \
                    (SELECT count(*) FROM gated)",
        )
        .fetch_one(&mut *owner)
        .await?;
        self.waiting_most = self.waiting_most.max(waiting);
        let at = Instant::now();
        let held: Vec<(String, Uuid)> = sqlx::query_as("SELECT gate, execution_id FROM slots").fetch_all(owner).await?;
        let (mut keys, mut workflows): (Holders, Holders) = (HashMap::new(), HashMap::new());
        for (gate, execution) in held {
            let gates = if gate.starts_with("key:") { &mut keys } else { &mut workflows };
            gates.entry(gate).or_default().insert(execution);
        }
        self.held_most = workflows.values().map(HashSet::len).fold(self.held_most, usize::max);
        self.over_limit.extend(self.of_key.look(&keys, at));
        self.over_limit.extend(self.of_workflow.look(&workflows, at));
        Ok(left)
    }

    async fn judge(
        &mut self,
        owner: &mut PgConnection,
        ground: &Ground,
        crew: &Crew,
        ids: &[Uuid],
    ) -> anyhow::Result<()> {
        for (kind, most) in ground.site.most_at_once() {
            if most > self.settings.key_max {
                self.over_limit.push(format!("{most} calls of {kind} at once, of {}", self.settings.key_max));
            }
        }
        // Whatever is left goes within seconds, though nobody waits for it.
        let left = "SELECT (SELECT count(*) FROM slots) + (SELECT count(*) FROM gated)";
        let empty = async {
            let mut ticks = interval(LOOK_EVERY);
            loop {
                ticks.tick().await;
                if sqlx::query_scalar::<_, i64>(left).fetch_one(&mut *owner).await? == 0 {
                    return anyhow::Ok(());
                }
            }
        };
        if timeout(EMPTY_MAX, empty).await.is_err() {
            self.stuck += sqlx::query_scalar::<_, i64>(left).fetch_one(&mut *owner).await?;
        }
        let completed: i64 = sqlx::query_scalar("SELECT count(*) FROM executions WHERE status = 'completed'")
            .fetch_one(&mut *owner)
            .await?;
        if completed != ids.len() as i64 {
            self.wrong.push(format!("{completed} of {} executions completed", ids.len()));
        }
        let lost: HashSet<Uuid> =
            sqlx::query_scalar("SELECT execution_id FROM losses").fetch_all(owner).await?.into_iter().collect();
        self.hit = lost.len() as i64;
        let mut called = HashSet::new();
        for call in ground.site.calls() {
            let Some(step) = Step::of(&call.key) else { continue };
            if !called.insert(step.execution) && !lost.contains(&step.execution) {
                self.wrong.push(format!("{} called again, though its worker lived", step.execution));
            }
        }
        if called.len() != ids.len() {
            self.wrong.push(format!("{} of {} executions called", called.len(), ids.len()));
        }
        let deaths = crew.deaths();
        if deaths != self.kills {
            self.wrong.push(format!("{deaths} workers died, {} were killed", self.kills));
        }
        Ok(())
    }

    /// Whether all that is promised held, under kills that hit something and limits that held somebody up.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let was_hard = self.kills == self.settings.kills && self.hit > 0 && self.waiting_most > 0;
        // A key that lets one in cannot be lowered.
        let were_lowered =
            self.of_workflow.looks_lowered > 0 && (self.settings.key_max == 1 || self.of_key.looks_lowered > 0);
        was_hard && were_lowered && self.over_limit.is_empty() && self.stuck == 0 && self.wrong.is_empty()
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "executions": self.settings.executions,
            "keys": self.settings.keys,
            "key_max": self.settings.key_max,
            "workflow_max": self.settings.workflow_max,
            "workers": self.settings.workers,
            "kills": self.kills,
            "executions_hit": self.hit,
            "limit_changes": self.changes,
            "looks_lowered": self.of_workflow.looks_lowered,
            "looks_key_lowered": self.of_key.looks_lowered,
            "looks": self.looks,
            "waiting_most": self.waiting_most,
            "held_most": self.held_most,
            "over_limit": self.over_limit.len(),
            "stuck": self.stuck,
            "wrong": self.wrong.len(),
            "seconds": self.seconds,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, kills, hit, changes, waiting_most, stuck, .. } = self;
        write!(f, "{seconds:.1} s, {kills} kills, {hit} hit, {changes} changes, {waiting_most} waited, {stuck} stuck")?;
        let all = self.over_limit.iter().chain(&self.wrong);
        all.take(20).try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}
