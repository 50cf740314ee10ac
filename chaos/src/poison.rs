//! The proof about poison: executions that kill every worker that runs them, among many that do no harm.
//!
//! Each of them must become an incident after exactly three lost workers, with a history that names these; nobody else
//! may; and the others must hardly notice.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::facts::LOSSES_MAX;
use crate::graphs::row;
use crate::proving::Ground;

/// Longest time that one drain may take.
const DRAIN_MAX: Duration = Duration::from_secs(300);
/// How much longer the drains with poison may take.
const RATIO_MAX: f64 = 1.1;
/// Time between two looks at what is left.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Executions that do no harm.
    pub executions: usize,
    /// Executions that kill their workers, evenly among the others.
    pub poison: usize,
    /// Worker processes.
    pub workers: usize,
    /// Executions that a worker has active at a time.
    pub slots: usize,
    /// How long the call of each harmless execution takes.
    pub call_ms: u64,
    /// Drains without and with poison, in turn.
    pub rounds: usize,
}

/// One drain.
#[derive(Clone, Debug, Default)]
struct Drain {
    seconds: f64,
    /// Until the last harmless execution had ended.
    seconds_harmless: f64,
    deaths: usize,
    incidents: usize,
    bystanders: usize,
    /// Lost workers that the history of each incident names.
    losses: Vec<usize>,
    /// What one incident says.
    told: Option<String>,
    /// Whether each names all the workers that it was lost with.
    names_workers: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    settings: Settings,
    without: Vec<Drain>,
    with: Vec<Drain>,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on, or a drain does not end.
pub async fn run(settings: Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let mut report = Report { settings, without: Vec::new(), with: Vec::new() };
    for _ in 0..report.settings.rounds {
        let without = drain(&report.settings, 0).await?;
        say(&without.line("without poison"));
        report.without.push(without);
        let with = drain(&report.settings, report.settings.poison).await?;
        say(&with.line("with poison"));
        report.with.push(with);
    }
    Ok(report)
}

async fn drain(settings: &Settings, poison: usize) -> anyhow::Result<Drain> {
    let ground = Ground::set(settings.binary.clone(), settings.slots).await?;
    let call = json!({ "method": "POST", "body": {},
                       "url": format!("{}/effect?takes_ms={}&refusals=0", ground.site.url(), settings.call_ms) });
    let graph = row(&[("call", "action.http_request", call), ("after", "debug.noop", json!({}))]);
    let harmless = ground.api.publish("harmless", &graph).await?;
    let crash = row(&[("before", "data.set", json!({ "values": {} })), ("crash", "debug.crash", json!({}))]);
    let poisonous = ground.api.publish("poison", &crash).await?;

    let total = settings.executions + poison;
    let is_poison =
        |nth: usize| poison > 0 && nth % (total / poison) == total / poison / 2 && nth / (total / poison) < poison;
    let starts = (0..total).map(|nth| (if is_poison(nth) { poisonous } else { harmless }, json!({ "nth": nth })));
    let ids = ground.start_all(starts.collect()).await?;
    let poisoned: HashSet<Uuid> =
        ids.iter().enumerate().filter(|(nth, _)| is_poison(*nth)).map(|(_, &id)| id).collect();

    let mut owner = ground.door.enter().await?;
    let begun = Instant::now();
    let crew = ground.crew(settings.workers).await?;
    let (seconds_harmless, seconds) = timeout(DRAIN_MAX, until_drained(&mut owner, poisonous, begun)).await??;
    let deaths = crew.deaths();
    let mut drain = Drain { seconds, seconds_harmless, deaths, ..Drain::default() };
    drain.judge(&mut owner, &poisoned).await?;
    drain.names_workers = true;
    for id in poisoned {
        drain.told = ground.api.read(&format!("executions/{id}")).await?["error"]["reason"].as_str().map(Into::into);
        drain.names_workers &= names(drain.told.as_deref(), &workers_of(&mut owner, id).await?);
    }
    crew.end().await?;
    ground.leave().await?;
    Ok(drain)
}

/// The workers that an incident was lost with.
async fn workers_of(owner: &mut PgConnection, incident: Uuid) -> anyhow::Result<Vec<String>> {
    let names = sqlx::query_scalar("SELECT worker_name FROM losses WHERE execution_id = $1 AND blamed");
    Ok(names.bind(incident).fetch_all(owner).await?)
}

/// Whether a history names three workers, and each of those.
fn names(told: Option<&str>, workers: &[String]) -> bool {
    // One name may begin another.
    let words: HashSet<&str> = told.unwrap_or_default().split_whitespace().collect();
    workers.len() == LOSSES_MAX && workers.iter().all(|worker| words.contains(worker.as_str()))
}

/// Seconds until all harmless executions had ended, and until all had ended or become incidents.
async fn until_drained(owner: &mut PgConnection, poisonous: Uuid, begun: Instant) -> anyhow::Result<(f64, f64)> {
    let left = "SELECT count(*) FILTER (WHERE workflow_id <> $1), count(*) FROM executions \
                WHERE ended_at IS NULL AND status <> 'incident'";
    let (mut ticks, mut harmless) = (interval(LOOK_EVERY), None);
    loop {
        ticks.tick().await;
        let (left, all): (i64, i64) = sqlx::query_as(left).bind(poisonous).fetch_one(&mut *owner).await?;
        let seconds = begun.elapsed().as_secs_f64();
        if left == 0 {
            harmless.get_or_insert(seconds);
        }
        if all == 0 {
            return Ok((harmless.unwrap_or(seconds), seconds));
        }
    }
}

impl Drain {
    async fn judge(&mut self, owner: &mut PgConnection, poisoned: &HashSet<Uuid>) -> anyhow::Result<()> {
        let incidents: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT execution_id, (SELECT count(DISTINCT l.lease_no) FROM losses l WHERE l.execution_id = e.execution_id) \
             FROM executions e WHERE status = 'incident'",
        )
        .fetch_all(owner)
        .await?;
        self.incidents = incidents.iter().filter(|(id, _)| poisoned.contains(id)).count();
        self.bystanders = incidents.len() - self.incidents;
        self.losses = incidents.iter().filter(|(id, _)| poisoned.contains(id)).map(|it| it.1 as usize).collect();
        Ok(())
    }

    fn line(&self, name: &str) -> String {
        let (least, most) = (self.losses.iter().min(), self.losses.iter().max());
        let losses = least.zip(most).map_or_else(|| "-".into(), |(least, most)| format!("{least}-{most}"));
        format!(
            "{name:<16} {:>6.1} s (harmless {:>6.1} s)   {:>3} dead workers   {:>3} incidents after {losses} losses   {} bystanders",
            self.seconds, self.seconds_harmless, self.deaths, self.incidents, self.bystanders
        )
    }
}

impl Report {
    /// Whether nobody suffered but poison, and that after exactly so many losses.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let kept = |drain: &Drain| {
            drain.bystanders == 0
                && drain.incidents == self.settings.poison
                && drain.losses.iter().all(|&losses| losses == LOSSES_MAX)
                && drain.deaths == LOSSES_MAX * self.settings.poison
        };
        let calm = |drain: &Drain| drain.bystanders == 0 && drain.deaths == 0;
        self.without.iter().all(calm) && self.with.iter().all(kept)
    }

    /// What else is promised, by name, and does not hold.
    #[must_use]
    pub fn missed(&self) -> Vec<&'static str> {
        let names_workers = self.settings.poison == 0 || self.with.iter().all(|drain| drain.names_workers);
        let is_quick = (self.ratio() * 100.0).round() / 100.0 <= RATIO_MAX;
        let each = [("history", !names_workers), ("ratio", !is_quick)];
        each.into_iter().filter_map(|(name, is_missed)| is_missed.then_some(name)).collect()
    }

    /// How much longer the drains with poison took.
    fn ratio(&self) -> f64 {
        median(&self.with) / median(&self.without)
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        let (without, with) = (median(&self.without), median(&self.with));
        let losses = || self.with.iter().flat_map(|drain| &drain.losses);
        let incidents = self.with.iter().map(|drain| drain.incidents).min();
        json!({
            "executions": self.settings.executions,
            "poison": self.settings.poison,
            "incidents": incidents,
            "losses_min": losses().min(),
            "losses_max": losses().max(),
            "deaths": self.with.iter().map(|drain| drain.deaths).collect::<Vec<_>>(),
            "deaths_without": self.without.iter().map(|drain| drain.deaths).sum::<usize>(),
            "bystanders": self.with.iter().chain(&self.without).map(|drain| drain.bystanders).sum::<usize>(),
            "seconds_without": without,
            "seconds_with": with,
            "ratio": self.ratio(),
            "missed": self.missed(),
        })
    }

    /// What one incident says, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for told in self.with.iter().filter_map(|drain| drain.told.as_ref()).take(1) {
            // Writing to a string does not fail.
            let _ = write!(text, "one of the incidents says: {told}");
        }
        text
    }
}

fn median(drains: &[Drain]) -> f64 {
    let mut seconds: Vec<f64> = drains.iter().map(|drain| drain.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    match seconds.len() % 2 {
        0 => (seconds[middle - 1] + seconds[middle]) / 2.0,
        _ => seconds[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_names_each_of_the_three_workers() {
        let told = "3 workers in a row were lost: pid-1 at 23:50, pid-22 at 23:51, pid-3 at 23:52";
        let workers = ["pid-1", "pid-22", "pid-3"].map(String::from);
        assert!(names(Some(told), &workers));
        assert!(!names(Some(told), &workers[..2]), "there were three");
        assert!(!names(Some(told), &["pid-1", "pid-2", "pid-3"].map(String::from)));
        assert!(!names(None, &workers));
    }

    #[test]
    fn a_drain_that_poison_makes_too_slow_is_missed() {
        let settings =
            Settings { binary: PathBuf::new(), executions: 1, poison: 1, workers: 1, slots: 1, call_ms: 1, rounds: 1 };
        let drain = |seconds| vec![Drain { seconds, names_workers: true, ..Drain::default() }];
        let mut report = Report { settings, without: drain(10.0), with: drain(11.0) };
        assert!(report.missed().is_empty());
        report.with = vec![Drain { seconds: 11.2, ..Drain::default() }];
        assert_eq!(report.missed(), ["history", "ratio"]);
    }
}
