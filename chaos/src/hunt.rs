//! Hunts for planted bugs: run after run with one of them, until the checker says so; and a run with the same faults and
//! without it, which must be clean.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::run::run;
use crate::sabotage::{BUGS, Bug};
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

/// The hunts for one bug.
#[derive(Debug, Default)]
struct Tally {
    hunts: u64,
    found: u64,
    slowest: Duration,
    /// What was found where there was no bug.
    false_alarms: u64,
}

/// Hunts for the bug of that name, or for `all`, with so many seeds each. Answers whether nine in ten hunts for each were
/// a success, with no false alarm, and the figures of each.
///
/// # Errors
/// If there is no such bug, or the harness itself cannot go on.
pub async fn hunt_all(
    settings: &Settings,
    name: &str,
    seeds: u64,
    say: impl Fn(&str),
) -> anyhow::Result<(bool, Value)> {
    let bugs: Vec<&'static Bug> = BUGS.iter().filter(|bug| name == "all" || bug.name == name).collect();
    let names = || BUGS.iter().map(|bug| bug.name).collect::<Vec<_>>().join(", ");
    anyhow::ensure!(!bugs.is_empty(), "there is no bug {name}; there are {}", names());
    let (mut is_good, mut figures) = (true, Map::new());
    for bug in bugs {
        let tally = tally(settings, bug, seeds, &say).await.with_context(|| format!("the hunt for {}", bug.name))?;
        let Tally { hunts, found, slowest, false_alarms } = tally;
        let slowest_s = slowest.as_secs();
        say(&format!(
            "{:<20} found with {found} of {hunts} seeds, within {slowest_s} s; {false_alarms} false alarms",
            bug.name
        ));
        is_good &= found * 10 >= hunts * 9 && false_alarms == 0;
        let figure = json!({ "hunts": hunts, "found": found, "slowest_s": slowest_s, "false_alarms": false_alarms });
        figures.insert(bug.name.to_owned(), figure);
    }
    Ok((is_good, Value::Object(figures)))
}

async fn tally(settings: &Settings, bug: &'static Bug, seeds: u64, say: &impl Fn(&str)) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let sound = run(&Settings { bug: None, ..settings.clone().with_bug(bug) }, |_| ()).await?;
    if let Some((invariant, what)) = sound.first_violation() {
        say(&format!("false alarm with the faults of {}, seed {}: {invariant}: {what}", bug.name, settings.seed));
        tally.false_alarms += 1;
    }
    for nth in 0..seeds {
        let settings = Settings { seed: settings.seed + nth, ..settings.clone() };
        let hunt = hunt(&settings, bug).await?;
        let what = hunt.found.as_ref().map_or("not found".to_owned(), |(nr, what)| format!("{nr}: {what}"));
        say(&format!("{} seed {}: {} s, {what}", bug.name, settings.seed, hunt.took.as_secs()));
        tally.hunts += 1;
        tally.found += u64::from(hunt.found.is_some());
        tally.slowest = tally.slowest.max(hunt.took);
    }
    Ok(tally)
}

/// Looks for `bug` in short runs with seeds that follow from `settings`.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn hunt(settings: &Settings, bug: &'static Bug) -> anyhow::Result<Hunt> {
    let has_build = !bug.in_processes || settings.faults_binary.is_some();
    anyhow::ensure!(has_build, "{} needs a build with the feature faults", bug.name);
    let begin = Instant::now();
    let mut settings = settings.clone().with_bug(bug);
    loop {
        let report = run(&settings, |_| ()).await?;
        let took = begin.elapsed();
        let found = report.first_violation().filter(|_| took <= HUNT_MAX);
        if found.is_some() || took >= HUNT_MAX {
            return Ok(Hunt { took, found });
        }
        settings.seed = settings.seed.wrapping_mul(31).wrapping_add(1_000);
    }
}
