//! The proof about webhooks: while three endpoints in ten hang and one refuses, the others get their events about as soon as
//! when all is well; and while workers are killed no event is lost, no delivery is sent twice at the same time, and ids stay.

pub(crate) mod ground;
mod receiver;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::ground::Ground;
use self::receiver::Manner;
pub use self::report::Report;
use self::report::{Phase, Sent};
use crate::crew::Crew;

/// Time between two looks at what has arrived.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longest time after the last event of a phase until those that work have all; longer than the lease of a killed worker.
const SETTLE_MAX: Duration = Duration::from_secs(120);
/// Longest time until all have all, once they behave.
const HEAL_MAX: Duration = Duration::from_secs(240);
/// Time between two times that what waits for a retry is made due.
const HASTEN_EVERY: Duration = Duration::from_secs(2);

/// Size of the proof.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Workspaces.
    pub workspaces: usize,
    /// Endpoints of each: a multiple of ten, and fifty at most.
    pub endpoints: usize,
    /// Events of a workspace in a second.
    pub rate: u32,
    /// How long each of the three phases takes.
    pub span: Duration,
    /// Worker processes.
    pub workers: usize,
    /// Time between two kills, in the last phase.
    pub kill_every: Duration,
}

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn run(settings: &Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    anyhow::ensure!(settings.endpoints.is_multiple_of(10), "of every ten endpoints three hang and one refuses");
    let ground = Ground::set(&settings.binary, settings.workspaces, settings.endpoints).await?;
    let crew = Crew::start(&ground.recipe, settings.workers).await?;
    let mut sent = Vec::new();
    say("all endpoints answer");
    ground.phase(Phase::Undisturbed, settings, &mut sent).await?;
    ground.receivers.misbehave(true);
    say("three in ten hang, one refuses");
    ground.phase(Phase::Disturbed, settings, &mut sent).await?;
    say("and workers are killed");
    let (done, kills) = tokio::join!(ground.phase(Phase::Killed, settings, &mut sent), kill(&crew, settings));
    done?;
    ground.receivers.misbehave(false);
    say("all endpoints answer again");
    let mut owner = ground.database.door()?.enter().await?;
    ground.until_healed(&mut owner, &sent).await?;
    let deaths = crew.deaths();
    crew.end().await?;
    let report = Report::of(&ground.receivers.ledger(), &sent, ground.tenants(), kills, deaths);
    ground.leave().await?;
    Ok(report)
}

/// Kills one worker after the other while events are sent; answers how many.
async fn kill(crew: &Crew, settings: &Settings) -> usize {
    let (mut ticks, mut kills, over) = (interval(settings.kill_every), 0, Instant::now() + settings.span);
    for seat in (0..settings.workers).cycle() {
        ticks.tick().await;
        if Instant::now() >= over {
            break;
        }
        kills += usize::from(crew.kill9(seat));
    }
    kills
}

impl Ground {
    /// Sends events for a while, and waits until those endpoints have them that always work.
    async fn phase(&self, phase: Phase, settings: &Settings, sent: &mut Vec<Sent>) -> anyhow::Result<()> {
        let (begun, mut ticks) = (sent.len(), interval(Duration::from_secs(1) / settings.rate));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (over, mut sending) = (Instant::now() + settings.span, JoinSet::new());
        while Instant::now() < over {
            ticks.tick().await;
            for (tenant, client) in self.clients() {
                let event = format!("e{}", sent.len());
                sent.push(Sent { event: event.clone(), tenant, phase, at: Instant::now() });
                sending.spawn(client.send(event));
            }
        }
        while let Some(done) = sending.join_next().await {
            done??;
        }
        let (mut looks, deadline) = (interval(LOOK_EVERY), Instant::now() + SETTLE_MAX);
        // What is missing then is told as lost.
        while self.missing(&sent[begun..], |manner| manner == Manner::Answers) > 0 && Instant::now() < deadline {
            looks.tick().await;
        }
        Ok(())
    }

    /// Makes what waits due until everything has come everywhere, or the time for it is over.
    async fn until_healed(&self, owner: &mut PgConnection, sent: &[Sent]) -> anyhow::Result<()> {
        let (mut ticks, deadline) = (interval(HASTEN_EVERY), Instant::now() + HEAL_MAX);
        while self.missing(sent, |_| true) > 0 && Instant::now() < deadline {
            ticks.tick().await;
            sqlx::raw_sql(
                "UPDATE webhook_deliveries SET due_at = clock_timestamp() \
                  WHERE status = 'pending' AND due_at > clock_timestamp(); \
                 UPDATE webhook_lanes SET due_at = clock_timestamp(), rests_until = '-infinity' \
                  WHERE due_at > clock_timestamp() AND due_at < 'infinity'",
            )
            .execute(&mut *owner)
            .await?;
        }
        Ok(())
    }

    /// Deliveries of these events that endpoints of such manners have not taken.
    fn missing(&self, sent: &[Sent], is_asked: impl Fn(Manner) -> bool) -> usize {
        let ledger = self.receivers.ledger();
        let asked = |tenant: usize| self.tenants()[tenant].clone().filter(|&nth| is_asked(Manner::of(nth)));
        sent.iter()
            .flat_map(|one| asked(one.tenant).map(|nth| (nth, one.event.clone())))
            .filter(|delivery| !ledger.taken.contains_key(delivery))
            .count()
    }
}
