//! One run: set up, a calm round, load and faults, healing, a last round, the check.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::faults::Striker;
use crate::inject::Injected;
use crate::plan::plan;
use crate::rates::Rates;
use crate::read::leftovers;
use crate::report::Report;
use crate::settings::Settings;
use crate::stage::Stage;

/// Pause between two looks at what is left.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs; `say` hears how it goes.
///
/// # Errors
/// If the harness itself cannot go on. What the product does wrong is in the report.
pub async fn run(settings: &Settings, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let mut stage = Stage::set(settings).await.context("the stage was not set")?;
    say(&format!("seed {}: {} graphs, a calm round first", settings.seed, stage.load.workflows.len()));
    stage.load.once_each("calm", true).await?;
    let mut injected = Injected::default();
    // What does not end in a calm round tells enough.
    if heal(&stage, settings.healing_max, "calm").await? {
        injected = disturb(settings, &mut stage, &say).await?;
    }
    say("checking");
    let signals = stage.load.ledger.signals();
    let oddities = stage.fleet.oddities.clone();
    let mut facts = stage.strike().await?;
    let is_recorded = facts.replay.is_some() || settings.faults_binary.is_none();
    anyhow::ensure!(is_recorded, "the processes were to record what they do, and have recorded nothing");
    facts.injected = Injected { none_wanted: settings.rates == Rates::NONE, oddities: oddities.all(), ..injected };
    Ok(Report::new(settings.seed, facts, signals))
}

/// Load and faults, then load without faults, for which there is a calm round to compare with.
async fn disturb(settings: &Settings, stage: &mut Stage, say: impl Fn(&str)) -> anyhow::Result<Injected> {
    let plan = plan(settings);
    say(&format!("{} faults in {} s", plan.len(), settings.length.as_secs()));
    let (stop, stopped) = watch::channel(false);
    let load = tokio::spawn(stage.load.clone().run(settings.clone(), stopped));
    let striker = Striker::new(
        stage.fleet.clone(),
        stage.server.clone(),
        stage.site.clone(),
        stage.load.clone(),
        stage.door.clone(),
    );
    let mut injected = striker.run(&mut stage.database, plan).await.context("a fault could not be injected")?;

    injected.not_run = settings.not_run();
    injected.of_build_before = stage.fleet.of_build_before();
    say(&format!("{} faults landed; healing", injected.landed()));
    stop.send_replace(true);
    load.await??;
    if heal(stage, settings.healing_max, "disturbed").await? {
        // Not only what was under way must end: what comes now must work.
        stage.load.once_each("last", false).await?;
        heal(stage, settings.healing_max, "last").await?;
    }
    Ok(injected)
}

/// Waits until everything has ended and nothing is left to do; false, which is noted, if the time was over before.
async fn heal(stage: &Stage, healing_max: Duration, round: &'static str) -> anyhow::Result<bool> {
    let is_healed = has_ended(stage, healing_max).await?;
    if !is_healed {
        stage.fleet.oddities.not_healed(round);
    }
    Ok(is_healed)
}

async fn has_ended(stage: &Stage, healing_max: Duration) -> anyhow::Result<bool> {
    let deadline = Instant::now() + healing_max;
    while !stage.fleet.is_whole().await {
        stage.fleet.bury().await;
        anyhow::ensure!(Instant::now() < deadline, "the fleet did not become whole again");
        sleep(LOOK_EVERY).await;
    }
    stage.observer.until_ended(healing_max).await;
    let mut connection = stage.door.enter().await?;
    while !leftovers(&mut connection).await?.is_empty() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(stage.observer.unended() == 0)
}
