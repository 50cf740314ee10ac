//! Hunts for planted bugs: run after run with one of them, until the checker tells of a promise that it may break; and
//! runs with the same faults and without it, which must be clean.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::check::Violation;
use crate::run::run;
use crate::sabotage::{BUGS, Bug};
use crate::settings::Settings;

/// A bug is to be found within this time.
const HUNT_MAX: Duration = Duration::from_secs(180);
/// Hunts for one run without the bug.
const HUNTS_PER_CONTROL: u64 = 5;

/// How a hunt ended.
#[derive(Debug)]
pub struct Hunt {
    /// How long it took.
    pub took: Duration,
    /// The first violation of an invariant that the bug may break; none if the time was over before.
    pub found: Option<Violation>,
    /// Violations of others, which do not show it.
    pub others: Vec<Violation>,
}

/// The hunts for one bug.
#[derive(Debug, Default)]
struct Tally {
    hunts: u64,
    found: u64,
    slowest: Duration,
    /// Runs without the bug.
    controls: u64,
    /// Those of them that found something.
    false_alarms: u64,
    /// What was violated in hunts and does not show the bug.
    others: usize,
}

/// Hunts for the bug of that name, or for `all`, with so many seeds each. Answers whether nine in ten hunts for each
/// were a success, with no false alarm, and the figures of each.
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
        let Tally { hunts, found, slowest, controls, false_alarms, others } = tally;
        let slowest_s = slowest.as_secs();
        say(&format!(
            "{:<20} found with {found} of {hunts} seeds, within {slowest_s} s; {others} other violations; \
             {false_alarms} false alarms in {controls} runs without it",
            bug.name
        ));
        is_good &= found * 10 >= hunts * 9 && false_alarms == 0;
        let figure = json!({
            "hunts": hunts,
            "found": found,
            "slowest_s": slowest_s,
            "others": others,
            "controls": controls,
            "false_alarms": false_alarms,
        });
        figures.insert(bug.name.to_owned(), figure);
    }
    Ok((is_good, Value::Object(figures)))
}

async fn tally(settings: &Settings, bug: &'static Bug, seeds: u64, say: &impl Fn(&str)) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for nth in 0..seeds {
        let settings = Settings { seed: settings.seed + nth, ..settings.clone() };
        let at = format!("{} seed {}", bug.name, settings.seed);
        if nth % HUNTS_PER_CONTROL == 0 {
            let sound = run(&Settings { bug: None, ..settings.clone().with_bug(bug) }, |_| ()).await?;
            sound.found().for_each(|violation| say(&format!("{at}: false alarm without it: {}", told(violation))));
            tally.controls += 1;
            tally.false_alarms += u64::from(!sound.is_clean());
        }
        let hunt = hunt(&settings, bug).await?;
        hunt.others.iter().for_each(|violation| say(&format!("{at}: does not show it: {}", told(violation))));
        let what = hunt.found.as_ref().map_or("not found".to_owned(), told);
        say(&format!("{at}: {} s, {what}", hunt.took.as_secs()));
        tally.hunts += 1;
        tally.others += hunt.others.len();
        tally.found += u64::from(hunt.found.is_some());
        tally.slowest = tally.slowest.max(hunt.took);
    }
    Ok(tally)
}

fn told(violation: &Violation) -> String {
    format!("{}: {}", violation.invariant, violation.what)
}

/// Looks for `bug` in short runs with seeds that follow from `settings`.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn hunt(settings: &Settings, bug: &'static Bug) -> anyhow::Result<Hunt> {
    let has_build = !bug.in_processes || settings.faults_binary.is_some();
    anyhow::ensure!(has_build, "{} needs a build with the feature faults", bug.name);
    let begin = Instant::now();
    let (mut settings, mut others) = (settings.clone().with_bug(bug), Vec::new());
    loop {
        let report = run(&settings, |_| ()).await?;
        let took = begin.elapsed();
        let (shown, rest) = report.found().cloned().partition::<Vec<_>, _>(|it| bug.breaks.contains(&it.invariant));
        others.extend(rest);
        let found = shown.into_iter().next().filter(|_| took <= HUNT_MAX);
        if found.is_some() || took >= HUNT_MAX {
            return Ok(Hunt { took, found, others });
        }
        settings.seed = settings.seed.wrapping_mul(31).wrapping_add(1_000);
    }
}
