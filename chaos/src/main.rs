//! `capstan-chaos`: a fleet under faults. The last line of its output is one JSON object.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use capstan_chaos::hunt::hunt_all;
use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::rates::Rates;
use capstan_chaos::run::run;
use capstan_chaos::settings::Settings;
use clap::Parser;

/// A run with too few faults counts for nothing.
const VOID: u8 = 2;
/// A full run in which nothing was violated, but something took longer than is promised.
const MISSED: u8 = 3;

/// Runs a fleet of workers under faults and checks what Capstan promises.
#[derive(Parser)]
struct Args {
    /// How long faults are injected, in minutes.
    #[arg(long, env = "CHAOS_MINUTES", default_value_t = 30.0)]
    minutes: f64,
    /// The seed of plan, graphs and load; drawn, and printed, if absent.
    #[arg(long, env = "CHAOS_SEED")]
    seed: Option<u64>,
    /// The short tier: a few of each fault.
    #[arg(long)]
    short: bool,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
    /// A `capstan` binary with the feature `faults`; without one nothing dies at named points.
    #[arg(long, env = "CHAOS_FAULTS_BINARY")]
    faults_binary: Option<PathBuf>,
    /// A `capstan` binary of the commit before, made like the other ones; without one all workers are of one build.
    #[arg(long, env = "CHAOS_BEFORE_BINARY")]
    before_binary: Option<PathBuf>,
    /// Faults of each kind per minute, such as `kills=12,cuts=3`, and no others.
    #[arg(long)]
    rates: Option<String>,
    /// Hunts for a planted bug, or for `all` of them, instead.
    #[arg(long)]
    sabotage: Option<String>,
    /// How many seeds each planted bug is hunted with.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(chaos(Args::parse()))
}

async fn chaos(args: Args) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let binary = product(args.binary)?;
    let settings = match args.short {
        true => Settings::short(binary, seed),
        false => Settings::full(binary, seed, args.minutes),
    };
    let rates = args.rates.as_deref().map_or(Ok(settings.rates), Rates::of_list)?;
    let settings = Settings { faults_binary: args.faults_binary, rates, ..settings }.beside(args.before_binary)?;
    if let Some(name) = args.sabotage {
        let (is_good, figures) = hunt_all(&settings, &name, args.seeds, say).await?;
        say(&figures.to_string());
        return Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let report = run(&settings, say).await.with_context(|| format!("the run with seed {seed} broke off"))?;
    say(&report.text());
    say(&report.json().to_string());
    Ok(match (report.is_clean(), report.is_void()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::from(VOID),
        // A short run has too few samples to tell.
        (true, false) if !args.short && !report.missed().is_empty() => ExitCode::from(MISSED),
        (true, false) => ExitCode::SUCCESS,
    })
}

fn fresh_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
}
