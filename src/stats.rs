//! `capstan stats`

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use capstan_domain::access;
use capstan_domain::analytics::{Recomputed, recompute};
use capstan_engine::store::connect::Role;
use chrono::{Days, NaiveDate};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::{self, note};
use crate::secret_keys::SecretArgs;

/// Most days of one command.
const DAYS_MAX: i64 = 1_000;
/// Time between two pictures of the bar.
const TICK: Duration = Duration::from_millis(200);

/// What to do with sums of days.
#[derive(Debug, Subcommand)]
pub(crate) enum StatsCommand {
    /// Count days anew from the facts. Workers count the last two days again and again, and others once they are over.
    Recompute(RecomputeArgs),
}

/// Which days.
#[derive(Args, Debug)]
pub(crate) struct RecomputeArgs {
    /// The first day, of UTC, e.g. 2026-01-31.
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// The last day; the first one if absent.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// The name in addresses of the one workspace to count; all of the cell if absent.
    #[arg(long, value_name = "SLUG")]
    workspace: Option<String>,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan stats …`.
pub(crate) async fn run(command: &StatsCommand, json: bool) -> anyhow::Result<ExitCode> {
    let StatsCommand::Recompute(args) = command;
    let days = days(args)?;
    let database = Database::connect(&args.database, "stats recompute").await?;
    database.require_migrated().await?;
    let (place, only) = match &args.workspace {
        None => (database.cell.clone(), None),
        Some(slug) => {
            let tenant = access::resolve_slug(&mut database.owner().await?, slug).await?;
            let tenant = tenant.with_context(|| format!("there is no workspace {slug:?}"))?;
            let (mut owner, keys) = (database.owner().await?, args.secrets.ring_or_empty()?);
            (cells::used(&database.control, &mut owner, &tenant.cell, &keys).await?, Some(tenant.workspace_id))
        }
    };
    let mut worker = place.connect(Role::Worker).await?;
    let mut progress = Progress::new(days.len(), json);
    let (mut counted, mut not_held) = (0, Vec::new());
    for &day in &days {
        let done = recompute(&mut worker, day, only, |looked_at| progress.looked_at(day, looked_at)).await;
        match done.with_context(|| format!("{day} was not counted; the days before it were"))? {
            Recomputed::Counted(workspaces) => counted += workspaces,
            Recomputed::NotHeld => not_held.push(day),
        }
        progress.done(day);
    }
    progress.end();
    let result =
        json!({ "days": days.len(), "counted": counted, "executions": progress.executions, "not_held": not_held });
    let mut said =
        format!("{} days: {counted} sums of workspaces out of {} executions", days.len(), progress.executions);
    if !not_held.is_empty() {
        said += &format!("; {} days left as they are, as executions of their months are not held", not_held.len());
    }
    output::result(json, &result, &said);
    Ok(ExitCode::SUCCESS)
}

fn days(args: &RecomputeArgs) -> anyhow::Result<Vec<NaiveDate>> {
    let to = args.to.unwrap_or(args.from);
    let more = to.signed_duration_since(args.from).num_days();
    if !(0..DAYS_MAX).contains(&more) {
        bail!("from {} to {to} is no range of 1 to {DAYS_MAX} days", args.from);
    }
    Ok((0..=more.unsigned_abs()).filter_map(|n| args.from.checked_add_days(Days::new(n))).collect())
}

/// How far it is, on standard error: a bar in a terminal, else a line for each day.
struct Progress {
    bar: Option<ProgressBar>,
    is_silent: bool,
    executions: i64,
}

impl Progress {
    fn new(days: usize, json: bool) -> Self {
        let bar = (!json && io::stderr().is_terminal()).then(|| bar(days as u64));
        Self { bar, is_silent: json, executions: 0 }
    }

    fn looked_at(&mut self, day: NaiveDate, executions: i64) {
        self.executions += executions;
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{day}: {} executions", self.executions));
        }
    }

    fn done(&self, day: NaiveDate) {
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.is_silent => {}
            None => note(&format!("{day}: {} executions so far", self.executions)),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(days: u64) -> ProgressBar {
    let bar = ProgressBar::new(days);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} days {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn days_are_all_of_a_range_that_is_not_too_long() {
        let counted = |words: &[&str]| {
            let line = ["capstan", "stats", "recompute"].iter().chain(words);
            let Command::Stats(StatsCommand::Recompute(args)) = Cli::parse_from(line).command else {
                panic!("{words:?}")
            };
            days(&args).map(|days| (days.len(), days.first().copied() == Some(args.from))).ok()
        };
        assert_eq!(counted(&["--from", "2026-01-31"]), Some((1, true)));
        assert_eq!(counted(&["--from", "2024-02-28", "--to", "2024-03-01"]), Some((3, true)));
        assert_eq!(counted(&["--from", "2024-01-01", "--to", "2026-09-26"]), Some((1_000, true)));
        assert_eq!(counted(&["--from", "2024-01-01", "--to", "2026-09-27"]), None);
        assert_eq!(counted(&["--from", "2026-01-02", "--to", "2026-01-01"]), None);
    }
}
