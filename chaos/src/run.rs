//! One run: set up, a calm round, load and faults, healing, a last round, the check.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::faults::Striker;
use crate::plan::plan;
use crate::read::leftovers;
use crate::report::Report;
use crate::settings::Settings;
use crate::stage::Stage;

/// Longest time in which everything that was started comes to its end when nothing is in its way.
const HEALING_MAX: Duration = Duration::from_secs(60);
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
    let left = stage.observer.until_ended(HEALING_MAX).await;
    anyhow::ensure!(left == 0, "{left} executions did not end in the calm round");

    let plan = plan(settings);
    say(&format!("{} faults in {} s", plan.len(), settings.length.as_secs()));
    let (stop, stopped) = watch::channel(false);
    let load = tokio::spawn(stage.load.clone().run(settings.clone(), stopped));
    let striker = Striker::new(stage.fleet.clone(), stage.door.clone());
    let injected = striker.run(&mut stage.database, plan).await.context("a fault could not be injected")?;

    say(&format!("{} faults landed; healing", injected.landed()));
    stop.send_replace(true);
    heal(&stage).await?;
    load.await??;
    // Not only what was under way must end: what comes now must work.
    stage.load.once_each("last", false).await?;
    heal(&stage).await?;
    say("checking");
    let signals = stage.load.ledger.signals();
    let mut facts = stage.strike().await?;
    facts.injected = injected;
    Ok(Report::new(settings.seed, facts, signals))
}

/// Waits until everything has ended and nothing is left to do, or the time for it is over: the check tells which.
async fn heal(stage: &Stage) -> anyhow::Result<()> {
    let deadline = Instant::now() + HEALING_MAX;
    while !stage.fleet.is_whole().await {
        anyhow::ensure!(Instant::now() < deadline, "the fleet did not become whole again");
        sleep(LOOK_EVERY).await;
    }
    stage.observer.until_ended(HEALING_MAX).await;
    let mut connection = stage.door.enter().await?;
    while Instant::now() < deadline && !leftovers(&mut connection).await?.is_empty() {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}
