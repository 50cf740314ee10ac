//! The proof about events: a storm of facts comes in over HTTP. None is lost, the facts of an aggregate keep their order, and
//! they are taken in at a fair share of the speed at which plain SQL inserts the same rows.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};
use uuid::Uuid;

use crate::crew::Crew;
use crate::database::Door;
use crate::outbound::ground::{Ground, Tenant};

/// Facts that come together, as many as a request may bring, and rows of one raw commit.
const BATCH: usize = 100;
/// The share of the raw speed that is the least.
const RATIO_MIN: f64 = 0.3;
/// One fact in so many is of a type that a workflow starts at.
const MARKED_EVERY: usize = 100;
/// Longest time until workers have looked at everything.
const TAIL_MAX: Duration = Duration::from_secs(120);
/// Time between two looks at that.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Facts, of all aggregates.
    pub facts: usize,
    /// Aggregates.
    pub aggregates: usize,
    /// Clients that send side by side, each the facts of its own aggregates; and raw connections.
    pub clients: usize,
    /// Worker processes.
    pub workers: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    facts: usize,
    per_s: f64,
    raw_per_s: f64,
    lost: usize,
    disordered: usize,
    /// Facts that started none or more than one execution, though a workflow starts at them.
    not_started_once: i64,
    deaths: usize,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn run(settings: &Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let ground = Ground::set(&settings.binary, 1, 0).await?;
    let (_, client) = ground.clients().next().context("no workspace")?;
    client.publish("marked", &at_event("storm.marked")).await?;
    let crew = Crew::start(&ground.recipe, settings.workers).await?;
    let door = ground.database.door()?;
    let before = raw(&door, settings).await?;
    say(&format!("plain SQL inserts {before:.0} rows a second"));
    let per_s = storm(&client, settings).await?;
    say(&format!("{per_s:.0} facts a second are taken in"));
    let mut owner = door.enter().await?;
    until_looked_at(&mut owner).await?;
    let after = raw(&door, settings).await?;
    say(&format!("plain SQL inserts {after:.0} rows a second afterwards"));
    // Of both runs together: the machine may have become faster or slower meanwhile.
    let raw_per_s = 2.0 / (before.recip() + after.recip());
    let (lost, disordered) = check(&mut owner, settings).await?;
    let not_started_once = not_started_once(&mut owner, settings).await?;
    let deaths = crew.deaths();
    crew.end().await?;
    ground.leave().await?;
    Ok(Report { facts: settings.facts, per_s, raw_per_s, lost, disordered, not_started_once, deaths })
}

/// A workflow that starts at each event of a type.
fn at_event(name: &str) -> Value {
    json!({
        "nodes": [{ "id": "start", "type": "trigger.event", "data": { "config": { "event": name } } },
                  { "id": "a", "type": "debug.noop", "data": { "config": {} } }],
        "edges": [{ "id": "e", "source": "start", "target": "a" }],
    })
}

/// The facts that a client sends, in its order: the aggregate of each with its number there. Aggregates take turns.
fn facts_of(client: usize, settings: &Settings) -> impl Iterator<Item = (usize, usize)> + use<> {
    let Settings { facts, aggregates, clients, .. } = *settings;
    let of_each = facts / aggregates;
    (0..of_each).flat_map(move |number| (client..aggregates).step_by(clients).map(move |aggregate| (aggregate, number)))
}

fn is_marked(aggregate: usize, number: usize) -> bool {
    (aggregate + number).is_multiple_of(MARKED_EVERY)
}

fn fact((aggregate, number): (usize, usize)) -> Value {
    let name = if is_marked(aggregate, number) { "storm.marked" } else { "storm.fact" };
    json!({ "id": format!("{aggregate}-{number}"), "type": name, "key": aggregate.to_string(), "data": { "number": number } })
}

/// Sends all facts, each client one batch after the other; facts per second.
async fn storm(client: &Tenant, settings: &Settings) -> anyhow::Result<f64> {
    let (begun, mut clients) = (Instant::now(), JoinSet::new());
    for nth in 0..settings.clients {
        let (client, facts) = (client.clone(), facts_of(nth, settings).map(fact).collect::<Vec<_>>());
        clients.spawn(async move {
            for batch in facts.chunks(BATCH) {
                client.send_all(batch).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    Ok(settings.facts as f64 / begun.elapsed().as_secs_f64())
}

/// The same rows into a table of the same shape with the same indexes, by plain SQL over as many connections; rows per second.
async fn raw(door: &Door, settings: &Settings) -> anyhow::Result<f64> {
    const INSERT: &str = "INSERT INTO raw_events (workspace_id, event_id, client_id, type, key, data, depth) \
        SELECT $1, n.*, 0 FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) AS n";
    let mut owner = door.enter().await?;
    sqlx::raw_sql("CREATE TABLE raw_events (LIKE events INCLUDING ALL)").execute(&mut owner).await?;
    let (workspace_id, mut clients) = (Uuid::now_v7(), JoinSet::new());
    let begun = Instant::now();
    for nth in 0..settings.clients {
        let (mut connection, facts) = (door.enter().await?, facts_of(nth, settings).map(fact).collect::<Vec<_>>());
        clients.spawn(async move {
            for batch in facts.chunks(BATCH) {
                let texts = |name: &'static str| {
                    batch.iter().map(move |fact| fact[name].as_str().unwrap_or_default().to_owned())
                };
                sqlx::query(INSERT)
                    .bind(workspace_id)
                    .bind(batch.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
                    .bind(texts("id").collect::<Vec<_>>())
                    .bind(texts("type").collect::<Vec<_>>())
                    .bind(texts("key").collect::<Vec<_>>())
                    .bind(batch.iter().map(|fact| &fact["data"]).collect::<Vec<_>>())
                    .execute(&mut connection)
                    .await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    let rate = settings.facts as f64 / begun.elapsed().as_secs_f64();
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM raw_events").fetch_one(&mut owner).await?;
    anyhow::ensure!(stored == settings.facts as i64, "plain SQL has stored {stored} rows");
    sqlx::raw_sql("DROP TABLE raw_events").execute(&mut owner).await?;
    Ok(rate)
}

/// Waits until workers have looked at each fact, and what they start has ended, or the time for it is over.
async fn until_looked_at(owner: &mut PgConnection) -> anyhow::Result<()> {
    const LEFT: &str = "SELECT (SELECT count(*) FROM event_turns) \
        + (SELECT count(*) FROM event_arrivals) \
        + (SELECT count(*) FROM trigger_starts WHERE settled_at IS NULL) \
        + (SELECT count(*) FROM executions WHERE ended_at IS NULL)";
    let (mut ticks, over) = (interval(LOOK_EVERY), Instant::now() + TAIL_MAX);
    while Instant::now() < over {
        ticks.tick().await;
        let left: i64 = sqlx::query_scalar(LEFT).fetch_one(&mut *owner).await?;
        if left == 0 {
            break;
        }
    }
    Ok(())
}

/// How many facts are not there or were not looked at, and how many come before an older one of their aggregate, in the order in which events are
/// handed out.
async fn check(owner: &mut PgConnection, settings: &Settings) -> anyhow::Result<(usize, usize)> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT key, (data ->> 'number')::bigint FROM events e WHERE type LIKE 'storm.%' \
           AND NOT EXISTS (SELECT FROM event_turns t \
             WHERE t.workspace_id = e.workspace_id AND t.event_id = e.event_id) \
           AND NOT EXISTS (SELECT FROM event_arrivals a WHERE a.workspace_id = e.workspace_id AND a.xid = e.xid) \
         ORDER BY xid, event_id",
    )
    .fetch_all(owner)
    .await?;
    let (mut next, mut disordered) = (HashMap::<&str, i64>::new(), 0);
    for (aggregate, number) in &rows {
        let next = next.entry(aggregate).or_default();
        disordered += usize::from(*next != *number);
        *next = number + 1;
    }
    Ok((settings.facts.abs_diff(rows.len()), disordered))
}

/// Facts at which a workflow starts that started none or several.
async fn not_started_once(owner: &mut PgConnection, settings: &Settings) -> anyhow::Result<i64> {
    let all = (0..settings.clients).flat_map(|client| facts_of(client, settings));
    let marked = all.filter(|&(aggregate, number)| is_marked(aggregate, number)).count();
    let (started, distinct): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(DISTINCT input ->> 'id') FROM executions WHERE status = 'completed'")
            .fetch_one(owner)
            .await?;
    Ok((marked as i64 - distinct) + (started - distinct))
}

impl Report {
    fn ratio(&self) -> f64 {
        self.per_s / self.raw_per_s
    }

    /// Whether all that is promised held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let nothing_is_wrong = self.lost == 0 && self.disordered == 0 && self.not_started_once == 0;
        nothing_is_wrong && self.deaths == 0 && self.ratio() >= RATIO_MIN
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "facts": self.facts,
            "per_s": self.per_s.round(),
            "raw_per_s": self.raw_per_s.round(),
            "ratio": (self.ratio() * 100.0).round() / 100.0,
            "lost": self.lost,
            "disordered": self.disordered,
            "not_started_once": self.not_started_once,
            "deaths": self.deaths,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_is_sent_by_one_client_in_the_order_of_its_aggregate() {
        let settings = Settings { binary: PathBuf::new(), facts: 600, aggregates: 20, clients: 3, workers: 1 };
        let mut next = [0; 20];
        for (aggregate, number) in (0..3).flat_map(|client| facts_of(client, &settings)) {
            assert_eq!(next[aggregate], number);
            next[aggregate] += 1;
        }
        assert_eq!(next, [30; 20]);
    }

    #[test]
    fn each_promise_that_is_broken_is_a_failure() {
        let good = Report { facts: 10, per_s: 30.0, raw_per_s: 100.0, ..Report::default() };
        assert!(good.is_good());
        for bad in [
            Report { lost: 1, ..good.clone() },
            Report { disordered: 1, ..good.clone() },
            Report { not_started_once: 1, ..good.clone() },
            Report { per_s: 29.0, ..good.clone() },
        ] {
            assert!(!bad.is_good(), "{bad:?}");
        }
    }
}
