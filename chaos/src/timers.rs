//! The proof about timers: very many that are due within a minute, while workers are killed. None may fire early, none
//! may be lost.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::{Instant, interval, sleep_until};

use crate::crew::Crew;
use crate::graphs::row;
use crate::proving::Ground;

/// Longest time from the last due timer to the end of all executions.
const TAIL_MAX: Duration = Duration::from_secs(60);
/// Time between two looks at what is left.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Active executions of a worker, as many as it has by default.
const SLOTS: usize = 1_024;
/// Longest lateness of 99 in 100, with workers killed meanwhile.
const P99_MAX_MS: i64 = 2_000;
/// So many in a hundred must wait when the first is due: some may have fired before they are counted.
const WAITING_MIN: i64 = 99;
/// Shares of the timers by which lateness is told.
const SHARES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 1.0];

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Executions with a timer each.
    pub timers: usize,
    /// Worker processes.
    pub workers: usize,
    /// How long before the first timer the executions are started.
    pub lead: Duration,
    /// Time in which all of them are due.
    pub window: Duration,
    /// Time between two kills within the window.
    pub kill_every: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    timers: usize,
    early: i64,
    lost: i64,
    /// Timers that were waiting when the first was due.
    waiting: i64,
    kills: usize,
    /// Workers that died, by a kill or by themselves.
    deaths: usize,
    /// Sorted.
    lateness_ms: Vec<i64>,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn run(settings: &Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let ground = Ground::set(settings.binary.clone(), SLOTS).await?;
    let wait = json!({ "until": "{{ input.at }}" });
    let graph = row(&[("wait", "logic.delay", wait), ("after", "debug.noop", json!({}))]);
    let workflow = ground.api.publish("timers", &graph).await?;
    let crew = ground.crew(settings.workers).await?;
    let (first, begins) = (Utc::now() + settings.lead, Instant::now() + settings.lead);
    let inputs = (0..settings.timers).map(|nth| (workflow, input(first, settings, nth))).collect();
    ground.start_all(inputs).await?;
    let until_first = begins.saturating_duration_since(Instant::now());
    say(&format!("{} started; the first is due in {:.0} s", settings.timers, until_first.as_secs_f64()));
    anyhow::ensure!(!until_first.is_zero(), "the starts took longer than the lead of {:?}", settings.lead);

    let mut owner = ground.door.enter().await?;
    sleep_until(begins).await;
    let waiting = sqlx::query_scalar("SELECT count(*) FROM timers").fetch_one(&mut owner).await?;
    say(&format!("{waiting} are waiting; killing workers for {} s", settings.window.as_secs()));
    let kills = kill_for(&crew, settings).await;
    let lost = until_ended(&mut owner).await?;
    let deaths = crew.deaths();
    let report = Report { lost, waiting, kills, deaths, ..read(&mut owner, settings.timers).await? };
    crew.end().await?;
    ground.leave().await?;
    Ok(report)
}

/// Dues are spread evenly over the window, out of the order of starts.
fn input(first: DateTime<Utc>, settings: &Settings, nth: usize) -> Value {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let share = (nth as f64 * GOLDEN).fract();
    let after = TimeDelta::milliseconds((settings.window.as_millis() as f64 * share) as i64);
    json!({ "at": (first + after).to_rfc3339_opts(SecondsFormat::Millis, true) })
}

/// Kills one worker after the other; answers how many.
async fn kill_for(crew: &Crew, settings: &Settings) -> usize {
    let over = Instant::now() + settings.window;
    let (mut ticks, mut kills) = (interval(settings.kill_every), 0);
    for seat in (0..settings.workers).cycle() {
        ticks.tick().await;
        if Instant::now() >= over {
            break;
        }
        kills += usize::from(crew.kill9(seat));
    }
    kills
}

/// Waits until all executions have ended, or the time for it is over; answers how many have not.
async fn until_ended(owner: &mut PgConnection) -> anyhow::Result<i64> {
    let (mut ticks, over) = (interval(LOOK_EVERY), Instant::now() + TAIL_MAX);
    loop {
        ticks.tick().await;
        let left = "SELECT count(*) FROM executions WHERE status <> 'completed'";
        let left = sqlx::query_scalar(left).fetch_one(&mut *owner).await?;
        if left == 0 || Instant::now() >= over {
            return Ok(left);
        }
    }
}

/// Compares the times at which delays were decided on and committed with those that the inputs asked for.
async fn read(owner: &mut PgConnection, timers: usize) -> anyhow::Result<Report> {
    let rows: Vec<(bool, i64)> = sqlx::query_as(
        "SELECT j.recorded_at < (e.input ->> 'at')::timestamptz, \
                (extract(epoch FROM pg_xact_commit_timestamp(j.xmin) - (e.input ->> 'at')::timestamptz) * 1000)::bigint \
           FROM executions e JOIN journal j USING (execution_id) \
          WHERE j.kind = 'settled' AND j.node_id = 'wait'",
    )
    .fetch_all(owner)
    .await?;
    let early = rows.iter().filter(|(early, late_ms)| *early || *late_ms < 0).count() as i64;
    let mut lateness_ms: Vec<i64> = rows.into_iter().map(|row| row.1).collect();
    lateness_ms.sort_unstable();
    Ok(Report { timers, early, lost: 0, waiting: 0, kills: 0, deaths: 0, lateness_ms })
}

impl Report {
    /// Whether no timer was early or lost, and nobody died but by a kill.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let nobody_else_died = self.deaths == self.kills;
        self.early == 0 && self.lost == 0 && self.lateness_ms.len() == self.timers && nobody_else_died
    }

    /// What else must hold for the proof to count, by name, and does not.
    #[must_use]
    pub fn missed(&self) -> Vec<&'static str> {
        let is_late = self.lateness_ms(0.99).is_none_or(|late| late > P99_MAX_MS);
        let most_waited = self.waiting * 100 >= self.timers as i64 * WAITING_MIN;
        let each = [("kills", self.kills == 0), ("waiting", !most_waited), ("lateness_p99", is_late)];
        each.into_iter().filter_map(|(name, is_missed)| is_missed.then_some(name)).collect()
    }

    /// The lateness that a share of the timers does not exceed.
    fn lateness_ms(&self, share: f64) -> Option<i64> {
        let place = (self.lateness_ms.len() as f64 * share).ceil() as usize;
        self.lateness_ms.get(place.saturating_sub(1)).copied()
    }

    /// How late they were, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let shown = SHARES.map(|share| {
            let late = self.lateness_ms(share).map_or_else(|| "-".into(), |late| late.to_string());
            format!("{:>5.1} % within {late:>6} ms", share * 100.0)
        });
        format!("{} of {} waited when the first was due\n{}", self.waiting, self.timers, shown.join("\n"))
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "timers": self.timers,
            "early": self.early,
            "lost": self.lost,
            "lateness_p50_ms": self.lateness_ms(0.5),
            "lateness_p99_ms": self.lateness_ms(0.99),
            "kills": self.kills,
            "deaths": self.deaths,
            "waiting": self.waiting,
            "missed": self.missed(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn a_proof_without_kills_or_waits_or_in_which_timers_are_late_is_missed() {
        let (timers, waiting, kills) = (200, 198, 1);
        let kept =
            Report { timers, waiting, kills, deaths: kills, early: 0, lost: 0, lateness_ms: vec![2_000; timers] };
        assert!(kept.is_good() && kept.missed().is_empty());
        let bad = Report { waiting: 197, kills: 0, deaths: 0, lateness_ms: vec![2_001; timers], ..kept };
        assert!(bad.is_good());
        assert_eq!(bad.missed(), ["kills", "waiting", "lateness_p99"]);
    }
}
