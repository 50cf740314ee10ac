//! `capstan-timers`: very many timers, due within a minute, while workers are killed. The last line of its output is
//! one JSON object.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::timers::{Settings, run};
use clap::Parser;

/// Nothing went wrong, but something that is promised did not hold.
const MISSED: u8 = 3;

/// Proves that no timer fires early or is lost, though workers are killed.
#[derive(Parser)]
struct Args {
    /// Executions with a timer each.
    #[arg(long, default_value_t = 100_000)]
    timers: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Seconds from the first start to the first timer.
    #[arg(long, default_value_t = 120)]
    lead_s: u64,
    /// Seconds in which all timers are due.
    #[arg(long, default_value_t = 60)]
    window_s: u64,
    /// Milliseconds between two kills.
    #[arg(long, default_value_t = 2_000)]
    kill_every_ms: u64,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let binary = product(args.binary)?;
    let settings = Settings {
        binary,
        timers: args.timers,
        workers: args.workers,
        lead: Duration::from_secs(args.lead_s),
        window: Duration::from_secs(args.window_s),
        kill_every: Duration::from_millis(args.kill_every_ms),
    };
    let report = run(&settings, say).await?;
    say(&report.text());
    say(&report.json().to_string());
    Ok(match (report.is_good(), report.missed().is_empty()) {
        (false, _) => ExitCode::FAILURE,
        (true, false) => ExitCode::from(MISSED),
        (true, true) => ExitCode::SUCCESS,
    })
}
