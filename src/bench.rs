//! `capstan bench`: the engine against the raw limit of the database, on the same machine in the same run.

mod calm;
mod cell;
mod client;
mod crowded;
mod drain;
mod ended;
mod fanout;
mod fill;
mod findings;
mod fleet;
mod idle;
mod ingest;
mod latency;
mod limit;
mod limit_own;
mod load;
mod measures;
mod memory;
mod neighbour;
mod pinned;
mod plot;
mod process;
mod progress;
mod report;
mod rig;
mod scenario;
mod sizes;
mod slow_site;
mod stats;
mod wide;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::config::{DatabaseArgs, ServiceArgs};
use crate::output;
use findings::Findings;
use progress::Progress;
use report::Report;
use rig::Rig;
use scenario::Scenario;
use sizes::Sizes;

/// What to measure.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Scenarios or ratios to measure, with commas; all if absent.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Smaller backlogs and one round: to see that it runs, not to quote.
    #[arg(long)]
    quick: bool,
    /// As little of everything as there can be: for tests of this command.
    #[arg(long, hide = true, conflicts_with = "quick")]
    tiny: bool,
    /// Where the plot goes.
    #[arg(long, value_name = "FILE", default_value = "bench.svg")]
    plot: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    services: ServiceArgs,
}

/// A run under way: what scenarios work with.
pub(crate) struct Bench {
    pub(crate) rig: Rig,
    pub(crate) sizes: Sizes,
    pub(crate) findings: Findings,
    pub(crate) progress: Progress,
}

/// Measures, and prints and plots what it measured.
pub(crate) async fn run(args: BenchArgs, json: bool) -> anyhow::Result<ExitCode> {
    let scenarios = Scenario::chosen(&args.only)?;
    let sizes = sizes(&args);
    let mut file = File::create(&args.plot)
        .with_context(|| format!("the plot cannot go to {}; choose another place with --plot", args.plot.display()))?;
    let progress = Progress::new(scenarios.len());
    let rig = Rig::open(&args.database, args.services.clone()).await?;
    let mut bench = Bench { rig, sizes, findings: Findings::default(), progress };
    let failed = Box::pin(bench.measure(&scenarios)).await;
    let report = Report::new(&bench, args.quick || args.tiny, failed).await;
    bench.rig.close().await?;
    let report = report?;
    if json {
        output::note(&report.table())
    } else {
        output::line(&report.table())
    }
    let plotted = plot::draw(&report).and_then(|svg| Ok(file.write_all(svg.as_bytes())?));
    match plotted.with_context(|| format!("{} was not written", args.plot.display())) {
        Ok(()) => output::note(&format!("plot: {}", args.plot.display())),
        Err(error) => output::note(&format!("{error:#}")),
    }
    if json {
        output::line(&report.json().to_string());
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Bench {
    /// Runs one scenario after the other; answers what went wrong. A scenario that fails leaves the others alone.
    async fn measure(&mut self, scenarios: &[Scenario]) -> Vec<String> {
        let mut failed = Vec::new();
        for scenario in scenarios {
            self.progress.begin(scenario.name());
            if let Err(error) = Box::pin(scenario.run(self)).await {
                let failure = format!("{} failed: {error:#}", scenario.name());
                self.progress.doing(&failure);
                failed.push(failure);
            }
        }
        self.progress.end();
        failed
    }

    /// The numbers of the rounds.
    pub(crate) fn rounds(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.sizes.rounds
    }
}

fn sizes(args: &BenchArgs) -> Sizes {
    match (args.tiny, args.quick) {
        (true, _) => sizes::TINY,
        (false, true) => sizes::QUICK,
        (false, false) => sizes::FULL,
    }
}
