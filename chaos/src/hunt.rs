//! Hunts for planted bugs: run after run with one of them, until the checker says so.

use std::time::Duration;

use tokio::time::Instant;

use crate::run::run;
use crate::sabotage::Bug;
use crate::settings::Settings;

/// A bug is to be found within this time.
const HUNT_MAX: Duration = Duration::from_secs(180);

/// How a hunt ended.
#[derive(Debug)]
pub struct Hunt {
    /// How long it took.
    pub took: Duration,
    /// The first invariant that was violated, and what was found; none if the time was over before.
    pub found: Option<(u8, String)>,
}

/// Looks for `bug` in short runs with seeds that follow from `settings`.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn hunt(settings: &Settings, bug: &'static Bug, say: impl Fn(&str)) -> anyhow::Result<Hunt> {
    let has_build = !bug.in_processes || settings.faults_binary.is_some();
    anyhow::ensure!(has_build, "{} needs a build with the feature faults", bug.name);
    let begin = Instant::now();
    let mut settings = settings.clone().with_bug(bug);
    loop {
        let report = run(&settings, &say).await?;
        let took = begin.elapsed();
        let found = report.first_violation().filter(|_| took <= HUNT_MAX);
        if found.is_some() || took >= HUNT_MAX {
            return Ok(Hunt { took, found });
        }
        settings.seed = settings.seed.wrapping_mul(31).wrapping_add(1_000);
    }
}
